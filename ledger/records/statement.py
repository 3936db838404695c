"""The statement of one institution and period: a function of its inputs alone, no clock, no person (spec: documents §4).

Its lines are in line.py, whose names are importable from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ledger.errors import NotFound
from ledger.records import canonical
from ledger.records.fields import Fields, period_document, raise_first
from ledger.records.findings import Finding
from ledger.records.line import (
    LINE_FIELDS,
    LINE_SCHEMA,
    MEASURES,
    SOURCE_KINDS,
    Covered,
    GasAmount,
    Gases,
    Line,
    LineSource,
    LineUncertainty,
    MarketBased,
    Measures,
    read_line,
    read_measures,
)
from ledger.records.period import Period

__all__ = [
    "CAUSES",
    "LINE_SCHEMA",
    "MEASURES",
    "SCHEMA",
    "SOURCE_KINDS",
    "Covered",
    "GasAmount",
    "Gases",
    "Line",
    "LineSource",
    "LineUncertainty",
    "MarketBased",
    "Measures",
    "MeterSummary",
    "Rollup",
    "Statement",
    "check_statement",
]

SCHEMA = "lingtan.statement/1"
CAUSES = ("first", "data", "factor", "boundary", "method", "error")
_METER_FIELDS = ("meter", "unit", "quantity", "record", "total", "measured", "estimated", "manual", "missing")
_FIELDS = (
    *("schema", "institution", "period", "revision", "cause", "supersedes", "organisation", "activity", "library", "method", "gwp"),
    *("meters", "lines", "rollup", "totals"),
)


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
    """One meter of the period: its record's hash, its total (mWh for electricity) and how its slots were obtained.

    `sub_meter_of` is the meter before it, which counts its energy already: what such a one measured enters no line.
    """

    meter: str
    unit: str
    quantity: str
    record: str
    total: int
    measured: int
    estimated: int
    manual: int
    missing: int
    sub_meter_of: str | None = field(default=None, kw_only=True)

    @property
    def slots(self) -> int:
        """Return the number of slots."""
        return self.measured + self.estimated + self.manual + self.missing

    def to_document(self) -> dict[str, object]:
        """Return the item of the statement's meters."""
        texts = {name: str(getattr(self, name)) for name in ("total", "measured", "estimated", "manual", "missing")}
        before = {} if self.sub_meter_of is None else {"sub_meter_of": self.sub_meter_of}
        return {"meter": self.meter, "unit": self.unit, "quantity": self.quantity, "record": self.record, **texts, **before}


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
        meters=tuple(_read_meter(item) for item in fields.objects("meters", _METER_FIELDS, ("sub_meter_of",))),
        lines=tuple(read_line(item) for item in fields.objects("lines", LINE_FIELDS)),
        rollup=tuple(_read_rollup(item) for item in fields.objects("rollup", ("unit", "own", "total"))),
        totals=read_measures(fields.nested("totals", MEASURES)),
    )
    fields.check_sorted("meters", [(meter.meter,) for meter in statement.meters])
    fields.check_sorted("lines", [(line.unit, line.indicator) for line in statement.lines])
    fields.check_sorted("rollup", [(item.unit,) for item in statement.rollup])
    return (None if findings else statement), tuple(findings)


def _read_meter(fields: Fields) -> MeterSummary:
    texts = (fields.identifier("meter"), fields.identifier("unit"), fields.identifier("quantity"), fields.digest("record"))
    counts = (fields.integer_text(name) for name in ("total", "measured", "estimated", "manual", "missing"))
    before = fields.identifier("sub_meter_of") if fields.has("sub_meter_of") else None
    return MeterSummary(*texts, *counts, sub_meter_of=before)


def _read_rollup(fields: Fields) -> Rollup:
    own, total = (read_measures(fields.nested(name, MEASURES)) for name in ("own", "total"))
    return Rollup(fields.identifier("unit"), own, total)
