"""Case 2: Scope 1 of Huishang Bank gas by gas (CO2, CH4, N2O under AR6), through the public command.

Source: ESG report FY2024 (esg.hkubs.ai/reports/2025041400651). The report prints no factors: standard published parameters reproduce four
of six figures to 0.01 t; FY2024 within the rounding of its inputs (1.1 t). A wrong GWP set, or CO2 alone, gives other figures.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.worked_cases.command import codes, computed, line, report, the, tonnes

GAS, PETROL = "fuel.natural_gas.stationary", "fuel.petrol.vehicles"
CASES = [
    (2022, "84.5", "46.4", "1828.93", "1055.90", "2884.83", "0.01"),
    (2023, "79.8", "54.4", "1727.20", "1237.96", "2965.16", "0.01"),
    (2024, "74.5", "39.8", "1612.99", "905.59", "2518.58", "1.1"),
]


def fuels(gas: str, petrol: str, **fields: Any) -> dict[str, Any]:
    records = [{"indicator": GAS, "quantity": f"{gas} 万m³"}, {"indicator": PETROL, "quantity": f"{petrol} 万L"}]
    return report("huishang", "CN-AH", records=records, **fields)


@pytest.mark.parametrize(("year", "gas", "petrol", "gas_t", "petrol_t", "total_t", "tolerance"), CASES)
def test_each_figure_is_reproduced(
    tmp_path: Path, year: int, gas: str, petrol: str, gas_t: str, petrol_t: str, total_t: str, tolerance: str
) -> None:
    printed = [
        {"indicator": GAS, "value": gas_t, "tolerance": tolerance},
        {"indicator": PETROL, "value": petrol_t, "tolerance": tolerance},
        {"measure": "scope1", "value": total_t, "tolerance": tolerance},
    ]
    answer = computed(tmp_path, fuels(gas, petrol, year=year, declared_totals=printed))
    assert codes(answer, "error") == []
    for indicator, published in ((GAS, gas_t), (PETROL, petrol_t)):
        assert abs(tonnes(line(answer, indicator), "scope1") - Decimal(published)) <= Decimal(tolerance)
    assert abs(tonnes(answer["totals"], "scope1") - Decimal(total_t)) <= Decimal(tolerance)


def test_the_rates_are_those_of_the_standard_parameters(tmp_path: Path) -> None:
    answer = computed(tmp_path, fuels("84.5", "46.4", year=2022))
    assert line(answer, GAS)["rate"] == {"value": "2.1644117691", "unit": "kgCO2e/m3"}
    assert line(answer, PETROL)["rate"] == {"value": "2.2756535514", "unit": "kgCO2e/L"}


@pytest.mark.parametrize(
    ("gwp", "gas_t", "petrol_t"),
    [("AR6", "1828.93", "1055.90"), ("AR5", "1828.84", "1055.11"), ("AR6-27.9", "1828.87", "1055.79")],
)
def test_a_gwp_set_is_told_from_another(tmp_path: Path, gwp: str, gas_t: str, petrol_t: str) -> None:
    answer = computed(tmp_path, fuels("84.5", "46.4", year=2022, library={"gwp": gwp}))
    assert round(tonnes(line(answer, PETROL), "scope1"), 2) == Decimal(petrol_t)
    assert round(tonnes(line(answer, GAS), "scope1"), 2) == Decimal(gas_t)


def test_co2_alone_is_told_from_co2e(tmp_path: Path) -> None:
    choices = [{"indicator": GAS, "factor": "fuel.natural_gas.generic"}, {"indicator": PETROL, "factor": "fuel.petrol.public_building"}]
    answer = computed(tmp_path, fuels("84.5", "46.4", year=2022, factor_choices=choices))
    assert [round(tonnes(item, "scope1"), 2) for item in answer["lines"]] == [Decimal("1827.05"), Decimal("1030.57")]


def test_under_another_gwp_set_the_published_figure_does_not_tie_out(tmp_path: Path) -> None:
    printed = [{"indicator": PETROL, "value": "1055.90", "tolerance": "0.01"}]
    document = fuels("84.5", "46.4", year=2022, library={"gwp": "AR5"}, declared_totals=printed)
    assert the(computed(tmp_path, document, code=1), "TOTAL_MISMATCH")["params"]["difference"].startswith("-0.79")


def test_the_printed_sums_of_both_scopes_tie_out(tmp_path: Path) -> None:
    printed = [
        {"measure": "scope1", "value": "2518.58"},
        {"measure": "scope2", "value": "22693.55"},
        {"measure": "scope1_scope2", "value": "25212.14"},
    ]
    assert "DECLARED_SUM_MISMATCH" not in codes(computed(tmp_path, report("huishang", year=2024, declared_totals=printed)))
