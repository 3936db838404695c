"""Hold published figures against the computed inventory (spec: documents §2, method-operational-1 §9)."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from ledger.accounting.validators.figures import (
    GRAMS_PER_KG,
    DeclaredFigure,
    common_quantity,
    computed_grams,
    lines_of,
    tonnes,
)
from ledger.accounting.validators.ranges import find_range, for_people
from ledger.errors import UnitError
from ledger.indicators.factor import Factor, GwpSet
from ledger.indicators.release import Release
from ledger.records.activity import DeclaredTotal
from ledger.records.findings import Finding
from ledger.records.statement import Line, Statement
from ledger.records.tree import Tree


def check_declared(
    figures: Iterable[DeclaredFigure], statement: Statement, tree: Tree, release: Release, gwp: GwpSet
) -> tuple[Finding, ...]:
    """Return what the figures printed for the statement's own period say against the computed ones.

    `TOTAL_MISMATCH` where they differ by more than the tolerance. Where the figure is of one indicator alone, also
    `IMPLIED_FACTOR_RANGE`, where no physical factor leads to it, and `FACTOR_NOT_IDENTIFIABLE`, where no factor of the release does.
    """
    findings: list[Finding] = []
    for figure in figures:
        if not figure.is_of(statement.period.id):
            continue
        computed = computed_grams(figure.total, statement, tree)
        if figure.ties_out(computed):
            continue
        measured = lines_of_one_indicator(figure.total, statement, tree)
        consistent: tuple[Factor, ...] = ()
        if measured:
            implied = check_implied(figure, measured, release)
            findings.extend(implied)
            consistent = consistent_factors(figure, measured, release, gwp)
            if not consistent and not implied and _is_measured(measured):
                findings.append(_not_identifiable(figure, measured))
        findings.append(_mismatch(figure, computed, consistent))
    return tuple(findings)


def lines_of_one_indicator(total: DeclaredTotal, statement: Statement, tree: Tree) -> tuple[Line, ...]:
    """Return the lines behind a figure that is of one location-based indicator alone; none where several stand behind it."""
    lines = lines_of(total, statement, tree)
    # A market-based figure follows from instruments, not from one factor.
    if len({line.indicator for line in lines}) != 1 or "market" in total.measure:
        return ()
    return lines


def check_implied(figure: DeclaredFigure, lines: Iterable[Line], release: Release) -> tuple[Finding, ...]:
    """Return `IMPLIED_FACTOR_RANGE` where no physical factor leads from the quantity of `lines`, of one indicator, to the figure."""
    lines = tuple(lines)
    quantity = common_quantity(lines)
    if quantity is None:
        return ()
    dimension, amount = quantity
    carrier = release.indicator(lines[0].indicator).carrier
    bounds = find_range(carrier, dimension)
    kilograms = amount * GRAMS_PER_KG
    if bounds is None or kilograms == 0:
        return ()
    low, high = (figure.grams - figure.tolerance) / kilograms, (figure.grams + figure.tolerance) / kilograms
    if low <= bounds.high and high >= bounds.low:
        return ()
    implied = for_people(figure.grams / kilograms)
    params = {**figure.params, "indicator": lines[0].indicator, "carrier": carrier, "implied": implied}
    action = "check the unit and the decimal point of the quantity and of the published figure"
    return (Finding("IMPLIED_FACTOR_RANGE", "error", figure.place, action, f"{implied} {bounds.unit}", bounds.text, params),)


def consistent_factors(
    figure: DeclaredFigure, lines: Iterable[Line], release: Release, gwp: GwpSet, scale: Fraction | int = 1
) -> tuple[Factor, ...]:
    """Return the admitted factors of the release that lead from the quantity of `lines` to `scale` × the figure, within its tolerance."""
    lines = tuple(lines)
    quantity = common_quantity(lines)
    if quantity is None:
        return ()
    dimension, amount = quantity
    indicator = release.indicator(lines[0].indicator)
    found = []
    for factor in release.factors:
        if indicator.admits_factor(factor) and factor.serves(dimension):
            grams = _grams(factor, dimension, amount, gwp)
            if grams is not None and figure.ties_out(grams / scale):
                found.append(factor)
    return tuple(found)


def _grams(factor: Factor, dimension: str, amount: Fraction, gwp: GwpSet) -> Fraction | None:
    try:
        return amount * GRAMS_PER_KG * factor.gases(dimension).co2e(gwp)
    except UnitError:
        return None  # a blend with a gas that the GWP set does not know leads to no figure


def _is_measured(lines: tuple[Line, ...]) -> bool:
    return not any(line.quantity.unit.endswith("CO2e") for line in lines)


def _mismatch(figure: DeclaredFigure, computed: int, consistent: tuple[Factor, ...]) -> Finding:
    names = ", ".join(factor.id for factor in consistent)
    params = {
        **figure.params,
        "tolerance": f"{tonnes(figure.tolerance)} tCO2e",
        "difference": f"{tonnes(computed - figure.grams)} tCO2e",
        "consistent_with": names,
    }
    hint = f"; it would follow from {names}" if consistent else ""
    action = f"look for a missing or doubled part, or correct the published figure{hint}"
    expected = f"{tonnes(figure.grams)} ± {tonnes(figure.tolerance)} tCO2e"
    return Finding("TOTAL_MISMATCH", "error", figure.place, action, f"{tonnes(computed)} tCO2e", expected, params)


def _not_identifiable(figure: DeclaredFigure, lines: tuple[Line, ...]) -> Finding:
    quantity = common_quantity(lines)
    implied = "" if quantity is None or quantity[1] == 0 else for_people(figure.grams / (quantity[1] * GRAMS_PER_KG))
    params = {**figure.params, "indicator": lines[0].indicator, "implied": implied}
    action = "name the factor behind the published figure, with its document"
    got = f"{implied} kg/{lines[0].quantity.unit}" if implied else "no factor"
    return Finding("FACTOR_NOT_IDENTIFIABLE", "warning", figure.place, action, got, "a factor of the release", params)
