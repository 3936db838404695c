"""One cell of a loan book: its text as an exact value, or what is wrong with it and what to do (spec: loan-book §1, §3).

This is the slow and obvious reading, which decides; convert.py reads whole columns at once what is plainly right, and asks here about
every other text.
"""

from __future__ import annotations

import re
import unicodedata

from ledger.identifiers import is_identifier
from ledger.loans.columns import MAX_TEXT, Column
from ledger.loans.faults import Refused

Value = str | int | bool | None

_PLAIN = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?")
_GROUPED = re.compile(r"[-+]?[0-9]{1,3}(?:[,，'’ \u00a0][0-9]{3})+(?:\.[0-9]+)?")
_COMMA = re.compile(r"[-+]?[0-9]+[,，][0-9]+")
_EXPONENT = re.compile(r"[-+]?[0-9.]+[eE][-+]?[0-9]+")
_WITH_UNIT = re.compile(r"[-+]?[0-9.,]+\s*([万亿千百元]+|[A-Za-z][A-Za-z0-9]{0,9}|吨|[￥¥$€])|[￥¥$€]\s*[-+]?[0-9.,]+")
_CURRENCY = re.compile(r"[A-Z]{3}")
# Control, format (they can reverse a line on a screen), unassigned, line and paragraph separators.
_HIDDEN = ("C", "Zl", "Zp")
FLAGS = {"yes": True, "no": False}
WITHOUT_COMMAS = ("sector",)


def read_cell(column: Column, text: str) -> Value:
    """Return the value of a cell: units of an integer column, the text or choice, True or False; the default, or None, where it is empty.

    Blanks around a value are no part of it.

    Raises:
        Refused: it is no value of the column.
    """
    stripped = text.strip()
    if not stripped:
        if column.needed:
            raise Refused("VALUE_MISSING", f"fill in {column.name}: every exposure needs it", "nothing", _expected(column))
        return column.default
    if column.is_integer:
        return _units(column, stripped)
    if column.kind == "choice":
        if stripped not in column.choices:
            raise Refused("VALUE_UNKNOWN", "write one of these, as spelt", stripped, ", ".join(column.choices))
        return stripped
    if column.kind == "flag":
        if stripped not in FLAGS:
            raise Refused("VALUE_UNKNOWN", "write yes or no; empty counts as no", stripped, "yes, no")
        return FLAGS[stripped]
    return _text(column, stripped)


def _text(column: Column, text: str) -> str:
    if column.kind == "identifier":
        if not is_identifier(text):
            action = "give every exposure a short name of its own, as LN-000123"
            raise Refused("TEXT_INVALID", action, text, "1 to 63 letters, digits, dots, hyphens, underscores")
    elif column.name == "currency":
        if not _CURRENCY.fullmatch(text):
            raise Refused("VALUE_UNKNOWN", "write three capital letters; empty is CNY", text, "a code of ISO 4217, as USD")
    elif len(text) > MAX_TEXT or any(unicodedata.category(character).startswith(_HIDDEN) for character in text):
        raise Refused("TEXT_INVALID", "shorten the text, and type it again without line breaks", text, f"at most {MAX_TEXT} characters")
    elif column.name in WITHOUT_COMMAS and "," in text:
        raise Refused("TEXT_INVALID", "write the code of GB/T 4754, or a name without commas", text, "as C3110")
    return text


def _units(column: Column, text: str) -> int:
    found = _PLAIN.fullmatch(text)
    if found is None:
        raise _no_number(column, text)
    sign, whole, decimals = found[1], found[2], (found[3] or "").rstrip("0")
    if len(decimals) > column.decimals:
        action = f"round it in your own books: {column.name} keeps {_precision(column)}"
        raise Refused("VALUE_TOO_FINE", action, text, f"at most {column.decimals} decimals")
    if len(whole) > 40:
        raise _too_large(column, text)
    units = int(whole + decimals.ljust(column.decimals, "0"))
    if units > column.limit:
        raise _too_large(column, text)
    if sign and units and not column.may_be_negative:
        raise Refused("VALUE_NEGATIVE", "look the figure up: it cannot be below 0", text, "0 or more")
    return -units if sign else units


def _too_large(column: Column, text: str) -> Refused:
    limit = column.limit // 10**column.decimals
    action = "look the figure up: is it in the right unit? a book keeps 64 bits a value"
    return Refused("VALUE_TOO_LARGE", action, text, f"at most {limit}")


def _no_number(column: Column, text: str) -> Refused:
    if "%" in text or "％" in text:
        action = "write the number itself: a fraction as 0.85, money and mass in their unit"
        return Refused("VALUE_PERCENT", action, text, _expected(column))
    if _GROUPED.fullmatch(text):
        return Refused("VALUE_GROUPED", "write the number without separators, as 1234567.89", text, _expected(column))
    if _COMMA.fullmatch(text):
        return Refused("VALUE_COMMA_DECIMAL", "write a dot before the decimals", text, _expected(column))
    if _EXPONENT.fullmatch(text):
        action = "write all digits: format the cell as a number with decimals and export again"
    elif _WITH_UNIT.fullmatch(text):
        action = "write the number alone, in yuan or tonnes: 1.2 万元 is 12000"
    else:
        action = "write digits with an optional dot, no leading zero or plus; leave it empty where it is unknown"
    return Refused("VALUE_NOT_A_NUMBER", action, text, _expected(column))


def _precision(column: Column) -> str:
    return {"money": "whole cents", "mass": "whole grams", "days": "whole days"}.get(column.kind, f"{column.decimals} decimals")


def _expected(column: Column) -> str:
    if column.choices:
        return ", ".join(column.choices)
    return {
        "money": "money, as 1234567.89",
        "mass": "tonnes, as 123.456789",
        "number": "a number, as 0.85",
        "days": "days, as 365",
        "identifier": "as LN-000123",
    }.get(column.kind, "a text")
