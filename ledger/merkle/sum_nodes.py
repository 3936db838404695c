"""Nodes of a Merkle-sum tree: each hash binds the counts and sums of both children (spec: commitments §3).

Hashing only the added sum would let a proof verify against a smaller total; so a node hashes nL, SL, hL, nR, SR, hR.
This module knows nothing of keys and order: sums.py adds them.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from operator import add

from ledger.errors import InputError
from ledger.merkle.plain import ProofRefused

ALGORITHMS: tuple[tuple[int, str], ...] = ((1, "sha256"), (2, "sm3"))
VALUE_LIMIT = 2**96
SUM_LIMIT = 2**128
COUNT_LIMIT = 2**32

PathNode = tuple[tuple[int, ...], bytes]


@dataclass(frozen=True, slots=True)
class SumNode:
    """A subtree: how many leaves, their sums per measure, its hash (32 bytes)."""

    count: int
    sums: tuple[int, ...]
    hash: bytes


def digest(alg: int, data: bytes) -> bytes:
    """Return the hash of `data` under algorithm 1 (SHA-256) or 2 (SM3).

    Raises:
        InputError: another algorithm, or one that this build of OpenSSL has not.
    """
    if alg == 1:
        return hashlib.sha256(data).digest()
    name = dict(ALGORITHMS).get(alg)
    if name is None or name not in hashlib.algorithms_available:
        raise InputError(f"hash algorithm {alg} is not available", hint="expected 1 (SHA-256), or 2 (SM3) where OpenSSL offers it", alg=alg)
    return hashlib.new(name, data).digest()


def pack_sums(sums: Sequence[int]) -> bytes:
    """Return u128 big-endian of each sum.

    Raises:
        InputError: a sum is negative or 2^128 or more.
    """
    try:
        return b"".join([value.to_bytes(16, "big") for value in sums])
    except OverflowError as error:
        raise InputError("a sum outside 0 … 2^128 − 1", hint="use smaller units or more periods") from error


def join(alg: int, left: SumNode, right: SumNode) -> SumNode:
    """Return the node above `left` and `right`: H(0x12 ‖ nL ‖ SL ‖ hL ‖ nR ‖ SR ‖ hR)."""
    data = (b"\x12" + left.count.to_bytes(8, "big") + pack_sums(left.sums) + left.hash) + (
        right.count.to_bytes(8, "big") + pack_sums(right.sums) + right.hash
    )
    return SumNode(left.count + right.count, tuple(map(add, left.sums, right.sums)), digest(alg, data))


def build_levels(alg: int, leaves: Sequence[SumNode]) -> tuple[tuple[SumNode, ...], ...]:
    """Return all levels, leaves first; the last level holds the root alone. No levels for no leaves."""
    if not leaves:
        return ()
    levels = [tuple(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        above = [join(alg, below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)]
        if len(below) & 1:
            above.append(below[-1])
        levels.append(tuple(above))
    return tuple(levels)


def sibling_path(levels: Sequence[Sequence[SumNode]], index: int) -> tuple[PathNode, ...]:
    """Return (sums, hash) of the siblings of leaf `index`, leaf to root."""
    path = []
    for level in levels:
        sibling = index ^ 1
        if sibling < len(level):
            path.append((level[sibling].sums, level[sibling].hash))
        index >>= 1
    return tuple(path)


def climb(alg: int, leaf: SumNode, index: int, size: int, path: Sequence[PathNode]) -> SumNode:
    """Return the root node that `leaf` and `path` lead to; sides and sibling counts are derived from (index, size).

    Raises:
        ProofRefused: index or length does not fit, a measure is missing, a sibling sum is beyond its leaves' 2^96 each.
    """
    if not 0 < size < COUNT_LIMIT or not 0 <= index < size:
        raise ProofRefused(f"leaf {index} is outside a tree of {size}", index=index, size=size)
    steps = _steps(index, size)
    if len(path) != len(steps):
        raise ProofRefused(f"{len(path)} proof nodes, expected {len(steps)} for leaf {index} of {size}", got=len(path), expected=len(steps))
    node = leaf
    for (is_left, count), (sums, hashed) in zip(steps, path, strict=True):
        if len(sums) != len(leaf.sums):
            raise ProofRefused(f"a proof node with {len(sums)} measures, expected {len(leaf.sums)}", got=len(sums), expected=len(leaf.sums))
        if len(hashed) != 32:
            raise ProofRefused(f"a proof hash of {len(hashed)} bytes, expected 32", got=len(hashed), expected=32)
        if any(not 0 <= value < count * VALUE_LIMIT for value in sums):
            raise ProofRefused(f"a sibling sum beyond what {count} leaves can hold (2^96 each)", count=count)
        sibling = SumNode(count, tuple(sums), hashed)
        node = join(alg, sibling, node) if is_left else join(alg, node, sibling)
    return node


def seal(alg: int, context: bytes, count: int, totals: Sequence[int], tree_root: bytes) -> bytes:
    """Return R = H(0x13 ‖ ctx ‖ u64 n ‖ u128 T[…] ‖ hRoot), the root that is signed and anchored."""
    return digest(alg, b"\x13" + context + struct.pack(">Q", count) + pack_sums(totals) + tree_root)


def _steps(index: int, size: int) -> list[tuple[bool, int]]:
    # Node k of level h covers the leaves [k·2^h, (k+1)·2^h) that exist, in the shape of RFC 9162.
    steps, height, width = [], 0, size
    while width > 1:
        sibling = index ^ 1
        if sibling < width:
            first = sibling << height
            steps.append((sibling < index, min(1 << height, size - first)))
        index, height, width = index >> 1, height + 1, (width + 1) >> 1
    return steps
