"""Case 5: Ningbo Baichu (宁波柏厨) 2020: a baseline (OM) factor claimed for purchased power, corrected by the verifier.

Source: third-party verification by 宁波能信, 2021-04-12, reproduced verbatim in a public repository. 8157 MWh: claimed 0.7921 → 6461.16 t,
verified 0.7035 → 5738.45 t; tolerance 0.01 t. 0.7921 is the operating margin of East China.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.worked_cases.command import codes, computed, report, the, tonnes

ELECTRICITY = "electricity.purchased"


def baichu(**fields: Any) -> dict[str, Any]:
    return report("baichu", "CN-ZJ", year=2020, records=[{"indicator": ELECTRICITY, "quantity": "8157 MWh"}], **fields)


@pytest.mark.parametrize(
    ("factor", "kind"),
    [("grid_om.cn-east.2019", "grid_om"), ("grid_bm.cn-east.2019", "grid_bm"), ("grid_footprint.cn.2023", "grid_footprint")],
)
def test_a_factor_made_for_another_use_is_refused_by_name(tmp_path: Path, factor: str, kind: str) -> None:
    answer = computed(tmp_path, baichu(factor_choices=[{"indicator": ELECTRICITY, "factor": factor}]), code=1)
    finding = the(answer, "FACTOR_NOT_ADMITTED")
    assert (finding["place"], finding["got"]) == ("/factor_choices/0/factor", f"{kind} of electricity")
    assert answer["periods"][0]["statement"] is None


def test_the_verified_figure_is_reproduced(tmp_path: Path) -> None:
    choices = [{"indicator": ELECTRICITY, "factor": "grid_regional.cn-east.2012"}]
    answer = computed(tmp_path, baichu(factor_choices=choices, declared_totals=[{"measure": "scope2", "value": "5738.45"}]))
    assert abs(tonnes(answer["totals"], "scope2_location") - Decimal("5738.45")) <= Decimal("0.01")
    assert codes(answer, "error") == []


def test_the_claimed_figure_is_traced_to_the_factor_behind_it(tmp_path: Path) -> None:
    answer = computed(tmp_path, baichu(declared_totals=[{"measure": "scope2", "value": "6461.16"}]), code=1)
    finding = the(answer, "FACTOR_OF_OTHER_KIND")
    assert finding["params"]["consistent_with"] == "grid_om.cn-east.2019"
    assert the(answer, "TOTAL_MISMATCH")["params"]["consistent_with"] == ""
