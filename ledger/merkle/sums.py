"""The committed Merkle-sum tree of one (institution, dataset, period, revision): a root that binds its totals (spec: commitments §3).

What a sum tree does not prove: completeness. A leaf can be left out; the tie-out measures are compared with outside registers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ledger.errors import InputError
from ledger.merkle.plain import ProofRefused
from ledger.merkle.sum_nodes import (
    ALGORITHMS,
    COUNT_LIMIT,
    VALUE_LIMIT,
    PathNode,
    SumNode,
    build_levels,
    climb,
    digest,
    pack_sums,
    seal,
    sibling_path,
)

DOMAIN = b"carbon-ledger/mst/v1"
MEASURES = 4


@dataclass(frozen=True)
class Context:
    """What a tree is about. contract 20 bytes; org, dataset, schema_hash 32 bytes; period bounds Unix seconds [start, end)."""

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

    def __post_init__(self) -> None:
        lengths = (len(self.contract), len(self.org), len(self.dataset), len(self.schema_hash))
        if lengths != (20, 32, 32, 32):
            raise InputError(f"context fields of {lengths} bytes, expected contract 20, org, dataset and schema hash 32 each")
        if self.alg not in dict(ALGORITHMS):
            raise InputError(f"unknown hash algorithm {self.alg}", hint="expected 1 (SHA-256) or 2 (SM3)")
        if not 1 <= self.measures <= 255:
            raise InputError(f"{self.measures} measures, expected 1 to 255")
        if not (0 <= self.chain_id < 2**64 and 0 <= self.period_start < self.period_end < 2**64 and 0 <= self.revision < 2**32):
            raise InputError("context numbers out of range", hint="expected u64 chain id, start < end in Unix seconds, u32 revision")

    def digest(self) -> bytes:
        """Return ctx, which every leaf and R contain, so that no tree can stand for another."""
        head = b"\x14" + DOMAIN + struct.pack(">BBQ", self.alg, self.measures, self.chain_id) + self.contract + self.org + self.dataset
        tail = struct.pack(">QQI", self.period_start, self.period_end, self.revision) + self.schema_hash
        return digest(self.alg, head + tail)


def record_hash(salt: bytes, record: bytes, alg: int = 1) -> bytes:
    """Return rec = H(0x10 ‖ salt ‖ u32 length ‖ record); the salt keeps a withheld record from being guessed.

    Raises:
        InputError: a salt that is not 32 bytes, a record of 4 GiB or more.
    """
    if len(salt) != 32 or len(record) >= 2**32:
        raise InputError(f"a salt of {len(salt)} bytes and a record of {len(record)}, expected 32 and less than 2^32")
    return digest(alg, b"\x10" + salt + len(record).to_bytes(4, "big") + record)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf: key (32 bytes), its measures, the salted hash of its record (32 bytes)."""

    key: bytes
    values: tuple[int, ...]
    record_hash: bytes

    def __post_init__(self) -> None:
        if len(self.key) != 32 or len(self.record_hash) != 32:
            raise InputError(f"a leaf key of {len(self.key)} and a record hash of {len(self.record_hash)} bytes, expected 32 each")
        if self.values and not (min(self.values) >= 0 and max(self.values) < VALUE_LIMIT):
            raise InputError("a leaf value outside 0 … 2^96 − 1", key=self.key.hex())

    def node(self, alg: int, context: bytes) -> SumNode:
        """Return the leaf's node: H(0x11 ‖ ctx ‖ key ‖ u128 values ‖ rec)."""
        data = b"\x11" + context + self.key + pack_sums(self.values) + self.record_hash
        return SumNode(1, self.values, digest(alg, data))


@dataclass(frozen=True)
class SumProof:
    """Where a leaf stands and its siblings' (sums, hash), leaf to root. Membership only: who signed R is checked elsewhere."""

    index: int
    path: tuple[PathNode, ...]


