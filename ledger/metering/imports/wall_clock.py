"""The stamps of a meter's readings as instants, by the order of the file where clocks change (spec: meter-import §3)."""

from __future__ import annotations

import numpy as np

from ledger.metering.csv_block import Ints, Mask
from ledger.metering.imports.columns import Columns
from ledger.metering.imports.local_time import compute_instants, which_coming
from ledger.metering.imports.meter_map import MeterMap
from ledger.metering.imports.part import Namer
from ledger.metering.imports.stamps import parse_zone
from ledger.records.findings import Severity


class WallClock:
    """Instants of all stamps of an import; what is wrong with one is named where a reading stands at it."""

    def __init__(self, map: MeterMap, columns: Columns, namer: Namer, *, ends: bool) -> None:
        self._map, self._values, self._namer = map, columns.values, namer
        zone = None if map.zone is None else parse_zone(map.zone)
        seconds = np.array(columns.stamps.seconds, dtype=np.int64)
        local = np.array(columns.stamps.local, dtype=np.bool_)
        days = np.array(columns.stamps.days, dtype=np.int64)
        self._instants = compute_instants(seconds, local, days, zone, elapsed=map.elapsed, ends=ends)

    def resolve(self, name: str, codes: Ints, values: Ints, present: Mask, lines: Ints) -> tuple[Ints, Mask]:
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
                self._namer.add(
                    "TIME_AMBIGUOUS", "error", int(lines[at]), name, int(first[at]), action, "an hour that came twice", "one instant"
                )
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
                    self._namer.add("TIME_AMBIGUOUS", "info", int(lines[at]), name, int(first[at]), action, got, expected)
        return np.where(second, self._instants.second[codes], first), good

    def _never_was(self, name: str, instant: int, value: int, line: int) -> None:
        action = "correct the clock of the export, or the map's zone: clocks jumped over this time; the reading is not taken"
        # Many houses fill the hour with zeros: they say nothing, and nothing is lost with them.
        empty = self._map.kind == "interval" and self._values.is_zero(value)
        severity: Severity = "warning" if empty else "error"
        got = f"{'0' if empty else 'a value'} at a time that never was"
        self._namer.add("TIME_NONEXISTENT", severity, line, name, instant, action, got, "a time of the zone")

    def _fillers(self, name: str, first: Ints, codes: Ints, values: Ints, present: Mask, lines: Ints) -> list[int]:
        """Name and return the zeros that end the hour which never was, where the interval before the jump has a reading of its own."""
        late = self._instants.edge[codes] == 3
        zeros = [at for at in np.flatnonzero(late & present).tolist() if self._values.is_zero(int(values[at]))]
        if not zeros:
            return []
        others = set(first[present & ~late].tolist())
        found = [at for at in zeros if int(first[at]) in others]
        for at in found:
            self._never_was(name, int(first[at]), int(values[at]), int(lines[at]))
        return found
