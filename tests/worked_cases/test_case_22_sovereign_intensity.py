"""Case 22: PCAF Part A, 2nd edition, table 5-23: production emissions ÷ nominal and PPP-adjusted GDP. Tolerance 0.005."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from ledger.accounting.financed.portfolio import sovereign_intensity
from ledger.errors import InputError
from tests.accounting.financed.scene import loan, pcaf
from tests.worked_cases.command import attributed

# Mt, nominal and PPP-adjusted GDP in million dollars, the two printed intensities in kg per dollar.
COUNTRIES = {
    "China": (11_535, 14_279_937, 23_487_798, "0.81", "0.49"),
    "United States": (5_107, 21_433_226, 21_433_226, "0.24", "0.24"),
    "India": (2_597, 2_868_929, 9_560_220, "0.91", "0.27"),
    "Japan": (1_154, 5_081_770, 5_345_808, "0.23", "0.22"),
    "Germany": (703, 3_861_124, 4_644_166, "0.18", "0.15"),
    "Indonesia": (626, 1_119_191, 3_338_144, "0.56", "0.19"),
    "France": (315, 2_715_518, 3_320_559, "0.12", "0.09"),
}


@pytest.mark.parametrize("country", COUNTRIES)
def test_intensities_are_the_printed_ones(country: str) -> None:
    megatonnes, nominal, adjusted, printed_nominal, printed_adjusted = COUNTRIES[country]
    for gdp, printed in ((nominal, printed_nominal), (adjusted, printed_adjusted)):
        assert abs(sovereign_intensity(Fraction(megatonnes * 1000), Fraction(gdp)) - Fraction(printed)) <= Fraction("0.005")


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_million_of_exposure_carries_the_intensity(country: str) -> None:
    megatonnes, _, adjusted, _, printed = COUNTRIES[country]
    held = pcaf(loan(10**6, asset_class="sovereign", ppp_gdp=adjusted * 10**6, s1_t=megatonnes * 10**6))
    # g per million = kg per dollar × 10^9; the tolerance is 0.005 kg per dollar.
    assert abs(held.attributed.s12_g - Fraction(printed) * 10**9) <= Fraction("0.005") * 10**9


def test_a_country_without_gdp_is_refused() -> None:
    with pytest.raises(InputError, match="GDP"):
        sovereign_intensity(Fraction(1), Fraction(0))


def test_the_command_gives_the_printed_intensities(tmp_path: Path) -> None:
    items = [
        {"id": name, "emissions": f"{megatonnes} Mt", "gdp": f"{nominal} million", "ppp_gdp": f"{adjusted} million"}
        for name, (megatonnes, nominal, adjusted, _, _) in COUNTRIES.items()
    ]
    document = {"institution": "pcaf", "currency": "USD", "method": "pcaf_2", "portfolio": {"sovereign": items}}
    found = attributed(tmp_path, document)["portfolio"]["sovereign"]
    for item, (_, _, _, nominal, adjusted) in zip(found, COUNTRIES.values(), strict=True):
        assert abs(Fraction(item["per_gdp"]) - Fraction(nominal)) <= Fraction("0.005")
        assert abs(Fraction(item["per_ppp_gdp"]) - Fraction(adjusted)) <= Fraction("0.005")
