"""The fastest path of a meter CSV: runs of lines of one meter, quarter-hour after quarter-hour, as nearly all lines of a file are.

Such lines are not parsed but predicted: from the first line of a run follow the id and the instant of every other one, and comparing
bytes proves both, so that order and gaps are checked in the same breath. What does not follow the first line of its run is left to
csv_block.py; so paths differ in speed, never in what they accept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np

from ledger.metering.csv_line import FUTURE_SECONDS, QUALITY_LETTERS, Dialect
from ledger.metering.csv_values import Bytes, Ints, Mask, read_values
from ledger.metering.meter_day import DAY_SLOTS, SLOT_SECONDS
from ledger.records.meter_record import Quality

MAX_RUNS = 24
"""Of one block: more of them are no runs, and csv_block.py is faster."""
SHORTEST = 24
_COMMA = 44
_DAY = 86_400


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
