"""Hash very many leaves from packed columns, without an object per leaf (spec: commitments §2, §3, §5).

What comes out is what plain.root and sums.SumTree give for the same leaves; proofs come from there. The work goes in chunks that stay in
the processor's cache: numpy lays the bytes of a chunk's messages side by side, cuts them into rows and adds the sums; what is left is
OpenSSL and one turn of a loop per hash. Memory beyond the columns and the result: some MB, whatever the number of leaves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import add, lt

import numpy as np
from numpy.typing import NDArray

from ledger.errors import InputError
from ledger.merkle.plain import EMPTY_ROOT, HASH_BYTES
from ledger.merkle.sum_nodes import COUNT_LIMIT, seal
from ledger.merkle.sums import Context

SHA256 = 1
CHUNK = 1 << 11
"""Messages that are laid out at once: few enough to stay in cache. A power of two, as the shape of RFC 9162 needs."""

SALT_BYTES = 32
MAX_RECORD = 2**32

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]


@dataclass(frozen=True)
class SealedTree:
    """What is signed of a tree: n, the totals, hRoot and R."""

    n: int
    totals: tuple[int, ...]
    tree_root: bytes
    root: bytes


def hash_records(salts: bytes, records: Sequence[bytes]) -> bytes:
    """Return rec = H(0x10 ‖ salt ‖ u32 length ‖ record) of every record, 32 bytes each, for salts of 32 bytes each.

    Raises:
        InputError: another number of salts than records, a record of 4 GiB or more.
    """
    packed, hashed = _salt_rows(salts, len(records)), []
    for first in range(0, len(records), CHUNK):
        part = records[first : first + CHUNK]
        lengths = np.fromiter(map(len, part), np.uint64, len(part))
        if lengths.max() >= MAX_RECORD:
            raise InputError("a record of 4 GiB or more", hint="commit to its hash instead")
        heads = np.empty((len(part), 4 + SALT_BYTES), np.uint8)
        heads[:, :SALT_BYTES] = packed[first : first + CHUNK]
        heads[:, SALT_BYTES:] = lengths.astype(">u4").view(np.uint8).reshape(-1, 4)
        hashed.append(_hash_all(b"\x10", map(add, _cut(heads), part)))
    return b"".join(hashed)


def hash_plain_leaves(salts: bytes, records: Sequence[bytes]) -> bytes:
    """Return H(0x00 ‖ salt ‖ record) of every record, 32 bytes each: the leaf hashes of RFC 9162 over salted records.

    Raises:
        InputError: another number of salts than records.
    """
    packed, hashed = _salt_rows(salts, len(records)), []
    for first in range(0, len(records), CHUNK):
        part = records[first : first + CHUNK]
        hashed.append(_hash_all(b"\x00", map(add, _cut(packed[first : first + CHUNK]), part)))
    return b"".join(hashed)


def plain_roots(leaf_hashes: bytes, sizes: Sequence[int]) -> list[bytes]:
    """Return the RFC 9162 root of each of several trees that stand one after the other, `sizes` leaf hashes each.

    Neighbours of one size are folded together, which is quick where sizes hardly differ. One tree is folded whole.

    Raises:
        InputError: the sizes do not add up to the leaves.
    """
    if HASH_BYTES * sum(sizes) != len(leaf_hashes) or min(sizes, default=0) < 0:
        raise InputError(f"{len(leaf_hashes)} bytes of leaf hashes for trees of {sum(sizes)} leaves together")
    hashes, roots, at = np.frombuffer(leaf_hashes, np.uint8), [], 0
    for size, run in groupby(sizes):
        trees = sum(1 for _ in run)
        if size == 0:
            roots += [EMPTY_ROOT] * trees
            continue
        step = max(1, CHUNK // size)
        for first in range(0, trees, step):
            count = min(step, trees - first)
            end = at + HASH_BYTES * size * count
            roots += _cut(_fold_plain(hashes[at:end].reshape(count, size, HASH_BYTES)))
            at = end
    return roots


def pack_values(rows: Sequence[Sequence[int]]) -> bytes:
    """Return the values of leaves, M each, as `seal_columns` takes them: u128 big-endian.

    Raises:
        InputError: a value is negative, or 2^64 or more.
    """
    try:
        low = np.array(rows, dtype=np.uint64)
    except OverflowError as error:
        raise InputError("a leaf value outside 0 … 2^64 − 1", hint="pack it with sum_nodes.pack_sums") from error
    words = np.zeros((*low.shape, 2), dtype=">u8")
    words[..., 1] = low
    return words.tobytes()


def seal_columns(context: Context, keys: bytes, values: bytes, record_hashes: bytes) -> SealedTree:
    """Return the seal of the tree over packed columns: keys and record hashes of 32 bytes, values u128 big-endian, M of them per leaf.

    Raises:
        InputError: columns of different length, keys that do not ascend strictly, a value of 2^96 or more, an algorithm other than SHA-256.
    """
    measures, n = context.measures, len(keys) // 32
    if context.alg != SHA256:
        raise InputError(f"hash algorithm {context.alg} has no bulk path", hint="build a SumTree")
    if (len(keys), len(values), len(record_hashes)) != (32 * n, 16 * measures * n, 32 * n) or n >= COUNT_LIMIT:
        raise InputError(f"columns of {len(keys)}, {len(values)} and {len(record_hashes)} bytes do not belong together")
    for first in range(0, n, CHUNK):
        _check_order(keys, max(0, first - 1), min(n, first + CHUNK))
    return _seal(context, keys, values, record_hashes)


def _seal(context: Context, keys: bytes, values: bytes, record_hashes: bytes) -> SealedTree:
    # Below the rule of order, as the published trees are tested.
    ctx, measures, n = context.digest(), context.measures, len(keys) // 32
    if n == 0:
        none = (0,) * measures
        return SealedTree(0, none, EMPTY_ROOT, seal(SHA256, ctx, 0, none, EMPTY_ROOT))
    columns = _Columns(ctx, measures, keys, values, record_hashes)
    # All chunks but the last are full, so folding their tops gives the shape of the whole tree.
    tops = [_fold(*columns.read(first, min(n, first + CHUNK))) for first in range(0, n, CHUNK)]
    words, hashes = _fold(np.concatenate([top for top, _ in tops]), np.concatenate([top for _, top in tops]))
    numbers, tree_root = words[0].tolist(), hashes.tobytes()
    totals = tuple(numbers[at] << 64 | numbers[at + 1] for at in range(1, len(numbers), 2))
    return SealedTree(n, totals, tree_root, seal(SHA256, ctx, n, totals, tree_root))


class _Columns:
    """The packed columns as rows of bytes and of 64-bit words."""

    def __init__(self, ctx: bytes, measures: int, keys: bytes, values: bytes, record_hashes: bytes) -> None:
        self.head = b"\x11" + ctx
        self.keys = np.frombuffer(keys, np.uint8).reshape(-1, 32)
        self.values = np.frombuffer(values, np.uint8).reshape(-1, 16 * measures)
        self.words = np.frombuffer(values, ">u8").reshape(-1, 2 * measures)
        self.records = np.frombuffer(record_hashes, np.uint8).reshape(-1, 32)

    def read(self, first: int, last: int) -> tuple[Words, Bytes]:
        """Return count and sums, and the hashes, of the leaves from `first` to before `last`.

        Raises:
            InputError: a value of 2^96 or more.
        """
        words = np.ones((last - first, 1 + self.words.shape[1]), np.uint64)
        words[:, 1:] = self.words[first:last]
        if words[:, 1::2].max(initial=0) >= 2**32:
            at = first + int((words[:, 1::2] >= 2**32).any(axis=1).argmax())
            raise InputError(f"leaf {at} has a value of 2^96 or more", hint="use a smaller unit or more leaves", index=at)
        width = self.values.shape[1]
        messages = np.empty((last - first, 64 + width), np.uint8)
        messages[:, :32] = self.keys[first:last]
        messages[:, 32 : 32 + width] = self.values[first:last]
        messages[:, 32 + width :] = self.records[first:last]
        return words, _hash_rows(self.head, messages)


def _check_order(keys: bytes, first: int, last: int) -> None:
    listed = _cut(np.frombuffer(keys, np.uint8).reshape(-1, 32)[first:last])
    if all(map(lt, listed, listed[1:])):
        return
    at = next(at for at in range(1, len(listed)) if listed[at - 1] >= listed[at])
    what = "stands twice" if listed[at - 1] == listed[at] else "is out of order"
    raise InputError(f"the key of leaf {first + at} {what}", hint="sort the leaves by key and keep each once", index=first + at)


def _fold(words: Words, hashes: Bytes) -> tuple[Words, Bytes]:
    """Return the node above all nodes: `words` are u64 count and (high, low) of each u128 sum, `hashes` their hashes."""
    width = 8 * words.shape[1] + HASH_BYTES
    while len(words) > 1:
        pairs = len(words) // 2
        nodes = np.empty((len(words), width), np.uint8)
        nodes[:, :-HASH_BYTES] = words.astype(">u8").view(np.uint8)
        nodes[:, -HASH_BYTES:] = hashes
        messages = nodes[: 2 * pairs].reshape(pairs, 2 * width)
        left = words[0 : 2 * pairs : 2]
        above = left + words[1 : 2 * pairs : 2]
        # A low word that came out smaller has wrapped. The high ones cannot: 2^32 leaves of less than 2^96 stay below 2^128.
        above[:, 1::2] += above[:, 2::2] < left[:, 2::2]
        odd = 2 * pairs
        words, hashes = np.concatenate([above, words[odd:]]), np.concatenate([_hash_rows(b"\x12", messages), hashes[odd:]])
    return words, hashes


def _fold_plain(level: Bytes) -> Bytes:
    """Return the roots (trees × 32) of leaf hashes (trees × leaves × 32)."""
    trees = len(level)
    while level.shape[1] > 1:
        pairs = level.shape[1] // 2
        messages = level[:, : 2 * pairs].reshape(trees * pairs, 2 * HASH_BYTES)
        above = _hash_rows(b"\x01", messages).reshape(trees, pairs, HASH_BYTES)
        level = np.concatenate([above, level[:, 2 * pairs :]], axis=1)
    return level[:, 0]


def _hash_rows(prefix: bytes, messages: Bytes) -> Bytes:
    return np.frombuffer(_hash_all(prefix, _cut(messages)), np.uint8).reshape(-1, HASH_BYTES)


def _hash_all(prefix: bytes, messages: Iterable[bytes]) -> bytes:
    """Return SHA-256(prefix ‖ message) of every message, 32 bytes each."""
    # Copying a hasher that has read the prefix is cheaper than making one, and saves a column of prefixes.
    copy, digests = hashlib.sha256(prefix).copy, []
    for message in messages:
        hasher = copy()
        hasher.update(message)
        digests.append(hasher.digest())
    return b"".join(digests)


def _cut(rows: Bytes) -> list[bytes]:
    return np.ascontiguousarray(rows).view(f"V{rows.shape[1]}").ravel().tolist()


def _salt_rows(salts: bytes, records: int) -> Bytes:
    if len(salts) != SALT_BYTES * records:
        raise InputError(f"{len(salts)} bytes of salts for {records} records", hint="give 32 bytes for each record")
    return np.frombuffer(salts, np.uint8).reshape(-1, SALT_BYTES)
