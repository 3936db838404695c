"""What an assembled meter record shows: coverage, gaps, and readings that somebody should look at.

Nothing here is an error: a record with gaps is a true record of what was measured. The method decides what gaps cost in quality. What it
is asked of is the time that the record owes, so that what was not there leaves no gap.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ledger.clock import format_instant
from ledger.metering.finding_list import LISTED_PER_CODE, FindingList
from ledger.records.findings import Finding
from ledger.records.meter_record import MeterRecord, Quality

Mask = NDArray[np.bool_]

COVERAGE_PERCENT = 5
SPIKE_FACTOR = 3
SPIKE_PERCENT = 99
FLAT_SLOTS = 96


def check_record(meter: str, record: MeterRecord, owed: Mask | None = None) -> tuple[Finding, ...]:
    """Return the findings of a meter's record: coverage and gaps (warning), spikes and flat runs (info).

    `owed` says of which slots there is something to ask at all: while the unit was open and the meter hung there; None: of all.
    """
    findings = FindingList(f"meter {meter}")
    asked = np.ones(record.n, dtype=np.bool_) if owed is None else owed
    _check_coverage(meter, record, asked, findings)
    _check_gaps(meter, record, asked, findings)
    _check_spikes(meter, record, asked, findings)
    _check_flat(meter, record, asked, findings)
    return findings.close()


def _instant(record: MeterRecord, slot: int) -> str:
    return format_instant(record.start + slot * record.interval_minutes * 60)


def _runs(wanted: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[tuple[int, int]]:
    """Return [start, stop) of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate((np.zeros(1, np.bool_), wanted, np.zeros(1, np.bool_)))))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def _check_coverage(meter: str, record: MeterRecord, owed: Mask, findings: FindingList) -> None:
    found = np.bincount(np.frombuffer(record.quality, dtype=np.uint8)[owed], minlength=len(Quality)).tolist()
    slots, missing, manual = sum(found), found[Quality.MISSING], found[Quality.MANUAL]
    measured = found[Quality.ACTUAL] + found[Quality.SUSPECT]
    # Of a time without any reading its gap says everything.
    if missing < slots and 100 * (slots - measured) > COVERAGE_PERCENT * slots:
        action = "send the missing readings; estimated and manual slots lower the data quality of the line"
        got = f"{measured} of {slots} slots measured"
        counts = {"measured": measured, "estimated": slots - measured - manual - missing, "manual": manual, "missing": missing}
        params = {"meter": meter, **{name: str(count) for name, count in counts.items()}, "slots": str(slots)}
        expected = f"at most {COVERAGE_PERCENT} % not measured"
        findings.add("METER_COVERAGE", "warning", f"meter {meter}", action, got, expected, **params)


def _check_gaps(meter: str, record: MeterRecord, owed: Mask, findings: FindingList) -> None:
    flags = np.frombuffer(record.quality, dtype=np.uint8)
    runs = _runs((flags == int(Quality.MISSING)) & owed)
    for start, stop in runs[:LISTED_PER_CODE]:
        begin, end = _instant(record, start), _instant(record, stop)
        params = {"meter": meter, "from": begin, "to": end, "slots": str(stop - start)}
        action = "send the missing readings; until then these slots count as missing, not as zero"
        place = f"meter {meter} from {begin} to {end}"
        findings.add("METER_GAP", "warning", place, action, f"{stop - start} slots missing", "no gap", **params)
    findings.add_uncounted("METER_GAP", max(0, len(runs) - LISTED_PER_CODE))


def _check_spikes(meter: str, record: MeterRecord, owed: Mask, findings: FindingList) -> None:
    values = np.frombuffer(record.values, dtype="<i8")
    present = values[(np.frombuffer(record.quality, dtype=np.uint8) != int(Quality.MISSING)) & owed]
    if not len(present):
        return
    rank = (len(present) * SPIKE_PERCENT + 99) // 100 - 1
    usual = int(np.partition(present, rank)[rank])
    if usual == 0:
        return
    for slot in np.flatnonzero((values // SPIKE_FACTOR >= usual) & owed).tolist():
        if int(values[slot]) > SPIKE_FACTOR * usual:
            expected = f"at most {SPIKE_FACTOR * usual}: {SPIKE_FACTOR} times the {SPIKE_PERCENT}th percentile of this record"
            action = "check the reading and the transformer ratio; a true peak needs nothing"
            place = f"meter {meter} {_instant(record, slot)}"
            findings.add("METER_SPIKE", "info", place, action, str(values[slot]), expected, meter=meter)


def _check_flat(meter: str, record: MeterRecord, owed: Mask, findings: FindingList) -> None:
    values = np.frombuffer(record.values, dtype="<i8")
    for start, stop in _runs((values[1:] == values[:-1]) & (values[1:] > 0) & owed[1:] & owed[:-1]):
        slots = stop - start + 1
        if slots >= FLAT_SLOTS:
            begin, end = _instant(record, start), _instant(record, start + slots)
            params = {"meter": meter, "from": begin, "to": end, "slots": str(slots)}
            action = "check whether the meter stood still or values were filled in; filled values carry the quality E or S"
            place = f"meter {meter} from {begin} to {end}"
            got, expected = f"{slots} times {values[start]}", f"fewer than {FLAT_SLOTS} equal slots"
            findings.add("METER_FLAT", "info", place, action, got, expected, **params)
