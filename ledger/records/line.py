"""Inventory lines: one unit × indicator with its grams, the gases, what instruments cover, and how sure it is (spec: documents §4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from ledger.records import canonical
from ledger.records.amount import Amount, read_amount
from ledger.records.fields import Fields
from ledger.units import parse_decimal

LINE_SCHEMA = "lingtan.line/1"
MEASURES = ("scope1_g", "scope2_location_g", "scope2_market_g", "scope3_g")
SOURCE_KINDS = ("activity", "meter")
LINE_FIELDS = (
    *("schema", "unit", "indicator", "scope", "quantity", "factor", "gases", "fluorinated", "market"),
    *MEASURES,
    *("quality", "uncertainty", "sources"),
)
_MAX_BP = 2**31 - 1


@dataclass(frozen=True)
class Measures:
    """Grams CO2e in the four columns that are never netted."""

    scope1_g: int = 0
    scope2_location_g: int = 0
    scope2_market_g: int = 0
    scope3_g: int = 0

    def __add__(self, other: Measures) -> Measures:
        return Measures(
            self.scope1_g + other.scope1_g,
            self.scope2_location_g + other.scope2_location_g,
            self.scope2_market_g + other.scope2_market_g,
            self.scope3_g + other.scope3_g,
        )

    def as_tuple(self) -> tuple[int, int, int, int]:
        """Return the four columns in the order of the sum tree's measures (commitments §5)."""
        return (self.scope1_g, self.scope2_location_g, self.scope2_market_g, self.scope3_g)

    def to_document(self) -> dict[str, object]:
        """Return the four columns as decimal strings."""
        return {name: str(grams) for name, grams in zip(MEASURES, self.as_tuple(), strict=True)}

    @classmethod
    def sum(cls, parts: Iterable[Measures]) -> Measures:
        """Return the column-wise sum."""
        total = cls()
        for part in parts:
            total += part
        return total


@dataclass(frozen=True)
class Gases:
    """Grams of each gas of a line, each rounded for display; the line's CO2e is not derived from them."""

    co2_g: int
    ch4_g: int
    n2o_g: int

    def to_document(self) -> dict[str, object]:
        """Return the gases as decimal strings of grams."""
        return {"CO2": str(self.co2_g), "CH4": str(self.ch4_g), "N2O": str(self.n2o_g)}


@dataclass(frozen=True)
class GasAmount:
    """Grams of one fluorinated gas of a line, rounded for display."""

    gas: str
    g: int

    def to_document(self) -> dict[str, object]:
        """Return `{"gas": …, "g": …}`."""
        return {"gas": self.gas, "g": str(self.g)}


@dataclass(frozen=True)
class Covered:
    """The kWh of a line that one instrument covers, a decimal string."""

    instrument: str
    quantity: str

    @property
    def exact(self) -> Fraction:
        """Return the exact kWh."""
        return parse_decimal(self.quantity)

    def to_document(self) -> dict[str, object]:
        """Return `{"instrument": …, "quantity": …}`."""
        return {"instrument": self.instrument, "quantity": self.quantity}


@dataclass(frozen=True)
class MarketBased:
    """How a line's market-based figure comes about: the residual factor's id, what instruments cover, and the rest in kWh."""

    factor: str
    covered: tuple[Covered, ...]
    rest: str

    def to_document(self) -> dict[str, object]:
        """Return the object of the line's field `market`."""
        return {"factor": self.factor, "covered": [item.to_document() for item in self.covered], "rest": self.rest}


@dataclass(frozen=True)
class LineUncertainty:
    """95 % half-widths of a line's activity and of its factor, in basis points."""

    activity_bp: int
    factor_bp: int

    def to_document(self) -> dict[str, object]:
        """Return `{"activity_bp": …, "factor_bp": …}`."""
        return {"activity_bp": self.activity_bp, "factor_bp": self.factor_bp}


