"""Register meters of an institution's units, and say which device speaks for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from ledger.errors import Conflict, InputError, NotFound
from ledger.identifiers import check_identifier
from ledger.metering.fitting_document import load_fitting
from ledger.records.fields import EPOCH
from ledger.records.meter_record import Quality, Quantity
from ledger.records.organisation import Organisation, Unit
from ledger.services import audit
from ledger.services.context import Page, Work, require_own, require_visible
from ledger.services.organisation import load_organisation
from ledger.store.repositories import devices, metering
from ledger.store.tables import Meter
from ledger.units import format_decimal

INTERVAL_MINUTES = 15
COVERAGE_DAYS = 30


@dataclass(frozen=True)
class MeterView:
    """A meter: the unit it serves, what it measures, its interval in minutes, the device that speaks for it, the meter it hangs behind.

    `serial` and `ratio` (ct × pt, a decimal string) are of the fitting that hangs there now; `last_day` is the last UTC day with readings
    (YYYY-MM-DD), `measured_bp` how many slots of the 30 days up to it were measured, in basis points.
    """

    id: str
    institution: str
    unit: str
    quantity: str
    interval_minutes: int
    registered_at: int
    device: str | None
    sub_meter_of: str | None
    serial: str | None
    ratio: str
    last_day: str | None
    measured_bp: int | None


def register_meter(
    work: Work,
    institution: str,
    *,
    id: str,
    unit: str,
    quantity: str,
    interval_minutes: int,
    device: str | None = None,
    sub_meter_of: str | None = None,
) -> MeterView:
    """Add a meter to a unit of the tree; the same again changes nothing.

    Args:
        device: the one that may send for it; without it only uploads under a token do.
        sub_meter_of: the meter that it hangs behind, which counts its energy already; without it, it counts by itself.

    Raises:
        InputError: unknown unit, device or main meter, an unknown quantity, an interval other than 15 minutes, a main meter that cannot
            count for it (`assign_main`).
        Conflict: a meter of this id is registered otherwise.
    """
    require_own(work, institution, "preparer")
    check_identifier(id)
    if quantity not in [item.value for item in Quantity]:
        raise InputError(f"not a quantity; expected one of {', '.join(item.value for item in Quantity)}")
    if interval_minutes != INTERVAL_MINUTES:
        raise InputError(f"the interval is {interval_minutes} minutes, expected {INTERVAL_MINUTES}")
    _, organisation = load_organisation(work, institution)
    if unit not in {item.id for item in organisation.units}:
        raise InputError(f"{institution} has no unit {unit[:63]!r}", hint="name a unit of the organisation tree")
    _check_device(work, institution, device)
    earlier = metering.find_meter(work.session, institution, id)
    if earlier is not None:
        if (earlier.unit, earlier.quantity, earlier.interval_minutes) != (unit, quantity, interval_minutes):
            raise Conflict(f"the meter {id} is registered already, for unit {earlier.unit}", hint="choose another id", meter=id)
        if device is not None and devices.device_of_meters(work.session, institution).get(id) != device:
            raise Conflict(f"another device speaks for the meter {id}, or none", hint="assign the device to the meter", meter=id)
        if sub_meter_of is not None and metering.find_main_meter(work.session, institution, id) != sub_meter_of:
            raise Conflict(f"the meter {id} hangs behind another one, or none", hint="say what it hangs behind", meter=id)
        return _views(work, institution, [earlier])[0]
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
    devices.set_meter_device(work.session, institution, id, device, by=work.actor.subject, at=now)
    if sub_meter_of is not None:
        _check_main(row, sub_meter_of, {meter.id: meter for meter in all_meters(work, institution)}, {}, organisation)
        metering.set_main_meter(work.session, institution, id, sub_meter_of, by=work.actor.subject, at=now)
    details = {"device": device or ""} | ({"sub_meter_of": sub_meter_of} if sub_meter_of else {})
    audit.record(work, "meter.register", f"{institution}/{id}", institution=institution, details=details)
    return _views(work, institution, [row])[0]


def assign_device(work: Work, institution: str, meter: str, device: str | None) -> MeterView:
    """Let another device (None: no device) speak for a meter, for every body that is taken from now on; the same again changes nothing.

    Raises:
        NotFound: no such meter.
        InputError: no such device.
    """
    require_own(work, institution, "preparer")
    row = get_meter_row(work, institution, meter)
    _check_device(work, institution, device)
    if devices.device_of_meters(work.session, institution).get(meter) != device:
        devices.set_meter_device(work.session, institution, meter, device, by=work.actor.subject, at=work.clock.now())
        audit.record(work, "meter.assign", f"{institution}/{meter}", institution=institution, details={"device": device or ""})
    return _views(work, institution, [row])[0]


def assign_main(work: Work, institution: str, meter: str, sub_meter_of: str | None) -> MeterView:
    """Say which meter another one hangs behind (None: none), for every statement prepared from now on; the same again changes nothing.

    What a sub-meter measures is in the total of the meter before it and enters no line a second time.

    Raises:
        NotFound: no such meter.
        InputError: the meter before is unknown, measures something else, hangs behind this one itself, or its unit is not open all the
            while that this one's is.
    """
    require_own(work, institution, "preparer")
    row = get_meter_row(work, institution, meter)
    mains = metering.main_of_meters(work.session, institution)
    if mains.get(meter) != sub_meter_of:
        if sub_meter_of is not None:
            _, organisation = load_organisation(work, institution)
            _check_main(row, sub_meter_of, {item.id: item for item in all_meters(work, institution)}, mains, organisation)
        metering.set_main_meter(work.session, institution, meter, sub_meter_of, by=work.actor.subject, at=work.clock.now())
        details = {"sub_meter_of": sub_meter_of or ""}
        audit.record(work, "meter.main", f"{institution}/{meter}", institution=institution, details=details)
    return _views(work, institution, [row])[0]


def get_meter_row(work: Work, institution: str, meter: str) -> Meter:
    """Return a meter of an institution that the actor may see.

    Raises:
        NotFound: there is none.
    """
    require_visible(work, institution)
    row = metering.find_meter(work.session, institution, meter)
    if row is None:
        raise NotFound(f"{institution} has no meter {meter[:63]!r}", hint="list the meters, or register it")
    return row


def list_meters(work: Work, institution: str, limit: int, after: str | None) -> Page[MeterView]:
    """Return the institution's meters by id."""
    require_visible(work, institution)
    page = metering.list_meters(work.session, institution, limit=limit, after=after)
    return Page(_views(work, institution, page.items), page.next_after)


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


