"""A book as Parquet: typed columns are exact, types that lose something are told, damaged files are refused."""

from __future__ import annotations

import io
import random
from decimal import Decimal

import polars as pl
import pytest

from ledger.loans import assembly
from ledger.loans.reading import read_book, read_columns
from ledger.loans.synthetic import make_head, make_rows
from tests.loans.tables import head, row, said, write


def parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, row_group_size=100)
    return buffer.getvalue()


def book(**columns: pl.Series | list[object]) -> pl.DataFrame:
    """A book of three rows, with other columns where they are given."""
    rows = [row(number) for number in range(1, 4)]
    return pl.DataFrame({**{name: [item[name] for item in rows] for name in rows[0]}, **columns})


@pytest.fixture(scope="module")
def made() -> pl.DataFrame:
    return make_rows(1_500, 3)


def test_a_book_is_the_same_as_csv_and_as_parquet(made: pl.DataFrame) -> None:
    known = head(**{name: value for name, value in make_head(made).items() if name in ("rates", "general_ledger")})
    one, other = read_book(made.write_csv().encode(), "csv", known), read_book(parquet(made), "parquet", known)
    assert one.findings == other.findings == ()
    assert one.book is not None
    assert other.book is not None
    assert one.book.frame.equals(other.book.frame)


def test_findings_are_the_same_as_csv_and_as_parquet(made: pl.DataFrame) -> None:
    texts = made.cast(pl.String).with_columns(
        pl.when(pl.int_range(pl.len()) % 3 == 0).then(pl.lit("1,000")).otherwise(pl.col("outstanding")).alias("outstanding"),
        pl.when(pl.int_range(pl.len()) % 5 == 0).then(pl.lit("9z")).otherwise(pl.col("option")).alias("option"),
        pl.lit("LN-1").alias("exposure"),
    )
    one, other = read_book(texts.write_csv().encode(), "csv"), read_book(parquet(texts), "parquet")
    assert one.findings == other.findings
    assert {"VALUE_GROUPED", "VALUE_UNKNOWN", "EXPOSURE_TWICE", "CURRENCY_WITHOUT_RATE"} <= {finding.code for finding in one.findings}


@pytest.mark.parametrize(
    ("column", "units"),
    [
        (pl.Series([Decimal("1.5"), None, Decimal("0.07")], dtype=pl.Decimal(10, 2)), [150, None, 7]),
        (pl.Series([Decimal("1.5000"), Decimal("-0"), None], dtype=pl.Decimal(38, 4)), [150, 0, None]),
        (pl.Series([7, None, 0], dtype=pl.Int32), [700, None, 0]),
        (pl.Series(["7", " 7.5 ", None]), [700, 750, None]),
        (pl.Series([None, None, None]), [None, None, None]),
        (pl.Series(["7", "7.5", "7"], dtype=pl.Categorical), [700, 750, 700]),
    ],
)
def test_a_typed_column_is_exact(column: pl.Series, units: list[int | None]) -> None:
    reading = read_book(parquet(book(outstanding=column)), "parquet")
    assert reading.findings == ()
    assert reading.book is not None
    assert reading.book.series("outstanding").to_list() == units


def test_floats_are_taken_as_the_decimals_that_they_stand_for_and_the_column_is_named() -> None:
    reading = read_book(parquet(book(outstanding=[0.1, 1234567.89, None])), "parquet")
    assert said(reading) == [("COLUMN_FLOAT", "warning", "column outstanding")]
    assert "decimal" in reading.findings[0].action
    assert reading.book is not None
    assert reading.book.series("outstanding").to_list() == [10, 123_456_789, None]


def test_a_float_with_lost_digits_is_refused_at_its_row() -> None:
    reading = read_book(parquet(book(outstanding=[1.0, 0.1 + 0.2, 123456789012345.67])), "parquet")
    assert said(reading)[1:] == [
        ("VALUE_TOO_FINE", "error", "row 2 column outstanding"),
        ("VALUE_DIGITS", "error", "row 3 column outstanding"),
    ]
    assert reading.book is None


@pytest.mark.parametrize("values", [[[1], [2], [3]], [True, False, None], [b"1", b"2", b"3"]], ids=["lists", "booleans", "bytes"])
def test_a_column_of_another_type_is_refused_by_name(values: list[object]) -> None:
    assert said(read_book(parquet(book(outstanding=values)), "parquet")) == [("COLUMN_TYPE", "error", "column outstanding")]


def test_a_table_in_memory_is_read_by_the_same_rules() -> None:
    reading = read_columns(book(outstanding=[Decimal("1.25")] * 3, remark=["x"] * 3))
    assert said(reading) == [("COLUMN_UNKNOWN", "warning", "column remark")]
    assert reading.book is not None
    assert reading.book.series("outstanding").sum() == 375


@pytest.mark.parametrize(
    "data", [b"", b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", b"PAR1\xff\xff\xff\xffPAR1", b"x" * 1000], ids=["empty", "4", "0", "ff", "text"]
)
def test_what_is_no_parquet_file_is_refused(data: bytes) -> None:
    reading = read_book(data, "parquet")
    assert said(reading) == [("PARQUET_UNREADABLE", "error", "file")]


def test_a_damaged_parquet_file_is_refused_or_read_but_never_breaks_the_reader() -> None:
    data = parquet(book(outstanding=[1, 2, 3]))
    whole = read_book(data, "parquet")
    assert whole.book is not None
    chance = random.Random(11)
    refused = 0
    for _ in range(150):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        refused += read_book(bytes(damaged), "parquet").book is None
    assert refused > 30
    for cut in range(0, len(data), 97):
        assert read_book(data[:cut], "parquet").book is None


def test_a_book_of_too_many_rows_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "MAX_ROWS", 2)
    assert said(read_book(parquet(book()), "parquet")) == [("BOOK_TOO_LARGE", "error", "file")]
    assert ("BOOK_TOO_LARGE", "error", "file") in said(read_book(write([row(1), row(2), row(3)]), "csv"))
