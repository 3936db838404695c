"""A signed message as the repositories take it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


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
