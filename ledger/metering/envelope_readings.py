"""The readings of an envelope as columns: from the text as devices write it, and one by one with a finding for every fault (metering §3).

Most envelopes are written without a fault, with every reading spelt alike, and are read many times a second: of those `read_text` takes
the columns from the text without an object per reading. Whatever it does not take is `read_objects`' to judge; what both take is the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from ledger.clock import format_instant
from ledger.metering.csv_block import Bytes, Ints, Mask
from ledger.metering.envelope_faults import explain_reading
from ledger.metering.finding_list import FindingList
from ledger.metering.meter_day import DAY_SLOTS, SLOT_SECONDS
from ledger.metering.reading_values import INTERVAL_TEXT, LETTERS, limit_of, read_instant_ms, read_value, units_of
from ledger.records.meter_record import MAX_INSTANT, Quantity

MAX_READINGS = 1000
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)
_QUANTITIES = {item.value: item for item in Quantity}

# A reading in canonical form and the comma behind it. What stands outside of the four groups is 26 characters in every match.
_READING = re.compile(
    r'\{((?:"hist":true,)?"k":"[a-z]+",(?:"m":"[A-Za-z0-9._-]+",)?(?:"p":"PT15M",)?"q":"[a-z.]+","s":"[A-Z]",)'
    r'"t":"([0-9T:.Z+-]+)","u":"([A-Za-z0-9]+)","v":"([0-9.]+)"\},',
    re.ASCII,
)
_FIXED = len('{"t":"","u":"","v":""},')
_INSTANT = len("2026-01-01T00:00:00Z")
_END = b'"},'
_WHOLE_DIGITS = 12
_LAST_DAY = MAX_INSTANT // (DAY_SLOTS * SLOT_SECONDS)
# By number of decimals: values one to a line, as read_value takes them and below 10^12.
_ALIKE = tuple(re.compile(rf"(?:(?:0|[1-9][0-9]{{0,{_WHOLE_DIGITS - 1}}})\.[0-9]{{{count}}}\n)+", re.ASCII) for count in range(1, 7))

Names = tuple[tuple[str | None, Quantity], ...]


@dataclass(frozen=True)
class Columns:
    """One entry per reading; `names` are the (meter or None, quantity) pairs in the order they come in, `name` says which of them."""

    names: Names
    name: Ints = field(repr=False)
    register: Mask = field(repr=False)
    times: Ints = field(repr=False)
    values: Ints = field(repr=False)
    quality: Bytes = field(repr=False)


@dataclass(frozen=True)
class _Kind:
    """What readings that differ in t and v alone have in common."""

    members: int
    name: int
    register: bool
    factor: int
    limit: int
    quality: int


_Order = dict[tuple[str | None, Quantity], int]
_Row = tuple[int, bool, int, int, int]


def read_objects(readings: object, findings: FindingList) -> Columns | None:
    """Return the columns of an envelope's list of readings, after adding a finding for every fault; None where there is one."""
    if not isinstance(readings, list) or not 1 <= len(readings) <= MAX_READINGS:
        got = f"{len(readings)} readings" if isinstance(readings, list) else _show(readings)
        findings.add("READINGS_COUNT", "error", "/readings", "send 1 to 1,000 readings in an envelope", got, f"1 to {MAX_READINGS}")
        return None
    # All that readings of one meter have in common is judged once: what is left of each are its instant and its value.
    kinds: dict[tuple[object, ...], _Kind | None] = {}
    names: _Order = {}
    rows: list[_Row] = []
    for at, reading in enumerate(readings):
        row = _read_one(reading, kinds, names)
        if row is None:
            explain_reading(reading, f"/readings/{at}", findings)
        else:
            rows.append(row)
    if findings.errors:
        return None
    name, register, times, values, quality = (np.array(column) for column in zip(*rows, strict=True))
    return Columns(tuple(names), name.astype(np.int64), register.astype(np.bool_), times, values, quality.astype(np.uint8))


