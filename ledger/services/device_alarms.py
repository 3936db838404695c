"""What stands against devices that signed two bodies under one number: listed, and named by `lingtan fsck` (spec: metering §5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.clock import format_instant
from ledger.records.findings import Finding
from ledger.services.context import Page, Work, require_visible
from ledger.store.repositories import envelopes
from ledger.store.repositories.envelopes import StoredEnvelope
from ledger.store.session import Session
from ledger.store.tables import EnvelopeAlarm


@dataclass(frozen=True)
class DeviceAlarmView:
    """A second body with the identity of the entry `log_index`: hashes of both, who brought it and when, and whether its bytes are kept."""

    id: str
    institution: str
    device: str
    boot: str
    seq: int
    log_index: int
    first_sha256: str | None
    second_sha256: str
    media_type: str
    brought_by: str
    raised_at: int
    body_kept: bool


def list_device_alarms(work: Work, institution: str, limit: int, after: str | None) -> Page[DeviceAlarmView]:
    """Return the institution's alarms in the order they came; nobody can delete one."""
    require_visible(work, institution)
    page = envelopes.list_alarms(work.session, institution, limit=limit, after=None if after is None else int(after))
    firsts = envelopes.list_envelopes_at(work.session, institution, [row.log_index for row in page.items])
    items = tuple(_view(row, firsts.get(row.log_index)) for row in page.items)
    return Page(items, None if page.next_after is None else str(page.next_after))


def check_device_alarms(session: Session) -> Iterator[Finding]:
    """Yield EQUIVOCATION_ALARM for every device that alarms stand against, once for a device."""
    for institution, device, count, last in envelopes.count_alarms(session):
        action = "list them with `lingtan device alarms`, find out which body is right, and revoke the key if two hold it"
        got = f"{count} second bodies, the last at {format_instant(last)}"
        params = {"institution": institution, "device": device, "alarms": str(count), "last": format_instant(last)}
        yield Finding(
            "EQUIVOCATION_ALARM", "warning", f"device {device} of {institution}", action, got, "one body under each boot and seq", params
        )


def _view(row: EnvelopeAlarm, first: StoredEnvelope | None) -> DeviceAlarmView:
    return DeviceAlarmView(
        id=str(row.id),
        institution=row.institution_id,
        device=row.device_id,
        boot=row.boot,
        seq=row.seq,
        log_index=row.log_index,
        first_sha256=None if first is None else first.sha256.hex(),
        second_sha256=row.sha256,
        media_type=row.media_type,
        brought_by=row.actor,
        raised_at=row.at,
        body_kept=bool(row.body),
    )
