"""Say more about a published figure that does not tie out: a moved decimal point, a slip of digits, rounded quantities, another factor."""

from __future__ import annotations

from fractions import Fraction

from ledger.accounting.validators.digits import GREATEST_POWER
from ledger.accounting.validators.figures import DeclaredFigure, tonnes
from ledger.accounting.validators.measured import (
    EMISSIONS,
    Measured,
    check_implied,
    consistent_factors,
    leading_to,
    not_identifiable,
    reached,
)
from ledger.accounting.validators.published import slip_findings
from ledger.accounting.validators.ranges import find_range
from ledger.accounting.validators.subject import Subject
from ledger.indicators.factor import Factor
from ledger.records.findings import Finding


def check_explained(subject: Subject) -> tuple[Finding, ...]:
    """Return what may be behind each figure of the period that does not tie out with the statement."""
    findings: list[Finding] = []
    for figure in subject.figures:
        computed = subject.computed(figure)
        if computed is None or figure.ties_out(computed):
            continue
        rounding = subject.rounding(figure)
        if abs(figure.grams - computed) <= figure.tolerance + rounding:
            findings.append(_within_rounding(figure, computed, rounding))
            continue
        findings.extend(_moved_point(subject, figure) or slip_findings(figure, Fraction(computed), "what is computed"))
    return tuple(findings)


def check_without_statement(subject: Subject) -> tuple[Finding, ...]:
    """Return, where no statement could be computed, what the records alone say of the figures: the factors that lead to them, or none."""
    findings: list[Finding] = []
    if subject.statement is not None:
        return ()
    for figure in subject.figures:
        measured = subject.measured(figure)
        if measured is None or measured.amount == 0 or measured.dimension == EMISSIONS:
            continue
        implied = check_implied(figure, measured, subject.release)
        consistent = consistent_factors(figure, measured, subject.rates)
        findings.extend(implied)
        if consistent:
            findings.append(_follows(figure, measured, consistent))
            continue
        moved = _moved_point(subject, figure)
        findings.extend(moved)
        if not implied and not moved:
            findings.append(not_identifiable(figure, measured, subject.rates))
    return tuple(findings)


def _moved_point(subject: Subject, figure: DeclaredFigure) -> tuple[Finding, ...]:
    """Return `DECLARED_POWER_OF_TEN` where the figure with its point moved follows from a factor of the release, or is possible at all."""
    measured = subject.measured(figure)
    if measured is None or measured.amount == 0 or figure.grams <= 0:
        return ()
    powers = [k for size in range(1, GREATEST_POWER + 1) for k in (size, -size)]
    reaches = reached(measured, subject.rates)
    for power in powers:
        factors = leading_to(figure, reaches, Fraction(10) ** -power)
        if factors:
            return (_power(figure, power, ", ".join(factor.id for factor in factors)),)
    bounds = find_range(subject.release.indicator(measured.indicator).carrier, measured.dimension)
    if bounds is None or bounds.low == 0 or not check_implied(figure, measured, subject.release):
        return ()
    possible = [k for k in powers if bounds.low <= measured.implied(figure.grams) / Fraction(10) ** k <= bounds.high]
    return (_power(figure, possible[0], ""),) if len(possible) == 1 else ()


def _power(figure: DeclaredFigure, power: int, factors: str) -> Finding:
    params = {**figure.params, "power": str(power), "consistent_with": factors}
    hint = f": with the point moved it follows from {factors}" if factors else ": with the point moved it is possible"
    action = f"check the unit and the decimal point, of the figure and of the quantity{hint}"
    expected = f"{tonnes(figure.grams / Fraction(10) ** power)} tCO2e, or a quantity 10^{power} times as large"
    return Finding("DECLARED_POWER_OF_TEN", "warning", figure.place, action, figure.text, expected, params)


def _within_rounding(figure: DeclaredFigure, computed: int, rounding: Fraction) -> Finding:
    slack = f"{tonnes(figure.tolerance + rounding)} tCO2e"
    params = {**figure.params, "tolerance": slack}
    action = f"if the printed quantities are rounded, give the figure a tolerance of {slack}; else look for the difference"
    got = f"off by {tonnes(abs(figure.grams - computed))} tCO2e"
    return Finding("DECLARED_WITHIN_ROUNDING", "info", figure.place, action, got, f"within {slack}, the rounding of the quantities", params)


def _follows(figure: DeclaredFigure, measured: Measured, factors: tuple[Factor, ...]) -> Finding:
    names = ", ".join(factor.id for factor in factors)
    params = {**figure.params, "indicator": measured.indicator, "consistent_with": names}
    action = "name one of them in the factor choices, with its reason, if it is the one that was used"
    return Finding("FACTOR_IDENTIFIED", "info", figure.place, action, figure.text, f"follows from {names}", params)
