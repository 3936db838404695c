"""Case 19: Bank of Jiujiang (九江银行): Scope 2 ÷ electricity is 0.7172, 0.5991 and 0.6107: no published factor.

Source: ESG reports 2020 to 2022: 6894.07 t / 9612.5 MWh, 6412.59 / 10704, 6181.60 / 10122.2. Published are, for Central China 2012, 0.5257,
for the country 0.6101, 0.5810 and 0.5703.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.worked_cases.command import checked, codes, computed, findings, report, the

ELECTRICITY = "electricity.purchased"
YEARS = [(2020, "9612.5", "6894.07", "0.7172"), (2021, "10704", "6412.59", "0.5991"), (2022, "10122.2", "6181.60", "0.6107")]


def year(number: int, quantity: str, published: str) -> dict[str, Any]:
    records = [{"indicator": ELECTRICITY, "quantity": f"{quantity} MWh"}]
    return {"id": number, "records": records, "declared_totals": [{"measure": "scope2", "value": published}]}


@pytest.mark.parametrize("region", ["CN-JX", "CN"])
def test_no_factor_of_the_library_leads_to_any_of_the_years(tmp_path: Path, region: str) -> None:
    answer = checked(tmp_path, report("jiujiang", region, periods=[year(*item[:3]) for item in YEARS]), code=1)
    found = findings(answer, "FACTOR_NOT_IDENTIFIABLE")
    assert [finding["place"] for finding in found] == [f"/periods/{index}/declared_totals/0/value" for index in range(3)]
    assert [str(round(float(finding["params"]["implied"]), 4)) for finding in found] == [item[3] for item in YEARS]
    assert {finding["severity"] for finding in found} == {"warning"}


@pytest.mark.parametrize("factor", ["grid_ets.cn.0.6101", "grid_ets.cn.0.5810", "grid_ets.cn.0.5703", "grid_regional.cn-central.2012"])
def test_a_figure_that_follows_from_a_published_factor_is_identified(tmp_path: Path, factor: str) -> None:
    value = {"grid_ets.cn.0.6101": "0.6101", "grid_ets.cn.0.5810": "0.5810", "grid_ets.cn.0.5703": "0.5703"}.get(factor, "0.5257")
    published = str(round(float("9612.5") * float(value), 2))
    choices = [{"indicator": ELECTRICITY, "factor": "grid_average.cn.2023"}]
    answer = checked(tmp_path, report("jiujiang", "CN-JX", **year(2020, "9612.5", published), factor_choices=choices), code=1)
    assert factor in the(answer, "TOTAL_MISMATCH")["params"]["consistent_with"].split(", ")
    assert "FACTOR_NOT_IDENTIFIABLE" not in codes(answer)


def test_with_the_factor_that_it_follows_from_the_figure_is_left_alone(tmp_path: Path) -> None:
    choices = [{"indicator": ELECTRICITY, "factor": "grid_ets.cn.0.6101"}]
    answer = computed(tmp_path, report("jiujiang", "CN-JX", **year(2020, "9612.5", "5864.59"), factor_choices=choices))
    assert "FACTOR_NOT_IDENTIFIABLE" not in codes(answer)
