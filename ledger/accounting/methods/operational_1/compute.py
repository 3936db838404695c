"""Compute the statement of a period from its inputs alone (spec: method-operational-1; documents §4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.accounting.meter_checks import check_meters_report, has_reading
from ledger.accounting.methods.operational_1.activity_records import read_records
from ledger.accounting.methods.operational_1.factors import decide
from ledger.accounting.methods.operational_1.inputs import Inputs
from ledger.accounting.methods.operational_1.instruments import read_instruments
from ledger.accounting.methods.operational_1.lines import compute_lines
from ledger.accounting.methods.operational_1.meters import read_meters
from ledger.accounting.methods.operational_1.sources import Sources, gather
from ledger.accounting.rollup import roll_up
from ledger.accounting.validators.figures import read_declared
from ledger.accounting.validators.totals import check_declared
from ledger.accounting.validators.units import check_units_have_data
from ledger.errors import NotFound
from ledger.indicators.factor import GwpSet
from ledger.records.findings import Finding, has_errors
from ledger.records.statement import Line, Rollup, Statement

METHOD = "operational_1"
SHOWN_BESIDE_ERRORS = ("IMPLIED_FACTOR_RANGE",)
"""Errors found before the lines are computed that speak about the inventory: they forbid signing, not computing."""


@dataclass(frozen=True)
class Computation:
    """What came out: the statement, or None where inputs leave a line undefined, and every finding.

    A statement may be shown while findings of severity error stand against it; it may not be signed.
    """

    statement: Statement | None
    findings: tuple[Finding, ...]

    @property
    def may_be_signed(self) -> bool:
        """Tell whether there is a statement and no error stands against it."""
        return self.statement is not None and not has_errors(self.findings)


def compute(inputs: Inputs) -> Computation:
    """Return the statement of `inputs` and all findings at once.

    Guarantees: the same inputs, in any order, give the same bytes on every machine. Pure: no clock, no float, no locale.
    """
    findings = list(_check_inputs(inputs))
    gwp = _find_gwp(inputs, findings)
    sources = _collect(inputs)
    findings.extend(sources.findings)
    instruments, instrument_findings = read_instruments(inputs)
    findings.extend(instrument_findings)
    figures, figure_findings = read_declared(inputs.activity.declared_totals, inputs.release, inputs.organisation)
    findings.extend(figure_findings)
    decisions = decide(inputs, sources, gwp)
    findings.extend(decisions.findings)
    missing = (
        *check_meters_report(inputs.organisation, inputs.period, (meter.summary for meter in inputs.meters)),
        *check_units_have_data(inputs.organisation, inputs.period, _units_with_data(inputs, sources)),
    )
    if gwp is None or has_errors(finding for finding in findings if finding.code not in SHOWN_BESIDE_ERRORS):
        return Computation(None, (*findings, *missing))
    lines, line_findings = compute_lines(inputs, sources, decisions, instruments, gwp)
    findings.extend(line_findings)
    if has_errors(line_findings):
        return Computation(None, (*findings, *missing))
    statement = _statement(inputs, lines, roll_up(inputs.tree, lines))
    declared = check_declared(figures, statement, inputs.tree, inputs.activity, inputs.release, gwp)
    return Computation(statement, (*findings, *missing, *declared))


def _collect(inputs: Inputs) -> Sources:
    records, record_findings = read_records(inputs)
    meters, meter_findings = read_meters(inputs)
    return gather([*records, *meters], [*record_findings, *meter_findings])


def _units_with_data(inputs: Inputs, sources: Sources) -> set[str]:
    """Return the units with a source that says something: a meter without a reading does not."""
    silent = {meter.summary.meter for meter in inputs.meters if not has_reading(meter.summary)}
    return {
        unit
        for (unit, _), amounts in sources.by_line.items()
        if any(amount.source.kind != "meter" or amount.source.id not in silent for amount in amounts)
    }


def _statement(inputs: Inputs, lines: tuple[Line, ...], rollup: tuple[Rollup, ...]) -> Statement:
    root = inputs.organisation.root.id
    return Statement(
        institution=inputs.organisation.institution,
        period=inputs.period,
        revision=inputs.revision,
        cause=inputs.cause,
        supersedes=inputs.supersedes,
        organisation=inputs.organisation.digest(),
        activity=inputs.activity.digest(),
        library_release=inputs.release.release,
        library_hash=inputs.release.hash,
        method=METHOD,
        gwp=inputs.gwp,
        meters=tuple(sorted((meter.summary for meter in inputs.meters), key=lambda meter: meter.meter.encode())),
        lines=lines,
        rollup=rollup,
        totals=next(item.total for item in rollup if item.unit == root),
    )


def _find_gwp(inputs: Inputs, findings: list[Finding]) -> GwpSet | None:
    try:
        return inputs.release.gwp_set(inputs.gwp)
    except NotFound:
        expected = " or ".join(gwp.id for gwp in inputs.release.gwp_sets)
        findings.append(Finding("GWP_UNKNOWN", "error", "/gwp", "name a GWP set of the release", inputs.gwp, expected))
        return None


def _check_inputs(inputs: Inputs) -> Iterable[Finding]:
    organisation, activity = inputs.organisation, inputs.activity
    if activity.institution != organisation.institution:
        action = "send the activity to the institution it names"
        yield Finding("INSTITUTION_OTHER", "error", "/institution", action, activity.institution, organisation.institution)
    if activity.period != inputs.period:
        action = "send the activity of this period"
        yield Finding("PERIOD_OTHER", "error", "/period", action, activity.period.id, inputs.period.id)
    if METHOD not in inputs.release.methods:
        action = "use a release that names the method"
        yield Finding("METHOD_UNKNOWN", "error", "/methods", action, METHOD, ", ".join(inputs.release.methods))
