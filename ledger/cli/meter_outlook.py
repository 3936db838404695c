"""`lingtan meter forecast` and `lingtan meter anomalies`: the rest of a meter's year, and its unusual days.

From a file without a server; without --input the server computes them from the days that it has stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.bank import end_by_findings
from ledger.cli.invocation import Invocation, my_institution, this
from ledger.cli.messages import label
from ledger.cli.offline import read_document
from ledger.clock import SystemClock
from ledger.errors import InputError, MalformedDocument

if TYPE_CHECKING:
    from ledger.metering.local_days import Calendar, IntervalSeries

MAX_FILE = 512 << 20
MONTH_COLUMNS = ("period", "measured_days", "measured_wh", "expected_wh", "low_80_wh", "high_80_wh", "low_95_wh", "high_95_wh")
SCORE_COLUMNS = (
    "method",
    "origins",
    "mae_wh",
    "mase",
    "total_error_percent",
    "days_within_80",
    "days_within_95",
    "totals_within_80",
    "totals_within_95",
)
DAY_COLUMNS = ("day", "kind", "score", "got_wh", "low_wh", "high_wh", "reason")
DAY_TITLES = ("day", "kind", "unusual_score", "got_wh", "low_wh", "high_wh", "why")

InputOption = Annotated[
    Path | None,
    typer.Option(help="readings: meter,timestamp,kW|kWh|Wh|MWh (gzip or not); the server's without it", exists=True, dir_okay=False),
]
MeterOption = Annotated[str | None, typer.Option(help="the meter; needed without --input, and where the file has several")]
TemperatureOption = Annotated[
    Path | None, typer.Option(help="outdoor temperature: timestamp,celsius (gzip or not)", exists=True, dir_okay=False)
]
CalendarOption = Annotated[
    Path | None,
    typer.Option(help='days off and worked weekends, as {"holidays": ["2026-10-01"], "workdays": []}', exists=True, dir_okay=False),
]
TimezoneOption = Annotated[
    str | None, typer.Option(help="the time zone in which a file's days are days; Asia/Shanghai without it, the bank's on the server")
]
DEFAULT_TIMEZONE = "Asia/Shanghai"


def register(group: typer.Typer) -> None:
    """Add the commands to `lingtan meter`."""
    group.command("forecast")(forecast)
    group.command("anomalies")(anomalies)


def forecast(
    context: typer.Context,
    input: InputOption = None,
    meter: MeterOption = None,
    temperature: TemperatureOption = None,
    calendar: CalendarOption = None,
    timezone: TimezoneOption = None,
    until: Annotated[str | None, typer.Option(help="the last day; without it the end of the year that begins or goes on")] = None,
    known_until: Annotated[str | None, typer.Option(help="forget later readings, to see what would have been forecast then")] = None,
    seed: Annotated[int, typer.Option(help="of the simulated paths", min=0)] = 1,
) -> None:
    """Forecast a meter's energy with an interval, by the method that did best on this meter's past."""
    run = this(context)
    if input is None:
        asked = {"until": until, "known_until": known_until, "seed": str(seed)}
        _show_forecast(run, _ask(run, "forecast", meter, (temperature, calendar, timezone), asked))
        return
    from ledger.forecasting import forecast_document, forecast_year

    series, warmth = _read(run, input, meter, temperature, timezone or DEFAULT_TIMEZONE)
    days = series.days()
    if known_until is not None:
        limit = _day(known_until)
        days = tuple(day for day in days if day.day <= limit)
        # What is not known yet is no temperature either.
        warmth = {day: celsius for day, celsius in warmth.items() if day <= limit}
    found = forecast_year(
        series.meter, days, until=None if until is None else _day(until), calendar=_calendar(calendar), temperature=warmth, seed=seed
    )
    _show_forecast(run, forecast_document(found))


def _show_forecast(run: Invocation, document: dict[str, Any]) -> None:
    if run.out.json:
        run.out.document(document)
        return
    run.out.heading("forecast_months")
    total = {**document["total"], "period": run.out.say("savings_total")}
    run.out.table(document, MONTH_COLUMNS, [[_cell(row[name]) for name in MONTH_COLUMNS] for row in [*document["months"], total]])
    tested = document["backtest"]
    run.out.heading("forecast_scores")
    run.out.table(tested, SCORE_COLUMNS, [[_cell(score[name]) for name in SCORE_COLUMNS] for score in tested["scores"]])
    run.out.record(document, [(name, document[name]) for name in ("meter", "as_of", "until", "method", "note")])


def anomalies(
    context: typer.Context,
    input: InputOption = None,
    meter: MeterOption = None,
    temperature: TemperatureOption = None,
    calendar: CalendarOption = None,
    timezone: TimezoneOption = None,
) -> None:
    """Find a meter's unusual days: nights, days off, stuck or dead meters, shifts of level, missing readings."""
    run = this(context)
    if input is None:
        _show_unusual(run, _ask(run, "anomalies", meter, (temperature, calendar, timezone), {}))
        return
    from ledger.forecasting import find_unusual_days, unusual_document

    series, warmth = _read(run, input, meter, temperature, timezone or DEFAULT_TIMEZONE)
    found = find_unusual_days(series, calendar=_calendar(calendar), temperature=warmth)
    _show_unusual(run, unusual_document(series.meter, len(series), found))


