"""Rows of a table to items of a document, with every finding at its cell; the same for a sheet and for a CSV file.

Two kinds of rule meet here: what a cell may hold (typed.py), and what an item of the document must be, which is asked of the readers of
ledger.records themselves, so that a table and a document are judged alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ledger.records.activity_record import Register
from ledger.records.fields import Fields
from ledger.records.findings import Finding
from ledger.units import format_decimal
from ledger.workbook.columns import Column, Table
from ledger.workbook.grid import Grid, Merged, Row
from ledger.workbook.header import Header, find_header
from ledger.workbook.labels import NameList
from ledger.workbook.typed import Refused, read_cell

MAX_FINDINGS = 10_000
_QUANTITY = ("quantity", "value")
Item = dict[str, object]
Reader = Callable[[Fields], object]


@dataclass(frozen=True)
class RowItem:
    """An item as one row gives it, with the place of each of its values, by the steps to it, and of the row."""

    item: Item
    row: int
    place: str
    places: Mapping[tuple[str, ...], str]

    def place_of(self, path: tuple[str, ...]) -> str:
        """Return the place of the value at `path`, else of what holds it or of what it holds, else of the row."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return next((place for steps, place in self.places.items() if path and steps[: len(path)] == path), self.place)


@dataclass(frozen=True)
class TableReading:
    """What a table gave: items in the order of their rows, those without a single error only, and all findings."""

    items: tuple[RowItem, ...]
    findings: tuple[Finding, ...]
    rows: int


@dataclass(frozen=True)
class TableRules:
    """How the items of one table are judged: names behind codes, the fields and reader of an item, and what else is to be checked.

    Without a reader only what the cells hold is judged here: the document is, with all rows together.
    """

    names: Mapping[str, NameList | None]
    fields: tuple[str, ...] = ()
    reader: Reader | None = None
    check: Callable[[RowItem], list[Finding]] = lambda row: []


def read_table(grid: Grid, table: Table, rules: TableRules) -> TableReading:
    """Return the items of a grid that holds this table, and every finding; empty rows and rows that were only offered are left out."""
    header, findings = find_header(grid, table)
    if header is None:
        return TableReading((), findings, 0)
    collected = list(findings)
    merged = _merged_rows(grid, table, header)
    items, counted, hidden = [], 0, []
    for row in grid.rows:
        if row.number <= header.row or not _says_something(row, table, header):
            continue
        counted += 1
        if row.hidden:
            hidden.append(row.number)
        item, found = _RowReading(grid, table, header, rules, row).read(merged.get(row.number))
        collected.extend(found)
        if item is not None:
            items.append(item)
        if len(collected) > MAX_FINDINGS:
            action = "correct what is named so far and send it again"
            collected.append(Finding("TABLE_TOO_MANY_ERRORS", "error", grid.row_place(row.number), action, f"more than {MAX_FINDINGS}"))
            break
    if hidden:
        action = "show the rows and look at them, or delete them"
        got = f"{len(hidden)} hidden rows, the first is {hidden[0]}"
        collected.append(Finding("ROW_HIDDEN", "warning", grid.row_place(hidden[0]), action, got, "rows that can be seen"))
    return TableReading(tuple(items), tuple(collected), counted)


def _says_something(row: Row, table: Table, header: Header) -> bool:
    filled = [key for key, column in header.columns.items() if column in row.cells]
    if any(key in table.filled for key in filled):
        return True
    if not table.offered:
        return False
    # An offered row may be left as it is. One of the user's own has no code; once it names somebody it must say how much.
    own = "id" not in filled and any(column.key == "id" for column in table.columns)
    return own and any(table.column(key).kind == "name" for key in filled)


