"""Columns of a book as arrays, range-checked first, and the runs of rows that the exact path works on."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ledger.accounting.financed.division import Bool, Int64
from ledger.errors import InputError
from ledger.loans.book import Book
from ledger.loans.columns import COLUMNS
from ledger.loans.exposure import MONTHS

CHUNK = 32_768  # rows; the columns of one run stay in the processor's cache
Codes = NDArray[np.intp]
Small = NDArray[np.uint8]
CHOICES = ("asset_class", "option", "option_2", "instrument", "use")
EMPTY = 255


@dataclass(frozen=True)
class Table:
    """Integer columns of a book: values (0 where unknown) and which are known (None: all). A column that is not there is unknown."""

    rows: int
    book: Book
    _columns: dict[str, tuple[Int64, Bool | None]] = field(repr=False)
    _choices: dict[str, Small] = field(repr=False)

    @classmethod
    def of(cls, book: Book, *, months: bool = True) -> Table:
        """Return the integer and yes/no columns of a book; without `months` those of the balances of months are left aside.

        Raises:
            InputError: a figure below 0 in a column that cannot hold one; reading a file finds it first, with its row.
        """
        columns = {}
        for column in COLUMNS:
            if not (column.is_integer or column.kind == "flag") or not book.has(column.name) or (column.name in MONTHS and not months):
                continue
            series = book.series(column.name).rechunk().cast(pl.Int64)
            if not column.may_be_negative and (series.min() or 0) < 0:  # type: ignore[operator]
                raise InputError(f"column {column.name} holds a figure below 0", hint="only denominators and total_equity may")
            known = series.is_not_null().to_numpy() if series.null_count() else None
            columns[column.name] = (series.fill_null(0).to_numpy(), known)
        choices = {name: book.series(name).to_physical().fill_null(EMPTY).to_numpy() for name in CHOICES}
        return cls(book.rows, book, columns, choices)

    def has(self, name: str) -> bool:
        """Tell whether anything is known in a column."""
        return name in self._columns

    def run(self, start: int, stop: int) -> Rows:
        """Return the rows from `start` to before `stop`."""
        size = stop - start
        zeros, unknown, known = np.zeros(size, np.int64), np.zeros(size, np.bool_), np.ones(size, np.bool_)
        cut = {name: (values[start:stop], known if mask is None else mask[start:stop]) for name, (values, mask) in self._columns.items()}
        return Rows(start, size, cut, (zeros, unknown), {name: codes[start:stop] for name, codes in self._choices.items()})

    def codes(self, name: str) -> tuple[Codes, tuple[str, ...]]:
        """Return a text column as numbers of names in order of their bytes; an empty cell is the name ""."""
        return encode(self.book.series(name))


@dataclass(frozen=True)
class Rows:
    """A run of rows of a table. Arrays are views: never write to them."""

    start: int
    size: int
    _columns: dict[str, tuple[Int64, Bool]] = field(repr=False)
    _absent: tuple[Int64, Bool] = field(repr=False)
    _choices: dict[str, Small] = field(repr=False)

    def has(self, name: str) -> bool:
        """Tell whether the book knows anything in a column."""
        return name in self._columns

    def values(self, name: str) -> Int64:
        """Return the integers of a column, 0 where unknown."""
        return self._columns.get(name, self._absent)[0]

    def known(self, name: str) -> Bool:
        """Return where a column is known."""
        return self._columns.get(name, self._absent)[1]

    def flag(self, name: str) -> Bool:
        """Return a yes/no column."""
        return np.not_equal(self.values(name), 0)

    def choice(self, name: str) -> Small:
        """Return a column of listed values as numbers of its list, 255 where it is empty."""
        return self._choices[name]


def encode(series: pl.Series) -> tuple[Codes, tuple[str, ...]]:
    """Return a column of texts as numbers of its names in order of their bytes; null is the name ""."""
    distinct = series.unique().drop_nulls()
    names = distinct.cast(pl.String).to_list()
    has_null = series.null_count() > 0
    ordered = sorted({*names, *([""] if has_null else [])}, key=str.encode)
    place = {name: at for at, name in enumerate(ordered)}
    physical = distinct.to_physical().to_numpy()
    lookup = np.zeros(int(physical.max()) + 2 if len(names) else 1, np.intp)
    for code, name in zip(physical.tolist(), names, strict=True):
        lookup[code] = place[name]
    # The last place stands for null, and stays 0: "" comes first.
    numbers = series.to_physical().cast(pl.Int64).fill_null(len(lookup) - 1).to_numpy()
    return lookup[numbers], tuple(ordered)
