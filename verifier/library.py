"""Hold a library release, ready for look-ups: units, GWP sets, indicators, factors, policies (documents.md §3, method §3 and §4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from verifier.errors import Refused

BASE_UNITS = {
    "electricity": "kWh",
    "volume": "m3",
    "mass": "kg",
    "energy": "MJ",
    "emissions": "kgCO2e",
    "liquid": "L",
    "passenger_distance": "pkm",
    "distance": "km",
    "nights": "night",
    "days": "day",
}
GASES = ("CO2", "CH4", "N2O")
LOCATION, MARKET = "location", "market"
GasAmounts = dict[str, Fraction]  # kg by gas, per base unit; CO2, CH4 and N2O always


@dataclass(frozen=True, slots=True)
class Unit:
    """Hold a unit: its dimension and how many base units one of it is."""

    code: str
    dimension: str
    base: Fraction


@dataclass(frozen=True, slots=True)
class Indicator:
    """Hold an indicator; `kinds` are the factor kinds that it admits under each use."""

    id: str
    scope: int
    dimension: str
    carrier: str
    kinds: Mapping[str, frozenset[str]]

    @property
    def is_market_based(self) -> bool:
        """Say whether instruments can cover its lines."""
        return bool(self.kinds[MARKET])

    def dimensions(self) -> tuple[str, ...]:
        """Return the dimensions in which its quantity may be given."""
        return (self.dimension, "mass") if self.dimension == "liquid" else (self.dimension,)


@dataclass(frozen=True, slots=True)
class Factor:
    """Hold a factor with its parameters as exact rationals; exactly one of value, fuel and blend is there."""

    id: str
    kind: str
    carrier: str
    unit: str
    value: Fraction | None
    fuel: Mapping[str, Fraction] | None
    blend: Mapping[str, Fraction] | None
    per: str  # the unit that its figures are per
    owner: str | None
    uncertainty_bp: int | None
    confidence: str

    def gases_per(self, base_unit: str) -> GasAmounts:
        """Return kg of each gas per `base_unit` (method §4).

        Raises:
            Refused: the factor does not serve that unit.
        """
        gases = dict.fromkeys(GASES, Fraction(0))
        in_litres = self.fuel is not None and "density" in self.fuel and (base_unit, self.per) == ("L", "kg")
        if base_unit != self.per and not in_litres:
            raise Refused(
                "FACTOR_UNIT",
                f"factor {self.id} is per {self.per}",
                factor=self.id,
                expected=base_unit,
                found=self.unit,
            )
        if self.value is not None:
            gases["CO2"] = self.value
        if self.fuel is not None:
            energy = self.fuel["ncv_mj"] * (self.fuel["density"] if in_litres else 1)
            gases["CO2"] = energy * self.fuel["carbon"] * self.fuel["oxidation"] * Fraction(44, 12) / 1000
            gases["CH4"] = energy * self.fuel.get("ch4", Fraction(0)) / 1_000_000
            gases["N2O"] = energy * self.fuel.get("n2o", Fraction(0)) / 1_000_000
        return {**gases, **(self.blend or {})}


def co2e_of(gases: GasAmounts, gwp: Mapping[str, Fraction]) -> Fraction:
    """Return kg CO2e of kg of gases. Raises: Refused for a gas that the GWP set does not know."""
    unknown = sorted(set(gases) - set(gwp))
    if unknown:
        raise Refused("GAS_WITHOUT_GWP", f"the GWP set has no value for {unknown[0]}", gas=unknown[0], expected="a GWP", found="none")
    return sum((kg * gwp[gas] for gas, kg in gases.items()), Fraction(0))


@dataclass(frozen=True, slots=True)
class Selection:
    """Hold a rule of selection."""

    indicator: str
    use: str
    region: str
    year: int | None
    factor: str


@dataclass(frozen=True, slots=True)
class Library:
    """Hold a release; uncertainties in basis points, by data quality and by confidence."""

    release: str
    methods: tuple[str, ...]
    units: Mapping[str, Unit]
    gwp_sets: Mapping[str, Mapping[str, Fraction]]
    indicators: Mapping[str, Indicator]
    factors: Mapping[str, Factor]
    selections: Mapping[tuple[str, str], Sequence[Selection]]
    activity_uncertainty_bp: Mapping[int, int]
    factor_uncertainty_bp: Mapping[str, int]

    def select(self, indicator: str, use: str, region: str, year: int) -> str:
        """Return the factor id of the first matching selection. Raises: Refused where none matches."""
        for rule in self.selections.get((indicator, use), ()):
            if rule.region in ("*", region) and rule.year in (None, year):
                return rule.factor
        raise Refused("FACTOR_NONE", f"no selection for {indicator} ({use}) in {region} {year}", indicator=indicator)

    def admitted(self, indicator: Indicator, factor_id: str, use: str, institution: str) -> Factor:
        """Return the factor for one use of an indicator.

        Raises:
            Refused: the release does not have it, it is another institution's, or the indicator does not admit its kind and carrier.
        """
        factor = self.factors.get(factor_id)
        if factor is None:
            raise Refused("FACTOR_UNKNOWN", f"factor {factor_id} is not in the release", factor=factor_id, indicator=indicator.id)
        if factor.owner not in (None, institution):
            raise Refused(
                "FACTOR_OF_ANOTHER",
                f"factor {factor_id} is a local factor of {factor.owner}",
                factor=factor_id,
                indicator=indicator.id,
                expected=f"everybody's, or one of {institution}",
                found=str(factor.owner),
            )
        kinds = indicator.kinds[use]
        if factor.kind not in kinds or factor.carrier != indicator.carrier:
            raise Refused(
                "FACTOR_NOT_ADMITTED",
                f"factor {factor_id} ({factor.kind}, {factor.carrier}) may not be used for {indicator.id} ({use})",
                factor=factor_id,
                indicator=indicator.id,
                expected=f"{' or '.join(sorted(kinds))}, {indicator.carrier}",
                found=f"{factor.kind}, {factor.carrier}",
            )
        return factor
