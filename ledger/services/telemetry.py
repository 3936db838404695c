"""Take telemetry from people: the body verbatim into the envelope log, its readings into meter-days, its findings back to the sender.

Two steps, because a bank-year takes long to read and the store has one writer at a time: `read_telemetry` parses in a view, then
`submit_telemetry` compares with what is stored and writes, in a transaction as short as that. What a device signed goes the way of
intake.py here too, and is derived at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ledger.errors import InputError, NotFound
from ledger.metering.body import CSV, SIGNED
from ledger.metering.csv_source import CsvReading, read_meter_csv
from ledger.records import canonical
from ledger.records.findings import Finding, findings_document, has_errors
from ledger.services import audit
from ledger.services.context import Page, Work, require_own, require_visible
from ledger.services.deriving import Deriver
from ledger.services.findings import read_findings
from ledger.services.intake import Intake, Offer, Refused
from ledger.services.meter_book import load_book
from ledger.services.projection import bring_up_to_date, write_derived
from ledger.store.repositories import derived, envelopes, metering
from ledger.store.repositories.derived import Derivation
from ledger.store.repositories.envelopes import StoredEnvelope
from ledger.store.tables import TelemetryBody

_SUMMARY = "TELEMETRY_SUMMARY"


@dataclass(frozen=True)
class TelemetryView:
    """What became of a telemetry body; `id` is its place in the envelope log, empty where it was refused.

    `derived`: its readings stand in the meter-days, and what was found doing that stands among the findings.
    """

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
    derived: bool = True


@dataclass(frozen=True)
class ReceivedTelemetry:
    """A body that was read for an institution, with what the reading gave (None for a signed body); nothing of it is stored yet."""

    institution: str
    media_type: str
    reading: CsvReading | None = field(repr=False)
    body: bytes = field(repr=False)


def read_telemetry(work: Work, institution: str, chunks: Iterable[bytes], media_type: str) -> ReceivedTelemetry:
    """Read a CSV of readings by the institution's meters, or take in what one of its devices signed; a view is enough.

    Raises:
        NotFound, Forbidden: the actor is not the institution's, or neither its meter gateway nor its preparer.
        InputError: another media type.
    """
    _require_sender(work, institution)
    kind = media_type.split(";")[0].strip()
    if kind in SIGNED:
        return ReceivedTelemetry(institution, kind, None, b"".join(chunks))
    if kind != CSV:
        raise InputError(f"expected the media type {CSV}, {' or '.join(SIGNED)}", hint="send the readings as CSV")
    body = bytearray()
    reading = read_meter_csv(_keep(chunks, body), meters=load_book(work.session, institution).meters, now=work.clock.now())
    return ReceivedTelemetry(institution, CSV, reading, bytes(body))


def submit_telemetry(work: Work, institution: str, received: ReceivedTelemetry) -> TelemetryView:
    """Take what was read whole or not at all. A body that is in the log already changes nothing and gives its first answer.

    Of a refused body only the audit log tells. A CSV that contradicts a recorded reading is refused; of a signed body the contradiction
    is a finding, because what a device signed is evidence whatever it says.

    Raises:
        NotFound, Forbidden: the actor is not the institution's, or neither its meter gateway nor its preparer.
        InputError: the body was read for another institution.
    """
    _require_sender(work, institution)
    if received.institution != institution:
        raise InputError(f"these readings were read for another institution than {institution}", hint="read them again")
    bring_up_to_date(work.session, work.clock, institution)
    return _submit_signed(work, received) if received.reading is None else _submit_csv(work, received.reading, received)


def get_telemetry(work: Work, institution: str, id: str) -> TelemetryView:
    """Return what became of an accepted body."""
    require_visible(work, institution)
    if not id.isdecimal():
        raise NotFound(f"{institution} has no telemetry {id[:20]!r}", hint="ids are whole numbers")
    return _stored_views(work, institution, [metering.get_telemetry_body(work.session, institution, int(id))])[0]


def list_telemetry(work: Work, institution: str, limit: int, after: str | None) -> Page[TelemetryView]:
    """Return the accepted bodies in the order of the envelope log."""
    require_visible(work, institution)
    page = metering.list_telemetry(work.session, institution, limit=limit, after=None if after is None else int(after))
    return Page(_stored_views(work, institution, page.items), None if page.next_after is None else str(page.next_after))


def _submit_signed(work: Work, received: ReceivedTelemetry) -> TelemetryView:
    institution, intake = received.institution, Intake(work.house.database)
    prepared = intake.prepare(Offer(institution, work.actor.subject, received.media_type, received.body), work.session)
    taken = prepared if isinstance(prepared, Refused) else intake.take(work.session, [prepared], work.clock.now()).outcomes[0]
    if isinstance(taken, Refused):
        return _refuse(work, received, 0, 0, taken.findings)
    bring_up_to_date(work.session, work.clock, institution)
    return get_telemetry(work, institution, str(taken.id))


def _submit_csv(work: Work, reading: CsvReading, received: ReceivedTelemetry) -> TelemetryView:
    institution, body = received.institution, received.body
    if reading.sha256 is not None:
        earlier = metering.find_telemetry_by_sha256(work.session, institution, reading.sha256)
        if earlier is not None:
            return _stored_views(work, institution, [earlier])[0]
    index = metering.count_telemetry(work.session, institution)
    made = Deriver(work.session, institution).derive_intervals(index, reading.readings)
    if reading.sha256 is None or has_errors((*reading.findings, *made.findings)):
        return _refuse(work, received, reading.rows, len(reading.readings), (*reading.findings, *made.findings), reading.sha256 or "")
    summary = _summary(reading, len(made.days), len(body))
    row = metering.add_telemetry_body(
        work.session,
        institution,
        body,
        media_type=received.media_type,
        findings=canonical.dump(findings_document((summary, *reading.findings))),
        actor=work.actor.subject,
        received_at=work.clock.now(),
    )
    write_derived(work.session, work.clock, institution, row.log_index, made)
    audit.record(work, "telemetry.accept", f"{institution}/{row.log_index}", institution=institution, details={"sha256": row.sha256})
    return _stored_views(work, institution, [row])[0]


def _refuse(
    work: Work, received: ReceivedTelemetry, rows: int, meters: int, findings: tuple[Finding, ...], sha256: str = ""
) -> TelemetryView:
    institution, size = received.institution, len(received.body)
    audit.record(work, "telemetry.refuse", institution, institution=institution, result="refused", details={"bytes": size})
    return TelemetryView("", institution, sha256, size, rows, meters, 0, False, findings, work.clock.now(), False)


def _require_sender(work: Work, institution: str) -> None:
    require_own(work, institution, "meter" if "meter" in work.actor.roles else "preparer")


def _keep(chunks: Iterable[bytes], body: bytearray) -> Iterator[bytes]:
    for chunk in chunks:
        body += chunk
        yield chunk


def _summary(reading: CsvReading, days: int, size: int) -> Finding:
    params = {"rows": str(reading.rows), "meters": str(len(reading.readings)), "days": str(days), "bytes": str(size)}
    return Finding(code=_SUMMARY, severity="info", place="file", action="nothing to do", params=params)


def _stored_views(work: Work, institution: str, rows: Sequence[TelemetryBody]) -> tuple[TelemetryView, ...]:
    indices = [row.log_index for row in rows]
    signed = envelopes.list_envelopes_at(work.session, institution, indices)
    made = derived.list_derivations(work.session, institution, indices)
    return tuple(_stored_view(row, signed.get(row.log_index), made.get(row.log_index)) for row in rows)


def _stored_view(row: TelemetryBody, envelope: StoredEnvelope | None, derivation: Derivation | None) -> TelemetryView:
    findings = read_findings(row.findings)
    summary = next((finding.params for finding in findings if finding.code == _SUMMARY), {})
    more = () if derivation is None else read_findings(derivation.findings)
    size, readings, meters = (int(summary.get(name, "0")) for name in ("bytes", "rows", "meters"))
    if envelope is not None:
        size, readings, meters = envelope.bytes, envelope.readings, envelope.meters
    return TelemetryView(
        id=str(row.log_index),
        institution=row.institution_id,
        sha256=row.sha256,
        bytes=size,
        rows=readings,
        meters=meters,
        days_written=int(summary.get("days", "0")) or (0 if derivation is None else derivation.days),
        accepted=True,
        findings=(*(finding for finding in findings if finding.code != _SUMMARY), *more),
        received_at=row.received_at,
        derived=derivation is not None,
    )
