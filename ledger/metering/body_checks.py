"""What a signed body must agree with: the time it was received at, and the meters of its device (spec: metering §5, steps 4 and 5)."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ledger.clock import format_instant
from ledger.metering.csv_block import Bytes, Ints
from ledger.metering.csv_line import FUTURE_SECONDS, MeterFacts
from ledger.metering.envelope import Identity, format_instant_ms
from ledger.metering.finding_list import LISTED_PER_CODE, FindingList
from ledger.metering.meter_day import DAY_SLOTS, SLOT_SECONDS
from ledger.records.findings import Severity
from ledger.records.meter_record import Quality, Quantity

MAX_OFFSET_MS = 60_000


def check_clock(identity: Identity, now: int, findings: FindingList) -> None:
    """Add CLOCK_OFF where the device's clock is more than a minute off, or its body was sent in the future."""
    action = "set the device's clock; until then its readings count as suspect"
    offset, ahead = identity.clock.offset_ms, identity.sent_at_ms - 1000 * now
    if abs(offset) > MAX_OFFSET_MS:
        got, expected = f"offset {offset} ms", f"at most {MAX_OFFSET_MS} ms either way"
        findings.add("CLOCK_OFF", "warning", "clock", action, got, expected, offset_ms=str(offset))
    elif ahead > 1000 * FUTURE_SECONDS:
        got, expected = f"sent at {format_instant_ms(identity.sent_at_ms)}", f"at most {format_instant(now + FUTURE_SECONDS)}"
        findings.add("CLOCK_OFF", "warning", "sent_at", action, got, expected, offset_ms=str(ahead))


def check_meters(
    names: Sequence[tuple[str | None, Quantity]],
    places: Sequence[str],
    shown: Sequence[str],
    meters: Mapping[str, MeterFacts],
    device_of: Mapping[str, str],
    device: str,
    findings: FindingList,
    *,
    formerly: Container[str] = (),
) -> None:
    """Add METER_UNKNOWN, METER_OF_OTHER_DEVICE, QUANTITY_DIFFERS, each once for a meter that a body names.

    Args:
        names: the meter (None: not found) and the quantity of each name; `places` and `shown` say where it stands and how it is written.
        formerly: the meters that the device spoke for once: what it measured until then still comes (`check_outdated`).
    """
    said: set[tuple[str, str | None]] = set()
    for (meter, quantity), place, name in zip(names, places, shown, strict=True):
        facts = None if meter is None else meters.get(meter)
        if facts is None or meter is None:
            action, key = "register the meter first, or correct its name", ("METER_UNKNOWN", name)
            if key not in said:
                findings.add("METER_UNKNOWN", "error", place, action, name, "a registered meter")
        elif device_of.get(meter) != device and meter not in formerly:
            action, key = "let this device speak for the meter, or send it by its own", ("METER_OF_OTHER_DEVICE", meter)
            if key not in said:
                findings.add("METER_OF_OTHER_DEVICE", "error", place, action, meter, f"a meter of the device {device}", meter=meter)
        elif facts.quantity is not quantity:
            action, key = "send the quantity that the meter measures", ("QUANTITY_DIFFERS", meter)
            if key not in said:
                findings.add("QUANTITY_DIFFERS", "error", place, action, quantity.value, facts.quantity.value, meter=meter)
        else:
            continue
        said.add(key)


def find_outdated(meters: Sequence[str | None], of: Ints, times: Ints, until: Mapping[str, int]) -> NDArray[np.bool_]:
    """Return which readings are of a time in which another device spoke for their meter.

    Args:
        of: for each reading its place in `meters`, `times` its Unix second.
        until: the meters that the device spoke for once, with the Unix second at which that ended.
    """
    outdated = np.zeros(len(times), dtype=np.bool_)
    if until:
        for at, meter in enumerate(meters):
            if meter is not None and meter in until:
                outdated |= (of == at) & (times >= until[meter])
    return outdated


