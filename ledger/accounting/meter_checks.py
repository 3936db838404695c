"""Look at meters against the units they serve and what hung in their places: did each report, and then only (spec: metering §2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ledger.clock import format_instant
from ledger.metering.hanging import Mask, Span, touched_slots, whole_slots
from ledger.records.findings import Finding
from ledger.records.meter_record import MeterRecord, Quality
from ledger.records.organisation import Organisation, Unit
from ledger.records.period import Period
from ledger.records.statement import MeterSummary

_NO_READING = bytes([Quality.MISSING])


def has_reading(meter: MeterSummary) -> bool:
    """Tell whether any slot of the meter's period has a reading, however it came about."""
    return meter.missing < meter.slots


def check_meters_report(organisation: Organisation, period: Period, meters: Iterable[MeterSummary]) -> tuple[Finding, ...]:
    """Return a finding for every meter without a single reading whose unit was open in the period.

    Missing slots add 0 to a total: without this, a meter that was never read out would pass for a branch that used nothing. A sub-meter
    adds nothing whatever it measured, so none is asked for.
    """
    findings = []
    for meter in sorted(meters, key=lambda meter: meter.meter):
        unit = organisation.find_unit(meter.unit)
        if unit is None or meter.sub_meter_of is not None or has_reading(meter) or not unit.is_open(period.first_day, period.last_day):
            continue
        action = "send its readings; if it was not in use, send 0 with the quality M; if it was taken down, record that (lingtan meter fit)"
        got, expected = f"0 of {meter.slots} slots with a reading", "at least one reading"
        params = {"meter": meter.meter, "unit": meter.unit, "slots": str(meter.slots)}
        findings.append(Finding("METER_WITHOUT_READINGS", "error", f"meter {meter.meter}", action, got, expected, params))
    return tuple(findings)


def check_sub_meters(meters: Iterable[MeterSummary]) -> tuple[Finding, ...]:
    """Return a finding for every sub-meter whose energy no meter of the boundary counts.

    The meter before it, and so on, are meters of this period and measure the same; the last of them is no sub-meter.
    """
    known = {meter.meter: meter for meter in meters}
    findings = []
    for meter in sorted(known.values(), key=lambda meter: meter.meter.encode()):
        at, seen = meter, {meter.meter}
        while at.sub_meter_of is not None:
            before = known.get(at.sub_meter_of)
            if before is None or before.quantity != meter.quantity or before.meter in seen:
                action = "name the meter that it hangs behind, or let it count by itself"
                why = "not in this period" if before is None else "in a circle" if before.meter in seen else f"of {before.quantity}"
                params = {"meter": meter.meter, "sub_meter_of": at.sub_meter_of}
                expected = f"a meter of {meter.quantity} that counts its energy"
                got = f"{at.sub_meter_of}, {why}"
                findings.append(Finding("SUB_METER_WITHOUT_MAIN", "error", f"meter {meter.meter}", action, got, expected, params))
                break
            seen.add(before.meter)
            at = before
    return tuple(findings)


def find_open_slots(record: MeterRecord, unit: Unit, period: Period) -> range:
    """Return the slots of a record of `period` that lie in the local days on which its unit was open; none is an empty range."""
    first = max(period.first_day, unit.opened)
    last = period.last_day if unit.closed is None else min(period.last_day, unit.closed)
    if last < first:
        return range(0)
    days = Period.of_dates(period.id, first, last, period.timezone)
    step = 60 * record.interval_minutes
    return range(max(0, (days.start - record.start) // step), min(record.n, (days.end - record.start) // step))


def find_owed_slots(record: MeterRecord, unit: Unit | None, period: Period, hanging: Sequence[Span]) -> Mask:
    """Return the slots of a record of `period` of which readings are asked: something hung there, and the unit, if known, was open.

    Of a unit that was closed throughout none is, whatever the record has.
    """
    owed = whole_slots(hanging, record.start, 60 * record.interval_minutes, record.n)
    if unit is not None:
        open_slots = find_open_slots(record, unit, period)
        owed[: open_slots.start], owed[open_slots.stop :] = False, False
    return owed


def check_hanging(meter: str, record: MeterRecord, hanging: Sequence[Span]) -> tuple[Finding, ...]:
    """Return a warning where a meter has readings of slots in no part of which, by its fittings, anything hung there.

    They count: what was read is kept, and whether the fitting or the reading is wrong is for a person to say.
    """
    there = touched_slots(hanging, record.start, 60 * record.interval_minutes, record.n)
    read = np.flatnonzero((np.frombuffer(record.quality, dtype=np.uint8) != Quality.MISSING) & ~there)
    if not len(read):
        return ()
    begin, end = (format_instant(record.start + int(slot) * 60 * record.interval_minutes) for slot in (read[0], read[-1] + 1))
    total = int(np.frombuffer(record.values, dtype="<i8")[read].sum())
    action = "correct the fittings, or find out whose readings these are; they count until then"
    params = {"meter": meter, "from": begin, "to": end, "slots": str(len(read)), "total": str(total)}
    got = f"{len(read)} slots with a reading, {total} in all"
    expected = "none while nothing hung there"
    return (Finding("READING_UNFITTED", "warning", f"meter {meter} from {begin} to {end}", action, got, expected, params),)


def check_open_days(meter: str, record: MeterRecord, unit: Unit, period: Period) -> tuple[Finding, ...]:
    """Return a finding where a meter has readings of days on which its unit, open in part of the period, was closed.

    A unit that was closed throughout gives none here: `compute` refuses its meter as a whole.
    """
    open_slots = find_open_slots(record, unit, period)
    if not open_slots:
        return ()
    before, after = record.quality[: open_slots.start], record.quality[open_slots.stop :]
    count = len(before) + len(after) - before.count(_NO_READING) - after.count(_NO_READING)
    if count == 0:
        return ()
    # What is stripped on the left is the run of missing slots before the first reading.
    early = before.lstrip(_NO_READING)
    slot = len(before) - len(early) if early else record.n - len(after.lstrip(_NO_READING))
    instant = format_instant(record.start + slot * 60 * record.interval_minutes)
    got = f"slots with a reading: {count}, the first at {instant}"
    last = "now" if unit.closed is None else unit.closed.isoformat()
    expected = f"none but while {unit.id} was open: {unit.opened.isoformat()} to {last}"
    params = {"meter": meter, "unit": unit.id, "from": instant, "slots": str(count)}
    action = "correct the unit's dates: what its meter counted belongs to somebody"
    return (Finding("RECORD_OUTSIDE_UNIT_DATES", "error", f"meter {meter} {instant}", action, got, expected, params),)
