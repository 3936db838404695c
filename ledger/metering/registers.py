"""From what a register shows to the energy of each quarter of an hour, exactly (spec: metering §6).

The display of a fitting, times its ratio, is a line G(t) through the points read. A slot has the rounded G of its end less the rounded
G of its start, so that slots add up to the span between two points whatever stands between them. After a rollover G goes on one turn
of the register higher; a fitting begins another G. Because G hangs on the display and not on where one begins to look, a slot comes
out the same from any stretch of points that encloses it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ledger.clock import format_instant
from ledger.errors import InputError
from ledger.metering.csv_line import MAX_READING
from ledger.metering.finding_list import LISTED_PER_CODE, FindingList
from ledger.metering.fitting import Fitting, RegisterForm
from ledger.metering.hanging import find_hanging
from ledger.metering.meter_day import SLOT_SECONDS
from ledger.metering.register_line import Stretch, slot_parts
from ledger.records.findings import Finding
from ledger.records.meter_record import Quality, Quantity
from ledger.records.period import DAY_SECONDS
from ledger.units import format_decimal, parse_decimal

Ints = NDArray[np.int64]
Flags = NDArray[np.uint8]
Mask = NDArray[np.bool_]

LONG_SPAN_SECONDS = 7200
MAX_SPAN_SECONDS = 1_100 * DAY_SECONDS
# A display counts kWh, m3 or GJ; a slot counts mWh, L or kJ.
DISPLAY_UNITS: tuple[tuple[Quantity, str, int], ...] = (
    (Quantity.EL_IMPORT, "kWh", 10**6),
    (Quantity.EL_EXPORT, "kWh", 10**6),
    (Quantity.PV_GENERATION, "kWh", 10**6),
    (Quantity.GAS_VOLUME, "m3", 10**3),
    (Quantity.WATER_VOLUME, "m3", 10**3),
    (Quantity.HEAT_ENERGY, "GJ", 10**6),
)
MAX_POINT_DECIMALS = 6


@dataclass(frozen=True)
class RegisterPoints:
    """What a meter's display showed: instants in Unix seconds, values in 10^-decimals of the display unit, and which are actual.

    In any order; `derive` sorts them. Arrays have one length.
    """

    meter: str
    decimals: int
    times: Ints = field(repr=False)
    values: Ints = field(repr=False)
    actual: Mask = field(repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.decimals <= MAX_POINT_DECIMALS:
            raise InputError(f"register points with {self.decimals} decimals, expected 0 to {MAX_POINT_DECIMALS}")
        if not len(self.times) == len(self.values) == len(self.actual):
            raise InputError("register points whose arrays differ in length")

    def __len__(self) -> int:
        return len(self.times)

    def select(self, chosen: Mask | Ints) -> RegisterPoints:
        """Return the points at these positions."""
        return replace(self, times=self.times[chosen], values=self.values[chosen], actual=self.actual[chosen])

    def show(self, at: int) -> str:
        """Return point `at` as the display shows it."""
        return format_decimal(Fraction(int(self.values[at]), 10**self.decimals))


@dataclass(frozen=True)
class SlotSeries:
    """Slots from `first_slot` (Unix seconds ÷ 900) on: values in mWh, L or kJ, quality bytes; a missing slot has value and quality 0."""

    first_slot: int
    values: Ints = field(repr=False)
    quality: Flags = field(repr=False)

    def __len__(self) -> int:
        return len(self.values)


def derive(points: RegisterPoints, fittings: Sequence[Fitting], quantity: Quantity) -> tuple[SlotSeries, tuple[Finding, ...]]:
    """Return what the points give for every slot from the first to the last of them, and what is to be said of them.

    A slot is actual where both its ends are actual points, estimated where a part is interpolated, missing where a part is not known.
    To derive a part of a meter's life, give the points of that part with the one before and the one after it.
    """
    findings = FindingList(f"meter {points.meter}")
    ordered = _in_order(points, findings)
    stretches = list(_stretches(ordered, sorted(fittings, key=lambda fitting: fitting.since), quantity, findings))
    _find_long_spans(ordered, fittings, findings)
    if len(ordered) < 2:
        empty = np.zeros(0, dtype=np.int64)
        return SlotSeries(0 if not len(ordered) else int(ordered.times[0]) // SLOT_SECONDS, empty, empty.astype(np.uint8)), findings.close()
    first = int(ordered.times[0]) // SLOT_SECONDS
    count = -(-int(ordered.times[-1]) // SLOT_SECONDS) - first
    values, covered = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    for stretch in stretches:
        slots, parts, seconds = slot_parts(stretch, MAX_READING)
        np.add.at(values, slots - first, parts)
        np.add.at(covered, slots - first, seconds)
    edges = SLOT_SECONDS * (first + np.arange(count + 1, dtype=np.int64))
    read = np.isin(edges, ordered.times[ordered.actual])
    quality = np.where(read[1:] & read[:-1], int(Quality.ACTUAL), int(Quality.ESTIMATED)).astype(np.uint8)
    known = (covered == SLOT_SECONDS) & ~_find_too_large(points.meter, first, values, findings)
    return SlotSeries(first, np.where(known, values, 0), np.where(known, quality, 0).astype(np.uint8)), findings.close()


def _find_too_large(meter: str, first: int, values: Ints, findings: FindingList) -> Mask:
    """Return which slots have more than any reading may, each named: no meter does that, and what is wrong is never counted."""
    wrong = values > MAX_READING
    slots = np.flatnonzero(wrong).tolist()
    for at in slots[:LISTED_PER_CODE]:
        instant = format_instant((first + at) * SLOT_SECONDS)
        action = "correct the reading, or the ratio or the unit of the fitting; the slot counts for nothing"
        expected = f"at most {MAX_READING} mWh, L or kJ in a quarter-hour"
        params = {"meter": meter, "instant": instant}
        findings.add("VALUE_TOO_LARGE", "error", f"meter {meter} {instant}", action, "more than any reading", expected, **params)
    findings.add_uncounted("VALUE_TOO_LARGE", len(slots) - LISTED_PER_CODE)
    return wrong


class DaySpans:
    """What a register went on between instants: for holding a day's intervals against it."""

    def __init__(self, points: RegisterPoints, fittings: Sequence[Fitting], quantity: Quantity) -> None:
        findings = FindingList(f"meter {points.meter}")
        ordered = _in_order(points, findings)
        self._stretches = tuple(_stretches(ordered, sorted(fittings, key=lambda fitting: fitting.since), quantity, findings))
        self._ends = [stretch.end for stretch in self._stretches]

    def advance(self, start: int, end: int) -> Fraction | None:
        """Return the exact energy ΔF from `start` to `end` in mWh, L or kJ; None where the line does not lead from one to the other."""
        total, reached = Fraction(0), start
        for stretch in self._stretches[bisect_left(self._ends, start) :]:
            if stretch.start > reached:
                return None
            total += stretch.at(min(end, stretch.end)) - stretch.at(max(start, stretch.start))
            reached = min(end, stretch.end)
            if reached == end:
                return total
        return None


