"""A meter's stored days as its rules look at them, with what hung there and what was billed; and the rules over a window of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from ledger.accounting.meter_checks import check_hanging
from ledger.errors import InputError
from ledger.metering.checks import check_record
from ledger.metering.fitting_document import load_fitting
from ledger.metering.hanging import find_hanging
from ledger.metering.local_days import series_of_days
from ledger.metering.meter_day import DAY_SLOTS, INTERVAL_MINUTES, SLOT_SECONDS, MeterDay
from ledger.metering.registers import RegisterPoints
from ledger.metering.vee.history import MeterHistory
from ledger.metering.vee.vee_1.registry import RULE_SET
from ledger.records.findings import Finding
from ledger.records.meter_record import MeterRecord, Quantity
from ledger.records.period import Period
from ledger.services.context import Work, require_visible
from ledger.services.meter_bills import load_bills
from ledger.services.meters import all_meters, get_meter_row
from ledger.services.periods import load_period_row, to_period
from ledger.services.register_slots import RegisterLine
from ledger.store.repositories import derived, devices, institutions, metering
from ledger.store.tables import Meter

PAST_DAYS = 56
WINDOW_DAYS = 396
"""The last 13 months, where no window is named."""
MAX_WINDOW_DAYS = 3653


@dataclass(frozen=True)
class Window:
    """Local days, both inclusive, in a time zone."""

    first: date
    last: date
    timezone: str


def find_window(work: Work, institution: str, *, period: str | None = None, first: date | None = None, last: date | None = None) -> Window:
    """Return the days of a period, or those named, or the last 13 months, up to yesterday: a day that is not over has no gaps yet.

    Raises:
        NotFound: no such period.
        InputError: a period and days, days in the wrong order, of more than ten years, or none that is over.
    """
    require_visible(work, institution)
    timezone = institutions.get_institution(work.session, institution).timezone
    if period is not None:
        if first is not None or last is not None:
            raise InputError("a period and days were named", hint="name one of them")
        stored = to_period(load_period_row(work, institution, period))
        first, last, timezone = stored.first_day, stored.last_day, stored.timezone
    yesterday = datetime.fromtimestamp(work.clock.now(), ZoneInfo(timezone)).date() - timedelta(days=1)
    end = yesterday if last is None else min(last, yesterday)
    window = Window(first or end - timedelta(days=WINDOW_DAYS - 1), end, timezone)
    if not timedelta(0) <= window.last - window.first < timedelta(days=MAX_WINDOW_DAYS):
        raise InputError(
            f"from {window.first} to {window.last} there is nothing to look at, or more than ten years",
            hint="name first and last day, inclusive, of a time that has begun",
        )
    return window


def load_history(work: Work, row: Meter, window: Window, *, past: int = PAST_DAYS) -> MeterHistory:
    """Return a meter's history over a window, and over `past` days before it for the rules that look back."""
    begin = window.first - timedelta(days=past)
    span = Period.of_dates("window", begin, window.last, window.timezone)
    days = span.utc_days
    stored = metering.iterate_meter_days(work.session, row.institution_id, row.id, days.start, days.stop - 1)
    known = [MeterDay(row.id, day.day, day.values, day.quality) for day in stored]
    known = known or [MeterDay(row.id, days.start, bytes(8 * DAY_SLOTS), bytes(DAY_SLOTS))]
    fittings = devices.list_fittings(work.session, row.institution_id, row.id)
    return MeterHistory(
        series_of_days(known, window.timezone, begin, window.last),
        Quantity(row.quantity),
        judged=past,
        fittings=tuple(load_fitting(item.document) for item in fittings),
        bills=load_bills(work, row),
        unit=row.unit,
        sub_meter_of=metering.find_main_meter(work.session, row.institution_id, row.id),
        registers=_load_points(work, row, span),
    )


def _load_points(work: Work, row: Meter, span: Period) -> RegisterPoints | None:
    """Return what the meter's register showed over a stretch of time, with the readings around it; None where nothing is known."""
    size = metering.count_telemetry(work.session, row.institution_id)
    if derived.find_point_day(work.session, row.institution_id, row.id, -1, size, later=True) is None:
        return None
    line = RegisterLine(work.session, row.institution_id, row.id, size, Quantity(row.quantity))
    return line.points_over(span.start, span.end)


def chosen_meters(work: Work, institution: str, meter: str | None) -> tuple[Meter, ...]:
    """Return one meter, or all of them.

    Raises:
        NotFound: no such meter.
    """
    require_visible(work, institution)
    return all_meters(work, institution) if meter is None else (get_meter_row(work, institution, meter),)


def validate_meters(work: Work, institution: str, window: Window, meter: str | None = None) -> tuple[Finding, ...]:
    """Return what the rule set finds in a window of one meter, or of all of them; it changes nothing.

    Raises:
        NotFound: no such institution or meter.
    """
    histories = [load_history(work, row, window) for row in chosen_meters(work, institution, meter)]
    seen = [finding for history in histories for finding in _check_slots(history)]
    return (*seen, *RULE_SET.validate(histories))


def _check_slots(history: MeterHistory) -> tuple[Finding, ...]:
    """Return what the judged slots show, of the time in which something hung there, and that there are readings of another time."""
    record = _record_of(history)
    seen = check_record(history.meter, record, history.hung[history.series.bounds[history.judged] :])
    return (*seen, *check_hanging(history.meter, record, find_hanging(history.fittings)))


def _record_of(history: MeterHistory) -> MeterRecord:
    """Return the judged slots of a history as a record, for the checks of a record."""
    first = history.series.bounds[history.judged]
    values, quality = history.series.values[first:], history.series.quality[first:]
    start = (history.first_slot + first) * SLOT_SECONDS
    return MeterRecord(bytes(32), start, INTERVAL_MINUTES, history.quantity, values.astype("<i8").tobytes(), quality.tobytes())


def validate_period(work: Work, institution: str, period: Period, meters: Iterable[str]) -> Iterator[Finding]:
    """Yield what the rule set finds in a period of these meters: for the statement that is prepared from them."""
    window = Window(period.first_day, period.last_day, period.timezone)
    wanted = set(meters)
    rows = [row for row in all_meters(work, institution) if row.id in wanted]
    yield from RULE_SET.validate([load_history(work, row, window) for row in rows])
