"""A queue for tests: a fixed key, a clock that is moved, and readings that differ."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.edge.queue import Queue, QueueLimits
from ledger.edge.reading import NewReading
from ledger.metering.envelope import read_envelope

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NOW = 1_795_305_600  # 2026-11-22T00:00:00Z
DEVICE = "gateway-1"
BOOT = "00112233445566778899aabbccddeeff"

_WRITES = [(table, event) for table in ("facts", "bodies") for event in ("INSERT", "UPDATE", "DELETE")]


class Moment:
    """A clock in milliseconds that stands still until it is moved."""

    def __init__(self, seconds: int = NOW) -> None:
        self.ms = seconds * 1000

    def __call__(self) -> int:
        return self.ms

    def advance(self, seconds: float) -> None:
        self.ms += int(seconds * 1000)


def open_queue(path: Path, moment: Moment | None = None, **options: Any) -> Queue:
    limits = QueueLimits(**{name: options.pop(name) for name in ("days", "bytes", "keep_days") if name in options})
    made = {"device": DEVICE, "key": KEY, "new_boot": lambda: BOOT, "now_ms": moment or Moment(), "limits": limits, **options}
    return Queue(path, **made)


@contextmanager
def full_disk(queue: Queue) -> Iterator[None]:
    """Let every write of this queue's connection fail as on a full disk: SQLite itself says so, at a page it may not add."""
    db = queue._db
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages}")
    # A row of more than the free space of any page, written and taken back with whatever fills it.
    for table, event in _WRITES:
        db.execute(
            f"CREATE TEMP TRIGGER full_{table}_{event} BEFORE {event} ON main.{table} "
            "BEGIN INSERT INTO seen VALUES (randomblob(1000000), 0); END"
        )
    try:
        yield
    finally:
        for table, event in _WRITES:
            db.execute(f"DROP TRIGGER full_{table}_{event}")
        db.execute("PRAGMA max_page_count = 1000000")


def register(number: int, meter: str = "em-1", at: int = NOW) -> NewReading:
    """Return the register reading no. `number` of a meter, a quarter-hour before the one after it."""
    return NewReading("register", "el.import", at - 900 * (1000 - number), f"{number}.5", "kWh", meter)


def bodies_of(path: Path) -> list[tuple[int, bytes, int]]:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return list(db.execute("SELECT seq, body, state FROM bodies ORDER BY seq"))


def check_chain(bodies: list[tuple[int, bytes, int]], first: int = 1) -> list[dict[str, Any]]:
    """Fail where a seq is missing or twice, a prev is not the hash of the body before, or a signature is wrong; return the documents."""
    documents, prev = [], None
    for number, (seq, body, _) in enumerate(bodies, start=first):
        envelope, findings = read_envelope(body)
        assert envelope is not None, findings
        assert envelope.identity.seq == seq == number
        assert envelope.identity.prev == prev or seq == first > 1
        KEY.public_key().verify(envelope.identity.signature, envelope.identity.message)
        documents.append(json.loads(body))
        prev = hashlib.sha256(body).hexdigest()
    return documents
