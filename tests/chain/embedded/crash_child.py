"""What the killed process does: it seals blocks until it is killed, or kills itself in a sqlite transaction after row k."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from eth_typing import Address

from tests.chain.embedded.probe import ALICE, create_probe, open_engine, signed, store
from tests.child import Tell


class RunningClock:
    """A clock that is always past the head, so that every transaction seals a block."""

    def __init__(self, at: int) -> None:
        self.at = at

    def now(self) -> int:
        self.at += 1
        return self.at


class DyingConnection:
    """Kills its own process after row `row` of some block's transaction."""

    def __init__(self, connection: Any, row: int) -> None:
        self._connection, self._row, self._seen = connection, row, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, sql: str, values: Any = ()) -> Any:
        result = self._connection.execute(sql, values)
        if self._connection.in_transaction:
            self._seen += 1
            if self._seen == self._row:
                os.kill(os.getpid(), signal.SIGKILL)
        return result


def seal_until_killed(tell: Tell, path: Path, row: int, start: int) -> None:
    """Seal block after block and tell of each that is acknowledged: number, block hash, transaction hash."""
    engine = open_engine(path, RunningClock(start))
    sender = Address(bytes.fromhex(ALICE.address[2:]))
    nonce = engine.pending_nonce(sender)
    if row:
        engine._store._live = DyingConnection(engine._store._connection, row)  # type: ignore[assignment]
    tell("ready")
    while True:
        tx_hash = engine.submit(create_probe() if nonce == 0 else signed(nonce, store(nonce % 40, nonce)))
        nonce += 1
        tell(f"{engine.head.block_number} {engine.head.hash.hex()} {tx_hash.hex()}")
