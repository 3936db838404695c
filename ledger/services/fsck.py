"""Check the whole house against itself: stored bytes, meter-days against telemetry, statements against inputs, roots against chain.

It reads everything and changes nothing. What it finds is named down to the meter, factor or line, as far as the stored data allow.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

from ledger.accounting.methods.operational_1 import Inputs, MeteredEnergy, compute
from ledger.chain.contracts.period_ledger import attestation_id_of
from ledger.chain.errors import ChainError
from ledger.errors import LedgerError
from ledger.indicators.reading import read_release
from ledger.records import canonical
from ledger.records.activity import Activity
from ledger.records.findings import Finding
from ledger.records.meter_record import MeterRecord
from ledger.records.organisation import Organisation
from ledger.records.statement import Statement
from ledger.services.anchors import attested
from ledger.services.attestations import read_attestation
from ledger.services.context import Work
from ledger.services.device_alarms import check_device_alarms
from ledger.services.financed_checks import check_financed_statements
from ledger.services.fitting_check import check_fittings
from ledger.services.institutions import FORGET
from ledger.services.kept_checks import check_audited, check_signed
from ledger.services.reductions_checks import check_reduction_statements
from ledger.services.stored_statement import load_commitments
from ledger.services.telemetry_replay import check_meter_days
from ledger.services.transactions import find_transaction
from ledger.services.witnessing import check_alarm, find_alarm
from ledger.store import tables
from ledger.store.audit import find_last_entry
from ledger.store.integrity import check_store
from ledger.store.repositories import institutions, library, periods, statements

_ACTION = "restore the row from a backup and find out who changed it"


def check_house(work: Work, *, replay: bool = False) -> tuple[Finding, ...]:
    """Return everything that contradicts itself, all at once; nothing found means that every stored figure can be recomputed.

    Args:
        replay: also execute the embedded chain's transactions again from genesis.
    """
    return (
        *check_store(work.session),
        *check_meter_days(work.session),
        *check_fittings(work.session),
        *check_device_alarms(work.session),
        *work.house.chain.check(replay=replay),
        *check_alarm(find_alarm(work.house)),
        *_check_statements(work),
        *check_financed_statements(work),
        *check_reduction_statements(work),
        *check_signed(work),
        *check_audited(work),
    )


def _check_statements(work: Work) -> Iterator[Finding]:
    after: int | None = None
    while True:
        page = statements.list_statements(work.session, limit=100, after=after)
        for row in page.items:
            yield from check_stored_statement(work, statements.get_statement(work.session, row.id))
        if page.next_after is None:
            return
        after = page.next_after


def check_stored_statement(work: Work, row: tables.Statement) -> Iterator[Finding]:
    """Yield what contradicts itself in one statement: inputs, lines, records, roots, and the chain."""
    place = f"statement {row.id} ({row.institution_id}, {row.period_id}, revision {row.revision})"
    try:
        statement = Statement.from_document(canonical.load_canonical(row.document))
    except LedgerError as error:
        yield Finding("STATEMENT_UNREADABLE", "error", place, _ACTION, got=str(error)[:200])
        return
    if statements.find_commitments(work.session, row.id) is None:
        yield from _check_erasure(work, row, place)
        # Without the records, the statement's own summary of each meter is what its lines follow from.
        meters = tuple(MeteredEnergy(statement.period.start, statement.period.end, meter) for meter in statement.meters)
        yield from _check_computation(work, row, statement, meters, place)
        return
    records = yield from _check_records(work, row, statement, place)
    if records is not None:
        stated = {meter.meter: meter for meter in statement.meters}
        meters = tuple(
            MeteredEnergy.of_record(meter, stated[meter].unit, record, stated[meter].sub_meter_of) for meter, record in records.items()
        )
        yield from _check_computation(work, row, statement, meters, place)
        yield from _check_roots(work, row, place)


def _check_erasure(work: Work, row: tables.Statement, place: str) -> Iterator[Finding]:
    """Yield a finding where commitments are gone although the bank never ordered it after the statement was made."""
    ordered = find_last_entry(work.session, row.institution_id, FORGET)
    if ordered is None or ordered.at < row.at:
        yield Finding("COMMITMENTS_MISSING", "error", place, _ACTION, got="none", expected="commitments, or the bank's order to erase them")


def _check_records(
    work: Work, row: tables.Statement, statement: Statement, place: str
) -> Generator[Finding, None, dict[str, MeterRecord] | None]:
    """Yield findings on meter records; the generator's value is the records, or None where one of them is broken."""
    records: dict[str, MeterRecord] = {}
    broken = False
    stored = dict(statements.iterate_meter_records(work.session, row.id))
    for meter in statement.meters:
        data = stored.get(meter.meter)
        try:
            record = None if data is None else MeterRecord.from_bytes(data)
            if record is None or record.digest() != meter.record:
                got = "no record" if record is None else record.digest()
                yield Finding("METER_RECORD_CHANGED", "error", f"meter {meter.meter}, {place}", _ACTION, got=got, expected=meter.record)
                broken = True
            else:
                records[meter.meter] = record
        except LedgerError as error:
            yield Finding(
                "METER_RECORD_CHANGED", "error", f"meter {meter.meter}, {place}", _ACTION, got=str(error)[:200], expected=meter.record
            )
            broken = True
    return None if broken else records


