"""The uncertainty of totals by quadrature, in exact integers (spec: analysis §7; IPCC 2006 vol. 1 ch. 3, approach 1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isqrt

from ledger.accounting.analysis.columns import parts_of
from ledger.accounting.analysis.inventory import AnalysedLine, PeriodInventory

BP = 10_000


@dataclass(frozen=True)
class Contribution:
    """What a line adds to a total: grams, and the 95 % half-widths of its activity and of its factor in basis points."""

    grams: int
    factor: str
    activity_bp: int
    factor_bp: int


@dataclass(frozen=True)
class TotalUncertainty:
    """A total with its 95 % half-width in grams, and in basis points where the total is not 0."""

    total_g: int
    half_width_g: int
    half_width_bp: int | None


def contributions(inventory: PeriodInventory, column: str, unit: str | None = None) -> tuple[Contribution, ...]:
    """Return what every line adds to one of the eight columns, of the whole institution or of a unit with all below it."""
    below = None if unit is None else inventory.tree.below(unit)
    lines = inventory.lines if below is None else [line for line in inventory.lines if line.unit in below]
    return tuple(item for line in lines for part in parts_of(column) for item in _contribution(line, part))


def _contribution(line: AnalysedLine, column: str) -> Iterable[Contribution]:
    part = line.part(column)
    if part is not None:
        grams = getattr(line.measures, column)
        yield Contribution(grams, part.rating.factor, line.activity_bp, part.rating.uncertainty_bp)


def combine(items: Iterable[Contribution]) -> TotalUncertainty:
    """Return the half-width of a total: activities independent of each other, lines of one factor fully correlated in it.

    Both figures are the square root of an exact integer, rounded to the nearest.
    """
    known = tuple(items)
    total = sum(item.grams for item in known)
    by_factor: dict[str, int] = {}
    for item in known:
        by_factor[item.factor] = by_factor.get(item.factor, 0) + item.grams * item.factor_bp
    square = sum((item.grams * item.activity_bp) ** 2 for item in known) + sum(part**2 for part in by_factor.values())
    return TotalUncertainty(total, _root(square, BP), None if total == 0 else _root(square, abs(total)))


def total_uncertainty(inventory: PeriodInventory, column: str, unit: str | None = None) -> TotalUncertainty:
    """Return the uncertainty of one of the eight columns, of the whole institution or of a unit with all below it."""
    return combine(contributions(inventory, column, unit))


def _root(square: int, divisor: int) -> int:
    # ⌊√square ÷ divisor + ½⌋: the greatest r with (2r − 1)² · divisor² ≤ 4 · square.
    return (isqrt(4 * square // divisor**2) + 1) // 2
