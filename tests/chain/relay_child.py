"""What the killed process of test_relay_crash does: it relays over the real outbox and the real chain file, and dies at a step."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ledger.chain.artifacts import error_entries
from ledger.chain.client import Receipt
from ledger.chain.keystore import Signer
from ledger.chain.relay import Relay, RelaySettings
from ledger.clock import FixedClock
from ledger.records.outbox import FINAL, OutboxRow
from ledger.store.database import open_database
from ledger.store.outbox import SqlOutbox, list_outbox
from tests.chain.crash import Fuse, kill_process
from tests.chain.product import EngineUnderTest, open_embedded
from tests.child import Tell

# What leaves a trace, outside or inside. To die around a question is to die after the last of these.
STEPS = ("record_signed", "record_sent", "record_mined", "record_final", "record_failure", "acquire_lease", "send_raw")


def make_relay(
    fuse: Fuse,
    port: Any,
    engine: EngineUnderTest,
    finals: Callable[[OutboxRow, Receipt], None],
    holder: str,
) -> Relay:
    """Return a relay whose durable steps burn the fuse."""
    return Relay(
        fuse.guard(port, STEPS),
        fuse.guard(engine.client, STEPS),
        engine.relayer,
        RelaySettings(holder=holder, lease_seconds=1),
        on_final=finals,
        errors=error_entries(),
    )


def open_copy(path: Path, clock: FixedClock, relayer: Signer) -> EngineUnderTest:
    """Return the chain of a copied file with the relayer that it was made with."""
    engine = open_embedded(path, clock)
    engine.relayer = relayer
    return engine


def relay_until_final(tell: Tell, folder: Path, relayer: bytes, step: int, start: int) -> None:
    """Relay until nothing is left, and die at `step`; 0 lives."""
    clock, fuse = FixedClock(start), Fuse(step, kill_process)
    engine = open_copy(folder / "chain.sqlite", clock, Signer(relayer))
    database = open_database(f"sqlite:///{folder}/ledger.sqlite")
    outbox = SqlOutbox(database, clock)
    with engine.client:
        for _ in range(20):
            make_relay(fuse, outbox, engine, lambda row, receipt: None, f"process {os.getpid()}").step(clock.now())
            clock.advance(20)
            with database.reading() as session:
                if all(row.state == FINAL for row in list_outbox(session).items):
                    return
    raise AssertionError("the rows are not final")
