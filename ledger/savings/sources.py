"""Where a project's series come from: figures in the document, or meter and temperature files held to their SHA-256 (spec: savings §3)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction

from ledger.errors import InputError, LedgerError, NotFound
from ledger.metering.csv_source import MeterFacts, read_meter_csv
from ledger.metering.file_bytes import meters_in, unpack
from ledger.metering.local_days import IntervalSeries, series_of_readings
from ledger.metering.temperature import MEAN_DIGITS, daily_means, read_temperature_csv
from ledger.records.fields import Fields, pointer_of
from ledger.records.findings import Finding, has_errors
from ledger.savings.given import Energy, Evidence, Span
from ledger.units import parse_decimal, round_half_even

OpenFile = Callable[[str], bytes]
StoredDays = Callable[[str, tuple[str, ...], str, date, date], IntervalSeries]
"""Gives a stored meter's series: its id, the quantities it may have, time zone, first and last local day.

Raises NotFound where there is no such meter, InputError where it measures something else or the days are too many.
"""
# Exact mWh per 1 of the unit.
ENERGY_UNITS: tuple[tuple[str, int], ...] = (("Wh", 1_000), ("kWh", 10**6), ("MWh", 10**9), ("万kWh", 10**10), ("GWh", 10**12))
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_SOURCE = ("id", "unit", "figures", "csv", "sha256", "meter")


class Sources:
    """Reads the series of one document; each file is opened once and is evidence afterwards."""

    def __init__(self, open_file: OpenFile, timezone: str, now: int, findings: list[Finding], stored: StoredDays | None = None) -> None:
        self._open, self._timezone, self._now, self._findings, self._stored = open_file, timezone, now, findings, stored
        self._files: dict[str, tuple[bytes, str]] = {}
        self._evidence: dict[tuple[str, ...], Evidence] = {}

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Return the files and stored days that were read."""
        return tuple(self._evidence[key] for key in sorted(self._evidence))

    def energy(self, value: object, pointer: str, spans: tuple[Span, ...], quantities: tuple[str, ...] = ()) -> Energy | None:
        """Return the energy of a source over the local days of `spans`; None with a finding where it cannot be read.

        Args:
            quantities: what a stored meter of this source may measure.
        """
        if isinstance(value, dict) and set(value) == {"meter"}:
            return self._stored_meter(Fields(value, pointer, self._findings, ("meter",)), pointer, spans, quantities)
        fields = Fields(_complete(value), pointer, self._findings, _SOURCE)
        if not isinstance(value, dict) or not self._one_kind(value, pointer):
            return None
        if value.get("csv") is None:
            return self._figures(fields, value.get("figures"), pointer, spans)
        meter = fields.identifier("meter")
        path = fields.text("csv")
        data = self._file(path, fields.digest("sha256"), pointer, "meter_csv")
        return None if data is None or not meter else self._meter(data, path, meter, spans, pointer)

    def temperature(self, value: object, pointer: str, coverage_percent: int) -> Mapping[date, Fraction]:
        """Return the mean °C of local days; days with too few readings are told in one finding."""
        fields = Fields(_complete(value), pointer, self._findings, _SOURCE)
        if not isinstance(value, dict) or not self._one_kind(value, pointer):
            return {}
        if value.get("csv") is None:
            return self._celsius(value.get("figures"), pointer_of(pointer, "figures"))
        path = fields.text("csv")
        data = self._file(path, fields.digest("sha256"), pointer, "temperature_csv")
        if data is None:
            return {}
        readings = read_temperature_csv(data)
        self._tell(readings.findings, path)
        found = daily_means(readings, self._timezone, coverage_percent)
        return found.means

    def _one_kind(self, value: Mapping[str, object], pointer: str) -> bool:
        if (value.get("csv") is None) != (value.get("figures") is None):
            return True
        self._refuse("SOURCE_FORM", pointer, "give figures, or csv with sha256 and meter", expected="one of figures and csv")
        return False

    def _refuse(self, code: str, place: str, action: str, got: str | None = None, expected: str | None = None) -> None:
        self._findings.append(Finding(code, "error", place, action, got, expected))

    def _figures(self, fields: Fields, figures: object, pointer: str, spans: tuple[Span, ...]) -> Energy | None:
        known = len(self._findings)
        factor = dict(ENERGY_UNITS)[fields.choice("unit", tuple(name for name, _ in ENERGY_UNITS))]
        id = "figures" if fields.is_null("id") else fields.identifier("id")
        months, place = dict[str, int](), pointer_of(pointer, "figures")
        if not isinstance(figures, dict):
            self._refuse("FIELD_INVALID", place, 'write an object, as {"2024-01": "12200"}', expected="an object")
            return None
        for month, amount in figures.items():
            mwh = number(amount)
            if not _MONTH.fullmatch(str(month)):
                self._refuse("FIELD_INVALID", pointer_of(place, month), "name the month, as 2024-01", str(month)[:40], "YYYY-MM")
            elif mwh is None or mwh < 0 or (mwh * factor).denominator != 1:
                self._refuse("FIELD_INVALID", pointer_of(place, month), "write a decimal of whole mWh, not below 0", str(amount)[:40])
            else:
                months[str(month)] = int(mwh * factor)
        if any(not span.whole_months for span in spans):
            action = "let the period begin on the first and end on the last day of a month, or give a meter file"
            self._refuse("PERIOD_NOT_WHOLE_MONTHS", pointer, action, expected="whole months")
        return Energy(id, months=months) if len(self._findings) == known else None

    def _celsius(self, figures: object, place: str) -> Mapping[date, Fraction]:
        means = dict[date, Fraction]()
        for text, amount in figures.items() if isinstance(figures, dict) else ():
            celsius = number(amount)
            try:
                day = date.fromisoformat(str(text))
            except ValueError:
                day = None
            if day is None or celsius is None or (celsius * 10**MEAN_DIGITS).denominator != 1:
                action = 'write a day and its mean °C with at most four decimals, as {"2024-01-31": "3.25"}'
                self._refuse("FIELD_INVALID", pointer_of(place, text), action, str(amount)[:40])
            else:
                means[day] = celsius
        if not isinstance(figures, dict):
            self._refuse("FIELD_INVALID", place, 'write an object, as {"2024-01-31": "3.25"}', expected="an object")
        return means

    def _meter(self, data: bytes, path: str, meter: str, spans: tuple[Span, ...], pointer: str) -> Energy | None:
        names = meters_in(data)
        if meter not in names:
            shown = ", ".join(sorted(names)[:5])
            self._refuse("METER_NOT_IN_FILE", pointer_of(pointer, "meter"), "name a meter of the file", meter, shown or "a meter")
            return None
        reading = read_meter_csv([data], meters={name: MeterFacts(name) for name in names}, now=self._now)
        own = [item for item in reading.findings if item.params.get("meter", meter) == meter]
        # A file with an error is not taken in part, whosever the line is.
        self._tell(own if has_errors(own) or not has_errors(reading.findings) else reading.findings, path)
        if meter not in reading.readings:
            return None
        first, last = min(span.first for span in spans), max(span.last for span in spans)
        try:
            series = series_of_readings(reading.readings[meter], self._timezone, first, last)
        except InputError as error:
            self._refuse("SOURCE_FORM", pointer, error.hint or "correct the periods", str(error))
            return None
        return Energy(meter, days={day.day: day for day in series.days()})

    def _stored_meter(self, fields: Fields, pointer: str, spans: tuple[Span, ...], quantities: tuple[str, ...]) -> Energy | None:
        meter, place = fields.identifier("meter"), pointer_of(pointer, "meter")
        if not meter:
            return None
        if self._stored is None:
            action = "hand the project in, for a server alone has stored days; or name a csv file here"
            self._refuse("SOURCE_FORM", pointer, action, expected="figures, or csv with sha256 and meter")
            return None
        first, last = min(span.first for span in spans), max(span.last for span in spans)
        try:
            series = self._stored(meter, quantities, self._timezone, first, last)
        except NotFound as error:
            self._refuse("METER_UNKNOWN", place, "name a registered meter", meter, error.hint or "a registered meter")
            return None
        except InputError as error:
            self._refuse("METER_QUANTITY", place, error.hint or "name another meter", str(error)[:200], " or ".join(quantities))
            return None
        digest = hashlib.sha256(series.values.astype("<i8").tobytes() + series.quality.tobytes()).hexdigest()
        self._evidence[("meter_days", meter, digest)] = Evidence("meter_days", meter, digest)
        return Energy(meter, days={day.day: day for day in series.days()})

    def _file(self, path: str, sha256: str, pointer: str, kind: str) -> bytes | None:
        if not path:
            return None
        if path not in self._files:
            try:
                stored = self._open(path)
                data = unpack(stored)
            except (LedgerError, OSError, EOFError) as error:
                self._refuse("FILE_UNREADABLE", pointer_of(pointer, "csv"), "name a file that can be read", f"{path[:60]}: {error}"[:200])
                return None
            self._files[path] = (data, hashlib.sha256(stored).hexdigest())
        data, found = self._files[path]
        if sha256 and found != sha256:
            action = "this is not the file that was meant: take that one, or state the SHA-256 of this one"
            self._refuse("FILE_DIFFERS", pointer_of(pointer, "sha256"), action, found, sha256)
            return None
        name = path.replace("\\", "/").rsplit("/", 1)[-1]
        self._evidence[(kind, name, found)] = Evidence(kind, name, found)
        return data if sha256 else None

    def _tell(self, findings: object, path: str) -> None:
        name = path.replace("\\", "/").rsplit("/", 1)[-1]
        for finding in findings if isinstance(findings, list | tuple) else ():
            self._findings.append(replace(finding, place=f"{name}: {finding.place}"))

    @property
    def refused(self) -> bool:
        """Whether any finding so far is an error."""
        return has_errors(self._findings)


def number(value: object) -> Fraction | None:
    """Return the exact value of a decimal string or a JSON integer; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return parse_decimal(str(value))
    except InputError:
        return None


def to_wh(mwh: int | Fraction) -> int:
    """Return whole Wh of mWh, ties to even: what a row of savings is made of."""
    return round_half_even(Fraction(mwh) / 1000)


def _complete(value: object) -> object:
    return {**dict.fromkeys(_SOURCE), **value} if isinstance(value, dict) else value
