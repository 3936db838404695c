"""One cell: what is a value, and what each wrong one is told."""

from __future__ import annotations

import pytest

from ledger.loans.cell import read_cell
from ledger.loans.columns import COLUMNS, get_column
from ledger.loans.faults import Refused


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("outstanding", "1234567.89", 123456789),
        ("outstanding", " 12.5\u3000", 1250),
        ("outstanding", "0", 0),
        ("outstanding", "-0.00", 0),
        ("outstanding", "7.1000", 710),
        ("outstanding", "92233720368547758.07", 2**63 - 1),
        ("total_equity", "-12.34", -1234),
        ("s1_t", "0.000001", 1),
        ("s3_t", "9223372036854.775807", 2**63 - 1),
        ("sector_factor", "0.0000000001", 1),
        ("sector_factor", "84.6", 846 * 10**9),
        ("activity", "1500.25", 1_500_250_000),
        ("life_days", "365", 365),
        ("life_days", "30.0", 30),
        ("outstanding", "", None),
        ("currency", "", "CNY"),
        ("currency", "USD", "USD"),
        ("instrument", "", "loan"),
        ("called", "yes", True),
        ("called", "", False),
        ("use", " project ", "project"),
        ("borrower", "某某纺织（杭州）有限公司", "某某纺织（杭州）有限公司"),
        ("option", "3", "3"),
    ],
)
def test_a_cell_has_the_exact_value_of_its_text(column: str, text: str, value: object) -> None:
    assert read_cell(get_column(column), text) == value


@pytest.mark.parametrize(
    ("column", "text", "code", "told"),
    [
        ("outstanding", "abc", "VALUE_NOT_A_NUMBER", "digits"),
        ("outstanding", "１２３", "VALUE_NOT_A_NUMBER", "digits"),
        ("outstanding", "007", "VALUE_NOT_A_NUMBER", "leading zero"),
        ("outstanding", "+7", "VALUE_NOT_A_NUMBER", "plus"),
        ("outstanding", ".5", "VALUE_NOT_A_NUMBER", "digits"),
        ("outstanding", "5.", "VALUE_NOT_A_NUMBER", "digits"),
        ("outstanding", "NaN", "VALUE_NOT_A_NUMBER", "empty where it is unknown"),
        ("outstanding", "N/A", "VALUE_NOT_A_NUMBER", "empty where it is unknown"),
        ("outstanding", "1.2E+06", "VALUE_NOT_A_NUMBER", "all digits"),
        ("outstanding", "1.2万", "VALUE_NOT_A_NUMBER", "in yuan"),
        ("outstanding", "120 万元", "VALUE_NOT_A_NUMBER", "in yuan"),
        ("outstanding", "￥1200", "VALUE_NOT_A_NUMBER", "in yuan"),
        ("outstanding", "1,234,567.89", "VALUE_GROUPED", "without separators"),
        ("outstanding", "1 234 567", "VALUE_GROUPED", "without separators"),
        ("outstanding", "12,5", "VALUE_COMMA_DECIMAL", "dot"),
        ("asset_turnover", "85%", "VALUE_PERCENT", "0.85"),
        ("asset_turnover", "85％", "VALUE_PERCENT", "0.85"),
        ("outstanding", "1.234", "VALUE_TOO_FINE", "whole cents"),
        ("s1_t", "0.0000001", "VALUE_TOO_FINE", "whole grams"),
        ("sector_factor", "0.00000000001", "VALUE_TOO_FINE", "10 decimals"),
        ("life_days", "30.5", "VALUE_TOO_FINE", "whole days"),
        ("outstanding", "-1", "VALUE_NEGATIVE", "below 0"),
        ("m07", "-0.01", "VALUE_NEGATIVE", "below 0"),
        ("revenue", "-5", "VALUE_NEGATIVE", "below 0"),
        ("outstanding", "92233720368547758.08", "VALUE_TOO_LARGE", "right unit"),
        ("s1_t", "9223372036854.775808", "VALUE_TOO_LARGE", "right unit"),
        ("outstanding", str(2**96), "VALUE_TOO_LARGE", "right unit"),
        ("outstanding", "9" * 5000, "VALUE_TOO_LARGE", "right unit"),
        ("life_days", "40001", "VALUE_TOO_LARGE", "right unit"),
        ("asset_class", "loan", "VALUE_UNKNOWN", "one of these"),
        ("asset_class", "Business_Loan", "VALUE_UNKNOWN", "one of these"),
        ("option", "4a", "VALUE_UNKNOWN", "one of these"),
        ("called", "true", "VALUE_UNKNOWN", "yes or no"),
        ("currency", "usd", "VALUE_UNKNOWN", "capital letters"),
        ("exposure", "a b", "TEXT_INVALID", "name of its own"),
        ("exposure", "x" * 64, "TEXT_INVALID", "name of its own"),
        ("borrower", "a\nb", "TEXT_INVALID", "line breaks"),
        ("borrower", "abc\u202edef", "TEXT_INVALID", "line breaks"),
        ("borrower", "x" * 201, "TEXT_INVALID", "shorten"),
        ("sector", "C3110,C3120", "TEXT_INVALID", "without commas"),
        ("branch", "  ", "VALUE_MISSING", "fill in branch"),
        ("option", "", "VALUE_MISSING", "fill in option"),
    ],
)
def test_a_wrong_cell_is_told_what_to_do(column: str, text: str, code: str, told: str) -> None:
    with pytest.raises(Refused) as refused:
        read_cell(get_column(column), text)
    assert refused.value.code == code
    assert told in refused.value.action


def test_only_denominators_and_land_use_may_be_below_0() -> None:
    assert {column.name for column in COLUMNS if column.may_be_negative} == {
        *("total_equity", "evic", "total_assets", "project_total", "property_value", "vehicle_value", "ppp_gdp", "total_investment"),
        *("total_shares", "s1_t"),
    }
