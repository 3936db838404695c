"""What is taken of a meter's readings: on the grid, in order, once, not over each other; the rest is named (spec: meter-import §5)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ledger.clock import format_instant
from ledger.metering.csv_line import FUTURE_SECONDS
from ledger.metering.imports.faults import Faults
from ledger.metering.imports.grid import piece_seconds
from ledger.metering.imports.part import Namer, Part, show_length
from ledger.metering.imports.texts import Values
from ledger.records.meter_record import Quality


class Sieve:
    """Takes the readings of one meter after the other."""

    def __init__(self, values: Values, unit: str, now: int, namer: Namer, faults: Faults) -> None:
        """Args: unit: the smallest one, for people; now: Unix seconds, after which readings are of the future."""
        self._values, self._unit, self._now, self._namer, self._faults = values, unit, now, namer, faults

    def on_grid(self, part: Part) -> Part:
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
            expected = f"a stamp every {show_length(int(part.step[at]))}"
            line, instant = int(part.line[at]), int(part.start[at])
            self._namer.add("TIMESTAMP_OFF_GRID", "error", line, part.name, instant, action, format_instant(instant), expected)
        late = part.start > self._now + FUTURE_SECONDS
        for at in np.flatnonzero(late & good).tolist():
            line, instant = int(part.line[at]), int(part.start[at])
            action = "check the format (day or month first?) and the zone; readings of the future are not taken"
            expected = f"at most {format_instant(self._now)}"
            self._namer.add("TIMESTAMP_FUTURE", "error", line, part.name, instant, action, format_instant(instant), expected)
        return part.take(good & ~late & (part.start >= 0))

    def in_order(self, part: Part) -> Part:
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
            self._namer.add("READING_OUT_OF_ORDER", "info", int(part.line[at]), part.name, instant, action, got, "rows in order of time")
        return part.take(np.argsort(part.start, kind="stable"))

    def without_repeats(self, part: Part) -> Part:
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
            got, expected = self._shown(part, at), f"{self._shown(part, original)} as in {self._namer.place(int(part.line[original]))}"
            first = str(int(part.line[original]) & (1 << 40) - 1)
            line, instant = int(part.line[at]), int(part.start[at])
            self._namer.add(
                code, "warning" if severity == "warning" else "error", line, part.name, instant, action, got, expected, first_line=first
            )
        return part.take(firsts)

    def without_overlaps(self, part: Part) -> Part:
        """Keep of readings of different lengths those that begin where the ones before have ended; every other one is named."""
        if not len(part) or not (np.diff(part.start) < part.step[:-1]).any():
            return part
        good, end, before = np.ones(len(part), dtype=np.bool_), -1, 0
        for at, (start, step) in enumerate(zip(part.start.tolist(), part.step.tolist(), strict=True)):
            if start < end:
                good[at] = False
                action = "find out which readings are right; of those that lie over each other the one that begins first was taken"
                got = f"{show_length(step)} from here"
                expected = f"none before {format_instant(end)}, as {self._namer.place(int(part.line[before]))}"
                self._namer.add("READINGS_OVERLAP", "error", int(part.line[at]), part.name, start, action, got, expected)
            else:
                end, before = start + step, at
        return part.take(good)

    def _shown(self, part: Part, at: int) -> str:
        code = int(part.code[at])
        exact = int(self._values.wholes[code]) + self._values.rests.get(code, Fraction(0))
        text = str(exact) if exact.denominator == 1 else f"{float(exact):.6f}…"
        return f"{'-' if code in self._values.negative else ''}{text} {self._unit} {Quality(int(part.quality[at])).name}"
