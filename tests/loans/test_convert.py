"""Whole columns at once say what one cell after the other says, and typed columns are exact."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.loans.cell import read_cell
from ledger.loans.columns import COLUMNS, Column, get_column
from ledger.loans.convert import convert_text, convert_typed
from ledger.loans.faults import Refused

_DIGITS = st.text("0123456789", max_size=22)
_NUMBERS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "-", "+", " "]),
    _DIGITS,
    st.sampled_from(["", ".", ",", "e"]),
    st.one_of(_DIGITS, st.just("000")),
)
_CHOICES = st.sampled_from([*(choice for column in COLUMNS for choice in column.choices), "yes", "no", "CNY", "USD"])
_PADDED = st.builds("{}{}{}".format, st.sampled_from(["", " ", "\u3000", "\t"]), _CHOICES, st.sampled_from(["", " ", "\r"]))
TEXTS = st.one_of(st.none(), st.just(""), st.just("  "), _NUMBERS, _CHOICES, _PADDED, st.text(max_size=12), st.text("Aa1.-_", max_size=70))


def one_by_one(column: Column, texts: list[str | None]) -> tuple[list[object], list[tuple[int, str]]]:
    values: list[object] = []
    refused: list[tuple[int, str]] = []
    for at, text in enumerate(texts):
        try:
            values.append(read_cell(column, text or ""))
        except Refused as error:
            values.append(column.default)
            refused.append((at, error.code))
    return values, refused


@given(st.sampled_from(COLUMNS), st.lists(TEXTS, min_size=1, max_size=8))
@settings(max_examples=400, deadline=None)
def test_a_column_of_texts_has_the_values_and_refusals_of_its_cells(column: Column, texts: list[str | None]) -> None:
    made = convert_text(column, pl.Series(column.name, texts, dtype=pl.String))
    values, refused = one_by_one(column, texts)
    found = made.series.to_list()
    wrong = {at for at, _ in refused}
    assert [(at, error.code) for at, error in made.refused] == refused
    assert [value for at, value in enumerate(found) if at not in wrong] == [value for at, value in enumerate(values) if at not in wrong]


@given(
    st.sampled_from(["outstanding", "s1_t", "total_equity", "activity", "sector_factor", "life_days"]),
    st.integers(0, 12),
    st.lists(st.one_of(st.none(), st.integers(-(10**24), 10**24), st.integers(-999, 10**9)), min_size=1, max_size=6),
)
@settings(max_examples=200, deadline=None)
def test_a_column_of_decimals_has_the_values_of_its_texts(name: str, scale: int, units: list[int | None]) -> None:
    column = get_column(name)
    values = [None if item is None else Decimal(item).scaleb(-scale) for item in units]
    made = convert_typed(column, pl.Series(name, values, dtype=pl.Decimal(38, scale)))
    expected, refused = one_by_one(column, [None if value is None else format(value, "f") for value in values])
    assert made is not None
    assert [(at, error.code) for at, error in made.refused] == refused
    wrong = {at for at, _ in refused}
    assert [value for at, value in enumerate(made.series.to_list()) if at not in wrong] == [
        value for at, value in enumerate(expected) if at not in wrong
    ]


@pytest.mark.parametrize("dtype", [pl.Int8, pl.Int32, pl.UInt32, pl.Int64, pl.UInt64, pl.Int128])
def test_integers_are_whole_units_of_the_column(dtype: pl.DataType) -> None:
    made = convert_typed(get_column("outstanding"), pl.Series("outstanding", [0, 7, None, 100], dtype=dtype))
    assert made is not None
    assert made.series.to_list() == [0, 700, None, 10_000]
    assert made.series.dtype == pl.Int64
    assert made.refused == ()


def test_an_integer_that_does_not_fit_is_refused() -> None:
    made = convert_typed(get_column("outstanding"), pl.Series("outstanding", [2**64 - 1, 2**63 // 100, -1], dtype=pl.Int128))
    assert made is not None
    assert [(at, error.code) for at, error in made.refused] == [(0, "VALUE_TOO_LARGE"), (2, "VALUE_NEGATIVE")]
    assert made.series.to_list() == [None, 2**63 // 100 * 100, None]


@given(st.lists(st.integers(0, 10**15 - 1), min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_a_float_of_at_most_15_digits_stands_for_the_decimal_that_was_meant(cents: list[int]) -> None:
    values = [float(Decimal(item).scaleb(-2)) for item in cents]
    made = convert_typed(get_column("outstanding"), pl.Series("outstanding", values, dtype=pl.Float64))
    assert made is not None
    assert made.series.to_list() == cents


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (0.1 + 0.2, "VALUE_TOO_FINE"),
        (1234567890123456.5, "VALUE_DIGITS"),
        (1e22, "VALUE_NOT_A_NUMBER"),
        (float("nan"), "VALUE_NOT_A_NUMBER"),
    ],
)
def test_a_float_that_lost_digits_is_refused(value: float, code: str) -> None:
    made = convert_typed(get_column("outstanding"), pl.Series("outstanding", [1.0, value]))
    assert made is not None
    assert [(at, error.code) for at, error in made.refused] == [(1, code)]
    assert made.series.to_list() == [100, None]


def test_booleans_are_flags_and_codes_may_be_integers() -> None:
    flags = convert_typed(get_column("called"), pl.Series("called", [True, None, False]))
    branch = convert_typed(get_column("branch"), pl.Series("branch", [101, 102]))
    assert flags is not None
    assert flags.series.to_list() == [True, False, False]
    assert branch is not None
    assert branch.series.to_list() == ["101", "102"]


@pytest.mark.parametrize(
    ("name", "values"), [("outstanding", [True]), ("called", [1]), ("outstanding", [[1]]), ("option", [1.5]), ("branch", [b"x"])]
)
def test_another_type_is_no_column(name: str, values: list[object]) -> None:
    assert convert_typed(get_column(name), pl.Series(name, values)) is None
