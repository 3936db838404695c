"""What comes out: `lingtan.meter-forecast/1` and `lingtan.unusual-days/1` (methods/forecast §4). Neither is ever claimed or committed."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.forecasting.backtest import Score
from ledger.forecasting.forecast import Expected, Forecast
from ledger.forecasting.unusual import UnusualDay

FIGURES = ("measured_wh", "expected_wh", "low_80_wh", "high_80_wh", "low_95_wh", "high_95_wh")
NOTE = "computed with binary numbers: a forecast is never claimed, signed or committed"


def forecast_document(forecast: Forecast) -> dict[str, object]:
    """Return a forecast; energies are decimal strings of whole Wh, scores decimal strings."""
    tested = forecast.backtest
    return {
        "schema": "lingtan.meter-forecast/1",
        "note": NOTE,
        "meter": forecast.meter,
        "as_of": forecast.as_of.isoformat(),
        "until": forecast.until.isoformat(),
        "method": forecast.method,
        "uses_temperature": forecast.uses_temperature,
        "seed": forecast.seed,
        "months": [_expected(row) for row in forecast.months],
        "total": _expected(forecast.total),
        "backtest": {
            "first_origin": tested.first_origin or None,
            "origins": tested.origins,
            "horizon_days": tested.horizon,
            "best": tested.best,
            "scores": [score_document(score) for score in tested.scores],
        },
    }


def score_document(score: Score) -> dict[str, object]:
    """Return the scores of a method."""
    return {
        "method": score.method,
        "origins": score.origins,
        "mae_wh": str(round(score.mae_wh)),
        "mase": f"{score.mase:.3f}",
        "total_error_percent": f"{score.total_percent:.2f}",
        "days_within_80": f"{score.days_80:.3f}",
        "days_within_95": f"{score.days_95:.3f}",
        "totals_within_80": f"{score.totals_80:.3f}",
        "totals_within_95": f"{score.totals_95:.3f}",
        "widened_by": f"{score.widen:.3f}",
    }


def unusual_document(meter: str, days: int, found: Iterable[UnusualDay]) -> dict[str, object]:
    """Return the unusual days of a meter among `days` looked at."""
    return {
        "schema": "lingtan.unusual-days/1",
        "note": NOTE,
        "meter": meter,
        "days": days,
        "items": [
            {
                "day": item.day.isoformat(),
                "kind": item.kind,
                "score": f"{item.score:g}",
                "got_wh": _text(item.got_wh),
                "low_wh": _text(item.low_wh),
                "high_wh": _text(item.high_wh),
                "reason": item.reason,
            }
            for item in found
        ],
    }


def _expected(row: Expected) -> dict[str, object]:
    counts = {name: getattr(row, name) for name in ("measured_days", "forecast_days", "unknown_days")}
    return {"period": row.period, **counts, **{name: str(getattr(row, name)) for name in FIGURES}}


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)
