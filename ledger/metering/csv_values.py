"""Decimals of a meter CSV as exact mWh, whole columns at once: short ones as one 64-bit word each, longer ones character by character."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ledger.metering.csv_line import MAX_READING

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]
Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

MAX_VALUE_CHARACTERS = 16
_DOT, _ZERO = 46, 48


def _word(byte: int) -> np.uint64:
    return np.uint64(byte * 0x0101010101010101)


_ZEROS, _DOTS, _LOW, _HIGH = _word(0x30), _word(0x1E), _word(0x7F), _word(0x80)
_NINES = _word(0x76)
# Digits become numbers of two, four, eight digits: ten times the lower byte of a pair and the upper one, and so on.
_STEPS = (
    (np.uint64(10), np.uint64(8), np.uint64(0x00FF00FF00FF00FF)),
    (np.uint64(100), np.uint64(16), np.uint64(0x0000FFFF0000FFFF)),
    (np.uint64(10_000), np.uint64(32), np.uint64(0xFFFFFFFF)),
)


def read_values(raw: Bytes, first: Ints, after: Ints, mwh_per_unit: int) -> tuple[Ints, Mask]:
    """Return exact mWh of plain decimals of up to 16 characters, and where the text is one whose mWh are whole and in range.

    Args:
        first, after: bounds of the texts; a short one that ends within the first 8 bytes of `raw` is left.
    """
    value, good = read_short(raw, first, after, mwh_per_unit)
    longer = np.flatnonzero(after - first > 8)
    if len(longer):
        value[longer], good[longer] = read_long(raw, first[longer], after[longer], mwh_per_unit)
    return value, good


def read_short(raw: Bytes, first: Ints, after: Ints, mwh_per_unit: int) -> tuple[Ints, Mask]:
    """Return exact mWh of plain decimals of up to 8 characters, and where the text is one; longer ones are left.

    Args:
        first, after: bounds of the texts.
    """
    length = after - first
    good = (length >= 1) & (length <= 8) & (after >= 8)
    if len(raw) < 8:
        return np.zeros(len(first), dtype=np.int64), good
    bounded = length if bool(good.all()) else np.where(good, length, 8)
    windows = np.ndarray(shape=(len(raw) - 7,), dtype="V8", buffer=raw, strides=(1,))
    words: Words = windows[np.maximum(after - 8, 0)].view("<u8").astype(np.uint64, copy=False)
    # The last character is in the highest byte; what stands before the first becomes zeros.
    shift = ((8 - bounded) << 3).astype(np.uint64)
    words ^= _ZEROS
    words >>= shift
    words <<= shift
    marks = words ^ _DOTS
    dots = ~(((marks & _LOW) + _LOW) | marks | _LOW)
    if bool((dots == dots[0]).all()):
        dots = dots[:1]  # as many decimals in every text: what depends on them alone is computed once
    one = dots >> np.uint64(7)
    # Bytes before the dot move up by one; without a dot nothing moves.
    before = one - np.uint64(1)
    before = np.where(dots == 0, np.uint64(0), before)
    digits = ((words & before) << np.uint64(8)) | (words & ~(before | (one * np.uint64(255))))
    good &= (((digits + _NINES) | digits) & _HIGH) == 0
    good &= (dots & (dots - np.uint64(1))) == 0
    for tens, shift_by, kept in _STEPS:
        upper = digits >> shift_by
        digits *= tens
        digits += upper
        digits &= kept
    number = digits.view(np.int64)
    # The dot's byte counted from the end is the number of decimals; the bits below it tell which byte it is.
    places = np.where(dots == 0, 0, 7 - (_bits(before) >> 3))
    start, second, end = _at(raw, first), _at(raw, first + 1), _at(raw, after - 1)
    good &= (start != _DOT) & (end != _DOT) & ((start != _ZERO) | (length == 1) | (second == _DOT))
    scale = np.array([0 if mwh_per_unit % 10**at else mwh_per_unit // 10**at for at in range(9)], dtype=np.int64)
    limit = np.array([MAX_READING // int(factor) if factor else -1 for factor in scale], dtype=np.int64)
    good &= number <= limit[places]
    return np.where(good, number, 0) * scale[places], good


def _bits(words: Words) -> Ints:
    return np.bitwise_count(words).astype(np.int64)


def read_long(raw: Bytes, first: Ints, after: Ints, mwh_per_unit: int) -> tuple[Ints, Mask]:
    """Return exact mWh of plain decimals of up to 16 characters, and where the text is one whose mWh are whole and in range."""
    length = after - first
    good = (length >= 1) & (length <= MAX_VALUE_CHARACTERS)
    length = np.where(good, length, 0)
    digits = np.zeros(len(first), dtype=np.int64)
    places = np.zeros(len(first), dtype=np.int64)
    seen_dot = np.zeros(len(first), dtype=np.bool_)
    for at in range(int(length.max(initial=0))):
        inside = at < length
        character = _at(raw, first + at)
        digit = character - np.uint8(_ZERO)
        is_digit = inside & (digit < 10)
        is_dot = inside & (character == _DOT)
        good &= ~inside | is_digit | (is_dot & ~seen_dot)
        digits = np.where(is_digit, digits * 10 + digit, digits)
        places += is_digit & seen_dot
        seen_dot |= is_dot
    start, second, end = _at(raw, first), _at(raw, first + 1), _at(raw, after - 1)
    good &= (start != _DOT) & (end != _DOT) & ((start != _ZERO) | (length == 1) | (second == _DOT))
    # mWh = digits × unit ÷ 10^places; more places than the unit's factors of ten hold are left to the exact slow path.
    scale = np.array([0 if mwh_per_unit % 10**at else mwh_per_unit // 10**at for at in range(MAX_VALUE_CHARACTERS)], dtype=np.int64)
    limit = np.array([MAX_READING // int(factor) if factor else -1 for factor in scale], dtype=np.int64)
    good &= digits <= limit[places]
    return np.where(good, digits, 0) * scale[places], good


def _at(raw: Bytes, positions: Ints) -> Bytes:
    return raw[np.minimum(positions, len(raw) - 1)]
