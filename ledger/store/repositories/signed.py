"""A signed message as the repositories take it, and when another one may follow it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlmodel import Session

from ledger.records.outbox import REVERTED
from ledger.store.tables import Outbox


@dataclass(frozen=True)
class Signed:
    """A signed struct to be relayed.

    `message` is canonical JSON of its fields, `signature` 0x and 65 bytes, `signer` a lower-case 0x address, `struct_hash` EIP-712's
    hashStruct as hex; `outbox_id` names the transaction that carries it, None when somebody else relays it.
    """

    message: bytes
    signature: str
    signer: str
    struct_hash: str
    submitted_by: str
    at: int
    outbox_id: int | None = None

    def columns(self) -> dict[str, Any]:
        """Return the columns of the SignedMessage part of a row."""
        return asdict(self)


def may_sign_anew(session: Session, outbox_id: int | None) -> bool:
    """Tell whether the transaction of an earlier message was refused for good, so that a newly signed one may follow."""
    row = session.get(Outbox, outbox_id) if outbox_id is not None else None
    return row is not None and row.state == REVERTED
