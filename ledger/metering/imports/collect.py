"""Rows as columns of codes: which meter, which stamp, which value, which quality, in the order of the files (spec: meter-import §2).

Texts are looked at once each; a reading costs a few look-ups in dictionaries and 21 bytes.
"""

from __future__ import annotations

import difflib
from array import array
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from ledger.clock import format_instant
from ledger.errors import InputError
from ledger.identifiers import is_identifier
from ledger.metering.imports.faults import Faults
from ledger.metering.imports.meter_map import MeterMap
from ledger.metering.imports.parquet_source import ParquetRows
from ledger.metering.imports.source import CsvRows, Row, Stopped
from ledger.metering.imports.stamps import DAY, NoStamp, Stamp, join_texts, reader_of, wall_clock
from ledger.metering.imports.texts import MISSING, Values
from ledger.records.meter_record import Quality

Rows = CsvRows | ParquetRows
_SKIPPED = -1
_ACTUAL, _MISSING = int(Quality.ACTUAL), int(Quality.MISSING)


class Stamps:
    """Texts → codes into `seconds` and `local`; a text that is no stamp has `_SKIPPED`, and its expected form in `refused`."""

    def __init__(self, format: str) -> None:
        self.codes: dict[Hashable, int] = {}
        self.plain: dict[Hashable, int] = {}
        """Of the codes those of stamps."""
        self.seconds: array[int] = array("q")
        self.local: array[int] = array("B")
        self.refused: dict[Hashable, str] = {}
        self._read, self._known = reader_of(format), dict[int, int]()
        self._days: dict[Hashable, list[int]] = {}

    def add(self, key: Hashable) -> int:
        """Return the code of a text (or stamp of Parquet) that was not met yet."""
        stamp = self.read(key)
        self.codes[key] = _SKIPPED if stamp is None else self.code_of(stamp.seconds, stamp.local)
        if stamp is not None:
            self.plain[key] = self.codes[key]
        return self.codes[key]

    def read(self, key: Hashable) -> Stamp | None:
        """Return the stamp of a cell, or None."""
        if isinstance(key, Stamp):
            return key
        try:
            return self._read(str(key).strip())
        except NoStamp as error:
            self.refused[key] = str(error)
        except ValueError:
            self.refused[key] = "1970 to 2099"
        return None

    def code_of(self, seconds: int, local: bool) -> int:
        """Return the code of a stamp."""
        code = self._known.setdefault(2 * seconds + local, len(self.seconds))
        if code == len(self.seconds):
            self.seconds.append(seconds)
            self.local.append(local)
        return code

    def show(self, code: int) -> str:
        """Return a stamp for people."""
        return wall_clock(self.seconds[code]) if self.local[code] else format_instant(self.seconds[code])

    def codes_of_day(self, key: Hashable, positions: int, step: int) -> list[int] | None:
        """Return the codes of the stamps of a day's columns, or None where the text is no date."""
        known = self._days.get(key)
        if known is None:
            start = self.read(key)
            if start is None or start.seconds % DAY or not start.local:
                self.refused.setdefault(key, "a date")
                return None
            known = [self.code_of(start.seconds + at * step, True) for at in range(positions)]
            self._days[key] = known
        return known


@dataclass
class Columns:
    """Every reading of the files, in their order: codes into `names`, `stamps`, `values`; quality; file and row."""

    names: list[str]
    stamps: Stamps
    values: Values
    meter: array[int] = field(default_factory=lambda: array("i"))
    stamp: array[int] = field(default_factory=lambda: array("i"))
    value: array[int] = field(default_factory=lambda: array("i"))
    quality: array[int] = field(default_factory=lambda: array("B"))
    line: array[int] = field(default_factory=lambda: array("q"))
    """File number × 2⁴⁰ + row."""
    rows: int = 0


@dataclass(frozen=True)
class Shape:
    """Where the columns of a file stand."""

    time: tuple[int, ...]
    values: tuple[int, ...]
    meter: int | None
    quality: int | None
    titles: tuple[str, ...]


