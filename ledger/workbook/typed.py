"""What a cell says, as a document's value: numbers as typed, dates, codes. Nothing is guessed; what is unclear is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from ledger.errors import InputError
from ledger.units import format_decimal, parse_decimal
from ledger.workbook.columns import Column
from ledger.workbook.grid import Cell, TooManyDigits, number_text
from ledger.workbook.labels import find_code

_DAY = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_DAY_DIGITS = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_MONTH = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})月?")
_MONTH_DIGITS = re.compile(r"([0-9]{4})([0-9]{2})")
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,8}")


@dataclass(frozen=True)
class Refused(Exception):
    """A cell that does not hold what its column takes. Inside this room only."""

    code: str
    got: str
    expected: str
    action: str


def read_cell(cell: Cell, column: Column) -> object:
    """Return the document's value of a cell.

    Raises:
        Refused: it is no such value.
    """
    if cell.kind == "formula":
        raise Refused("CELL_FORMULA", cell.text, "a typed value", "paste it as a value: a formula cannot be signed")
    if cell.kind == "error":
        raise Refused("CELL_ERROR", cell.text, "a typed value", "type the value")
    if column.kind == "decimal":
        return _decimal(cell)
    if column.kind == "integer":
        return _integer(cell)
    if column.kind == "bp":
        return _basis_points(cell)
    if column.kind in ("date", "month"):
        return _day(cell, column.kind == "month").isoformat()
    text = _text(cell)
    if column.kind == "choice":
        return _choice(text, column)
    return text


def _text(cell: Cell) -> str:
    return _plain_number(cell) if cell.kind == "number" and not cell.percent else cell.text.strip()


def _plain_number(cell: Cell) -> str:
    try:
        return number_text(cell.text)
    except TooManyDigits as error:
        action = "format the cell as text and type the number again: a spreadsheet keeps 15 digits only"
        raise Refused("CELL_DIGITS", cell.text, "at most 15 digits in a number cell", action) from error
    except ValueError as error:
        raise Refused("CELL_INVALID", cell.text, "a number", "type the number again") from error


def _decimal(cell: Cell) -> str:
    if cell.kind == "date":
        raise Refused("CELL_INVALID", cell.text, "a number", "format the cell as a number and type it again: it holds a date")
    if cell.percent:
        raise Refused("CELL_INVALID", f"{cell.text} shown as percent", "a number", "format the cell as a number and type it again")
    if cell.kind == "number":
        return _plain_number(cell)
    text = cell.text.strip()
    try:
        parse_decimal(text)
    except InputError as error:
        action = "type digits with a point, without separators of thousands, unit or blanks"
        raise Refused("CELL_INVALID", text[:80], "a number, as 1234.5", action) from error
    return text


def _integer(cell: Cell) -> int:
    text = _decimal(cell)
    if not _INTEGER.fullmatch(text):
        raise Refused("CELL_INVALID", text[:80], "a whole number", "type a whole number")
    return int(text)


def _basis_points(cell: Cell) -> int:
    percent = cell.percent
    text = _plain_number(cell) if percent else _decimal(Cell(cell.text.strip().removesuffix("%"), cell.kind))
    points = parse_decimal(text) * (10_000 if percent else 100)
    if points.denominator != 1:
        raise Refused("CELL_INVALID", cell.text, "percent with at most two decimals", "round to hundredths of a percent")
    return int(points)


def percent_text(basis_points: int) -> str:
    """Return basis points as percent: 250 is `2.5`."""
    return format_decimal(Fraction(basis_points, 100))


def _day(cell: Cell, month: bool) -> date:
    text = cell.text.strip()
    if cell.kind == "number":
        text = _plain_number(cell)
    elif cell.kind == "date" and not _ISO_DAY.fullmatch(text):
        raise Refused("CELL_INVALID", text, "a day without a time", "type the day alone, as 2025-01-31")
    found = _DAY.fullmatch(text) or _DAY_DIGITS.fullmatch(text)
    parts = (int(found[1]), int(found[2]), int(found[3])) if found else None
    if parts is None and month and (found := _MONTH.fullmatch(text) or _MONTH_DIGITS.fullmatch(text)):
        parts = (int(found[1]), int(found[2]), 1)
    try:
        return date(*parts) if parts else date.fromisoformat("")
    except ValueError as error:
        expected = "a month, as 2024-03" if month else "a day, as 2025-01-31"
        raise Refused("CELL_INVALID", text[:80], expected, f"type {expected}; format the cell as a date or as text") from error


def _choice(text: str, column: Column) -> str:
    code = find_code(column.labels, text)
    if code is not None:
        return code
    if text.startswith("indicator/"):
        # Of all lists only that of the published figures goes on with indicators; elsewhere the document's reader refuses it.
        return text
    expected = "one of " + ", ".join(name.zh for _, name in column.labels)
    raise Refused("CELL_INVALID", text[:80], expected, "choose from the list")
