"""Cases 5 and 7: what third-party verifiers corrected."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from ledger.accounting.methods.operational_1 import compute
from ledger.indicators.shipped import shipped_release
from tests.accounting.inventory import ROOT, codes, computed, inputs, the, year

NINGBO = (f"{ROOT} electricity.purchased 8157 MWh",)


@pytest.mark.parametrize("factor", ["grid_om.cn-east.2019", "grid_bm.cn-east.2019", "grid_footprint.cn.2023"])
def test_case_5_a_baseline_or_footprint_factor_is_refused_for_purchased_power(factor: str) -> None:
    computation = compute(inputs(year(2020), NINGBO, choices=(f"electricity.purchased {factor}",)))
    assert computation.statement is None
    finding = the(computation, "FACTOR_NOT_ADMITTED")
    assert finding.place == "/factor_choices/0/factor"
    assert finding.got == f"{factor.split('.')[0]} of electricity"


def test_case_5_the_verified_figure() -> None:
    statement = computed(year(2020), NINGBO, choices=("electricity.purchased grid_regional.cn-east.2012",))
    assert abs(Decimal(statement.totals.scope2_location_g) / 1_000_000 - Decimal("5738.45")) <= Decimal("0.01")


def test_case_5_the_claim_is_traced_to_the_refused_factor() -> None:
    kilograms = shipped_release().factor("grid_om.cn-east.2019").gases("electricity").co2 * 8_157_000
    assert abs(kilograms / 1000 - Fraction("6461.16")) <= Fraction("0.01")


HENAN = (f"{ROOT} electricity.purchased 173.502 MWh",)


def test_case_7_the_table_follows_from_another_factor_than_listed() -> None:
    # The report lists 0.5633, which no document has; any other factor shows the one that the total follows from.
    figures = ("indicator/electricity.purchased 93.1 0.05",)
    computation = compute(inputs(year(2024), HENAN, figures=figures, choices=("electricity.purchased grid_ets.cn.0.5703",)))
    assert the(computation, "TOTAL_MISMATCH").params["consistent_with"] == "grid_average.cn.2022"


def test_case_7_a_factor_that_is_in_no_release_is_refused() -> None:
    computation = compute(inputs(year(2024), HENAN, choices=("electricity.purchased grid_average.cn.0.5633",)))
    assert computation.statement is None
    assert codes(computation) == ["FACTOR_UNKNOWN"]


def test_case_7_the_factor_of_the_announcement_ties_out() -> None:
    figures = ("indicator/electricity.purchased 93.1 0.05",)
    assert compute(inputs(year(2024), HENAN, figures=figures, choices=("electricity.purchased grid_average.cn.2022",))).findings == ()
