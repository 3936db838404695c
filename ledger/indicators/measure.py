"""Units, indicators and selection rules of a library release (spec: documents §3)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ledger.indicators.factor import Factor
from ledger.records.names import Name


@dataclass(frozen=True)
class UnitOfMeasure:
    """A unit: 1 `code` = numerator / denominator base units of its dimension; aliases are other spellings, as 万kWh."""

    code: str
    aliases: tuple[str, ...]
    dimension: str
    numerator: int
    denominator: int

    @property
    def base_units(self) -> Fraction:
        """Return how many base units one of this unit is."""
        return Fraction(self.numerator, self.denominator)

    def to_document(self) -> dict[str, object]:
        """Return the item of a library release."""
        return {
            "code": self.code,
            "aliases": list(self.aliases),
            "dimension": self.dimension,
            "numerator": str(self.numerator),
            "denominator": str(self.denominator),
        }


@dataclass(frozen=True)
class Indicator:
    """A row of the inventory: its scope, the dimension of its activity and which factors it admits."""

    id: str
    name: Name
    scope: int
    dimension: str
    carrier: str
    factor_kinds: tuple[str, ...]
    group: str

    def admits_dimension(self, dimension: str) -> bool:
        """Tell whether activity of `dimension` may be recorded: its own, and mass for a liquid."""
        return dimension == self.dimension or (self.dimension == "liquid" and dimension == "mass")

    def admits_factor(self, factor: Factor) -> bool:
        """Tell whether kind and carrier of `factor` fit the indicator."""
        return factor.kind in self.factor_kinds and factor.carrier == self.carrier

    def to_document(self) -> dict[str, object]:
        """Return the item of a library release."""
        return {
            "id": self.id,
            "name": self.name.to_document(),
            "scope": self.scope,
            "dimension": self.dimension,
            "carrier": self.carrier,
            "factor_kinds": list(self.factor_kinds),
            "group": self.group,
        }


@dataclass(frozen=True)
class Selection:
    """A rule: this indicator, in this region (`*` any) and year (None any), uses this factor."""

    indicator: str
    region: str
    year: int | None
    factor: str

    def matches(self, indicator: str, region: str, year: int) -> bool:
        """Tell whether the rule applies."""
        return self.indicator == indicator and self.region in ("*", region) and self.year in (None, year)

    def to_document(self) -> dict[str, object]:
        """Return the item of a library release."""
        return {"indicator": self.indicator, "region": self.region, "year": self.year, "factor": self.factor}
