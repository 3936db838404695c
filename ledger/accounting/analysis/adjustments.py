"""What a recalculation changes in a period: boundary, method, errors (spec: analysis §6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from ledger.accounting.analysis.inventory import AnalysedLine, PeriodInventory, RateKey, Rating
from ledger.records.line import Measures

HISTORIC_MISSING = "HISTORIC_MISSING"
BASE_UNIT_DIFFERS = "BASE_UNIT_DIFFERS"
Subject = tuple[str, str]


@dataclass(frozen=True)
class Correction:
    """The right quantity of a line of `period`, in the line's base unit; the error was found in the period `found`."""

    found: str
    period: str
    unit: str
    indicator: str
    quantity: Fraction
    reference: str


@dataclass(frozen=True)
class Adopted:
    """The ratings of one indicator and use, by base unit, in the first period under a new method, which starts on `first`."""

    first: date
    ratings: Mapping[str, Rating]

    @property
    def signature(self) -> tuple[str, ...]:
        """Return the method's signature: all ratings of one indicator, use and period rest on one factor."""
        return next(iter(self.ratings.values())).signature


@dataclass(frozen=True)
class Missing:
    """What a recalculated period lacks: the historic lines of a unit, or a rate for a line's base unit."""

    period: str
    unit: str
    indicator: str | None
    reason: str


@dataclass(frozen=True)
class Adjustments:
    """Causes taken together: units that came in (with their first day) or left, methods by (indicator, use), corrections."""

    came_in: Mapping[str, date] = field(default_factory=dict)
    left: frozenset[str] = frozenset()
    methods: Mapping[Subject, Adopted] = field(default_factory=dict)
    corrections: tuple[Correction, ...] = ()

    def with_units(self, units: Mapping[str, date]) -> Adjustments:
        """Return these and the units that came in."""
        return replace(self, came_in={**self.came_in, **units})

    def without_units(self, units: Iterable[str]) -> Adjustments:
        """Return these without the units that left."""
        return replace(self, left=self.left | frozenset(units))

    def with_method(self, subject: Subject, adopted: Adopted) -> Adjustments:
        """Return these and another method of an indicator and use."""
        return replace(self, methods={**self.methods, subject: adopted})

    def with_correction(self, correction: Correction) -> Adjustments:
        """Return these and a correction."""
        return replace(self, corrections=(*self.corrections, correction))

    def apply(self, inventory: PeriodInventory) -> tuple[AnalysedLine, ...]:
        """Return the lines of a period as recalculated."""
        right = {(item.unit, item.indicator): item.quantity for item in self.corrections if item.period == inventory.period}
        lines = [
            line.with_quantity(right[line.unit, line.indicator]) if (line.unit, line.indicator) in right else line
            for line in inventory.lines
        ]
        lines.extend(line for line in inventory.historic if line.unit in self.came_in)
        return tuple(self._rated(line, inventory.first) for line in lines if line.unit not in self.left)

    def measures(self, inventory: PeriodInventory) -> Measures:
        """Return the totals of a period as recalculated."""
        return Measures.sum(line.measures for line in self.apply(inventory))

    def missing(self, inventory: PeriodInventory) -> tuple[Missing, ...]:
        """Return what the recalculated period lacks."""
        there = {line.unit for line in inventory.historic}
        units = [id for id, opened in self.came_in.items() if inventory.first < opened and id not in there and id not in self.left]
        found = [Missing(inventory.period, id, None, HISTORIC_MISSING) for id in sorted(units, key=str.encode)]
        for line in self.apply(inventory):
            for (indicator, use, base_unit), rating in line.ratings:
                adopted = self._adopted(indicator, use, rating, inventory.first)
                if adopted is not None and base_unit not in adopted.ratings:
                    found.append(Missing(inventory.period, line.unit, indicator, BASE_UNIT_DIFFERS))
        return tuple(dict.fromkeys(found))

    def _rated(self, line: AnalysedLine, first: date) -> AnalysedLine:
        rates: dict[RateKey, Rating] = {}
        for (indicator, use, base_unit), rating in line.ratings:
            adopted = self._adopted(indicator, use, rating, first)
            if adopted is not None and base_unit in adopted.ratings:
                rates[indicator, use, base_unit] = adopted.ratings[base_unit]
        return line.rated(rates) if rates else line

    def _adopted(self, indicator: str, use: str, rating: Rating, first: date) -> Adopted | None:
        """Return the method that replaces a line's own in a period starting on `first`, or None where its own stays.

        In the first period under the new method only historic lines can still have an older one.
        """
        adopted = self.methods.get((indicator, use))
        return None if adopted is None or first > adopted.first or adopted.signature == rating.signature else adopted
