"""Block headers as bytes: rebuilt from a node's JSON where it does not hand them out, and always checked against the block hash.

Guarantees: what `encode_header` returns hashes to the block's hash, by the rule of Ethereum or by that of Besu's QBFT (the hash leaves out
the commit seals and sets the round to 0). Who sealed a QBFT block is not checked here: the verifier does that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import rlp
from eth_hash.auto import keccak

from ledger.errors import IntegrityError

# Order of the header list; the later ones are present from some fork on, and never with a hole between them.
HEADER_FIELDS = (
    ("parentHash", "bytes"),
    ("sha3Uncles", "bytes"),
    ("miner", "bytes"),
    ("stateRoot", "bytes"),
    ("transactionsRoot", "bytes"),
    ("receiptsRoot", "bytes"),
    ("logsBloom", "bytes"),
    ("difficulty", "integer"),
    ("number", "integer"),
    ("gasLimit", "integer"),
    ("gasUsed", "integer"),
    ("timestamp", "integer"),
    ("extraData", "bytes"),
    ("mixHash", "bytes"),
    ("nonce", "bytes"),
    ("baseFeePerGas", "integer"),
    ("withdrawalsRoot", "bytes"),
    ("blobGasUsed", "integer"),
    ("excessBlobGas", "integer"),
    ("parentBeaconBlockRoot", "bytes"),
    ("requestsHash", "bytes"),
)
MIN_HEADER_FIELDS = 15
STATE_ROOT, RECEIPTS_ROOT, NUMBER, TIMESTAMP, EXTRA_DATA, MIX_HASH = 3, 5, 8, 11, 12, 13
# The constant that Besu writes into every BFT block: ASCII "ctical byzantine fault tolerance".
BFT_MIX_HASH = bytes.fromhex("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365")


def as_bytes(value: object) -> bytes:
    """Return the bytes of a JSON-RPC value: 0x hex, or bytes already.

    Raises:
        IntegrityError: neither.
    """
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if isinstance(value, str) and value.startswith("0x"):
        digits = value[2:]
        try:
            return bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)
        except ValueError:
            pass
    raise IntegrityError(f"the node answered {str(value)[:80]!r}, expected 0x hex", hint="check that the URL is an Ethereum node")


def as_integer(value: object) -> int:
    """Return the number of a JSON-RPC quantity: 0x hex, or an integer already."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int.from_bytes(as_bytes(value), "big")


def encode_header(block: Mapping[str, Any]) -> bytes:
    """Return the raw RLP of the header of a block as `eth_getBlockByNumber` describes it.

    Raises:
        IntegrityError: a field is missing, or the bytes do not hash to the block's hash (a fork with header fields unknown here).
    """
    items: list[bytes] = []
    for name, kind in HEADER_FIELDS:
        # web3's proof-of-authority middleware moves extraData to a name of its own.
        value = block.get("proofOfAuthorityData", block.get(name)) if name == "extraData" else block.get(name)
        if value is None:
            break
        items.append(as_bytes(value) if kind == "bytes" else _minimal(as_integer(value)))
    if len(items) < MIN_HEADER_FIELDS:
        raise IntegrityError(f"the block lacks {HEADER_FIELDS[len(items)][0]}", hint="the node's answer is no block header")
    header: bytes = rlp.encode(items)
    verify_header(header, as_bytes(block["hash"]))
    return header


def compute_block_hash(header: bytes) -> bytes:
    """Return the block hash of a raw header: by the QBFT rule where mix hash and extra data are Besu's, else keccak256.

    Raises:
        IntegrityError: the bytes are no RLP list of a header.
    """
    try:
        items = rlp.decode(header)
    except rlp.DecodingError as error:
        raise IntegrityError("the header is not RLP", hint="take it again from the node") from error
    if not isinstance(items, list) or len(items) < MIN_HEADER_FIELDS:
        raise IntegrityError("the header is not a list of 15 items or more", hint="take it again from the node")
    stripped = _strip_seals(items[EXTRA_DATA]) if items[MIX_HASH] == BFT_MIX_HASH and items[NUMBER] != b"" else None
    if stripped is None:
        return keccak(header)
    return keccak(rlp.encode([*items[:EXTRA_DATA], stripped, *items[EXTRA_DATA + 1 :]]))


def verify_header(header: bytes, block_hash: bytes) -> None:
    """Do nothing where the raw header belongs to the block hash.

    Raises:
        IntegrityError: it does not.
    """
    got = compute_block_hash(header)
    if got != block_hash:
        raise IntegrityError(
            f"the header hashes to 0x{got.hex()}, expected 0x{block_hash.hex()}",
            hint="the node lies, or its fork has header fields that this release does not know: use a node with debug_getRawHeader",
        )


def is_sealed(header: bytes) -> bool:
    """Tell whether a raw header carries commit seals of QBFT."""
    items = rlp.decode(header)
    if not isinstance(items, list) or len(items) <= MIX_HASH or items[MIX_HASH] != BFT_MIX_HASH or _strip_seals(items[EXTRA_DATA]) is None:
        return False
    return bool(rlp.decode(items[EXTRA_DATA])[4])


def header_field(header: bytes, index: int) -> bytes:
    """Return one item of a raw header, by the constants of this module."""
    item: bytes = rlp.decode(header)[index]
    return item


def _strip_seals(extra_data: bytes) -> bytes | None:
    """Return QBFT extra data with round 0 and no seals; None where it is not QBFT's."""
    try:
        extra = rlp.decode(extra_data)
    except rlp.DecodingError:
        return None
    if not isinstance(extra, list) or len(extra) != 5:
        return None
    stripped: bytes = rlp.encode([*extra[:3], b"", []])
    return stripped


def _minimal(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
