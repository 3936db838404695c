"""Write tables to a workbook: typed cells, drop-downs, comments, hidden codes, a frozen header. The same tables give the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

from ledger.workbook.columns import Column, Table
from ledger.workbook.filling import Texts
from ledger.workbook.grid import column_name, is_exact_number, number_text

LISTS_SHEET = "_lists"
SPARE_ROWS = 200
_NUMBERS = ("decimal", "integer", "bp")
_HEADER = PatternFill("solid", fgColor="FFDDEBF7")
_SHOWN = PatternFill("solid", fgColor="FFF2F2F2")
_BOLD = Font(bold=True)
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Excel reads `_x0041_` inside a text as a character: what looks like it is written so that it comes back as it is.
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_MOMENT = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")


@dataclass(frozen=True)
class FilledRow:
    """The texts of one row by column key, drop-downs of its own by key, and a comment for some of its cells."""

    texts: Texts
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)


class XlsxWriter:
    """A workbook that grows sheet by sheet. Texts are never formulas, whatever they begin with."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._book = Workbook()
        self._book.remove(self._book.active)
        self._lists: dict[tuple[str, ...], str] = {}

    def add_lines(self, title: str, lines: Iterable[str]) -> None:
        """Add a sheet of lines of text."""
        sheet = self._book.create_sheet(title)
        sheet.column_dimensions["A"].width = 110
        for number, line in enumerate(lines, start=1):
            cell = self._write(sheet, number, 1, line)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if number == 1:
                cell.font = _BOLD

    def add_pairs(self, title: str, pairs: Mapping[str, str]) -> None:
        """Add a sheet of names and values that only a program shows."""
        sheet = self._book.create_sheet(title)
        sheet.sheet_state = "veryHidden"
        for number, (key, value) in enumerate(pairs.items(), start=1):
            self._write(sheet, number, 1, key)
            self._write(sheet, number, 2, value)

    def add_table(self, table: Table, rows: Sequence[FilledRow], lists: Mapping[str, tuple[str, ...]]) -> None:
        """Add the sheet of a table with its rows; `lists` are drop-downs by column key for every row that has none of its own."""
        sheet = self._book.create_sheet(table.title.in_language(self.language))
        for number, column in enumerate(table.columns, start=1):
            self._write_title(sheet, number, column)
        for number, row in enumerate(rows, start=2):
            self._write_row(sheet, number, table, row)
        last = len(rows) + 1 + SPARE_ROWS
        for number, column in enumerate(table.columns, start=1):
            self._write_lists(sheet, number, column, rows, lists.get(column.key, ()), last)
        sheet.freeze_panes = "A2"
        sheet.auto_filter.ref = f"A1:{column_name(len(table.columns))}{max(2, len(rows) + 1)}"

    def add_grid(
        self, title: str, header: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[bool], notes: Iterable[str] = ()
    ) -> None:
        """Add a sheet of texts under a header; those of columns in `numbers` are number cells where one keeps them exactly."""
        sheet = self._book.create_sheet(title)
        for number, text in enumerate(header, start=1):
            cell = self._write(sheet, 1, number, text)
            cell.font, cell.fill, cell.alignment = _BOLD, _HEADER, Alignment(wrap_text=True, vertical="center")
            sheet.column_dimensions[column_name(number)].width = 22 if numbers[number - 1] else 34
        last = 1
        for last, row in enumerate(rows, start=2):
            for number, text in enumerate(row, start=1):
                decimals = len(text.partition(".")[2])
                plain = text.rstrip("0").rstrip(".") if decimals else text
                if numbers[number - 1] and _is_kept(plain):
                    cell = sheet.cell(last, number)
                    cell.value = float(plain) if "." in plain else int(plain)
                    cell.number_format = f"0.{'0' * decimals}" if decimals else "0"
                elif text:
                    self._write(sheet, last, number, text)
        for offset, note in enumerate(notes, start=2):
            self._write(sheet, last + offset, 1, note)
        sheet.freeze_panes = "A2"

    def to_bytes(self) -> bytes:
        """Return the workbook."""
        self._add_lists()
        buffer = io.BytesIO()
        self._book.save(buffer)
        return _without_clock(buffer.getvalue())

    def _write(self, sheet: Any, row: int, column: int, text: str) -> Any:
        cell = sheet.cell(row, column)
        cell.value = _LOOKS_ESCAPED.sub("_x005F_", text)
        # Set after the value, which would make a formula of a text that begins like one.
        cell.data_type = "s"
        if text[:1] in ("=", "+", "-", "@", "'"):
            cell.quotePrefix = True
        return cell

    def _write_title(self, sheet: Any, number: int, column: Column) -> None:
        cell = self._write(sheet, 1, number, column.title.in_language(self.language))
        cell.font, cell.fill = _BOLD, _HEADER
        cell.alignment = Alignment(wrap_text=True, vertical="center")
        cell.comment = Comment(column.note.in_language(self.language), "Lingtan", width=320, height=110)
        dimension = sheet.column_dimensions[column_name(number)]
        dimension.width, dimension.hidden = column.width, column.hidden

    def _write_row(self, sheet: Any, number: int, table: Table, row: FilledRow) -> None:
        for index, column in enumerate(table.columns, start=1):
            text = row.texts.get(column.key, "")
            cell = self._write_value(sheet, number, index, column, text) if text else sheet.cell(number, index)
            if column.kind in ("date", "month"):
                cell.number_format = "yyyy-mm-dd"
            elif column.kind in ("name", "ignored") and column.key != "note":
                cell.fill = _SHOWN
            if column.key in row.comments:
                cell.comment = Comment(row.comments[column.key], "Lingtan")

    def _write_value(self, sheet: Any, row: int, number: int, column: Column, text: str) -> Any:
        if column.kind in _NUMBERS and _is_kept(text):
            cell = sheet.cell(row, number)
            cell.value = float(text) if "." in text else int(text)
            return cell
        if column.kind in ("date", "month") and _ISO_DAY.fullmatch(text) and text >= "1900-03-01":
            cell = sheet.cell(row, number)
            cell.value = date.fromisoformat(text)
            return cell
        cell = self._write(sheet, row, number, text)
        if column.kind in _NUMBERS:
            cell.number_format = "@"
        return cell

    def _write_lists(self, sheet: Any, number: int, column: Column, rows: Sequence[FilledRow], common: tuple[str, ...], last: int) -> None:
        letters = column_name(number)
        ranges: dict[tuple[str, ...], list[str]] = {}
        for index, row in enumerate(rows, start=2):
            choices = row.lists.get(column.key, common)
            if choices:
                ranges.setdefault(choices, []).append(f"{letters}{index}")
        if common:
            ranges.setdefault(common, []).append(f"{letters}{len(rows) + 2}:{letters}{last}")
        for choices, cells in ranges.items():
            # The list helps and does not bind: codes, other spellings and the other language are taken too, and the reader judges.
            rule = DataValidation(type="list", formula1=self._list_of(choices), allow_blank=True, showErrorMessage=False)
            rule.sqref = " ".join(_together(letters, cells))
            sheet.add_data_validation(rule)
        if column.kind == "integer" and column.key == "quality":
            rule = DataValidation(type="whole", operator="between", formula1="1", formula2="5", allow_blank=True)
            rule.sqref = f"{letters}2:{letters}{last}"
            sheet.add_data_validation(rule)

    def _list_of(self, choices: tuple[str, ...]) -> str:
        if choices not in self._lists:
            letters = column_name(len(self._lists) + 1)
            self._lists[choices] = f"{LISTS_SHEET}!${letters}$1:${letters}${len(choices)}"
        return self._lists[choices]

    def _add_lists(self) -> None:
        if not self._lists:
            return
        sheet = self._book.create_sheet(LISTS_SHEET)
        sheet.sheet_state = "veryHidden"
        for number, choices in enumerate(self._lists, start=1):
            for row, text in enumerate(choices, start=1):
                self._write(sheet, row, number, text)


def _is_kept(text: str) -> bool:
    """Tell whether a number cell gives exactly this text back, also after openpyxl spelled it with 16 digits."""
    return is_exact_number(text) and number_text(f"{float(text):.16g}") == text


def _together(letters: str, cells: Sequence[str]) -> list[str]:
    """Return single cells and ranges of one column with neighbours joined to ranges."""
    found: list[list[int]] = []
    for text in cells:
        first, _, last = text.replace(letters, "").partition(":")
        start, end = int(first), int(last or first)
        if found and found[-1][1] == start - 1:
            found[-1][1] = end
        else:
            found.append([start, end])
    return [f"{letters}{start}:{letters}{end}" if end > start else f"{letters}{start}" for start, end in found]


def _without_clock(data: bytes) -> bytes:
    """Return the same workbook without the time at which it was written."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _MOMENT.sub(rb"\g<1>2000-01-01T00:00:00Z", content)
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, content)
    return buffer.getvalue()
