"""Option A: each part's energy is a product of parameters, of which the key one is measured (spec: savings §5)."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from ledger.records.findings import Finding
from ledger.savings.claim import claim_saved
from ledger.savings.given import Part, SavingsInput
from ledger.savings.result import SavingsResult, SavingsRow
from ledger.units import round_half_even


def compute_parts(given: SavingsInput, findings: list[Finding]) -> SavingsResult:
    """Return the savings of each part; a project with nothing measured is refused."""
    if not any(parameter.measured for part in given.parts for parameter in part.parameters):
        action = "measure the parameter that matters most; what is stipulated throughout is no measurement"
        findings.append(Finding("OPTION_A_NOTHING_MEASURED", "error", "/parts", action, "no measured parameter", "at least one"))
    days = sum(1 for _ in given.reporting.days())
    rows = []
    for part in given.parts:
        before, after = _wh(part, "baseline"), _wh(part, "reporting")
        rows.append(SavingsRow(part.id, days, days, before, after, before, 0, 0, before - after))
    result = SavingsResult(given, tuple(rows), (), None, None, None, tuple(findings))
    return claim_saved(result, sum(row.savings_wh or 0 for row in rows)) if result.accepted else result


def _wh(part: Part, side: Literal["baseline", "reporting"]) -> int:
    wh = Fraction(1000)
    for parameter in part.parameters:
        value = parameter.baseline if side == "baseline" else parameter.reporting
        wh *= value / 1000 if parameter.unit == "W" else value
    return round_half_even(wh)
