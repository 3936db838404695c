"""Case 7: Henan Huadong (河南华东工控) 2024: the listed factor is not in the document cited for it, nor is it the one that was used.

Source: verification report HNDT-THC-25-009, p. 18: 173.502 MWh, factor 0.5633 "from the 2022 announcement", table total 93.1 t;
173.502 × 0.5366 = 93.10, × 0.5633 = 97.73; tolerance 0.05 t.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.worked_cases.command import checked, codes, computed, report, the

ELECTRICITY = "electricity.purchased"
CITATIONS = ["2022 announcement", "关于发布2022年电力二氧化碳排放因子的公告", "公告2024年第33号", "mee-2024-33"]


def huadong(value: str, document: str, **fields: Any) -> dict[str, Any]:
    listed = {"indicator": ELECTRICITY, "value": value, "unit": "tCO2/MWh", "document": document, "reference": "p. 18"}
    records = [{"indicator": ELECTRICITY, "quantity": "173.502 MWh"}]
    totals = [{"measure": "scope2", "value": "93.1", "tolerance": "0.05"}]
    return report("huadong", "CN-HA", year=2024, records=records, declared_factors=[listed], declared_totals=totals, **fields)


@pytest.mark.parametrize("document", CITATIONS)
def test_the_listed_factor_is_not_in_the_document_and_the_result_follows_from_another(tmp_path: Path, document: str) -> None:
    answer = checked(tmp_path, huadong("0.5633", document), code=1)
    finding = the(answer, "FACTOR_NOT_IN_DOCUMENT")
    assert finding["place"] == "/declared_factors/0/value"
    assert "grid_average.cn.2022" in finding["params"]["consistent_with"].split(", ")
    assert "grid_average.cn.2022" in finding["action"]
    assert the(answer, "DECLARED_FACTOR_MISMATCH")["got"] == "0.5633 tCO2/MWh gives 97.733677 tCO2e"


@pytest.mark.parametrize("document", CITATIONS)
def test_the_factor_of_the_announcement_is_found_in_it_and_ties_out(tmp_path: Path, document: str) -> None:
    choices = [{"indicator": ELECTRICITY, "factor": "grid_average.cn.2022"}]
    answer = computed(tmp_path, huadong("0.5366", document, factor_choices=choices))
    assert codes(answer, "error") == []
    assert not {"FACTOR_NOT_IN_DOCUMENT", "FACTOR_DOCUMENT_UNKNOWN"} & set(codes(answer))


def test_a_document_that_the_library_does_not_hold_is_said_to_be_unknown(tmp_path: Path) -> None:
    finding = the(checked(tmp_path, huadong("0.5366", "宁波市星级绿色工厂评价导则"), code=1), "FACTOR_DOCUMENT_UNKNOWN")
    assert finding["severity"] == "info"
    assert "grid_average.cn.2022" in finding["params"]["known_as"]


def test_a_factor_that_no_release_has_cannot_be_chosen(tmp_path: Path) -> None:
    choices = [{"indicator": ELECTRICITY, "factor": "grid_average.cn.0.5633"}]
    assert "FACTOR_UNKNOWN" in codes(computed(tmp_path, huadong("0.5633", CITATIONS[0], factor_choices=choices), code=1), "error")
