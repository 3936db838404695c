"""Receipts as trie values, and the proof that one of them is in its block (chain design §5).

The trie is rebuilt from all receipts of the block as any node describes them, so no special method of the node is needed; its root must be
the header's, else nothing is returned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rlp
from trie.hexary import HexaryTrie

from ledger.chain.headers import as_bytes, as_integer
from ledger.errors import IntegrityError

_EMBEDDED_NODE_LIMIT = 32


@dataclass(frozen=True)
class ReceiptProof:
    """One receipt's trie value (type byte ‖ RLP), its index in the block, and the nodes from the root down."""

    index: int
    type: int
    value: bytes
    proof: tuple[bytes, ...]


def encode_receipt(receipt: Mapping[str, Any]) -> bytes:
    """Return the trie value of a receipt as JSON-RPC describes it: type byte ‖ RLP, without the byte for type 0.

    Raises:
        IntegrityError: no status (a receipt from before Byzantium), or a field in another form.
    """
    if receipt.get("status") is None:
        raise IntegrityError("the receipt has no status", hint="the node serves a chain from before Byzantium")
    logs = [[as_bytes(log["address"]), [as_bytes(topic) for topic in log["topics"]], as_bytes(log["data"])] for log in receipt["logs"]]
    status, gas = (_minimal(as_integer(receipt[name])) for name in ("status", "cumulativeGasUsed"))
    body: bytes = rlp.encode([status, gas, as_bytes(receipt["logsBloom"]), logs])
    kind = as_integer(receipt.get("type", 0))
    return body if kind == 0 else bytes([kind]) + body


def prove_receipt(receipts: Sequence[Mapping[str, Any]], index: int, receipts_root: bytes) -> ReceiptProof:
    """Return the proof of the receipt at `index` among all receipts of its block.

    Raises:
        IntegrityError: the receipts do not give the header's root: the node left some out or changed one.
    """
    trie: Any = HexaryTrie({})
    ordered = sorted(receipts, key=lambda receipt: as_integer(receipt["transactionIndex"]))
    for position, receipt in enumerate(ordered):
        trie.set(rlp.encode(_minimal(position)), encode_receipt(receipt))
    if trie.root_hash != receipts_root:
        raise IntegrityError(
            f"the block's receipts give the root 0x{trie.root_hash.hex()}, its header says 0x{receipts_root.hex()}",
            hint="take the receipts again, from another node if need be",
        )
    if not 0 <= index < len(ordered):
        raise IntegrityError(f"the block has {len(ordered)} receipts, none at index {index}", hint="take the receipt again")
    value = encode_receipt(ordered[index])
    return ReceiptProof(index, as_integer(ordered[index].get("type", 0)), value, trie_nodes(trie.get_proof(rlp.encode(_minimal(index)))))


def trie_nodes(nodes: Sequence[Any]) -> tuple[bytes, ...]:
    """Return the encoded nodes of a proof as geth and Besu list them: py-trie also lists the nodes that live inside their parent."""
    encoded = [rlp.encode(node) for node in nodes]
    return tuple(node for position, node in enumerate(encoded) if position == 0 or len(node) >= _EMBEDDED_NODE_LIMIT)


def find_trie_value(root: bytes, key: bytes, nodes: Sequence[bytes]) -> bytes:
    """Return the value that a Merkle-Patricia proof shows at `key`; empty bytes where it shows that there is none.

    Raises:
        IntegrityError: the nodes do not lead from the root to the key.
    """
    try:
        trie: Any = HexaryTrie
        value: bytes = trie.get_from_proof(root, key, [rlp.decode(node) for node in nodes])
    except Exception as error:  # py-trie and rlp raise a family of their own for bad nodes
        raise IntegrityError("the node's proof does not lead from the root to the key", hint="take it again, from another node") from error
    return value


def _minimal(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
