"""The rules of pboc_2021 as its page has them (their source is unverified), one exposure each."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from ledger.accounting.financed.methods import METHODS, get_method
from ledger.accounting.methods import pboc_2021
from ledger.errors import InputError
from ledger.loans.exposure import Exposure
from tests.accounting.financed.scene import loan, notices, pboc

TONNE = 10**6
YEAR = tuple(100 * month for month in range(1, 13))  # cents; mean 650
OFF = pboc_2021.Policies()


def business(**given: object) -> Exposure:
    return loan(None, **{"months": YEAR, "s12_t": 130, "revenue": 65, **given})


def test_the_mean_of_month_ends_over_revenue_is_the_factor_of_general_finance() -> None:
    found = pboc(business())
    assert (found.exposure_cents, found.numerator_cents, found.denominator_cents, found.denominator) == (650, 7_800, 78_000, "revenue")
    assert found.attributed.s12_g == 13 * TONNE


def test_project_finance_divides_by_total_investment_or_else_by_the_project_s_total() -> None:
    both = pboc(business(use="project", total_investment=13, project_total=26))
    assert (both.denominator, both.attributed.s12_g) == ("total_investment", 65 * TONNE)
    one = pboc(business(use="project", project_total=26))
    assert (one.denominator, one.attributed.s12_g) == ("project_total", Fraction(65, 2) * TONNE)
    assert notices(business(use="project"), OFF) == [("DENOMINATOR_MISSING", "total_investment")]
    assert notices(business(use="project", total_investment=0, project_total=9), OFF) == [("DENOMINATOR_MISSING", "total_investment")]


def test_the_mean_of_both_ends_of_each_month_is_a_switch() -> None:
    policies = pboc_2021.Policies("mean_of_ends")
    # Ends 0, 100 … 1,200: months' means 50, 150 … 1,150, their mean 600.
    found = pboc(business(m00=0), policies)
    assert (found.exposure_cents, found.attributed.s12_g) == (600, 12 * TONNE)
    assert notices(business(), policies) == [("BALANCE_MISSING", "m00")]


def test_a_mean_is_rounded_for_the_exposure_and_exact_in_the_figure() -> None:
    found = pboc(loan(None, months=(1, 0), s12_t=4, revenue=Fraction(1, 100)))
    assert (found.exposure_cents, found.attributed.s12_g) == (0, 2 * TONNE)


def test_a_mean_above_the_denominator_is_clipped() -> None:
    row = business(revenue=6)
    assert (pboc(row).attributed.s12_g, notices(row, OFF)) == (130 * TONNE, [("ATTRIBUTION_CLIPPED", "revenue")])


@pytest.mark.parametrize("option", ["3b", "3c"])
def test_options_without_a_denominator_are_not_of_this_method(option: str) -> None:
    assert notices(business(option=option), OFF) == [("OPTION_NOT_OF_METHOD", "option")]
    assert notices(business(option_2=option), OFF) == [("OPTION_NOT_OF_METHOD", "option_2")]
    assert notices(business(option="3"), OFF) == [("OPTION_NOT_OF_CLASS", "option")]


def test_without_month_ends_there_is_no_balance_and_revenue_is_needed() -> None:
    assert notices(business(months=()), OFF) == [("BALANCE_MISSING", "m01")]
    assert notices(business(revenue=None), OFF) == [("DENOMINATOR_MISSING", "revenue")]
    assert notices(business(revenue=None, months=(0,) * 12), OFF) == []


def test_a_guarantee_that_is_not_called_counts_as_nothing() -> None:
    assert pboc(business(instrument="guarantee")).attributed.s12_g == 0
    assert pboc(business(instrument="guarantee", called=True)).attributed.s12_g == 13 * TONNE
    assert notices(business(instrument="guarantee", months=()), OFF) == [("GUARANTEE_NOT_CALLED", "called")]


@pytest.mark.parametrize(
    ("switch", "out", "stays", "reason"),
    [
        ("exclude_short_life", {"life_days": 29}, {"life_days": 30}, "policy: life below 30 days"),
        ("exclude_small_balance", {"months": (499_999_999,)}, {"months": (500_000_000,)}, "policy: mean balance below 5,000,000 CNY"),
        ("exclude_natural_person", {"natural_person": True}, {"natural_person": True, "use": "project"}, "policy: natural person"),
        ("exclude_small_micro", {"small_micro": True}, {"small_micro": True, "use": "project"}, "policy: small or micro enterprise"),
    ],
)
def test_each_exclusion_is_a_switch_and_keeps_its_reason(
    switch: str, out: dict[str, object], stays: dict[str, object], reason: str
) -> None:
    policies = replace(OFF, **{switch: True})
    figures: dict[str, object] = {"revenue": 10**8, "total_investment": 10**8}
    assert pboc_2021.attribute(business(**figures, **out), policies).excluded == reason
    assert pboc_2021.attribute(business(**figures, **stays), policies).attribution is not None
    assert pboc_2021.attribute(business(**figures, **out), OFF).attribution is not None


def test_reductions_of_a_project_follow_the_mean_balance() -> None:
    found = pboc(business(use="project", total_investment=26, project_reduction_t=1_000))
    assert found.reduction_g == 250 * TONNE
    assert found.attributed.s12_g == Fraction(130, 4) * TONNE


def test_policies_are_read_back_from_their_document_and_nothing_else() -> None:
    policies = pboc_2021.Policies("mean_of_ends", exclude_small_micro=True)
    assert get_method("pboc_2021").read_policies(policies.to_document()) == policies
    assert get_method("pboc_2021").read_policies({}) == OFF
    for wrong in ({"average": "median"}, {"average": 1}, {"exclude_small_micro": "yes"}, {"exclude": True}):
        with pytest.raises(InputError):
            get_method("pboc_2021").read_policies(wrong)
    with pytest.raises(InputError, match="unknown policy"):
        get_method("pcaf_2").read_policies({"average": "month_end"})
    with pytest.raises(InputError, match="unknown method"):
        get_method("pcaf_3")
    assert [(method.id, method.dataset) for method in METHODS] == [("pcaf_2", "FINANCED_PCAF"), ("pboc_2021", "FINANCED_PBOC")]
