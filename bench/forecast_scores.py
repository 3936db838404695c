"""What forecasts and unusual days are worth on two real office meters: the tables of docs/methods/forecast.md.

    python -m bench.forecast_scores [--seeds 10] [--data ../shared/data]

Forecasts: the back-test of every method at the end of each of four stretches, and what then really came in the rest of the year.
Unusual days: faults planted by seed into the real readings, how many were told, and how many days besides. Nothing is left out.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.measure import write_result
from bench.planted_faults import plant
from ledger.forecasting import find_unusual_days, forecast_year
from ledger.forecasting.backtest import METHODS
from ledger.forecasting.methods import Past, interval
from ledger.forecasting.tables import score_document
from ledger.forecasting.weather import conditions_of
from ledger.metering.csv_source import MeterFacts, read_meter_csv
from ledger.metering.file_bytes import meters_in, unpack
from ledger.metering.local_days import Calendar, IntervalSeries, series_of_readings
from ledger.metering.temperature import daily_means, read_temperature_csv

TIMEZONE = "America/Los_Angeles"
METERS = ("201", "202")
# Days that both meters keep as days off.
HOLIDAYS = (
    "2012-01-02", "2012-02-20", "2012-05-28", "2012-07-04", "2012-09-03", "2012-11-22", "2012-12-25",
    "2013-01-01", "2013-02-18", "2013-05-27", "2013-07-04", "2013-09-02", "2013-11-28", "2013-12-25",
)  # fmt: skip
KNOWN_UNTIL = ("2012-06-30", "2012-12-31", "2013-06-30", "2013-09-30")
CALENDAR = Calendar(frozenset(date.fromisoformat(day) for day in HOLIDAYS))
NOW = 1_900_000_000


def read(folder: Path) -> tuple[dict[str, IntervalSeries], Mapping[date, Fraction]]:
    data = unpack((folder / "office_meters_2012_2013.csv.gz").read_bytes())
    reading = read_meter_csv([data], meters={name: MeterFacts(name) for name in meters_in(data)}, now=NOW)
    warmth = daily_means(read_temperature_csv(unpack((folder / "outdoor_temperature_2012_2013.csv.gz").read_bytes())), TIMEZONE).means
    return {meter: series_of_readings(reading.readings[meter], TIMEZONE) for meter in METERS}, warmth


def forecasts(series: IntervalSeries, warmth: Mapping[date, Fraction]) -> list[dict[str, Any]]:
    """One row for each day known until and method: its back-test up to that day, and its error on the rest of the year that came."""
    days, rows = series.days(), list[dict[str, Any]]()
    for text in KNOWN_UNTIL:
        limit = date.fromisoformat(text)
        known = tuple(day for day in days if day.day <= limit)
        celsius = {day: value for day, value in warmth.items() if day <= limit}
        end = date(limit.year + (limit.month == 12), 12, 31)
        began = process_time()
        told = forecast_year(series.meter, known, until=end, calendar=CALENDAR, temperature=celsius)
        seconds = process_time() - began
        coming = [day for day in days if limit < day.day <= end]
        actual = np.array([day.mwh / 1000 for day in coming])
        past = Past(
            np.array([day.mwh / 1000 for day in known]),
            conditions_of([day.day for day in known], CALENDAR, celsius),
            conditions_of([day.day for day in coming], CALENDAR, {}),
            told.seed,
        )
        scores = {score.method: score_document(score) for score in told.backtest.scores}
        for name, method in METHODS:
            outlook = method(past)
            row: dict[str, Any] = {"meter": series.meter, "known_until": text, "method": name, "chosen": name == told.method}
            row["backtest"] = scores.get(name)
            if outlook is not None:
                paths = outlook.expected + told.backtest.widening(name) * (outlook.paths - outlook.expected)
                sums = np.maximum(0, paths).sum(axis=1)
                inside = {str(percent): interval(sums, percent)[0] <= actual.sum() <= interval(sums, percent)[1] for percent in (80, 95)}
                low, high = interval(sums, 80)
                row["rest_of_year"] = {
                    "days": len(actual),
                    "mae_wh": round(float(np.abs(outlook.expected - actual).mean())),
                    "total_error_percent": round(100 * float(outlook.expected.sum() / actual.sum() - 1), 2),
                    "width_80_percent": round(100 * (high - low) / float(actual.sum()), 1),
                    "inside": {key: bool(value) for key, value in inside.items()},
                }
            rows.append(row)
        rows[-1]["cpu_seconds"] = round(seconds, 1)
    return rows


def faults(series: IntervalSeries, warmth: Mapping[date, Fraction], seeds: int) -> dict[str, Any]:
    """Recall by planted fault, and what was told besides."""
    untouched = {(item.day, item.kind) for item in find_unusual_days(series, calendar=CALENDAR, temperature=warmth)}
    planted, hit, told, besides, real = (Counter[str]() for _ in range(5))
    for seed in range(seeds):
        damaged, known = plant(series, CALENDAR, seed)
        found = {((item.day - series.first).days, item.kind) for item in find_unusual_days(damaged, calendar=CALENDAR, temperature=warmth)}
        for fault in known:
            for event in fault.events:
                planted[fault.name] += 1
                hit[fault.name] += any((day, kind) in found for day in event for kind in fault.kinds)
        touched = frozenset[int]().union(*(fault.touched for fault in known))
        for at, kind in found:
            told[kind] += 1
            if at not in touched:
                (real if (series.day(at), kind) in untouched else besides)[kind] += 1
    return {
        "meter": series.meter,
        "seeds": seeds,
        "recall": {name: [hit[name], planted[name]] for name in sorted(planted)},
        "told": {
            kind: {
                "all": told[kind],
                "on planted days": told[kind] - real[kind] - besides[kind],
                "also untouched": real[kind],
                "besides": besides[kind],
            }
            for kind in sorted(told)
        },
        "untouched": [f"{day} {kind}" for day, kind in sorted(untouched)],
    }


def show(console: Console, rows: list[dict[str, Any]], found: list[dict[str, Any]]) -> None:
    table = Table(
        "meter",
        "known until",
        "method",
        "MAE kWh",
        "MASE",
        "90 d %",
        "days in 80",
        "in 95",
        "totals in 80",
        "in 95",
        "then MAE",
        "then %",
        "80 % width",
    )
    for row in rows:
        tested, came = row["backtest"] or {}, row.get("rest_of_year") or {}
        keys = ("mase", "total_error_percent", "days_within_80", "days_within_95", "totals_within_80", "totals_within_95")
        inside = "" if not came else "" if came["inside"]["80"] else " (95)" if came["inside"]["95"] else " (out)"
        table.add_row(
            row["meter"],
            row["known_until"],
            row["method"] + (" *" if row["chosen"] else ""),
            "-" if not tested else f"{int(tested['mae_wh']) / 1000:.0f}",
            *(str(tested.get(key, "-")) for key in keys),
            "-" if not came else f"{came['mae_wh'] / 1000:.0f}",
            "-" if not came else f"{came['total_error_percent']:+.1f}{inside}",
            "-" if not came else f"{came['width_80_percent']:.0f} %",
        )
    console.print(table)
    for item in found:
        recall = Table("planted at meter " + item["meter"], "told", "of")
        for name, (hit, planted) in item["recall"].items():
            recall.add_row(name, str(hit), str(planted))
        console.print(recall)
        besides = Table("kind", "told", "on planted days", "untouched meter tells it too", "besides", "precision")
        for kind, counts in item["told"].items():
            own = counts["on planted days"] + counts["besides"]
            share = f"{counts['on planted days'] / own:.2f}" if own else "-"
            besides.add_row(kind, *(str(value) for value in counts.values()), share)
        console.print(besides)
        console.print(f"untouched: {len(item['untouched'])} in two years")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--keep", action="store_true", help="write bench/results too")
    options = parser.parse_args()
    series, warmth = read(options.data)
    rows = [row for meter in METERS for row in forecasts(series[meter], warmth)]
    found = [faults(series[meter], warmth, options.seeds) for meter in METERS]
    show(Console(width=200), rows, found)
    if options.keep:
        console = Console()
        console.print(f"written {write_result('forecast', {'forecasts': rows, 'unusual': found})}")


if __name__ == "__main__":
    main()
