"""What the relay asks of whoever keeps the outbox. ledger.store implements it; neither imports the other.

Each method is one durable step: when it returns, a crash no longer undoes it. States and transitions: ledger.records.outbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ledger.records.outbox import OutboxRow


class OutboxPort(Protocol):
    """The durable side of the outbox; times in Unix seconds."""

    def due(self, now: int, limit: int) -> Sequence[OutboxRow]:
        """Return rows whose `next_at` has come, oldest first."""

    def in_flight(self) -> Sequence[OutboxRow]:
        """Return the rows in SIGNED, SENT and MINED, by nonce."""

    def highest_nonce(self, chain_id: int, signer: str) -> int | None:
        """Return the greatest nonce ever recorded for a signer on a chain; None before the first."""

    def record_signed(self, id: int, nonce: int, raw_tx: bytes, tx_hash: str) -> None:
        """QUEUED → SIGNED."""

    def record_sent(self, id: int, next_at: int) -> None:
        """SIGNED or SENT → SENT; `next_at` is when to resend."""

    def record_mined(self, id: int, block_number: int, block_hash: str, receipt: bytes) -> None:
        """SIGNED or SENT → MINED, with the receipt as canonical JSON."""

    def record_final(self, id: int) -> None:
        """MINED → FINAL."""

    def record_reverted(self, id: int, error: str, block_number: int | None, block_hash: str | None) -> None:
        """QUEUED or MINED → REVERTED; no block where the preflight refused."""

    def record_quarantined(self, id: int, error: str) -> None:
        """SIGNED or SENT → QUARANTINED: a human decides."""

    def record_back_to_sent(self, id: int, next_at: int, reason: str) -> None:
        """MINED → SENT: the block that held it is no longer in the chain."""

    def record_failure(self, id: int, next_at: int, error: str) -> None:
        """Keep the state, count the attempt, wait until `next_at`."""

    def acquire_lease(self, signer: str, holder: str, now: int, seconds: int) -> int | None:
        """Take or renew the lease of a signer; return its fencing token, None while another holder has it."""
