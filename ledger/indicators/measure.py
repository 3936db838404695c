"""Units, indicators and selection rules of a library release (spec: documents §3)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ledger.indicators.factor import Factor
from ledger.records.names import Name

USES = ("location", "market")


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
    """A row of the inventory: its scope, the dimension of its activity and which factors it admits.

    `market_kinds` are the factors of market-based Scope 2, for electricity that instruments can cover; empty for all else.
    """

    id: str
    name: Name
    scope: int
    dimension: str
    carrier: str
    factor_kinds: tuple[str, ...]
    market_kinds: tuple[str, ...]
    group: str

    def admits_dimension(self, dimension: str) -> bool:
        """Tell whether activity of `dimension` may be recorded: its own, and mass for a liquid."""
        return dimension == self.dimension or (self.dimension == "liquid" and dimension == "mass")

    def admitted_kinds(self, use: str = "location") -> tuple[str, ...]:
        """Return the factor kinds for a use: location (everything but market-based Scope 2) or market."""
        return self.market_kinds if use == "market" else self.factor_kinds

    def admits_factor(self, factor: Factor, use: str = "location") -> bool:
        """Tell whether kind and carrier of `factor` fit the indicator in this use."""
        return factor.kind in self.admitted_kinds(use) and factor.carrier == self.carrier

    def to_document(self) -> dict[str, object]:
        """Return the item of a library release."""
        return {
            "id": self.id,
            "name": self.name.to_document(),
            "scope": self.scope,
            "dimension": self.dimension,
            "carrier": self.carrier,
            "factor_kinds": list(self.factor_kinds),
            "market_kinds": list(self.market_kinds),
            "group": self.group,
        }


@dataclass(frozen=True)
class Selection:
    """A rule: this indicator in this use, in this region (`*` any) and year (None any), takes this factor."""

    indicator: str
    region: str
    year: int | None
    factor: str
    use: str = "location"

    def matches(self, indicator: str, region: str, year: int | None, use: str = "location") -> bool:
        """Tell whether the rule applies; year None is a year that no rule names."""
        return (self.indicator, self.use) == (indicator, use) and self.region in ("*", region) and self.year in (None, year)

    def to_document(self) -> dict[str, object]:
        """Return the item of a library release."""
        return {"indicator": self.indicator, "use": self.use, "region": self.region, "year": self.year, "factor": self.factor}
