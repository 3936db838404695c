"""The fastest path of a meter CSV: runs of lines of one meter, quarter-hour after quarter-hour, as nearly all lines of a file are.

Such lines are not parsed but predicted: from the first line of a run follow the id and the instant of every other one, and comparing
bytes proves both, so that order and gaps are checked in the same breath. Values are read eight characters at a time as one 64-bit
word. What does not follow the first line of its run is left to csv_block.py; so paths differ in speed, never in what they accept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ledger.metering.csv_line import FUTURE_SECONDS, MAX_READING, QUALITY_LETTERS, Dialect
from ledger.metering.meter_day import DAY_SLOTS, SLOT_SECONDS
from ledger.records.meter_record import Quality

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]
Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

MAX_RUNS = 24
"""Of one block: more of them are no runs, and csv_block.py is faster."""
SHORTEST = 24
_COMMA, _DOT, _ZERO = 44, 46, 48
_DAY = 86_400


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
_LETTERS = np.zeros(256, dtype=np.uint8)
for _letter, _quality in QUALITY_LETTERS:
    _LETTERS[ord(_letter)] = _quality


@dataclass(frozen=True)
class Run:
    """Lines of one meter with ascending slots from `slot`; `value` and `quality` mean something where `accepted`."""

    meter: int
    slot: int
    count: int
    accepted: Mask
    value: Ints
    quality: Bytes


def read_run(data: bytes, raw: Bytes, first: Ints, last: Ints, dialect: Dialect, numbers: Mapping[bytes, int], now: int) -> Run | None:
    """Return the run that begins with the first of these lines, or None where there is none worth the name.

    Args:
        data, raw: the block, as bytes and as an array.
        first, last: bounds of its lines from here on, without line ends.
    """
    start = int(first[0])
    comma = data.find(b",", start, int(last[0]))
    meter = numbers.get(data[start:comma], -1) if comma > 0 else -1
    after = data.find(b",", comma + 1, comma + 28)
    if meter < 0 or after < 0:
        return None
    slot = _slot_of(data[comma + 1 : after])
    if slot is None:
        return None
    head = after + 1 - start
    # Lines that are too short for head and value end a run; so does the future.
    whole = (last - first) > head
    count = len(first) if bool(whole.all()) else int(whole.argmin())
    count = min(count, (now + FUTURE_SECONDS) // SLOT_SECONDS - slot + 1)
    if count < SHORTEST:
        return None
    count = _matching(raw, first[:count], data[start : comma + 1] * count, comma + 1 - start)
    text = data[comma + 1 : after + 1]
    count = _matching(raw, first[:count] + (comma + 1 - start), _expected(slot, count, text[19:]), len(text)) if count >= SHORTEST else 0
    if count < SHORTEST:
        return None
    first, last = first[:count] + head, last[:count]
    accepted = np.ones(count, dtype=np.bool_)
    quality = np.full(count, int(Quality.ACTUAL), dtype=np.uint8)
    if dialect.has_quality:
        quality = _LETTERS[raw[last - 1]]
        last = last - 2
        accepted = (raw[last] == _COMMA) & (quality != 0) & (last > first)
    value, good = read_values(raw, first, last, dialect.mwh_per_unit)
    return Run(meter, slot, count, accepted & good, value, quality)


def _slot_of(text: bytes) -> int | None:
    """Return Unix seconds ÷ 900 of an instant; that it was written strictly is proved by comparing it with what is expected."""
    if len(text) not in (20, 25):
        return None
    try:
        at = datetime.fromisoformat(text.decode("ascii"))
    except ValueError:
        return None
    if at.tzinfo is None or at.year < 1971 or at.microsecond:
        return None
    seconds = int(at.timestamp())
    return None if seconds % SLOT_SECONDS or seconds < 0 else seconds // SLOT_SECONDS


def _expected(slot: int, count: int, suffix: bytes) -> bytes:
    """Return the texts of `count` instants from a slot on, each followed by `suffix`: `Z,` or an offset and the comma."""
    ahead = 0
    if len(suffix) == 7:
        minutes = int(suffix[1:3]) * 60 + int(suffix[4:6])
        ahead = -minutes if suffix[:1] == b"-" else minutes
    if ahead % 15:
        return b""
    slot += ahead // 15
    width = 19 + len(suffix)
    days = range(slot // DAY_SLOTS, (slot + count - 1) // DAY_SLOTS + 1)
    texts = b"".join(_texts_of_day(day, suffix) for day in days)
    begin = slot % DAY_SLOTS * width
    return texts[begin : begin + count * width]


@lru_cache(maxsize=4096)
def _texts_of_day(day: int, suffix: bytes) -> bytes:
    date = datetime.fromtimestamp(day * _DAY, UTC).strftime("%Y-%m-%dT").encode()
    times = [f"{at // 4:02d}:{at % 4 * 15:02d}:00".encode() for at in range(DAY_SLOTS)]
    return b"".join(date + time + suffix for time in times)


def _matching(raw: Bytes, starts: Ints, expected: bytes, width: int) -> int:
    """Return how many texts of `width` bytes, from the first start on, are as expected."""
    windows = np.ndarray(shape=(len(raw) - width + 1,), dtype=f"V{width}", buffer=raw, strides=(1,))
    found = windows[starts].tobytes()
    if found == expected:
        return len(starts)
    low, high = 0, len(starts)
    while low < high:
        middle = (low + high + 1) // 2
        if found[: middle * width] == expected[: middle * width]:
            low = middle
        else:
            high = middle - 1
    return low


def read_values(raw: Bytes, first: Ints, after: Ints, mwh_per_unit: int) -> tuple[Ints, Mask]:
    """Return exact mWh of plain decimals of up to 8 characters, and where the text is one; longer ones are left.

    Args:
        first, after: bounds of the texts; each begins at byte 8 of `raw` or later.
    """
    length = after - first
    good = (length >= 1) & (length <= 8)
    bounded = length if bool(good.all()) else np.where(good, length, 8)
    windows = np.ndarray(shape=(len(raw) - 7,), dtype="V8", buffer=raw, strides=(1,))
    words: Words = windows[after - 8].view("<u8").astype(np.uint64, copy=False)
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
    start, second, end = raw[first], raw[np.minimum(first + 1, len(raw) - 1)], raw[after - 1]
    good &= (start != _DOT) & (end != _DOT) & ((start != _ZERO) | (length == 1) | (second == _DOT))
    scale = np.array([0 if mwh_per_unit % 10**at else mwh_per_unit // 10**at for at in range(9)], dtype=np.int64)
    limit = np.array([MAX_READING // int(factor) if factor else -1 for factor in scale], dtype=np.int64)
    good &= number <= limit[places]
    return np.where(good, number, 0) * scale[places], good


def _bits(words: Words) -> Ints:
    return np.bitwise_count(words).astype(np.int64)
