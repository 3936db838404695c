"""Case 9: Bank of Guizhou (贵州银行) 2021: Scope 1 of ten units adds up within the rounding of ten integers; without a branch it does not.

Source: ESG report at esg.hkubs.ai/reports/2022053101473. Sum 2993 t, published 2991.58 t, tolerance ±5.0 (10 × 0.5).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.worked_cases.command import codes, computed, report, the

UNITS = {
    "head-office": 1301,
    "guiyang": 208,
    "zunyi": 454,
    "qiandongnan": 193,
    "qianan": 177,
    "liupanshui": 165,
    "bijie": 148,
    "tongren": 148,
    "anshun": 100,
    "qianxinan": 99,
}
PER_HEAD = {
    "head-office": "1.99",
    "anshun": "0.23",
    "bijie": "0.40",
    "guiyang": "0.21",
    "liupanshui": "0.34",
    "qianan": "0.52",
    "qiandongnan": "0.50",
    "qianxinan": "0.40",
    "tongren": "0.48",
    "zunyi": "0.44",
}


def guizhou(without: str | None = None, **figure: Any) -> dict[str, Any]:
    units = [{"id": unit, "headcount": round(value / float(PER_HEAD[unit]))} for unit, value in UNITS.items()]
    records = [
        {"unit": unit, "indicator": "scope1.reported", "quantity": f"{value} tCO2e"} for unit, value in UNITS.items() if unit != without
    ]
    totals = [{"measure": "scope1", "value": "2991.58"} | figure]
    return report("guizhou", "CN-GZ", year=2021, units=units, records=records, declared_totals=totals)


@pytest.mark.parametrize("figure", [{"tolerance": "5.0"}, {}], ids=["with its tolerance", "by the printed digits alone"])
def test_ten_units_tie_out_within_their_rounding(tmp_path: Path, figure: dict[str, str]) -> None:
    answer = computed(tmp_path, guizhou(**figure))
    assert answer["totals"]["scope1_g"] == "2993000000"
    assert codes(answer, "error") == []


@pytest.mark.parametrize("figure", [{"tolerance": "5.0"}, {}], ids=["with its tolerance", "by the printed digits alone"])
@pytest.mark.parametrize("unit", UNITS)
def test_a_missing_unit_is_found_by_name_and_by_the_total(tmp_path: Path, unit: str, figure: dict[str, str]) -> None:
    answer = computed(tmp_path, guizhou(without=unit, **figure), code=1)
    assert codes(answer, "error") == ["UNIT_WITHOUT_DATA", "TOTAL_MISMATCH"]
    assert the(answer, "UNIT_WITHOUT_DATA")["place"] == f"unit {unit}"
    assert the(answer, "TOTAL_MISMATCH")["got"] == f"{2993 - UNITS[unit]} tCO2e"


def test_printed_figures_of_the_units_add_up_within_their_rounding_whatever_is_computed(tmp_path: Path) -> None:
    document = guizhou()
    printed = [{"measure": "scope1", "at": unit, "value": value} for unit, value in UNITS.items()]
    document["declared_totals"] += printed
    assert codes(computed(tmp_path, document), "error") == []
    printed[2]["value"] = 545  # 454 with its digits turned
    answer = computed(tmp_path, document, code=1)
    assert "DECLARED_SUM_MISMATCH" in codes(answer, "error")
    assert "DIGIT_TRANSPOSITION" not in codes(answer)  # three digits are too few to tell


def test_per_head_figures_agree_with_the_headcounts_behind_them(tmp_path: Path) -> None:
    answer = computed(tmp_path, guizhou())
    units = {item["unit"]: item for item in answer["analysis"]["periods"][0]["units"]}
    for unit, published in PER_HEAD.items():
        intensity = next(item for item in units[unit]["intensities"] if item["measure"] == "headcount")
        assert abs(float(intensity["values"]["scope1_g"]) / 1_000_000 - float(published)) <= 0.005
    assert "INTENSITY_IMPLAUSIBLE" not in codes(answer)
