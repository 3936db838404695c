"""Savings of a PV plant: option B, for generation and export are both measured (spec: savings §5)."""

from __future__ import annotations

from datetime import date

from ledger.errors import InputError
from ledger.records.findings import Finding
from ledger.savings.claim import nothing_known, row_unclaimed
from ledger.savings.given import Energy, SavingsInput
from ledger.savings.result import PvRow, SavingsResult, reduction_of
from ledger.savings.sources import to_wh


def compute_pv(given: SavingsInput, findings: list[Finding]) -> SavingsResult:
    """Return what was used of a plant's generation, month by month.

    Raises:
        InputError: generation or export is not given.
    """
    if given.generation is None or given.export is None:
        raise InputError(f"project {given.id} of kind pv has no generation or no export", hint="give both series")
    rows = tuple(_row(month, days, given.generation, given.export, findings) for month, days in given.reporting.months())
    if not any(row.claimed_days for row in rows):
        findings.append(nothing_known(given.id))
    result = SavingsResult(given, (), rows, None, None, None, tuple(findings))
    used, sent = result.total("self_used_wh"), result.total("exported_wh")
    if not result.accepted or used is None or sent is None:
        return result
    line = reduction_of(given, self_used_wh=used, exported_wh=sent)
    return SavingsResult(given, (), rows, None, None, line, tuple(findings))


def _row(month: str, days: tuple[date, ...], generation: Energy, export: Energy, findings: list[Finding]) -> PvRow:
    # Only days that both meters know: what one of them missed would otherwise pass for self-used.
    claimed = tuple(day for day in days if all(not energy.by_day or energy.of_day(day) is not None for energy in (generation, export)))
    if any(not energy.by_day for energy in (generation, export)) and len(claimed) < len(days):
        claimed = ()
    made, sent = (energy.of_month(month, claimed) if claimed else None for energy in (generation, export))
    if made is None or sent is None:
        findings.append(row_unclaimed(month, "readings", len(days), len(days)))
        return PvRow(month, len(days), 0, None, None, None)
    if len(claimed) < len(days):
        findings.append(row_unclaimed(month, "readings", len(days) - len(claimed), len(days)))
    made, sent = to_wh(made), to_wh(sent)
    if sent > made:
        action = "check which meter is which, and their ratios: more cannot be exported than was generated"
        findings.append(Finding("EXPORT_ABOVE_GENERATION", "error", f"period {month}", action, f"{sent} Wh", f"at most {made} Wh"))
        return PvRow(month, len(days), len(claimed), made, sent, None)
    return PvRow(month, len(days), len(claimed), made, sent, made - sent)
