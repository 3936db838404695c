"""What an outlook is made from: whole local days that are over."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from ledger.clock import FixedClock
from ledger.errors import NotFound
from ledger.services import meter_outlook
from ledger.services.meter_outlook import forecast_document, read_outlook_series
from tests.forecasting.meters import office, without
from tests.product import Town, preparer
from tests.services.books import DAYS

HOUR = 3_600


@pytest.mark.parametrize(
    ("now", "last"),
    [
        (DAYS.start + 24 * HOUR - 1, None),
        (DAYS.start + 24 * HOUR, date(2025, 3, 1)),
        # The second of March in Hangzhou: over at 16:00 by the clock of Greenwich, where it is the second still.
        (DAYS.start + 48 * HOUR - 1, date(2025, 3, 1)),
        (DAYS.start + 48 * HOUR, date(2025, 3, 2)),
        (DAYS.start + 2_000 * HOUR, date(2025, 3, 2)),
    ],
)
def test_the_local_day_of_today_is_left_out_until_it_is_over(town: Town, now: int, last: date | None) -> None:
    with town.house.view(preparer("oak")) as work:
        then = replace(work, clock=FixedClock(now))
        if last is None:
            with pytest.raises(NotFound):
                read_outlook_series(then, "oak", "M-1")
            return
        series = read_outlook_series(then, "oak", "M-1")
        assert (series.first, series.last) == (date(2025, 3, 1), last)
        assert all(day.complete for day in series.days())


def test_a_forecast_is_made_once_for_the_same_days_and_anew_for_others() -> None:
    made = meter_outlook._forecast
    made.cache_clear()
    series = office(days=40)
    told = forecast_document(series, seed=3)
    told["months"] = "spoiled by whoever got it"
    again = forecast_document(office(days=40), seed=3)
    assert (made.cache_info().hits, made.cache_info().misses) == (1, 1)
    assert isinstance(again["months"], list)
    assert forecast_document(without(series, series.day(20)), seed=3) != again
    assert forecast_document(series, seed=4)["seed"] == 4
    assert made.cache_info().misses == 3
