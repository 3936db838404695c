"""Rows that say themselves in which unit they are, or how long their interval is (spec: meter-import §2)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from ledger.metering.imports.faults import Faults
from ledger.metering.imports.map_words import INTERVALS
from ledger.metering.imports.meter_map import MeterMap
from ledger.metering.imports.shape import Shape
from ledger.metering.imports.texts import Scale, Values
from ledger.metering.imports.unit_table import find_unit
from ledger.records.meter_record import Quantity


class RowScales:
    """The scales of the units and lengths that rows name, each looked at once."""

    def __init__(self, map: MeterMap, values: Values, faults: Faults) -> None:
        self._map, self._values, self._faults = map, values, faults
        self._scales: dict[tuple[Hashable, Hashable], tuple[Scale, int] | None] = {}

    def find(self, cells: Sequence[object], shape: Shape, place: str) -> tuple[Scale, int] | None:
        """Return scale and seconds of the unit and the length that a row names, or None: then a finding says why."""
        unit = None if shape.unit is None else cells[shape.unit]
        length = None if shape.seconds is None else cells[shape.seconds]
        if (unit, length) not in self._scales:
            self._scales[unit, length] = self._new(unit, length)
        found = self._scales[unit, length]
        if found is None:
            action = "choose rows by the map's where, as where=Unit:kWh, or correct quantity and interval; this row is not taken"
            got = " ".join(str(part) for part in (unit, length) if part is not None)
            expected = f"a unit of {self._map.quantity}, and an interval"
            self._faults.add("ROW_UNIT_UNKNOWN", "error", place, action, got or "nothing", expected)
        return found

    def _new(self, unit: object, length: object) -> tuple[Scale, int] | None:
        spelt = self._map.unit if unit is None else find_unit(str(unit), Quantity(self._map.quantity))
        text = str(self._map.seconds if length is None else length).strip()
        seconds = int(text) if text.isdecimal() and len(text) < 6 else 0
        if spelt is None or not seconds or not (60 % seconds == 0 or seconds in [minutes * 60 for minutes in INTERVALS]):
            return None
        return self._values.scale_of(spelt, seconds), seconds