def check_outdated(
    meters: Sequence[str | None],
    of: Ints,
    times: Ints,
    places: Sequence[str],
    until: Mapping[str, int],
    device: str,
    findings: FindingList,
) -> None:
    """Add METER_OF_OTHER_DEVICE for readings as `find_outdated` finds them, once for a meter.

    A warning, for they are left out and the rest of the body is taken; an error where nothing else is in the body.
    """
    outdated = find_outdated(meters, of, times, until)
    severity: Severity = "error" if outdated.all() else "warning"
    for meter in dict.fromkeys(meters[at] for at in np.unique(of[outdated]).tolist()):
        numbers = [at for at, name in enumerate(meters) if name == meter]
        mine = outdated & np.isin(of, numbers)
        if meter is None:
            continue
        end = format_instant(until[meter])
        action = "let each device send what it measured while it spoke for the meter; the readings after that are left out"
        got, expected = f"{int(mine.sum())} readings from {format_instant(int(times[mine].min()))} on", f"readings of {device} before {end}"
        params = {"meter": meter, "until": end, "readings": str(int(mine.sum()))}
        findings.add("METER_OF_OTHER_DEVICE", severity, places[numbers[0]], action, got, expected, **params)


def check_future_times(times: Ints, now: int, findings: FindingList) -> None:
    """Add READING_IN_FUTURE for readings of an envelope that begin more than five minutes after `now`."""
    late = np.flatnonzero(times > now + FUTURE_SECONDS)
    for at in late[:LISTED_PER_CODE].tolist():
        _find_future(f"/readings/{at}/t", int(times[at]), now, findings)
    findings.add_uncounted("READING_IN_FUTURE", len(late) - LISTED_PER_CODE)


def check_future_slots(days: Ints, present: NDArray[np.bool_], now: int, findings: FindingList) -> None:
    """Add READING_IN_FUTURE for slots of a batch that begin more than five minutes after `now`."""
    last = (now + FUTURE_SECONDS) // SLOT_SECONDS
    ahead = np.flatnonzero(days * DAY_SLOTS + DAY_SLOTS - 1 > last)
    if not len(ahead):
        return
    late = np.argwhere(present[ahead] & (days[ahead, None] * DAY_SLOTS + np.arange(DAY_SLOTS) > last))
    for block, slot in late[:LISTED_PER_CODE].tolist():
        at = int(ahead[block])
        _find_future(f"block {at} slot {slot}", (int(days[at]) * DAY_SLOTS + slot) * SLOT_SECONDS, now, findings)
    findings.add_uncounted("READING_IN_FUTURE", len(late) - LISTED_PER_CODE)


def _find_future(place: str, instant: int, now: int, findings: FindingList) -> None:
    action = "check the device's clock; readings of the future are not taken"
    expected = f"at most {format_instant(now + FUTURE_SECONDS)}"
    findings.add("READING_IN_FUTURE", "error", place, action, format_instant(instant), expected)


def check_repeats(series: Ints, times: Ints, values: Ints, quality: Bytes, findings: FindingList) -> None:
    """Add a finding for every reading whose series (a meter's intervals or registers) and instant an earlier one of the envelope has."""
    order = np.lexsort((times, series))
    again = np.flatnonzero((series[order][1:] == series[order][:-1]) & (times[order][1:] == times[order][:-1])) + 1
    counts: dict[str, int] = {}
    for position in again.tolist():
        at, before = int(order[position]), int(order[position - 1])
        same = (values[at], quality[at]) == (values[before], quality[before])
        code: str = "DUPLICATE_SAME" if same else "READING_REPEATED"
        counts[code] = counts.get(code, 0) + 1
        if counts[code] > LISTED_PER_CODE:
            findings.add_uncounted(code, 1)
            continue
        severity: Severity = "warning" if same else "error"
        action = "send one reading for each instant; where both are alike one counts"
        got, kept = (f"{values[item]} {Quality(int(quality[item])).name}" for item in (at, before))
        expected = f"{kept} as in /readings/{before}"
        findings.add(code, severity, f"/readings/{at}/t", action, got, expected, instant=format_instant(int(times[at])))
