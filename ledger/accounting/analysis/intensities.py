"""Emissions per head, square metre, outlet and yuan, for every unit with all below it (spec: analysis §2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from ledger.accounting.analysis.columns import COLUMN_NAMES, grams_in
from ledger.accounting.analysis.inventory import PeriodInventory
from ledger.records.unit import Unit
from ledger.units import parse_decimal

INTENSITY_MEASURES = ("headcount", "area_m2", "outlet", "income_cny")
MISSING = "DENOMINATOR_MISSING"
ZERO = "DENOMINATOR_ZERO"
_OUTLET_KIND = "outlet"


@dataclass(frozen=True)
class Share:
    """A denominator of a unit with all below it; None where the units named in `missing` have none."""

    value: Fraction | None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Intensity:
    """Grams per unit of a measure, exact, by column; without a value there is a reason, and the units that lack a denominator."""

    unit: str
    measure: str
    denominator: Fraction | None
    values: Mapping[str, Fraction] | None
    reason: str | None = None
    missing: tuple[str, ...] = ()


def compute_intensities(inventory: PeriodInventory) -> tuple[Intensity, ...]:
    """Return the four intensities of every unit that was open in the period, by unit id and in the order of the measures."""
    shares = {measure: denominators(inventory, measure) for measure in INTENSITY_MEASURES}
    return tuple(
        _intensity(inventory, unit, measure, shares[measure][unit])
        for unit in inventory.unit_totals
        if inventory.organisation.unit(unit).is_open(inventory.first, inventory.last)
        for measure in INTENSITY_MEASURES
    )


def denominators(inventory: PeriodInventory, measure: str) -> Mapping[str, Share]:
    """Return the denominator of every unit with all below it."""
    declared = {item.unit: item.exact for item in inventory.denominators if item.measure == measure}
    with_lines = {line.unit for line in inventory.lines}
    found: dict[str, Share] = {}
    for unit in inventory.tree.depth_order():
        if unit.id in declared:
            found[unit.id] = Share(declared[unit.id])
            continue
        own = _own(inventory, unit, measure, needed=unit.id in with_lines)
        parts = [own, *(found[child.id] for child in inventory.tree.children(unit.id))]
        missing = tuple(sorted((id for part in parts for id in part.missing), key=str.encode))
        values = [part.value for part in parts if part.value is not None]
        found[unit.id] = Share(None if missing else sum(values, Fraction(0)), missing)
    return found


def _own(inventory: PeriodInventory, unit: Unit, measure: str, *, needed: bool) -> Share:
    open_share = Fraction(unit.days_open(inventory.first, inventory.last), inventory.days)
    if measure == _OUTLET_KIND:
        return Share(open_share if unit.kind == _OUTLET_KIND else Fraction(0))
    own: Fraction | None = None
    if measure == "headcount" and unit.headcount is not None:
        own = Fraction(unit.headcount)
    elif measure == "area_m2" and unit.area_m2 is not None:
        own = parse_decimal(unit.area_m2)
    if own is None:
        return Share(None, (unit.id,)) if needed else Share(Fraction(0))
    return Share(own * open_share)


def _intensity(inventory: PeriodInventory, unit: str, measure: str, share: Share) -> Intensity:
    if share.value is None:
        return Intensity(unit, measure, None, None, MISSING, share.missing)
    if share.value == 0:
        return Intensity(unit, measure, share.value, None, ZERO)
    total = inventory.unit_totals[unit]
    return Intensity(unit, measure, share.value, {name: grams_in(total, name) / share.value for name in COLUMN_NAMES})
