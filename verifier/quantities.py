"""Work out what each line measures: activity records, shares of a landlord's quantity, meters (method §2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from verifier.errors import Refused
from verifier.exact import round_half_even, shortest_decimal
from verifier.library import BASE_UNITS, Indicator, Library
from verifier.local_time import read_day
from verifier.organisation import Organisation

SELF_USED_PV = "electricity.self_used_pv"
_GENERATION, _EXPORT = "pv.generation", "el.export"
# What a meter's integer counts: the indicator of its line, its dimension, and how many it takes to one base unit.
_METERED = {
    "el.import": ("electricity.purchased", "electricity", 10**6),
    _GENERATION: (SELF_USED_PV, "electricity", 10**6),
    _EXPORT: (SELF_USED_PV, "electricity", -(10**6)),
    "gas.volume": ("fuel.natural_gas.stationary", "volume", 10**3),
    "water.volume": ("water.supply", "volume", 10**3),
    "heat.energy": ("heat.purchased", "energy", 10**3),
}
_ALLOCATED = 10**6  # an allocated quantity has six decimals
Key = tuple[str, str]  # unit, indicator


@dataclass(frozen=True, slots=True)
class Metered:
    """Hold what a meter contributes: its total and counts."""

    meter: str
    unit: str
    quantity: str
    total: int
    slots: int
    measured: int

    @property
    def quality(self) -> int:
        """Return 1, or 3 with more than 5 % of slots not measured."""
        return 3 if 20 * (self.slots - self.measured) > self.slots else 1


@dataclass(frozen=True, slots=True)
class Source:
    """Hold one source of a line: its quantity in base units (below 0 where it is taken off), quality, and own uncertainty if any."""

    kind: str
    id: str
    quantity: Fraction
    quality: int
    uncertainty_bp: int | None = None


@dataclass(frozen=True, slots=True)
class Quantity:
    """Hold what a line measures, and whether a landlord's quantity was shared out for it."""

    value: Fraction
    base_unit: str
    sources: tuple[Source, ...]
    allocated: bool


def sources_by_line(records: Sequence[Any], meters: Sequence[Metered]) -> dict[Key, tuple[list[Any], list[Metered]]]:
    """Return the records and meters of every line; an export meter without a generation meter in its unit enters none."""
    found: dict[Key, tuple[list[Any], list[Metered]]] = {}
    for record in records:
        found.setdefault((record["unit"], record["indicator"]), ([], []))[0].append(record)
    generating = {meter.unit for meter in meters if meter.quantity == _GENERATION}
    for meter in meters:
        if meter.quantity in _METERED and (meter.quantity != _EXPORT or meter.unit in generating):
            found.setdefault((meter.unit, _METERED[meter.quantity][0]), ([], []))[1].append(meter)
    return found


def quantity_of(
    indicator: Indicator, unit: str, records: Sequence[Any], meters: Sequence[Metered], library: Library, organisation: Organisation
) -> Quantity:
    """Return the quantity of a line in its base unit.

    Raises:
        Refused: a unit that does not measure the indicator, two bases, a negative quantity, an allocation that is missing or changes, or
            more electricity exported than generated.
    """
    sources, dimensions = [], set()
    for record in records:
        dimension, quantity = _measured(indicator, record, library)
        if record["source"]["kind"] == "landlord":
            days = read_day(record["start"], "activity.json start"), read_day(record["end"], "activity.json end")
            share = organisation.units[unit].share_of(days)
            quantity = Fraction(round_half_even(quantity * share * _ALLOCATED), _ALLOCATED)
        dimensions.add(dimension)
        sources.append(Source("activity", record["id"], quantity, record["quality"], record["uncertainty_bp"]))
    metered = Fraction(0)
    for meter in meters:
        _, dimension, scale = _METERED[meter.quantity]
        if dimension != indicator.dimension:
            raise Refused(
                "UNIT_DIMENSION",
                f"meter {meter.meter} does not measure {indicator.id}",
                expected=" or ".join(indicator.dimensions()),
                found=dimension,
            )
        dimensions.add(dimension)
        sources.append(Source("meter", meter.meter, Fraction(meter.total, scale), meter.quality))
        metered += sources[-1].quantity
    if metered < 0:
        code = "EXPORT_EXCEEDS_GENERATION" if indicator.id == SELF_USED_PV else "QUANTITY_NEGATIVE"
        raise Refused(code, f"the meters of {unit} come to less than 0", expected="0 or more", found=shortest_decimal(metered))
    if len(dimensions) != 1:
        raise Refused(
            "QUANTITY_BASES",
            f"{indicator.id} is given in {' and '.join(sorted(dimensions))}",
            expected="one dimension",
            found=str(len(dimensions)),
        )
    total = sum((source.quantity for source in sources), Fraction(0))
    ordered = tuple(sorted(sources, key=lambda source: (source.kind, source.id)))
    return Quantity(total, BASE_UNITS[dimensions.pop()], ordered, any(record["source"]["kind"] == "landlord" for record in records))


def _measured(indicator: Indicator, record: Any, library: Library) -> tuple[str, Fraction]:
    """Return (dimension, quantity in base units) of a record as it stands."""
    name, value = record["quantity"]["unit"], record["quantity"]["value"]
    unit = library.units.get(name)
    if unit is None or unit.dimension not in indicator.dimensions():
        raise Refused(
            "UNIT_DIMENSION",
            f"record {record['id']}: unit {name} does not measure {indicator.id}",
            expected=" or ".join(indicator.dimensions()),
            found=name,
        )
    if Fraction(value) < 0:
        raise Refused("QUANTITY_NEGATIVE", f"record {record['id']} is negative", expected="0 or more", found=value)
    return unit.dimension, Fraction(value) * unit.base
