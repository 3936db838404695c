"""The quantity behind a published figure of one indicator, and what follows from it: which factors lead to the figure, which cannot.

It comes from the lines of a statement, or straight from the records where there is no statement to look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from ledger.accounting.validators.digits import half_last_digit
from ledger.accounting.validators.figures import GRAMS_PER_KG, DeclaredFigure, lines_of, scopes_of
from ledger.accounting.validators.ranges import find_range, for_people
from ledger.errors import InputError, UnitError
from ledger.indicators.factor import BASE_UNITS, Factor, GwpSet
from ledger.indicators.release import Release
from ledger.records.activity import Activity, ActivityRecord, DeclaredTotal
from ledger.records.findings import Finding
from ledger.records.statement import Statement
from ledger.records.tree import Tree

LANDLORD = "landlord"
EMISSIONS = "emissions"


@dataclass(frozen=True)
class Measured:
    """A quantity of one indicator in base units of `dimension`; `rounding` is half of the last printed digit of its records, added up."""

    indicator: str
    dimension: str
    amount: Fraction
    rounding: Fraction = Fraction(0)

    @property
    def unit(self) -> str:
        """Return the base unit."""
        return BASE_UNITS[self.dimension]

    def implied(self, grams: Fraction) -> Fraction:
        """Return the kg per base unit that lead to `grams`; the amount must not be 0."""
        return grams / (self.amount * GRAMS_PER_KG)


def measured_in(total: DeclaredTotal, statement: Statement, tree: Tree, activity: Activity, release: Release) -> Measured | None:
    """Return the quantity behind a figure, or None where several indicators or base units stand behind it, or instruments do."""
    if "market" in total.measure:
        return None
    lines = lines_of(total, statement, tree)
    printed = {(line.unit, line.indicator): line for line in lines}
    rounding = sum((rounding_of(record, release) for record in activity.records if (record.unit, record.indicator) in printed), Fraction(0))
    return _one(((line.indicator, line.quantity.unit, line.quantity.exact) for line in lines), rounding)


def rounding_of(record: ActivityRecord, release: Release) -> Fraction:
    """Return what half of the last printed digit of a record makes, in base units; 0 for a landlord's, of which the unit has a share."""
    unit = release.find_unit(record.quantity.unit)
    if unit is None or record.source.kind == LANDLORD:
        return Fraction(0)
    return half_last_digit(record.quantity.value) * unit.base_units


def measured_by_records(total: DeclaredTotal, activity: Activity, release: Release, tree: Tree | None) -> Measured | None:
    """Return the same from the records alone; None also where a record cannot be read or its share is not known."""
    if "market" in total.measure or (total.at is not None and tree is None):
        return None
    units = None if total.at is None or tree is None else tree.below(total.at)
    found, rounding = [], Fraction(0)
    for record in activity.records:
        indicator, unit = release.find_indicator(record.indicator), release.find_unit(record.quantity.unit)
        if indicator is None or (units is not None and record.unit not in units):
            continue
        wanted = record.indicator == total.indicator if total.indicator is not None else indicator.scope in scopes_of(total.measure)
        if not wanted:
            continue
        if unit is None or not indicator.admits_dimension(unit.dimension) or record.source.kind == LANDLORD:
            return None
        try:
            found.append((record.indicator, BASE_UNITS[unit.dimension], record.quantity.exact * unit.base_units))
        except InputError:
            return None
        rounding += rounding_of(record, release)
    return _one(found, rounding)


def check_implied(figure: DeclaredFigure, measured: Measured, release: Release) -> tuple[Finding, ...]:
    """Return `IMPLIED_FACTOR_RANGE` where no physical factor leads from the quantity to the figure."""
    carrier = release.indicator(measured.indicator).carrier
    bounds = find_range(carrier, measured.dimension)
    least, most = measured.amount - measured.rounding, measured.amount + measured.rounding
    if bounds is None or least <= 0 or measured.dimension == EMISSIONS:
        return ()
    low = (figure.grams - figure.tolerance) / (most * GRAMS_PER_KG)
    high = (figure.grams + figure.tolerance) / (least * GRAMS_PER_KG)
    if low <= bounds.high and high >= bounds.low:
        return ()
    implied = for_people(measured.implied(figure.grams))
    params = {**figure.params, "indicator": measured.indicator, "carrier": carrier, "implied": implied}
    action = "check the unit and the decimal point of the quantity and of the published figure"
    return (Finding("IMPLIED_FACTOR_RANGE", "error", figure.place, action, f"{implied} {bounds.unit}", bounds.text, params),)