def _show_unusual(run: Invocation, document: dict[str, Any]) -> None:
    rows = [[_word(run, name, item) for name in DAY_COLUMNS] for item in document["items"]]
    run.out.table(document, DAY_TITLES, rows)


def _word(run: Invocation, name: str, item: Mapping[str, Any]) -> str:
    return label(str(item[name]), run.out.language) if name == "kind" else _cell(item[name])


def _ask(run: Invocation, what: str, meter: str | None, beside: tuple[object, ...], query: Mapping[str, str | None]) -> dict[str, Any]:
    """Return what the server computes from its stored days of a meter.

    Raises:
        InputError: no meter is named, or an option that goes with a file is given.
    """
    if meter is None:
        raise InputError("which meter?", hint="name one of the server's with --meter, or a file of readings with --input")
    if any(option is not None for option in beside):
        raise InputError("temperature, calendar and time zone go with a file", hint="give --input as well, or leave them out")
    with run.client() as client:
        path = f"/v1/institutions/{my_institution(client)}/meters/{meter}/{what}"
        answer: dict[str, Any] = client.get(path, **{name: value for name, value in query.items() if value is not None})
    return answer


def _read(
    run: Invocation, readings: Path, meter: str | None, temperature: Path | None, timezone: str
) -> tuple[IntervalSeries, Mapping[date, Fraction]]:
    """Return the series of one meter over the local days it has readings of, and the mean temperatures. Ends where a file is refused."""
    from ledger.metering.csv_source import MeterFacts, read_meter_csv
    from ledger.metering.file_bytes import meters_in
    from ledger.metering.local_days import series_of_readings
    from ledger.metering.temperature import daily_means, read_temperature_csv

    data = _bytes(readings)
    names = meters_in(data)
    if meter is None and len(names) > 1:
        raise InputError(f"{readings} has {len(names)} meters", hint=f"name one with --meter: {', '.join(sorted(names)[:10])}")
    reading = read_meter_csv([data], meters={name: MeterFacts(name) for name in names}, now=SystemClock().now())
    _end_if_refused(run, [finding.to_document() for finding in reading.findings])
    chosen = meter if meter is not None else next(iter(names), "")
    if chosen not in reading.readings:
        raise InputError(f"{readings} has no meter {chosen[:63]!r}", hint=f"name one of {', '.join(sorted(names)[:10])}")
    warmth: Mapping[date, Fraction] = {}
    if temperature is not None:
        given = read_temperature_csv(_bytes(temperature))
        _end_if_refused(run, [finding.to_document() for finding in given.findings])
        warmth = daily_means(given, timezone).means
    return series_of_readings(reading.readings[chosen], timezone), warmth


def _end_if_refused(run: Invocation, findings: list[dict[str, Any]]) -> None:
    if any(finding["severity"] == "error" for finding in findings):
        run.out.findings(findings)
        end_by_findings(run, findings, accepted=False)


def _bytes(path: Path) -> bytes:
    from ledger.metering.file_bytes import unpack

    if path.stat().st_size > MAX_FILE:
        raise InputError(f"{path} is larger than {MAX_FILE >> 20} MiB", hint="cut it by meter or by year")
    try:
        return unpack(path.read_bytes())
    except (OSError, EOFError) as error:
        raise MalformedDocument(f"{path} cannot be unpacked: {error}", hint="fetch the file again") from error


def _calendar(path: Path | None) -> Calendar:
    from ledger.metering.local_days import Calendar

    if path is None:
        return Calendar()
    document = read_document(path)
    wrong = set(document) - {"holidays", "workdays"}
    lists = [document.get(name, []) for name in ("holidays", "workdays")]
    if wrong or not all(isinstance(value, list) for value in lists):
        raise MalformedDocument(f"{path} is no calendar", hint='write {"holidays": ["2026-10-01"], "workdays": ["2026-10-10"]}')
    holidays, workdays = (frozenset(_day(str(item)) for item in value) if isinstance(value, list) else frozenset() for value in lists)
    return Calendar(holidays, workdays)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text[:40]!r} is no day", hint="write it as 2026-01-31") from None


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"{int(text):,}" if text.removeprefix("-").isdigit() else text
