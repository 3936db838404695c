"""What one entry of the envelope log makes of the days before it: a pure function of the log up to there (spec: metering §6).

The store is read as entries before this one left it, never written: projection.py writes what comes out, telemetry_replay.py compares it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ledger.errors import IntegrityError, LedgerError
from ledger.metering import edits, fitting_document
from ledger.metering.body import CSV, SIGNED, MeterBook, RegisterReadings, read_body
from ledger.metering.csv_source import MeterReadings
from ledger.metering.edits import Edit, apply_edit
from ledger.metering.finding_list import FindingList
from ledger.metering.fitting import Fitting
from ledger.metering.fitting_document import load_fitting
from ledger.metering.meter_day import DAY_SLOTS, MeterDay, merge_readings, pack_slots, register_slots
from ledger.metering.registers import MAX_POINT_DECIMALS
from ledger.records.findings import Finding, has_errors
from ledger.records.meter_record import Quality
from ledger.services.meter_book import load_book
from ledger.services.register_slots import RegisterLine, merge_series
from ledger.store.repositories import envelopes, metering
from ledger.store.repositories.derived import LogEntry, StoredPoints
from ledger.store.repositories.metering import StoredDay
from ledger.store.session import Session
from ledger.units import parse_decimal

DayKey = tuple[str, int]
MANY_DAYS = 4_000


@dataclass(frozen=True)
class Derived:
    """The revisions of meter-days and register-days that an entry brings, and what was found.

    `slots` are those (Unix seconds ÷ 900) that are of any meter not as they were, ascending.
    """

    days: tuple[StoredDay, ...] = field(repr=False)
    points: tuple[StoredPoints, ...] = field(repr=False)
    findings: tuple[Finding, ...]
    slots: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64), repr=False, compare=False)


class EntryUnreadable(IntegrityError):
    """An entry of the log is not read as it was when it was taken; `finding` is the first fault."""

    code = "telemetry.unreadable"

    def __init__(self, index: int, finding: Finding) -> None:
        super().__init__(f"entry {index} of the envelope log cannot be read any more: {finding.code} at {finding.place}")
        self.finding = finding


class DayUnreadable(IntegrityError):
    """A stored meter-day, which an entry would be merged into, cannot be read: a fault of the store, not of the entry."""

    code = "telemetry.day_unreadable"


class Deriver:
    """Derives entries of one institution's log, in order, within one session.

    Args:
        lenient: take a stored day that cannot be read as one that is not there, as a check of the whole store must.
    """

    def __init__(self, session: Session, institution: str, *, lenient: bool = False) -> None:
        self._session, self._institution, self._lenient = session, institution, lenient
        self._books: dict[int, MeterBook] = {}

    def derive(self, entry: LogEntry) -> Derived:
        """Return what this entry brings; entries before it must be stored.

        Raises:
            EntryUnreadable: its body is not one that can have been taken.
        """
        findings = FindingList("body")
        made = _Made(self._session, self._institution, entry.log_index, self._lenient)
        if entry.media_type == CSV or entry.media_type in SIGNED:
            self._derive_readings(entry, made, findings)
        elif entry.media_type == fitting_document.MEDIA_TYPE:
            self._derive_fitting(entry, made, findings)
        elif entry.media_type == edits.MEDIA_TYPE:
            self._derive_edit(entry, made, findings)
        return Derived(made.changed(), made.points(), findings.close(), made.slots())

    def derive_intervals(self, index: int, intervals: Mapping[str, MeterReadings]) -> Derived:
        """Return what these interval readings would bring as entry `index`."""
        findings = FindingList("body")
        made = _Made(self._session, self._institution, index, self._lenient)
        made.merge_intervals(intervals, findings)
        return Derived(made.changed(), (), findings.close(), made.slots())

    def _derive_readings(self, entry: LogEntry, made: _Made, findings: FindingList) -> None:
        device = None
        if entry.media_type in SIGNED:
            envelope = envelopes.list_envelopes_at(self._session, self._institution, [entry.log_index]).get(entry.log_index)
            device = None if envelope is None else envelope.device
        reading = read_body(entry.media_type, entry.body, self._book(entry.log_index), entry.received_at, device)
        if has_errors(reading.findings):
            raise EntryUnreadable(entry.log_index, next(item for item in reading.findings if item.severity == "error"))
        made.merge_intervals(reading.intervals, findings)
        for meter, points in reading.registers.items():
            self._derive_points(meter, points, made, findings)

    def _derive_points(self, meter: str, points: RegisterReadings, made: _Made, findings: FindingList) -> None:
        line = RegisterLine(self._session, self._institution, meter, made.index, self._book(made.index).meters[meter].quantity)
        bounds = line.add(points, findings)
        if bounds is not None:
            made.merge_register(line, *bounds, findings)
        made.keep_points(line.changed())

    def _derive_fitting(self, entry: LogEntry, made: _Made, findings: FindingList) -> None:
        try:
            fitting = load_fitting(entry.body)
        except LedgerError as error:
            raise EntryUnreadable(entry.log_index, _unreadable("fitting", error)) from error
        quantity = self._book(entry.log_index).meters[fitting.meter].quantity
        line = RegisterLine(self._session, self._institution, fitting.meter, entry.log_index, quantity)
        came = None if fitting.reason != "removed" else line.add(_final_reading(fitting), findings)
        reached = [bounds for bounds in (came, line.reach_of_fitting(fitting.since)) if bounds is not None]
        if reached:
            made.merge_register(line, min(start for start, _ in reached), max(end for _, end in reached), findings)
        made.keep_points(line.changed())

    def _derive_edit(self, entry: LogEntry, made: _Made, findings: FindingList) -> None:
        try:
            edit = Edit.from_bytes(entry.body)
        except LedgerError as error:
            raise EntryUnreadable(entry.log_index, _unreadable("edit", error)) from error
        made.edit(edit, findings)

    def _book(self, index: int) -> MeterBook:
        # Namings are few and never undone, so their number up to an index is as good as the index.
        number = envelopes.count_namings_before(self._session, self._institution, index)
        if number not in self._books:
            self._books = {number: load_book(self._session, self._institution, index)}
        return self._books[number]


class _Made:
    """The days that an entry touches, as they were before it and as they are after it."""

    def __init__(self, session: Session, institution: str, index: int, lenient: bool) -> None:
        self._session, self._institution, self.index, self._lenient = session, institution, index, lenient
        self._before: dict[DayKey, StoredDay | None] = {}
        self._now: dict[DayKey, MeterDay | None] = {}
        self._points: list[StoredPoints] = []

    def merge_intervals(self, intervals: Mapping[str, MeterReadings], findings: FindingList) -> None:
        """Merge interval readings into their days."""
        incoming = {meter: days for meter, readings in intervals.items() if (days := readings.days())}
        if incoming:
            first, last = (edge(days[at].day for days in incoming.values()) for edge, at in ((min, 0), (max, -1)))
            if len(incoming) * (last - first + 1) <= MANY_DAYS:
                self._load(sorted(incoming), first, last)
        for meter, days in incoming.items():
            self._load([meter], days[0].day, days[-1].day)
            for day in days:
                self._now[meter, day.day] = merge_readings(self._now[meter, day.day], day, findings)

    def merge_register(self, line: RegisterLine, start: int, end: int, findings: FindingList) -> None:
        """Give the slots between two instants what the register line gives them now."""
        series, found = line.derive(start, end)
        for finding in found:
            findings.take(finding)
        first, last = start // 900 // DAY_SLOTS, (end - 1) // 900 // DAY_SLOTS
        self._load([line.meter], first, last)
        for number in range(first, last + 1):
            key = line.meter, number
            self._now[key] = merge_series(line.meter, number, self._now[key], series, start, end, findings)

    def edit(self, edit: Edit, findings: FindingList) -> None:
        """Apply an edit; one that is out of date changes nothing and is found."""
        first, last = edit.start // 900 // DAY_SLOTS, (edit.end - 1) // 900 // DAY_SLOTS
        self._load([edit.meter], first, last)
        days = {number: day for number in range(first, last + 1) if (day := self._now[edit.meter, number]) is not None}
        after, found = apply_edit(edit, days)
        for finding in found:
            findings.take(finding)
        for day in after:
            self._now[edit.meter, day.day] = _without_edited(days.get(day.day), day)

    def keep_points(self, points: Iterable[StoredPoints]) -> None:
        """Keep new revisions of register-days."""
        self._points.extend(points)

    def changed(self) -> tuple[StoredDay, ...]:
        """Return the next revision of every day that is not as it was, by meter and day."""
        made = []
        for key in sorted(self._now):
            day, before = self._now[key], self._before[key]
            if day is None or (before is not None and _same(day, before)):
                continue
            revision = 0 if before is None else before.revision + 1
            made.append(StoredDay(day.meter, day.day, day.values, day.quality, revision, self.index, day.registers))
        return tuple(made)

    def slots(self) -> NDArray[np.int64]:
        """Return the slots (Unix seconds ÷ 900) of which any meter has another value or quality than before, ascending."""
        touched: dict[int, NDArray[np.bool_]] = {}
        for key, day in self._now.items():
            before, number = self._before[key], key[1]
            if day is not None and (before is None or not _same(day, before)):
                changed = _differing(day, before)
                touched[number] = touched[number] | changed if number in touched else changed
        found = [number * DAY_SLOTS + np.flatnonzero(touched[number]) for number in sorted(touched)]
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)

    def points(self) -> tuple[StoredPoints, ...]:
        """Return the new revisions of register-days, by meter and day."""
        return tuple(sorted(self._points, key=lambda item: (item.meter_id, item.day)))

    def _load(self, meters: list[str], first: int, last: int) -> None:
        wanted = [(meter, number) for meter in meters for number in range(first, last + 1)]
        if all(key in self._before for key in wanted):
            return
        stored = metering.list_days_before(self._session, self._institution, meters, first, last, self.index)
        for key in wanted:
            if key not in self._before:
                self._before[key] = stored.get(key)
                self._now[key] = self._read(stored.get(key))

    def _read(self, stored: StoredDay | None) -> MeterDay | None:
        if stored is None:
            return None
        try:
            return MeterDay(stored.meter_id, stored.day, stored.values, stored.quality, stored.registers)
        except LedgerError as error:
            if self._lenient:
                # Its own entry is gone or cannot be read, which is a finding already: the day is what this entry says.
                return None
            raise DayUnreadable(f"the stored day {stored.day} of meter {stored.meter_id} cannot be read any more: {error}") from error


def _final_reading(fitting: Fitting) -> RegisterReadings:
    """Return what a display showed when it was taken down, as a reading of that instant: after it comes none that would count it."""
    value = parse_decimal(fitting.final_before or "0") * 10**MAX_POINT_DECIMALS
    times, quality = np.array([fitting.since], dtype=np.int64), np.array([int(Quality.ACTUAL)], dtype=np.uint8)
    return RegisterReadings(fitting.meter, times, np.array([int(value)], dtype=np.int64), quality)


def _same(day: MeterDay, stored: StoredDay) -> bool:
    return (day.values, day.quality, day.registers) == (stored.values, stored.quality, stored.registers)


def _differing(day: MeterDay, stored: StoredDay | None) -> NDArray[np.bool_]:
    """Return which slots of a day are not as they were; where nothing was, those that have a reading."""
    quality = np.frombuffer(day.quality, dtype=np.uint8)
    if stored is None:
        return np.asarray(quality != int(Quality.MISSING))
    other = np.frombuffer(day.values, dtype="<i8") != np.frombuffer(stored.values, dtype="<i8")
    return np.asarray(other | (quality != np.frombuffer(stored.quality, dtype=np.uint8)))


def _without_edited(before: MeterDay | None, after: MeterDay) -> MeterDay:
    """Return the edited day; what a register gave and the edit left alone is the register's still."""
    if before is None or not before.registers:
        return after
    values, quality = (np.frombuffer(day.values, dtype="<i8") for day in (before, after)), (before.quality, after.quality)
    old, new = values
    old_quality, new_quality = (np.frombuffer(item, dtype=np.uint8) for item in quality)
    kept = register_slots(before) & (old == new) & (old_quality == new_quality)
    return MeterDay(after.meter, after.day, after.values, after.quality, pack_slots(kept))


def _unreadable(what: str, error: LedgerError) -> Finding:
    return Finding(
        "TELEMETRY_BODY_CHANGED", "error", what, "restore the body from a backup and find out who changed it", got=str(error)[:200]
    )