def _merged_rows(grid: Grid, table: Table, header: Header) -> dict[int, tuple[Merged, Column]]:
    """Return a merged range that covers a column of the table for each row that has one, and the first such column.

    One is enough to refuse a row. Ranges are taken once in the order of their rows, so that many large ones cost no more than few.
    """
    columns = [(number, column) for key, number in header.columns.items() if (column := table.column(key)).kind != "ignored"]
    starting = []
    for merged in grid.merged:
        covered = [(number, column) for number, column in columns if merged.columns[0] <= number <= merged.columns[1]]
        if covered:
            starting.append((merged.rows[0], merged, min(covered, key=lambda pair: pair[0])[1]))
    starting.sort(key=lambda item: item[0], reverse=True)
    found: dict[int, tuple[Merged, Column]] = {}
    reaching: tuple[Merged, Column] | None = None
    for row in grid.rows:
        while starting and starting[-1][0] <= row.number:
            _, merged, column = starting.pop()
            # Of all ranges that began so far the one that reaches farthest down covers this row, if any does.
            if reaching is None or merged.rows[1] > reaching[0].rows[1]:
                reaching = merged, column
        if reaching is not None and row.number <= reaching[0].rows[1]:
            found[row.number] = reaching
    return found


class _RowReading:
    """One row on its way to an item."""

    def __init__(self, grid: Grid, table: Table, header: Header, rules: TableRules, row: Row) -> None:
        self._grid, self._table, self._header, self._rules, self._row = grid, table, header, rules, row
        self._findings: list[Finding] = []
        self._bad: set[tuple[str, ...]] = set()

    def read(self, merged: tuple[Merged, Column] | None) -> tuple[RowItem | None, list[Finding]]:
        values = {column.path: self._value(column) for column in self._table.columns if column.path}
        if merged is not None:
            action = "unmerge the cells and fill in each row"
            self._refuse(merged[1], "CELL_MERGED", action, merged[0].text, "one value in one cell")
        item = self._item(values)
        places = {column.path: self._place(column) for column in self._table.columns if column.path}
        for column in self._table.columns:
            # What is wrong with a code is shown where people see it: at the name.
            if column.kind == "name" and column.key in self._header.columns:
                places[self._table.column(column.names).path] = self._place(column)
        found = RowItem(item, self._row.number, self._grid.row_place(self._row.number), places)
        self._check_nothing_missing(item)
        self._judge(found)
        if not self._findings:
            self._findings.extend(self._rules.check(found))
        errors = any(finding.severity == "error" for finding in self._findings)
        return (None if errors else found), self._findings

    def _place(self, column: Column) -> str:
        number = self._header.columns.get(column.key)
        return self._grid.row_place(self._row.number) if number is None else self._grid.place(self._row.number, number)

    def _refuse(self, column: Column, code: str, action: str, got: str | None, expected: str | None) -> None:
        params = {"table": self._table.key, "column": column.key, "row": str(self._row.number)}
        self._findings.append(Finding(code, "error", self._place(column), action, got, expected, params))
        self._bad.add(self._table.column(column.names).path if column.names else column.path)

    def _value(self, column: Column) -> object:
        if column.kind == "code":
            return self._code(column)
        number = self._header.columns.get(column.key)
        cell = None if number is None else self._row.cells.get(number)
        if cell is None:
            return None
        try:
            return read_cell(cell, column)
        except Refused as refused:
            self._refuse(column, refused.code, refused.action, refused.got, refused.expected)
            return None

    def _code(self, column: Column) -> str | None:
        """Return the code that a row names by itself, by its name, or by both if they agree."""
        shown = next((other for other in self._table.columns if other.kind == "name" and other.names == column.key), column)
        texts: list[str] = []
        for part in (column, shown):
            number = self._header.columns.get(part.key)
            cell = None if number is None else self._row.cells.get(number)
            try:
                texts.append("" if cell is None else str(read_cell(cell, part)))
            except Refused as refused:
                self._refuse(part, refused.code, refused.action, refused.got, refused.expected)
                return None
        code, name = texts
        known = self._rules.names.get(column.key)
        if not name:
            if code and known is not None and code not in known:
                self._unknown(column, column, code)
                return None
            return code or None
        if known is None:
            if not code:
                self._refuse(shown, "UNIT_UNKNOWN", "give the organisation tree along, or write the code", name[:80], "a code")
            return code or None
        meant = known.find(name)
        if code and code not in known and not meant:
            self._unknown(column, shown, code)
            return None
        if code and code not in meant:
            names = known.label(code, "zh")
            action = "write the name that belongs to the row, or empty the hidden code"
            self._refuse(shown, "CODE_DIFFERS", action, name[:80], f"{names}, of the hidden code {code[:63]}")
            return None
        if not meant:
            self._unknown(column, shown, name)
            return None
        if code:
            return code
        if len(meant) > 1:
            action = "write the name with its code behind it, in brackets"
            self._refuse(shown, "NAME_AMBIGUOUS", action, name[:80], "one of " + ", ".join(sorted(meant)[:5]))
            return None
        return next(iter(meant))

    def _unknown(self, column: Column, shown: Column, text: str) -> None:
        if column.key == "indicator":
            self._refuse(shown, "INDICATOR_UNKNOWN", "choose an indicator of the library", text[:80], "an indicator of the release")
        else:
            self._refuse(shown, "UNIT_UNKNOWN", "choose a unit of the organisation tree", text[:80], "a unit of the organisation")

    def _item(self, values: Mapping[tuple[str, ...], object]) -> Item:
        item: Item = {}
        for path, value in values.items():
            holder = item
            for step in path[:-1]:
                inner = holder.setdefault(step, {})
                holder = inner if isinstance(inner, dict) else {}
            holder[path[-1]] = value
        for group in self._table.groups:
            inner = item.get(group)
            if isinstance(inner, dict) and all(value is None for value in inner.values()) and (group,) not in self._bad:
                item[group] = None
        return item

    def _check_nothing_missing(self, item: Item) -> None:
        register = item.get("register")
        if isinstance(register, dict) and _at(item, _QUANTITY) is None and _QUANTITY not in self._bad:
            # Readings give the quantity by themselves; where they do not, they are what is wrong.
            quantity = item["quantity"]
            used = _used(register)
            if used is not None and isinstance(quantity, dict):
                quantity["value"] = used
            else:
                self._bad.add(_QUANTITY)
        for column in self._table.columns:
            path = column.path
            if not path or path in self._bad or _at(item, path) is not None:
                continue
            # The columns of a group are asked for once one of them has something.
            if item.get(path[0]) is None if path[0] in self._table.groups else column.optional:
                continue
            shown = next((other for other in self._table.columns if other.names == column.key), column)
            self._refuse(shown, "CELL_MISSING", "fill in the cell", "nothing", f"{shown.title.zh} {shown.title.en}")

    def _judge(self, found: RowItem) -> None:
        if self._rules.reader is None:
            return
        read: list[Finding] = []
        # A row of the user's own gets its code later, when those of all rows are known.
        item = {**found.item, "id": found.item["id"] or "new"} if "id" in found.item else found.item
        self._rules.reader(Fields(item, "", read, self._rules.fields))
        for finding in read:
            path = tuple(finding.place.strip("/").split("/"))
            if any(path[: len(bad)] == bad or bad[: len(path)] == path for bad in self._bad):
                continue
            place = found.place_of(path)
            params = {**finding.params, "table": self._table.key, "row": str(self._row.number)}
            self._findings.append(Finding(finding.code, finding.severity, place, finding.action, finding.got, finding.expected, params))


def _used(register: Mapping[str, object]) -> str | None:
    first, last, multiplier = (register.get(name) for name in ("first", "last", "multiplier"))
    if not (isinstance(first, str) and isinstance(last, str) and isinstance(multiplier, str)):
        return None
    return format_decimal(Register(first, last, multiplier).used)


def _at(item: Item, path: tuple[str, ...]) -> object:
    value: object = item
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value
