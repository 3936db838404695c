"""Case 34: changes of the grid factors from 2022 to 2023 as the press printed them, from the tables of the release."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ledger.indicators.shipped import shipped_release


@pytest.mark.parametrize(
    ("region", "before", "after", "change", "tolerance"),
    [
        ("cn-east", "0.5617", "0.5500", "-2.1", "0.06"),
        ("cn-north", "0.6776", "0.6361", "-6.1", "0.06"),
        ("cn-central", "0.5395", "0.5271", "-2.3", "0.06"),
        ("cn-northwest", "0.5857", "0.5543", "-5.4", "0.06"),
        ("cn-south", "0.3869", "0.4042", "4.5", "0.06"),
        ("cn-southwest", "0.2268", "0.2472", "9.0", "0.06"),
        ("cn", "0.5366", "0.5306", "-1.1", "0.06"),
        ("cn-northeast", "0.5564", "0.5122", "-8.0", "0.1"),
    ],
)
def test_each_change_is_the_printed_one(region: str, before: str, after: str, change: str, tolerance: str) -> None:
    release = shipped_release()
    values = [release.factor(f"grid_average.{region}.{year}").gases("electricity").amounts["CO2"] for year in (2022, 2023)]
    assert values == [Fraction(before), Fraction(after)]
    assert abs((values[1] / values[0] - 1) * 100 - Fraction(change)) <= Fraction(tolerance)


def test_the_newer_factor_says_that_it_supersedes_the_older_one() -> None:
    release = shipped_release()
    chain = [factor.supersedes for factor in release.factors if factor.kind == "grid_average" and factor.data_year == 2023]
    assert chain == [f"grid_average.{id.split('.')[1]}.2022" for id in (factor or "" for factor in chain)]
    assert len(chain) == 38
