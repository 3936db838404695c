"""Cells as they were typed, wherever they came from: a sheet of a workbook or the lines of a CSV file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

CellKind = Literal["text", "number", "date", "formula", "error"]
# A spreadsheet keeps a number in 64 bits: of what was typed, 15 digits are sure to be there still.
SAFE_DIGITS = 15


_STORED = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


class TooManyDigits(Exception):
    """A number of which a spreadsheet may have lost digits. Inside this room only."""


@dataclass(frozen=True)
class Cell:
    """One cell that is not empty: the text of a number as it is stored, that of a date as `YYYY-MM-DD`, with more behind it for a time."""

    text: str
    kind: CellKind = "text"
    percent: bool = False


@dataclass(frozen=True)
class Row:
    """The cells of one row by column number, from 1; `number` is the row of the sheet or the line of the file, from 1."""

    number: int
    cells: Mapping[int, Cell]
    hidden: bool = False


@dataclass(frozen=True)
class Merged:
    """A merged range of a sheet: rows and columns from and to, from 1, both inclusive."""

    text: str
    rows: tuple[int, int]
    columns: tuple[int, int]


@dataclass(frozen=True)
class Grid:
    """A sheet or a CSV file: its title (empty for CSV), the rows that are not empty in their order, and the merged ranges."""

    title: str
    rows: tuple[Row, ...]
    merged: tuple[Merged, ...] = field(default=())

    def place(self, row: int, column: int) -> str:
        """Return how a finding names a cell: `cell 活动数据!E12`, or `line 12 column 5` of a CSV file."""
        return f"cell {self.title}!{column_name(column)}{row}" if self.title else f"line {row} column {column}"

    def row_place(self, row: int) -> str:
        """Return how a finding names a row: `cell 活动数据!A12`, or `line 12`."""
        return f"cell {self.title}!A{row}" if self.title else f"line {row}"

    @property
    def whole(self) -> str:
        """Return how a finding names the sheet or file as a whole."""
        return f"sheet {self.title}" if self.title else "file"


def column_name(number: int) -> str:
    """Return the letters of a column: 1 is A, 27 is AA."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """Return the number of a column's letters: A is 1, AA is 27; 0 for what is no column."""
    number = 0
    for letter in letters:
        if not "A" <= letter <= "Z":
            return 0
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def number_text(stored: str) -> str:
    """Return the number that was typed, as a plain decimal string, from the text under which a spreadsheet stores it.

    Spreadsheets write 1.1 as `1.1000000000000001`, the next 64-bit number spelled in full. The shortest decimal that leads to the same
    64-bit number is what was typed, provided that it has no more than 15 digits. Nothing is computed here: the number is only spelled.

    Raises:
        ValueError: not a finite number.
        TooManyDigits: more than 15 significant digits, or so large that digits before the point may be lost.
    """
    if not _STORED.fullmatch(stored):
        raise ValueError(stored)
    shortest = Decimal(repr(float(stored)))
    if not shortest.is_finite():
        raise ValueError(stored)
    digits = "".join(map(str, shortest.as_tuple().digits)).strip("0")
    if len(digits) > SAFE_DIGITS or abs(shortest) >= 10**SAFE_DIGITS:
        raise TooManyDigits(stored)
    text = format(shortest, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def is_exact_number(text: str) -> bool:
    """Tell whether a number cell would give exactly this decimal string back."""
    try:
        return number_text(text) == text
    except (ValueError, TooManyDigits):
        return False