class Collector:
    """Takes the rows of one file after the other."""

    def __init__(self, map: MeterMap, faults: Faults) -> None:
        self._map, self._faults = map, faults
        self.columns = Columns([], Stamps(map.format), Values(map))
        self._names: dict[Hashable, int] = {}
        self._numbers: dict[str, int] = {}
        self._not_mapped: dict[str, int] = {}
        self._quality_of = map.quality_of

    def take(self, rows: Rows, file: int, stem: str) -> int:
        """Take a file's rows; return how many there were. Whatever is wrong with it is a finding."""
        before, iterator = self.columns.rows, rows.rows()
        try:
            shape, ahead = self._shape(iterator, rows)
            take = {"long": self._take_long, "day": self._take_day, "columns": self._take_columns}[self._map.layout]
            for number, cells in self._whole_rows(ahead, iterator, shape, rows):
                self.columns.rows += 1
                take(cells, shape, rows.place(number), file << 40 | number, stem)
        except Stopped:
            pass
        if self.columns.rows == before and not self._faults.errors:
            self._faults.add("CSV_EMPTY", "error", rows.place(1), "send a table with at least one reading", "no readings", "readings")
        return self.columns.rows - before

    def conclude(self) -> Columns:
        """Return what was taken; meters that the map leaves out are findings."""
        for name, count in self._not_mapped.items():
            action = "nothing to do where this meter is not yours; else name it among the map's meters"
            self._faults.add("METER_NOT_MAPPED", "warning", f"meter {name[:63]}", action, f"{count} rows left out", "a meter of the map")
        return self.columns

    def _whole_rows(self, ahead: Sequence[Row], iterator: Iterator[Row], shape: Shape, rows: Rows) -> Iterator[Row]:
        width, needed = len(shape.titles), 1 + max((*shape.time, *shape.values[:1], shape.meter or 0))
        for source in (ahead, iterator):
            for number, cells in source:
                if len(cells) == width:
                    yield number, cells
                elif len(cells) > width and not any(str(cell).strip() for cell in cells[width:]):
                    yield number, cells[:width]
                elif len(cells) >= needed and len(cells) < width and self._map.layout != "long":
                    yield number, [*cells, *[None] * (width - len(cells))]
                else:
                    action = "give every row the columns of the titles; a decimal comma needs another delimiter or quotation marks"
                    self._faults.add("CSV_COLUMNS", "error", rows.place(number), action, f"{len(cells)} columns", f"{width} columns")

    def _shape(self, iterator: Iterator[Row], rows: Rows) -> tuple[Shape, list[Row]]:
        """Read titles; return where the columns stand and the rows that were read for it."""
        map, first = self._map, next(iterator, None)
        if isinstance(rows, CsvRows):
            while first is not None and first[0] < map.header:
                first = next(iterator, None)
        if first is None:
            raise Stopped
        cells = [str(cell).strip() for cell in first[1]]
        named = map.needs_titles or not isinstance(rows, CsvRows)
        titles = cells if named else [str(at + 1) for at in range(len(cells))]
        place = rows.place(first[0])
        before = self._faults.errors
        time = tuple(self._find(titles, title, place) for title in map.time)
        meter = None if map.meter is None else self._find(titles, map.meter, place)
        quality = None if map.quality is None else self._find(titles, map.quality, place)
        values = self._value_columns(titles, {*time, meter, quality}, place)
        if self._faults.errors > before:
            raise Stopped
        return Shape(time, values, meter, quality, tuple(titles)), [] if named else [first]

    def _value_columns(self, titles: list[str], others: set[int | None], place: str) -> tuple[int, ...]:
        map = self._map
        if map.layout == "columns" and not map.value:
            wanted = [title for title in titles if title in map.meters] if map.meters else []
            if map.meters:
                missing = [title for title in map.meters if title not in titles]
                return tuple(self._find(titles, title, place) for title in (*wanted, *missing))
            return tuple(at for at in range(len(titles)) if at not in others and titles[at])
        if map.layout == "day":
            positions = 1440 // map.interval
            most = positions + 60 // map.interval if map.day_columns == "elapsed" else positions
            if not map.value:
                found = tuple(at for at in range(len(titles)) if at not in others and titles[at])
            else:
                ends = [self._find(titles, title, place) for title in map.value]
                found = tuple(range(ends[0], ends[-1] + 1)) if len(ends) == 2 else tuple(ends)
            if not positions <= len(found) <= most:
                action = "name the first and the last column of the values in the map's value, and the interval"
                self._faults.add("CSV_COLUMNS", "error", place, action, f"{len(found)} value columns", f"{positions} value columns")
            return found
        return tuple(self._find(titles, title, place) for title in map.value)

    def _find(self, titles: list[str], title: str, place: str) -> int:
        if titles.count(title) == 1:
            return titles.index(title)
        near = difflib.get_close_matches(title, titles, 1)
        action = f"is {near[0][:40]} meant? correct the map" if near else "correct the map: titles are written as in the file"
        if title in titles:
            action = "two columns have this title: rename one, or count columns with header=0"
        self._faults.add("COLUMN_MISSING", "error", place, action, ", ".join(titles), title)
        return 0

    def _take_long(self, cells: Sequence[object], shape: Shape, place: str, line: int, stem: str) -> None:
        columns = self.columns
        stamp = self._stamp(cells, shape, place)
        flag = _ACTUAL if shape.quality is None else self._quality(cells, shape, place)
        for at in shape.values:
            suffix = f"-{shape.titles[at]}" if len(shape.values) > 1 else ""
            meter = self._meter(cells, shape, stem, suffix, place)
            code = columns.values.plain.get(cells[at])
            if code is None:
                code = self._value(cells[at], place, shape.titles[at], meter, stamp)
            if stamp != _SKIPPED and meter != _SKIPPED:
                columns.meter.append(meter)
                columns.stamp.append(stamp)
                columns.value.append(MISSING if flag == _MISSING else code)
                columns.quality.append(flag)
                columns.line.append(line)

    def _take_columns(self, cells: Sequence[object], shape: Shape, place: str, line: int, stem: str) -> None:
        stamp = self._stamp(cells, shape, place)
        flag = _ACTUAL if shape.quality is None else self._quality(cells, shape, place)
        if stamp == _SKIPPED:
            return
        meters = [self._name(shape.titles[at], place) for at in shape.values]
        plain = self.columns.values.plain
        codes = [plain.get(cells[at]) for at in shape.values]
        taken = [
            (meter, self._value(cells[at], place, shape.titles[at], meter, stamp) if code is None else code)
            for at, meter, code in zip(shape.values, meters, codes, strict=True)
            if meter != _SKIPPED
        ]
        self._extend([meter for meter, _ in taken], [stamp] * len(taken), [code for _, code in taken], flag, line)

    def _take_day(self, cells: Sequence[object], shape: Shape, place: str, line: int, stem: str) -> None:
        columns, map = self.columns, self._map
        date = cells[shape.time[0]]
        step = map.interval * 60
        stamps = columns.stamps.codes_of_day(date if isinstance(date, Stamp) else str(date).strip(), len(shape.values), step)
        if stamps is None:
            self._refuse_stamp(str(date), place, columns.stamps.refused.get(str(date).strip(), "a date"))
            return
        meter, flag = self._meter(cells, shape, stem, "", place), self._quality(cells, shape, place)
        if meter == _SKIPPED:
            return
        plain = columns.values.plain
        codes = [
            code if (code := plain.get(cells[at])) is not None else self._value(cells[at], place, shape.titles[at], meter, stamp)
            for at, stamp in zip(shape.values, stamps, strict=True)
        ]
        self._extend([meter] * len(codes), stamps, codes, flag, line)

    def _extend(self, meters: list[int], stamps: list[int], codes: list[int], flag: int, line: int) -> None:
        columns, count = self.columns, len(codes)
        columns.meter.extend(meters)
        columns.stamp.extend(stamps)
        columns.value.extend([MISSING] * count if flag == _MISSING else codes)
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
        if code == _SKIPPED:
            self._refuse_stamp(str(key), place, stamps.refused.get(key, ""))
        return code

    def _refuse_stamp(self, text: str, place: str, expected: str) -> None:
        action = "correct the stamp, or the map's format; the readings of this row are not taken"
        self._faults.add("TIMESTAMP_INVALID", "error", place, action, text or "nothing", expected)

    def _value(self, cell: object, place: str, title: str, meter: int, stamp: int) -> int:
        values = self.columns.values
        key: Hashable = cell
        code = values.codes.get(key)
        if code is None:
            code = values.add(key)
        if code == MISSING:
            if meter != _SKIPPED and stamp != _SKIPPED:
                action = "nothing to do where there is no reading; its slots are missing, not zero"
                self._faults.add(
                    "VALUE_ABSENT", "info", f"{place} column {title}", action, str(cell or "empty"), "a number", **self._facts(meter, stamp)
                )
        elif code in values.refused:
            why = values.refused[code]
            facts = self._facts(meter, stamp)
            self._faults.add(why.code, "error", f"{place} column {title}", why.action, values.shown[code], why.expected, **facts)
        return code

    def _facts(self, meter: int, stamp: int) -> dict[str, str]:
        facts = {}
        if meter != _SKIPPED:
            facts["meter"] = self.columns.names[meter]
        if stamp != _SKIPPED:
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
        if shape.meter is None:
            own = stem if self._map.meter_id == "{file}" else str(self._map.meter_id)
            return self._name(own + suffix, place)
        return self._name(str(cells[shape.meter] if cells[shape.meter] is not None else "").strip() + suffix, place)

    def _name(self, name: str, place: str) -> int:
        number = self._names.get(name)
        if number is None:
            number = self._names[name] = self._number(name, place)
        if number == _SKIPPED:
            if name in self._not_mapped:
                self._not_mapped[name] += 1
            else:
                self._refuse_meter(name, place)
        return number

    def _number(self, name: str, place: str) -> int:
        map = self._map
        if map.meters and name not in map.meters and map.meter_id is None:
            self._not_mapped[name] = 0
            return _SKIPPED
        id = map.meters.get(name, name)
        if not is_identifier(id):
            return _SKIPPED
        known = self._numbers.setdefault(id, len(self.columns.names))
        if known == len(self.columns.names):
            self.columns.names.append(id)
        return known

    def _refuse_meter(self, name: str, place: str) -> None:
        action = "give the meter an id of yours in the map's meters, as meters=总表:HQ-1"
        self._faults.add("METER_UNKNOWN", "error", place, action, name or "nothing", "1 to 63 letters, digits, dots, hyphens, underscores")


def check_zone(map: MeterMap, columns: Columns) -> None:
    """Raise InputError where stamps are of the wall's clock and the map does not say of which."""
    if map.zone is None and any(columns.stamps.local):
        raise InputError("the stamps carry no offset from UTC and the map names no zone", hint="add zone, as Asia/Shanghai or +08:00")
