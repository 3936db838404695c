"""Draw a sample that anyone can draw again (verification.md, sampling).

A sample size comes from exact arithmetic; a draw from a SHA-256 stream, masked to the range's bit length and rejected above it, so that
every item is equally likely. Draws are independent: an item may come twice, as the size formula assumes.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate

from verifier.errors import Refused

MAX_SIZE = 1_000_000


def sample_size(share: Fraction, confidence: Fraction) -> int:
    """Return the least k with (1 − share)^k ≤ 1 − confidence, that is ceil(ln α / ln(1−f)); 1 % at 95 % gives 299."""
    if not 0 < share < 1 or not 0 < confidence < 1:
        raise Refused("SAMPLE_RANGE", "share and confidence lie between 0 and 1", found=f"{share}, {confidence}")
    keep, alpha = 1 - share, 1 - confidence
    high = 1
    while keep**high > alpha:
        high *= 2
        if high > MAX_SIZE:
            raise Refused("SAMPLE_RANGE", f"more than {MAX_SIZE} items would be needed", found=str(share))
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if keep**middle > alpha else (low, middle)
    return high


def commitment_of(nonce: bytes) -> bytes:
    """Return H(0x20 ‖ nonce), what the auditor publishes before the anchor."""
    return hashlib.sha256(b"\x20" + nonce).digest()


def seed_of(root: bytes, nonce: bytes, block_hash: bytes) -> bytes:
    """Return H(0x22 ‖ R ‖ nonce ‖ anchor block hash); none of the three alone decides the draw."""
    return hashlib.sha256(b"\x22" + root + nonce + block_hash).digest()


def draw(seed: bytes, j: int, limit: int) -> int:
    """Return draw `j` in [0, limit): SHA-256(0x21 ‖ seed ‖ u32 j ‖ u32 ctr), low bits, rejected at or above `limit`."""
    if limit <= 0:
        raise Refused("SAMPLE_EMPTY", "there is nothing to draw from", found=str(limit))
    mask = (1 << (limit - 1).bit_length()) - 1
    for counter in range(2**32):
        block = hashlib.sha256(b"\x21" + seed + j.to_bytes(4, "big") + counter.to_bytes(4, "big")).digest()
        value = int.from_bytes(block, "big") & mask
        if value < limit:
            return value
    raise Refused("SAMPLE_STREAM", "the stream is exhausted")


def draw_items(seed: bytes, size: int, count: int) -> list[int]:
    """Return `size` indices into `count` items, in the order drawn."""
    return [draw(seed, j, count) for j in range(size)]


def draw_by_measure(seed: bytes, size: int, values: Sequence[int]) -> list[int]:
    """Return `size` indices, an item being as likely as its value is large (monetary-unit sampling)."""
    bounds = list(accumulate(values))
    if not bounds or any(value < 0 for value in values):
        raise Refused("SAMPLE_EMPTY", "values are non-negative and there is at least one", found=str(len(values)))
    return [bisect_right(bounds, draw(seed, j, bounds[-1])) for j in range(size)]
