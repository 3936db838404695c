"""Each fault planted into a clean year is found and named, by code, meter and instant; the clean year shows none of it."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ledger.metering.checks import check_record
from ledger.metering.csv_source import MeterFacts, read_meter_csv
from ledger.metering.fitting import Fitting, Ratio
from ledger.metering.local_days import IntervalSeries, series_of_readings
from ledger.metering.registers import RegisterPoints, derive
from ledger.metering.vee.history import Bill, MeterHistory
from ledger.metering.vee.vee_1.registry import RULE_SET
from ledger.records.meter_record import MeterRecord, Quality, Quantity
from ledger.units import format_decimal
from tests.metering.damage import NOW, found, history, named, office_readings, office_year, planted, seeded_year, slots

DAY = date(2012, 10, 16)
MIDNIGHT = "2012-10-16T07:00:00Z"


@pytest.fixture(scope="module")
def office(shared: Path) -> dict[str, IntervalSeries]:
    return office_year(shared)


@pytest.fixture(scope="module")
def seeded() -> dict[str, IntervalSeries]:
    return seeded_year()


def test_two_years_of_two_real_meters_show_nothing(shared: Path) -> None:
    zone = "America/Los_Angeles"
    whole = [history(series_of_readings(readings, zone)) for readings in office_readings(shared).values()]
    assert [len(item) for item in whole] == [731, 731]
    assert found(*whole) == []


def test_a_seeded_year_shows_nothing_not_even_its_holidays() -> None:
    assert found(*map(history, seeded_year(tuple(range(10_000, 110_000, 10_000))).values())) == []


def test_a_day_of_zeros_is_named_from_its_first_slot_to_its_last(office: dict[str, IntervalSeries]) -> None:
    series = office["202"]
    at = slots(series, DAY, DAY).start
    still = planted(series, lambda values, _: values.__setitem__(slice(at, at + 100), 0))
    got = found(history(still))
    assert ("METER_ZERO", "202", MIDNIGHT) in got
    assert {code for code, _, _ in got} <= {"METER_ZERO", "DAY_TOTAL_UNUSUAL"}


def test_two_outages_do_not_excuse_each_other(office: dict[str, IntervalSeries]) -> None:
    series = office["202"]
    starts = [slots(series, day, day).start for day in (DAY, DAY + timedelta(days=60))]

    def cut(values: np.ndarray, _: np.ndarray) -> None:
        for at in starts:
            values[at : at + 150] = 0

    assert [code for code, _, _ in found(history(planted(series, cut)))].count("METER_ZERO") == 2


def test_a_meter_of_the_sun_is_still_every_night_and_nothing_is_said(office: dict[str, IntervalSeries]) -> None:
    def nights(values: np.ndarray, _: np.ndarray) -> None:
        for start in office["201"].bounds[:-1]:
            values[start : start + 30] = 0
            values[start + 80 : start + 96] = 0

    cloudy = planted(office["201"], nights)
    at = slots(cloudy, DAY, DAY + timedelta(days=1))
    snow = planted(cloudy, lambda values, _: values.__setitem__(at, 0))
    assert found(MeterHistory(snow, Quantity.PV_GENERATION)) == []


@pytest.mark.parametrize("factor", [Fraction(1, 6), Fraction(6)])
def test_a_day_far_from_its_weekday_is_named(office: dict[str, IntervalSeries], factor: Fraction) -> None:
    series = office["201"]
    at = slots(series, DAY, DAY)
    odd = planted(series, lambda values, _: values.__setitem__(at, values[at] * factor.numerator // factor.denominator))
    assert found(history(odd)) == [("DAY_TOTAL_UNUSUAL", "201", MIDNIGHT)]
    percent = int(RULE_SET.validate([history(odd)])[0].params["percent"])
    assert abs(percent - 100 * factor) <= 4 * factor


def test_a_replayed_day_is_named_with_the_day_it_repeats(office: dict[str, IntervalSeries]) -> None:
    series = office["202"]
    here, there = slots(series, DAY, DAY), slots(series, DAY - timedelta(days=7), DAY - timedelta(days=7))
    replayed = planted(series, lambda values, _: values.__setitem__(here, values[there]))
    findings = RULE_SET.validate([history(replayed)])
    assert [named(finding) for finding in findings] == [("DAY_REPEATED", "202", MIDNIGHT)]
    assert findings[0].params["of"] == "2012-10-09"


@pytest.mark.parametrize("hours", [-8, -3, 4, 8])
def test_a_load_curve_shifted_by_hours_is_named_with_day_and_hours(office: dict[str, IntervalSeries], hours: int) -> None:
    """A gateway that sends local time as UTC from one day on."""
    series = office["202"]
    start = slots(series, DAY, DAY).start
    shifted = planted(series, lambda values, _: values.__setitem__(slice(start, None), np.roll(values[start:], 4 * hours)))
    findings = [finding for finding in RULE_SET.validate([history(shifted)]) if finding.code == "PROFILE_SHIFTED"]
    assert [named(finding) for finding in findings[:1]] == [("PROFILE_SHIFTED", "202", MIDNIGHT)]
    assert findings[0].params["hours"] == str(hours)


def test_channels_exchanged_at_a_gateway_are_named_with_both_meters(office: dict[str, IntervalSeries]) -> None:
    one, other = office["201"], office["202"]
    start = slots(one, DAY, DAY).start
    first = planted(one, lambda values, _: values.__setitem__(slice(start, None), other.values[start:]))
    second = planted(other, lambda values, _: values.__setitem__(slice(start, None), one.values[start:]))
    findings = [finding for finding in RULE_SET.validate([history(first), history(second)]) if finding.code == "METERS_SWAPPED"]
    assert [(*named(finding), finding.params["other"]) for finding in findings] == [("METERS_SWAPPED", "201", MIDNIGHT, "202")]


def test_two_like_buildings_of_other_size_exchanged_are_named_by_size(seeded: dict[str, IntervalSeries]) -> None:
    one, other = seeded.values()
    start = slots(one, date(2025, 6, 10), date(2025, 6, 10)).start
    first = planted(one, lambda values, _: values.__setitem__(slice(start, None), other.values[start:]))
    second = planted(other, lambda values, _: values.__setitem__(slice(start, None), one.values[start:]))
    findings = [finding for finding in RULE_SET.validate([history(first), history(second)]) if finding.code == "METERS_SWAPPED"]
    assert [named(finding) for finding in findings] == [("METERS_SWAPPED", "M1", "2025-06-09T16:00:00Z")]


@pytest.mark.parametrize("factor", [Fraction(40), Fraction(1, 40), Fraction(10), Fraction(1, 1000), Fraction(2), Fraction(1, 3)])
def test_everything_times_a_factor_from_one_day_on_is_named_with_the_factor(office: dict[str, IntervalSeries], factor: Fraction) -> None:
    """By 5 and more on the meter that follows the weather, in autumn; by 2 and 3 on the steady one."""
    name = "202" if max(factor, 1 / factor) >= 5 else "201"
    series = office[name]
    start = slots(series, DAY, DAY).start
    slipped = planted(
        series, lambda values, _: values.__setitem__(slice(start, None), values[start:] * factor.numerator // factor.denominator)
    )
    findings = [finding for finding in RULE_SET.validate([history(slipped, fittings=(hung(),))]) if finding.code == "LEVEL_CHANGED"]
    assert [named(finding) for finding in findings[:1]] == [("LEVEL_CHANGED", name, MIDNIGHT)]
    ct = f"ct {factor}" if factor == 40 else f"1 / ct {1 / factor}" if factor == Fraction(1, 40) else None
    assert findings[0].params["factor"] == (ct or (str(factor) if factor > 1 else f"1 / {1 / factor}"))


def hung() -> Fitting:
    return Fitting("bank", "202", 0, "S", "0", "installed", "paper", "li", 0, ratio=Ratio("40", "1"))


def bill(series: IntervalSeries, first: date, last: date, factor: Fraction = Fraction(1)) -> Bill:
    total = int(series.values[slots(series, first, last)].sum())
    return Bill(f"bill-{first}", first, last, round(total * factor), "invoice 17")


def test_a_bill_that_agrees_says_nothing_and_one_that_is_off_is_a_warning(office: dict[str, IntervalSeries]) -> None:
    series = office["202"]
    first, last = date(2012, 10, 1), date(2012, 10, 31)
    for factor in (Fraction(1), Fraction(981, 1000), Fraction(1019, 1000)):
        assert found(history(series, bills=(bill(series, first, last, factor),))) == []
    got = RULE_SET.validate([history(series, bills=(bill(series, first, last, Fraction(97, 100)),))])
    assert [(finding.code, finding.severity, finding.params["bill"]) for finding in got] == [("BILL_DIFFERS", "warning", "bill-2012-10-01")]


def test_a_meter_forty_times_its_bill_is_a_ratio_slip_and_an_error(office: dict[str, IntervalSeries]) -> None:
    series = office["202"]
    true = bill(series, date(2012, 11, 1), date(2012, 11, 30))
    slipped = planted(series, lambda values, _: values.__setitem__(slice(None), values * 40))
    got = RULE_SET.validate([history(slipped, fittings=(hung(),), bills=(true,))])
    assert [(finding.code, finding.severity, finding.params["factor"]) for finding in got] == [("RATIO_SLIP", "error", "ct 40")]


def test_a_month_that_was_mostly_estimated_is_held_against_no_bill(office: dict[str, IntervalSeries]) -> None:
    series = office["202"]
    first, last = date(2012, 11, 1), date(2012, 11, 30)
    at = slots(series, first, first + timedelta(days=2))
    guessed = planted(series, lambda _, quality: quality.__setitem__(at, int(Quality.ESTIMATED)))
    assert found(history(guessed, bills=(bill(series, first, last, Fraction(1, 2)),))) == []


def register_of(series: IntervalSeries, start: int, *, first: int = 0) -> RegisterPoints:
    """Return the register points of a series at every quarter-hour, in mWh."""
    times = start + 900 * np.arange(len(series.values) + 1, dtype=np.int64)
    shown = first + np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(series.values)))
    return RegisterPoints(series.meter, 6, times, shown % 10**12, np.ones(len(times), dtype=np.bool_))


def test_a_register_that_counts_with_its_intervals_says_nothing_and_one_lost_hour_is_named(office: dict[str, IntervalSeries]) -> None:
    series = office["202"]
    start = history(series).first_slot * 900
    points = register_of(series, start, first=10**12 - 10**10)
    assert found(history(series, registers=points)) == []
    at = slots(series, DAY, DAY).start + 50
    lost = planted(series, lambda values, _: values.__setitem__(slice(at, at + 2), values[at : at + 2] // 2))
    assert found(history(lost, registers=points)) == [("REGISTER_SUM_DIFFERS", "202", MIDNIGHT)]


def test_a_year_of_a_register_comes_back_as_its_intervals_and_its_turn_is_named(office: dict[str, IntervalSeries]) -> None:
    series = office["202"]
    points = register_of(series, 1_335_855_600, first=10**12 - 10**10)
    derived, findings = derive(points, (), Quantity.EL_IMPORT)
    assert derived.values.tolist() == series.values.tolist()
    turns = (10**12 - 10**10 + int(series.values.sum())) // 10**12
    assert [finding.code for finding in findings] == ["REGISTER_ROLLOVER"] * turns


def test_a_register_set_back_is_a_negative_step_until_its_fitting_is_recorded(office: dict[str, IntervalSeries]) -> None:
    series = office["202"]
    start, at = 1_335_855_600, 5_000
    points = dataclasses.replace(register_of(series, start), values=np.cumsum(np.ones(len(series.values) + 1, dtype=np.int64)) * 10**4)
    back = dataclasses.replace(points, values=np.where(points.times > start + 900 * at, points.values - points.values[at], points.values))
    _, findings = derive(back, (), Quantity.EL_IMPORT)
    assert [named(finding) for finding in findings] == [("NEGATIVE_STEP", "202", "2012-06-22T09:00:00Z")]
    final = format_decimal(Fraction(int(points.values[at]), 10**6))
    reset = Fitting("bank", "202", start + 900 * at, "S", "0", "reset", "protocol", "li", 0, final_before=final)
    back = dataclasses.replace(back, values=np.where(points.times == start + 900 * at, 0, back.values))
    derived, findings = derive(back, (reset,), Quantity.EL_IMPORT)
    assert (findings, set(derived.values.tolist())) == ((), {10**4})


def csv(lines: list[str]) -> bytes:
    return "\n".join(["meter,timestamp,kWh", *lines, ""]).encode()


def test_lines_missing_doubled_negative_or_of_the_future_are_named_and_shuffled_ones_read_as_they_should() -> None:
    whole = [f"M1,2025-03-01T{at // 4:02d}:{15 * (at % 4):02d}:00Z,{at}.5" for at in range(96)]

    def read(lines: list[str]) -> tuple[list[tuple[str, str]], object]:
        reading = read_meter_csv([csv(lines)], meters={"M1": MeterFacts("M1")}, now=NOW)
        made = {name: item.to_mapping() for name, item in reading.readings.items()}
        return [
            (finding.code, finding.params.get("instant", finding.params.get("from", finding.place))) for finding in reading.findings
        ], made

    assert read(whole)[0] == []
    assert read([*whole[::2], *whole[1::2]]) == read(whole)
    assert read([*whole[:10], *whole[14:]])[0] == [("READINGS_MISSING", "2025-03-01T02:30:00Z")]
    assert read([*whole, whole[20]])[0] == [("DUPLICATE_SAME", "2025-03-01T05:00:00Z")]
    assert read([*whole, whole[20].replace("20.5", "21.5")])[0] == [("READING_REPEATED", "2025-03-01T05:00:00Z")]
    assert read([*whole[:5], "M1,2025-03-01T01:15:00Z,-5.5", *whole[6:]])[0] == [("VALUE_NEGATIVE", "line 7 column 3")]
    assert read([*whole, "M1,2099-03-02T00:00:00Z,1"])[0] == [("TIMESTAMP_FUTURE", "line 98 column 2")]


def test_a_meter_that_stands_still_at_one_value_is_named(office: dict[str, IntervalSeries]) -> None:
    series = office["202"]
    at = slots(series, DAY, DAY).start
    stuck = planted(series, lambda values, _: values.__setitem__(slice(at, at + 120), values[at]))
    start = history(series).first_slot * 900

    def codes(item: IntervalSeries) -> list[tuple[str, str]]:
        values = np.asarray(item.values, dtype="<i8").tobytes()
        record = MeterRecord(bytes(32), start, 15, Quantity.EL_IMPORT, values, item.quality.tobytes())
        found = check_record("202", record)
        return [(finding.code, finding.params["from"]) for finding in found if finding.code == "METER_FLAT"]

    assert codes(series) == []
    assert codes(stuck) == [("METER_FLAT", MIDNIGHT)]
