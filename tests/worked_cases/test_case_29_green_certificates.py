"""Case 29: location- and market-based Scope 2 with green certificates; tolerance 0.

Source: the Scope 2 calculator of tools.gera.services: 1,000,000 kWh, grid 0.20, zero-emission certificates for 600,000 kWh, residual 0.45 →
200 t location-based, 180 t market-based, coverage 60 %, gap 400,000 kWh. With more certificates than power, the power is covered.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.worked_cases.command import codes, computed, line, report

ELECTRICITY = "electricity.purchased"
FACTORS = [
    {"indicator": ELECTRICITY, "value": "0.20", "unit": "kgCO2/kWh", "document": "the example"},
    {"indicator": ELECTRICITY, "use": "market", "value": "0.45", "unit": "kgCO2/kWh", "document": "the example"},
]


def site(certificates: str | None, **fields: Any) -> dict[str, Any]:
    instruments = [] if certificates is None else [{"kind": "green_certificate", "quantity": f"{certificates} kWh"}]
    records = [{"indicator": ELECTRICITY, "quantity": "1000000 kWh"}]
    return report("site", year=2024, records=records, **{"instruments": instruments, "factor_choices": FACTORS, **fields})


@pytest.mark.parametrize(
    ("certificates", "covered", "market"),
    [("600000", "600000", "180"), ("1000000", "1000000", "0"), ("1500000", "1000000", "0"), (None, "0", "450")],
)
def test_both_totals_stand_side_by_side(tmp_path: Path, certificates: str | None, covered: str, market: str) -> None:
    answer = computed(tmp_path, site(certificates))
    assert (answer["totals"]["tonnes"]["scope2_location"], answer["totals"]["tonnes"]["scope2_market"]) == ("200", market)
    found = line(answer, ELECTRICITY)["market"]
    assert sum(int(item["quantity"]) for item in found["covered"]) == int(covered)
    assert int(found["rest"]) == 1_000_000 - int(covered)
    assert ("INSTRUMENT_SURPLUS" in codes(answer)) == (certificates == "1500000")


def test_the_residual_factor_may_be_a_policy(tmp_path: Path) -> None:
    policies = {"residual_factor": {"value": 0.45, "unit": "tCO2/MWh", "document": "the example"}}
    answer = computed(tmp_path, site("600000", factor_choices=FACTORS[:1], policies=policies))
    assert answer["totals"]["tonnes"]["scope2_market"] == "180"


def test_a_certificate_that_ended_covers_nothing(tmp_path: Path) -> None:
    instruments = [{"quantity": "600000 kWh", "generated": "2024-03", "retired": "2026-03-01"}]
    answer = computed(tmp_path, site(None, instruments=instruments))
    assert answer["totals"]["tonnes"]["scope2_market"] == "450"
    assert "INSTRUMENT_NOT_IN_FORCE" in codes(answer)
