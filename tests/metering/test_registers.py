"""From a register's display to quarter-hours (spec: metering §6; worked case 39)."""

from __future__ import annotations

import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.clock import parse_instant
from ledger.metering.fitting import Fitting, Ratio, RegisterForm
from ledger.metering.registers import DaySpans, RegisterPoints, SlotSeries, derive
from ledger.records.meter_record import Quantity
from ledger.units import parse_decimal, round_half_even

NOON = parse_instant("2025-03-01T12:00:00Z")
EL = Quantity.EL_IMPORT


def points(*read: tuple[int, str], decimals: int = 2, estimated: tuple[int, ...] = ()) -> RegisterPoints:
    """Return points (seconds after noon, display)."""
    values = [int(parse_decimal(value) * 10**decimals) for _, value in read]
    actual = [at not in estimated for at in range(len(read))]
    times = np.array([NOON + second for second, _ in read], dtype=np.int64)
    return RegisterPoints("m", decimals, times, np.array(values, dtype=np.int64), np.array(actual, dtype=np.bool_))


def fitting(since: int, reason: str = "installed", **more: object) -> Fitting:
    facts = {"first": "0", "final_before": None, **more}
    return Fitting("bank", "m", NOON + since, "S1", reason=reason, reference="protocol 7", by="li", at=NOON, **facts)  # type: ignore[arg-type]


def shown(series: SlotSeries) -> list[tuple[int, int]]:
    return list(zip(series.values.tolist(), series.quality.tolist(), strict=True))


