"""Transactions of type 2 (EIP-1559), built and signed here so that the bytes exist before anybody sees them.

A relayer signs to pay (here: nothing) and to order; the meaning is in the signed struct inside the call data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import rlp
from eth_hash.auto import keccak
from eth_utils.address import to_checksum_address

from ledger.chain.keystore import Signer
from ledger.chain.recover import recover_signer
from ledger.errors import IntegrityError

TYPE_2 = b"\x02"


@dataclass(frozen=True)
class Call:
    """What to send to a contract: its EIP-55 address (None creates one), the call data, the gas limit."""

    to: str | None
    data: bytes
    gas: int


@dataclass(frozen=True)
class SignedTransaction:
    """The bytes to broadcast and their 0x hash."""

    raw: bytes
    hash: str


@dataclass(frozen=True)
class DecodedTransaction:
    """What signed bytes say; `sender` is recovered from the signature. Fees in wei per gas."""

    sender: str
    chain_id: int
    nonce: int
    priority_fee: int
    max_fee: int
    call: Call


def transaction_hash(raw: bytes) -> str:
    """Return the 0x hash by which nodes know these bytes."""
    return "0x" + keccak(raw).hex()


def sign_transaction(
    signer: Signer, call: Call, *, chain_id: int, nonce: int, max_fee: int = 0, priority_fee: int = 0
) -> SignedTransaction:
    """Return the signed bytes of one transaction without value; fees in wei per gas. Equal arguments give equal bytes (RFC 6979)."""
    to = b"" if call.to is None else bytes.fromhex(call.to[2:])
    fields: list[Any] = [*map(_minimal, (chain_id, nonce, priority_fee, max_fee, call.gas)), to, b"", call.data, []]
    signature = signer.sign_digest(keccak(TYPE_2 + rlp.encode(fields)))
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    raw = TYPE_2 + rlp.encode([*fields, _minimal(signature[64] - 27), _minimal(r), _minimal(s)])
    return SignedTransaction(raw, transaction_hash(raw))


def decode_transaction(raw: bytes) -> DecodedTransaction:
    """Return what the bytes of a type 2 transaction say.

    Raises:
        IntegrityError: they are no such transaction.
        SignatureRefused: their signature is malformed.
    """
    try:
        items = rlp.decode(raw[1:]) if raw[:1] == TYPE_2 else None
    except rlp.DecodingError:
        items = None
    if not isinstance(items, list) or len(items) != 12:
        raise IntegrityError("the stored bytes are no type 2 transaction", hint="the outbox row was changed: investigate before relaying")
    chain_id, nonce, priority_fee, max_fee, gas = (int.from_bytes(item, "big") for item in items[:5])
    signature = items[10].rjust(32, b"\0") + items[11].rjust(32, b"\0") + bytes([27 + int.from_bytes(items[9], "big")])
    sender = recover_signer(keccak(TYPE_2 + rlp.encode(items[:9])), signature)
    to = to_checksum_address(items[5]) if items[5] else None
    return DecodedTransaction(sender, chain_id, nonce, priority_fee, max_fee, Call(to, items[7], gas))


def created_address(deployer: str, nonce: int) -> str:
    """Return the EIP-55 address of the contract that `deployer` creates with its transaction `nonce`."""
    return to_checksum_address(keccak(rlp.encode([bytes.fromhex(deployer[2:]), _minimal(nonce)]))[12:])


def _minimal(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
