"""Read the sheets of a workbook as a stream: cells as stored, with merged ranges and hidden rows, within counted limits.

A small reader of our own, because a quantity must not pass through a binary number unseen, and because what is counted cannot blow up.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from xml.sax.handler import ContentHandler

from ledger.records.findings import Finding
from ledger.workbook.grid import Cell, CellKind, Grid, Merged, Row, column_number
from ledger.workbook.safety import LIMITS, Limits, UnsafeWorkbook, open_workbook, read_parts, refusal

MAX_CELLS = 500_000
MAX_ROWS = 50_000
MAX_COLUMN = 256
MAX_CELL_TEXT = 32_767
_SHEET_BYTES = 96 << 20
_STRINGS_BYTES = 32 << 20
_STYLES_BYTES = 8 << 20
_WORKBOOK_BYTES = 4 << 20
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
# Formats that every spreadsheet program knows by number: dates, also those of East Asian versions, and percentages.
_DATE_FORMATS = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_PERCENT_FORMATS = frozenset([9, 10])
_FORMAT_TEXTS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.')


@dataclass(frozen=True)
class _Style:
    date: bool = False
    percent: bool = False


@dataclass(frozen=True)
class _Book:
    sheets: tuple[tuple[str, str], ...]
    date1904: bool
    strings: tuple[str, ...]
    styles: tuple[_Style, ...]


def read_sheets(data: bytes, limits: Limits = LIMITS) -> tuple[dict[str, Grid], tuple[Finding, ...]]:
    """Return the sheets of a workbook by title, hidden ones too, and the finding that kept it from being read, if there is one."""
    try:
        with open_workbook(data, limits) as archive:
            book = _read_book(archive)
            counted = _Counted()
            return {title: _read_sheet(archive, title, part, book, counted) for title, part in book.sheets}, ()
    except UnsafeWorkbook as error:
        return {}, (error.finding,)


class _Counted:
    """How many cells were read so far, of all sheets."""

    def __init__(self) -> None:
        self.cells = 0

    def add(self) -> None:
        self.cells += 1
        if self.cells > MAX_CELLS:
            raise refusal("WORKBOOK_TOO_LARGE", "send less data in one workbook", f"more than {MAX_CELLS} cells", f"{MAX_CELLS} cells")


def _read_book(archive: zipfile.ZipFile) -> _Book:
    root = _relations(archive, "_rels/.rels", "")
    main = next((target for kind, target in root.values() if kind.endswith("/officeDocument")), "xl/workbook.xml")
    folder, file = posixpath.split(main)
    relations = _relations(archive, f"{folder}/_rels/{file}.rels", folder)
    workbook = _Workbook()
    read_parts(archive, main, workbook, _WORKBOOK_BYTES)
    sheets = []
    for title, id in workbook.sheets:
        kind, target = relations.get(id, ("", ""))
        if kind.endswith("/worksheet"):
            sheets.append((title, target))
    by_kind = {kind.rpartition("/")[2]: target for kind, target in relations.values()}
    strings, styles = _Strings(), _Styles()
    if "sharedStrings" in by_kind:
        read_parts(archive, by_kind["sharedStrings"], strings, _STRINGS_BYTES)
    if "styles" in by_kind:
        read_parts(archive, by_kind["styles"], styles, _STYLES_BYTES)
    return _Book(tuple(sheets), workbook.date1904, tuple(strings.found), styles.styles())


def _relations(archive: zipfile.ZipFile, name: str, folder: str) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}

    def keep(element: str, attributes: dict[str, str]) -> None:
        if element == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[attributes.get("Id", "")] = (attributes.get("Type", ""), path)

    read_parts(archive, name, _Elements(keep), _WORKBOOK_BYTES)
    return found


def _read_sheet(archive: zipfile.ZipFile, title: str, part: str, book: _Book, counted: _Counted) -> Grid:
    sheet = _Sheet(title, book, counted)
    read_parts(archive, part, sheet, _SHEET_BYTES)
    return Grid(title, tuple(sheet.rows), tuple(sheet.merged))


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class _Elements(ContentHandler):
    """Calls `keep` with the local name and the attributes of every element."""

    def __init__(self, keep: Callable[[str, dict[str, str]], None]) -> None:
        super().__init__()
        self._keep = keep

    def startElement(self, name: str, attrs: object) -> None:
        self._keep(_local(name), dict(attrs))  # type: ignore[call-overload]


class _Workbook(_Elements):
    def __init__(self) -> None:
        super().__init__(self._take)
        self.sheets: list[tuple[str, str]] = []
        self.date1904 = False

    def _take(self, element: str, attributes: dict[str, str]) -> None:
        if element == "sheet":
            id = next((value for name, value in attributes.items() if _local(name) == "id" and ":" in name), "")
            self.sheets.append((attributes.get("name", ""), id))
        elif element == "workbookPr":
            self.date1904 = attributes.get("date1904", "0") in ("1", "true")


class _Styles(_Elements):
    def __init__(self) -> None:
        super().__init__(self._take)
        self._codes: dict[str, str] = {}
        self._formats: list[str] = []
        self._inside = False

    def _take(self, element: str, attributes: dict[str, str]) -> None:
        if element == "numFmt":
            self._codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif element in ("cellXfs", "cellStyleXfs"):
            self._inside = element == "cellXfs"
        elif element == "xf" and self._inside:
            self._formats.append(attributes.get("numFmtId", "0"))

    def endElement(self, name: str) -> None:
        if _local(name) == "cellXfs":
            self._inside = False

    def styles(self) -> tuple[_Style, ...]:
        return tuple(self._style(number) for number in self._formats)

    def _style(self, number: str) -> _Style:
        code = _FORMAT_TEXTS.sub("", self._codes.get(number, "")).lower()
        known = int(number) if number.isdigit() else 0
        if known in _DATE_FORMATS and number not in self._codes:
            return _Style(date=True)
        return _Style(date=any(letter in code for letter in "ymdh"), percent=known in _PERCENT_FORMATS or "%" in code)


class _Texts(ContentHandler):
    """Collects the text inside `t` elements, not that of phonetic hints."""

    def __init__(self) -> None:
        super().__init__()
        self._text: list[str] = []
        self._length = 0
        self._open = False
        self._phonetic = False

    def characters(self, content: str) -> None:
        if self._open and not self._phonetic:
            self._length += len(content)
            if self._length > MAX_CELL_TEXT:
                raise refusal("WORKBOOK_DIMENSIONS", "shorten the text", f"a text of more than {MAX_CELL_TEXT} characters", None)
            self._text.append(content)

    def _restart(self) -> None:
        self._text, self._length = [], 0

    def _taken(self) -> str:
        text = "".join(self._text)
        self._restart()
        return _ESCAPED.sub(_unescape, text) if "_x" in text else text


class _Strings(_Texts):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def startElement(self, name: str, attrs: object) -> None:
        element = _local(name)
        self._open = self._open or element == "t"
        self._phonetic = self._phonetic or element == "rPh"

    def endElement(self, name: str) -> None:
        element = _local(name)
        if element == "t":
            self._open = False
        elif element == "rPh":
            self._phonetic = False
        elif element == "si":
            self.found.append(self._taken())
            if len(self.found) > MAX_CELLS:
                raise refusal("WORKBOOK_TOO_LARGE", "send less data in one workbook", f"more than {MAX_CELLS} texts", f"{MAX_CELLS} texts")


class _Sheet(_Texts):
    """Rows and merged ranges of one sheet; `t`, `v` and `f` of a cell are its text, its value and its formula."""

    def __init__(self, title: str, book: _Book, counted: _Counted) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.merged: list[Merged] = []
        self._title = title
        self._book = book
        self._counted = counted
        self._row = 0
        self._column = 0
        self._hidden = False
        self._cells: dict[int, Cell] = {}
        self._type = "n"
        self._style = _Style()
        self._formula = False

    def startElement(self, name: str, attrs: object) -> None:
        element = _local(name)
        attributes: dict[str, str] = dict(attrs) if element in ("row", "c", "mergeCell") else {}  # type: ignore[call-overload]
        if element == "row":
            self._start_row(attributes)
        elif element == "c":
            self._start_cell(attributes)
        elif element in ("v", "t"):
            self._open = True
        elif element == "f":
            self._formula = True
        elif element == "rPh":
            self._phonetic = True
        elif element == "mergeCell":
            self._merge(attributes.get("ref", ""))

    def endElement(self, name: str) -> None:
        element = _local(name)
        if element in ("v", "t"):
            self._open = False
        elif element == "rPh":
            self._phonetic = False
        elif element == "c":
            self._end_cell()
        elif element == "row":
            self._end_row()

    def _start_row(self, attributes: dict[str, str]) -> None:
        number = attributes.get("r", "")
        row = self._row + 1 if not number else int(number) if number.isdecimal() and len(number) <= 7 else 0
        if row <= self._row or row > 1_048_576:
            raise refusal(
                "WORKBOOK_DAMAGED", "save the workbook again as .xlsx", f"{self._title}: row {number[:20]}", "rows in their order"
            )
        self._row, self._column, self._cells = row, 0, {}
        self._hidden = attributes.get("hidden", "0") in ("1", "true")

    def _start_cell(self, attributes: dict[str, str]) -> None:
        reference = _REFERENCE.fullmatch(attributes.get("r", ""))
        self._column = column_number(reference[1]) if reference else self._column + 1
        self._type = attributes.get("t", "n")
        style = attributes.get("s", "")
        known = style.isdigit() and int(style) < len(self._book.styles)
        self._style = self._book.styles[int(style)] if known else _Style()
        self._formula = False
        self._restart()

    def _end_cell(self) -> None:
        text = self._taken()
        cell = Cell(text.strip()[:80] or "=", "formula") if self._formula else self._cell(text)
        if cell is None:
            return
        self._counted.add()
        if self._column > MAX_COLUMN:
            got = f"{self._title}: a value in column {self._column}"
            raise refusal("WORKBOOK_DIMENSIONS", "remove what stands far to the right", got, f"at most {MAX_COLUMN} columns")
        self._cells[self._column] = cell

    def _cell(self, text: str) -> Cell | None:
        if self._type == "s":
            text = text.strip()
            inside = text.isdigit() and len(text) < 9 and int(text) < len(self._book.strings)
            text = self._book.strings[int(text)] if inside else ""
        text = text.strip()
        if not text:
            return None
        if self._type == "e":
            return Cell(text, "error")
        if self._type == "b":
            return Cell("TRUE" if text == "1" else "FALSE")
        if self._type == "d":
            return Cell(text.removesuffix("Z").removesuffix("T00:00:00"), "date")
        if self._type != "n":
            return Cell(text)
        if self._style.date:
            return _date(text, self._book.date1904)
        kind: CellKind = "number"
        return Cell(text, kind, self._style.percent)

    def _end_row(self) -> None:
        if not self._cells:
            return
        self.rows.append(Row(self._row, self._cells, self._hidden))
        if len(self.rows) > MAX_ROWS:
            raise refusal(
                "WORKBOOK_DIMENSIONS", "send less data in one workbook", f"{self._title}: more than {MAX_ROWS} rows", f"{MAX_ROWS} rows"
            )

    def _merge(self, text: str) -> None:
        first, _, last = text.partition(":")
        corners = _REFERENCE.fullmatch(first), _REFERENCE.fullmatch(last or first)
        if corners[0] and corners[1] and len(self.merged) < MAX_ROWS:
            rows = (int(corners[0][2]), int(corners[1][2]))
            self.merged.append(Merged(text, rows, (column_number(corners[0][1]), column_number(corners[1][1]))))


def _unescape(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return found[0] if 0xD800 <= code < 0xE000 else chr(code)


def _date(text: str, date1904: bool) -> Cell:
    """Return the date of a serial number, with `and a time` behind it if it has one; one out of range stays the number that it is."""
    whole, _, rest = text.partition(".")
    start = date(1904, 1, 1) if date1904 else date(1899, 12, 30)
    # Before March 1900 a day that never was is counted; nobody reports it.
    if not whole.isdecimal() or len(whole) > 7 or (not date1904 and int(whole) < 61):
        return Cell(text, "number")
    try:
        day = (start + timedelta(days=int(whole))).isoformat()
    except OverflowError:
        return Cell(text, "number")
    return Cell(f"{day} and a time" if rest.strip("0") else day, "date")
