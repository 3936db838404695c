"""The database: one transaction per use case, one writer at a time, on SQLite or PostgreSQL.

Guarantees, the same on both: a unit of work is committed whole at its edge or leaves nothing; while one runs no other writer does, so
what it read stays true until it commits; a reading sees one moment. SQLite: BEGIN IMMEDIATE, WAL, synchronous FULL, foreign keys on.
PostgreSQL: an advisory lock taken as the first act of a unit of work, then READ COMMITTED.
Hence: compute first, then open the unit of work; never wait for the network inside one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlmodel import Session

from ledger.errors import ConfigurationError
from ledger.store import migrate
from ledger.store.errors import NotMigrated, RowRefused, translate

BUSY_SECONDS = 30
_BEGIN = "lingtan_begin"
_READING = "DEFERRED"
_WRITER_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('lingtan/writer/' || current_schema(), 0))"


class Database:
    """An open database. Made by `open_database`; safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        event.listen(engine, "handle_error", _refuse_value)
        self._writing = engine.execution_options(**{_BEGIN: "IMMEDIATE"})
        self._reading = (
            engine.execution_options(**{_BEGIN: _READING})
            if engine.dialect.name == "sqlite"
            else engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        )
        self._checked = False

    @property
    def dialect(self) -> str:
        """The kind of database: `sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """Yield a session whose work is committed when the block ends, or undone when it raises.

        Raises:
            NotMigrated: the schema is not at the head of the migrations.
            StoreBusy: another writer held the database for 30 seconds.
            AlreadyStored, RowRefused, AppendOnlyViolation: the database refused a row.
        """
        self._require_head()
        with _ours(), Session(self._writing, expire_on_commit=False) as session, session.begin():
            if self.dialect == "postgresql":
                session.connection().execute(text(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'"))
                session.connection().execute(text(_WRITER_LOCK))
            else:
                session.connection()
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that sees one moment of the database and writes nothing; writers are not held up.

        Raises:
            NotMigrated: the schema is not at the head of the migrations.
        """
        self._require_head()
        with _ours(), Session(self._reading, expire_on_commit=False, autoflush=False) as session:
            try:
                session.connection()
                yield session
            finally:
                session.rollback()

    def migrate(self) -> None:
        """Bring the schema to the head of the migrations; at the head already, change nothing."""
        with _ours(), self._writing.begin() as connection:
            migrate.upgrade(connection)

    def at_head(self) -> bool:
        """Tell whether the schema is the one this release works with."""
        with _ours(), self._reading.connect() as connection:
            return migrate.current(connection) == migrate.head()

    def revision(self) -> str | None:
        """Return the migration the schema stands at; None where there is no schema yet."""
        with _ours(), self._reading.connect() as connection:
            return migrate.current(connection)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Yield a bare writing connection, for maintenance and tests; committed at the edge."""
        with _ours(), self._writing.begin() as connection:
            yield connection

    def _require_head(self) -> None:
        if self._checked:
            return
        if not self.at_head():
            raise NotMigrated(
                f"the database is at {self.revision() or 'no'} migration, expected {migrate.head()}", hint="run `lingtan migrate` first"
            )
        self._checked = True


def open_database(url: str) -> Database:
    """Return the database at `url`: `sqlite:///path/file.sqlite` or `postgresql://user@host/name`. Nothing is created or migrated yet.

    Raises:
        ConfigurationError: another kind of URL, or SQLite in memory, which would lose the ledger with the process.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigurationError("not a database URL", hint="write sqlite:///path/ledger.sqlite or postgresql://user@host/name") from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return Database(_open_sqlite(parsed))
    if backend == "postgresql":
        return Database(create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, hide_parameters=True))
    raise ConfigurationError(f"no such database here: {backend}", hint="use sqlite:///path or postgresql://…")


def _open_sqlite(url: URL) -> Engine:
    if url.database in (None, "", ":memory:"):
        raise ConfigurationError("an SQLite database in memory keeps nothing", hint="name a file: sqlite:///path/ledger.sqlite")
    engine = create_engine(url.set(drivername="sqlite+pysqlite"), connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions of its own: _begin below says which kind.
        connection.isolation_level = None
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            # Without it INSERT OR REPLACE deletes rows behind the back of the append-only triggers.
            "recursive_triggers = ON",
            # An erased commitment key is overwritten, not left in a free page.
            "secure_delete = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        kind = connection.get_execution_options().get(_BEGIN, "IMMEDIATE")
        # Said at every beginning, never undone at an end: a pooled connection cannot carry a reading's limit into a unit of work.
        connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if kind == _READING else 'OFF'}")
        connection.exec_driver_sql(f"BEGIN {kind}")

    return engine


def _refuse_value(context: ExceptionContext) -> None:
    # The driver's own failure to bind a value is none of its database errors, so nothing else would translate it.
    if isinstance(context.original_exception, OverflowError | UnicodeError):
        raise RowRefused("a value does not fit its column: an integer beyond 64 bits, or text with a lone surrogate")


@contextmanager
def _ours() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise translate(error) from error
