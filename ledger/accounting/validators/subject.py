"""What the validators look at: one period's activity, what was computed from it, and the periods before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from ledger.accounting.validators.figures import DeclaredFigure, computed_grams, lines_of, read_declared
from ledger.accounting.validators.measured import FactorRates, Measured, measured_by_records, measured_in, rounding_of
from ledger.errors import InputError
from ledger.indicators.factor import GwpSet
from ledger.indicators.release import Release
from ledger.records.activity import Activity, ActivityRecord
from ledger.records.organisation import Organisation
from ledger.records.statement import Statement
from ledger.records.tree import Tree


@dataclass(frozen=True)
class Earlier:
    """An earlier period of the same institution; no statement where none could be computed."""

    activity: Activity
    statement: Statement | None = None


@dataclass(frozen=True)
class Subject:
    """One period as it is looked at. Without organisation or statement, what needs them is left out.

    `earlier` is in order of time; its last one is the period right before.
    """

    activity: Activity
    release: Release
    gwp: GwpSet
    organisation: Organisation | None = None
    statement: Statement | None = None
    earlier: tuple[Earlier, ...] = ()

    @cached_property
    def figures(self) -> tuple[DeclaredFigure, ...]:
        """Return the published figures that can be read, in document order."""
        return read_declared(self.activity.declared_totals, self.release, self.organisation)[0]

    @cached_property
    def rates(self) -> FactorRates:
        """Return the factors of the release with their rates."""
        return FactorRates(self.release, self.gwp)

    @cached_property
    def by_key(self) -> dict[tuple[str, str, str], tuple[DeclaredFigure, ...]]:
        """Return the published figures by (period, measure, unit or nothing for the root)."""
        found: dict[tuple[str, str, str], list[DeclaredFigure]] = {}
        for figure in self.figures:
            found.setdefault(self.key(figure), []).append(figure)
        return {key: tuple(figures) for key, figures in found.items()}

    @cached_property
    def tree(self) -> Tree | None:
        """Return the tree of the period."""
        return None if self.organisation is None else self.organisation.tree(self.activity.period.last_day)

    @cached_property
    def records(self) -> tuple[tuple[int, ActivityRecord], ...]:
        """Return the records with their index in document order."""
        return tuple(enumerate(sorted(self.activity.records, key=lambda record: record.id.encode())))

    def key(self, figure: DeclaredFigure) -> tuple[str, str, str]:
        """Return what a figure is of: period, measure, and the unit (nothing for the root)."""
        at = figure.total.at or ""
        if self.tree is not None and at == self.tree.root.id:
            at = ""
        return (figure.total.period or self.activity.period.id, figure.total.measure, at)

    def is_own(self, figure: DeclaredFigure) -> bool:
        """Tell whether a figure is of the period itself."""
        return figure.is_of(self.activity.period.id)

    def computed(self, figure: DeclaredFigure) -> int | None:
        """Return the computed grams for a figure of the period, or None where there is nothing to hold it against."""
        if self.statement is None or self.tree is None or not self.is_own(figure):
            return None
        if not lines_of(figure.total, self.statement, self.tree):
            return None
        return computed_grams(figure.total, self.statement, self.tree)

    def measured(self, figure: DeclaredFigure) -> Measured | None:
        """Return the quantity of the one indicator behind a figure of the period, or None."""
        if not self.is_own(figure):
            return None
        if self.statement is not None and self.tree is not None:
            return measured_in(figure.total, self.statement, self.tree, self.activity, self.release)
        return measured_by_records(figure.total, self.activity, self.release, self.tree)

    def rounding(self, figure: DeclaredFigure) -> Fraction:
        """Return the grams that half of the last printed digit of each record behind a figure of the period may make."""
        if self.statement is None or self.tree is None:
            return Fraction(0)
        lines = {(line.unit, line.indicator): line for line in lines_of(figure.total, self.statement, self.tree)}
        total = Fraction(0)
        for record in self.activity.records:
            line = lines.get((record.unit, record.indicator))
            if line is not None and line.quantity.exact != 0:
                total += rounding_of(record, self.release) * max(line.measures.as_tuple()) / line.quantity.exact
        return total


def exact_base(record: ActivityRecord, release: Release) -> Fraction | None:
    """Return the quantity of a record in the base unit of its dimension, or None where it cannot be read."""
    unit = release.find_unit(record.quantity.unit)
    try:
        return None if unit is None else record.quantity.exact * unit.base_units
    except InputError:
        return None


def spread(figures: Iterable[DeclaredFigure]) -> Fraction:
    """Return the sum of the tolerances of figures: how far a sum of them may be off."""
    return sum((figure.tolerance for figure in figures), Fraction(0))