def _in_order(points: RegisterPoints, findings: FindingList) -> RegisterPoints:
    """Return the points by time, the first of each instant; another value at one instant is EQUIVOCATION."""
    order = np.argsort(points.times, kind="stable")
    ordered = points.select(order)
    again = np.concatenate((np.zeros(min(1, len(points)), dtype=np.bool_), ordered.times[1:] == ordered.times[:-1]))
    kept = np.maximum.accumulate(np.where(again, 0, np.arange(len(ordered))))
    for at in np.flatnonzero(again & (ordered.values != ordered.values[kept])).tolist():
        instant = format_instant(int(ordered.times[at]))
        action = "find out which reading is right; a recorded reading is corrected by an edit, never overwritten"
        params = {"meter": points.meter, "instant": instant}
        got, expected = ordered.show(at), ordered.show(int(kept[at]))
        findings.add("EQUIVOCATION", "error", f"meter {points.meter} {instant}", action, got, expected, **params)
    return ordered.select(~again)


@dataclass(frozen=True)
class _Hung:
    """What hung in the meter's place over a range of points: its scale from point units to slot units, and one turn in point units."""

    scale: Fraction
    turn: int

    @classmethod
    def of(cls, fitting: Fitting | None, decimals: int, quantity: Quantity) -> _Hung:
        form = RegisterForm() if fitting is None else fitting.register
        ratio = Fraction(1) if fitting is None else fitting.ratio.exact
        per_unit = next(smallest for known, _, smallest in DISPLAY_UNITS if known is quantity)
        return cls(Fraction(per_unit, 10**decimals) * ratio, 10 ** (form.digits + decimals))


