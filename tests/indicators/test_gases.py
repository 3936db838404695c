"""GWP sets by gas, and refrigerants as blends: the sums that manufacturers and guides print."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ledger.errors import UnitError
from ledger.indicators.factor import GasFactors, GwpSet
from ledger.indicators.shipped import shipped_release


@pytest.mark.parametrize(
    ("name", "ch4", "n2o"),
    [("AR4", "25", "298"), ("AR5", "28", "265"), ("AR5-fossil", "30", "265"), ("AR6", "29.8", "273"), ("AR6-27.9", "27.9", "273")],
)
def test_the_methane_and_nitrous_oxide_of_each_set(name: str, ch4: str, n2o: str) -> None:
    gwp = shipped_release().gwp_set(name)
    assert [gwp.value(gas) for gas in ("CO2", "CH4", "N2O")] == [Fraction(value) for value in ("1", ch4, n2o)]


@pytest.mark.parametrize(
    ("gas", "ar4", "ar5", "ar6"),
    [
        ("R-32", 675, 677, 771),
        ("R-125", 3500, 3170, 3740),
        ("R-134a", 1430, 1300, 1530),
        ("R-22", 1810, 1760, 1960),
        ("SF6", 22800, 23500, 25200),
    ],
)
def test_fluorinated_gases_of_each_report(gas: str, ar4: int, ar5: int, ar6: int) -> None:
    values = [shipped_release().gwp_set(name).value(gas) for name in ("AR4", "AR5", "AR5-fossil", "AR6", "AR6-27.9")]
    assert values == [ar4, ar5, ar5, ar6, ar6]


@pytest.mark.parametrize(
    ("blend", "gwp", "exact", "printed"),
    [
        ("r-410a", "AR4", "2087.5", 2088),
        ("r-410a", "AR5", "1923.5", 1924),
        ("r-410a", "AR6", "2255.5", 2256),
        ("r-407c", "AR4", "1773.85", 1774),
        ("r-407c", "AR5", "1624.21", 1624),
        ("r-407c", "AR6", "1907.93", 1908),
    ],
)
def test_blends_are_the_sums_of_their_shares_as_they_are_printed_rounded(blend: str, gwp: str, exact: str, printed: int) -> None:
    release = shipped_release()
    co2e = release.factor(f"refrigerant.{blend}").gases("mass").co2e(release.gwp_set(gwp))
    assert co2e == Fraction(exact)
    assert int(co2e + Fraction(1, 2)) == printed


def test_a_blend_names_its_own_gases_beside_the_three_common_ones() -> None:
    amounts = shipped_release().factor("refrigerant.r-410a").gases("mass").amounts
    assert amounts == {"CO2": 0, "CH4": 0, "N2O": 0, "R-125": Fraction(1, 2), "R-32": Fraction(1, 2)}


def test_a_gas_that_the_set_does_not_know_is_refused_and_never_counted_as_nothing() -> None:
    gwp = GwpSet("small", {"CO2": "1", "CH4": "25", "N2O": "298"}, "test", "V")
    assert gwp.find("R-32") is None
    with pytest.raises(UnitError, match="small does not know R-32"):
        GasFactors({"CO2": Fraction(1), "R-32": Fraction(0)}).co2e(gwp)


def test_every_gas_of_every_blend_has_a_value_in_every_set() -> None:
    release = shipped_release()
    for factor in release.factors:
        for item in factor.blend or ():
            assert all(gwp.find(item.gas) is not None for gwp in release.gwp_sets), (factor.id, item.gas)
