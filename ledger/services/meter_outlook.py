"""The rest of a meter's year and its unusual days, from stored meter-days.

Nothing is stored. The latest forecasts stay in memory under all that they were made from, so that who asks again does not wait again.
"""

from __future__ import annotations

import copy
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ledger.errors import NotFound
from ledger.records.fields import EPOCH
from ledger.services.context import Work
from ledger.services.meters import get_meter_row
from ledger.services.reductions_compute import stored_series
from ledger.store.repositories import institutions, metering

if TYPE_CHECKING:
    from ledger.metering.local_days import IntervalSeries, LocalDay

MAX_DAYS = 3 * 366
"""How far back is looked: more days make the answer slower, not better."""
KEPT = 64


def read_outlook_series(work: Work, institution: str, meter: str, *, first: date | None = None, last: date | None = None) -> IntervalSeries:
    """Return a meter's stored days that an outlook is made from: at most three years up to the last local day
    that is over and has readings.

    Args:
        first: no earlier local day, at most three years before the last.
        last: forget later readings.

    Raises:
        NotFound: no such meter, or nothing is stored of it up to `last`.
    """
    get_meter_row(work, institution, meter)
    timezone = institutions.get_institution(work.session, institution).timezone
    stored = metering.find_last_day(work.session, institution, meter)
    # A UTC day reaches into the next local one east of Greenwich; today's local day is not over, and half a day looks like a fault.
    end = None if stored is None else EPOCH + timedelta(days=stored + 1)
    yesterday = datetime.fromtimestamp(work.clock.now(), ZoneInfo(timezone)).date() - timedelta(days=1)
    if end is not None:
        end = min(end, yesterday, *(() if last is None else (last,)))
        begin = max(end - timedelta(days=MAX_DAYS - 1), *(() if first is None else (first,)), EPOCH)
        if begin <= end:
            series = stored_series(work, institution, meter, timezone, begin, end)
            known = [at for at, day in enumerate(series.days()) if day.present]
            if known:
                return stored_series(work, institution, meter, timezone, series.day(known[0]), series.day(known[-1]))
    raise NotFound(f"nothing is stored of the meter {meter} in these days", hint="send or import readings first")


def forecast_document(series: IntervalSeries, *, until: date | None = None, seed: int = 1) -> dict[str, object]:
    """Return the forecast of a meter's year from its series. It takes seconds, and a library that is loaded for it alone.

    Raises:
        InputError: fewer than two weeks are known, or `until` is not within two years after them.
    """
    return copy.deepcopy(_forecast(series.meter, series.days(), until, seed))


@lru_cache(maxsize=KEPT)
def _forecast(meter: str, days: tuple[LocalDay, ...], until: date | None, seed: int) -> dict[str, object]:
    # Loaded here: the library takes a second and a hundred megabytes, which a server that nobody asks for a forecast does not spend.
    from ledger.forecasting import forecast_document as document
    from ledger.forecasting import forecast_year

    return document(forecast_year(meter, days, until=until, seed=seed))


def anomalies_document(series: IntervalSeries) -> dict[str, object]:
    """Return the unusual days of a meter's series."""
    from ledger.forecasting import find_unusual_days, unusual_document

    return unusual_document(series.meter, len(series), find_unusual_days(series))
