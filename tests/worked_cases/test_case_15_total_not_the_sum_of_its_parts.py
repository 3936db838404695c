"""Case 15: a printed total that is not the sum of its printed parts: 2965.16 + 21237.97 = 24203.13, printed 24065.13 (−138.00).

Source: ESG report FY2024 of Huishang Bank (2025041400651), column 2023. Flagged above 0.02 t; the columns 2022 and 2024 add up.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.worked_cases.command import checked, codes, report, the


def column(scope1: str, scope2: str, total: str, **fields: Any) -> dict[str, Any]:
    printed = [{"measure": "scope1", "value": scope1}, {"measure": "scope2", "value": scope2}, {"measure": "scope1_scope2", "value": total}]
    return report("huishang", declared_totals=printed, **fields)


def test_the_printed_total_is_named_with_the_difference(tmp_path: Path) -> None:
    answer = checked(tmp_path, column("2965.16", "21237.97", "24065.13", year=2023), code=1)
    finding = the(answer, "DECLARED_SUM_MISMATCH")
    assert (finding["severity"], finding["place"], finding["got"]) == ("error", "/declared_totals/2/value", "24065.13 tCO2e")
    assert finding["params"]["difference"] == "-138 tCO2e"
    assert finding["expected"].startswith("24203.13 ± 0.015 tCO2e")


@pytest.mark.parametrize(
    ("year", "scope1", "scope2", "total"), [(2022, "2884.83", "20492.02", "23376.85"), (2024, "2518.58", "22693.55", "25212.14")]
)
def test_columns_that_add_up_within_rounding_are_left_alone(tmp_path: Path, year: int, scope1: str, scope2: str, total: str) -> None:
    assert codes(checked(tmp_path, column(scope1, scope2, total, year=year))) == ["NOTHING_COMPUTED"]


def test_a_difference_above_the_rounding_is_flagged_however_small(tmp_path: Path) -> None:
    assert "DECLARED_SUM_MISMATCH" in codes(checked(tmp_path, column("2965.16", "21237.97", "24203.16", year=2023), code=1))


def test_the_finding_does_not_depend_on_what_is_computed(tmp_path: Path) -> None:
    records = [{"indicator": "scope1.reported", "quantity": "2965.16 t"}, {"indicator": "scope2.reported", "quantity": "21237.97 t"}]
    answer = checked(tmp_path, column("2965.16", "21237.97", "24065.13", year=2023, records=records), code=1)
    assert codes(answer, "error") == ["TOTAL_MISMATCH", "DECLARED_SUM_MISMATCH"]


def test_printed_figures_of_indicators_are_parts_of_their_scope(tmp_path: Path) -> None:
    records = [
        {"indicator": "fuel.natural_gas.stationary", "quantity": "79.8 万m³"},
        {"indicator": "fuel.petrol.vehicles", "quantity": "54.4 万L"},
    ]
    printed = [
        {"indicator": "fuel.natural_gas.stationary", "value": "1727.20"},
        {"indicator": "fuel.petrol.vehicles", "value": "1237.96"},
        {"measure": "scope1", "value": "2956.16"},  # 2965.16 with two digits swapped
    ]
    answer = checked(tmp_path, report("huishang", year=2023, records=records, declared_totals=printed), code=1)
    finding = the(answer, "DECLARED_SUM_MISMATCH")
    assert finding["place"] == "/declared_totals/2/value"
    assert finding["params"]["slip"] == "2956.16 instead of 2965.16: two neighbouring digits swapped"
