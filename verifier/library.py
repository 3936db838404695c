"""Read a library release: units, GWP sets, indicators, factors and their selection (documents.md §3)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from verifier.errors import Malformed, Refused

BASE_UNITS = {"electricity": "kWh", "volume": "m3", "mass": "kg", "energy": "MJ", "emissions": "kgCO2e", "liquid": "L"}
GASES = ("CO2", "CH4", "N2O")


@dataclass(frozen=True, slots=True)
class Unit:
    """Hold a unit: its dimension and how many base units one of it is."""

    code: str
    dimension: str
    base: Fraction


@dataclass(frozen=True, slots=True)
class Indicator:
    """Hold an indicator."""

    id: str
    scope: int
    dimension: str
    carrier: str
    factor_kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Factor:
    """Hold a factor with its parameters as exact rationals."""

    id: str
    kind: str
    carrier: str
    unit: str
    basis: str
    value: Fraction | None
    fuel: dict[str, Fraction] | None
    per: str | None

    def gases_per(self, base_unit: str) -> dict[str, Fraction]:
        """Return kg of CO2, CH4 and N2O per `base_unit` (method §4).

        Raises:
            Refused: the factor does not serve that unit.
        """
        zero = Fraction(0)
        if self.kind == "reported":
            if base_unit != "kgCO2e":
                raise Refused(
                    "FACTOR_UNIT", f"factor {self.id} serves kgCO2e, not {base_unit}", factor=self.id, expected="kgCO2e", found=base_unit
                )
            return {"CO2": Fraction(1), "CH4": zero, "N2O": zero}
        if self.fuel is None:
            if self.value is None or self.unit != f"kg{self.basis}/{base_unit}":
                raise Refused("FACTOR_UNIT", f"factor {self.id} is per {self.unit}", factor=self.id, expected=base_unit, found=self.unit)
            return {"CO2": self.value, "CH4": zero, "N2O": zero}
        energy = self.fuel["ncv_mj"]
        if base_unit == "L" and self.per == "kg" and "density" in self.fuel:
            energy *= self.fuel["density"]
        elif base_unit != self.per:
            raise Refused("FACTOR_UNIT", f"factor {self.id} is per {self.per}", factor=self.id, expected=base_unit, found=str(self.per))
        return {
            "CO2": energy * self.fuel["carbon"] * self.fuel["oxidation"] * Fraction(44, 12) / 1000,
            "CH4": energy * self.fuel.get("ch4", zero) / 1_000_000,
            "N2O": energy * self.fuel.get("n2o", zero) / 1_000_000,
        }


@dataclass(frozen=True, slots=True)
class Library:
    """Hold a release, ready for look-ups."""

    release: str
    methods: tuple[str, ...]
    units: dict[str, Unit]
    gwp_sets: dict[str, dict[str, Fraction]]
    indicators: dict[str, Indicator]
    factors: dict[str, Factor]
    selections: tuple[tuple[str, str, int | None, str], ...]

    def select(self, indicator: str, region: str, year: int) -> str:
        """Return the factor id of the first matching selection. Raises: Refused where none matches."""
        for wanted, where, when, factor in self.selections:
            if wanted == indicator and where in ("*", region) and when in (None, year):
                return factor
        raise Refused("FACTOR_NONE", f"no selection for {indicator} in {region} {year}", indicator=indicator)

    def admitted(self, indicator: Indicator, factor_id: str) -> Factor:
        """Return the factor, if the release has it and the indicator admits its kind and carrier."""
        factor = self.factors.get(factor_id)
        if factor is None:
            raise Refused("FACTOR_UNKNOWN", f"factor {factor_id} is not in the release", factor=factor_id, indicator=indicator.id)
        if factor.kind not in indicator.factor_kinds or factor.carrier != indicator.carrier:
            raise Refused(
                "FACTOR_NOT_ADMITTED",
                f"factor {factor_id} ({factor.kind}, {factor.carrier}) may not be used for {indicator.id}",
                factor=factor_id,
                indicator=indicator.id,
                expected=f"{' or '.join(sorted(indicator.factor_kinds))}, {indicator.carrier}",
                found=f"{factor.kind}, {factor.carrier}",
            )
        return factor


def read_library(document: Any) -> Library:
    """Return the release in a document whose shape was checked.

    Raises:
        Malformed: a unit's base is not positive, a name stands for two units, or a factor's form does not hold its values.
    """
    units: dict[str, Unit] = {}
    for index, item in enumerate(document["units"]):
        numerator, denominator = int(item["numerator"]), int(item["denominator"])
        if numerator <= 0 or denominator <= 0 or item["dimension"] not in BASE_UNITS:
            raise Malformed(
                "LIBRARY_UNIT", f"library.json /units/{index}", "a known dimension and a positive quotient expected", found=item["code"]
            )
        unit = Unit(item["code"], item["dimension"], Fraction(numerator, denominator))
        for name in (item["code"], *item["aliases"]):
            if name in units:
                raise Malformed("LIBRARY_UNIT", f"library.json /units/{index}", f"the name {name!r} stands for two units", found=name)
            units[name] = unit
    return Library(
        release=document["release"],
        methods=tuple(document["methods"]),
        units=units,
        gwp_sets={item["id"]: {gas: Fraction(item["values"][gas]) for gas in GASES} for item in document["gwp_sets"]},
        indicators={
            item["id"]: Indicator(item["id"], item["scope"], item["dimension"], item["carrier"], frozenset(item["factor_kinds"]))
            for item in document["indicators"]
        },
        factors={item["id"]: _factor(item, index) for index, item in enumerate(document["factors"])},
        selections=tuple((item["indicator"], item["region"], item["year"], item["factor"]) for item in document["selections"]),
    )


def _factor(item: Any, index: int) -> Factor:
    fuel, value = item["fuel"], item["value"]
    if (item["form"] == "fuel") != (fuel is not None) or (item["form"] == "direct") != (value is not None):
        raise Malformed(
            "LIBRARY_FACTOR", f"library.json /factors/{index}", "form direct has a value, form fuel has a fuel", found=item["id"]
        )
    return Factor(
        id=item["id"],
        kind=item["kind"],
        carrier=item["carrier"],
        unit=item["unit"],
        basis=item["basis"],
        value=None if value is None else Fraction(value),
        fuel=None if fuel is None else {name: Fraction(part) for name, part in fuel.items() if name != "per" and part is not None},
        per=None if fuel is None else fuel["per"],
    )
