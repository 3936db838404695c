"""When something hung in a meter's place, and what a register and a record owe then."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.clock import parse_instant
from ledger.errors import InputError
from ledger.metering.checks import check_record
from ledger.metering.fitting import REASONS, Fitting
from ledger.metering.hanging import FOR_EVER, LONG_AGO, find_hanging, touched_slots, whole_slots
from ledger.metering.registers import DaySpans, RegisterPoints, derive
from ledger.records.meter_record import MeterRecord, Quantity

NOON = parse_instant("2025-03-01T12:00:00Z")
SLOT = 900
EL = Quantity.EL_IMPORT


def fitting(since: int, reason: str, *, first: str = "0", final: str = "0") -> Fitting:
    readings = {"first": None if reason == "removed" else first, "final_before": None if reason == "installed" else final}
    return Fitting("bank", "m", NOON + since, "S1", reason=reason, reference="p", by="li", at=NOON, **readings)  # type: ignore[arg-type]


def points(*read: tuple[int, int]) -> RegisterPoints:
    """Points (seconds after noon, whole kWh)."""
    times, values = (np.array(column, dtype=np.int64) for column in zip(*read, strict=True))
    return RegisterPoints("m", 0, NOON + times, values, np.ones(len(times), dtype=np.bool_))


@pytest.mark.parametrize(
    ("changes", "spans"),
    [
        ((), ((None, None),)),
        (((0, "installed"),), ((0, None),)),
        (((0, "replaced"), (9, "reset")), ((None, None),)),
        (((0, "removed"),), ((None, 0),)),
        (((0, "installed"), (5, "replaced"), (9, "removed"), (20, "installed")), ((0, 9), (20, None))),
        (((0, "installed"), (5, "installed")), ((0, None),)),
    ],
)
def test_what_hung_there_when(changes: tuple[tuple[int, str], ...], spans: tuple[tuple[int | None, int | None], ...]) -> None:
    found = find_hanging(fitting(since, reason) for since, reason in reversed(changes))
    ends = ((LONG_AGO, FOR_EVER)[at] for at in (0, 1))
    long_ago, for_ever = ends
    assert found == tuple((long_ago if a is None else NOON + a, for_ever if b is None else NOON + b) for a, b in spans)


@st.composite
def histories(draw: st.DrawFn) -> list[Fitting]:
    """Fittings as they can be recorded: after a removal an installation, and that nowhere else but first."""
    instants = sorted(draw(st.sets(st.integers(-5_000, 5_000), max_size=8)))
    made: list[Fitting] = []
    for since in instants:
        fresh = not made or made[-1].reason == "removed"
        others = [reason for reason in REASONS if reason != "installed"]
        choices = ["installed"] if made and fresh else ["installed", *others] if fresh else others
        made.append(fitting(since, draw(st.sampled_from(choices))))
    return made


@given(made=histories(), start=st.integers(-6, 6))
def test_hanging_is_disjoint_stretches_that_every_slot_is_within_beside_or_cut_by(made: list[Fitting], start: int) -> None:
    spans = find_hanging(made)
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(set(edges)), "ascending, none empty, none touching another"

    def hangs(instant: int) -> bool:
        last = [one for one in made if one.since <= instant]
        return last[-1].reason != "removed" if last else not made or made[0].reason != "installed"

    assert all(hangs(instant) == any(a <= instant < b for a, b in spans) for one in made for instant in (one.since - 1, one.since))
    begin = NOON + start * SLOT
    whole, touched = (of(spans, begin, SLOT, 6).tolist() for of in (whole_slots, touched_slots))
    for at in range(6):
        seconds = [hangs(begin + at * SLOT + second) for second in range(SLOT)]
        assert (whole[at], touched[at]) == (all(seconds), any(seconds))


def test_a_fitting_has_a_first_reading_unless_it_is_a_removal() -> None:
    for reason, first in (("removed", "1"), ("replaced", None)):
        with pytest.raises(InputError, match="first is the reading"):
            Fitting("bank", "m", 0, "S1", first, reason, "p", "li", 0, final_before="1")


def test_readings_after_a_removal_are_a_finding_and_no_consumption() -> None:
    hung = (fitting(-SLOT, "installed"), fitting(SLOT, "removed", final="12"))
    series, findings = derive(points((0, 10), (2 * SLOT, 90), (40 * SLOT, 95)), hung, EL)
    assert (series.values[0], int(series.values.sum())) == (2_000_000, 2_000_000)
    assert not series.quality[1:].any()
    assert [(item.code, item.place, item.got) for item in findings] == [
        ("REGISTER_UNFITTED", "meter m after 2025-03-01T12:15:00Z", "2 readings")
    ]


def test_two_meters_one_after_the_other_with_nothing_between_them() -> None:
    hung = (fitting(-SLOT, "installed"), fitting(600, "removed", final="12"), fitting(5 * SLOT, "installed", first="3"))
    read = points((0, 10), (600, 12), (3 * SLOT, 50), (5 * SLOT, 3), (6 * SLOT, 4))
    series, findings = derive(read, hung, EL)
    assert series.values.tolist() == [2_000_000, 0, 0, 0, 0, 1_000_000]
    assert series.quality.tolist() == [2, 0, 0, 0, 0, 1], "in the rest of the slot of the removal nothing was used"
    assert [item.code for item in findings] == ["REGISTER_UNFITTED"]
    spans = DaySpans(read, hung, EL)
    assert spans.advance(NOON, NOON + SLOT) == 2_000_000
    assert spans.advance(NOON, NOON + 6 * SLOT) is None


def test_another_display_than_the_removal_says_is_named_and_the_removal_stays() -> None:
    series, findings = derive(points((0, 10), (SLOT, 15)), (fitting(SLOT, "removed", final="12"),), EL)
    assert (series.values.tolist(), [(item.code, item.got, item.expected) for item in findings]) == (
        [2_000_000],
        [("EQUIVOCATION", "15", "12")],
    )


@given(
    rises=st.lists(st.integers(0, 9), min_size=2, max_size=12),
    gone=st.integers(1, 11 * SLOT),
    last=st.integers(0, 9),
)
def test_up_to_its_removal_all_that_a_register_counted_is_in_the_slots(rises: list[int], gone: int, last: int) -> None:
    shown = np.cumsum([0, *rises]).tolist()
    known = [(at * SLOT, value) for at, value in enumerate(shown)]
    before = [item for item in known if item[0] < gone]
    final = before[-1][1] + last
    after = [item for item in known if item[0] > gone]
    series, _ = derive(points(*before, (gone, final), *after), (fitting(gone, "removed", final=str(final)),), EL)
    assert int(series.values.sum()) == 10**6 * final
    assert all(series.quality[: -(-gone // SLOT)])
    assert not any(series.quality[-(-gone // SLOT) :])


def test_a_record_is_asked_of_the_slots_that_it_owes() -> None:
    flags = bytes([0] * 50 + [1] * 100 + [0] * 50)
    values = b"".join((1000 + at % 7 if flag else 0).to_bytes(8, "little") for at, flag in enumerate(flags))
    record = MeterRecord(bytes(32), NOON, 15, EL, values, flags)
    owed = np.zeros(200, dtype=np.bool_)
    assert check_record("m", record, owed) == (), "nothing is owed"
    owed[50:150] = True
    assert check_record("m", record, owed) == ()
    owed[150:156] = True
    found = {item.code: item for item in check_record("m", record, owed)}
    assert [*found] == ["METER_COVERAGE", "METER_GAP"]
    assert (found["METER_COVERAGE"].got, found["METER_GAP"].params["slots"]) == ("100 of 106 slots measured", "6")
    assert [item.code for item in check_record("m", record, np.arange(200) < 50)] == ["METER_GAP"], "without any reading, that is all"
