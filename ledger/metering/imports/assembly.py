"""Meter by meter: instants, grid, order, repeats, gaps, slots; what is wrong is named by row, meter and instant (spec: meter-import §5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

import numpy as np

from ledger.clock import format_instant
from ledger.metering.csv_block import Bytes, Ints, Mask
from ledger.metering.csv_line import FUTURE_SECONDS
from ledger.metering.csv_source import MeterReadings
from ledger.metering.imports.columns import Columns
from ledger.metering.imports.faults import Faults
from ledger.metering.imports.grid import piece_seconds, round_running, to_slots
from ledger.metering.imports.local_time import compute_instants, which_coming
from ledger.metering.imports.meter_map import MeterMap
from ledger.metering.imports.shape import Rows
from ledger.metering.imports.stamps import parse_zone
from ledger.metering.imports.texts import MISSING
from ledger.records.findings import Severity
from ledger.records.meter_record import Quality


@dataclass(frozen=True)
class ImportedMeter:
    """One meter's readings as quarter-hours, and what was read of it: readings kept, their exact sum, missing intervals between them."""

    readings: MeterReadings
    intervals: int
    exact: Fraction
    first: int
    last: int
    missing_intervals: int
    read_seconds: int
    """What the readings cover, of the time from first to last."""


@dataclass(frozen=True)
class RegisterPoint:
    """A register's display at an instant (Unix seconds), as a decimal in the map's unit, before ratio and multiplier."""

    at: int
    display: Fraction
    quality: Quality


@dataclass(frozen=True)
class ImportedRegister:
    """One register's points, strictly ascending by instant."""

    meter: str
    points: tuple[RegisterPoint, ...] = field(repr=False)


@dataclass(frozen=True)
class _Part:
    """One meter's readings in the order of the files, of which nothing is refused so far."""

    name: str
    start: Ints
    code: Ints
    quality: Bytes
    line: Ints
    step: Ints

    def take(self, wanted: Ints | Mask) -> _Part:
        return _Part(self.name, self.start[wanted], self.code[wanted], self.quality[wanted], self.line[wanted], self.step[wanted])

    def __len__(self) -> int:
        return len(self.start)