def read_text(text: str) -> Columns | None:
    """Return the columns of what stands between the brackets of an envelope's readings; None where it is not for this way of reading."""
    split = (_split_run(text + ",") or _split_any(text + ",")) if text.isascii() else None
    if split is None or len(split.instants) > MAX_READINGS:
        return None
    pairs, texts = split.kinds, split.values
    names: _Order = {}
    kinds: dict[tuple[str, str], _Kind] = {}
    for pair in dict.fromkeys(pairs):
        kind = _judge_head(*pair, names)
        if kind is None:
            return None
        kinds[pair] = kind
    of = [kinds[pair] for pair in pairs] if len(kinds) > 1 else list(kinds.values()) * len(texts)
    milliseconds, values = _read_instants(split.instants), _read_values(texts, of, {kind.factor for kind in kinds.values()})
    if milliseconds is None or values is None or max(values) > min(kind.limit for kind in kinds.values()):
        return None
    register, in_ms = _column(of, kinds, "register", np.bool_), np.array(milliseconds, dtype=np.int64)
    if (in_ms % np.where(register, 1000, 1000 * SLOT_SECONDS)).any():
        return None
    name, quality = _column(of, kinds, "name", np.int64), _column(of, kinds, "quality", np.uint8)
    return Columns(tuple(names), name, register, in_ms // 1000, np.array(values, dtype=np.int64), quality)


def _read_instants(texts: tuple[str, ...]) -> list[int] | None:
    """Return the Unix milliseconds of each text; None where one is no instant."""
    first = read_instant_ms(texts[0])
    if first is None:
        return None
    # A day is written quarter-hour after quarter-hour: the texts that must then follow are known, and compared as they are.
    day, slot = divmod(first // 1000 // SLOT_SECONDS, DAY_SLOTS)
    last = min(_LAST_DAY, day + (slot + len(texts) - 1) // DAY_SLOTS)
    expected = tuple(chain.from_iterable(map(_quarter_hours, range(day, last + 1))))[slot : slot + len(texts)]
    if expected == texts:
        return list(range(first, first + 1000 * SLOT_SECONDS * len(texts), 1000 * SLOT_SECONDS))
    return _all(map(read_instant_ms, texts))


@lru_cache(maxsize=512)
def _quarter_hours(day: int) -> tuple[str, ...]:
    date = format_instant(day * DAY_SLOTS * SLOT_SECONDS)[: len("2026-01-01T")]
    return tuple(f"{date}{slot // 4:02d}:{slot % 4 * 15:02d}:00Z" for slot in range(DAY_SLOTS))


def _all(found: Iterable[int | None]) -> list[int] | None:
    items = list(found)
    return None if None in items else cast("list[int]", items)


class _Split(NamedTuple):
    """Readings as texts: each one's instant and value, and its (head, unit), which stand there once where all have the same."""

    kinds: list[tuple[str, str]]
    instants: tuple[str, ...]
    values: tuple[str, ...]


def _split_any(text: str) -> _Split | None:
    found = _READING.findall(text)
    if not found:
        return None
    heads, instants, units, values = zip(*found, strict=True)
    # findall leaves out what does not match: only where all lengths add up was every character of the text matched.
    if _FIXED * len(found) + sum(map(len, heads)) + sum(map(len, instants)) + sum(map(len, units)) + sum(map(len, values)) != len(text):
        return None
    return _Split(list(zip(heads, units, strict=True)), instants, values)


def _split_run(text: str) -> _Split | None:
    """Return readings that differ in the twenty characters of their instant and in their value alone, which bytes side by side show."""
    first = _READING.match(text)
    if first is None or first.end(2) - first.start(2) != _INSTANT:
        return None
    data, before, between = text.encode(), text[: first.start(2)], text[first.end(2) : first.start(4)]
    starts = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == ord("{"))
    n, stops = len(starts), np.append(starts[1:], len(data)) - len(_END)
    values_at = starts + len(before) + _INSTANT + len(between)
    if (values_at > stops).any():
        return None
    # From its bracket to its value, and from there to the next bracket: no byte of a reading is left unseen.
    if _gather(data, starts, len(before)) != before.encode() * n or _gather(data, stops, len(_END)) != _END * n:
        return None
    if _gather(data, starts + len(before) + _INSTANT, len(between)) != between.encode() * n:
        return None
    joined = _gather(data, starts + len(before), _INSTANT).decode()
    instants = tuple(joined[at : at + _INSTANT] for at in range(0, len(joined), _INSTANT))
    values = tuple(text[at:stop] for at, stop in zip(values_at.tolist(), stops.tolist(), strict=True))
    return _Split([(first[1], first[3])], instants, values)


def _gather(data: bytes, at: Ints, width: int) -> bytes:
    """Return the `width` bytes of `data` from each place on, one behind the other."""
    return np.ndarray((len(data) - width + 1,), dtype=f"V{width}", buffer=data, strides=(1,))[at].tobytes()


def _column(of: list[_Kind], kinds: dict[tuple[str, str], _Kind], name: str, dtype: type) -> NDArray:  # type: ignore[type-arg]
    if len(kinds) == 1:
        return np.full(len(of), getattr(of[0], name), dtype=dtype)
    return np.array([getattr(kind, name) for kind in of], dtype=dtype)


def _judge_head(head: str, unit: str, names: _Order) -> _Kind | None:
    common = json.loads("{" + head[:-1] + "}")
    get = common.get
    kind = _judge_kind((get("k"), get("m"), get("p"), get("q"), get("s"), unit, get("hist") is True), names)
    return None if kind is None or kind.members != len(common) + len("tuv") else kind


def _read_values(texts: tuple[str, ...], of: list[_Kind], factors: set[int]) -> list[int] | None:
    values = _read_alike(texts, *factors) if len(factors) == 1 else None
    return values if values is not None else _all(read_value(item, kind.factor) for item, kind in zip(texts, of, strict=True))


def _read_alike(texts: tuple[str, ...], factor: int) -> list[int] | None:
    """Return the values of texts that have one to six decimals each, as many as the first; None where they are not so."""
    decimals = len(texts[0]) - 1 - texts[0].find(".")
    if not 1 <= decimals <= len(_ALIKE) or decimals == len(texts[0]) - 1 or factor % 10**decimals:
        return None
    lines = "\n".join(texts) + "\n"
    # A line break within a text, which no JSON has, would make two values of it.
    if lines.count("\n") != len(texts) or not _ALIKE[decimals - 1].fullmatch(lines):
        return None
    numbers, scale = map(int, lines.replace(".", "").split()), factor // 10**decimals
    return list(numbers) if scale == 1 else [number * scale for number in numbers]


def _read_one(reading: object, kinds: dict[tuple[object, ...], _Kind | None], names: _Order) -> _Row | None:
    """Return the row of a reading that is right, or None."""
    if type(reading) is not dict:
        return None
    get = reading.get
    key = (get("k"), get("m"), get("p"), get("q"), get("s"), get("u"), get("hist") is True)
    try:
        kind = kinds[key]
    except KeyError:
        kind = kinds[key] = _judge_kind(key, names)
    except TypeError:
        return None
    if kind is None or len(reading) != kind.members:
        return None
    time, text = get("t"), get("v")
    if type(time) is not str or type(text) is not str:
        return None
    instant, value = read_instant_ms(time), read_value(text, kind.factor)
    if instant is None or instant % 1000 or value is None or value > kind.limit:
        return None
    instant //= 1000
    if not kind.register and instant % SLOT_SECONDS:
        return None
    return kind.name, kind.register, instant, value, kind.quality


def _judge_kind(key: tuple[object, ...], names: _Order) -> _Kind | None:
    k, meter, p, q, s, u, hist = key
    quantity, letter = _QUANTITIES.get(str(q)), LETTERS.get(str(s))
    interval = k == "interval"
    if quantity is None or letter is None or k not in ("interval", "register"):
        return None
    if (p != INTERVAL_TEXT) if interval else (p is not None):
        return None
    if meter is not None and (not isinstance(meter, str) or not IDENTIFIER.fullmatch(meter)):
        return None
    factor = units_of(quantity, interval=interval).get(str(u))
    if factor is None:
        return None
    name = None if meter is None else str(meter), quantity
    # A member that stands there with another value than those above makes the count differ.
    members = 6 + (meter is not None) + interval + (hist is True)
    return _Kind(members, names.setdefault(name, len(names)), not interval, factor, limit_of(quantity, interval=interval), int(letter))


def _show(value: object) -> str:
    return value if isinstance(value, str) else type(value).__name__ if isinstance(value, dict | list) else str(value)
