"""Split the change between two periods into activity, factor and boundary, in whole grams that add up (spec: analysis §4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property

from ledger.accounting.analysis.columns import COLUMNS, parts_of
from ledger.accounting.analysis.inventory import ColumnPart, PeriodInventory, Rates
from ledger.records.unit import Unit
from ledger.units import round_half_even

BOUNDARY_OPENINGS = ("acquired", "included")
BOUNDARY_CLOSING = "divested"


@dataclass(frozen=True)
class Change:
    """Grams before and after, and the three parts of what lies between: activity + factor + boundary = after − before."""

    before: int = 0
    after: int = 0
    activity: int = 0
    factor: int = 0
    boundary: int = 0

    def __add__(self, other: Change) -> Change:
        return Change(
            self.before + other.before,
            self.after + other.after,
            self.activity + other.activity,
            self.factor + other.factor,
            self.boundary + other.boundary,
        )

    @property
    def change(self) -> int:
        """Return after − before."""
        return self.after - self.before

    @classmethod
    def sum(cls, changes: Iterable[Change]) -> Change:
        """Return the sum of every field."""
        total = cls()
        for change in changes:
            total += change
        return total

    def to_document(self) -> dict[str, object]:
        """Return all six figures as decimal strings of grams."""
        names = ("before", "after", "change", "activity", "factor", "boundary")
        return {name: str(getattr(self, name)) for name in names}


@dataclass(frozen=True)
class LineChange:
    """The change of one line in one column of the statement."""

    unit: str
    indicator: str
    column: str
    change: Change


@dataclass(frozen=True)
class Decomposition:
    """The change of every line and column between two periods; columns may be asked for by any of the eight names."""

    before: str
    after: str
    lines: tuple[LineChange, ...]
    parents: Mapping[str, str | None]

    def total(self, column: str) -> Change:
        """Return the change of the whole institution."""
        return self._sum("total", "", column)

    def indicator(self, indicator: str, column: str) -> Change:
        """Return the change of one indicator."""
        return self._sum("indicator", indicator, column)

    def unit(self, unit: str, column: str) -> Change:
        """Return the change of one unit with all below it, in the later period's tree."""
        return self._sum("unit", unit, column)

    def line(self, unit: str, indicator: str, column: str) -> Change:
        """Return the change of one line; all 0 where neither period has it."""
        parts = parts_of(column)
        return Change.sum(item.change for item in self.lines if (item.unit, item.indicator) == (unit, indicator) and item.column in parts)

    @property
    def indicators(self) -> tuple[str, ...]:
        """Return the indicators of either period, sorted."""
        return tuple(sorted({line.indicator for line in self.lines}, key=str.encode))

    @property
    def units(self) -> tuple[str, ...]:
        """Return the units that have a line in either period, or one below them, sorted."""
        return tuple(sorted({name for what, name, _ in self._by_name if what == "unit"}, key=str.encode))

    def _sum(self, what: str, name: str, column: str) -> Change:
        return Change.sum(self._by_name.get((what, name, part), Change()) for part in parts_of(column))

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str, str], Change]:
        found: dict[tuple[str, str, str], Change] = {}
        for line in self.lines:
            names = [("total", ""), ("indicator", line.indicator)]
            unit: str | None = line.unit
            while unit is not None:
                names.append(("unit", unit))
                unit = self.parents.get(unit)
            for what, name in names:
                key = (what, name, line.column)
                found[key] = found.get(key, Change()) + line.change
        return found


def decompose(before: PeriodInventory, after: PeriodInventory) -> Decomposition:
    """Return the parts of the change from one period to the other, which may also be the earlier one."""
    outside = boundary_units(before, after)
    changes = []
    for key in sorted({*before.line_map, *after.line_map}, key=lambda key: (key[0].encode(), key[1].encode())):
        for column in COLUMNS:
            start, end = _Side.of(before, key, column), _Side.of(after, key, column)
            if start.part is not None or end.part is not None:
                changes.append(LineChange(*key, column, _change(start, end, is_boundary=key[0] in outside)))
    return Decomposition(before.period, after.period, tuple(changes), _parents(before, after))


def boundary_units(one: PeriodInventory, other: PeriodInventory) -> frozenset[str]:
    """Return the units that came into the boundary or left it between or within the two periods, as the later one knows them."""
    first, last = min(one.first, other.first), max(one.last, other.last)
    return frozenset(unit.id for unit in _units(one, other).values() if came_in(unit, first, last) or left(unit, first, last))


def came_in(unit: Unit, first: date, last: date) -> bool:
    """Tell whether the unit was acquired or included after `first` and not after `last`."""
    return unit.opening in BOUNDARY_OPENINGS and first < unit.opened <= last


def left(unit: Unit, first: date, last: date) -> bool:
    """Tell whether the unit was divested from `first` on, with its last day before `last`."""
    return unit.closing == BOUNDARY_CLOSING and unit.closed is not None and first <= unit.closed < last


def _units(one: PeriodInventory, other: PeriodInventory) -> dict[str, Unit]:
    earlier, later = sorted((one, other), key=lambda inventory: inventory.last)
    return {unit.id: unit for inventory in (earlier, later) for unit in inventory.organisation.units}


def _parents(one: PeriodInventory, other: PeriodInventory) -> dict[str, str | None]:
    day = max(one.last, other.last)
    return {id: unit.parent_on(day) for id, unit in _units(one, other).items()}


@dataclass(frozen=True)
class _Side:
    """A line in one column of one period, and the period's rates; without a part the period has no such line."""

    part: ColumnPart | None
    base_unit: str | None
    indicator: str
    rates: Rates

    @classmethod
    def of(cls, inventory: PeriodInventory, key: tuple[str, str], column: str) -> _Side:
        line = inventory.line_map.get(key)
        if line is None:
            return cls(None, None, key[1], inventory.rates)
        return cls(line.part(column), line.base_unit, key[1], inventory.rates)

    @property
    def grams(self) -> int:
        return 0 if self.part is None else self.part.grams

    def rate(self, other: _Side) -> Fraction | None:
        """Return the line's own rate, else the period's rate for such a line as the other side has; None where it has none."""
        if self.part is not None:
            return self.part.rating.rate
        if other.part is None or other.base_unit is None:
            return None
        rating = self.rates.get((self.indicator, other.part.use, other.base_unit))
        return None if rating is None else rating.rate


def _change(start: _Side, end: _Side, *, is_boundary: bool) -> Change:
    change = end.grams - start.grams
    if is_boundary:
        return Change(start.grams, end.grams, boundary=change)
    factor = round_half_even(_factor_effect(start, end))
    return Change(start.grams, end.grams, activity=change - factor, factor=factor)


def _factor_effect(start: _Side, end: _Side) -> Fraction:
    if start.base_unit is not None and end.base_unit is not None and start.base_unit != end.base_unit:
        return Fraction(0)
    before, after = start.rate(end), end.rate(start)
    if before is None or after is None:
        return Fraction(0)
    quantity = sum((side.part.quantity for side in (start, end) if side.part is not None), Fraction(0))
    return (after - before) * quantity / 2