def _check_main(row: Meter, main: str, known: Mapping[str, Meter], mains: Mapping[str, str], organisation: Organisation) -> None:
    """Pass if `main` can count what `row` measures.

    Raises:
        InputError: it cannot.
    """
    before = known.get(main)
    if before is None:
        raise InputError(f"{row.institution_id} has no meter {main[:63]!r}", hint="register the main meter first")
    if before.quantity != row.quantity:
        raise InputError(f"the meter {main} measures {before.quantity}, expected {row.quantity}", hint="name a meter of the same quantity")
    at: str | None = main
    while at is not None:
        if at == row.id:
            raise InputError(f"the meter {main} hangs behind {row.id} itself", hint="one of the two counts the other's energy, not both")
        at = mains.get(at)
    unit, other = organisation.find_unit(row.unit), organisation.find_unit(before.unit)
    if unit is not None and other is not None and not _is_open_throughout(other, unit):
        raise InputError(
            f"{other.id}, which {main} serves, is not open all the while that {unit.id} is",
            hint="a sub-meter hangs behind a meter that counts as long as it does",
        )


def _is_open_throughout(unit: Unit, other: Unit) -> bool:
    return unit.opened <= other.opened and (unit.closed is None or (other.closed is not None and other.closed <= unit.closed))


def _check_device(work: Work, institution: str, device: str | None) -> None:
    if device is not None and devices.find_device(work.session, institution, device) is None:
        raise InputError(f"{institution} has no device {device[:63]!r}", hint="register the device first")


def _views(work: Work, institution: str, rows: Sequence[Meter]) -> tuple[MeterView, ...]:
    assigned, now = devices.device_of_meters(work.session, institution), work.clock.now()
    mains = metering.main_of_meters(work.session, institution)
    views = []
    for row in rows:
        hanging = [load_fitting(item.document) for item in devices.list_fittings(work.session, institution, row.id) if item.since <= now]
        hangs = hanging[-1] if hanging and hanging[-1].reason != "removed" else None
        last = metering.find_last_day(work.session, institution, row.id)
        view = MeterView(
            id=row.id,
            institution=institution,
            unit=row.unit,
            quantity=row.quantity,
            interval_minutes=row.interval_minutes,
            registered_at=row.at,
            device=assigned.get(row.id),
            sub_meter_of=mains.get(row.id),
            serial=None if hangs is None else hangs.serial,
            ratio="1" if hangs is None else format_decimal(hangs.ratio.exact),
            last_day=None if last is None else str(EPOCH + timedelta(days=last)),
            measured_bp=None if last is None else _measured_bp(work, institution, row, last),
        )
        views.append(view)
    return tuple(views)


def _measured_bp(work: Work, institution: str, row: Meter, last: int) -> int:
    """Return the share of measured slots in the 30 days up to `last`; of fewer where the meter has not reported so long."""
    days = list(metering.iterate_meter_days(work.session, institution, row.id, last - COVERAGE_DAYS + 1, last))
    measured = sum(day.quality.count(bytes([Quality.ACTUAL])) + day.quality.count(bytes([Quality.SUSPECT])) for day in days)
    return 10_000 * measured // ((last - days[0].day + 1) * 86_400 // (60 * row.interval_minutes))
