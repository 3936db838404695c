"""Compute an inventory: each period by the method, the validators over it, and the analysis of all periods (spec: inventory-input §7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from ledger.accounting.analysis import AnalysedLine, PeriodInventory, analysis_document, of_statement
from ledger.accounting.inventory.history import historic_lines
from ledger.accounting.inventory.reading import InventoryInput, PeriodInput
from ledger.accounting.methods.operational_1 import Inputs, compute
from ledger.accounting.validators.registry import validate_activity, validate_inventory
from ledger.accounting.validators.subject import Earlier
from ledger.accounting.validators.units import check_reports
from ledger.errors import InputError
from ledger.records.findings import Finding, has_errors
from ledger.records.statement import Statement

OF_ROUNDING = ("TOTAL_MISMATCH", "FACTOR_NOT_IDENTIFIABLE")


@dataclass(frozen=True)
class PeriodResult:
    """What came of one period: the statement with its hash, None where a line is undefined, and every finding at its place."""

    given: PeriodInput
    statement: Statement | None
    findings: tuple[Finding, ...]
    hash: str | None = None


@dataclass(frozen=True)
class InventoryResult:
    """What came of an input: its periods in order of time, the analysis where every period has a statement, and general findings."""

    given: InventoryInput
    periods: tuple[PeriodResult, ...]
    analysis: dict[str, object] | None
    findings: tuple[Finding, ...]

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Return every finding, those of the periods last."""
        return (*self.findings, *(finding for period in self.periods for finding in period.findings))

    @property
    def is_clean(self) -> bool:
        """Tell whether there is no error."""
        return not has_errors(self.all_findings)


def compute_inventory(given: InventoryInput, today: date | None = None) -> InventoryResult:
    """Return the inventory of an input and all findings at once. Pure: equal inputs give equal results.

    Args:
        today: what later days of records are held against; None leaves that out.
    """
    periods: list[PeriodResult] = []
    earlier: list[Earlier] = []
    inventories: list[PeriodInventory] = []
    for item in given.periods:
        result, inventory = _compute_period(given, item, tuple(earlier), today)
        periods.append(result)
        earlier.append(Earlier(item.activity, result.statement))
        inventories.extend([] if inventory is None else [inventory])
    analysis, findings = _analyse(given, inventories)
    return InventoryResult(given, tuple(periods), analysis, findings)


def _compute_period(
    given: InventoryInput, item: PeriodInput, earlier: tuple[Earlier, ...], today: date | None
) -> tuple[PeriodResult, PeriodInventory | None]:
    if item.is_printed_only:
        return _look_at_figures(given, item, earlier), None
    inputs = Inputs(given.organisation, item.activity, given.release, item.period, item.meters, gwp=given.gwp, today=today)
    computation = compute(inputs)
    findings = _without_rounding([*computation.findings, *validate_inventory(computation, inputs, earlier)], item.rounded)
    located = [item.places.finding(finding) for finding in findings]
    historic, more = _historic(given, item)
    located.extend(more)
    if computation.statement is None:
        return PeriodResult(item, None, tuple(located)), None
    located.extend(check_reports(computation.statement) if item.historic is None else ())
    inventory = of_statement(computation.statement, given.organisation, item.activity, given.release, historic=historic)
    return PeriodResult(item, computation.statement, tuple(located), inventory.statement), inventory


def _look_at_figures(given: InventoryInput, item: PeriodInput, earlier: tuple[Earlier, ...]) -> PeriodResult:
    """Hold published figures against each other where there is nothing to compute them from."""
    action = "add the quantities behind the figures, to have them computed"
    got, expected = "published figures alone", "records or meters"
    computed = Finding("NOTHING_COMPUTED", "info", "/records", action, got, expected)
    findings = validate_activity(item.activity, given.release, given.organisation, gwp=given.gwp, previous=earlier)
    return PeriodResult(item, None, tuple(item.places.finding(finding) for finding in (computed, *findings)))


def _without_rounding(findings: list[Finding], rounded: frozenset[str]) -> list[Finding]:
    """Leave out that a figure does not tie out, where it was given no tolerance and the rounding of its quantities explains it."""
    explained = {finding.params["total"] for finding in findings if finding.code == "DECLARED_WITHIN_ROUNDING"} & rounded
    return [finding for finding in findings if finding.code not in OF_ROUNDING or finding.params.get("total") not in explained]


def _historic(given: InventoryInput, item: PeriodInput) -> tuple[tuple[AnalysedLine, ...], Iterable[Finding]]:
    if item.historic is None:
        return (), ()
    lines, found = historic_lines(item.historic, given.organisation, given.release, given.gwp)
    findings = [item.historic_places.finding(finding) for finding in found]
    # The same factors speak for the period's own lines, which have their findings about them already.
    return lines, [finding for finding in findings if finding.severity == "error"] if lines else findings


def _analyse(given: InventoryInput, inventories: list[PeriodInventory]) -> tuple[dict[str, object] | None, tuple[Finding, ...]]:
    if len(inventories) < len(given.periods):
        return None, ()
    try:
        return analysis_document(inventories, given.options), ()
    except InputError as error:
        action = error.hint or "correct the policies"
        return None, (Finding("ANALYSIS_REFUSED", "error", "/policies", action, str(error)[:300]),)
