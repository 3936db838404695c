"""What suppliers billed for a meter: held against its days, and spread over long gaps. Bills enter no statement (spec: metering §8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ledger.errors import InputError, NotFound
from ledger.identifiers import check_identifier
from ledger.metering.csv_line import MAX_READING
from ledger.metering.meter_day import DAY_SLOTS
from ledger.metering.reading_values import units_of
from ledger.metering.vee.history import Bill
from ledger.records.fields import Fields
from ledger.records.findings import Finding
from ledger.records.meter_record import Quantity
from ledger.services import audit
from ledger.services.context import Work, require_own
from ledger.services.meters import get_meter_row
from ledger.services.texts import check_reason
from ledger.store.repositories import edits as store
from ledger.store.tables import Meter, MeterBill
from ledger.units import parse_decimal

FIELDS = ("bill", "first_day", "last_day", "value", "unit", "reference", "sha256")


@dataclass(frozen=True)
class BillView:
    """A bill as it stands: local days, both inclusive, and a decimal string in a unit; `value` is None once it was withdrawn."""

    meter: str
    bill: str
    revision: int
    first_day: date
    last_day: date
    value: str | None
    unit: str
    reference: str
    sha256: str | None
    reason: str | None
    by: str
    at: int


def record_bill(work: Work, institution: str, meter: str, stated: Mapping[str, object], reason: str | None = None) -> BillView:
    """Keep what was billed for days of a meter. A bill that is there needs a reason to be corrected; the same again changes nothing.

    Raises:
        NotFound: no such meter.
        InputError: everything that is wrong with the fields; a correction without a reason.
    """
    require_own(work, institution, "preparer")
    row = get_meter_row(work, institution, meter)
    view = _read(row, stated, work)
    earlier = next((item for item in store.list_bills(work.session, institution, meter) if item.bill == view.bill), None)
    if earlier is not None:
        before = _view(earlier)
        if _stated(before) == _stated(view):
            return before
        if reason is None:
            raise InputError(
                f"the bill {view.bill} of {meter} says something else",
                hint="say why it is corrected",
                errors=(("/reason", "REASON_INVALID", "a reason, to correct a bill"),),
            )
    return _keep(work, row, view, None if reason is None else check_reason(reason))


def withdraw_bill(work: Work, institution: str, meter: str, bill: str, reason: str) -> BillView:
    """Take a bill back, which stays in the books with the reason; again changes nothing.

    Raises:
        NotFound: no such meter or bill.
    """
    require_own(work, institution, "preparer")
    row = get_meter_row(work, institution, meter)
    earlier = next((item for item in store.list_bills(work.session, institution, meter) if item.bill == bill), None)
    if earlier is None:
        raise NotFound(f"{meter} has no bill {bill[:63]!r}", hint="list the bills of the meter")
    view = _view(earlier)
    if view.value is None:
        return view
    return _keep(work, row, _replace_value(view), check_reason(reason))


def list_bills(work: Work, institution: str, meter: str) -> tuple[BillView, ...]:
    """Return the bills of a meter as they stand, withdrawn ones too, by first day.

    Raises:
        NotFound: no such meter.
    """
    get_meter_row(work, institution, meter)
    return tuple(_view(row) for row in store.list_bills(work.session, institution, meter))


def load_bills(work: Work, row: Meter) -> tuple[Bill, ...]:
    """Return the bills of a meter that count, in its smallest unit."""
    units = units_of(Quantity(row.quantity), interval=False)
    return tuple(
        Bill(item.bill, view.first_day, view.last_day, round(parse_decimal(view.value) * units[view.unit]), view.reference, view.sha256)
        for item in store.list_bills(work.session, row.institution_id, row.id)
        if (view := _view(item)).value is not None
    )


def _read(row: Meter, stated: Mapping[str, object], work: Work) -> BillView:
    findings: list[Finding] = []
    fields = Fields(dict(stated), "", findings, FIELDS)
    units = units_of(Quantity(row.quantity), interval=False)
    view = BillView(
        meter=row.id,
        bill=fields.identifier("bill"),
        revision=0,
        first_day=fields.date("first_day"),
        last_day=fields.date("last_day"),
        value=fields.decimal_from_0("value"),
        unit=fields.choice("unit", tuple(units)),
        reference=fields.text("reference"),
        sha256=fields.optional("sha256", fields.digest),
        reason=None,
        by=work.actor.subject,
        at=work.clock.now(),
    )
    if not findings and view.last_day < view.first_day:
        fields.refuse(
            "FIELD_INVALID", "/last_day", "write the last day, inclusive", got=str(view.last_day), expected=f"{view.first_day} or later"
        )
    if not findings:
        most = MAX_READING * DAY_SLOTS * ((view.last_day - view.first_day).days + 1)
        if parse_decimal(view.value or "0") * units[view.unit] > most:
            action, expected = "check the value and its unit", f"at most {most} mWh, L or kJ over these days"
            fields.refuse("VALUE_TOO_LARGE", "/value", action, got=str(view.value), expected=expected)
    if findings:
        errors = tuple((item.place, item.code, f"expected {item.expected}" if item.expected else item.action) for item in findings)
        raise InputError(f"the bill has {len(findings)} faults", hint="correct every place listed in errors", errors=errors)
    check_identifier(view.bill)
    return view


def _keep(work: Work, row: Meter, view: BillView, reason: str | None) -> BillView:
    stored = store.add_bill(
        work.session,
        row.institution_id,
        row.id,
        view.bill,
        first_day=view.first_day.isoformat(),
        last_day=view.last_day.isoformat(),
        value=view.value,
        unit=view.unit,
        reference=view.reference,
        sha256=view.sha256,
        reason=reason,
        by=work.actor.subject,
        at=work.clock.now(),
    )
    details = {"bill": view.bill, "revision": stored.revision, "value": view.value or "", "reason": reason or ""}
    audit.record(work, "meter.bill", f"{row.institution_id}/{row.id}", institution=row.institution_id, details=details)
    return _view(stored)


def _stated(view: BillView) -> tuple[object, ...]:
    return (view.first_day, view.last_day, view.value, view.unit, view.reference, view.sha256)


def _replace_value(view: BillView) -> BillView:
    return BillView(**{**vars(view), "value": None})


def _view(row: MeterBill) -> BillView:
    return BillView(
        meter=row.meter_id,
        bill=row.bill,
        revision=row.revision,
        first_day=date.fromisoformat(row.first_day),
        last_day=date.fromisoformat(row.last_day),
        value=row.value,
        unit=row.unit,
        reference=row.reference,
        sha256=row.sha256,
        reason=row.reason,
        by=row.by,
        at=row.at,
    )
