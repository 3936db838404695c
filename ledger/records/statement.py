"""The statement of one institution and period: a function of its inputs alone, no clock, no person (spec: documents §4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.errors import NotFound
from ledger.records import canonical
from ledger.records.activity import Amount, read_amount
from ledger.records.fields import Fields, period_document, raise_first
from ledger.records.findings import Finding
from ledger.records.period import Period

SCHEMA = "lingtan.statement/1"
LINE_SCHEMA = "lingtan.line/1"
CAUSES = ("first", "data", "factor", "boundary", "method", "error")
MEASURES = ("scope1_g", "scope2_location_g", "scope2_market_g", "scope3_g")
NOT_COMPUTED = ("scope2_market_g", "scope3_g")
SOURCE_KINDS = ("activity", "meter")
_METER_FIELDS = ("meter", "unit", "quantity", "record", "total", "measured", "estimated", "manual", "missing")
_LINE_FIELDS = ("schema", "unit", "indicator", "scope", "quantity", "factor", "gases", *MEASURES, "quality", "sources")
_FIELDS = (
    *("schema", "institution", "period", "revision", "cause", "supersedes", "organisation", "activity", "library", "method", "gwp"),
    *("meters", "lines", "rollup", "totals", "not_computed"),
)


@dataclass(frozen=True)
class Measures:
    """Grams CO2e in the four columns that are never netted; market-based and Scope 3 are 0 where not computed."""

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
class LineSource:
    """What a line was computed from: an activity record or a meter."""

    kind: str
    id: str

    def to_document(self) -> dict[str, object]:
        """Return `{"kind": …, "id": …}`."""
        return {"kind": self.kind, "id": self.id}


@dataclass(frozen=True)
class Line:
    """One inventory line, unit × indicator: the quantity in base units, the factor's id, grams, data quality and sources."""

    unit: str
    indicator: str
    scope: int
    quantity: Amount
    factor: str
    gases: Gases
    measures: Measures
    quality: int
    sources: tuple[LineSource, ...]

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
            **self.measures.to_document(),
            "quality": self.quality,
            "sources": [source.to_document() for source in self.sources],
        }

    def to_bytes(self) -> bytes:
        """Return the canonical bytes of the line."""
        return canonical.dump(self.to_document())


@dataclass(frozen=True)
class Rollup:
    """One unit's own grams and its total with everything below it."""

    unit: str
    own: Measures
    total: Measures

    def to_document(self) -> dict[str, object]:
        """Return the item of the statement's roll-up."""
        return {"unit": self.unit, "own": self.own.to_document(), "total": self.total.to_document()}


@dataclass(frozen=True)
class MeterSummary:
    """One meter of the period: its record's hash, its total (mWh for electricity) and how its slots were obtained."""

    meter: str
    unit: str
    quantity: str
    record: str
    total: int
    measured: int
    estimated: int
    manual: int
    missing: int

    @property
    def slots(self) -> int:
        """Return the number of slots."""
        return self.measured + self.estimated + self.manual + self.missing

    def to_document(self) -> dict[str, object]:
        """Return the item of the statement's meters."""
        texts = {name: str(getattr(self, name)) for name in ("total", "measured", "estimated", "manual", "missing")}
        return {"meter": self.meter, "unit": self.unit, "quantity": self.quantity, "record": self.record, **texts}


