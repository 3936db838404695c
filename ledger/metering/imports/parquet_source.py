"""A Parquet file as numbered rows; the only file of this room that knows polars (spec: meter-import §1).

Texts, whole numbers and decimals come as they are. A float is the number of its shortest decimal notation. A date with time becomes
a `Stamp`, of UTC where the column has a time zone, else of the clock on the wall.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from ledger.metering.imports.faults import Faults
from ledger.metering.imports.numbered_stamps import MAX_SECONDS, Stamp
from ledger.metering.imports.source import Row, Stopped

ROWS = 65_536


class ParquetRows:
    """The rows of a file; the first one, number 0, holds the titles."""

    def __init__(self, path: Path, *, faults: Faults, prefix: str = "") -> None:
        self._path, self._faults, self._prefix = path, faults, prefix

    def place(self, number: int) -> str:
        """Return the place of a row for a finding; rows count from 1."""
        return f"{self._prefix}row {number}"

    def rows(self) -> Iterator[Row]:
        """Yield titles and rows.

        Raises:
            Stopped: the file cannot be read; a finding says so.
        """
        try:
            frame = pl.scan_parquet(self._path)
            titles = frame.collect_schema().names()
            height = int(frame.select(pl.len()).collect().item())
            yield 0, titles
            for start in range(0, height, ROWS):
                part = frame.slice(start, ROWS).collect()
                columns = [_cells(part[title]) for title in titles]
                yield from ((start + 1 + at, cells) for at, cells in enumerate(zip(*columns, strict=True)))
        except pl.exceptions.PolarsError as error:
            action = "write the file again: it is damaged, or holds columns of another kind"
            self._faults.add("CSV_UNREADABLE", "error", f"{self._prefix}file", action, str(error), "a Parquet file")
            raise Stopped from None


def _cells(series: pl.Series) -> list[object]:
    """Return a column's cells as texts, whole numbers, decimals or stamps; None where there is nothing."""
    dtype = series.dtype
    if dtype == pl.Float32:
        # As Python floats they would show digits that the file does not have.
        return [None if cell is None else _shortest(np.float32(cell)) for cell in series.to_list()]
    if isinstance(dtype, pl.Datetime):
        seconds, rest = _divide(series)
        local = dtype.time_zone is None
        return [_stamp(cell, part, local) for cell, part in zip(seconds, rest, strict=True)]
    if dtype == pl.Date:
        return [None if cell is None else cell.isoformat() for cell in series.to_list()]
    if dtype == pl.Time:
        return [None if cell is None else cell.isoformat() for cell in series.to_list()]
    if dtype == pl.String or dtype.is_integer() or dtype.is_decimal() or dtype == pl.Float64:
        return list(series.to_list())
    if dtype in (pl.Categorical, pl.Enum):
        return list(series.cast(pl.String).to_list())
    return [None if cell is None else str(cell) for cell in series.to_list()]


def _divide(series: pl.Series) -> tuple[list[int | None], list[int | None]]:
    units = {"ms": 10**3, "us": 10**6, "ns": 10**9}[series.dtype.time_unit]  # type: ignore[attr-defined]
    numbers = series.to_physical()
    return (numbers // units).to_list(), (numbers % units).to_list()


def _stamp(seconds: int | None, rest: int | None, local: bool) -> object:
    if seconds is None:
        return None
    if rest or not 0 <= seconds < MAX_SECONDS:
        return f"{seconds} s and a part" if rest else str(seconds)
    return Stamp(seconds, local)


def _shortest(value: np.float32) -> str:
    return str(np.format_float_positional(value, unique=True, trim="-")) if np.isfinite(value) else str(value)