@dataclass(frozen=True)
class FactorRates:
    """The factors of a release with their g CO2e per base unit under a GWP set, worked out once for all figures."""

    release: Release
    gwp: GwpSet

    @cached_property
    def _known(self) -> dict[tuple[str, str, bool], tuple[tuple[Factor, Fraction], ...]]:
        return {}

    def of(self, measured: Measured, *, admitted: bool = True) -> tuple[tuple[Factor, Fraction], ...]:
        """Return those for the quantity's indicator and base unit; with `admitted` false, those of the carrier it does not admit."""
        key = (measured.indicator, measured.dimension, admitted)
        if key not in self._known:
            self._known[key] = tuple(self._find(*key))
        return self._known[key]

    def _find(self, id: str, dimension: str, admitted: bool) -> Iterator[tuple[Factor, Fraction]]:
        indicator = self.release.indicator(id)
        for factor in self.release.factors:
            if factor.carrier == indicator.carrier and indicator.admits_factor(factor) == admitted and factor.serves(dimension):
                # A blend with a gas that the GWP set does not know leads to no figure.
                with suppress(UnitError):
                    yield factor, GRAMS_PER_KG * factor.gases(dimension).co2e(self.gwp)


@dataclass(frozen=True)
class Reach:
    """Where a factor leads from a quantity: to `grams`, give or take `rounding` grams."""

    factor: Factor
    grams: Fraction
    rounding: Fraction


def reached(measured: Measured, rates: FactorRates, *, admitted: bool = True) -> tuple[Reach, ...]:
    """Return where each factor of the release leads from the quantity."""
    return tuple(Reach(factor, measured.amount * rate, measured.rounding * rate) for factor, rate in rates.of(measured, admitted=admitted))


def leading_to(figure: DeclaredFigure, reaches: Iterable[Reach], scale: Fraction | int = 1) -> tuple[Factor, ...]:
    """Return the factors that lead to `scale` (above 0) × the figure, within its tolerance and the quantity's rounding, nearest first."""
    grams, tolerance = figure.grams * scale, figure.tolerance * scale
    found = []
    for reach in reaches:
        off = abs(reach.grams - grams)
        if off <= tolerance + reach.rounding:
            found.append((off, reach.factor.id, reach.factor))
    return tuple(factor for _, _, factor in sorted(found, key=lambda item: item[:2]))


def consistent_factors(figure: DeclaredFigure, measured: Measured, rates: FactorRates, *, admitted: bool = True) -> tuple[Factor, ...]:
    """Return the factors that lead from the quantity to the figure; the nearest first.

    With `admitted` false, the factors of the same carrier that the indicator does not admit.
    """
    return leading_to(figure, reached(measured, rates, admitted=admitted))


def not_identifiable(figure: DeclaredFigure, measured: Measured, rates: FactorRates) -> Finding:
    """Return the finding that no factor of the release leads to the figure, or only one that is not made for the use."""
    implied = "" if measured.amount == 0 else for_people(measured.implied(figure.grams))
    params = {**figure.params, "indicator": measured.indicator, "implied": implied}
    others = consistent_factors(figure, measured, rates, admitted=False)
    if others:
        names = ", ".join(f"{factor.id} ({factor.kind})" for factor in others)
        action, kinds = "compute it with a factor made for this use", " or ".join(rates.release.indicator(measured.indicator).factor_kinds)
        params["consistent_with"] = ", ".join(factor.id for factor in others)
        return Finding(
            "FACTOR_OF_OTHER_KIND", "warning", figure.place, action, f"follows from {names}", f"a factor of kind {kinds}", params
        )
    action = "name the factor behind the published figure, with its document"
    got = f"{implied} kg/{measured.unit}" if implied else "no factor"
    return Finding("FACTOR_NOT_IDENTIFIABLE", "warning", figure.place, action, got, "a factor of the release", params)


def _one(found: Iterable[tuple[str, str, Fraction]], rounding: Fraction) -> Measured | None:
    items = tuple(found)
    if len({(indicator, unit) for indicator, unit, _ in items}) != 1:
        return None
    indicator, unit, _ = items[0]
    dimension = next(dimension for dimension, base in BASE_UNITS.items() if base == unit)
    return Measured(indicator, dimension, sum((amount for _, _, amount in items), Fraction(0)), rounding)
