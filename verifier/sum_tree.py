"""Build Merkle-sum trees and verify their proofs (commitments.md §3)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from verifier.errors import Refused

MEASURES = 4
VALUE_LIMIT = 2**96
SUM_LIMIT = 2**128
COUNT_LIMIT = 2**32
MAX_PATH = 64
Sums = tuple[int, ...]


def sid(kind: str, text: str) -> bytes:
    """Return the 32-byte identifier of `text` as `kind` (commitments.md §1)."""
    return hashlib.sha256(f"lingtan/{kind}/{text}".encode()).digest()


@dataclass(frozen=True, slots=True)
class Context:
    """Bind a tree to its chain, contract, institution, dataset, period, revision and schema."""

    alg: int
    measures: int
    chain_id: int
    contract: bytes
    org: bytes
    dataset: bytes
    period_start: int
    period_end: int
    revision: int
    schema_hash: bytes

    def digest(self) -> bytes:
        """Return ctx. Raises: Refused for an unknown alg or a field out of range."""
        _hash_for(self.alg)
        if (
            not 0 <= self.chain_id < 2**64
            or not 0 <= self.revision < 2**32
            or not 0 <= self.period_start < self.period_end < 2**64
            or not 0 < self.measures < 256
            or len(self.contract) != 20
            or {len(self.org), len(self.dataset), len(self.schema_hash)} != {32}
        ):
            raise Refused("CONTEXT", "a field of the context is outside its range")
        return _hash(
            self.alg,
            b"\x14carbon-ledger/mst/v1"
            + bytes((self.alg, self.measures))
            + self.chain_id.to_bytes(8, "big")
            + self.contract
            + self.org
            + self.dataset
            + self.period_start.to_bytes(8, "big")
            + self.period_end.to_bytes(8, "big")
            + self.revision.to_bytes(4, "big")
            + self.schema_hash,
        )


def _hash_for(alg: int) -> str:
    if alg == 1:
        return "sha256"
    if alg == 2:
        return "sm3"
    raise Refused("ALG", f"hash algorithm {alg} is unknown", expected="1", found=str(alg))


def _hash(alg: int, data: bytes) -> bytes:
    try:
        return hashlib.new(_hash_for(alg), data).digest()
    except ValueError:
        raise Refused("ALG", f"this Python's library does not have hash algorithm {alg}", expected="1", found=str(alg)) from None


def record_hash(salt: bytes, record: bytes, alg: int = 1) -> bytes:
    """Return rec = H(0x10 ‖ salt ‖ u32 len ‖ record)."""
    return _hash(alg, b"\x10" + salt + len(record).to_bytes(4, "big") + record)


def leaf_hash(alg: int, ctx: bytes, key: bytes, values: Sequence[int], rec: bytes) -> bytes:
    """Return the hash of a leaf. Raises: Refused for a value outside [0, 2^96)."""
    if any(not 0 <= value < VALUE_LIMIT for value in values):
        raise Refused("VALUE_RANGE", "a leaf's value is outside [0, 2^96)", found=str(list(values)))
    return _hash(alg, b"\x11" + ctx + key + _packed(values) + rec)


@dataclass(frozen=True, slots=True)
class Node:
    """Hold a subtree: its number of leaves, its sums and its hash."""

    count: int
    sums: Sums
    hash: bytes


def join(alg: int, left: Node, right: Node) -> Node:
    """Return the parent of two subtrees."""
    sums = tuple(a + b for a, b in zip(left.sums, right.sums, strict=True))
    body = b"\x12" + _side(left) + _side(right)
    return Node(left.count + right.count, sums, _hash(alg, body))


def _side(node: Node) -> bytes:
    return node.count.to_bytes(8, "big") + _packed(node.sums) + node.hash


def _packed(values: Sequence[int]) -> bytes:
    if any(not 0 <= value < SUM_LIMIT for value in values):
        raise Refused("SUM_RANGE", "a sum is outside [0, 2^128)", found=str(list(values)))
    return b"".join(value.to_bytes(16, "big") for value in values)


def build(alg: int, measures: int, leaves: Sequence[Node]) -> Node:
    """Return the root node over leaves; the empty tree has the hash H("") and zero sums."""
    if not leaves:
        return Node(0, (0,) * measures, _hash(alg, b""))
    level = list(leaves)
    while len(level) > 1:  # pairing neighbours and carrying the odd one up gives the shape of RFC 9162
        level = [join(alg, *level[i : i + 2]) if i + 1 < len(level) else level[i] for i in range(0, len(level), 2)]
    return level[0]


def commitment_root(alg: int, ctx: bytes, n: int, totals: Sequence[int], tree_root: bytes) -> bytes:
    """Return R = H(0x13 ‖ ctx ‖ u64 n ‖ totals ‖ tree root)."""
    if not 0 <= n < COUNT_LIMIT:
        raise Refused("COUNT_RANGE", f"a tree has fewer than 2^32 leaves, not {n}", found=str(n))
    return _hash(alg, b"\x13" + ctx + n.to_bytes(8, "big") + _packed(totals) + tree_root)


def _siblings(index: int, n: int) -> list[tuple[bool, int]]:
    """Return (sibling is on the left, its number of leaves) from leaf to root; both follow from (i, n)."""
    found: list[tuple[bool, int]] = []
    low, high = 0, n
    while high - low > 1:
        split = low + (1 << (high - low - 1).bit_length() - 1)
        if index < split:
            found.append((False, high - split))
            high = split
        else:
            found.append((True, split - low))
            low = split
    return found[::-1]


def verify_proof(
    context: Context,
    index: int,
    leaf: Node,
    path: Sequence[tuple[Sums, bytes]],
    n: int,
    totals: Sequence[int],
    tree_root: bytes,
    root: bytes,
) -> None:
    """Refuse unless `leaf` (count 1) is at `index` of the tree of `n` leaves with these totals and R.

    Raises:
        Refused: with `element` naming the first path node that is out of range, or what differs at the end.
    """
    if not 0 <= index < n < COUNT_LIMIT:
        raise Refused("INDEX_RANGE", f"leaf {index} is not in a tree of {n}", expected=f"below {n}", found=str(index), element="index")
    siblings = _siblings(index, n)
    if len(path) != len(siblings):
        raise Refused("PATH_LENGTH", "the path has another length", expected=str(len(siblings)), found=str(len(path)), element="path")
    if len(totals) != context.measures or len(leaf.sums) != context.measures:
        raise Refused("MEASURES", "another number of measures", expected=str(context.measures), found=str(len(totals)), element="totals")
    if leaf.count != 1 or any(not 0 <= value < VALUE_LIMIT for value in leaf.sums):
        raise Refused("VALUE_RANGE", "a leaf counts 1, with values in [0, 2^96)", element="leaf", found=f"{leaf.count} {list(leaf.sums)}")
    node = leaf
    for position, ((on_left, count), (sums, sibling_hash)) in enumerate(zip(siblings, path, strict=True)):
        if len(sums) != context.measures or len(sibling_hash) != 32:
            raise Refused(
                "MEASURES",
                "a path node has another form",
                element=f"path[{position}]",
                expected=str(context.measures),
                found=str(len(sums)),
            )
        if any(not 0 <= value < count * VALUE_LIMIT for value in sums):
            raise Refused(
                "SUM_RANGE", "a sibling's sum is larger than its leaves allow", element=f"path[{position}].sums", found=str(list(sums))
            )
        sibling = Node(count, tuple(sums), sibling_hash)
        node = join(context.alg, sibling, node) if on_left else join(context.alg, node, sibling)
    if node.sums != tuple(totals):
        raise Refused(
            "TOTALS", "the path adds up to other totals", element="totals", expected=str(list(node.sums)), found=str(list(totals))
        )
    if node.hash != tree_root:
        raise Refused(
            "TREE_ROOT", "the path leads to another tree root", element="tree_root", expected=tree_root.hex(), found=node.hash.hex()
        )
    found = commitment_root(context.alg, context.digest(), n, totals, tree_root)
    if found != root:
        raise Refused("ROOT", "context, count, totals and tree root give another R", element="root", expected=root.hex(), found=found.hex())
