"""Physical ranges of implied factors: outside them a figure has the wrong unit or decimal point, whatever its source.

Wide on purpose: they catch a ten-fold slip (5.0 × 10,000 L of petrol reported as 11.11 t CO2 instead of 111.1), not a poor factor.
Bounds are kg CO2e per base unit, from the composition of the fuel; electricity from 0 to an inefficient coal plant.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ledger.indicators.factor import BASE_UNITS
from ledger.units import format_decimal

DISPLAY_PLACES = 10**6


@dataclass(frozen=True)
class FactorRange:
    """Bounds in kg CO2e per base unit of `dimension` for an energy carrier, both inclusive."""

    carrier: str
    dimension: str
    low: Fraction
    high: Fraction

    @property
    def unit(self) -> str:
        """Return the unit of the bounds, as `kg/L`."""
        return f"kg/{BASE_UNITS[self.dimension]}"

    @property
    def text(self) -> str:
        """Return the range for people, as `1.9 to 2.6 kg/L`."""
        return f"{for_people(self.low)} to {for_people(self.high)} {self.unit}"


RANGES = tuple(
    FactorRange(carrier, dimension, Fraction(low), Fraction(high))
    for carrier, dimension, low, high in (
        ("electricity", "electricity", "0", "1.3"),
        ("natural_gas", "volume", "1.7", "2.5"),
        ("petrol", "liquid", "1.9", "2.6"),
        ("petrol", "mass", "2.8", "3.3"),
        ("diesel", "liquid", "2.4", "2.9"),
        ("diesel", "mass", "2.9", "3.4"),
        ("lpg", "mass", "2.7", "3.3"),
        ("lng", "mass", "2.5", "3.6"),  # up to 3.4 with the CH4 that its engines lose
        ("kerosene", "mass", "2.9", "3.3"),
        ("fuel_oil", "mass", "2.9", "3.4"),
        ("anthracite", "mass", "1.5", "3.2"),
        ("bituminous", "mass", "1.2", "2.9"),
        ("heat", "energy", "0", "0.2"),
        ("reported", "emissions", "1", "1"),
    )
)


def find_range(carrier: str, dimension: str) -> FactorRange | None:
    """Return the range of a carrier in a dimension, or None where we know none."""
    for bounds in RANGES:
        if (bounds.carrier, bounds.dimension) == (carrier, dimension):
            return bounds
    return None


def for_people(value: Fraction) -> str:
    """Return a rational rounded to six decimals, for texts only."""
    return format_decimal(Fraction(round(value * DISPLAY_PLACES), DISPLAY_PLACES))
