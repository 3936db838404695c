"""One row of the outbox as the relay sees it: the intent to send one transaction, and what became of it.

Shared by ledger.store (which keeps the rows) and ledger.chain (which relays them); neither knows the other.
States: QUEUED → SIGNED → SENT → MINED → FINAL, or REVERTED, or QUARANTINED. A reorganised transaction goes back from MINED to SENT. An
operator retires a QUARANTINED one (REVERTED), or resumes it (SENT) where the chain has it.
"""

from __future__ import annotations

from dataclasses import dataclass

QUEUED = "QUEUED"
SIGNED = "SIGNED"
SENT = "SENT"
MINED = "MINED"
FINAL = "FINAL"
REVERTED = "REVERTED"
QUARANTINED = "QUARANTINED"
OUTBOX_STATES = (QUEUED, SIGNED, SENT, MINED, FINAL, REVERTED, QUARANTINED)


@dataclass(frozen=True)
class OutboxRow:
    """One transaction to relay.

    `to` is the contract's 0x address, `data` the call data, `gas` the limit; `next_at` is Unix seconds, the earliest time of the next
    attempt. `nonce`, `raw_tx` and `tx_hash` are set together when the row is signed and never change afterwards.
    """

    id: int
    idem_key: str
    signer: str
    chain_id: int
    to: str
    data: bytes
    gas: int
    nonce: int | None
    raw_tx: bytes | None
    tx_hash: str | None
    state: str
    attempts: int
    next_at: int
    block_number: int | None
    block_hash: str | None
    error: str | None
