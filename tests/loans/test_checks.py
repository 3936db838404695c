"""What only several cells show: repeats, months, currencies, units, the general ledger."""

from __future__ import annotations

from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.loans import assembly
from ledger.loans.checks import convert_currencies
from ledger.loans.faults import Faults
from ledger.loans.head import Head
from ledger.loans.reading import read_columns
from ledger.units import round_half_even
from tests.loans.tables import YEAR, head, read, row, said


def test_an_exposure_stands_once() -> None:
    reading = read(row(1), row(2), row(1), row(3), row(1))
    assert said(reading) == [("EXPOSURE_TWICE", "error", "row 3 column exposure"), ("EXPOSURE_TWICE", "error", "row 5 column exposure")]
    assert reading.findings[0].expected == "in row 1 only"
    assert reading.book is None


def test_months_are_all_there_or_none() -> None:
    assert read(row(1, **YEAR), row(2)).book is not None
    reading = read(row(1, **YEAR), row(2, **{**YEAR, "m05": "", "m07": ""}), head=head())
    assert said(reading) == [("MONTH_MISSING", "error", "row 2 column m05")]
    assert reading.findings[0].got == "10 of 12 months"


def test_eleven_months_are_no_year_but_may_be_a_period() -> None:
    eleven = {name: value for name, value in YEAR.items() if name != "m12"}
    period = {"id": "2024-jan-nov", "start": "2023-12-31T16:00:00Z", "end": "2024-11-30T16:00:00Z", "timezone": "Asia/Shanghai"}
    assert said(read(row(1, **eleven))) == [("MONTH_MISSING", "error", "row 1 column m12")]
    reading = read(row(1, **eleven), head=head(period=period))
    assert reading.book is not None
    assert len(reading.book.exposure(0).months) == 11
    assert said(read(row(1, **YEAR), head=head(period=period))) == [("MONTH_UNKNOWN", "error", "row 1 column m12")]


def test_a_thirteenth_month_is_refused() -> None:
    assert said(read(row(1, **YEAR, m13="5"))) == [("MONTH_UNKNOWN", "error", "column m13")]


def test_the_balance_at_the_start_is_no_month_end() -> None:
    reading = read(row(1, m00="7.00", **YEAR))
    assert reading.book is not None
    assert reading.book.exposure(0).m00 == 700
    assert len(reading.book.months) == 12


def test_a_month_that_cannot_be_read_is_not_missing_as_well() -> None:
    assert said(read(row(1, **{**YEAR, "m03": "x"}))) == [("VALUE_NOT_A_NUMBER", "error", "row 1 column m03")]


def test_a_currency_needs_a_rate() -> None:
    rows = (row(1, currency="USD", outstanding="10"), row(2, outstanding="5"), row(3, currency="EUR", outstanding="1"))
    reading = read(*rows, head=head(rates={"USD": "7.1884"}))
    assert said(reading) == [("CURRENCY_WITHOUT_RATE", "error", "row 3 column currency")]
    assert '"EUR"' in reading.findings[0].action
    both = read(*rows, head=head(rates={"USD": "7.1884", "EUR": "0.5"}))
    assert both.book is not None
    # 10.00 USD × 7.1884 = 71.884 CNY; 1.00 EUR × 0.5 = 0.50 CNY
    assert both.book.series("outstanding").to_list() == [7188, 500, 50]


@given(
    st.lists(st.one_of(st.none(), st.integers(-(2**63) + 1, 2**63 - 1), st.integers(-500, 500)), min_size=1, max_size=5),
    st.one_of(st.integers(1, 10**19 - 1), st.sampled_from([5 * 10**9, 10**10, 15 * 10**9, 1])),
)
@settings(max_examples=300, deadline=None)
def test_money_is_converted_half_even_to_the_cent(cents: list[int | None], units: int) -> None:
    rate = Fraction(units, 10**10)
    columns = {"currency": pl.Series("currency", ["USD"] * len(cents)), "evic": pl.Series("evic", cents, dtype=pl.Int64)}
    faults = Faults()
    convert_currencies(columns, Head(rates={"USD": rate}), faults)
    exact = [None if value is None else round_half_even(value * rate) for value in cents]
    assert columns["evic"].to_list() == [value if value is not None and abs(value) < 2**63 else None for value in exact]
    assert faults.errors == sum(1 for value in exact if value is not None and abs(value) >= 2**63)


def test_a_factor_names_its_document() -> None:
    assert said(read(row(1, sector_factor="1.5"))) == [("VALUE_MISSING", "error", "row 1 column factor_source")]
    assert read(row(1, sector_factor="1.5", factor_source="sector table 2024")).book is not None


