"""Draw a sample that anybody can draw again: seed, size, draws (spec: verification.md, Sampling; bundle.md §4)."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from ledger.errors import InputError

SIZE_OF_1_PERCENT_AT_95 = 299
"""The least k with 0.99^k ≤ 0.05."""
MAX_SIZE = 10_000


def commitment_of(nonce: bytes) -> bytes:
    """Return H(0x20 ‖ nonce): what is published before the anchor."""
    return hashlib.sha256(b"\x20" + nonce).digest()


def seed_of(root: bytes, nonce: bytes, block_hash: bytes) -> bytes:
    """Return H(0x22 ‖ R ‖ nonce ‖ hash of the anchor's block)."""
    return hashlib.sha256(b"\x22" + root + nonce + block_hash).digest()


def draw(seed: bytes, j: int, limit: int) -> int:
    """Return draw `j` in [0, limit): the low bits of SHA-256(0x21 ‖ seed ‖ u32 j ‖ u32 ctr), the first below `limit`.

    Raises:
        InputError: there is nothing to draw from.
    """
    if limit < 1:
        raise InputError("there is nothing to draw from", hint="draw by item, or by a measure that is not 0")
    bits = (limit - 1).bit_length()
    counter = 0
    while True:
        block = hashlib.sha256(b"\x21" + seed + j.to_bytes(4, "big") + counter.to_bytes(4, "big")).digest()
        value = int.from_bytes(block, "big") & ((1 << bits) - 1)
        if value < limit:
            return value
        counter += 1


def draw_sample(seed: bytes, size: int, values: Sequence[int] | int) -> tuple[int, ...]:
    """Return `size` leaf indices in the order drawn.

    Args:
        values: the number of leaves, to draw by item; or each leaf's value of a measure, to draw by it.
    """
    if isinstance(values, int):
        return tuple(draw(seed, j, values) for j in range(size))
    bounds = list(accumulate(values))
    limit = bounds[-1] if bounds else 0
    return tuple(bisect_right(bounds, draw(seed, j, limit)) for j in range(size))
