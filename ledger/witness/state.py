"""What a witness remembers, in one sqlite file: the newest checkpoint of each log, every one it cosigned, and evidence against a log.

A new checkpoint is decided and written in one transaction (BEGIN IMMEDIATE, synchronous=FULL), so that two requests, threads or
processes cannot both go on from one state, and what was answered survives a kill. Sizes never sink and times never run backwards; history
and evidence are append-only by trigger.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import ConfigurationError, LedgerError

FILE = "witness.sqlite"
LAYOUT = 1
BUSY_SECONDS = 10
MAX_REFUSED_PROOFS = 1000

_SCHEMA = """
CREATE TABLE log (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL, time INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE cosigned (
    origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (origin, size)
) WITHOUT ROWID;
CREATE TABLE evidence (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, origin TEXT NOT NULL, time INTEGER NOT NULL, known TEXT NOT NULL, offered TEXT NOT NULL,
    UNIQUE (kind, origin, known, offered)
);
CREATE TRIGGER log_grows BEFORE UPDATE ON log
WHEN new.origin <> old.origin OR new.size < old.size OR new.time < old.time OR (new.size = old.size AND new.root <> old.root)
BEGIN SELECT RAISE(ABORT, 'a log never shrinks, forks or goes back in time'); END;
CREATE TRIGGER log_stays BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER cosigned_kept BEFORE UPDATE ON cosigned BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER cosigned_stays BEFORE DELETE ON cosigned BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER evidence_kept BEFORE UPDATE ON evidence BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER evidence_stays BEFORE DELETE ON evidence BEGIN SELECT RAISE(ABORT, 'append-only'); END;
"""


class StateFailed(LedgerError):
    """The witness's file could not be read or written: nothing was cosigned."""

    code = "witness.state"


@dataclass(frozen=True)
class Known:
    """The newest checkpoint of a log that this witness cosigned; `time` in Unix seconds."""

    origin: str
    size: int
    root: bytes
    note: str
    time: int


@dataclass(frozen=True)
class Evidence:
    """Two notes of one log that do not go together.

    Kind `two_roots`: the log signed two roots for one size; the two notes alone prove it to anybody. Kind `proof_refused`: the log signed a
    larger checkpoint and whoever sent it did not show that it extends the known one; an honest log can still show it.
    """

    kind: str
    origin: str
    time: int
    known: str
    offered: str


class WitnessState:
    """The file. One object per process; every method is safe from any thread."""

    def __init__(self, folder: Path) -> None:
        """Open the state in `folder`; make both where they are missing.

        Raises:
            ConfigurationError: the file is of another layout, or no state of a witness.
            StateFailed: it cannot be read or written.
        """
        self.file = folder / FILE
        with _errors(self.file):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._connection() as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("BEGIN IMMEDIATE")
                layout = connection.execute("PRAGMA user_version").fetchone()[0]
                if layout == 0 and not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    for statement in _statements(_SCHEMA):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {LAYOUT}")
                elif layout != LAYOUT:
                    hint = "name the witness's own directory, or use the release that wrote it"
                    raise ConfigurationError(f"{self.file} has layout {layout}, expected {LAYOUT}", hint=hint)
                connection.execute("COMMIT")

    @contextmanager
    def deciding(self) -> Iterator[Decision]:
        """Yield one decision: nobody else decides meanwhile, and what it wrote is on the disk when the block has ended, or not at all."""
        with _errors(self.file), self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield Decision(connection)
            connection.execute("COMMIT")

    def list_known(self) -> tuple[Known, ...]:
        """Return the newest checkpoint of every log, by origin."""
        with _errors(self.file), self._connection() as connection:
            rows = connection.execute("SELECT origin, size, root, note, time FROM log ORDER BY origin").fetchall()
        return tuple(Known(*row) for row in rows)

    def list_evidence(self) -> tuple[Evidence, ...]:
        """Return all evidence, oldest first."""
        with _errors(self.file), self._connection() as connection:
            rows = connection.execute("SELECT kind, origin, time, known, offered FROM evidence ORDER BY id").fetchall()
        return tuple(Evidence(*row) for row in rows)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        # One connection per use: closing it rolls back whatever was not committed, whichever way the block was left.
        with closing(self._connect()) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            yield connection

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.file, timeout=BUSY_SECONDS, isolation_level=None)


class Decision:
    """The state while one request is decided."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def find_known(self, origin: str) -> Known | None:
        """Return the newest checkpoint of a log, or None where none was cosigned."""
        row = self._connection.execute("SELECT origin, size, root, note, time FROM log WHERE origin = ?", (origin,)).fetchone()
        return Known(*row) if row else None

    def find_cosigned(self, origin: str, size: int) -> tuple[bytes, str] | None:
        """Return root and note of the checkpoint of this very size that was cosigned, or None."""
        row = self._connection.execute("SELECT root, note FROM cosigned WHERE origin = ? AND size = ?", (origin, size)).fetchone()
        return (bytes(row[0]), str(row[1])) if row else None

    def keep(self, known: Known) -> None:
        """Write a checkpoint down as the newest of its log, and into the history where its size is new."""
        row = (known.origin, known.size, known.root, known.note, known.time)
        self._connection.execute("INSERT OR IGNORE INTO cosigned VALUES (?, ?, ?, ?, ?)", row)
        self._connection.execute(
            "INSERT INTO log VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note, time = excluded.time",
            row,
        )

    def keep_evidence(self, evidence: Evidence) -> None:
        """Write evidence down, once; refused proofs, which anybody can send, only up to a limit."""
        if evidence.kind != "two_roots":
            count = self._connection.execute("SELECT count(*) FROM evidence WHERE kind = ?", (evidence.kind,)).fetchone()[0]
            if count >= MAX_REFUSED_PROOFS:
                return
        self._connection.execute(
            "INSERT OR IGNORE INTO evidence (kind, origin, time, known, offered) VALUES (?, ?, ?, ?, ?)",
            (evidence.kind, evidence.origin, evidence.time, evidence.known, evidence.offered),
        )


def _statements(schema: str) -> Sequence[str]:
    found, statement = [], ""
    for line in schema.strip().splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            found.append(statement)
            statement = ""
    return found


@contextmanager
def _errors(file: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StateFailed(f"{file}: {error}", hint="check the disk and who may write there; ask again") from error
