"""Where the columns of a file stand, and which of its rows are readings (spec: meter-import §2)."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from ledger.metering.imports.faults import Faults
from ledger.metering.imports.meter_map import MeterMap
from ledger.metering.imports.source import CsvRows, Row, Stopped


class Rows(Protocol):
    """The rows of a file, titles first."""

    def place(self, number: int) -> str:
        """Return the place of a row for a finding."""

    def rows(self) -> Iterator[Row]:
        """Yield the rows; raise Stopped where reading cannot go on."""


@dataclass(frozen=True)
class Shape:
    """Where the columns of a file stand."""

    time: tuple[int, ...]
    values: tuple[int, ...]
    meter: tuple[int, ...]
    quality: int | None
    unit: int | None
    seconds: int | None
    where: tuple[tuple[int, str], ...]
    titles: tuple[str, ...]

    def least_cells(self, layout: str) -> int:
        """Return how many cells a row must have at least; what lacks at its end is missing."""
        values = self.values if layout == "long" else self.values[:1]
        others = [at for at in (self.quality, self.unit, self.seconds) if at is not None] if layout == "long" else []
        return 1 + max((*self.time, *values, *self.meter, *others, *(at for at, _ in self.where)))


class RowReader:
    """Finds the titles of one file, and gives its rows of readings with as many cells as there are titles."""

    def __init__(self, map: MeterMap, source: Rows, faults: Faults) -> None:
        self._map, self._source, self._faults = map, source, faults
        self._other: Counter[str] = Counter()
        self._iterator = iter(source.rows())
        self._head: object = None
        self.shape = self._find_shape()

    def rows(self) -> Iterator[Row]:
        """Yield the rows of readings; what is passed over is a finding."""
        shape, layout = self.shape, self._map.layout
        width, least, skip = len(shape.titles), shape.least_cells(layout), self._map.skip
        head, where = self._head, shape.where
        for number, cells in self._iterator:
            if skip and self._is_skipped(number, cells):
                continue
            if cells[0] == head and self._are_titles(number, cells):
                continue
            if len(cells) != width:
                if len(cells) > width and not any(str(cell).strip() for cell in cells[width:]):
                    cells = cells[:width]
                elif least <= len(cells) < width:
                    cells = [*cells, *[None] * (width - len(cells))]
                else:
                    action = "give every row the columns of the titles, or name how a row begins that is none in the map's skip"
                    self._faults.add("CSV_COLUMNS", "error", self._source.place(number), action, _show(cells), f"{width} columns")
                    continue
            if where and not all(str(cells[at]).strip() == text or self._leave(at, cells[at]) for at, text in where):
                continue
            yield number, cells
        for what, count in self._other.items():
            action = "nothing to do where these rows are not meant: the map's where chooses"
            self._faults.add("ROWS_LEFT_OUT", "info", "file", action, f"{count} rows of {what}", self._wanted(), rows=str(count))

    def _leave(self, at: int, cell: object) -> bool:
        self._other[f"{self.shape.titles[at]} {str(cell)[:30]}"] += 1
        return False

    def _wanted(self) -> str:
        return ", ".join(f"{title} {text}" for title, text in self._map.where.items())

    def _is_skipped(self, number: int, cells: Sequence[object]) -> bool:
        text = next((text for cell in cells if (text := str(cell).strip())), "")
        if not any(start and text.startswith(start) for start in self._map.skip):
            return False
        self._pass_over(number, text)
        return True

    def _are_titles(self, number: int, cells: Sequence[object]) -> bool:
        shape = self.shape
        needed = {*shape.time, *shape.values, *shape.meter}
        again = self._map.needs_titles and all(at < len(cells) and str(cells[at]).strip() == shape.titles[at] for at in needed)
        if again:
            self._pass_over(number, "the titles again")
        return again

    def _pass_over(self, number: int, got: str) -> None:
        action = "nothing to do: this row is no reading"
        self._faults.add("ROW_PASSED_OVER", "info", self._source.place(number), action, got, "a row of readings")

    def _find_shape(self) -> Shape:
        """Read the titles."""
        map, first = self._map, next(self._iterator, None)
        csv = isinstance(self._source, CsvRows)
        while first is not None and csv and map.skip and self._is_skipped(*first):
            first = next(self._iterator, None)
        if first is None:
            raise Stopped
        self._head = first[1][0]
        cells = [str(cell).strip() for cell in first[1]]
        named = map.needs_titles or not csv
        titles = cells if named else [str(at + 1) for at in range(len(cells))]
        if not named:
            self._iterator = chain([first], self._iterator)
        place = self._source.place(first[0])
        before = self._faults.errors

        def find(title: str | None) -> int | None:
            return None if title is None else self._find(titles, title, place)

        time = tuple(self._find(titles, title, place) for title in map.time)
        meter = tuple(self._find(titles, title, place) for title in map.meter)
        quality, unit, seconds = find(map.quality), find(map.unit_column), find(map.seconds_column)
        where = tuple((self._find(titles, title, place), text) for title, text in map.where.items())
        others = {*time, *meter, quality, unit, seconds, *(at for at, _ in where)}
        values = self._value_columns(titles, others, place)
        if self._faults.errors > before:
            raise Stopped
        return Shape(time, values, meter, quality, unit, seconds, where, tuple(titles))

    def _value_columns(self, titles: list[str], others: set[int | None], place: str) -> tuple[int, ...]:
        map = self._map
        if map.layout == "columns" and not map.value:
            wanted = [title for title in titles if title in map.meters] if map.meters else []
            if map.meters:
                missing = [title for title in map.meters if title not in titles]
                return tuple(self._find(titles, title, place) for title in (*wanted, *missing))
            return tuple(at for at in range(len(titles)) if at not in others and titles[at])
        if map.layout == "day":
            positions = 86_400 // map.seconds
            most = positions + 3_600 // map.seconds if map.day_columns == "elapsed" else positions
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
        numbered = re.fullmatch(r"#([1-9]\d{0,4})", title, re.ASCII)
        if numbered is not None and int(numbered[1]) <= len(titles):
            return int(numbered[1]) - 1
        near = difflib.get_close_matches(title, titles[:1000], 1)
        action = (
            f"is {near[0][:40]} meant? correct the map"
            if near
            else "correct the map: titles are written as in the file; header is their line"
        )
        if title in titles:
            action = "two columns have this title: name one by its number, as #3"
        self._faults.add("COLUMN_MISSING", "error", place, action, ", ".join(titles[:1000]), title)
        return 0


def _show(cells: Sequence[object]) -> str:
    return f"{len(cells)} columns: {', '.join(str(cell) for cell in cells[:8])}"
