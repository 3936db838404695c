"""Edits of meters' slots, as entries of the envelope log, and what was billed for meters."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from ledger.store.repositories.paging import Page, fetch_page
from ledger.store.tables import MeterBill, MeterEdit, TelemetryBody


@dataclass(frozen=True)
class StoredEdit:
    """An edit: its place in the envelope log, the SHA-256 of the entry, and its document."""

    log_index: int
    sha256: str
    document: bytes = field(repr=False)


def add_edit(session: Session, institution_id: str, log_index: int, *, meter_id: str, rule: str, start: int, end: int) -> None:
    """Say which meter and time the edit of entry `log_index` is of.

    Raises:
        AlreadyStored: it was said before.
    """
    session.add(MeterEdit(institution_id=institution_id, log_index=log_index, meter_id=meter_id, rule=rule, start=start, end=end))
    session.flush()


def list_edits(
    session: Session, institution_id: str, meter_id: str, *, limit: int = 100, after: int | None = None
) -> Page[StoredEdit, int]:
    """Return the edits of a meter in the order of the log."""
    query = select(MeterEdit).where(MeterEdit.institution_id == institution_id, MeterEdit.meter_id == meter_id)
    page = fetch_page(session, query, col(MeterEdit.log_index), lambda row: row.log_index, limit, after)
    found = []
    for row in page.items:
        entry = session.get_one(TelemetryBody, (institution_id, row.log_index), populate_existing=True)
        found.append(StoredEdit(row.log_index, entry.sha256, entry.body))
    return Page(tuple(found), page.next_after)


def add_bill(
    session: Session,
    institution_id: str,
    meter_id: str,
    bill: str,
    *,
    first_day: str,
    last_day: str,
    value: str | None,
    unit: str,
    reference: str,
    sha256: str | None,
    reason: str | None,
    by: str,
    at: int,
) -> MeterBill:
    """Add a bill, or the next revision of it."""
    earlier = [row.revision for row in _revisions(session, institution_id, meter_id) if row.bill == bill]
    row = MeterBill(
        institution_id=institution_id,
        meter_id=meter_id,
        bill=bill,
        revision=max(earlier, default=0) + 1,
        first_day=first_day,
        last_day=last_day,
        value=value,
        unit=unit,
        reference=reference,
        sha256=sha256,
        reason=reason,
        by=by,
        at=at,
    )
    session.add(row)
    session.flush()
    return row


def list_bills(session: Session, institution_id: str, meter_id: str) -> list[MeterBill]:
    """Return the last revision of each bill of a meter, withdrawn ones too, by first day and id."""
    last = {row.bill: row for row in _revisions(session, institution_id, meter_id)}
    return sorted(last.values(), key=lambda row: (row.first_day, row.bill))


def list_billed_meters(session: Session, institution_id: str) -> list[str]:
    """Return the meters of which a bill was ever recorded, by id."""
    query = select(MeterBill.meter_id).where(MeterBill.institution_id == institution_id).distinct()
    return list(session.exec(query.order_by(col(MeterBill.meter_id))).all())


def _revisions(session: Session, institution_id: str, meter_id: str) -> list[MeterBill]:
    query = select(MeterBill).where(MeterBill.institution_id == institution_id, MeterBill.meter_id == meter_id)
    return list(session.exec(query.order_by(col(MeterBill.bill), col(MeterBill.revision))).all())
