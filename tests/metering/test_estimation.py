"""What fills a gap: the rule by its length, the values by hand, and edits that a day takes (spec: metering §8)."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.metering.edits import Evidence, apply_edit, check_rule
from ledger.metering.local_days import IntervalSeries
from ledger.metering.meter_day import MeterDay
from ledger.metering.vee.history import Bill, MeterHistory
from ledger.metering.vee.making import Author, Shares, Stretch, make_edits
from ledger.metering.vee.vee_1.gaps import Proposal, find_gaps, propose
from ledger.metering.vee.vee_1.policies import VEE_1
from ledger.metering.vee.vee_1.proration import spread
from ledger.records.meter_record import Quality
from ledger.units import round_half_even
from tests.metering.damage import history, office_year, planted, slots

FIRST = date(2025, 3, 3)  # a Monday
AUTHOR = Author("bank", "vee_1", "li", 1_750_000_000, "the gateway was off", Evidence("paper 1"))


def weeks(count: int = 6) -> IntervalSeries:
    """Return weeks in which slot s of weekday d has 1,000 × d + s, in week w one more for each week."""
    values = [1000 * (day % 7) + slot + day // 7 for day in range(7 * count) for slot in range(96)]
    bounds = tuple(96 * day for day in range(7 * count + 1))
    return IntervalSeries("m", "Asia/Shanghai", FIRST, bounds, np.array(values, dtype=np.int64), np.ones(len(values), dtype=np.uint8))


def missing(series: IntervalSeries, start: int, stop: int, quality: Quality = Quality.MISSING) -> IntervalSeries:
    def cut(values: np.ndarray, flags: np.ndarray) -> None:
        flags[start:stop] = quality
        if quality == Quality.MISSING:
            values[start:stop] = 0

    return planted(series, cut)


def proposals(series: IntervalSeries, *bills: Bill, **more: object) -> list[tuple[str | None, list[int]]]:
    made = propose(history(series, bills=bills), VEE_1, **more)  # type: ignore[arg-type]
    return [(item.rule, [] if item.values is None else item.values.tolist()) for item in made]


def test_two_hours_are_filled_along_the_line_between_their_neighbours_half_to_even() -> None:
    series = planted(missing(weeks(), 3000, 3003), lambda values, _: values.__setitem__([2999, 3003], [10, 13]))
    assert proposals(series) == [("interpolate", [round_half_even(10 + Fraction(3 * step, 4)) for step in (1, 2, 3)])]
    assert proposals(series)[0][1] == [11, 12, 12]
    assert proposals(missing(weeks(), 3000, 3008))[0][0] == "interpolate"
    assert proposals(missing(weeks(), 3000, 3009))[0][0] == "proxy_day"


def test_a_day_is_filled_with_the_mean_of_its_weekday_in_the_four_weeks_before() -> None:
    """Week 5, Wednesday: weeks 1 to 4 have 2000 + s + w, of which the mean is 2000 + s + 2.5, half to even."""
    at = 96 * (7 * 5 + 2)
    [(rule, values)] = proposals(missing(weeks(), at, at + 96))
    assert rule == "proxy_day"
    assert values == [round_half_even(Fraction(2 * (2000 + slot) + 5, 2)) for slot in range(96)]


def test_only_measured_weeks_count_and_one_is_too_few() -> None:
    at = 96 * (7 * 5 + 2)
    series = missing(missing(weeks(), at, at + 96), at - 7 * 96, at - 6 * 96, Quality.ESTIMATED)
    assert proposals(series)[0][1][0] == 2002
    for week in (2, 3):
        series = missing(series, at - week * 7 * 96, at - (week * 7 - 1) * 96, Quality.ESTIMATED)
    [proposal] = propose(history(series), VEE_1)
    assert (proposal.rule, proposal.values) == (None, None)
    assert "fewer than 2" in proposal.why


def test_more_than_seven_days_stay_open_until_a_bill_covers_them() -> None:
    start = 96 * 28
    series = missing(weeks(), start, start + 7 * 96 + 1)
    assert proposals(series) == [(None, [])]
    whole = weeks()
    first, last = FIRST + timedelta(days=26), FIRST + timedelta(days=40)
    amount = int(whole.values[slots(whole, first, last)].sum())
    [(rule, values)] = proposals(series, Bill("b", first, last, amount, "invoice"))
    filled = planted(series, lambda got, _: got.__setitem__(slice(start, start + len(values)), values))
    assert (rule, int(filled.values[slots(whole, first, last)].sum())) == ("bill", amount)


def test_a_bill_is_spread_after_the_short_gaps_so_that_days_and_bill_agree() -> None:
    series = missing(missing(weeks(), 96 * 28, 96 * 36), 96 * 37, 96 * 37 + 4)
    bill = Bill("b", FIRST + timedelta(days=28), FIRST + timedelta(days=41), 40_000_000, "invoice")
    made = propose(history(series, bills=(bill,)), VEE_1)
    assert [item.rule for item in made] == ["bill", "interpolate"]
    assert int(fill(series, made).values[96 * 28 :].sum()) == 40_000_000


def test_a_bill_below_what_is_known_and_one_that_ends_within_the_gap_fill_nothing() -> None:
    series = missing(weeks(), 96 * 28, 96 * 36)
    small = Bill("b", FIRST + timedelta(days=20), FIRST + timedelta(days=38), 1000, "invoice")
    short = Bill("b", FIRST + timedelta(days=20), FIRST + timedelta(days=30), 10**12, "invoice")
    assert proposals(series, small) == proposals(series, short) == [(None, [])]


def test_a_bill_that_would_give_a_slot_more_than_a_reading_may_have_fills_nothing() -> None:
    series = missing(weeks(), 96 * 28, 96 * 36)
    for amount in (96 * 8 * 10**13, 10**30):
        bill = Bill("b", FIRST + timedelta(days=20), FIRST + timedelta(days=38), amount, "invoice")
        assert proposals(series, bill) == [(None, [])]


def test_suspect_slots_are_estimated_only_when_a_person_says_so() -> None:
    series = missing(weeks(), 3000, 3004, Quality.SUSPECT)
    assert find_gaps(history(series)) == ()
    assert [item[0] for item in proposals(series, suspect=True)] == ["interpolate"]


def test_a_rule_asked_for_by_name_is_the_only_one_tried() -> None:
    series = missing(weeks(), 96 * 30 + 20, 96 * 30 + 24)
    assert proposals(series, rule="proxy_day")[0][0] == "proxy_day"
    assert proposals(series, rule="bill") == [(None, [])]


@given(amount=st.integers(0, 10**12), weights=st.lists(st.integers(0, 10**9), min_size=1, max_size=40).filter(sum))
def test_what_is_spread_adds_up_and_no_part_is_off_by_one(amount: int, weights: list[int]) -> None:
    parts = spread(amount, weights).tolist()
    assert sum(parts) == amount
    assert all(abs(part - Fraction(amount * weight, sum(weights))) < 1 for part, weight in zip(parts, weights, strict=True))


def fill(series: IntervalSeries, made: tuple[Proposal, ...]) -> IntervalSeries:
    def write(values: np.ndarray, _: np.ndarray) -> None:
        for item in made:
            if item.values is not None:
                values[item.gap.start : item.gap.stop] = item.values

    return planted(series, write)


def stored(item: MeterHistory) -> dict[int, MeterDay]:
    """Return the meter-days of a history as they are stored."""
    first, days = item.first_slot, {}
    for number in range(first // 96, (first + len(item.series.values) - 1) // 96 + 1):
        values, quality = np.zeros(96, dtype="<i8"), np.zeros(96, dtype=np.uint8)
        for slot in range(96):
            at = number * 96 + slot - first
            if 0 <= at < len(item.series.values):
                values[slot], quality[slot] = item.series.values[at], item.series.quality[at]
        days[number] = MeterDay(item.meter, number, values.tobytes(), quality.tobytes())
    return days


def test_a_proposal_becomes_edits_that_the_days_take_with_quality_2() -> None:
    series = missing(weeks(), 96 * 35 + 10, 96 * 36 + 50)
    item = history(series)
    [proposal] = propose(item, VEE_1)
    assert proposal.values is not None
    [edit] = make_edits(Stretch.of(item, proposal.gap.start, proposal.gap.stop), "proxy_day", proposal.values.tolist(), AUTHOR)
    assert (check_rule(edit), edit.changed) == ((), 136)
    days, findings = apply_edit(edit, stored(item))
    assert findings == ()
    flags = np.concatenate([np.frombuffer(day.quality, dtype=np.uint8) for day in days])
    assert int((flags == Quality.ESTIMATED).sum()) == 136
    assert Shares.of(flags) == Shares(len(flags) - 136, 136, 0, 0)


def test_more_than_three_thousand_slots_become_several_edits_and_flags_leave_holes_out() -> None:
    item = history(missing(weeks(7), 96 * 2, 96 * 40))
    edits = list(make_edits(Stretch.of(item, 96 * 2, 96 * 40), "manual", [5] * (96 * 38), AUTHOR))
    assert [len(edit.slots) for edit in edits] == [3000, 648]
    assert edits[0].end == edits[1].start
    flags = list(make_edits(Stretch.of(item, 96, 96 * 41), "flag", None, dataclasses.replace(AUTHOR, evidence=None)))
    assert [len(edit.slots) for edit in flags] == [96, 96]
    assert all(check_rule(edit) == () for edit in (*edits, *flags))


@pytest.mark.parametrize("length", [4, 96, 300])
def test_estimates_of_a_real_meter_are_near_what_was_measured(shared: Path, length: int) -> None:
    """The mean error of the total over 40 gaps of one length in a real year: within 8 % at every length tried."""
    series = office_year(shared)["201"]
    errors = []
    for at in range(40):
        start = 96 * 40 + at * 700
        made = proposals(missing(series, start, start + length))
        true = int(series.values[start : start + length].sum())
        errors.append(abs(sum(made[0][1]) - true) / true)
    assert sum(errors) / len(errors) < 0.08
