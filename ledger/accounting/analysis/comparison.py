"""Compare a statement with the last period before it, row by row, before it is signed (spec: analysis §5)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ledger.accounting.analysis.columns import SCOPE_COLUMNS, basis_points, difference, grams_in
from ledger.accounting.analysis.decomposition import Decomposition, boundary_units, decompose
from ledger.accounting.analysis.inventory import AnalysedLine, PeriodInventory
from ledger.records.line import Measures

NEW = "new"
GONE = "gone"
CHANGED = "changed"
SAME = "same"


@dataclass(frozen=True)
class Side:
    """A line in one of the two periods: its quantity in `base_unit`, its grams and its factor's id."""

    quantity: Fraction
    base_unit: str
    measures: Measures
    factor: str


@dataclass(frozen=True)
class ComparisonRow:
    """One (unit, indicator) of either period; a side is None where the period has no such line.

    `is_boundary`: the unit came into the boundary or left it, so that its line says nothing about growth.
    """

    unit: str
    indicator: str
    scope: int
    before: Side | None
    after: Side | None
    status: str
    is_boundary: bool

    @property
    def quantity_change(self) -> Fraction | None:
        """Return the change in base units; None where the two sides have different ones."""
        if self.before is not None and self.after is not None and self.before.base_unit != self.after.base_unit:
            return None
        after = Fraction(0) if self.after is None else self.after.quantity
        return after - (Fraction(0) if self.before is None else self.before.quantity)

    @property
    def quantity_bp(self) -> int | None:
        """Return the change of the quantity in basis points of the one before; None where there is nothing to divide by."""
        change = self.quantity_change
        return None if self.before is None or change is None else basis_points(change, self.before.quantity)

    @property
    def change(self) -> Measures:
        """Return the change in grams, by column."""
        after = Measures() if self.after is None else self.after.measures
        return difference(after, Measures() if self.before is None else self.before.measures)

    @property
    def grams_bp(self) -> int | None:
        """Return the change of the line's own column (Scope 2: location) in basis points of the grams before; None where they are 0."""
        column = SCOPE_COLUMNS[self.scope][0]
        return None if self.before is None else basis_points(grams_in(self.change, column), grams_in(self.before.measures, column))


@dataclass(frozen=True)
class Comparison:
    """The rows by (unit, indicator), and the parts of the change that they add up to."""

    before: str
    after: str
    rows: tuple[ComparisonRow, ...]
    decomposition: Decomposition


def compare_periods(before: PeriodInventory, after: PeriodInventory) -> Comparison:
    """Return what changed from `before`, the last period, to `after`, the one to be signed."""
    outside = boundary_units(before, after)
    either = {**before.line_map, **after.line_map}
    rows = tuple(
        _row(either[key], _side(before.line_map.get(key)), _side(after.line_map.get(key)), is_boundary=key[0] in outside)
        for key in sorted(either, key=lambda key: (key[0].encode(), key[1].encode()))
    )
    return Comparison(before.period, after.period, rows, decompose(before, after))


def _row(line: AnalysedLine, before: Side | None, after: Side | None, *, is_boundary: bool) -> ComparisonRow:
    status = NEW if before is None else GONE if after is None else SAME if before == after else CHANGED
    return ComparisonRow(line.unit, line.indicator, line.scope, before, after, status, is_boundary)


def _side(line: AnalysedLine | None) -> Side | None:
    return None if line is None else Side(line.quantity, line.base_unit, line.measures, line.rating.factor)
