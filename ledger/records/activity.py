"""Activity data of one period: what was used where, published totals to tie out, and chosen factors (spec: documents §2).

`check_activity` checks fields and forms; what a record means (known unit, right dimension, dates inside the period) is checked by
ledger.accounting, which knows the organisation and the library release.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from ledger.records import canonical
from ledger.records.fields import Fields, period_document, raise_first
from ledger.records.findings import Finding
from ledger.records.period import Period
from ledger.units import parse_decimal

SCHEMA = "lingtan.activity/1"
SOURCE_KINDS = ("invoice", "register", "document", "estimate", "reported")
TOTAL_MEASURES = ("scope1_g", "scope2_location_g", "scope1_scope2_location_g")
INDICATOR_MEASURE = "indicator/"
_FIELDS = ("schema", "institution", "period", "records", "declared_totals", "factor_choices")
_RECORD_FIELDS = ("id", "unit", "indicator", "quantity", "start", "end", "source", "quality")
_TOTAL_FIELDS = ("id", "measure", "value", "unit", "parts", "tolerance", "reference")


@dataclass(frozen=True)
class Amount:
    """A quantity: a decimal string and the code (or an alias) of its unit."""

    value: str
    unit: str

    @property
    def exact(self) -> Fraction:
        """Return the exact value in `unit`."""
        return parse_decimal(self.value)

    def to_document(self) -> dict[str, object]:
        """Return `{"value": …, "unit": …}`."""
        return {"value": self.value, "unit": self.unit}


@dataclass(frozen=True)
class Source:
    """Where a record comes from: its kind, a reference a person can follow, and the SHA-256 of the paper if there is one."""

    kind: str
    reference: str
    sha256: str | None = None

    def to_document(self) -> dict[str, object]:
        """Return `{"kind": …, "reference": …, "sha256": …}`."""
        return {"kind": self.kind, "reference": self.reference, "sha256": self.sha256}


@dataclass(frozen=True)
class ActivityRecord:
    """One quantity used by one unit for one indicator; `start` and `end` are local days, both inclusive; quality 1 (best) to 5."""

    id: str
    unit: str
    indicator: str
    quantity: Amount
    start: date
    end: date
    source: Source
    quality: int

    def to_document(self) -> dict[str, object]:
        """Return the record as an item of the activity document."""
        return {
            "id": self.id,
            "unit": self.unit,
            "indicator": self.indicator,
            "quantity": self.quantity.to_document(),
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "source": self.source.to_document(),
            "quality": self.quality,
        }


@dataclass(frozen=True)
class DeclaredTotal:
    """A published figure of the whole institution; it ties out when computed and published differ by at most `tolerance`."""

    id: str
    measure: str
    value: str
    unit: str
    parts: int
    tolerance: str
    reference: str

    @property
    def indicator(self) -> str | None:
        """Return the indicator the figure is about, or None for a total."""
        return self.measure.removeprefix(INDICATOR_MEASURE) if self.measure.startswith(INDICATOR_MEASURE) else None

    def to_document(self) -> dict[str, object]:
        """Return the figure as an item of the activity document."""
        return {name: getattr(self, name) for name in _TOTAL_FIELDS}


@dataclass(frozen=True)
class FactorChoice:
    """The factor of the release that the bank uses for an indicator, with its reason."""

    indicator: str
    factor: str
    reference: str

    def to_document(self) -> dict[str, object]:
        """Return the choice as an item of the activity document."""
        return {"indicator": self.indicator, "factor": self.factor, "reference": self.reference}


@dataclass(frozen=True)
class Activity:
    """The activity data of one institution and period. The order of the tuples does not matter: documents are sorted."""

    institution: str
    period: Period
    records: tuple[ActivityRecord, ...]
    declared_totals: tuple[DeclaredTotal, ...] = ()
    factor_choices: tuple[FactorChoice, ...] = ()

    def to_document(self) -> dict[str, object]:
        """Return the `lingtan.activity/1` document."""
        return {
            "schema": SCHEMA,
            "institution": self.institution,
            "period": period_document(self.period),
            "records": [record.to_document() for record in sorted(self.records, key=lambda record: record.id)],
            "declared_totals": [total.to_document() for total in sorted(self.declared_totals, key=lambda total: total.id)],
            "factor_choices": [choice.to_document() for choice in sorted(self.factor_choices, key=lambda choice: choice.indicator)],
        }

    def digest(self) -> str:
        """Return the hash of the document."""
        return canonical.digest(self.to_document())

    @classmethod
    def from_document(cls, document: object) -> Activity:
        """Return the activity of a document.

        Raises:
            MalformedDocument: with the first finding; `check_activity` gives all.
        """
        activity, findings = check_activity(document)
        raise_first("activity", findings)
        return activity  # type: ignore[return-value]  # without an error finding there is an activity


def check_activity(document: object) -> tuple[Activity | None, tuple[Finding, ...]]:
    """Return the activity (None if any error was found) and all findings about its fields and forms."""
    findings: list[Finding] = []
    fields = Fields(document, "", findings, _FIELDS)
    fields.schema(SCHEMA)
    activity = Activity(
        fields.identifier("institution"),
        fields.period("period"),
        tuple(_read_record(item) for item in fields.objects("records", _RECORD_FIELDS)),
        tuple(_read_total(item) for item in fields.objects("declared_totals", _TOTAL_FIELDS)),
        tuple(_read_choice(item) for item in fields.objects("factor_choices", ("indicator", "factor", "reference"))),
    )
    fields.check_sorted("records", [(record.id,) for record in activity.records])
    fields.check_sorted("declared_totals", [(total.id,) for total in activity.declared_totals])
    fields.check_sorted("factor_choices", [(choice.indicator,) for choice in activity.factor_choices])
    return (None if findings else activity), tuple(findings)


def read_amount(fields: Fields) -> Amount:
    """Return the amount of an object's fields `value` and `unit`."""
    return Amount(fields.decimal("value"), fields.text("unit"))