def test_two_readings_a_quarter_hour_apart_are_an_actual_slot_in_milliwatt_hours() -> None:
    series, findings = derive(points((0, "100.00"), (900, "100.25")), (), EL)
    assert (series.first_slot, shown(series), findings) == (NOON // 900, [(250_000, 1)], ())


def test_the_register_that_turns_over_counts_six_hundredths() -> None:
    """Worked case 39: 999999.99 → 000000.05 is +0.06 kWh."""
    series, findings = derive(points((0, "999999.99"), (900, "0.05"), (1800, "0.06")), (), EL)
    assert shown(series) == [(60_000, 1), (10_000, 1)]
    assert [(item.code, item.severity, item.params["from"]) for item in findings] == [("REGISTER_ROLLOVER", "info", "2025-03-01T12:00:00Z")]


def test_a_smaller_display_turns_over_where_its_digits_say() -> None:
    small = fitting(-900, register=RegisterForm(4, 1), first="9990")
    series, findings = derive(points((0, "9999.5"), (900, "0.5"), decimals=1), (small,), EL)
    assert (shown(series), [item.code for item in findings]) == ([(1_000_000, 1)], ["REGISTER_ROLLOVER"])


def test_a_step_back_that_is_no_turn_gives_nothing_and_is_named() -> None:
    series, findings = derive(points((0, "500"), (900, "400"), (1800, "401")), (), EL)
    assert shown(series) == [(0, 0), (1_000_000, 1)]
    assert [(item.code, item.severity, item.got) for item in findings] == [("NEGATIVE_STEP", "error", "500 then 400")]


def test_ct_and_pt_multiply_the_difference() -> None:
    hung = fitting(-900, ratio=Ratio("40", "100"), first="0.99")
    series, _ = derive(points((0, "1.00"), (900, "1.01")), (hung,), EL)
    assert shown(series) == [(40_000_000, 1)]


def test_a_meter_changed_within_a_slot_counts_the_end_of_the_old_and_the_start_of_the_new() -> None:
    old, new = fitting(-900, ratio=Ratio("40"), first="100"), fitting(300, "replaced", ratio=Ratio("30"), first="5", final_before="100.5")
    series, findings = derive(points((0, "100.25"), (900, "5.75"), (1800, "6")), (old, new), EL)
    assert shown(series) == [(10_000_000 + 22_500_000, 1), (7_500_000, 1)]
    assert findings == ()


def test_the_same_change_without_its_fitting_is_a_negative_step() -> None:
    _, findings = derive(points((0, "100.25"), (900, "5.75")), (fitting(-900, first="100"),), EL)
    assert [item.code for item in findings] == ["NEGATIVE_STEP"]


def test_a_reset_at_the_instant_of_a_reading_needs_both_its_readings() -> None:
    hung = (fitting(-900, first="99"), fitting(900, "reset", first="0", final_before="101"))
    series, findings = derive(points((0, "100"), (900, "0"), (1800, "0.5")), hung, EL)
    assert (shown(series), findings) == ([(1_000_000, 1), (500_000, 1)], ())


def test_readings_from_before_the_meter_was_there_count_for_nothing_and_are_named() -> None:
    series, findings = derive(points((0, "7"), (900, "8"), (1800, "8.5")), (fitting(900, first="8"),), EL)
    assert shown(series) == [(0, 0), (500_000, 1)]
    assert [(item.code, item.got) for item in findings] == [("REGISTER_UNFITTED", "1 readings")]


def test_a_span_is_spread_along_a_line_estimated_and_adds_up() -> None:
    """An hour of 0.01 kWh in four slots whose rounding telescopes, and three hours that are named."""
    series, findings = derive(points((0, "0.00"), (3 * 3600, "0.01")), (), EL)
    assert int(series.values.sum()) == 10_000
    assert set(series.quality.tolist()) == {2}
    assert set(series.values.tolist()) == {833, 834}
    assert [(item.code, item.got) for item in findings] == [("REGISTER_SPAN", "180 min")]


def test_a_point_that_is_no_actual_reading_makes_its_slots_estimated() -> None:
    series, _ = derive(points((0, "1"), (900, "2"), (1800, "3"), (2700, "4"), estimated=(1,)), (), EL)
    assert series.quality.tolist() == [2, 2, 1]


def test_of_two_readings_of_one_instant_the_first_stays() -> None:
    series, findings = derive(points((0, "1"), (900, "2"), (900, "3"), (900, "2"), (1800, "4")), (), EL)
    assert series.values.tolist() == [1_000_000, 2_000_000]
    assert [(item.code, item.got, item.expected) for item in findings] == [("EQUIVOCATION", "3", "2")]


def test_shuffled_points_give_the_same_slots() -> None:
    read = points((0, "1"), (900, "2"), (1800, "4"), (2700, "7"))
    again = read.select(np.array([2, 0, 3, 1]))
    assert shown(derive(again, (), EL)[0]) == shown(derive(read, (), EL)[0])


def test_energy_between_two_instants_is_exact_and_unknown_across_a_hole() -> None:
    read = points((0, "1"), (1000, "2"), (2000, "1"), (3000, "1.5"))
    spans = DaySpans(read, (), EL)
    assert spans.advance(NOON, NOON + 300) == 300_000
    assert spans.advance(NOON + 1, NOON + 2) == 1000
    assert spans.advance(NOON + 2500, NOON + 3000) == 250_000
    assert spans.advance(NOON, NOON + 3000) is None
    assert spans.advance(NOON + 2500, NOON + 3001) is None


class Slow:
    """The same sums with one rational per instant, for a register without fittings."""

    def __init__(self, times: list[int], values: list[int], decimals: int, ratio: Fraction) -> None:
        self.times, self.values, self.scale = times, values, Fraction(10**6, 10**decimals) * ratio

    def at(self, instant: int) -> Fraction:
        left = max(at for at, time in enumerate(self.times) if time <= instant)
        if self.times[left] == instant:
            return self.values[left] * self.scale
        part = Fraction(instant - self.times[left], self.times[left + 1] - self.times[left])
        return (self.values[left] + part * (self.values[left + 1] - self.values[left])) * self.scale


@given(
    steps=st.lists(st.tuples(st.integers(1, 5000), st.integers(0, 3000)), min_size=1, max_size=12),
    decimals=st.integers(0, 6),
    ratio=st.sampled_from(["1", "40", "0.5", "0.0003", "12.345"]),
)
def test_every_slot_is_the_rounded_end_less_the_rounded_start(steps: list[tuple[int, int]], decimals: int, ratio: str) -> None:
    times, values = [NOON - 77], [11]
    for seconds, rise in steps:
        times.append(times[-1] + seconds)
        values.append(values[-1] + rise)
    columns = np.array(times, dtype=np.int64), np.array(values, dtype=np.int64)
    read = RegisterPoints("m", decimals, *columns, np.ones(len(times), dtype=np.bool_))
    series, _ = derive(read, (fitting(-77, ratio=Ratio(ratio), register=RegisterForm(12, decimals)),), EL)
    slow = Slow(times, values, decimals, parse_decimal(ratio))
    for at, (value, quality) in enumerate(shown(series)):
        start = 900 * (series.first_slot + at)
        inside = times[0] <= start and start + 900 <= times[-1]
        assert (quality > 0) == inside
        if inside and at > 0:
            assert value == round_half_even(slow.at(start + 900)) - round_half_even(slow.at(start))


@given(cut=st.integers(2, 9), start=st.integers(0, 899))
def test_a_part_of_the_points_with_a_neighbour_on_either_side_gives_the_same_slots(cut: int, start: int) -> None:
    times = np.array([NOON + start + 700 * at for at in range(12)], dtype=np.int64)
    read = RegisterPoints("m", 2, times, np.arange(12, dtype=np.int64) ** 3, np.ones(12, dtype=np.bool_))
    hung = (fitting(-5000, ratio=Ratio("0.00037"), first="0"),)
    whole, _ = derive(read, hung, EL)
    part, _ = derive(read.select(np.arange(cut - 1, 12)), hung, EL)
    offset = part.first_slot - whole.first_slot
    for at in range(2, len(part)):
        assert part.values[at] == whole.values[offset + at]


def test_arrays_of_other_lengths_are_refused() -> None:
    with pytest.raises(Exception, match="differ in length"):
        RegisterPoints("m", 2, np.zeros(2, dtype=np.int64), np.zeros(1, dtype=np.int64), np.ones(2, dtype=np.bool_))


def test_a_great_display_behind_transformers_counts_its_small_steps_exactly() -> None:
    """The height is 10^24 mWh, far beyond 64 bits; the step is not."""
    hung = fitting(-900, ratio=Ratio("1000", "1000"), register=RegisterForm(12, 2))
    series, findings = derive(points((0, "999999999998.00"), (900, "999999999998.01"), (1800, "0.01")), (hung,), EL)
    assert shown(series) == [(10**10, 1), (2 * 10**12, 1)]
    assert [item.code for item in findings] == ["REGISTER_ROLLOVER"]


def test_a_quarter_hour_beyond_any_reading_counts_for_nothing_and_is_named() -> None:
    hung = fitting(-900, ratio=Ratio("1000", "1000"), register=RegisterForm(12, 2))
    series, findings = derive(points((0, "0"), (900, "999999999999.99"), (1800, "999999999999.99")), (hung,), EL)
    assert shown(series) == [(0, 0), (0, 1)]
    assert [(item.code, item.severity, item.params["instant"]) for item in findings] == [
        ("VALUE_TOO_LARGE", "error", "2025-03-01T12:00:00Z")
    ]


def test_readings_years_apart_say_nothing_of_the_time_between() -> None:
    """A clock that was reset to 1970 must not fill half a century with estimates."""
    long_ago = points((-NOON, "5"), (0, "7"), (900, "8"))
    series, findings = derive(long_ago, (), EL)
    assert [(int(at), *item) for at, item in enumerate(shown(series)) if item != (0, 0)] == [(len(series) - 1, 1_000_000, 1)]
    assert [(item.code, item.severity, item.got, item.expected) for item in findings] == [
        ("REGISTER_APART", "warning", "20148 days", "at most 1100 days")
    ]


def test_three_years_between_two_readings_are_spread_in_a_moment_and_add_up() -> None:
    begun = time.process_time()
    for ratio in ("1", "0.3"):
        series, _ = derive(points((-1_099 * 86_400, "0"), (0, "900000.01")), (fitting(-NOON, ratio=Ratio(ratio)),), EL)
        assert int(series.values.sum()) == 900_000_010_000 * Fraction(ratio)
        assert len(series) == 1_099 * 96
    assert time.process_time() - begun < 3


@pytest.mark.parametrize(("read", "codes"), [("600", []), ("10", []), ("324.31", ["EQUIVOCATION"])])
def test_a_reading_at_the_very_instant_of_a_change_is_of_the_old_display_or_the_new_and_adds_nothing(read: str, codes: list[str]) -> None:
    hung = (fitting(900, "replaced", first="10", final_before="600"),)
    whole, findings = derive(points((0, "599"), (900, read), (1800, "11")), hung, EL)
    assert (shown(whole), [item.code for item in findings]) == ([(1_000_000, 1), (1_000_000, 1)], codes)
    later, _ = derive(points((900, read), (1800, "11")), hung, EL)
    assert shown(later) == shown(whole)[1:]
