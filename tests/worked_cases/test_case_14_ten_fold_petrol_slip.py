"""Case 14: a ten-fold slip of Huishang Bank's petrol: 5 / 46.4 / 54.4 万L printed with 11.11 / 103.06 / 120.83 t.

Source: ESG report FY2023 (2024041801900); the FY2021 report has 111.1 t for the same 5.0 万L, the FY2024 report restates 2022 and 2023 to
1055.90 and 1237.96 t. The same report prints gas of 165.4 万m³ for 2022, while its 1827.00 t follow from 84.5.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.worked_cases.command import checked, codes, computed, findings, report, the

PETROL, GAS = "fuel.petrol.vehicles", "fuel.natural_gas.stationary"


def petrol(litres: str, published: str, **more: Any) -> dict[str, Any]:
    return {
        "records": [{"indicator": PETROL, "quantity": f"{litres} 万L"}],
        "declared_totals": [{"indicator": PETROL, "value": published}],
        **more,
    }


@pytest.mark.parametrize(("year", "litres", "published"), [(2021, "5", "11.11"), (2022, "46.4", "103.06"), (2023, "54.4", "120.83")])
def test_the_slip_is_named_by_range_and_by_its_power_of_ten(tmp_path: Path, year: int, litres: str, published: str) -> None:
    answer = checked(tmp_path, report("huishang", year=year, **petrol(litres, published)), code=1)
    finding = the(answer, "IMPLIED_FACTOR_RANGE")
    assert (finding["severity"], finding["expected"]) == ("error", "1.9 to 2.6 kg/L")
    assert finding["got"].startswith("0.222")
    power = the(answer, "DECLARED_POWER_OF_TEN")["params"]
    assert power["power"] == "-1"
    assert power["consistent_with"].split(", ")[0] == "fuel.petrol.public_building"


@pytest.mark.parametrize(("year", "litres", "published"), [(2022, "46.4", "1055.90"), (2023, "54.4", "1237.96")])
def test_the_restated_figures_pass(tmp_path: Path, year: int, litres: str, published: str) -> None:
    assert codes(computed(tmp_path, report("huishang", year=year, **petrol(litres, published))), "error") == []


def test_the_figure_of_the_earlier_report_passes_and_the_later_one_is_a_restatement_of_minus_90_percent(tmp_path: Path) -> None:
    choice = {"factor_choices": [{"indicator": PETROL, "factor": "fuel.petrol.public_building"}]}
    then, now = petrol("5.0", "111.1", id=2021, **choice), petrol("54.4", "1237.96", id=2023)
    now["declared_totals"].append({"indicator": PETROL, "value": "11.11", "period": 2021, "reference": "FY2023 report, column 2021"})
    answer = checked(tmp_path, report("huishang", periods=[then, now]), code=1)
    restated = the(answer, "PRIOR_PERIOD_RESTATED")
    assert (restated["place"], restated["params"]["percent"]) == ("/periods/1/declared_totals/1/value", "−90.0 %")
    assert restated["expected"].startswith("111.1 tCO2e")
    assert the(answer, "DECLARED_POWER_OF_TEN")["params"]["power"] == "-1"
    assert [finding["place"] for finding in findings(answer, "IMPLIED_FACTOR_RANGE")] == ["/periods/1/declared_totals/1/value"]
    assert "TOTAL_MISMATCH" not in codes(answer)


def test_gas_that_does_not_fit_its_volume_is_named_with_the_volume_that_does(tmp_path: Path) -> None:
    records = [{"indicator": GAS, "quantity": "165.4 万m³"}]
    printed = [{"indicator": GAS, "value": "1827.00"}]
    answer = checked(tmp_path, report("huishang", year=2022, records=records, declared_totals=printed), code=1)
    assert the(answer, "IMPLIED_FACTOR_RANGE")["params"]["implied"] == "1.104595"
    cubic_metres = float(the(answer, "TOTAL_MISMATCH")["params"]["implied_quantity"].split()[0])
    assert round(cubic_metres / 10_000, 1) == 84.4  # 84.5 with the CO2-only factor of that report
    assert "DECLARED_POWER_OF_TEN" not in codes(answer)