@dataclass(frozen=True)
class LineSource:
    """What a line was computed from: an activity record or a meter."""

    kind: str
    id: str

    def to_document(self) -> dict[str, object]:
        """Return `{"kind": …, "id": …}`."""
        return {"kind": self.kind, "id": self.id}


@dataclass(frozen=True)
class Line:
    """One inventory line, unit × indicator: the quantity in base units, the factor's id, grams, data quality and sources.

    `fluorinated` are the gases of a blend, sorted; `market` is None unless instruments can cover the indicator.
    """

    unit: str
    indicator: str
    scope: int
    quantity: Amount
    factor: str
    gases: Gases
    measures: Measures
    quality: int
    sources: tuple[LineSource, ...]
    fluorinated: tuple[GasAmount, ...] = ()
    market: MarketBased | None = None
    uncertainty: LineUncertainty = LineUncertainty(0, 0)

    def to_document(self) -> dict[str, object]:
        """Return the `lingtan.line/1` document; its canonical bytes are the OPERATIONAL leaf's record."""
        return {
            "schema": LINE_SCHEMA,
            "unit": self.unit,
            "indicator": self.indicator,
            "scope": self.scope,
            "quantity": self.quantity.to_document(),
            "factor": self.factor,
            "gases": self.gases.to_document(),
            "fluorinated": [item.to_document() for item in self.fluorinated],
            "market": None if self.market is None else self.market.to_document(),
            **self.measures.to_document(),
            "quality": self.quality,
            "uncertainty": self.uncertainty.to_document(),
            "sources": [source.to_document() for source in self.sources],
        }

    def to_bytes(self) -> bytes:
        """Return the canonical bytes of the line."""
        return canonical.dump(self.to_document())


def read_measures(fields: Fields) -> Measures:
    """Return the four columns of an object."""
    return Measures(*(fields.integer_text(name) for name in MEASURES))


def read_line(fields: Fields) -> Line:
    """Return the line of an object; its lists must be in their order."""
    fields.schema(LINE_SCHEMA)
    gases = fields.nested("gases", ("CO2", "CH4", "N2O"))
    fluorinated = tuple(GasAmount(item.gas("gas"), item.integer_text("g")) for item in fields.objects("fluorinated", ("gas", "g")))
    fields.check_sorted("fluorinated", [(item.gas,) for item in fluorinated])
    sources = tuple(
        LineSource(item.choice("kind", SOURCE_KINDS), item.identifier("id")) for item in fields.objects("sources", ("kind", "id"))
    )
    fields.check_sorted("sources", [(source.kind, source.id) for source in sources])
    uncertainty = fields.nested("uncertainty", ("activity_bp", "factor_bp"))
    return Line(
        unit=fields.identifier("unit"),
        indicator=fields.identifier("indicator"),
        scope=fields.integer("scope", 1, 3),
        quantity=read_amount(fields.nested("quantity", ("value", "unit"))),
        factor=fields.identifier("factor"),
        gases=Gases(gases.integer_text("CO2"), gases.integer_text("CH4"), gases.integer_text("N2O")),
        measures=read_measures(fields),
        quality=fields.integer("quality", 1, 5),
        sources=sources,
        fluorinated=fluorinated,
        market=fields.optional("market", lambda name: _read_market(fields.nested(name, ("factor", "covered", "rest")))),
        uncertainty=LineUncertainty(uncertainty.integer("activity_bp", 0, _MAX_BP), uncertainty.integer("factor_bp", 0, _MAX_BP)),
    )


def _read_market(fields: Fields) -> MarketBased:
    items = fields.objects("covered", ("instrument", "quantity"))
    covered = tuple(Covered(item.identifier("instrument"), item.decimal_above_0("quantity")) for item in items)
    fields.check_sorted("covered", [(item.instrument,) for item in covered])
    return MarketBased(fields.identifier("factor"), covered, fields.decimal_from_0("rest"))
