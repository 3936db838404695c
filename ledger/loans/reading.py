"""Read a loan book: CSV as a stream, Parquet column by column (xlsx: ledger.workbook.loan_book); memory is bounded (spec: loan-book §3)."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal

import polars as pl

from ledger.loans.assembly import Assembly, BookReading
from ledger.loans.csv_source import CsvSource
from ledger.loans.head import DEFAULT_HEAD, Head
from ledger.records.findings import Finding

Kind = Literal["csv", "parquet"]
Source = Path | bytes | Iterable[bytes]
Progress = Callable[[int], None]
"""Called with how many of PROGRESS_PARTS parts are done."""
PROGRESS_PARTS = 1_000
_PIECE = 1 << 20


def read_book(source: Source, kind: Kind, head: Head = DEFAULT_HEAD, *, progress: Progress | None = None) -> BookReading:
    """Return the book of a file with every finding; no book where one of them is an error.

    Args:
        source: a path, the bytes, or (CSV) chunks of bytes.
        progress: told how far reading has come, where the size is known.
    """
    tell = progress or (lambda _: None)
    if kind == "parquet":
        if not isinstance(source, Path | bytes):
            source = b"".join(source)
        return _read_parquet(source, head, tell)
    assembly = Assembly(head)
    CsvSource(assembly).read(_pieces(source, tell))
    return assembly.conclude()


def _pieces(source: Source, tell: Progress) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield from (source[at : at + _PIECE] for at in range(0, len(source), _PIECE))
    elif isinstance(source, Path):
        size, done = max(source.stat().st_size, 1), 0
        with source.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece
                done += len(piece)
                tell(min(PROGRESS_PARTS, done * PROGRESS_PARTS // size))
    else:
        yield from source


def _read_parquet(source: Path | bytes, head: Head, tell: Progress) -> BookReading:
    assembly = Assembly(head)
    try:
        scan = pl.scan_parquet(source if isinstance(source, Path) else io.BytesIO(source))
        titles = scan.collect_schema().names()
        rows = int(scan.select(pl.len()).collect().item())
        places = assembly.take_header(titles)
        names = [(name, titles[place]) for name, place in places.items()]
        if assembly.check_rows(rows):
            assembly.take_columns(_columns(scan, names, tell), rows)
    # A damaged file makes polars panic, which is no Exception.
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, MemoryError) as error:
        action = "write the file again: it is damaged, encrypted or no Parquet file"
        assembly.faults.add_of_file(Finding("PARQUET_UNREADABLE", "error", "file", action, _first_line(error), "a Parquet file"))
        return BookReading(None, assembly.faults.close(), 0)
    return assembly.conclude()


def _columns(scan: pl.LazyFrame, names: list[tuple[str, str]], tell: Progress) -> Iterator[tuple[str, pl.Series]]:
    for done, (name, title) in enumerate(names, start=1):
        yield name, scan.select(pl.col(title)).collect().to_series().alias(name)
        tell(done * PROGRESS_PARTS // len(names))


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:80]


def read_columns(columns: pl.DataFrame, head: Head = DEFAULT_HEAD) -> BookReading:
    """Return the book of a table that is in memory already, under the same rules as a Parquet file."""
    assembly = Assembly(head)
    places = assembly.take_header(columns.columns)
    if assembly.check_rows(columns.height):
        assembly.take_columns(((name, columns.to_series(place).alias(name)) for name, place in places.items()), columns.height)
    return assembly.conclude()
