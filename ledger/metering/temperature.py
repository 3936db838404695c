"""Outdoor temperature: a CSV of readings, and the mean of each local day that degree-days are taken of.

Dialect: UTF-8, first line `timestamp,celsius`, then an RFC 3339 instant with Z or an offset and a decimal number of °C. Any even step that
divides a day (a quarter of an hour, an hour); the middle one of all steps between two readings is the file's.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fractions import Fraction
from itertools import pairwise
from statistics import median_low
from zoneinfo import ZoneInfo

from ledger.clock import parse_instant
from ledger.errors import InputError
from ledger.metering.finding_list import FindingList
from ledger.records.findings import Finding
from ledger.records.period import Period
from ledger.units import parse_decimal, round_half_even

HEADER = ["timestamp", "celsius"]
MEAN_DIGITS = 4
COVERAGE_PERCENT = 75
MAX_LINE = 4096
MAX_ROWS = 1_000_000
PLAUSIBLE = (-60, 60)
_CELSIUS = re.compile(r"-?(?:0|[1-9][0-9]?)(?:\.[0-9]{1,6})?", re.ASCII)


@dataclass(frozen=True)
class TemperatureReadings:
    """Readings by Unix second in °C, the step between them in seconds, and every finding about the file."""

    readings: Mapping[int, Fraction] = field(repr=False)
    step: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class DailyTemperature:
    """Mean °C of local days, rounded half to even to four decimals; `thin` are days with some readings, but too few."""

    means: Mapping[date, Fraction] = field(repr=False)
    thin: tuple[date, ...] = ()


def read_temperature_csv(data: bytes) -> TemperatureReadings:
    """Read a temperature file. No readings are returned where a finding is an error."""
    findings, readings = FindingList(), dict[int, Fraction]()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        findings.add("CSV_ENCODING", "error", "line 1 column 1", "save the file as UTF-8", f"byte {error.start}", "UTF-8 text")
        return TemperatureReadings({}, 0, findings.close())
    # Here, and not left to the csv module: its limit is one of the whole process.
    long = next((at for at, line in enumerate(text.split("\n"), start=1) if len(line) > MAX_LINE), None)
    if long is not None:
        action = "end lines with LF or CRLF, without quotation marks"
        findings.add("CSV_UNREADABLE", "error", f"line {long} column 1", action, f"more than {MAX_LINE} characters", "two columns")
        return TemperatureReadings({}, 0, findings.close())
    rows = csv.reader(io.StringIO(text))
    header = _first(rows)
    if header != HEADER:
        findings.add("CSV_HEADER", "error", "line 1 column 1", "write the header timestamp,celsius", ",".join(header), ",".join(HEADER))
        return TemperatureReadings({}, 0, findings.close())
    number = 1
    try:
        for number, row in enumerate(rows, start=2):
            if number > MAX_ROWS:
                findings.add(
                    "CSV_TOO_MANY_ERRORS", "error", f"line {number} column 1", "send a shorter time", f"more than {MAX_ROWS} lines"
                )
                break
            _take(row, number, readings, findings)
    except csv.Error as error:
        action = "end lines with LF or CRLF, without quotation marks; reading stopped here"
        findings.add("CSV_UNREADABLE", "error", f"line {number + 1} column 1", action, str(error), "two columns")
    if not readings and not findings.errors:
        findings.add("CSV_EMPTY", "error", "file", "send a header line and at least one reading", "no readings", "readings")
    step = _step(readings)
    if readings and not 0 < step <= 3600:
        action = "send readings at least every hour"
        findings.add("TEMPERATURE_STEP", "error", "file", action, f"a step of {step} s", "a quarter of an hour to an hour")
    known = findings.close()
    return TemperatureReadings({} if findings.errors else readings, step, known)


def _first(rows: Iterator[list[str]]) -> list[str]:
    try:
        return next(rows, [])
    except csv.Error:
        return []


def daily_means(given: TemperatureReadings, timezone: str, coverage_percent: int = COVERAGE_PERCENT) -> DailyTemperature:
    """Return the mean of the available readings of each local day that has at least `coverage_percent` of them.

    Raises:
        InputError: the time zone is unknown.
    """
    by_day: dict[date, list[Fraction]] = {}
    try:
        zone = ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise InputError(f"unknown time zone {timezone[:40]!r}", hint="use an IANA name, as Asia/Shanghai") from error
    for instant, celsius in given.readings.items():
        by_day.setdefault(datetime.fromtimestamp(instant, UTC).astimezone(zone).date(), []).append(celsius)
    means, thin = dict[date, Fraction](), list[date]()
    for day in sorted(by_day):
        found, bounds = by_day[day], Period.of_dates("day", day, day, timezone)
        if 100 * len(found) * given.step >= coverage_percent * (bounds.end - bounds.start):
            means[day] = Fraction(round_half_even(sum(found) * 10**MEAN_DIGITS / Fraction(len(found))), 10**MEAN_DIGITS)
        else:
            thin.append(day)
    return DailyTemperature(means, tuple(thin))


def _take(row: list[str], number: int, readings: dict[int, Fraction], findings: FindingList) -> None:
    if len(row) != 2:
        action = "write one reading per line: timestamp,celsius"
        findings.add("CSV_COLUMNS", "error", f"line {number} column {len(row)}", action, f"{len(row)} columns", "2 columns")
        return
    try:
        instant = parse_instant(row[0])
    except InputError:
        action, expected = "write an RFC 3339 instant with Z or an offset", "YYYY-MM-DDTHH:MM:SSZ"
        findings.add("TIMESTAMP_INVALID", "error", f"line {number} column 1", action, row[0], expected)
        return
    if not _CELSIUS.fullmatch(row[1]):
        action = "write digits with an optional dot; leave the line out if there is no reading"
        findings.add("VALUE_NOT_A_NUMBER", "error", f"line {number} column 2", action, row[1], "a decimal number of °C, as -3.5")
        return
    celsius = parse_decimal(row[1])
    if not PLAUSIBLE[0] <= celsius <= PLAUSIBLE[1]:
        action, expected = "is it in °F? write °C", f"{PLAUSIBLE[0]} to {PLAUSIBLE[1]} °C"
        findings.add("TEMPERATURE_IMPLAUSIBLE", "error", f"line {number} column 2", action, row[1], expected)
        return
    if instant in readings:
        same = readings[instant] == celsius
        code = "DUPLICATE_SAME" if same else "READING_REPEATED"
        action = "keep one reading for each instant; where both are alike one counts"
        findings.add(code, "warning" if same else "error", f"line {number} column 1", action, row[1], "one reading for each instant")
        return
    readings[instant] = celsius


def _step(readings: Mapping[int, Fraction]) -> int:
    # The middle step, so that neither a gap nor one stray reading changes it.
    return median_low([later - earlier for earlier, later in pairwise(sorted(readings))] or [3600])
