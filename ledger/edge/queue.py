"""The durable queue: readings become signed bodies with seq and prev in the transaction that stores them (spec: metering §10).

Guarantees, also when the process is killed between any two steps: what `put` has returned is kept; no seq is used twice; every body's
prev is the hash of the one before; a body's bytes never change. Nothing is dropped before it is acknowledged: where there is no room,
whoever brings readings is told QUEUE_FULL. One SQLite file (WAL, synchronous FULL); threads share one queue, processes may share the file.

Not guaranteed: that a lost or restored file goes on where the count was. A file that is made anew begins at 1 under a new boot.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.edge.problem_codes import KEY_CODES, codes_of
from ledger.edge.queue_file import ACKNOWLEDGED, ASIDE, REPLACED, TABLES, WAITING, open_file, read_status
from ledger.edge.queue_status import DAY, QueueStatus
from ledger.edge.reading import HISTORIC_SECONDS, NewReading
from ledger.errors import ConfigurationError, InputError, IntegrityError, LedgerError
from ledger.metering.device_signature import key_id_of
from ledger.metering.envelope import DeviceClock, read_envelope, write_envelope
from ledger.metering.envelope_readings import MAX_READINGS
from ledger.metering.reading_values import read_instant_ms

FUTURE_SECONDS = 300
REOPEN_SECONDS = 600
_VERSION = "1"
_NEXT = "SELECT seq, body, sha256 FROM bodies WHERE state = ? AND seq NOT IN (SELECT value FROM json_each(?)) ORDER BY seq"
_ASIDE = "SELECT seq, body, sha256, problem FROM bodies WHERE state = ? AND seq > ? AND seq = coalesce(?, seq) ORDER BY seq LIMIT ?"
_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)
_RESIGN_BODIES = 100


class QueueFull(LedgerError):
    """There is no room for more readings; nothing that was brought is kept, and the bringer must keep it."""

    code = "edge.queue_full"

    def __init__(self, message: str) -> None:
        super().__init__(f"QUEUE_FULL: {message}", hint="see `lingtan edge status`: why is nothing acknowledged?")


@dataclass(frozen=True)
class QueueLimits:
    """How much may wait for its acknowledgement, and how long a body is kept after it."""

    days: int = 30
    bytes: int = 1 << 30
    keep_days: int = 30


@dataclass(frozen=True)
class QueuedBody:
    """A signed body as it is sent, again and again the same."""

    seq: int
    body: bytes
    sha256: str


@dataclass(frozen=True)
class Kept:
    """What became of readings that were brought: the seqs of the bodies made, and how many readings were there already."""

    seqs: tuple[int, ...]
    repeated: int


class Queue:
    """The queue of one device in one file."""

    def __init__(
        self,
        path: Path,
        *,
        device: str,
        key: Ed25519PrivateKey,
        new_boot: Callable[[], str],
        now_ms: Callable[[], int],
        limits: QueueLimits | None = None,
        source: str = "network",
    ) -> None:
        """Open the file, or make it; `new_boot` names the count of a new one.

        Raises:
            ConfigurationError: the file belongs to another device.
            IntegrityError: it is no queue, or it is damaged.
        """
        self.device, self._key, self._now_ms = device, key, now_ms
        self._limits, self._source = limits or QueueLimits(), source
        self._kid = key_id_of(key)
        self._lock = threading.RLock()
        self._db = open_file(path)
        try:
            with self._transaction():
                for statement in TABLES.split(";"):
                    self._db.execute(statement)
                for name, value in (("version", _VERSION), ("device", device)):
                    self._db.execute("INSERT OR IGNORE INTO facts VALUES (?, ?)", (name, value))
                if self._fact("boot") is None:
                    self._set_fact("boot", new_boot())
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise IntegrityError(
                f"{path} is no queue of ours, or damaged: {error}", hint="move it away and start: the count begins anew"
            ) from error
        if (self._fact("version"), self._fact("device")) != (_VERSION, device):
            found = self._fact("device")
            self._db.close()
            raise ConfigurationError(f"{path} is the queue of device {found}, not of {device}", hint="give each device a file of its own")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @property
    def boot(self) -> str:
        """Return the name of this count."""
        return str(self._fact("boot"))

    def put(self, readings: Sequence[NewReading]) -> Kept:
        """Sign and keep readings, all or none of them; one that is here already is passed over.

        Raises:
            InputError: a reading is malformed or more than five minutes in the future.
            QueueFull: there is no room.
        """
        now_ms = self._now_ms()
        now = now_ms // 1000
        for reading in readings:
            if reading.at > now + FUTURE_SECONDS:
                raise InputError(f"a reading of meter {reading.meter} lies in the future", hint="check the clocks of meter and gateway")
        with self._transaction():
            seq, prev = self._last()
            made: list[int] = []
            fresh: list[NewReading] = []
            repeated = 0
            for reading in readings:
                is_new = self._db.execute(
                    "INSERT OR IGNORE INTO seen VALUES (?, ?)", (reading.digest(), seq + 1 + len(fresh) // MAX_READINGS)
                ).rowcount
                fresh += [reading] * is_new
                repeated += 1 - is_new
            for start in range(0, len(fresh), MAX_READINGS):
                part = fresh[start : start + MAX_READINGS]
                seq += 1
                prev = self._store(seq, prev, [reading.to_object(now) for reading in part], now_ms)
                made.append(seq)
            if made:
                self._check_room(now)
        return Kept(tuple(made), repeated)

    def _store(self, seq: int, prev: str | None, readings: Sequence[Mapping[str, object]], now_ms: int) -> str:
        body = write_envelope(
            self._key,
            device=self.device,
            boot=self.boot,
            seq=seq,
            prev=prev,
            sent_at_ms=now_ms,
            clock=self._clock(),
            readings=readings,
        )
        # Read as the server will: what it would refuse for good must not enter the chain.
        envelope, findings = read_envelope(body)
        if envelope is None:
            first = findings[0]
            raise InputError(f"readings that cannot be sent: {first.code} at {first.place}, got {first.got}, expected {first.expected}")
        sha256 = hashlib.sha256(body).hexdigest()
        self._db.execute(
            "INSERT INTO bodies (seq, body, sha256, size, readings, queued_at) VALUES (?, ?, ?, ?, ?, ?)",
            (seq, body, sha256, len(body), len(readings), now_ms // 1000),
        )
        return sha256

    def _clock(self) -> DeviceClock:
        offset = self._fact("offset_ms")
        return DeviceClock("none", 0) if offset is None else DeviceClock(self._source, int(offset))

    def _last(self) -> tuple[int, str | None]:
        row = self._db.execute("SELECT seq, sha256 FROM bodies ORDER BY seq DESC LIMIT 1").fetchone()
        # Where the last of all was acknowledged and its time is over, the count and the chain stand in this fact.
        text = self._fact("last")
        last = (0, None) if text is None else (int(text.split()[0]), text.split()[1])
        return last if row is None or row[0] < last[0] else (int(row[0]), str(row[1]))

    def _check_room(self, now: int) -> None:
        size = self._db.execute("SELECT coalesce(sum(size), 0) FROM bodies WHERE state IN (?, ?)", (WAITING, ASIDE)).fetchone()[0]
        if size > self._limits.bytes:
            raise QueueFull(f"{size} bytes would wait, the limit is {self._limits.bytes}")
        oldest = self._db.execute("SELECT min(queued_at) FROM bodies WHERE state = ?", (WAITING,)).fetchone()[0]
        if now - oldest > self._limits.days * DAY:
            raise QueueFull(f"the oldest body has waited more than {self._limits.days} days")

    def find_next(self, *, newest: bool = False, but: Collection[int] = ()) -> QueuedBody | None:
        """Return the oldest body that waits, or the newest, `but` for some seqs; None where there is none."""
        with self._lock:
            order = " DESC LIMIT 1" if newest else " LIMIT 1"
            row = self._db.execute(_NEXT + order, (WAITING, json.dumps(sorted(but)))).fetchone()
        return None if row is None else QueuedBody(int(row[0]), bytes(row[1]), str(row[2]))

    def acknowledge(self, seq: int, document: Mapping[str, Any], offset_ms: int | None) -> None:
        """Note that the server has a body for good; what it says it misses, and had acknowledged before, waits again."""
        now = self._now_ms() // 1000
        with self._transaction():
            self._db.execute("UPDATE bodies SET state = ?, settled_at = ?, problem = NULL WHERE seq = ?", (ACKNOWLEDGED, now, seq))
            facts = {"acknowledged_at": str(now), "trouble": "", "trouble_at": ""}
            if type(document.get("contiguous")) is int:
                facts["contiguous"] = str(document["contiguous"])
            if offset_ms is not None:
                facts["offset_ms"] = str(offset_ms)
            for name, value in facts.items():
                self._set_fact(name, value)
            for first, last in _ranges(document.get("missing")):
                # A server that was restored from a backup lacks what it had. One that just has not got to it is given time.
                self._db.execute(
                    "UPDATE bodies SET state = ?, settled_at = NULL WHERE state = ? AND seq BETWEEN ? AND ? AND settled_at < ?",
                    (WAITING, ACKNOWLEDGED, first, last, now - REOPEN_SECONDS),
                )

    def set_aside(self, seq: int, status: int, problem: Mapping[str, Any]) -> None:
        """Keep a body that the server refuses for good, with its problem, out of the way of the others."""
        text = json.dumps(problem, ensure_ascii=False)[:20_000]
        with self._transaction():
            self._db.execute(
                "UPDATE bodies SET state = ?, settled_at = ?, status = ?, problem = ? WHERE seq = ?",
                (ASIDE, self._now_ms() // 1000, status, text, seq),
            )

    def retry(self) -> int:
        """Let everything that was set aside wait again, byte for byte; return how many bodies that is."""
        with self._transaction():
            return self._db.execute("UPDATE bodies SET state = ?, settled_at = NULL WHERE state = ?", (WAITING, ASIDE)).rowcount

    def is_of_other_key(self, body: bytes) -> bool:
        """Tell whether a body was signed with another key than the one the queue signs with now."""
        return bool(json.loads(body)["sig"]["kid"] != self._kid)

    def resign(self, seq: int | None = None) -> int:
        """Sign anew, as new bodies, what was set aside because of a key that is not this one; return how many bodies that is.

        The old bodies stay as they are, as replaced. Only `seq` where it is given. Killed in between, the rest is still set aside.

        Raises:
            IntegrityError: a body is not the one that was kept: its readings get no signature.
        """
        done, after = 0, 0
        while True:
            with self._transaction():
                rows = self._db.execute(_ASIDE, (ASIDE, after, seq, _RESIGN_BODIES)).fetchall()
                for old, body, sha256, problem in rows:
                    if not KEY_CODES.isdisjoint(codes_of(json.loads(problem))) and self.is_of_other_key(body):
                        self._replace(int(old), bytes(body), str(sha256))
                        done += 1
            if len(rows) < _RESIGN_BODIES:
                return done
            after = int(rows[-1][0])

    def _replace(self, old: int, body: bytes, sha256: str) -> None:
        if hashlib.sha256(body).hexdigest() != sha256:
            raise IntegrityError(f"body {old} is not what was queued", hint="the file is damaged: take the readings from their source")
        now_ms = self._now_ms()
        last, prev = self._last()
        readings = [
            {**reading, "hist": True} if now_ms - (read_instant_ms(reading["t"]) or 0) > HISTORIC_SECONDS * 1000 else reading
            for reading in json.loads(body)["readings"]
        ]
        self._store(last + 1, prev, readings, now_ms)
        self._db.execute("UPDATE seen SET seq = ? WHERE seq = ?", (last + 1, old))
        self._db.execute("INSERT INTO replaced VALUES (?, ?)", (old, last + 1))
        self._db.execute("UPDATE bodies SET state = ? WHERE seq = ?", (REPLACED, old))

    def note_trouble(self, text: str) -> None:
        """Keep why nothing can be sent just now, for the status."""
        with self._transaction():
            self._set_fact("trouble", text[:500])
            self._set_fact("trouble_at", str(self._now_ms() // 1000))

    def note_source(self, name: str, text: str) -> None:
        """Keep what a source has to say of its last round; empty where all was well."""
        with self._transaction():
            self._set_fact(f"source/{name}", f"{self._now_ms() // 1000} {text[:500]}")

    def prune(self) -> int:
        """Delete bodies whose time after their acknowledgement is over; return how many. The last one of all stays in the chain."""
        before = self._now_ms() // 1000 - self._limits.keep_days * DAY
        with self._transaction():
            seq, prev = self._last()
            if seq:
                self._set_fact("last", f"{seq} {prev}")
            self._db.execute(
                "DELETE FROM seen WHERE seq IN (SELECT seq FROM bodies WHERE state = ? AND settled_at < ?)", (ACKNOWLEDGED, before)
            )
            deleted = self._db.execute("DELETE FROM bodies WHERE state = ? AND settled_at < ?", (ACKNOWLEDGED, before)).rowcount
            # What was replaced goes when its replacement has gone: first the chain's older links, where several keys were refused.
            while self._db.execute("DELETE FROM replaced WHERE by NOT IN (SELECT seq FROM bodies)").rowcount:
                orphans = "DELETE FROM bodies WHERE state = ? AND seq NOT IN (SELECT seq FROM replaced)"
                deleted += self._db.execute(orphans, (REPLACED,)).rowcount
            return deleted

    def status(self) -> QueueStatus:
        """Return where the queue stands."""
        with self._lock:
            return read_status(self._db)

    def _fact(self, name: str) -> str | None:
        with self._lock:
            row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def _set_fact(self, name: str, value: str) -> None:
        self._db.execute("INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield
                self._db.execute("COMMIT")
            except BaseException as error:
                with suppress(sqlite3.OperationalError):  # where SQLite has rolled back by itself
                    self._db.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError) and getattr(error, "sqlite_errorcode", 0) in _NO_ROOM:
                    raise QueueFull("the disk is full") from error
                raise


def _ranges(value: object) -> Iterator[tuple[int, int]]:
    for item in value if isinstance(value, list) else ():
        if isinstance(item, list) and len(item) == 2 and all(type(number) is int for number in item):
            yield item[0], item[1]
