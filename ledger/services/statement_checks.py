"""What a statement's preparation looks at beside the method: its meters slot by slot, and the statement it supersedes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ledger.accounting.meter_checks import check_hanging, check_open_days, find_open_slots, find_owed_slots
from ledger.accounting.restatement import Version, check_cause
from ledger.metering.checks import check_record
from ledger.metering.hanging import Span
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
    records: Mapping[str, MeterRecord],
    hanging: Mapping[str, Sequence[Span]],
    units: Mapping[str, str],
    organisation: Organisation,
    period: Period,
) -> Iterator[Finding]:
    """Yield what the records of a period show, by meter; `hanging` says when each hung there, `units` which unit each serves.

    A slot that is missing while the unit was closed, or while nothing hung there, is no gap; a reading of that time is an error, or a
    warning.
    """
    for meter, record in records.items():
        unit = organisation.find_unit(units[meter])
        # A meter whose unit was closed throughout is refused as a whole.
        known = unit if unit is not None and find_open_slots(record, unit, period) else None
        yield from check_record(meter, record, find_owed_slots(record, known, period, hanging[meter]))
        yield from check_hanging(meter, record, hanging[meter])
        if known is not None:
            yield from check_open_days(meter, record, known, period)


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