def _check_computation(
    work: Work, row: tables.Statement, statement: Statement, meters: tuple[MeteredEnergy, ...], place: str
) -> Iterator[Finding]:
    try:
        organisation = institutions.find_organisation_by_hash(work.session, row.institution_id, row.organisation_hash)
        activity = periods.find_activity_by_id(work.session, row.activity_version_id)
        release = library.get_release(work.session, row.library_hash)
        if organisation is None or activity is None:
            yield Finding("INPUT_MISSING", "error", place, _ACTION)
            return
        computed = compute(
            Inputs(
                organisation=Organisation.from_document(canonical.load_canonical(organisation.document)),
                activity=Activity.from_document(canonical.load_canonical(activity.document)),
                release=read_release(release.document),
                period=statement.period,
                meters=meters,
                revision=statement.revision,
                cause=statement.cause,
                supersedes=statement.supersedes,
                gwp=statement.gwp,
            )
        ).statement
    except LedgerError as error:
        yield Finding("INPUT_CHANGED", "error", place, _ACTION, got=str(error)[:200])
        return
    if computed is None:
        yield Finding("STATEMENT_DIFFERS", "error", place, _ACTION, got="inputs that give no statement", expected=row.hash)
    elif computed.digest() != statement.digest():
        yield from _differences(statement, computed, place)


def _differences(statement: Statement, computed: Statement, place: str) -> Iterator[Finding]:
    """Yield one finding per line that its inputs do not give, or one on the statement as a whole."""
    again = {(line.unit, line.indicator): line for line in computed.lines}
    found = False
    for line in statement.lines:
        other = again.get((line.unit, line.indicator))
        if other != line:
            found = True
            where = f"line {line.unit} × {line.indicator}, {place}"
            grams = str(sum(line.measures.as_tuple()))
            expected = "no such line" if other is None else f"{sum(other.measures.as_tuple())} g with factor {other.factor}"
            yield Finding("LINE_CHANGED", "error", where, _ACTION, got=f"{grams} g with factor {line.factor}", expected=expected)
    if statement.library_hash != computed.library_hash:
        found = True
        yield Finding("LIBRARY_CHANGED", "error", place, _ACTION, got=computed.library_hash, expected=statement.library_hash)
    if not found:
        yield Finding("STATEMENT_DIFFERS", "error", place, _ACTION, got=statement.digest(), expected=computed.digest())


def _check_roots(work: Work, row: tables.Statement, place: str) -> Iterator[Finding]:
    items = attested(work, row)
    if not items or institutions.find_commitment_key(work.session, row.institution_id) is None:
        return
    try:
        commitments = load_commitments(work, row)
    except LedgerError as error:
        yield Finding("COMMITMENT_BROKEN", "error", place, _ACTION, got=str(error)[:200])
        return
    for item in items:
        message = read_attestation(item)
        computed = commitments.dataset(item.dataset).tree.root
        where = f"{item.dataset}, {place}"
        if computed != message.root:
            yield Finding("ROOT_DIFFERS", "error", where, _ACTION, got=computed.hex(), expected=message.root.hex())
        if find_transaction(work, item.outbox_id).state != "anchored":
            continue
        try:
            recorded = work.house.contracts.periods.attestation(attestation_id_of(message)).root
        except ChainError as error:
            yield Finding(
                "ANCHOR_UNKNOWN", "error", where, "check that this is the chain the statement was anchored on", got=str(error)[:200]
            )
            continue
        if recorded != message.root:
            yield Finding("ANCHOR_DIFFERS", "error", where, _ACTION, got=message.root.hex(), expected=recorded.hex())
