"""Activity data of one period: what was used where, and what the bank declares beside it (spec: documents §2).

`check_activity` checks fields and forms; what a record means (known unit, right dimension, dates inside the period) is checked by
ledger.accounting, which knows the organisation and the library release. The parts are in activity_record.py, declared.py and
instruments.py; their names are importable from here.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.records import canonical
from ledger.records.activity_record import RECORD_FIELDS, SOURCE_KINDS, ActivityRecord, Register, Source, read_record
from ledger.records.amount import Amount, read_amount
from ledger.records.declared import (
    CHOICE_FIELDS,
    DECLARED_FACTOR_FIELDS,
    DENOMINATOR_FIELDS,
    DENOMINATOR_MEASURES,
    FACTOR_USES,
    INDICATOR_MEASURE,
    TOTAL_FIELDS,
    TOTAL_MEASURES,
    DeclaredFactor,
    DeclaredTotal,
    Denominator,
    FactorChoice,
    read_choice,
    read_declared_factor,
    read_denominator,
    read_total,
)
from ledger.records.fields import Fields, period_document, raise_first
from ledger.records.findings import Finding
from ledger.records.instruments import INSTRUMENT_FIELDS, INSTRUMENT_KINDS, Instrument, read_instrument
from ledger.records.period import Period

__all__ = [
    "DENOMINATOR_MEASURES",
    "FACTOR_USES",
    "INDICATOR_MEASURE",
    "INSTRUMENT_KINDS",
    "SCHEMA",
    "SOURCE_KINDS",
    "TOTAL_MEASURES",
    "Activity",
    "ActivityRecord",
    "Amount",
    "DeclaredFactor",
    "DeclaredTotal",
    "Denominator",
    "FactorChoice",
    "Instrument",
    "Register",
    "Source",
    "check_activity",
    "read_amount",
]

SCHEMA = "lingtan.activity/1"
_FIELDS = (
    *("schema", "institution", "period", "records", "declared_totals", "declared_factors"),
    *("factor_choices", "instruments", "denominators"),
)


@dataclass(frozen=True)
class Activity:
    """The activity data of one institution and period. The order of the tuples does not matter: documents are sorted."""

    institution: str
    period: Period
    records: tuple[ActivityRecord, ...]
    declared_totals: tuple[DeclaredTotal, ...] = ()
    factor_choices: tuple[FactorChoice, ...] = ()
    declared_factors: tuple[DeclaredFactor, ...] = ()
    instruments: tuple[Instrument, ...] = ()
    denominators: tuple[Denominator, ...] = ()

    def to_document(self) -> dict[str, object]:
        """Return the `lingtan.activity/1` document."""
        choices = sorted(self.factor_choices, key=lambda choice: (choice.indicator, choice.use))
        denominators = sorted(self.denominators, key=lambda item: (item.unit, item.measure))
        return {
            "schema": SCHEMA,
            "institution": self.institution,
            "period": period_document(self.period),
            "records": [record.to_document() for record in sorted(self.records, key=lambda record: record.id)],
            "declared_totals": [total.to_document() for total in sorted(self.declared_totals, key=lambda total: total.id)],
            "declared_factors": [factor.to_document() for factor in sorted(self.declared_factors, key=lambda factor: factor.id)],
            "factor_choices": [choice.to_document() for choice in choices],
            "instruments": [instrument.to_document() for instrument in sorted(self.instruments, key=lambda instrument: instrument.id)],
            "denominators": [item.to_document() for item in denominators],
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
        institution=fields.identifier("institution"),
        period=fields.period("period"),
        records=tuple(read_record(item) for item in fields.objects("records", RECORD_FIELDS)),
        declared_totals=tuple(read_total(item) for item in fields.objects("declared_totals", TOTAL_FIELDS)),
        declared_factors=tuple(read_declared_factor(item) for item in fields.objects("declared_factors", DECLARED_FACTOR_FIELDS)),
        factor_choices=tuple(read_choice(item) for item in fields.objects("factor_choices", CHOICE_FIELDS)),
        instruments=tuple(read_instrument(item) for item in fields.objects("instruments", INSTRUMENT_FIELDS)),
        denominators=tuple(read_denominator(item) for item in fields.objects("denominators", DENOMINATOR_FIELDS)),
    )
    fields.check_sorted("records", [(record.id,) for record in activity.records])
    fields.check_sorted("declared_totals", [(total.id,) for total in activity.declared_totals])
    fields.check_sorted("declared_factors", [(factor.id,) for factor in activity.declared_factors])
    fields.check_sorted("factor_choices", [(choice.indicator, choice.use) for choice in activity.factor_choices])
    fields.check_sorted("instruments", [(instrument.id,) for instrument in activity.instruments])
    fields.check_sorted("denominators", [(item.unit, item.measure) for item in activity.denominators])
    return (None if findings else activity), tuple(findings)
