"""What a statement's preparation looks at beside the method: its meters slot by slot, and the statement it supersedes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ledger.accounting.meter_checks import check_open_days, find_open_slots
from ledger.accounting.restatement import Version, check_cause
from ledger.metering.checks import check_record
from ledger.records import canonical
from ledger.records.activity import Activity
from ledger.records.findings import Finding
from ledger.records.meter_record import MeterRecord
from ledger.records.organisation import Organisation
from ledger.records.period import Period
from ledger.records.statement import Statement
from ledger.store.repositories import periods, statements
from ledger.store.session import Session


def observe_meters(
    records: Mapping[str, MeterRecord], units: Mapping[str, str], organisation: Organisation, period: Period
) -> Iterator[Finding]:
    """Yield what the records of a period show, by meter; `units` says which unit each serves.

    A slot that is missing while the unit was closed is no gap; a reading of that time is an error.
    """
    for meter, record in records.items():
        unit = organisation.find_unit(units[meter])
        slots = range(record.n) if unit is None else find_open_slots(record, unit, period)
        if unit is None or len(slots) in (0, record.n):
            yield from check_record(meter, record)
        else:
            yield from check_record(meter, _cut(record, slots))
            yield from check_open_days(meter, record, unit, period)


def check_restatement(session: Session, statement: Statement, activity: Activity) -> tuple[Finding, ...]:
    """Return what changed beside the cause against the stored statement that this one supersedes; nothing for a first one."""
    row = None if statement.supersedes is None else statements.find_statement_by_hash(session, statement.supersedes)
    used = None if row is None else periods.find_activity_by_id(session, row.activity_version_id)
    if row is None or used is None:
        return ()
    before = Version(
        Statement.from_document(canonical.load_canonical(row.document)), Activity.from_document(canonical.load_canonical(used.document))
    )
    # Commitments are erased together with their key: while they are here, the key is the one of today.
    same_keys = statements.find_commitments(session, row.id) is not None
    return check_cause(before, Version(statement, activity), same_keys=same_keys)


def _cut(record: MeterRecord, slots: range) -> MeterRecord:
    start = record.start + slots.start * 60 * record.interval_minutes
    values, quality = record.values[8 * slots.start : 8 * slots.stop], record.quality[slots.start : slots.stop]
    return MeterRecord(record.key, start, record.interval_minutes, record.quantity, values, quality)