def test_emissions_below_0_are_a_country_s_alone() -> None:
    assert said(read(row(1, s1_t="-1"))) == [("VALUE_NEGATIVE", "error", "row 1 column s1_t")]
    assert read(row(1, s1_t="-1", asset_class="sovereign")).book is not None


@pytest.mark.parametrize(
    ("values", "column"),
    [
        # 5,000 t and a revenue of 2,000 (万元) read as yuan: 2,500,000 t per million CNY.
        ({"revenue": "2000", "s1_t": "3000", "s2_t": "2000"}, "revenue"),
        ({"revenue": "2000", "s12_t": "41"}, "revenue"),
        ({"revenue": "2000", "activity": "100000", "activity_factor": "0.5", "factor_source": "x"}, "revenue"),
        ({"sector_factor": "20000.0000000001", "factor_source": "x"}, "sector_factor"),
        ({"revenue": "999.99", "total_debt": "1000000"}, "revenue"),
    ],
)
def test_a_revenue_in_the_wrong_unit_is_suspected(values: dict[str, str], column: str) -> None:
    reading = read(row(1, **values))
    assert said(reading) == [("UNIT_SUSPECTED", "warning", f"row 1 column {column}")]
    assert "万元" in reading.findings[0].action
    assert reading.book is not None


@pytest.mark.parametrize(
    "values",
    [
        {"revenue": "2000", "s12_t": "40"},
        {"revenue": "20000000", "s1_t": "3000", "s2_t": "2000"},
        {"sector_factor": "20000", "factor_source": "x"},
        {"revenue": "1000", "total_debt": "1000000"},
        {"s12_t": "99999999"},
    ],
)
def test_an_intensity_that_exists_is_not_suspected(values: dict[str, str]) -> None:
    assert said(read(row(1, **values))) == []


def test_a_ratio_that_looks_like_a_percent_is_refused_unless_the_head_says_that_it_is_meant() -> None:
    values = {"asset_turnover": "85", "sector_factor": "1", "factor_source": "x"}
    reading = read(row(1, **values), row(2, **{**values, "asset_turnover": "0.85"}))
    assert said(reading) == [("PERCENT_SUSPECTED", "error", "row 1 column asset_turnover")]
    assert "0.85" in reading.findings[0].action
    assert read(row(1, **values), head=head(fractions=["asset_turnover"])).book is not None


def test_the_general_ledger_is_met_to_the_cent() -> None:
    rows = (row(1, outstanding="10.10"), row(2, outstanding="20.20", asset_class="mortgage"), row(3))
    figures = [
        {"id": "all", "value": "30.30", "reference": "GL 1"},
        {"id": "homes", "asset_class": "mortgage", "value": "20.2", "reference": "GL 2"},
    ]
    assert read(*rows, head=head(general_ledger=figures)).findings == ()
    figures[0]["value"] = "30.31"
    reading = read(*rows, head=head(general_ledger=figures))
    assert said(reading) == [("TIE_OUT_MISMATCH", "error", "general_ledger all")]
    assert "-0.01 CNY" in reading.findings[0].action
    assert reading.book is None


def test_the_general_ledger_is_met_in_sums_beyond_64_bits() -> None:
    rows = [row(number, outstanding="92233720368547758.07") for number in range(1, 4)]
    figure = {"id": "all", "value": "276701161105643274.21", "reference": "GL"}
    assert read(*rows, head=head(general_ledger=[figure])).findings == ()


def test_the_general_ledger_is_left_alone_where_a_balance_could_not_be_read() -> None:
    figure = {"id": "all", "value": "1", "reference": "GL"}
    assert [code for code, _, _ in said(read(row(1, outstanding="x"), head=head(general_ledger=[figure])))] == ["VALUE_NOT_A_NUMBER"]


def test_a_thousand_of_a_kind_are_listed_and_all_are_counted() -> None:
    rows = [row(number, outstanding="1,000" if number % 2 else "1", revenue="x") for number in range(1, 2_401)]
    reading = read(*rows)
    listed = [finding for finding in reading.findings if finding.code == "VALUE_NOT_A_NUMBER"]
    assert [finding.place for finding in listed[:2]] == ["row 1 column revenue", "row 2 column revenue"]
    assert len(listed) == 1_001
    assert listed[-1].params == {"count": "2400", "listed": "1000"}
    grouped = [finding for finding in reading.findings if finding.code == "VALUE_GROUPED"]
    assert grouped[-1].got == "1200 in all"


def test_a_book_in_which_nearly_everything_is_wrong_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "MAX_ERRORS", 50)
    rows = [row(number, outstanding="x", revenue="y") for number in range(1, 61)]
    for reading in (read(*rows), read_columns(pl.DataFrame(rows))):
        assert reading.book is None
        assert said(reading)[0] == ("BOOK_TOO_MANY_ERRORS", "error", "file")
        assert len(reading.findings) > 50
