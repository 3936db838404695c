"""Read the unit of a factor as reports print it: `kgCO2/kWh`, `tCO2/MWh`, `tCO2e/万m³`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from ledger.indicators.factor import BASE_UNITS
from ledger.indicators.release import Release

_TEXT = re.compile(r"(?P<mass>kg|t|g|千克|公斤|吨|克)(?P<gas>CO2eq?|CO2|二氧化碳当量|二氧化碳)?/(?P<per>.+)")
_KILOGRAMS = {"t": Fraction(1000), "吨": Fraction(1000), "g": Fraction(1, 1000), "克": Fraction(1, 1000)}
_EQUIVALENTS = ("CO2e", "CO2eq", "二氧化碳当量")


@dataclass(frozen=True)
class FactorUnit:
    """A factor's unit: 1 of it is `kilograms` kg of `basis` (CO2 or CO2e) per base unit of `dimension`."""

    basis: str
    dimension: str
    kilograms: Fraction

    @property
    def canonical(self) -> str:
        """Return the unit of the library, as `kgCO2/kWh`."""
        return f"kg{self.basis}/{BASE_UNITS[self.dimension]}"


def find_factor_unit(text: str, release: Release) -> FactorUnit | None:
    """Return the unit of a text, or None where it cannot be read; without a gas it is CO2."""
    match = _TEXT.fullmatch(text.replace(" ", "").replace("₂", "2"))
    if match is None:
        return None
    unit = release.find_unit(match["per"])
    if unit is None:
        return None
    basis = "CO2e" if match["gas"] in _EQUIVALENTS else "CO2"
    return FactorUnit(basis, unit.dimension, _KILOGRAMS.get(match["mass"], Fraction(1)) / unit.base_units)
