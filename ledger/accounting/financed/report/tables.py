"""A table of a report: titles in two languages, rows of exact decimal texts, and the few ways in which figures are shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from ledger.accounting.financed.blocks import Block
from ledger.records.names import Name
from ledger.units import format_decimal, round_half_even

Cell = str | Name
RATIO_DECIMALS = 6


@dataclass(frozen=True)
class ReportColumn:
    """A column; numbers are decimal texts, exact or rounded half-even to 6 decimals where the title says so."""

    title: Name
    is_number: bool = True


@dataclass(frozen=True)
class ReportTable:
    """A table; an empty text is an empty cell. `notes` stand below it."""

    title: Name
    columns: tuple[ReportColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[Name, ...] = ()

    def header(self, language: str) -> list[str]:
        """Return the titles of the columns."""
        return [column.title.in_language(language) for column in self.columns]

    def lines(self, language: str) -> list[list[str]]:
        """Return the rows as texts."""
        return [[cell.in_language(language) if isinstance(cell, Name) else cell for cell in row] for row in self.rows]


def text_column(en: str, zh: str) -> ReportColumn:
    """Return a column of texts."""
    return ReportColumn(Name(en, zh), is_number=False)


def number_column(en: str, zh: str) -> ReportColumn:
    """Return a column of numbers."""
    return ReportColumn(Name(en, zh))


def amount(cents: int) -> str:
    """Return cents as an exact amount with two decimals."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


def tonnes(grams: int) -> str:
    """Return grams as exact tonnes."""
    return format_decimal(Fraction(grams, 10**6))


def ratio(value: Fraction | None) -> str:
    """Return a ratio rounded half-even to 6 decimals; empty where there is none."""
    return "" if value is None else format_decimal(Fraction(round_half_even(value * 10**RATIO_DECIMALS), 10**RATIO_DECIMALS))


def percent(part: int, whole: int) -> str:
    """Return a part in percent, rounded half-even to 6 decimals; empty where there is no whole."""
    return ratio(Fraction(part * 100, whole)) if whole else ""


def per_million(grams: int, cents: int) -> str:
    """Return t per million; empty without an amount."""
    return ratio(Fraction(grams * 100, cents)) if cents else ""


def per_ten_thousand(grams: int, cents: int) -> str:
    """Return t per 10,000; empty without an amount."""
    return ratio(Fraction(grams, cents)) if cents else ""


def add_up(blocks: Iterable[Block]) -> Block:
    """Return the sum of blocks."""
    return Block.sum(blocks)


def s3_tonnes(block: Block) -> str:
    """Return the tonnes of Scope 3; empty where no exposure knows it."""
    return tonnes(block.s3_g) if block.s3_rows else ""


def scopes_apart(block: Block) -> tuple[str, str]:
    """Return the tonnes of Scope 1 and of Scope 2; empty where no exposure knows them apart."""
    return ("", "") if block.s12_g and not block.s1_g and not block.s2_g else (tonnes(block.s1_g), tonnes(block.s2_g))
