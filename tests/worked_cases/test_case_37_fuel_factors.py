"""Case 37: the fuel factors behind the default tables, NCV × carbon × oxidation × 44/12, and those with all gases of case 2."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ledger.indicators.shipped import shipped_release

MILLIONTH = Fraction(1, 1_000_000)


@pytest.mark.parametrize(
    ("factor", "dimension", "published"),
    [
        ("fuel.natural_gas.generic", "volume", "2.162188809"),
        ("fuel.petrol.generic", "mass", "2.925056"),
        ("fuel.petrol.public_building", "mass", "3.042547"),
        ("fuel.petrol.public_building", "liquid", "2.221059456"),
        ("fuel.diesel.generic", "mass", "3.095910"),
        ("fuel.lpg.generic", "mass", "3.101330"),
        ("fuel.lng.generic", "mass", "3.182851"),
        ("fuel.kerosene.generic", "mass", "3.033391"),
        ("fuel.fuel_oil.generic", "mass", "3.170461"),
        ("fuel.anthracite.generic", "mass", "2.166622"),
    ],
)
def test_each_fuel_factor_is_the_published_one(factor: str, dimension: str, published: str) -> None:
    amounts = shipped_release().factor(factor).gases(dimension).amounts
    assert abs(amounts["CO2"] - Fraction(published)) <= MILLIONTH
    assert amounts["CH4"] == amounts["N2O"] == 0


@pytest.mark.parametrize(
    ("factor", "anchor", "half_digit"),
    [
        # As public tools print them: t per 10,000 m³ and t per t.
        ("fuel.natural_gas.generic", "2.162", "0.0005"),
        ("fuel.petrol.generic", "2.925", "0.0005"),
        ("fuel.diesel.generic", "3.096", "0.0005"),
        # From the collected facts, to the digits given there.
        ("fuel.diesel.public_building", "3.1451", "0.00005"),
        ("fuel.lpg.public_building", "2.924", "0.0005"),
        ("fuel.bituminous.generic", "2.0601", "0.00005"),
    ],
)
def test_printed_anchors_within_half_their_last_digit(factor: str, anchor: str, half_digit: str) -> None:
    dimension = "volume" if "gas" in factor else "mass"
    co2 = shipped_release().factor(factor).gases(dimension).amounts["CO2"]
    assert abs(co2 - Fraction(anchor)) <= Fraction(half_digit)


def test_a_litre_of_diesel() -> None:
    co2 = shipped_release().factor("fuel.diesel.generic").gases("liquid").amounts["CO2"]
    assert abs(co2 - Fraction("2.6006")) <= Fraction("0.00005")


@pytest.mark.parametrize(
    ("factor", "dimension", "published"),
    [("fuel.natural_gas.generic.per_gas", "volume", "2.1644117691"), ("fuel.petrol.public_building.per_gas", "liquid", "2.2756535514")],
)
def test_case_2_factors_with_all_gases_to_ten_decimals(factor: str, dimension: str, published: str) -> None:
    release = shipped_release()
    assert abs(release.factor(factor).gases(dimension).co2e(release.gwp_set("AR6")) - Fraction(published)) <= Fraction(5, 10**10)


@pytest.mark.parametrize(
    ("gwp", "litres", "tonnes"), [("AR6", 464_000, "1055.90"), ("AR5", 464_000, "1055.11"), ("AR6-27.9", 464_000, "1055.79")]
)
def test_case_2_shipped_gwp_sets_tell_the_report_of_2022_apart(gwp: str, litres: int, tonnes: str) -> None:
    release = shipped_release()
    co2e = release.factor("fuel.petrol.public_building.per_gas").gases("liquid").co2e(release.gwp_set(gwp))
    assert abs(co2e * litres / 1000 - Fraction(tonnes)) <= Fraction("0.005")


def test_with_the_other_gases_a_fuel_is_never_less_than_without() -> None:
    release = shipped_release()
    for gwp in release.gwp_sets:
        for factor in release.factors:
            if factor.kind != "fuel_per_gas" or factor.fuel is None:
                continue
            dimension = "volume" if factor.fuel.per == "m3" else "mass"
            gases = factor.gases(dimension)
            assert gases.amounts["CO2"] < gases.co2e(gwp) < gases.amounts["CO2"] * Fraction("1.06"), factor.id
