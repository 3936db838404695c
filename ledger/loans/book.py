"""A loan book in memory: every column as exact integers or codes, in the order of its rows (spec: loan-book §1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import polars as pl

from ledger.errors import InputError
from ledger.loans.columns import COLUMNS, MAX_INTEGER, Column, get_column
from ledger.loans.exposure import MONTHS, Exposure
from ledger.loans.head import DEFAULT_HEAD, Head

LABELS = pl.Categorical()


def dtype_of(column: Column) -> pl.DataType:
    """Return how a column is kept: Int64 units, Boolean, Enum of its choices, Categorical, String."""
    if column.is_integer:
        return pl.Int64()
    if column.kind == "flag":
        return pl.Boolean()
    if column.kind == "choice":
        return pl.Enum(column.choices)
    return LABELS if column.kind == "label" else pl.String()


@dataclass(frozen=True)
class Book:
    """Exposures of one institution and period, row by row.

    `frame` holds only columns in which something is known; `series` gives any column. Money counts cents of CNY (other currencies were
    converted at the head's rate), mass grams, other numbers units of 10^-decimals of their column, all Int64 with null for unknown.
    Defaults are filled in: a column with a default has no null. `months` names the balances that the book has, from m01.
    """

    head: Head
    frame: pl.DataFrame = field(repr=False)

    @classmethod
    def of(cls, exposures: Iterable[Exposure], head: Head = DEFAULT_HEAD) -> Book:
        """Return the book of these exposures, in their order.

        Raises:
            InputError: a value has more decimals, or is larger, than a table keeps; a row has another number of months.
        """
        rows = list(exposures)
        counts = {len(row.months) for row in rows if row.months}
        if len(counts) > 1:
            raise InputError(f"rows with {sorted(counts)} months", hint="every row with month-end balances needs those of all months")
        series = []
        for column in COLUMNS:
            made = _series(column, (_units(column, row) for row in rows))
            if made is not None:
                series.append(made)
        return cls(head, pl.DataFrame(series))

    @property
    def rows(self) -> int:
        """Return how many exposures the book has."""
        return self.frame.height

    @property
    def months(self) -> tuple[str, ...]:
        """Return the names of the month-end balances that the book has, in order."""
        return tuple(name for name in MONTHS[1:] if name in self.frame.columns)

    def has(self, name: str) -> bool:
        """Tell whether anything is known in a column."""
        return name in self.frame.columns

    def series(self, name: str) -> pl.Series:
        """Return a column by name; one that the book has not is its default, or null, in every row.

        Raises:
            KeyError: no loan book has such a column.
        """
        column = get_column(name)
        if name in self.frame.columns:
            return self.frame[name]
        return constant(column, self.rows)

    def exposure(self, index: int) -> Exposure:
        """Return the row at `index` (from 0) as exact values.

        Raises:
            IndexError: there is no such row.
        """
        if not 0 <= index < self.rows:
            raise IndexError(index)
        return _exposure(self.frame.row(index, named=True), self.months)

    def exposures(self) -> Iterator[Exposure]:
        """Yield every row as exact values, in order."""
        months = self.months
        for values in self.frame.iter_rows(named=True):
            yield _exposure(values, months)


def constant(column: Column, rows: int) -> pl.Series:
    """Return a column in which every cell is empty."""
    return pl.Series(column.name, [column.default], dtype=dtype_of(column)).new_from_index(0, rows)


def _units(column: Column, row: Exposure) -> object:
    if column.name in MONTHS[1:]:
        at = MONTHS.index(column.name) - 1
        value: object = row.months[at] if at < len(row.months) else None
    else:
        value = getattr(row, column.name)
    if not column.is_integer or not isinstance(value, int | Fraction):
        return value
    units = Fraction(value) * 10**column.decimals if column.kind == "number" else Fraction(value)
    if units.denominator != 1 or not -MAX_INTEGER <= units.numerator <= column.limit:
        raise InputError(
            f"exposure {row.exposure}: {column.name} {value} does not fit a table",
            hint=f"at most {column.decimals} decimals and below 2^63",
        )
    return units.numerator


def _series(column: Column, values: Iterable[object]) -> pl.Series | None:
    made = pl.Series(column.name, list(values), dtype=dtype_of(column))
    return None if column.default is None and not column.needed and made.null_count() == len(made) else made


def _exposure(values: dict[str, object], months: tuple[str, ...]) -> Exposure:
    given: dict[str, object] = {}
    for name, value in values.items():
        if name in MONTHS[1:] or value is None:
            continue
        column = get_column(name)
        given[name] = column.exact(value) if isinstance(value, int) and not isinstance(value, bool) else value
    balances = tuple(values[name] for name in months)
    return Exposure(**given, months=() if None in balances else balances)  # type: ignore[arg-type]
