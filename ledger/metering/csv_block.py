"""The fast strict path of a meter CSV: whole blocks of lines as byte arrays, without an object per reading.

It accepts only lines that are right beyond doubt; every other line is left to csv_line.py, which accepts it or explains it. So
the two paths may differ in speed, never in what they accept: tests/metering compares them line by line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ledger.metering.csv_line import FUTURE_SECONDS, QUALITY_LETTERS, Dialect
from ledger.metering.csv_runs import MAX_RUNS, read_run
from ledger.metering.csv_values import Bytes, Ints, Mask, read_values
from ledger.metering.meter_day import SLOT_SECONDS
from ledger.records.meter_record import Quality

__all__ = ["Block", "Bytes", "Ints", "Mask", "read_block"]

_NEWLINE, _RETURN, _COMMA, _ZERO = 10, 13, 44, 48


@dataclass(frozen=True)
class Block:
    """The lines of a block: bounds without line ends, and for each line that was accepted its meter, slot, value and quality.

    All arrays have one entry per line; where `accepted` is False the others mean nothing.
    """

    first: Ints
    last: Ints
    accepted: Mask
    meter: Ints
    slot: Ints
    value: Ints
    quality: Bytes


_FIELDS = ("first", "last", "accepted", "meter", "slot", "value", "quality")


def read_block(data: bytes, dialect: Dialect, meter_numbers: Mapping[bytes, int], now: int) -> Block:
    """Read complete lines (`data` ends with a newline); `meter_numbers` holds the meters that may report, by id."""
    raw = np.frombuffer(data, dtype=np.uint8)
    last = np.flatnonzero(raw == _NEWLINE)
    first = np.concatenate((np.zeros(1, dtype=np.int64), last[:-1] + 1))
    last = last - ((raw[np.maximum(last - 1, 0)] == _RETURN) & (last > first))
    parts: list[Block] = []
    at = 0
    while at < len(first) and len(parts) < MAX_RUNS:
        run = read_run(data, raw, first[at:], last[at:], dialect, meter_numbers, now)
        if run is None:
            break
        stop = at + run.count
        meter = np.full(run.count, run.meter, dtype=np.int64)
        slot = np.arange(run.slot, run.slot + run.count, dtype=np.int64)
        parts.append(Block(first[at:stop], last[at:stop], run.accepted, meter, slot, run.value, run.quality))
        at = stop
    if at < len(first):
        parts.append(_read_lines(data, raw, first[at:], last[at:], dialect, meter_numbers, now))
    return parts[0] if len(parts) == 1 else Block(*(np.concatenate([getattr(part, name) for part in parts]) for name in _FIELDS))


def _read_lines(data: bytes, raw: Bytes, first: Ints, last: Ints, dialect: Dialect, meter_numbers: Mapping[bytes, int], now: int) -> Block:
    """Read lines of any order and meters."""
    commas = np.flatnonzero(raw[int(first[0]) :] == _COMMA) + int(first[0])
    at = np.searchsorted(commas, first)
    accepted = np.searchsorted(commas, last) - at == dialect.columns - 1
    # Beyond the last line the comma positions are padded, so that lines with too few commas read nonsense instead of failing.
    padded = np.concatenate((commas, np.full(3, len(raw) - 1, dtype=np.int64)))
    after_meter, after_time = padded[at], padded[at + 1]
    after_value = padded[at + 2] if dialect.has_quality else last
    meter, known = _read_meters(data, raw, first, after_meter, accepted, meter_numbers)
    accepted &= known
    slot, good = _read_slots(raw, after_meter + 1, after_time, now)
    accepted &= good
    value, good = read_values(raw, after_time + 1, after_value, dialect.mwh_per_unit)
    accepted &= good
    quality = np.full(len(first), Quality.ACTUAL, dtype=np.uint8)
    if dialect.has_quality:
        letters = np.zeros(256, dtype=np.uint8)
        for letter, flag in QUALITY_LETTERS:
            letters[ord(letter)] = flag
        quality = letters[_at(raw, after_value + 1)]
        accepted &= (last - after_value == 2) & (quality != 0)
    return Block(first, last, accepted, meter, slot, value, quality)


def _at(raw: Bytes, positions: Ints) -> Bytes:
    return raw[np.minimum(positions, len(raw) - 1)]


def _read_meters(data: bytes, raw: Bytes, first: Ints, after: Ints, candidates: Mask, numbers: Mapping[bytes, int]) -> tuple[Ints, Mask]:
    """Return each line's meter number, looked up once per run of equal ids, and whether it is known."""
    length = np.where(candidates, after - first, 0)
    length = np.where(length <= 63, length, 0)
    changes = np.ones(len(first), dtype=np.bool_)
    changes[1:] = length[1:] != length[:-1]
    for at in range(int(length.max(initial=0))):
        characters = _at(raw, first + at)
        changes[1:] |= (characters[1:] != characters[:-1]) & (at < length[1:])
    runs = np.flatnonzero(changes)
    found = [numbers.get(data[start : start + size], -1) for start, size in zip(first[runs].tolist(), length[runs].tolist(), strict=True)]
    meter = np.repeat(np.array(found, dtype=np.int64), np.diff(np.append(runs, len(first))))
    return meter, meter >= 0


def _read_slots(raw: Bytes, first: Ints, after: Ints, now: int) -> tuple[Ints, Mask]:
    """Return Unix seconds ÷ 900 of `YYYY-MM-DDTHH:MM:SS` with `Z` or an offset, and where that is an acceptable slot."""
    length = after - first
    good = (length == 20) | (length == 25)
    for offset, separator in ((4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")):
        good &= _at(raw, first + offset) == ord(separator)

    def number(offset: int, digits: int) -> Ints:
        nonlocal good
        total = np.zeros(len(first), dtype=np.int64)
        for at in range(offset, offset + digits):
            digit = _at(raw, first + at) - np.uint8(_ZERO)
            good &= digit < 10
            total = total * 10 + digit
        return total

    year, month, day, hour, minute, second = number(0, 4), number(5, 2), number(8, 2), number(11, 2), number(14, 2), number(17, 2)
    good &= (year >= 1971) & (month >= 1) & (month <= 12) & (day >= 1) & (hour <= 23) & (minute <= 59) & (second <= 59)
    months = np.where(good, (year - 1970) * 12 + month - 1, 0)
    month_start = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    next_start = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    good &= day <= next_start - month_start
    seconds = (month_start + day - 1) * 86_400 + hour * 3600 + minute * 60 + second
    sign = _at(raw, first + 19)
    if bool((length == 25).any()):
        utc, before_offset = (length == 20) & (sign == ord("Z")), good.copy()
        hours, minutes = number(20, 2), number(23, 2)
        shifted = (length == 25) & ((sign == ord("+")) | (sign == ord("-"))) & (_at(raw, first + 22) == ord(":"))
        good = (before_offset & utc) | (good & shifted & (hours <= 23) & (minutes <= 59))
        ahead = np.where(sign == ord("-"), -60, 60) * (hours * 60 + minutes)
        seconds -= np.where(shifted, ahead, 0)
    else:
        good &= sign == ord("Z")
    good &= (seconds % SLOT_SECONDS == 0) & (seconds <= now + FUTURE_SECONDS)
    return seconds // SLOT_SECONDS, good
