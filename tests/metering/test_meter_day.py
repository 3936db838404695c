"""Meter-days: merging without overwriting, and records that cover exactly their period."""

from __future__ import annotations

import struct
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.clock import parse_instant
from ledger.errors import InputError, MalformedDocument
from ledger.metering.meter_day import DAY_SLOTS, MeterDay, assemble, merge
from ledger.records.meter_record import Quality, Quantity
from ledger.records.period import Period

DAY = parse_instant("2025-03-01T00:00:00Z") // 86_400
Slots = dict[int, tuple[int, int]]


def day_of(slots: Slots, day: int = DAY, meter: str = "M1") -> MeterDay:
    pairs = [slots.get(slot, (0, 0)) for slot in range(DAY_SLOTS)]
    return MeterDay(meter, day, struct.pack("<96q", *(value for value, _ in pairs)), bytes(flag for _, flag in pairs))


READINGS = st.dictionaries(st.integers(0, 95), st.tuples(st.integers(0, 5), st.integers(1, 5)), max_size=96)


@given(READINGS, READINGS)
def test_merging_fills_what_is_missing_keeps_what_is_there_and_finds_every_contradiction(ours: Slots, theirs: Slots) -> None:
    merged, findings = merge(day_of(ours), day_of(theirs))
    differing = [slot for slot in ours.keys() & theirs.keys() if ours[slot] != theirs[slot]]
    replaced = {slot for slot in differing if ours[slot][1] == 2 and theirs[slot][1] == 1}
    assert merged == day_of({**theirs, **ours, **{slot: theirs[slot] for slot in replaced}})
    contradictions = [finding for finding in findings if finding.code == "EQUIVOCATION"]
    assert [finding.params["slot"] for finding in contradictions] == [str(slot) for slot in sorted(set(differing) - replaced)]
    assert all(finding.severity == "error" for finding in contradictions)
    others = [(finding.code, finding.severity, finding.params["slots"]) for finding in findings if finding.code != "EQUIVOCATION"]
    assert others == ([("ESTIMATE_REPLACED", "info", str(len(replaced)))] if replaced else [])


@given(READINGS)
def test_the_same_day_again_changes_nothing(slots: Slots) -> None:
    day = day_of(slots)
    assert merge(day, day_of(slots)) == (day, ())
    assert merge(None, day) == (day, ())


def test_an_equivocation_names_the_instant_and_both_readings() -> None:
    _, findings = merge(day_of({1: (500, 1)}), day_of({1: (501, 2)}))
    found = [(finding.place, finding.got, finding.expected) for finding in findings]
    assert found == [("meter M1 2025-03-01T00:15:00Z", "501 ESTIMATED", "500 ACTUAL")]


def test_days_of_other_meters_or_dates_do_not_merge() -> None:
    for other in (day_of({}, DAY + 1), day_of({}, DAY, "M2")):
        with pytest.raises(InputError):
            merge(day_of({}), other)


def test_a_day_that_contradicts_itself_is_refused_by_instant() -> None:
    with pytest.raises(MalformedDocument, match="00:30:00Z is missing but holds"):
        day_of({2: (7, 0)})
    with pytest.raises(MalformedDocument, match="00:45:00Z is negative"):
        day_of({3: (-7, 1)})
    with pytest.raises(MalformedDocument, match="quality 6"):
        day_of({3: (7, 6)})
    with pytest.raises(MalformedDocument, match="768"):
        MeterDay("M1", DAY, bytes(760), bytes(96))
    assert (day_of({3: (0, 1)}).missing, day_of({3: (9, 5)}).get_reading(3)) == (95, (9, Quality.SUSPECT))


MARCH = Period.of_dates("2025-03", date(2025, 3, 1), date(2025, 3, 31), "Asia/Shanghai")


def test_a_record_cuts_its_local_period_out_of_utc_days() -> None:
    # 16:00Z on 28 February is midnight of 1 March in Shanghai: slot 64 of the UTC day before.
    before = day_of({63: (1, 1), 64: (2, 1)}, DAY - 1)
    last = day_of({63: (4, 2), 64: (8, 1)}, DAY + 30)
    record = assemble(MARCH, bytes(32), Quantity.EL_IMPORT, [last, before])
    assert (record.n, record.start) == (31 * 96, MARCH.start)
    assert (record.total, record.counts) == (2 + 4, (1, 1, 0, 31 * 96 - 2))
    assert (record.quality[0], record.quality[-1]) == (1, 2)


def test_a_record_without_any_day_is_all_missing() -> None:
    record = assemble(MARCH, bytes(32), Quantity.EL_IMPORT, [])
    assert (record.total, record.counts.missing) == (0, 31 * 96)


@pytest.mark.parametrize(
    "days",
    [[day_of({}), day_of({})], [day_of({}), day_of({}, DAY + 1, "M2")], [day_of({}, DAY - 2)], [day_of({}, DAY + 31)]],
)
def test_days_twice_of_two_meters_or_outside_the_period_are_refused(days: list[MeterDay]) -> None:
    with pytest.raises(InputError):
        assemble(MARCH, bytes(32), Quantity.EL_IMPORT, days)
