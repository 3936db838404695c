"""Hold published figures against the computed inventory (spec: documents §2, method-operational-1 §9)."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from ledger.accounting.validators.figures import DeclaredFigure, computed_grams, tonnes
from ledger.accounting.validators.measured import (
    EMISSIONS,
    FactorRates,
    Measured,
    check_implied,
    consistent_factors,
    measured_in,
    not_identifiable,
)
from ledger.accounting.validators.ranges import for_people
from ledger.indicators.factor import Factor, GwpSet
from ledger.indicators.release import Release
from ledger.records.activity import Activity
from ledger.records.findings import Finding
from ledger.records.statement import Statement
from ledger.records.tree import Tree


def check_declared(
    figures: Iterable[DeclaredFigure], statement: Statement, tree: Tree, activity: Activity, release: Release, gwp: GwpSet
) -> tuple[Finding, ...]:
    """Return what the figures printed for the statement's own period say against the computed ones.

    `TOTAL_MISMATCH` where they differ by more than the tolerance. Where the figure is of one indicator alone, also
    `IMPLIED_FACTOR_RANGE`, where no physical factor leads to it, and `FACTOR_NOT_IDENTIFIABLE`, where no factor of the release does.
    """
    findings: list[Finding] = []
    rates = FactorRates(release, gwp)
    for figure in figures:
        if not figure.is_of(statement.period.id):
            continue
        computed = computed_grams(figure.total, statement, tree)
        if figure.ties_out(computed):
            continue
        measured = measured_in(figure.total, statement, tree, activity, release)
        consistent: tuple[Factor, ...] = ()
        if measured is not None:
            implied = check_implied(figure, measured, release)
            findings.extend(implied)
            consistent = consistent_factors(figure, measured, rates)
            if not consistent and not implied and measured.dimension != EMISSIONS:
                findings.append(not_identifiable(figure, measured, rates))
        findings.append(_mismatch(figure, computed, measured, consistent))
    return tuple(findings)


def _mismatch(figure: DeclaredFigure, computed: int, measured: Measured | None, consistent: tuple[Factor, ...]) -> Finding:
    names = ", ".join(factor.id for factor in consistent)
    params = {
        **figure.params,
        "tolerance": f"{tonnes(figure.tolerance)} tCO2e",
        "difference": f"{tonnes(computed - figure.grams)} tCO2e",
        "consistent_with": names,
    }
    if measured is not None and computed:
        quantity = measured.amount * figure.grams / Fraction(computed)
        params["implied_quantity"] = f"{for_people(quantity)} {measured.unit}"
    hint = f"; it would follow from {names}" if consistent else ""
    action = f"look for a missing or doubled part, or correct the published figure{hint}"
    expected = f"{tonnes(figure.grams)} ± {tonnes(figure.tolerance)} tCO2e"
    return Finding("TOTAL_MISMATCH", "error", figure.place, action, f"{tonnes(computed)} tCO2e", expected, params)
