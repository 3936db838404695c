"""What an assembled record shows: coverage, gaps, spikes, flat runs."""

from __future__ import annotations

import struct

from ledger.clock import parse_instant
from ledger.metering.checks import check_record
from ledger.records.findings import Finding
from ledger.records.meter_record import MeterRecord, Quantity

START = parse_instant("2025-03-01T00:00:00Z")


def found(values: list[int], quality: list[int] | None = None) -> list[Finding]:
    flags = [1] * len(values) if quality is None else quality
    record = MeterRecord(bytes(32), START, 15, Quantity.EL_IMPORT, struct.pack(f"<{len(values)}q", *values), bytes(flags))
    return list(check_record("M1", record))


def wave(n: int) -> list[int]:
    return [1000 + at % 7 for at in range(n)]


def test_an_even_record_has_no_findings() -> None:
    assert found(wave(960)) == []
    assert found([0] * 960) == []


def test_coverage_warns_from_more_than_five_percent_not_measured() -> None:
    assert found(wave(100), [1] * 95 + [2, 3, 4, 2, 2]) == []
    findings = found(wave(100), [1] * 94 + [2, 3, 4, 2, 2, 2])
    assert [(finding.code, finding.severity) for finding in findings] == [("METER_COVERAGE", "warning")]
    assert findings[0].got == "94 of 100 slots measured"


def test_suspect_slots_count_as_measured() -> None:
    assert found(wave(100), [5] * 100) == []


def test_every_gap_is_a_range_with_its_slots() -> None:
    values, flags = wave(960), [1] * 960
    for slot in (0, 1, 2, 50, 959):
        values[slot], flags[slot] = 0, 0
    findings = found(values, flags)
    assert [(finding.place, finding.params["slots"]) for finding in findings] == [
        ("meter M1 from 2025-03-01T00:00:00Z to 2025-03-01T00:45:00Z", "3"),
        ("meter M1 from 2025-03-01T12:30:00Z to 2025-03-01T12:45:00Z", "1"),
        ("meter M1 from 2025-03-10T23:45:00Z to 2025-03-11T00:00:00Z", "1"),
    ]
    assert {finding.code for finding in findings} == {"METER_GAP"}


def test_many_gaps_are_counted() -> None:
    flags = [at % 2 for at in range(960)]
    findings = found([flag * (10 + at % 3) for at, flag in enumerate(flags)], flags)
    assert findings[-1].got == "480 in all"
    assert len([finding for finding in findings if finding.code == "METER_GAP"]) == 101


def test_a_reading_far_above_all_others_is_worth_a_look() -> None:
    values = wave(960)
    values[100], values[200] = 3 * 1006, 3 * 1006 + 1
    findings = found(values)
    assert [(finding.code, finding.severity, finding.place, finding.got) for finding in findings] == [
        ("METER_SPIKE", "info", "meter M1 2025-03-03T02:00:00Z", "3019")
    ]


def test_a_day_of_equal_readings_is_worth_a_look_unless_they_are_zero() -> None:
    values = wave(960)
    values[10:105] = [500] * 95
    assert found(values) == []
    values[10:106] = [500] * 96
    findings = found(values)
    assert [(finding.code, finding.params["slots"]) for finding in findings] == [("METER_FLAT", "96")]
    assert findings[0].place == "meter M1 from 2025-03-01T02:30:00Z to 2025-03-02T02:30:00Z"
    values[10:106] = [0] * 96
    assert found(values) == []