@dataclass(frozen=True)
class Statement:
    """A computed statement. Lists are in document order; `organisation`, `activity`, `library_hash`, `supersedes` are document hashes."""

    institution: str
    period: Period
    revision: int
    cause: str
    supersedes: str | None
    organisation: str
    activity: str
    library_release: str
    library_hash: str
    method: str
    gwp: str
    meters: tuple[MeterSummary, ...]
    lines: tuple[Line, ...]
    rollup: tuple[Rollup, ...]
    totals: Measures
    not_computed: tuple[str, ...] = NOT_COMPUTED

    def line(self, unit: str, indicator: str) -> Line:
        """Return the line of a unit and indicator.

        Raises:
            NotFound: the statement has no such line.
        """
        for line in self.lines:
            if line.unit == unit and line.indicator == indicator:
                return line
        raise NotFound(f"the statement has no line {unit[:64]}/{indicator[:64]}", unit=unit, indicator=indicator)

    def to_document(self) -> dict[str, object]:
        """Return the `lingtan.statement/1` document."""
        return {
            "schema": SCHEMA,
            "institution": self.institution,
            "period": period_document(self.period),
            "revision": self.revision,
            "cause": self.cause,
            "supersedes": self.supersedes,
            "organisation": self.organisation,
            "activity": self.activity,
            "library": {"release": self.library_release, "hash": self.library_hash},
            "method": self.method,
            "gwp": self.gwp,
            "meters": [meter.to_document() for meter in self.meters],
            "lines": [line.to_document() for line in self.lines],
            "rollup": [item.to_document() for item in self.rollup],
            "totals": self.totals.to_document(),
            "not_computed": list(self.not_computed),
        }

    def to_bytes(self) -> bytes:
        """Return the canonical bytes of the document."""
        return canonical.dump(self.to_document())

    def digest(self) -> str:
        """Return the hash of the document."""
        return canonical.digest(self.to_document())

    @classmethod
    def from_document(cls, document: object) -> Statement:
        """Return the statement of a document.

        Raises:
            MalformedDocument: with the first finding; `check_statement` gives all.
        """
        statement, findings = check_statement(document)
        raise_first("statement", findings)
        return statement  # type: ignore[return-value]  # without an error finding there is a statement


def check_statement(document: object) -> tuple[Statement | None, tuple[Finding, ...]]:
    """Return the statement (None if any error was found) and all findings about its fields, forms and order; nothing is recomputed."""
    findings: list[Finding] = []
    fields = Fields(document, "", findings, _FIELDS)
    fields.schema(SCHEMA)
    library = fields.nested("library", ("release", "hash"))
    statement = Statement(
        institution=fields.identifier("institution"),
        period=fields.period("period"),
        revision=fields.integer("revision", 1, 2**32 - 1),
        cause=fields.choice("cause", CAUSES),
        supersedes=fields.optional("supersedes", fields.digest),
        organisation=fields.digest("organisation"),
        activity=fields.digest("activity"),
        library_release=library.identifier("release"),
        library_hash=library.digest("hash"),
        method=fields.identifier("method"),
        gwp=fields.identifier("gwp"),
        meters=tuple(_read_meter(item) for item in fields.objects("meters", _METER_FIELDS)),
        lines=tuple(_read_line(item) for item in fields.objects("lines", _LINE_FIELDS)),
        rollup=tuple(_read_rollup(item) for item in fields.objects("rollup", ("unit", "own", "total"))),
        totals=_read_measures(fields.nested("totals", MEASURES)),
        not_computed=fields.texts("not_computed"),
    )
    fields.check_sorted("meters", [(meter.meter,) for meter in statement.meters])
    fields.check_sorted("lines", [(line.unit, line.indicator) for line in statement.lines])
    fields.check_sorted("rollup", [(item.unit,) for item in statement.rollup])
    return (None if findings else statement), tuple(findings)


def _read_measures(fields: Fields) -> Measures:
    return Measures(*(fields.integer_text(name) for name in MEASURES))


def _read_meter(fields: Fields) -> MeterSummary:
    texts = (fields.identifier("meter"), fields.identifier("unit"), fields.identifier("quantity"), fields.digest("record"))
    return MeterSummary(*texts, *(fields.integer_text(name) for name in ("total", "measured", "estimated", "manual", "missing")))


def _read_line(fields: Fields) -> Line:
    fields.schema(LINE_SCHEMA)
    gases = fields.nested("gases", ("CO2", "CH4", "N2O"))
    sources = tuple(
        LineSource(item.choice("kind", SOURCE_KINDS), item.identifier("id")) for item in fields.objects("sources", ("kind", "id"))
    )
    fields.check_sorted("sources", [(source.kind, source.id) for source in sources])
    return Line(
        unit=fields.identifier("unit"),
        indicator=fields.identifier("indicator"),
        scope=fields.integer("scope", 1, 3),
        quantity=read_amount(fields.nested("quantity", ("value", "unit"))),
        factor=fields.identifier("factor"),
        gases=Gases(gases.integer_text("CO2"), gases.integer_text("CH4"), gases.integer_text("N2O")),
        measures=_read_measures(fields),
        quality=fields.integer("quality", 1, 5),
        sources=sources,
    )


def _read_rollup(fields: Fields) -> Rollup:
    own, total = (_read_measures(fields.nested(name, MEASURES)) for name in ("own", "total"))
    return Rollup(fields.identifier("unit"), own, total)