class Assembly:
    """Turns columns of codes into meters."""

    def __init__(self, map: MeterMap, columns: Columns, sources: Sequence[Rows], now: int, faults: Faults) -> None:
        self._map, self._columns, self._sources, self._now, self._faults = map, columns, sources, now, faults
        zone = None if map.zone is None else parse_zone(map.zone)
        # A row of a day has its first interval first, whatever its titles say.
        ends = map.stamp == "end" and map.kind == "interval" and map.layout != "day"
        seconds = np.array(columns.stamps.seconds, dtype=np.int64)
        local = np.array(columns.stamps.local, dtype=np.bool_)
        days = np.array(columns.stamps.days, dtype=np.int64)
        self._instants = compute_instants(seconds, local, days, zone, elapsed=map.elapsed, ends=ends)
        self._ends = ends
        self._wholes = np.frombuffer(columns.values.wholes, dtype=np.int64)
        self._bad = np.zeros(len(self._wholes), dtype=np.bool_)
        self._bad[[MISSING, *columns.values.refused]] = True
        self._negative = np.zeros(len(self._wholes), dtype=np.bool_)
        self._negative[list(columns.values.negative)] = True

    def meters(self) -> tuple[ImportedMeter, ...]:
        """Return every meter of intervals, by name."""
        made = []
        for part in self._parts():
            rows = self._on_grid(part)
            for name, kept in self._directions(self._without_overlaps(self._without_repeats(self._in_order(rows)))):
                if len(kept):
                    made.append(self._finish(name, kept))
        return tuple(sorted(made, key=lambda meter: meter.readings.meter))

    def registers(self) -> tuple[ImportedRegister, ...]:
        """Return every register, by name."""
        made = []
        exact = self._columns.values.exact
        for part in self._parts():
            kept = self._without_repeats(self._in_order(part))
            rows = zip(kept.start.tolist(), kept.code.tolist(), kept.quality.tolist(), strict=True)
            points = tuple(RegisterPoint(at, exact[code], Quality(flag)) for at, code, flag in rows)
            if points:
                made.append(ImportedRegister(part.name, points))
        return tuple(sorted(made, key=lambda register: register.meter))

    def _place(self, line: int) -> str:
        return self._sources[line >> 40].place(line & (1 << 40) - 1)

    def _add(self, code: str, severity: Severity, line: int, name: str, at: int, action: str, got: str, expected: str, **more: str) -> None:
        place = f"{self._place(line)} meter {name} {format_instant(at)}"
        self._faults.add(code, severity, place, action, got, expected, meter=name, instant=format_instant(at), **more)

    def _parts(self) -> Iterator[_Part]:
        """Yield the readings of each meter with a value, in file order, at their instants."""
        columns = self._columns
        meter, stamp = np.frombuffer(columns.meter, dtype=np.int32), np.frombuffer(columns.stamp, dtype=np.int32)
        value, line = np.frombuffer(columns.value, dtype=np.int32), np.frombuffer(columns.line, dtype=np.int64)
        quality = np.frombuffer(columns.quality, dtype=np.uint8)
        if not len(meter):
            return
        steps = np.frombuffer(columns.step, dtype=np.int32) if len(columns.step) else None
        order = np.argsort(meter, kind="stable")
        bounds = np.append(np.flatnonzero(np.diff(meter[order], prepend=-1)), len(order)).tolist()
        for start, stop in pairwise(bounds):
            rows = order[start:stop]
            name = columns.names[int(meter[rows[0]])]
            codes, present = stamp[rows].astype(np.int64), ~self._bad[value[rows]]
            step = np.full(len(rows), self._map.seconds, dtype=np.int64) if steps is None else steps[rows].astype(np.int64)
            at, good = self._resolve(name, codes, value[rows].astype(np.int64), present, line[rows])
            good &= present
            yield _Part(name, at - step if self._ends else at, value[rows].astype(np.int64), quality[rows], line[rows], step).take(good)

    def _resolve(self, name: str, codes: Ints, values: Ints, present: Mask, lines: Ints) -> tuple[Ints, Mask]:
        """Return the instants of the stamps, and where there is one."""
        first, twice, never = self._instants.first[codes], self._instants.twice[codes], self._instants.never[codes] & present
        for at in np.flatnonzero(never).tolist():
            self._never_was(name, int(first[at]), int(values[at]), int(lines[at]))
        good = ~never
        good[self._fillers(name, first, codes, values, present, lines)] = False
        if not twice.any():
            return first, good
        if self._map.fold == "refuse":
            for at in np.flatnonzero(twice & present).tolist():
                action = "write offsets from UTC, or say in the map's fold which hour is meant; the reading is not taken"
                self._add("TIME_AMBIGUOUS", "error", int(lines[at]), name, int(first[at]), action, "an hour that came twice", "one instant")
            return first, good & ~twice
        second = twice if self._map.fold == "second" else np.zeros(len(codes), dtype=np.bool_)
        if self._map.fold == "order":
            steps = np.diff(first[~twice])
            descending = bool(len(steps)) and int((steps < 0).sum()) > int((steps > 0).sum())
            second, alone = which_coming(first, twice, self._instants.edge[codes], descending=descending)
            for at in alone.tolist():
                if present[at]:
                    action = "check this hour: clocks went back and the file has it once; it was taken as the first of the two"
                    got, expected = "one reading of an hour that came twice", "two readings"
                    self._add("TIME_AMBIGUOUS", "info", int(lines[at]), name, int(first[at]), action, got, expected)
        return np.where(second, self._instants.second[codes], first), good

    def _is_zero(self, value: int) -> bool:
        return not self._wholes[value] and value not in self._columns.values.rests

    def _never_was(self, name: str, instant: int, value: int, line: int) -> None:
        action = "correct the clock of the export, or the map's zone: clocks jumped over this time; the reading is not taken"
        # Many houses fill the hour with zeros: they say nothing, and nothing is lost with them.
        empty = self._map.kind == "interval" and self._is_zero(value)
        severity: Severity = "warning" if empty else "error"
        got = f"{'0' if empty else 'a value'} at a time that never was"
        self._add("TIME_NONEXISTENT", severity, line, name, instant, action, got, "a time of the zone")

    def _fillers(self, name: str, first: Ints, codes: Ints, values: Ints, present: Mask, lines: Ints) -> list[int]:
        """Name and return the zeros that end the hour which never was, where the interval before the jump has a reading of its own."""
        late = self._instants.edge[codes] == 3
        zeros = [at for at in np.flatnonzero(late & present).tolist() if self._is_zero(int(values[at]))]
        if not zeros:
            return []
        others = set(first[present & ~late].tolist())
        found = [at for at in zeros if int(first[at]) in others]
        for at in found:
            self._never_was(name, int(first[at]), int(values[at]), int(lines[at]))
        return found

    def _on_grid(self, part: _Part) -> _Part:
        """Leave out what is off the grid that most readings of the meter stand on, and what is of the future."""
        if not len(part):
            return part
        good = np.ones(len(part), dtype=np.bool_)
        for step in np.unique(part.step).tolist():
            alike, piece = part.step == step, piece_seconds(step)
            phases = part.start[alike] % step
            usual, counts = np.unique(phases[phases % piece == 0], return_counts=True)
            good[alike] = phases == (int(usual[int(counts.argmax())]) if len(usual) else 0)
        for at in np.flatnonzero(~good).tolist():
            action = "check interval, stamp and format of the map, or the clock of the meter; the reading is not taken"
            expected = f"a stamp every {_minutes(int(part.step[at]))}"
            line, instant = int(part.line[at]), int(part.start[at])
            self._add("TIMESTAMP_OFF_GRID", "error", line, part.name, instant, action, format_instant(instant), expected)
        late = part.start > self._now + FUTURE_SECONDS
        for at in np.flatnonzero(late & good).tolist():
            line, instant = int(part.line[at]), int(part.start[at])
            action = "check the format (day or month first?) and the zone; readings of the future are not taken"
            expected = f"at most {format_instant(self._now)}"
            self._add("TIMESTAMP_FUTURE", "error", line, part.name, instant, action, format_instant(instant), expected)
        return part.take(good & ~late & (part.start >= 0))

    def _in_order(self, part: _Part) -> _Part:
        """Name every reading that stands before its forerunner in the file; return all of them sorted."""
        steps = np.diff(part.start)
        if not (steps < 0).any():
            return part
        if int((steps < 0).sum()) > int((steps > 0).sum()):
            action, got = "nothing to do: the file runs from the latest to the first reading", "descending stamps"
            self._faults.add("READING_OUT_OF_ORDER", "info", f"meter {part.name}", action, got, "ascending stamps", meter=part.name)
            wrong = np.flatnonzero(steps > 0) + 1
        else:
            wrong = np.flatnonzero(steps < 0) + 1
        for at in wrong.tolist():
            before, instant = int(part.start[at - 1]), int(part.start[at])
            action = "nothing to do where the file was put together from parts; the reading is taken at its instant"
            got = f"{format_instant(instant)} after {format_instant(before)}"
            self._add("READING_OUT_OF_ORDER", "info", int(part.line[at]), part.name, instant, action, got, "rows in order of time")
        return part.take(np.argsort(part.start, kind="stable"))

    def _without_repeats(self, part: _Part) -> _Part:
        """Keep the first reading of each instant; every other one is named."""
        again = np.zeros(len(part), dtype=np.bool_)
        again[1:] = part.start[1:] == part.start[:-1]
        if not again.any():
            return part
        firsts = np.flatnonzero(~again)
        repeats = np.flatnonzero(again)
        originals = firsts[np.searchsorted(firsts, repeats, side="right") - 1]
        for at, original in zip(repeats.tolist(), originals.tolist(), strict=True):
            same = self._shown(part, at) == self._shown(part, original)
            code, severity = ("DUPLICATE_SAME", "warning") if same else ("READING_REPEATED", "error")
            action = "both are alike: one counts" if same else "find out which one is right; the first in the file was taken"
            got, expected = self._shown(part, at), f"{self._shown(part, original)} as in {self._place(int(part.line[original]))}"
            first = str(int(part.line[original]) & (1 << 40) - 1)
            line, instant = int(part.line[at]), int(part.start[at])
            self._add(
                code, "warning" if severity == "warning" else "error", line, part.name, instant, action, got, expected, first_line=first
            )
        return part.take(firsts)

    def _without_overlaps(self, part: _Part) -> _Part:
        """Keep of readings of different lengths those that begin where the ones before have ended; every other one is named."""
        if not len(part) or not (np.diff(part.start) < part.step[:-1]).any():
            return part
        good, end, before = np.ones(len(part), dtype=np.bool_), -1, 0
        for at, (start, step) in enumerate(zip(part.start.tolist(), part.step.tolist(), strict=True)):
            if start < end:
                good[at] = False
                action = "find out which readings are right; of those that lie over each other the one that begins first was taken"
                got = f"{_minutes(step)} from here"
                expected = f"none before {format_instant(end)}, as {self._place(int(part.line[before]))}"
                self._add("READINGS_OVERLAP", "error", int(part.line[at]), part.name, start, action, got, expected)
            else:
                end, before = start + step, at
        return part.take(good)

    def _shown(self, part: _Part, at: int) -> str:
        code = int(part.code[at])
        exact = int(self._wholes[code]) + self._columns.values.rests.get(code, Fraction(0))
        text = str(exact) if exact.denominator == 1 else f"{float(exact):.6f}…"
        return f"{'-' if self._negative[code] else ''}{text} {self._map.smallest_unit} {Quality(int(part.quality[at])).name}"

    def _directions(self, part: _Part) -> Iterator[tuple[str, _Part]]:
        """Yield the meter; with sign=split also the one of the other direction, each with 0 where the other ran."""
        if self._map.sign != "split":
            yield part.name, part
            return
        negative = self._negative[part.code]
        zero = len(self._wholes)
        # A code beyond the table stands for nothing: the table is read with it appended.
        yield part.name, _Part(part.name, part.start, np.where(negative, zero, part.code), part.quality, part.line, part.step)
        if negative.any():
            name = f"{part.name}-export"
            yield name, _Part(name, part.start, np.where(negative, part.code, zero), part.quality, part.line, part.step)

    def _finish(self, name: str, part: _Part) -> ImportedMeter:
        map = self._map
        wholes = np.append(self._wholes, 0)[part.code]
        rests = self._columns.values.rests
        values, rounded, exact = round_running(wholes, part.code, rests)
        if rounded:
            action = "nothing to do: the running total is rounded, so that every sum is right to half a unit"
            got, expected = f"{rounded} of {len(part)} values", f"whole {map.smallest_unit}"
            self._faults.add("VALUES_ROUNDED", "info", f"meter {name}", action, got, expected, meter=name, values=str(rounded))
        missing = self._name_gaps(part, name)
        slots, slot_values, quality, halves, amounts = to_slots(part.start, values, part.quality, part.step)
        for step in np.unique(part.step).tolist():
            if step == piece_seconds(step):
                continue
            action = "nothing to do: each was spread over its quarter-hours, which are marked as estimated"
            got = f"{int((part.step == step).sum())} readings of {_minutes(step)}"
            self._faults.add("INTERVALS_SPREAD", "info", f"meter {name}", action, got, "15 minutes", meter=name)
        for slot, amount in zip(halves.tolist(), amounts.tolist(), strict=True):
            instant = format_instant(slot * 900)
            action = "send the missing readings of this quarter-hour; without them it is missing, and what was read of it is left out"
            place, got = f"meter {name} {instant}", f"{amount} {map.smallest_unit} in a part of it"
            self._faults.add(
                "SLOT_INCOMPLETE", "warning", place, action, got, "a whole quarter-hour", meter=name, instant=instant, amount=str(amount)
            )
        readings = MeterReadings(name, slots, slot_values, quality)
        last = int(part.start[-1] + part.step[-1])
        return ImportedMeter(readings, len(part), exact, int(part.start[0]), last, missing, int(part.step.sum()))

    def _name_gaps(self, part: _Part, name: str) -> int:
        starts, steps = part.start, part.step
        jumps = np.diff(starts)
        missing = 0
        for at in np.flatnonzero(jumps > steps[:-1]).tolist():
            step = int(steps[at])
            # Between readings of different lengths a gap is counted in those of the shorter.
            least = min(step, int(steps[at + 1]))
            count = max(1, (int(jumps[at]) - step) // least)
            missing += count
            begin, end = format_instant(int(starts[at]) + step), format_instant(int(starts[at + 1]))
            action = "send the missing readings, or let them be estimated; the slots are missing, not zero"
            facts = {"meter": name, "from": begin, "to": end, "intervals": str(count)}
            got = f"{count} readings of {_minutes(least)} missing"
            self._faults.add("READINGS_MISSING", "warning", f"meter {name} from {begin} to {end}", action, got, "no gap", **facts)
        return missing


def _minutes(seconds: int) -> str:
    return f"{seconds // 60} minutes" if seconds % 60 == 0 else f"{seconds} seconds"
