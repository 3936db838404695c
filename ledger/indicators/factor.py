"""Emission factors: kilograms of each gas per base unit of activity, exact (spec: method-operational-1 §4, documents §3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from ledger.errors import UnitError
from ledger.records.names import Name
from ledger.units import parse_decimal

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
KINDS = (
    *("grid_average", "grid_residual", "grid_fossil", "grid_ets", "grid_regional", "grid_footprint", "grid_om", "grid_bm"),
    *("fuel", "fuel_per_gas", "heat", "refrigerant", "travel", "water", "material", "waste", "self_generation", "supplier", "reported"),
)
FORMS = ("direct", "fuel", "blend")
BASES = ("CO2", "CO2e")
CONFIDENCES = ("V", "X", "S", "M")
COMMON_GASES = ("CO2", "CH4", "N2O")
CO2_PER_CARBON = Fraction(44, 12)


@dataclass(frozen=True)
class GwpSet:
    """Global warming potentials over 100 years by gas, as decimal strings; CO2 is 1 by definition.

    `confidence` is that of the least certain value; `source` says which one that is.
    """

    id: str
    values: Mapping[str, str] = field(hash=False)
    source: str
    confidence: str

    def find(self, gas: str) -> Fraction | None:
        """Return the GWP of a gas, or None where the set does not know it."""
        text = self.values.get(gas)
        return None if text is None else parse_decimal(text)

    def value(self, gas: str) -> Fraction:
        """Return the GWP of a gas.

        Raises:
            UnitError: the set does not know it.
        """
        found = self.find(gas)
        if found is None:
            known = ", ".join(self.values)
            raise UnitError(f"the GWP set {self.id} does not know {gas[:20]}", hint=f"it knows {known}", gwp=self.id, gas=gas)
        return found

    def to_document(self) -> dict[str, object]:
        """Return the item of a library release."""
        return {"id": self.id, "values": dict(self.values), "source": self.source, "confidence": self.confidence}


@dataclass(frozen=True)
class GasFactors:
    """Kilograms of each gas per base unit of activity; CO2, CH4 and N2O are always there."""

    amounts: Mapping[str, Fraction] = field(hash=False)

    def co2e(self, gwp: GwpSet) -> Fraction:
        """Return kilograms CO2e per base unit under a GWP set.

        Raises:
            UnitError: the set does not know one of the gases.
        """
        return sum((kg * gwp.value(gas) for gas, kg in self.amounts.items()), Fraction(0))


@dataclass(frozen=True)
class FuelParameters:
    """Net calorific value × carbon content × oxidation, as decimal strings.

    `per` is m3 or kg; `ncv_mj` MJ per `per`; `density` kg/L; `carbon` tC/TJ; `oxidation` a fraction; `ch4` and `n2o` kg/TJ.
    """

    per: str
    ncv_mj: str
    density: str | None
    carbon: str
    oxidation: str
    ch4: str | None
    n2o: str | None

    def to_document(self) -> dict[str, object]:
        """Return the `fuel` object of a factor."""
        names = ("per", "ncv_mj", "density", "carbon", "oxidation", "ch4", "n2o")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class GasShare:
    """Kilograms of one gas per kilogram of a refrigerant, as a decimal string."""

    gas: str
    share: str

    def to_document(self) -> dict[str, object]:
        """Return the item of a `blend`."""
        return {"gas": self.gas, "share": self.share}


@dataclass(frozen=True)
class Factor:
    """One emission factor with its provenance.

    Confidence: V read in a public text, X also cross-checked, S one secondary source, M from memory. `document` is the id of a document
    of the release; `guide` the default table it belongs to, where official ones disagree; `owner` the institution of a local factor.
    Exactly one of `value`, `fuel` and `blend` is given: that of its form.
    """

    id: str
    name: Name
    kind: str
    carrier: str
    guide: str | None
    form: str
    value: str | None
    fuel: FuelParameters | None
    blend: tuple[GasShare, ...] | None
    unit: str
    basis: str
    region: str
    data_year: int | None
    document: str
    clause: str | None
    valid_from: date | None
    valid_to: date | None
    supersedes: str | None
    owner: str | None
    uncertainty_bp: int | None
    confidence: str
    source_sha256: str | None

    def serves(self, dimension: str) -> bool:
        """Tell whether the factor applies to activity in the base unit of `dimension`."""
        if self.fuel is not None:
            through_density = dimension == "liquid" and self.fuel.per == "kg" and self.fuel.density is not None
            return through_density or BASE_UNITS[dimension] == self.fuel.per
        return self.unit == f"kg{self.basis}/{BASE_UNITS[dimension]}"

    def gases(self, dimension: str) -> GasFactors:
        """Return the kilograms of each gas per base unit of `dimension`.

        Raises:
            UnitError: the factor does not serve that base unit (for a liquid: the factor has no density).
        """
        if not self.serves(dimension):
            raise UnitError(
                f"the factor {self.id} ({self.unit}) does not apply to activity in {BASE_UNITS[dimension]}",
                hint="give the activity in the factor's unit, or choose another factor",
                factor=self.id,
            )
        amounts = dict.fromkeys(COMMON_GASES, Fraction(0))
        if self.fuel is not None:
            amounts |= _fuel_gases(self.fuel, dimension)
        elif self.blend is not None:
            amounts |= {item.gas: parse_decimal(item.share) for item in self.blend}
        else:
            amounts["CO2"] = parse_decimal(self.value or "0")
        return GasFactors(amounts)

    def to_document(self) -> dict[str, object]:
        """Return the item of a library release."""
        return {
            "id": self.id,
            "name": self.name.to_document(),
            "kind": self.kind,
            "carrier": self.carrier,
            "guide": self.guide,
            "form": self.form,
            "value": self.value,
            "fuel": None if self.fuel is None else self.fuel.to_document(),
            "blend": None if self.blend is None else [item.to_document() for item in self.blend],
            "unit": self.unit,
            "basis": self.basis,
            "region": self.region,
            "data_year": self.data_year,
            "document": self.document,
            "clause": self.clause,
            "valid_from": None if self.valid_from is None else self.valid_from.isoformat(),
            "valid_to": None if self.valid_to is None else self.valid_to.isoformat(),
            "supersedes": self.supersedes,
            "owner": self.owner,
            "uncertainty_bp": self.uncertainty_bp,
            "confidence": self.confidence,
            "source_sha256": self.source_sha256,
        }


def _fuel_gases(fuel: FuelParameters, dimension: str) -> dict[str, Fraction]:
    density = parse_decimal(fuel.density or "1") if dimension == "liquid" else Fraction(1)
    energy_mj = parse_decimal(fuel.ncv_mj) * density
    # tC/TJ = g C/MJ, hence ÷ 1,000 for kg; kg/TJ = mg/MJ, hence ÷ 1,000,000.
    return {
        "CO2": energy_mj * parse_decimal(fuel.carbon) * parse_decimal(fuel.oxidation) * CO2_PER_CARBON / 1000,
        "CH4": energy_mj * parse_decimal(fuel.ch4 or "0") / 1_000_000,
        "N2O": energy_mj * parse_decimal(fuel.n2o or "0") / 1_000_000,
    }
