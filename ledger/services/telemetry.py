"""Take telemetry: the body verbatim into the envelope log, its readings into meter-days, its findings back to the sender.

Two steps, because a bank-year takes long to read and the store has one writer at a time: `read_telemetry` parses in a view, then
`submit_telemetry` compares with what is stored and writes, in a transaction as short as that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ledger.errors import InputError, NotFound
from ledger.metering.csv_line import MeterFacts
from ledger.metering.csv_source import CsvReading, read_meter_csv
from ledger.metering.meter_day import MeterDay, merge
from ledger.records import canonical
from ledger.records.findings import Finding, findings_document, has_errors
from ledger.records.meter_record import Quantity
from ledger.services import audit
from ledger.services.context import Page, Work, require_own, require_visible
from ledger.services.findings import read_findings
from ledger.services.meters import all_meters
from ledger.store.repositories import attestations, metering, periods
from ledger.store.repositories.metering import StoredDay
from ledger.store.tables import TelemetryBody

MEDIA_TYPE = "text/csv"
_SUMMARY = "TELEMETRY_SUMMARY"


@dataclass(frozen=True)
class TelemetryView:
    """What became of a telemetry body; `id` is its place in the envelope log, empty where it was refused."""

    id: str
    institution: str
    sha256: str
    bytes: int
    rows: int
    meters: int
    days_written: int
    accepted: bool
    findings: tuple[Finding, ...]
    received_at: int


@dataclass(frozen=True)
class ReceivedTelemetry:
    """A body that was read for an institution, with what the reading gave; nothing of it is stored yet."""

    institution: str
    media_type: str
    reading: CsvReading = field(repr=False)
    body: bytes = field(repr=False)


def read_telemetry(work: Work, institution: str, chunks: Iterable[bytes], media_type: str) -> ReceivedTelemetry:
    """Read a CSV of readings by the institution's meters; a view is enough.

    Raises:
        NotFound, Forbidden: the actor is not the institution's, or neither its meter gateway nor its preparer.
        InputError: another media type.
    """
    _require_sender(work, institution)
    if media_type.split(";")[0].strip() != MEDIA_TYPE:
        raise InputError(f"expected the media type {MEDIA_TYPE}", hint="send the readings as CSV")
    body = bytearray()
    meters = {row.id: MeterFacts(row.id, Quantity(row.quantity)) for row in all_meters(work, institution)}
    reading = read_meter_csv(_keep(chunks, body), meters=meters, now=work.clock.now())
    return ReceivedTelemetry(institution, MEDIA_TYPE, reading, bytes(body))


def submit_telemetry(work: Work, institution: str, received: ReceivedTelemetry) -> TelemetryView:
    """Take what was read whole or not at all. A body that is in the log already changes nothing and gives its first answer.

    Of a refused body only the audit log tells.

    Raises:
        NotFound, Forbidden: the actor is not the institution's, or neither its meter gateway nor its preparer.
        InputError: the body was read for another institution.
    """
    _require_sender(work, institution)
    if received.institution != institution:
        raise InputError(f"these readings were read for another institution than {institution}", hint="read them again")
    reading, body = received.reading, received.body
    if reading.sha256 is not None:
        earlier = metering.find_telemetry_by_sha256(work.session, institution, reading.sha256)
        if earlier is not None:
            return _stored_view(earlier)
    days, equivocations = _merge_days(work, institution, reading)
    findings = (*reading.findings, *equivocations, *_late_findings(work, institution, days))
    if reading.sha256 is None or has_errors(findings):
        audit.record(work, "telemetry.refuse", institution, institution=institution, result="refused", details={"bytes": len(body)})
        return TelemetryView(
            "", institution, reading.sha256 or "", len(body), reading.rows, len(reading.readings), 0, False, findings, work.clock.now()
        )
    changed = tuple(StoredDay(day.meter, day.day, day.values, day.quality) for day in days)
    summary = _summary(reading, len(changed), len(body))
    row = metering.add_telemetry_body(
        work.session,
        institution,
        body,
        media_type=received.media_type,
        findings=canonical.dump(findings_document((summary, *findings))),
        actor=work.actor.subject,
        received_at=work.clock.now(),
    )
    metering.add_meter_days(work.session, institution, row.log_index, changed)
    audit.record(work, "telemetry.accept", f"{institution}/{row.log_index}", institution=institution, details={"sha256": row.sha256})
    return _stored_view(row)


def get_telemetry(work: Work, institution: str, id: str) -> TelemetryView:
    """Return what became of an accepted body."""
    require_visible(work, institution)
    if not id.isdecimal():
        raise NotFound(f"{institution} has no telemetry {id[:20]!r}", hint="ids are whole numbers")
    return _stored_view(metering.get_telemetry_body(work.session, institution, int(id)))


def list_telemetry(work: Work, institution: str, limit: int, after: str | None) -> Page[TelemetryView]:
    """Return the accepted bodies in the order of the envelope log."""
    require_visible(work, institution)
    page = metering.list_telemetry(work.session, institution, limit=limit, after=None if after is None else int(after))
    return Page(tuple(_stored_view(row) for row in page.items), None if page.next_after is None else str(page.next_after))


def _require_sender(work: Work, institution: str) -> None:
    require_own(work, institution, "meter" if "meter" in work.actor.roles else "preparer")


def _keep(chunks: Iterable[bytes], body: bytearray) -> Iterator[bytes]:
    for chunk in chunks:
        body += chunk
        yield chunk


def _merge_days(work: Work, institution: str, reading: CsvReading) -> tuple[list[MeterDay], list[Finding]]:
    """Return the days that change, merged with what is stored, and a finding for every reading that contradicts a stored one."""
    changed: list[MeterDay] = []
    findings: list[Finding] = []
    for meter, readings in reading.readings.items():
        incoming = readings.days()
        if not incoming:
            continue
        stored = {
            day.day: MeterDay(meter, day.day, day.values, day.quality)
            for day in metering.iterate_meter_days(work.session, institution, meter, incoming[0].day, incoming[-1].day)
        }
        for day in incoming:
            merged, contradictions = merge(stored.get(day.day), day)
            findings.extend(contradictions)
            if merged != stored.get(day.day):
                changed.append(merged)
    return changed, findings


def _summary(reading: CsvReading, days: int, size: int) -> Finding:
    params = {"rows": str(reading.rows), "meters": str(len(reading.readings)), "days": str(days), "bytes": str(size)}
    return Finding(code=_SUMMARY, severity="info", place="file", action="nothing to do", params=params)


def _late_findings(work: Work, institution: str, days: list[MeterDay]) -> Iterator[Finding]:
    """Yield a warning for each attested period that these readings change: its figures stand until a revision takes them in."""
    touched = sorted({day.day for day in days})
    after: str | None = None
    while touched:
        page = periods.list_periods(work.session, institution, limit=500, after=after)
        for period in page.items:
            if not any(period.start < (day + 1) * 86_400 and day * 86_400 < period.end for day in touched):
                continue
            statement = attestations.find_last_attested_statement(work.session, institution, period.id)
            if statement is not None:
                action = "the attested figures stay as they are; prepare a revision with the cause data to take these readings in"
                params = {"period": period.id, "revision": str(statement.revision)}
                yield Finding(
                    "PERIOD_ATTESTED", "warning", f"period {period.id}", action, got=f"revision {statement.revision}", params=params
                )
        if page.next_after is None:
            return
        after = page.next_after


def _stored_view(row: TelemetryBody) -> TelemetryView:
    findings = read_findings(row.findings)
    summary = next((finding.params for finding in findings if finding.code == _SUMMARY), {})
    return TelemetryView(
        id=str(row.log_index),
        institution=row.institution_id,
        sha256=row.sha256,
        bytes=int(summary.get("bytes", "0")),
        rows=int(summary.get("rows", "0")),
        meters=int(summary.get("meters", "0")),
        days_written=int(summary.get("days", "0")),
        accepted=True,
        findings=tuple(finding for finding in findings if finding.code != _SUMMARY),
        received_at=row.received_at,
    )
