"""Meter by meter: instants, grid, order, repeats, gaps, slots; what is wrong is named by row, meter and instant (spec: meter-import §5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

import numpy as np

from ledger.clock import format_instant
from ledger.metering.csv_source import MeterReadings
from ledger.metering.imports.columns import Columns
from ledger.metering.imports.faults import Faults
from ledger.metering.imports.grid import piece_seconds, round_running, to_slots
from ledger.metering.imports.meter_map import MeterMap
from ledger.metering.imports.part import Namer, Part, show_length
from ledger.metering.imports.shape import Rows
from ledger.metering.imports.sieve import Sieve
from ledger.metering.imports.texts import MISSING
from ledger.metering.imports.wall_clock import WallClock
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


class Assembly:
    """Turns columns of codes into meters."""

    def __init__(self, map: MeterMap, columns: Columns, sources: Sequence[Rows], now: int, faults: Faults) -> None:
        self._map, self._columns, self._faults = map, columns, faults
        namer = Namer(sources, faults)
        # A row of a day has its first interval first, whatever its titles say.
        self._ends = map.stamp == "end" and map.kind == "interval" and map.layout != "day"
        self._clock = WallClock(map, columns, namer, ends=self._ends)
        self._sieve = Sieve(columns.values, map.smallest_unit, now, namer, faults)
        self._wholes = np.frombuffer(columns.values.wholes, dtype=np.int64)
        self._bad = np.zeros(len(self._wholes), dtype=np.bool_)
        self._bad[[MISSING, *columns.values.refused]] = True
        self._negative = np.zeros(len(self._wholes), dtype=np.bool_)
        self._negative[list(columns.values.negative)] = True

    def meters(self) -> tuple[ImportedMeter, ...]:
        """Return every meter of intervals, by name."""
        made = []
        for part in self._parts():
            rows = self._sieve.on_grid(part)
            for name, kept in self._directions(self._sieve.without_overlaps(self._sieve.without_repeats(self._sieve.in_order(rows)))):
                if len(kept):
                    made.append(self._finish(name, kept))
        return tuple(sorted(made, key=lambda meter: meter.readings.meter))

    def registers(self) -> tuple[ImportedRegister, ...]:
        """Return every register, by name."""
        made = []
        exact = self._columns.values.exact
        for part in self._parts():
            kept = self._sieve.without_repeats(self._sieve.in_order(part))
            rows = zip(kept.start.tolist(), kept.code.tolist(), kept.quality.tolist(), strict=True)
            points = tuple(RegisterPoint(at, exact[code], Quality(flag)) for at, code, flag in rows)
            if points:
                made.append(ImportedRegister(part.name, points))
        return tuple(sorted(made, key=lambda register: register.meter))

    def _parts(self) -> Iterator[Part]:
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
            at, good = self._clock.resolve(name, codes, value[rows].astype(np.int64), present, line[rows])
            good &= present
            yield Part(name, at - step if self._ends else at, value[rows].astype(np.int64), quality[rows], line[rows], step).take(good)

    def _directions(self, part: Part) -> Iterator[tuple[str, Part]]:
        """Yield the meter; with sign=split also the one of the other direction, each with 0 where the other ran."""
        if self._map.sign != "split":
            yield part.name, part
            return
        negative = self._negative[part.code]
        zero = len(self._wholes)
        # A code beyond the table stands for nothing: the table is read with it appended.
        yield part.name, Part(part.name, part.start, np.where(negative, zero, part.code), part.quality, part.line, part.step)
        if negative.any():
            name = f"{part.name}-export"
            yield name, Part(name, part.start, np.where(negative, part.code, zero), part.quality, part.line, part.step)

    def _finish(self, name: str, part: Part) -> ImportedMeter:
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
            got = f"{int((part.step == step).sum())} readings of {show_length(step)}"
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

    def _name_gaps(self, part: Part, name: str) -> int:
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
            got = f"{count} readings of {show_length(least)} missing"
            self._faults.add("READINGS_MISSING", "warning", f"meter {name} from {begin} to {end}", action, got, "no gap", **facts)
        return missing
