"""Periods in local days, and names in two languages."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.clock import parse_instant
from ledger.errors import InputError, MalformedDocument
from ledger.records.names import Name
from ledger.records.period import Period


def test_a_year_in_shanghai_starts_eight_hours_before_utc() -> None:
    period = Period.of_dates("2025", date(2025, 1, 1), date(2025, 12, 31), "Asia/Shanghai")
    assert period.start == parse_instant("2024-12-31T16:00:00Z")
    assert period.end == parse_instant("2025-12-31T16:00:00Z")
    assert (period.first_day, period.last_day) == (date(2025, 1, 1), date(2025, 12, 31))
    assert period.slots(15) == 35_040
    assert len(period.utc_days) == 366


@pytest.mark.parametrize(("year", "slots"), [(2012, 35_136), (2013, 35_040)])
def test_a_year_with_summer_time_has_whole_slots_all_the_same(year: int, slots: int) -> None:
    period = Period.of_dates(str(year), date(year, 1, 1), date(year, 12, 31), "America/Los_Angeles")
    assert period.slots(15) == slots


@pytest.mark.parametrize(("day", "slots"), [(date(2013, 3, 10), 92), (date(2013, 11, 3), 100), (date(2013, 6, 1), 96)])
def test_a_day_on_which_clocks_change_has_92_or_100_quarter_hours(day: date, slots: int) -> None:
    assert Period.of_dates("day", day, day, "America/Los_Angeles").slots(15) == slots


ZONES = ["Asia/Shanghai", "America/Havana", "Asia/Beirut", "Asia/Kathmandu", "UTC"]


@given(st.dates(date(1992, 1, 1), date(2037, 12, 30)), st.sampled_from(ZONES))
def test_neighbouring_days_meet_even_where_clocks_change_at_midnight(day: date, timezone: str) -> None:
    first, second = (Period.of_dates("d", at, at, timezone) for at in (day, day + timedelta(days=1)))
    assert first.end == second.start
    assert (first.first_day, first.last_day) == (day, day)
    assert first.contains(first.start)
    assert not first.contains(first.end)


def test_a_period_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(InputError, match="before it starts"):
        Period.of_dates("2025", date(2025, 2, 1), date(2025, 1, 1), "Asia/Shanghai")
    for zone in ("Asia/Hangzhou", "", "../etc/passwd", "/etc"):
        with pytest.raises(InputError, match="time zone"):
            Period.of_dates("2025", date(2025, 1, 1), date(2025, 1, 1), zone)
    for bounds in ((10, 10), (10, 5), (-1, 5), (0, 2**60)):
        with pytest.raises(InputError):
            Period("x", *bounds, "UTC")
    with pytest.raises(InputError):
        Period("no/slash", 0, 900, "UTC")
    with pytest.raises(InputError, match="whole intervals"):
        Period("x", 0, 1000, "UTC").slots(15)


def test_a_name_has_both_languages_and_nothing_else() -> None:
    name = Name("Headquarters", "总行")
    assert Name.from_document(name.to_document()) == name
    assert (name.in_language("zh-CN"), name.in_language("en"), name.in_language("fr")) == ("总行", "Headquarters", "Headquarters")


@pytest.mark.parametrize(
    "document",
    [
        {"en": "x"},
        {"en": "x", "zh": "y", "fr": "z"},
        {"en": 1, "zh": "y"},
        [],
        None,
        {"en": "", "zh": "y"},
        {"en": "x", "zh": "a\nb"},
        {"en": "x" * 201, "zh": "y"},
    ],
)
def test_what_is_no_name_is_refused(document: object) -> None:
    with pytest.raises(MalformedDocument):
        Name.from_document(document)
