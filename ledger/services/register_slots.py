"""The points of a meter's register as entries of the log left them, and the slots that they give (spec: metering §6)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ledger.clock import format_instant
from ledger.metering.body import RegisterReadings
from ledger.metering.finding_list import FindingList
from ledger.metering.fitting import Fitting
from ledger.metering.fitting_document import load_fitting
from ledger.metering.meter_day import DAY_SLOTS, SLOT_SECONDS, MeterDay, pack_slots, register_slots
from ledger.metering.registers import MAX_POINT_DECIMALS, RegisterPoints, SlotSeries, derive
from ledger.records.findings import Finding
from ledger.records.meter_record import Quality, Quantity
from ledger.records.period import DAY_SECONDS
from ledger.store.repositories import derived, devices
from ledger.store.repositories.derived import StoredPoints
from ledger.store.session import Session

_POINT = np.dtype([("second", "<u4"), ("value", "<i8"), ("quality", "u1")])
_NEVER = 10**7  # days


class RegisterLine:
    """A meter's register as the entries before `index` left it, and as an entry changes it."""

    def __init__(self, session: Session, institution: str, meter: str, index: int, quantity: Quantity) -> None:
        self._session, self._institution, self.meter, self._index, self._quantity = session, institution, meter, index, quantity
        self._days: dict[int, NDArray[np.void]] = {}
        self._stored: dict[int, StoredPoints | None] = {}
        self._changed: set[int] = set()

    def add(self, readings: RegisterReadings, findings: FindingList) -> tuple[int, int] | None:
        """Take points in; return the stretch of time whose slots they change, None where all were there."""
        fresh: list[int] = []
        numbers = readings.times // DAY_SECONDS
        for number in np.unique(numbers).tolist():
            at = np.flatnonzero(numbers == number)
            came = np.zeros(len(at), dtype=_POINT)
            came["second"], came["value"] = readings.times[at] % DAY_SECONDS, readings.values[at]
            came["quality"] = readings.quality[at]
            kept = self._load(number)
            known = np.isin(came["second"], kept["second"])
            self._find_contradictions(number, kept, came[known], findings)
            new = came[~known]
            if len(new):
                together = np.concatenate((kept, new))
                self._days[number] = together[np.argsort(together["second"], kind="stable")]
                self._changed.add(number)
                fresh += (new["second"].astype(np.int64) + number * DAY_SECONDS).tolist()
        if not fresh:
            return None
        first, last = min(fresh), max(fresh)
        before, after = self._before(first), self._after(last)
        return (first if before is None else before), (last if after is None else after)

    def changed(self) -> Iterator[StoredPoints]:
        """Yield the next revision of every day that got points."""
        for number in sorted(self._changed):
            stored = self._stored[number]
            revision = 0 if stored is None else stored.revision + 1
            yield StoredPoints(self.meter, number, self._days[number].tobytes(), revision, self._index)

    def reach_of_fitting(self, since: int) -> tuple[int, int] | None:
        """Return the stretch of time whose slots hang on the fitting of this instant, None where no points are there."""
        others = sorted(fitting.since for fitting in self._fittings() if fitting.since != since)
        start = self._before(since) if any(other < since for other in others) else self._after(-1)
        later = next((other for other in others if other > since), None)
        end = self._before(_NEVER * DAY_SECONDS) if later is None else self._after(later - 1)
        if end is None:
            end = self._before(_NEVER * DAY_SECONDS)
        if start is None:
            start = self._after(since - 1)
        return None if start is None or end is None or start >= end else (start, end)

    def points_over(self, start: int, end: int) -> RegisterPoints | None:
        """Return the points from the last one up to `start` to the first one from `end` on; None where there are none."""
        before, after = self._before(start + 1), self._after(end - 1)
        first, last = start if before is None else before, end if after is None else after
        some = self._after(first - 1)
        return None if some is None or some > last else self._points(first, last)

    def derive(self, start: int, end: int) -> tuple[SlotSeries, tuple[Finding, ...]]:
        """Return the slots between two points, with those that they cut, and what is to be said of the spans between them."""
        fittings = self._fittings()
        # A slot that a point cuts hangs on the neighbour beyond it too.
        early, late = start // SLOT_SECONDS * SLOT_SECONDS, -(-end // SLOT_SECONDS) * SLOT_SECONDS
        before, after = self._before(early + 1), self._after(late - 1)
        first, last = start if before is None else before, end if after is None else after
        _, found = derive(self._points(start, end), fittings, self._quantity)
        if (first, last) == (start, end):
            return derive(self._points(start, end), fittings, self._quantity)
        series, _ = derive(self._points(first, last), fittings, self._quantity)
        return series, found

    def _points(self, first: int, last: int) -> RegisterPoints:
        numbers = range(first // DAY_SECONDS, last // DAY_SECONDS + 1)
        self._load_days(numbers[0], numbers[-1])
        parts = [(number, self._days[number]) for number in numbers if len(self._days[number])]
        times = np.concatenate([part["second"].astype(np.int64) + number * DAY_SECONDS for number, part in parts])
        chosen = (times >= first) & (times <= last)
        values = np.concatenate([part["value"] for _, part in parts]).astype(np.int64)
        actual = np.concatenate([part["quality"] for _, part in parts]) == int(Quality.ACTUAL)
        return RegisterPoints(self.meter, MAX_POINT_DECIMALS, times[chosen], values[chosen], actual[chosen])

    def _fittings(self) -> tuple[Fitting, ...]:
        rows = devices.list_fittings(self._session, self._institution, self.meter)
        return tuple(load_fitting(row.document) for row in rows if row.log_index <= self._index)

    def _before(self, instant: int) -> int | None:
        """Return the last point before an instant."""
        number: int | None = min(instant // DAY_SECONDS, _NEVER)
        while number is not None:
            times = self._load(number)["second"].astype(np.int64) + number * DAY_SECONDS
            earlier = times[times < instant]
            if len(earlier):
                return int(earlier[-1])
            number = self._next_day(number, later=False)
        return None

    def _after(self, instant: int) -> int | None:
        """Return the first point after an instant."""
        number: int | None = max(instant, 0) // DAY_SECONDS
        while number is not None:
            times = self._load(number)["second"].astype(np.int64) + number * DAY_SECONDS
            later = times[times > instant]
            if len(later):
                return int(later[0])
            number = self._next_day(number, later=True)
        return None

    def _next_day(self, number: int, *, later: bool) -> int | None:
        stored = derived.find_point_day(self._session, self._institution, self.meter, number, self._index, later=later)
        here = [item for item in self._changed if (item > number if later else item < number)]
        found = here if stored is None else [*here, stored]
        return (min if later else max)(found) if found else None

    def _load(self, number: int) -> NDArray[np.void]:
        self._load_days(number, number)
        return self._days[number]

    def _load_days(self, first: int, last: int) -> None:
        if all(number in self._days for number in range(first, last + 1)):
            return
        stored = derived.list_points_before(self._session, self._institution, self.meter, first, last, self._index)
        for number in range(first, last + 1):
            if number not in self._days:
                row = stored.get(number)
                self._stored[number] = row
                self._days[number] = np.frombuffer(b"" if row is None else row.points, dtype=_POINT)

    def _find_contradictions(self, number: int, kept: NDArray[np.void], came: NDArray[np.void], findings: FindingList) -> None:
        places = np.searchsorted(kept["second"], came["second"])
        for at in np.flatnonzero(kept["value"][places] != came["value"]).tolist():
            instant = format_instant(number * DAY_SECONDS + int(came["second"][at]))
            action = "find out which reading is right; a recorded reading is corrected by an edit, never overwritten"
            got, expected = (f"{item}e-6" for item in (int(came["value"][at]), int(kept["value"][places[at]])))
            params = {"meter": self.meter, "instant": instant}
            findings.add("EQUIVOCATION", "error", f"meter {self.meter} {instant}", action, got, expected, **params)


def merge_series(
    meter: str, number: int, existing: MeterDay | None, series: SlotSeries, start: int, end: int, findings: FindingList
) -> MeterDay | None:
    """Return a day whose slots between two instants have what the register gives, where no interval reading and no edit has precedence.

    An actual figure takes the place of an estimated one (ESTIMATE_REPLACED, info, once a day).
    """
    slots = np.arange(number * DAY_SLOTS, (number + 1) * DAY_SLOTS)
    inside = (slots >= start // SLOT_SECONDS) & (slots * SLOT_SECONDS < end)
    at = slots - series.first_slot
    within = (at >= 0) & (at < len(series))
    new_values, new_quality = np.zeros(DAY_SLOTS, dtype=np.int64), np.zeros(DAY_SLOTS, dtype=np.uint8)
    new_values[within], new_quality[within] = series.values[at[within]], series.quality[at[within]]
    if existing is None:
        values, quality = np.zeros(DAY_SLOTS, dtype=np.int64), np.zeros(DAY_SLOTS, dtype=np.uint8)
        given = np.zeros(DAY_SLOTS, dtype=np.bool_)
    else:
        values, quality = np.frombuffer(existing.values, dtype="<i8").copy(), np.frombuffer(existing.quality, dtype=np.uint8).copy()
        given = register_slots(existing)
    known = new_quality != int(Quality.MISSING)
    replaced = inside & ~given & known & (new_quality == int(Quality.ACTUAL)) & (quality == int(Quality.ESTIMATED))
    taken = (inside & given) | (inside & known & (quality == int(Quality.MISSING))) | replaced
    values[taken], quality[taken] = new_values[taken], new_quality[taken]
    if replaced.any():
        first = int(np.flatnonzero(replaced)[0])
        place = f"meter {meter} {format_instant((number * DAY_SLOTS + first) * SLOT_SECONDS)}"
        action = "nothing to do: an actual reading takes the place of an estimate"
        params = {"meter": meter, "slots": str(int(replaced.sum()))}
        findings.add("ESTIMATE_REPLACED", "info", place, action, f"{values[first]} ACTUAL", "an estimate", **params)
    given = (given & ~inside) | (taken & known)
    if existing is None and not quality.any():
        return None
    return MeterDay(meter, number, values.astype("<i8").tobytes(), quality.tobytes(), pack_slots(given))
