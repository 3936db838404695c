"""Register meters of an institution's units."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.errors import Conflict, InputError
from ledger.identifiers import check_identifier
from ledger.records.meter_record import Quantity
from ledger.services import audit
from ledger.services.context import Page, Work, require_own, require_visible
from ledger.services.organisation import load_organisation
from ledger.store.repositories import metering
from ledger.store.tables import Meter

INTERVAL_MINUTES = 15


@dataclass(frozen=True)
class MeterView:
    """A meter: the unit it serves, what it measures, its interval in minutes."""

    id: str
    institution: str
    unit: str
    quantity: str
    interval_minutes: int
    registered_at: int


def register_meter(work: Work, institution: str, *, id: str, unit: str, quantity: str, interval_minutes: int) -> MeterView:
    """Add a meter to a unit of the tree; the same again changes nothing.

    Raises:
        InputError: unknown unit, an unknown quantity, an interval other than 15 minutes.
        Conflict: a meter of this id is registered otherwise.
    """
    require_own(work, institution, "preparer")
    check_identifier(id)
    if quantity not in [item.value for item in Quantity]:
        raise InputError(f"not a quantity; expected one of {', '.join(item.value for item in Quantity)}")
    if quantity != Quantity.EL_IMPORT.value:
        raise InputError(f"{quantity} meters are not accounted in this release", hint=f"register {Quantity.EL_IMPORT.value} meters")
    if interval_minutes != INTERVAL_MINUTES:
        raise InputError(f"the interval is {interval_minutes} minutes, expected {INTERVAL_MINUTES}")
    _, organisation = load_organisation(work, institution)
    if unit not in {item.id for item in organisation.units}:
        raise InputError(f"{institution} has no unit {unit[:63]!r}", hint="name a unit of the organisation tree")
    earlier = metering.find_meter(work.session, institution, id)
    if earlier is not None:
        if (earlier.unit, earlier.quantity, earlier.interval_minutes) == (unit, quantity, interval_minutes):
            return _view(earlier)
        raise Conflict(f"the meter {id} is registered already, for unit {earlier.unit}", hint="choose another id", meter=id)
    now = work.clock.now()
    row = metering.add_meter(
        work.session,
        institution_id=institution,
        id=id,
        unit=unit,
        quantity=quantity,
        interval_minutes=interval_minutes,
        valid_from=0,
        created_by=work.actor.subject,
        at=now,
    )
    audit.record(work, "meter.register", f"{institution}/{id}", institution=institution)
    return _view(row)


def list_meters(work: Work, institution: str, limit: int, after: str | None) -> Page[MeterView]:
    """Return the institution's meters by id."""
    require_visible(work, institution)
    page = metering.list_meters(work.session, institution, limit=limit, after=after)
    return Page(tuple(_view(row) for row in page.items), page.next_after)


def all_meters(work: Work, institution: str) -> tuple[Meter, ...]:
    """Return every meter of an institution, by id."""
    rows: list[Meter] = []
    after: str | None = None
    while True:
        page = metering.list_meters(work.session, institution, limit=500, after=after)
        rows.extend(page.items)
        if page.next_after is None:
            return tuple(rows)
        after = page.next_after


def _view(row: Meter) -> MeterView:
    return MeterView(row.id, row.institution_id, row.unit, row.quantity, row.interval_minutes, row.at)
