"""Rows as columns of codes: which meter, which stamp, which value, which quality, in the order of the files (spec: meter-import §2).

Texts are looked at once each; a reading costs a few look-ups in dictionaries.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from ledger.identifiers import is_identifier
from ledger.metering.imports.columns import SKIPPED, Columns, Stamps
from ledger.metering.imports.faults import Faults
from ledger.metering.imports.meter_map import MeterMap
from ledger.metering.imports.numbered_stamps import Stamp
from ledger.metering.imports.row_scale import RowScales
from ledger.metering.imports.shape import RowReader, Rows, Shape
from ledger.metering.imports.source import Stopped
from ledger.metering.imports.stamps import join_texts, parse_zone
from ledger.metering.imports.texts import MISSING, Scale, Values
from ledger.records.meter_record import Quality

_ACTUAL, _MISSING = int(Quality.ACTUAL), int(Quality.MISSING)


class Collector:
    """Takes the rows of one file after the other."""

    def __init__(self, map: MeterMap, faults: Faults) -> None:
        self._map, self._faults = map, faults
        stamps = Stamps(map.format, map.seconds, None if map.zone is None else parse_zone(map.zone), whole=map.kind == "interval")
        self.columns = Columns([], stamps, Values(map))
        self._scale = self.columns.values.main
        self._scales = RowScales(map, self.columns.values, faults)
        self._names: dict[Hashable, int] = {}
        self._numbers: dict[str, int] = {}
        self._not_mapped: dict[str, int] = {}
        self._quality_of = map.quality_of
        self._titles: tuple[str, ...] = ()
        self._of_titles: tuple[Sequence[int], Sequence[int]] = ((), ())

    def take(self, rows: Rows, file: int, stem: str) -> int:
        """Take a file's rows; return how many there were. Whatever is wrong with it is a finding."""
        before, columns = self.columns.rows, self.columns
        takes = {"day": self._take_day, "columns": self._take_columns}
        try:
            reader = RowReader(self._map, rows, self._faults)
            take, shape = takes.get(self._map.layout, self._take_long), reader.shape
            for number, cells in reader.rows():
                columns.rows += 1
                take(cells, shape, rows.place(number), file << 40 | number, stem)
        except Stopped:
            pass
        if columns.rows == before and not self._faults.errors:
            self._faults.add("CSV_EMPTY", "error", rows.place(1), "send a table with at least one reading", "no readings", "readings")
        return columns.rows - before

    def conclude(self) -> Columns:
        """Return what was taken; meters that the map leaves out are findings."""
        for name, count in self._not_mapped.items():
            action = "nothing to do where this meter is not yours; else name it among the map's meters"
            self._faults.add("METER_NOT_MAPPED", "warning", f"meter {name[:63]}", action, f"{count} rows left out", "a meter of the map")
        return self.columns

    def _take_long(self, cells: Sequence[object], shape: Shape, place: str, line: int, stem: str) -> None:
        columns, scale = self.columns, self._scale
        stamp = self._stamp(cells, shape, place)
        flag = _ACTUAL if shape.quality is None else self._quality(cells, shape, place)
        if shape.unit is not None or shape.seconds is not None:
            found = self._scales.find(cells, shape, place)
            if found is None:
                return
            scale, step = found
        else:
            step = 0
        for at in shape.values:
            suffix = f"-{shape.titles[at]}" if len(shape.values) > 1 else ""
            meter = self._meter(cells, shape, stem, suffix, place)
            code = scale.plain.get(cells[at])
            if code is None or flag == _MISSING:
                code = self._value(cells[at], place, shape.titles[at], meter, stamp, flag, scale)
            if stamp != SKIPPED and meter != SKIPPED:
                if step and shape.seconds is not None:
                    columns.step.append(step)
                columns.meter.append(meter)
                columns.stamp.append(stamp)
                columns.value.append(code)
                columns.quality.append(flag)
                columns.line.append(line)

    def _take_columns(self, cells: Sequence[object], shape: Shape, place: str, line: int, stem: str) -> None:
        stamp = self._stamp(cells, shape, place)
        flag = _ACTUAL if shape.quality is None else self._quality(cells, shape, place)
        if stamp == SKIPPED:
            return
        scale = self._scale
        if shape.unit is not None:
            found = self._scales.find(cells, shape, place)
            if found is None:
                return
            scale = found[0]
        if shape.titles is not self._titles:
            named = [(at, self._name(shape.titles[at], place)) for at in shape.values]
            known = [pair for pair in named if pair[1] != SKIPPED]
            self._titles, self._of_titles = shape.titles, ([at for at, _ in known], [meter for _, meter in known])
        positions, meters = self._of_titles
        codes = self._codes(cells, shape, positions, place, scale, meters, [stamp] * len(meters), flag)
        self._extend(meters, [stamp] * len(meters), codes, flag, line)

    def _take_day(self, cells: Sequence[object], shape: Shape, place: str, line: int, stem: str) -> None:
        map = self._map
        date = cells[shape.time[0]]
        key = date if isinstance(date, Stamp) else str(date).strip()
        # Displays may stand at the end of each step; an interval is a row's first, whatever its title says.
        shift = int(map.kind == "register" and map.stamp == "end")
        stamps = self.columns.stamps.codes_of_day(key, len(shape.values) + shift, map.seconds, elapsed=map.elapsed)
        if stamps is None:
            self._refuse_stamp(str(date), place, self.columns.stamps.refused.get(key, "a date"))
            return
        stamps = stamps[shift : shift + len(shape.values)]
        meter, flag = self._meter(cells, shape, stem, "", place), self._quality(cells, shape, place)
        if meter == SKIPPED:
            return
        scale = self._scale
        if shape.unit is not None:
            found = self._scales.find(cells, shape, place)
            if found is None:
                return
            scale = found[0]
        meters = [meter] * len(stamps)
        self._extend(meters, stamps, self._codes(cells, shape, shape.values, place, scale, meters, stamps, flag), flag, line)

    def _codes(
        self,
        cells: Sequence[object],
        shape: Shape,
        positions: Sequence[int],
        place: str,
        scale: Scale,
        meters: Sequence[int],
        stamps: Sequence[int],
        flag: int,
    ) -> list[int]:
        """Return the codes of a row's values."""
        plain, titles = scale.plain, shape.titles
        return [
            code
            if (code := plain.get(cells[at])) is not None and flag != _MISSING
            else self._value(cells[at], place, titles[at], meter, stamp, flag, scale)
            for at, meter, stamp in zip(positions, meters, stamps, strict=True)
        ]

    def _extend(self, meters: Sequence[int], stamps: Sequence[int], codes: list[int], flag: int, line: int) -> None:
        columns, count = self.columns, len(codes)
        columns.meter.extend(meters)
        columns.stamp.extend(stamps)
        columns.value.extend(codes)
        columns.quality.extend([flag] * count)
        columns.line.extend([line] * count)

    def _stamp(self, cells: Sequence[object], shape: Shape, place: str) -> int:
        stamps, at = self.columns.stamps, shape.time
        key: Hashable = cells[at[0]] if len(at) == 1 else join_texts([str(cells[part]) for part in at])
        code = stamps.plain.get(key)
        if code is not None:
            return code
        code = stamps.codes.get(key)
        if code is None:
            code = stamps.add(key)
        if code == SKIPPED:
            self._refuse_stamp(str(key), place, stamps.refused.get(key, ""))
        return code

    def _refuse_stamp(self, text: str, place: str, expected: str) -> None:
        action = "correct the stamp or the map's format, or name how rows begin that are none in its skip; this row is not taken"
        self._faults.add("TIMESTAMP_INVALID", "error", place, action, text or "nothing", expected)

    def _value(self, cell: object, place: str, title: str, meter: int, stamp: int, flag: int, scale: Scale) -> int:
        values = self.columns.values
        key: Hashable = cell
        code = MISSING if flag == _MISSING else scale.others.get(key, scale.plain.get(key))
        if code is None:
            code = scale.add(key)
        if code == MISSING:
            if meter != SKIPPED and stamp != SKIPPED:
                action = "nothing to do where there is no reading; its slots are missing, not zero"
                got = "missing by its quality" if flag == _MISSING else str(cell if cell is not None else "").strip() or "empty"
                self._faults.add("VALUE_ABSENT", "info", f"{place} column {title}", action, got, "a number", **self._facts(meter, stamp))
        elif code in values.refused and meter != SKIPPED:
            why = values.refused[code]
            facts = self._facts(meter, stamp)
            self._faults.add(why.code, "error", f"{place} column {title}", why.action, values.shown[code], why.expected, **facts)
        return code

    def _facts(self, meter: int, stamp: int) -> dict[str, str]:
        facts = {}
        if meter != SKIPPED:
            facts["meter"] = self.columns.names[meter]
        if stamp != SKIPPED:
            stamps = self.columns.stamps
            facts["local_time" if stamps.local[stamp] else "instant"] = stamps.show(stamp)
        return facts

    def _quality(self, cells: Sequence[object], shape: Shape, place: str) -> int:
        if shape.quality is None:
            return int(Quality.ACTUAL)
        text = str(cells[shape.quality] or "").strip()
        flag = self._quality_of.get(text, Quality.ACTUAL if not text else None)
        if flag is None:
            action = "name this text among the map's qualities; the readings of this row are taken as suspect"
            expected = ", ".join(self._quality_of)
            self._faults.add("QUALITY_UNKNOWN", "error", f"{place} column {shape.titles[shape.quality]}", action, text, expected)
            flag = Quality.SUSPECT
        return int(flag)

    def _meter(self, cells: Sequence[object], shape: Shape, stem: str, suffix: str, place: str) -> int:
        if not shape.meter:
            own = stem if self._map.meter_id == "{file}" else str(self._map.meter_id)
            return self._name(own + suffix, place)
        if len(shape.meter) == 1:
            cell = cells[shape.meter[0]]
            return self._name(str(cell if cell is not None else "").strip() + suffix, place)
        parts = [str(cells[at] if cells[at] is not None else "").strip() for at in shape.meter]
        return self._name(("-".join(parts) if all(parts) else "") + suffix, place)

    def _name(self, name: str, place: str) -> int:
        number = self._names.get(name)
        if number is None:
            number = self._names[name] = self._number(name, place)
        if number == SKIPPED:
            if name in self._not_mapped:
                self._not_mapped[name] += 1
            else:
                self._refuse_meter(name, place)
        return number

    def _number(self, name: str, place: str) -> int:
        map = self._map
        if map.meters and name not in map.meters and map.meter_id is None:
            self._not_mapped[name] = 0
            return SKIPPED
        id = map.meters.get(name, name)
        if not is_identifier(id):
            return SKIPPED
        known = self._numbers.setdefault(id, len(self.columns.names))
        if known == len(self.columns.names):
            self.columns.names.append(id)
        return known

    def _refuse_meter(self, name: str, place: str) -> None:
        action = "give the meter an id of yours in the map's meters, as meters=总表:HQ-1"
        self._faults.add("METER_UNKNOWN", "error", place, action, name or "nothing", "1 to 63 letters, digits, dots, hyphens, underscores")
