"""An outbox in memory with the strictness of the real one: a step from a state that does not lead there raises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ledger.chain.transaction import Call
from ledger.errors import Conflict
from ledger.records.outbox import FINAL, MINED, QUARANTINED, QUEUED, REVERTED, SENT, SIGNED, OutboxRow


class MemoryOutbox:
    """Implements OutboxPort; what it holds survives the relay, not the process."""

    def __init__(self) -> None:
        self.rows: dict[int, OutboxRow] = {}
        self.receipts: dict[int, bytes] = {}
        self.steps: list[tuple[int, str]] = []
        self._lease: tuple[str, int] | None = None

    def queue(self, call: Call, signer: str, chain_id: int, at: int) -> int:
        """Add a row as the services do; return its id."""
        id = len(self.rows) + 1
        to = call.to or ""
        self.rows[id] = OutboxRow(
            id, f"key {id}", signer.lower(), chain_id, to, call.data, call.gas, None, None, None, QUEUED, 0, at, None, None, None
        )
        return id

    def due(self, now: int, limit: int) -> Sequence[OutboxRow]:
        return [row for row in self.rows.values() if row.state in (QUEUED, SIGNED, SENT) and row.next_at <= now][:limit]

    def in_flight(self) -> Sequence[OutboxRow]:
        return [row for row in self.rows.values() if row.state in (SIGNED, SENT, MINED)]

    def highest_nonce(self, chain_id: int, signer: str) -> int | None:
        return max((row.nonce for row in self.rows.values() if row.nonce is not None), default=None)

    def record_signed(self, id: int, nonce: int, raw_tx: bytes, tx_hash: str) -> None:
        if any(row.nonce == nonce for row in self.rows.values()):
            raise Conflict(f"nonce {nonce} is taken")
        self._step(id, (QUEUED,), state=SIGNED, nonce=nonce, raw_tx=raw_tx, tx_hash=tx_hash)

    def record_sent(self, id: int, next_at: int) -> None:
        self._step(id, (SIGNED, SENT), state=SENT, next_at=next_at, attempts=self.rows[id].attempts + 1, error=None)

    def record_mined(self, id: int, block_number: int, block_hash: str, receipt: bytes) -> None:
        self.receipts[id] = receipt
        self._step(id, (SIGNED, SENT), state=MINED, block_number=block_number, block_hash=block_hash, error=None)

    def record_final(self, id: int) -> None:
        self._step(id, (MINED,), state=FINAL)

    def record_reverted(self, id: int, error: str, block_number: int | None, block_hash: str | None) -> None:
        self._step(id, (QUEUED, MINED), state=REVERTED, error=error, block_number=block_number, block_hash=block_hash)

    def record_quarantined(self, id: int, error: str) -> None:
        self._step(id, (SIGNED, SENT), state=QUARANTINED, error=error)

    def record_back_to_sent(self, id: int, next_at: int, reason: str) -> None:
        self._step(id, (MINED,), state=SENT, next_at=next_at, error=reason, block_number=None, block_hash=None)

    def record_failure(self, id: int, next_at: int, error: str) -> None:
        self._step(id, (QUEUED, SIGNED, SENT, MINED), next_at=next_at, error=error, attempts=self.rows[id].attempts + 1)

    def acquire_lease(self, signer: str, holder: str, now: int, seconds: int) -> int | None:
        if self._lease is not None and self._lease[0] != holder and self._lease[1] > now:
            return None
        self._lease = (holder, now + seconds)
        return 1

    def _step(self, id: int, allowed: tuple[str, ...], **changes: Any) -> None:
        row = self.rows[id]
        if row.state not in allowed:
            raise Conflict(f"row {id} is {row.state}, expected {allowed}")
        self.rows[id] = replace(row, **changes)
        self.steps.append((id, self.rows[id].state))
