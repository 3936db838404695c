"""Unusual days of a meter, and the rest of its year with an interval (methods/forecast).

Reading order: reference (what a day is held against), steps (level shifts), runs (stuck and dead meters), gaps (missing slots),
unusual (all of them: the door), weather (day types and degree-days), methods (forecasts to choose from), structural (the library's
model), backtest (which one has been best), forecast (the door), tables (what comes out).

Binary numbers are allowed in this room: nothing of it is claimed, committed or signed, and no room that does so imports it.
"""

from ledger.forecasting.forecast import Forecast, forecast_year
from ledger.forecasting.tables import forecast_document, unusual_document
from ledger.forecasting.unusual import UnusualDay, UnusualPolicy, find_unusual_days

__all__ = [
    "Forecast",
    "UnusualDay",
    "UnusualPolicy",
    "find_unusual_days",
    "forecast_document",
    "forecast_year",
    "unusual_document",
]