def _stretches(points: RegisterPoints, fittings: Sequence[Fitting], quantity: Quantity, findings: FindingList) -> Iterator[Stretch]:
    """Yield the stretches of time over which a line is known, ascending; where two touch, energy is known through."""
    bounds = [int(np.searchsorted(points.times, fitting.since)) for fitting in fittings]
    points = _at_changes(points, fittings, bounds, findings)
    # A reading at the instant of a removal is the last of what was taken down.
    bounds = [int(np.searchsorted(points.times, one.since, side="right" if one.reason == "removed" else "left")) for one in fittings]
    before = 0
    # Before a fitting that was the first of all, and after a removal, nothing hung here: those points belong to no register.
    there = not fittings or fittings[0].reason != "installed"
    hung: Fitting | None = None
    opening: tuple[int, int] | None = None
    for number, (fitting, end) in enumerate(zip([*fittings, None], [*bounds, len(points)], strict=True)):
        bound = max(before, end)
        # A change counts between two points; one before the first or after the last of them says what hangs there, and no more.
        between = fitting is not None and before < len(points) and 0 < end < len(points) and fitting.final_before is not None
        if there:
            part = points.select(np.arange(before, bound))
            times, values = part.times, part.values
            if opening is not None and (not len(part) or (times[0], values[0]) != opening):
                times, values = np.append(opening[0], times), np.append(opening[1], values)
            if fitting is not None and between and len(times) and times[-1] != fitting.since:
                times, values = np.append(times, fitting.since), np.append(values, _in_points(fitting.final_before, points.decimals))
            yield from _known(points, times, values, _Hung.of(hung, points.decimals, quantity), findings)
            if fitting is not None and fitting.reason == "removed" and len(times) and times[-1] == fitting.since:
                yield from _nothing_after(fitting.since, [later.since for later in fittings[number + 1 :]])
        elif bound > before:
            _find_unfitted(points, range(before, bound), hung, fitting, findings)
        if fitting is not None:
            there = fitting.reason != "removed"
            opening = (fitting.since, _in_points(fitting.first, points.decimals)) if between and there else None
            hung, before = fitting, bound


