"""What a bank declares beside its records: published figures, the factors it chose, and what intensities divide by (spec: documents §2)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ledger.identifiers import is_identifier
from ledger.records.fields import Fields
from ledger.units import parse_decimal

TOTAL_MEASURES = (
    *("scope1_g", "scope2_location_g", "scope2_market_g", "scope3_g"),
    *("scope1_scope2_location_g", "scope1_scope2_market_g", "all_location_g", "all_market_g"),
)
INDICATOR_MEASURE = "indicator/"
FACTOR_USES = ("location", "market")
DENOMINATOR_MEASURES = ("income_cny", "headcount", "area_m2")
TOTAL_FIELDS = ("id", "period", "at", "measure", "value", "unit", "parts", "tolerance", "reference")
DECLARED_FACTOR_FIELDS = ("id", "indicator", "value", "unit", "document", "reference")
CHOICE_FIELDS = ("indicator", "use", "factor", "reference")
DENOMINATOR_FIELDS = ("unit", "measure", "value")


@dataclass(frozen=True)
class DeclaredTotal:
    """A published figure; it ties out when computed and published differ by at most `tolerance`.

    `period` None is the activity's own, else the id of the one that the report prints it for; `at` is the unit whose total, with all
    below it, it is, None for the root.
    """

    id: str
    measure: str
    value: str
    unit: str
    parts: int
    tolerance: str
    reference: str
    period: str | None = None
    at: str | None = None

    @property
    def indicator(self) -> str | None:
        """Return the indicator the figure is about, or None for a total."""
        return self.measure.removeprefix(INDICATOR_MEASURE) if self.measure.startswith(INDICATOR_MEASURE) else None

    def to_document(self) -> dict[str, object]:
        """Return the figure as an item of the activity document."""
        return {name: getattr(self, name) for name in TOTAL_FIELDS}


@dataclass(frozen=True)
class DeclaredFactor:
    """A factor as a report prints it, `value` in `unit` (`kgCO2/kWh`), and the number of the document that the report cites for it."""

    id: str
    indicator: str
    value: str
    unit: str
    document: str
    reference: str

    def to_document(self) -> dict[str, object]:
        """Return the factor as an item of the activity document."""
        return {name: getattr(self, name) for name in DECLARED_FACTOR_FIELDS}


@dataclass(frozen=True)
class FactorChoice:
    """The factor of the release that the bank uses for an indicator, with its reason; use market is for market-based Scope 2 alone."""

    indicator: str
    factor: str
    reference: str
    use: str = "location"

    def to_document(self) -> dict[str, object]:
        """Return the choice as an item of the activity document."""
        return {name: getattr(self, name) for name in CHOICE_FIELDS}


@dataclass(frozen=True)
class Denominator:
    """What intensities of a unit, with all below it, divide by over the period: yuan of income, persons, or square metres; above 0."""

    unit: str
    measure: str
    value: str

    @property
    def exact(self) -> Fraction:
        """Return the exact value."""
        return parse_decimal(self.value)

    def to_document(self) -> dict[str, object]:
        """Return the denominator as an item of the activity document."""
        return {name: getattr(self, name) for name in DENOMINATOR_FIELDS}


def read_total(fields: Fields) -> DeclaredTotal:
    """Return the published figure of an object."""
    total = DeclaredTotal(
        id=fields.identifier("id"),
        measure=fields.text("measure"),
        value=fields.decimal("value"),
        unit=fields.text("unit"),
        parts=fields.integer("parts", 1, 1_000_000),
        tolerance=fields.decimal_from_0("tolerance"),
        reference=fields.text("reference"),
        period=fields.optional("period", fields.identifier),
        at=fields.optional("at", fields.identifier),
    )
    indicator = total.indicator
    known = total.measure in TOTAL_MEASURES if indicator is None else is_identifier(indicator)
    if total.measure and not known:
        expected = "one of " + ", ".join(TOTAL_MEASURES) + " or indicator/<indicator id>"
        fields.refuse("FIELD_INVALID", f"{fields.pointer}/measure", f"write {expected}", got=total.measure[:80], expected=expected)
    return total


def read_declared_factor(fields: Fields) -> DeclaredFactor:
    """Return the printed factor of an object."""
    texts = (fields.text("unit"), fields.text("document"), fields.text("reference"))
    return DeclaredFactor(fields.identifier("id"), fields.identifier("indicator"), fields.decimal_from_0("value"), *texts)


def read_choice(fields: Fields) -> FactorChoice:
    """Return the factor choice of an object."""
    use = fields.choice("use", FACTOR_USES)
    return FactorChoice(fields.identifier("indicator"), fields.identifier("factor"), fields.text("reference"), use)


def read_denominator(fields: Fields) -> Denominator:
    """Return the denominator of an object."""
    return Denominator(fields.identifier("unit"), fields.choice("measure", DENOMINATOR_MEASURES), fields.decimal_above_0("value"))
