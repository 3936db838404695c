"""The rules of pcaf_2, one exposure each; every attribution here is made by the reference and over a book, which agree."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ledger.accounting.methods import pcaf_2
from ledger.accounting.methods.attribution import Attribution
from tests.accounting.financed.scene import loan, notices, pcaf

TONNE = 10**6
COMPANY = {"total_equity": 60, "total_debt": 40}


def grams(found: Attribution) -> int:
    return found.attributed.s12_g


@pytest.mark.parametrize(
    ("given", "denominator", "tonnes"),
    [
        ({"asset_class": "listed_equity", "evic": 200}, "evic", 25),
        ({"asset_class": "corporate_bond", "listed": True, "evic": 200, **COMPANY}, "evic", 25),
        ({"asset_class": "corporate_bond", "evic": 200, **COMPANY}, "total_equity+total_debt", 50),
        ({"asset_class": "business_loan", "listed": True, "evic": 250, **COMPANY}, "evic", 20),
        ({"asset_class": "business_loan", "evic": 200, **COMPANY}, "total_equity+total_debt", 50),
        ({"asset_class": "unlisted_equity", "listed": True, "evic": 200, **COMPANY}, "total_equity+total_debt", 50),
        ({"asset_class": "project_finance", "project_total": 500, **COMPANY}, "project_total", 10),
        ({"asset_class": "commercial_real_estate", "property_value": 400}, "property_value", Fraction(25, 2)),
        ({"asset_class": "mortgage", "property_value": 50}, "property_value", 100),
        ({"asset_class": "motor_vehicle", "vehicle_value": 80}, "vehicle_value", Fraction(125, 2)),
        ({"asset_class": "sovereign", "ppp_gdp": 5000}, "ppp_gdp", 1),
    ],
)
def test_each_class_divides_by_its_own_column(given: dict[str, object], denominator: str, tonnes: Fraction) -> None:
    found = pcaf(loan(50, s12_t=100, **given))
    assert (found.denominator, grams(found)) == (denominator, tonnes * TONNE)


@pytest.mark.parametrize(
    ("asset_class", "scores"),
    [
        ("business_loan", {"1a": 1, "1b": 2, "2a": 2, "2b": 3, "3a": 4, "3b": 5, "3c": 5}),
        ("project_finance", {"1a": 1, "1b": 2, "2a": 2, "2b": 3, "3a": 4, "3b": 5, "3c": 5}),
        ("mortgage", {"1a": 1, "1b": 2, "2a": 3, "2b": 4, "3": 5}),
        ("commercial_real_estate", {"1a": 1, "1b": 2, "2a": 3, "2b": 4, "3": 5}),
        ("motor_vehicle", {"1a": 1, "1b": 2, "2a": 2, "2b": 3, "3a": 4, "3b": 5}),
        ("sovereign", {"1a": 1, "1b": 2, "2a": 3, "3a": 4, "3b": 5}),
    ],
)
def test_options_have_the_scores_of_the_standard_and_no_others_exist(asset_class: str, scores: dict[str, int]) -> None:
    figures = {"property_value": 9, "project_total": 9, "vehicle_value": 9, "ppp_gdp": 9, "revenue": 9, **COMPANY}
    factors = dict.fromkeys(("sector_factor", "asset_factor", "asset_turnover"), Fraction(1))
    for option in ("1a", "1b", "2a", "2b", "3", "3a", "3b", "3c"):
        row = loan(100, asset_class=asset_class, option=option, s1_t=1, s2_t=1, **figures, **factors)
        if option in scores:
            assert pcaf(row).score_s12 == scores[option]
        else:
            assert notices(row) == [("OPTION_NOT_OF_CLASS", "option")]


def test_mixed_options_take_the_worse_score_and_s3_keeps_its_own() -> None:
    for option, second in (("1b", "3a"), ("1b", "1a"), ("1a", "3b")):
        found = pcaf(loan(100, s12_t=1, s3_t=7, option=option, option_2=second, **COMPANY))
        worse = max(pcaf_2_scores()[option], pcaf_2_scores()[second])
        assert (found.score_s12, found.score_s3) == (worse, pcaf_2_scores()[option])
    assert notices(loan(100, s12_t=1, option="1b", option_2="3", **COMPANY)) == [("OPTION_NOT_OF_CLASS", "option_2")]


def pcaf_2_scores() -> dict[str, int]:
    return {"1a": 1, "1b": 2, "3a": 4, "3b": 5}


def test_energy_times_factor_and_process_emissions_are_rounded_together() -> None:
    # 1.5 kWh × 0.333 kg = 499.5 g; with 1 g of process 500.5 → 500 (even), not 500 + 1.
    figures = {"option": "2a", "activity": Fraction("1.5"), "activity_factor": Fraction("0.333"), **COMPANY}
    assert pcaf(loan(100, process_t=Fraction(1, TONNE), **figures)).emissions.s12_g == 500
    assert pcaf(loan(100, **figures)).emissions.s12_g == 500
    assert pcaf(loan(100, process_t=3, **figures)).emissions.s12_g == 3 * TONNE + 500


def test_emissions_by_revenue_assets_and_turnover() -> None:
    by_revenue = pcaf(loan(50, option="3a", revenue=2_000_000, sector_factor=Fraction("12.5"), sector_factor_s3=Fraction(100), **COMPANY))
    assert (by_revenue.emissions.s12_g, grams(by_revenue)) == (25 * TONNE, 25 * TONNE // 2)
    assert (by_revenue.attributed.s3_g, by_revenue.score_s3) == (100 * TONNE, 4)
    by_assets = pcaf(loan(3_000_000, option="3b", asset_factor=Fraction("40.25")))
    assert (grams(by_assets), by_assets.denominator, by_assets.score_s12, by_assets.attributed.s3_g) == (120_750_000, None, 5, None)
    by_turnover = pcaf(loan(3_000_000, option="3c", asset_turnover=Fraction("0.8"), sector_factor=Fraction("50.3125")))
    assert (grams(by_turnover), by_turnover.denominator, by_turnover.score_s12) == (120_750_000, None, 5)


def test_the_ten_decimals_of_a_factor_and_a_turnover_count() -> None:
    tiny = Fraction(1, 10**10)
    found = pcaf(loan(10**16, option="3c", asset_turnover=1 + tiny, sector_factor=2 + tiny, **COMPANY))
    assert grams(found) == round(Fraction(10**18, 100) * (1 + tiny) * (2 + tiny))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"total_debt": 40}, [("DENOMINATOR_MISSING", "total_equity")]),
        ({"total_equity": 40}, [("DENOMINATOR_MISSING", "total_debt")]),
        ({"total_equity": 0, "total_debt": 0}, [("DENOMINATOR_MISSING", "total_debt")]),
        ({"total_equity": -9, "total_debt": 0}, [("DENOMINATOR_MISSING", "total_debt"), ("EQUITY_NEGATIVE", "total_equity")]),
        ({"total_equity": 9, "total_assets": 0}, [("DENOMINATOR_FALLBACK", "total_debt"), ("DENOMINATOR_MISSING", "total_debt")]),
        ({"total_debt": 9, "total_assets": -5}, [("DENOMINATOR_FALLBACK", "total_equity"), ("DENOMINATOR_MISSING", "total_equity")]),
        ({"listed": True, "total_assets": 9}, [("DENOMINATOR_MISSING", "evic")]),
        ({"listed": True, "evic": -9}, [("DENOMINATOR_MISSING", "evic")]),
        ({"asset_class": "mortgage"}, [("DENOMINATOR_MISSING", "property_value")]),
        ({"asset_class": "motor_vehicle", "vehicle_value": 0}, [("DENOMINATOR_MISSING", "vehicle_value")]),
    ],
)
def test_a_missing_or_impossible_denominator_is_an_error_of_its_column(given: dict[str, object], expected: list[tuple[str, str]]) -> None:
    assert notices(loan(50, s12_t=1, **given)) == expected
    # Nothing outstanding: nothing to divide, and nothing to say.
    assert notices(loan(0, s12_t=1, **given)) == []
    assert grams(pcaf(loan(0, s12_t=1, **given))) == 0


def test_total_assets_stand_in_for_equity_and_debt() -> None:
    row = loan(25, s12_t=100, total_debt=70, total_assets=100)
    assert (grams(pcaf(row)), pcaf(row).denominator) == (25 * TONNE, "total_assets")
    assert notices(row) == [("DENOMINATOR_FALLBACK", "total_equity")]


def test_a_balance_above_the_denominator_is_clipped_and_said() -> None:
    row = loan(150, s12_t=8, **COMPANY)
    found = pcaf(row)
    assert (grams(found), found.numerator_cents, found.exposure_cents) == (8 * TONNE, 150_00, 150_00)
    assert notices(row) == [("ATTRIBUTION_CLIPPED", "total_equity+total_debt")]
    assert notices(loan(100, s12_t=8, **COMPANY)) == []


def test_a_share_of_equity_is_the_balance_where_none_is_given() -> None:
    held = {"asset_class": "unlisted_equity", "shares": Fraction(30), "total_shares": Fraction(120), "s12_t": 100}
    found = pcaf(loan(None, **held, **COMPANY))
    assert (found.numerator_cents, grams(found)) == (15_00, 15 * TONNE)
    below = loan(None, **{**held, "total_equity": -60, "total_debt": 40})
    assert (pcaf(below).numerator_cents, notices(below)) == (0, [("EQUITY_NEGATIVE", "total_equity")])
    assert notices(loan(None, **{**held, "shares": Fraction(121)}, **COMPANY)) == [("SHARES_ABOVE_TOTAL", "shares")]
    assert notices(loan(None, **{**held, "asset_class": "business_loan"}, **COMPANY)) == [("BALANCE_MISSING", "outstanding")]


def test_scopes_that_are_not_known_apart_are_not_made_up() -> None:
    together = pcaf(loan(50, s12_t=10, s3_t=0, **COMPANY))
    assert (together.attributed.s1_g, together.attributed.s2_g, together.attributed.s12_g) == (None, None, 5 * TONNE)
    assert (together.attributed.s3_g, together.score_s3) == (0, 2)
    apart = pcaf(loan(50, s1_t=6, s2_t=4, **COMPANY))
    assert (apart.attributed.s1_g, apart.attributed.s2_g, apart.attributed.s12_g) == (3 * TONNE, 2 * TONNE, 5 * TONNE)
    assert (apart.attributed.s3_g, apart.score_s3) == (None, None)
    # Each figure is rounded on its own: 0.5 + 0.5 of a gram is 1 together.
    odd = pcaf(loan(50, s1_t=Fraction(1, TONNE), s2_t=Fraction(1, TONNE), **COMPANY))
    assert (odd.attributed.s1_g, odd.attributed.s2_g, odd.attributed.s12_g) == (0, 0, 1)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, [("EMISSIONS_MISSING", "s1_t")]),
        ({"s1_t": 1}, [("EMISSIONS_MISSING", "s2_t")]),
        ({"s2_t": 1}, [("EMISSIONS_MISSING", "s1_t")]),
        ({"s1_t": 1, "s2_t": 1, "s12_t": 3}, [("EMISSIONS_AMBIGUOUS", "s12_t")]),
        ({"s1_t": 1, "s2_t": 2, "s12_t": 3}, []),
        ({"option": "2a", "activity": Fraction(1)}, [("EMISSIONS_MISSING", "activity_factor")]),
        ({"option": "2a", "activity": Fraction(1), "activity_factor": Fraction(1), "s1_t": 1}, [("EMISSIONS_AMBIGUOUS", "activity")]),
        ({"option": "2b", "s12_t": 1, "process_t": 1}, [("FIGURE_UNUSED", "process_t")]),
        ({"option": "2a", "s12_t": 1, "s3_t": 1}, [("FIGURE_UNUSED", "s3_t")]),
        ({"option": "3a", "sector_factor": Fraction(1)}, [("EMISSIONS_MISSING", "revenue")]),
        ({"option": "3a", "revenue": 1}, [("EMISSIONS_MISSING", "sector_factor")]),
        ({"option": "3b"}, [("EMISSIONS_MISSING", "asset_factor")]),
        ({"option": "3c", "sector_factor": Fraction(1)}, [("EMISSIONS_MISSING", "asset_turnover")]),
        ({"option": "3b", "asset_factor": Fraction(1), "removals_t": 1}, [("FIGURE_UNUSED", "removals_t")]),
        ({"asset_class": "sovereign", "ppp_gdp": 9, "s1_t": 1}, [("ATTRIBUTION_CLIPPED", "ppp_gdp"), ("SCOPE2_UNKNOWN", "s2_t")]),
        ({"asset_class": "sovereign", "ppp_gdp": 9, "s1_t": -1, "s2_t": 5}, [("EMISSIONS_NEGATIVE", "s1_t")]),
    ],
)
def test_emissions_that_are_missing_doubled_or_without_use_are_named(given: dict[str, object], expected: list[tuple[str, str]]) -> None:
    assert notices(loan(50, **{**COMPANY, **given})) == expected


def test_an_excluded_row_keeps_its_reason_and_balance_and_says_nothing_else() -> None:
    outcome = pcaf_2.attribute(loan(70, exclude_reason="sold"), pcaf_2.Policies())
    assert (outcome.attribution, outcome.excluded, outcome.exposure_cents, outcome.notices) == (None, "sold", 70_00, ())
    assert notices(loan(None, exclude_reason="no balance")) == []


def test_a_green_project_s_reduction_is_a_ledger_of_its_own() -> None:
    found = pcaf(loan(50, s12_t=10, project_reduction_t=30, total_investment=150, **COMPANY))
    assert (found.reduction_g, grams(found), found.attributed.avoided_g) == (10 * TONNE, 5 * TONNE, 0)
    assert notices(loan(50, s12_t=1, project_reduction_t=3, **COMPANY)) == [("DENOMINATOR_MISSING", "total_investment")]