@dataclass(frozen=True)
class SumTree:
    """A built tree: leaves ascending by key, every level kept for proofs."""

    context: Context
    leaves: tuple[Leaf, ...]
    levels: tuple[tuple[SumNode, ...], ...]
    root: bytes

    @classmethod
    def build(cls, context: Context, leaves: Iterable[Leaf]) -> SumTree:
        """Build the tree of `leaves`, which must ascend strictly by key.

        Raises:
            InputError: a key stands twice or out of order, wrong number of measures, 2^32 leaves or more.
        """
        listed, ctx = tuple(leaves), context.digest()
        if len(listed) >= COUNT_LIMIT:
            raise InputError("a tree holds fewer than 2^32 leaves")
        for at, leaf in enumerate(listed):
            if len(leaf.values) != context.measures:
                raise InputError(f"leaf {at} has {len(leaf.values)} measures, expected {context.measures}", index=at)
            if at and listed[at - 1].key >= leaf.key:
                what = "stands twice" if listed[at - 1].key == leaf.key else "is out of order"
                raise InputError(f"the key of leaf {at} {what}", hint="sort the leaves by key and keep each once", index=at)
        levels = build_levels(context.alg, [leaf.node(context.alg, ctx) for leaf in listed])
        totals = levels[-1][0].sums if levels else (0,) * context.measures
        tree_root = levels[-1][0].hash if levels else digest(context.alg, b"")
        return cls(context, listed, levels, seal(context.alg, ctx, len(listed), totals, tree_root))

    @property
    def n(self) -> int:
        """Return the number of leaves."""
        return len(self.leaves)

    @property
    def totals(self) -> tuple[int, ...]:
        """Return the sum of every measure over all leaves."""
        return self.levels[-1][0].sums if self.levels else (0,) * self.context.measures

    @property
    def tree_root(self) -> bytes:
        """Return hRoot, the hash of the top node."""
        return self.levels[-1][0].hash if self.levels else digest(self.context.alg, b"")

    def prove(self, index: int) -> SumProof:
        """Return the proof of leaf `index`.

        Raises:
            InputError: `index` is outside the tree.
        """
        if not 0 <= index < self.n:
            raise InputError(f"no leaf {index} in a tree of {self.n}", hint="ask for an index below n")
        return SumProof(index, sibling_path(self.levels, index))

    def find_index(self, key: bytes) -> int | None:
        """Return the index of the leaf with this key, or None."""
        low, high = 0, self.n
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.leaves[middle].key < key else (low, middle)
        return low if low < self.n and self.leaves[low].key == key else None


def verify_sum_proof(context: Context, leaf: Leaf, proof: SumProof, n: int, totals: Sequence[int], root: bytes) -> None:
    """Verify that `leaf` is leaf `proof.index` of the tree with n leaves, these totals and this root R.

    The caller has compared `context` with what it expects (chain, contract, institution, dataset, schema).

    Raises:
        ProofRefused: it is not shown.
    """
    if len(leaf.values) != context.measures or len(totals) != context.measures:
        raise ProofRefused(f"{len(leaf.values)} values and {len(totals)} totals, expected {context.measures}", expected=context.measures)
    if not 0 < n < COUNT_LIMIT:
        raise ProofRefused(f"a tree of {n} leaves proves nothing", n=n)
    if any(not 0 <= value < n * VALUE_LIMIT for value in totals):
        raise ProofRefused(f"a total beyond what {n} leaves can hold (2^96 each)", n=n)
    ctx = context.digest()
    top = climb(context.alg, leaf.node(context.alg, ctx), proof.index, n, proof.path)
    if top.sums != tuple(totals):
        raise ProofRefused("the proof adds up to other totals", got=top.sums, expected=tuple(totals))
    got = seal(context.alg, ctx, n, totals, top.hash)
    if got != root:
        raise ProofRefused("the proof leads to another root", got=got.hex(), expected=root.hex())
