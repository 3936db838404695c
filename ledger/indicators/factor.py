"""Emission factors: kilograms of each gas per base unit of activity, exact (spec: method-operational-1 §4, documents §3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from ledger.errors import UnitError
from ledger.records.names import Name
from ledger.units import parse_decimal

BASE_UNITS = {"electricity": "kWh", "volume": "m3", "mass": "kg", "energy": "MJ", "emissions": "kgCO2e", "liquid": "L"}
KINDS = ("grid_average", "grid_ets", "grid_regional", "grid_footprint", "grid_om", "grid_bm", "fuel", "fuel_per_gas", "heat", "reported")
FORMS = ("direct", "fuel")
BASES = ("CO2", "CO2e")
CONFIDENCES = ("V", "X", "S", "M")
CO2_PER_CARBON = Fraction(44, 12)


@dataclass(frozen=True)
class GasFactors:
    """Kilograms of CO2, CH4 and N2O per base unit of activity."""

    co2: Fraction
    ch4: Fraction
    n2o: Fraction

    def co2e(self, gwp: GwpSet) -> Fraction:
        """Return kilograms CO2e per base unit under a GWP set."""
        return self.co2 + self.ch4 * gwp.ch4 + self.n2o * gwp.n2o


@dataclass(frozen=True)
class GwpSet:
    """Global warming potentials over 100 years as decimal strings; CO2 is 1 by definition, CH4 is the fossil value."""

    id: str
    co2_text: str
    ch4_text: str
    n2o_text: str
    source: str
    confidence: str

    @property
    def ch4(self) -> Fraction:
        """Return the GWP of fossil CH4."""
        return parse_decimal(self.ch4_text)

    @property
    def n2o(self) -> Fraction:
        """Return the GWP of N2O."""
        return parse_decimal(self.n2o_text)

    def to_document(self) -> dict[str, object]:
        """Return the item of a library release."""
        values = {"CO2": self.co2_text, "CH4": self.ch4_text, "N2O": self.n2o_text}
        return {"id": self.id, "values": values, "source": self.source, "confidence": self.confidence}


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
class FactorDocument:
    """The publication that a factor is taken from."""

    title: str
    number: str | None
    published: date | None
    clause: str | None

    def to_document(self) -> dict[str, object]:
        """Return the `document` object of a factor."""
        published = None if self.published is None else self.published.isoformat()
        return {"title": self.title, "number": self.number, "published": published, "clause": self.clause}


@dataclass(frozen=True)
class Factor:
    """One emission factor with its provenance.

    Confidence: V read in a public text, X also cross-checked, S one secondary source, M from memory.
    """

    id: str
    name: Name
    kind: str
    carrier: str
    form: str
    value: str | None
    fuel: FuelParameters | None
    unit: str
    basis: str
    region: str
    data_year: int | None
    document: FactorDocument
    valid_from: date | None
    supersedes: str | None
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
        if self.fuel is not None:
            return _fuel_gases(self.fuel, dimension)
        return GasFactors(parse_decimal(self.value or "0"), Fraction(0), Fraction(0))

    def to_document(self) -> dict[str, object]:
        """Return the item of a library release."""
        return {
            "id": self.id,
            "name": self.name.to_document(),
            "kind": self.kind,
            "carrier": self.carrier,
            "form": self.form,
            "value": self.value,
            "fuel": None if self.fuel is None else self.fuel.to_document(),
            "unit": self.unit,
            "basis": self.basis,
            "region": self.region,
            "data_year": self.data_year,
            "document": self.document.to_document(),
            "valid_from": None if self.valid_from is None else self.valid_from.isoformat(),
            "supersedes": self.supersedes,
            "confidence": self.confidence,
            "source_sha256": self.source_sha256,
        }


def _fuel_gases(fuel: FuelParameters, dimension: str) -> GasFactors:
    density = parse_decimal(fuel.density or "1") if dimension == "liquid" else Fraction(1)
    energy_mj = parse_decimal(fuel.ncv_mj) * density
    # tC/TJ = g C/MJ, hence ÷ 1,000 for kg; kg/TJ = mg/MJ, hence ÷ 1,000,000.
    co2 = energy_mj * parse_decimal(fuel.carbon) * parse_decimal(fuel.oxidation) * CO2_PER_CARBON / 1000
    return GasFactors(co2, energy_mj * parse_decimal(fuel.ch4 or "0") / 1_000_000, energy_mj * parse_decimal(fuel.n2o or "0") / 1_000_000)