def _nothing_after(since: int, later: Sequence[int]) -> Iterator[Stretch]:
    """Yield the rest of the slot in which a meter was taken down: nothing was used there, so what was used before is the slot's."""
    end = min([-(-since // SLOT_SECONDS) * SLOT_SECONDS, *later[:1]])
    if end > since:
        yield Stretch(np.array([since, end]), np.zeros(2, dtype=np.int64), Fraction(1))


def _at_changes(points: RegisterPoints, fittings: Sequence[Fitting], bounds: Sequence[int], findings: FindingList) -> RegisterPoints:
    """Return the points with a fitting's first reading where one was read at the instant of a change, be it of the old display or the new.

    Anything else that was read there is EQUIVOCATION: the difference would be energy that nobody used.
    """
    values = points.values.copy()
    for fitting, at in zip(fittings, bounds, strict=True):
        if fitting.final_before is None or at == len(points) or points.times[at] != fitting.since:
            continue
        final = _in_points(fitting.final_before, points.decimals)
        first = final if fitting.first is None else _in_points(fitting.first, points.decimals)
        if values[at] not in (first, final):
            instant = format_instant(fitting.since)
            action = "find out which is right: what the fitting says stays, and is corrected by a fitting of another instant"
            params = {"meter": points.meter, "instant": instant}
            expected = fitting.final_before if fitting.first is None else f"{fitting.final_before} or {fitting.first}"
            findings.add("EQUIVOCATION", "error", f"meter {points.meter} {instant}", action, points.show(at), expected, **params)
        values[at] = first
    return replace(points, values=values)


def _in_points(text: str | None, decimals: int) -> int:
    value = parse_decimal(text or "0") * 10**decimals
    if value.denominator != 1:
        raise InputError(f"a register reading of {text}, with more than {decimals} decimals")
    return int(value.numerator)


def _known(points: RegisterPoints, times: Ints, values: Ints, hung: _Hung, findings: FindingList) -> Iterator[Stretch]:
    """Yield the stretches of one register: cut where it rolled over, with a hole where it stepped back or was not read for years."""
    start = 0
    apart = np.diff(times) > MAX_SPAN_SECONDS
    for at in np.flatnonzero(apart | (values[1:] < values[:-1])).tolist():
        if start < at:
            yield Stretch(times[start : at + 1], values[start : at + 1], hung.scale)
        start = at + 1
        before, after, turn = int(values[at]), int(values[at + 1]), hung.turn
        names = {"meter": points.meter, "from": format_instant(int(times[at])), "to": format_instant(int(times[at + 1]))}
        place = f"meter {points.meter} from {names['from']} to {names['to']}"
        shown = [format_decimal(Fraction(value, 10**points.decimals)) for value in (before, after)]
        got = f"{shown[0]} then {shown[1]}"
        if apart[at]:
            action = "find the reading with a wrong instant, or record the figures between by hand; the span counts for nothing"
            days, most = (seconds // DAY_SECONDS for seconds in (int(times[at + 1] - times[at]), MAX_SPAN_SECONDS))
            findings.add("REGISTER_APART", "warning", place, action, f"{days} days", f"at most {most} days", **names)
        elif 10 * before >= 9 * turn and 10 * after <= turn:
            yield Stretch(times[at : at + 2], np.array([before, after + turn], dtype=np.int64), hung.scale)
            action = "nothing to do: the register turned over"
            findings.add("REGISTER_ROLLOVER", "info", place, action, got, **names)
        else:
            action = "record the fitting (replaced, reset) with both readings, or correct the reading; the span counts for nothing"
            findings.add("NEGATIVE_STEP", "error", place, action, got, f"at least {shown[0]}", **names)
    if start < len(times) - 1:
        yield Stretch(times[start:], values[start:], hung.scale)


def _find_long_spans(points: RegisterPoints, fittings: Sequence[Fitting], findings: FindingList) -> None:
    spans, hanging = np.diff(points.times), find_hanging(fittings)
    for at in np.flatnonzero((spans > LONG_SPAN_SECONDS) & (spans <= MAX_SPAN_SECONDS)).tolist():
        if not any(since <= points.times[at] and points.times[at + 1] <= until for since, until in hanging):
            continue
        begin, end = (format_instant(int(points.times[at + step])) for step in (0, 1))
        params = {"meter": points.meter, "from": begin, "to": end}
        action = "nothing to do where the total matters alone; the slots between are estimated along a straight line"
        got = f"{(int(points.times[at + 1]) - int(points.times[at])) // 60} min"
        findings.add("REGISTER_SPAN", "info", f"meter {points.meter} from {begin} to {end}", action, got, "at most 120 min", **params)


def _find_unfitted(points: RegisterPoints, chosen: range, gone: Fitting | None, fitting: Fitting | None, findings: FindingList) -> None:
    """Name the points from a removal (None: from ever) to a fitting (None: for ever)."""
    first, last = (format_instant(int(points.times[at])) for at in (chosen[0], chosen[-1]))
    to = last if fitting is None else format_instant(fitting.since)
    place, action = f"meter {points.meter} before {to}", "correct the instant of the fitting, or record what hung there before"
    params = {"meter": points.meter, "from": first, "to": to, "readings": str(len(chosen))}
    if gone is not None:
        params["removed"] = format_instant(gone.since)
        place, action = (
            f"meter {points.meter} after {params['removed']}",
            "record what hangs there since, or find out whose readings these are",
        )
    findings.add("REGISTER_UNFITTED", "warning", place, action, f"{len(chosen)} readings", "none", **params)