def _read_record(fields: Fields) -> ActivityRecord:
    source = fields.nested("source", ("kind", "reference", "sha256"))
    record = ActivityRecord(
        fields.identifier("id"),
        fields.identifier("unit"),
        fields.identifier("indicator"),
        read_amount(fields.nested("quantity", ("value", "unit"))),
        fields.date("start"),
        fields.date("end"),
        Source(source.choice("kind", SOURCE_KINDS), source.text("reference"), source.optional("sha256", source.digest)),
        fields.integer("quality", 1, 5),
    )
    if record.end < record.start:
        place, got, expected = f"{fields.pointer}/end", record.end.isoformat(), f"{record.start.isoformat()} or later"
        fields.refuse("RECORD_ENDS_BEFORE_START", place, "correct the dates", got=got, expected=expected, record=record.id)
    return record


def _read_total(fields: Fields) -> DeclaredTotal:
    total = DeclaredTotal(
        fields.identifier("id"),
        fields.text("measure"),
        fields.decimal("value"),
        fields.text("unit"),
        fields.integer("parts", 1, 1_000_000),
        fields.decimal("tolerance"),
        fields.text("reference"),
    )
    if total.indicator is None and total.measure not in TOTAL_MEASURES:
        expected = "one of " + ", ".join(TOTAL_MEASURES) + " or indicator/<indicator id>"
        fields.refuse("FIELD_INVALID", f"{fields.pointer}/measure", f"write {expected}", got=total.measure, expected=expected)
    if total.tolerance.startswith("-"):
        expected = "a decimal string ≥ 0"
        fields.refuse("FIELD_INVALID", f"{fields.pointer}/tolerance", f"write {expected}", got=total.tolerance, expected=expected)
    return total


def _read_choice(fields: Fields) -> FactorChoice:
    return FactorChoice(fields.identifier("indicator"), fields.identifier("factor"), fields.text("reference"))
