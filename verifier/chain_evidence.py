"""Read what a chain recorded from bytes alone: header, receipt, account and storage (documents.md §7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from verifier import mpt, qbft, rlp
from verifier.errors import Malformed, Refused
from verifier.keccak import keccak256

MAX_HEADER = 16 * 1024
_FIXED = {0: 32, 1: 32, 2: 20, 3: 32, 4: 32, 5: 32, 6: 256, 13: 32, 14: 8}  # Cancun order; later forks only append


@dataclass(frozen=True, slots=True)
class Header:
    """Hold what later steps need of a block header."""

    raw: bytes
    hash: bytes
    number: int
    time: int
    state_root: bytes
    receipts_root: bytes


@dataclass(frozen=True, slots=True)
class Log:
    """Hold one event as the receipt has it."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Account:
    """Hold an account's storage root and code hash."""

    storage_root: bytes
    code_hash: bytes


def read_header(raw: bytes, kind: str | None, block_hash: bytes) -> Header:
    """Return the header in `raw`, hashed as a chain of this kind does; without a kind the rule that gives `block_hash` is taken.

    Raises:
        Malformed: not a header of 15 to 21 fields (qbft: to 23) with fields of their lengths.
    """
    if len(raw) > MAX_HEADER:
        raise Malformed("HEADER_SIZE", "header", f"larger than {MAX_HEADER} bytes")
    fields = rlp.decode_list(raw)
    most = 21 if kind in ("embedded", "test") else qbft.MAX_FIELDS
    if not 15 <= len(fields) <= most:
        raise Malformed("HEADER_FIELDS", "header", f"15 to {most} fields expected, {len(fields)} found")
    for index, length in _FIXED.items():
        rlp.text_of(fields[index], length)
    found = qbft.block_hash(fields) if kind == "qbft" else keccak256(raw)
    if kind is None and found != block_hash:
        try:
            found = qbft.block_hash(fields)
        except Malformed:
            found = keccak256(raw)
    return Header(
        raw=raw,
        hash=found,
        number=rlp.integer_of(fields[8]),
        time=rlp.integer_of(fields[11]),
        state_root=rlp.text_of(fields[3]),
        receipts_root=rlp.text_of(fields[5]),
    )


def verify_receipt(header: Header, index: int, value: bytes, kind: int, proof: Sequence[bytes], log_index: int) -> Log:
    """Return log `log_index` of the receipt of transaction `index`, proven in the block and successful.

    Raises:
        Refused: the proof does not hold or ends in another receipt, the transaction failed, or it has no such log.
    """
    if index < 0:
        raise Refused("RECEIPT", "no transaction has this index", element="receipt", expected="0 or more", found=str(index))
    proven = mpt.verify(header.receipts_root, rlp.encode_integer(index), list(proof))
    if proven != value:
        raise Refused(
            "RECEIPT",
            "the proof ends in another receipt",
            element="receipt.value",
            expected="none" if proven is None else proven.hex(),
            found=value.hex(),
        )
    typed = value[0] if value and value[0] < 0x80 else 0
    if typed != kind:
        raise Refused("RECEIPT_TYPE", "the receipt is of another type", element="receipt.type", expected=str(typed), found=str(kind))
    fields = rlp.decode_list(value[1:] if typed else value)
    if len(fields) != 4 or not isinstance(fields[3], list):
        raise Malformed("RECEIPT_FIELDS", "receipt", "status, gas, bloom and logs expected")
    if fields[0] != b"\x01":
        raise Refused(
            "RECEIPT_STATUS", "the transaction failed", element="receipt.status", expected="1", found=rlp.text_of(fields[0]).hex() or "0"
        )
    logs = fields[3]
    if not 0 <= log_index < len(logs):
        raise Refused(
            "LOG_INDEX", "the receipt has no such log", element="receipt.log_index", expected=f"below {len(logs)}", found=str(log_index)
        )
    entry = logs[log_index]
    if not isinstance(entry, list) or len(entry) != 3 or not isinstance(entry[1], list):
        raise Malformed("LOG_FIELDS", "receipt", "address, topics and data expected")
    return Log(rlp.text_of(entry[0], 20), tuple(rlp.text_of(topic, 32) for topic in entry[1]), rlp.text_of(entry[2]))


def verify_account(header: Header, address: bytes, proof: Sequence[bytes]) -> Account:
    """Return the account of `address` in the block's state. Raises: Refused where it is not there."""
    value = mpt.verify(header.state_root, keccak256(address), list(proof))
    if value is None:
        raise Refused(
            "ACCOUNT_ABSENT", "the state has no such account", element="state.account_proof", expected="0x" + address.hex(), found="none"
        )
    fields = rlp.decode_list(value)
    if len(fields) != 4:
        raise Malformed("ACCOUNT_FIELDS", "account", "nonce, balance, storage root and code hash expected")
    return Account(rlp.text_of(fields[2], 32), rlp.text_of(fields[3], 32))


def verify_storage(account: Account, slot: int, proof: Sequence[bytes]) -> int:
    """Return the 256-bit word at `slot` of the account's storage; an absent slot is 0.

    Raises:
        Refused: the proof does not hold, or there is no such slot. Malformed: the value is no word.
    """
    value = mpt.verify(account.storage_root, keccak256(_slot(slot)), list(proof))
    return 0 if value is None else rlp.integer_of(rlp.decode(value))


def mapping_slot(key: bytes, slot: int) -> int:
    """Return where Solidity keeps the first word of `mapping[key]` for a mapping at `slot`."""
    return int.from_bytes(keccak256(key + _slot(slot)), "big")


def _slot(slot: int) -> bytes:
    if not 0 <= slot < 2**256:
        raise Refused("SLOT_RANGE", "a slot has 256 bits", expected="below 2^256", found=str(slot)[:100])
    return slot.to_bytes(32, "big")
