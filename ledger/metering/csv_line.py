"""One line of a meter CSV, read slowly and explained: the path of the lines that the fast path did not accept.

Columns in places are field numbers: 1 meter, 2 timestamp, 3 value, 4 quality.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from ledger.clock import format_instant
from ledger.errors import InputError
from ledger.metering.finding_list import FindingList
from ledger.metering.meter_day import SLOT_SECONDS
from ledger.records.meter_record import Quality, Quantity
from ledger.units import parse_decimal

# Exact mWh per 1 of the unit over a quarter of an hour. kW is the mean demand, so 1 kW is 0.25 kWh.
UNITS: tuple[tuple[str, int], ...] = (("kW", 250_000), ("kWh", 1_000_000), ("Wh", 1_000), ("MWh", 1_000_000_000))
QUALITY_LETTERS: tuple[tuple[str, Quality], ...] = (
    ("A", Quality.ACTUAL),
    ("E", Quality.ESTIMATED),
    ("M", Quality.MANUAL),
    ("S", Quality.SUBSTITUTED),
    ("Q", Quality.SUSPECT),
)
ELECTRIC = (Quantity.EL_IMPORT, Quantity.EL_EXPORT, Quantity.PV_GENERATION)
MAX_READING = 10**13  # mWh in a quarter-hour: 40 GW, more than any meter carries, and a century of it fits in an i64
FUTURE_SECONDS = 300
_FORBIDDEN = (
    ("CSV_NUL", "\x00", "the file is damaged: export it again"),
    ("CSV_QUOTED", '"', "write the fields without quotation marks"),
)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})", re.ASCII)
_LOCAL = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}[T ]\d{1,2}:\d{2}(:\d{2})?", re.ASCII)


@dataclass(frozen=True)
class MeterFacts:
    """What the reader must know of a meter: its id and what it measures."""

    meter: str
    quantity: Quantity = Quantity.EL_IMPORT


@dataclass(frozen=True)
class Dialect:
    """What the header said: the unit of the third column, and whether there is a fourth with the quality."""

    unit: str
    has_quality: bool

    @property
    def columns(self) -> int:
        """Return how many fields a line has."""
        return 4 if self.has_quality else 3

    @property
    def mwh_per_unit(self) -> int:
        """Return the exact mWh of 1 of the unit over a quarter of an hour."""
        return dict(UNITS)[self.unit]


@dataclass(frozen=True, slots=True)
class Reading:
    """One accepted reading: slot = Unix seconds ÷ 900, value in mWh. `value` is None where the value was refused."""

    meter: str
    slot: int
    value: int | None
    quality: Quality


def read_header(text: str, findings: FindingList) -> Dialect | None:
    """Return the dialect of the header line, or None with a finding."""
    fields, units = text.split(","), [unit for unit, _ in UNITS]
    wanted = (("meter",), ("timestamp",), units, ("quality",))
    for at, (names, got) in enumerate(zip(wanted, fields, strict=False), start=1):
        if got not in names:
            action = f"write the header as meter,timestamp,{'|'.join(units)} and optionally ,quality, separated by commas"
            findings.add("CSV_HEADER", "error", f"line 1 column {at}", action, got, " or ".join(names))
            return None
    if not 3 <= len(fields) <= 4:
        action = "write the header as meter,timestamp,<unit> and optionally ,quality"
        findings.add("CSV_HEADER", "error", f"line 1 column {len(fields)}", action, f"{len(fields)} columns", "3 or 4 columns")
        return None
    return Dialect(fields[2], len(fields) == 4)


def read_line(
    text: str, number: int, dialect: Dialect, meters: Mapping[str, MeterFacts], now: int, findings: FindingList
) -> Reading | None:
    """Return the reading of line `number`, or None; every fault of the line becomes a finding."""
    fields = text.split(",")
    for code, character, action in _FORBIDDEN:
        if character in text:
            column = text[: text.index(character)].count(",") + 1
            findings.add(code, "error", f"line {number} column {column}", action, text, "plain fields")
            return None
    if len(fields) != dialect.columns:
        _explain_columns(fields, number, dialect, findings)
        return None
    before = findings.errors
    meter = _read_meter(fields[0], number, meters, findings)
    slot = _read_slot(fields[1], number, now, findings)
    value = _read_value(fields[2], number, dialect, findings)
    quality = _read_quality(fields[3], number, findings) if dialect.has_quality else Quality.ACTUAL
    if meter is None or slot is None:
        return None
    return Reading(meter, slot, value if findings.errors == before else None, quality or Quality.ACTUAL)


def _explain_columns(fields: list[str], number: int, dialect: Dialect, findings: FindingList) -> None:
    surplus = len(fields) == dialect.columns + 1
    if surplus and fields[2].lstrip("-").isdecimal() and fields[3].isdecimal():
        got = f"{fields[2]},{fields[3]}"
        findings.add("VALUE_COMMA_DECIMAL", "error", f"line {number} column 3", "write decimals with a dot", got, "a dot, as 12.5")
        return
    action = "write one reading per line; separate the fields with commas, not semicolons or tabs"
    got, expected = f"{len(fields)} columns", f"{dialect.columns} columns"
    findings.add("CSV_COLUMNS", "error", f"line {number} column {len(fields)}", action, got, expected)


def _read_meter(text: str, number: int, meters: Mapping[str, MeterFacts], findings: FindingList) -> str | None:
    facts, place = meters.get(text), f"line {number} column 1"
    if facts is None:
        findings.add("METER_UNKNOWN", "error", place, "register the meter first, or correct its id", text, "a registered meter")
        return None
    if facts.quantity not in ELECTRIC:
        action = "send electricity readings only for electricity meters"
        findings.add("METER_QUANTITY", "error", place, action, facts.quantity, "an el. or pv. quantity")
        return None
    return text


def _read_slot(text: str, number: int, now: int, findings: FindingList) -> int | None:
    place, expected = f"line {number} column 2", "YYYY-MM-DDTHH:MM:SS with Z or +08:00"
    try:
        start = int(datetime.fromisoformat(text).timestamp()) if _INSTANT.fullmatch(text) else None
    except (ValueError, OverflowError):
        start = None
    if start is None or start < 0:
        local = _LOCAL.fullmatch(text) is not None
        action = "add Z or the offset from UTC, as +08:00" if local else "write the start of the interval as an RFC 3339 instant"
        findings.add("TIMESTAMP_INVALID", "error", place, action, text, expected)
        return None
    if start % SLOT_SECONDS:
        action = "write the start of the quarter-hour: minutes 00, 15, 30 or 45 and seconds 00"
        findings.add("TIMESTAMP_OFF_GRID", "error", place, action, text, "a whole quarter-hour")
        return None
    if start > now + FUTURE_SECONDS:
        action = "check the meter's clock and the offset; readings of the future are not accepted"
        findings.add("TIMESTAMP_FUTURE", "error", place, action, text, f"at most {format_instant(now + FUTURE_SECONDS)}")
        return None
    return start // SLOT_SECONDS


def _read_value(text: str, number: int, dialect: Dialect, findings: FindingList) -> int | None:
    place = f"line {number} column 3"
    try:
        exact = parse_decimal(text) * dialect.mwh_per_unit
    except InputError:
        action = "write digits with an optional dot; leave the line out if there is no reading"
        findings.add("VALUE_NOT_A_NUMBER", "error", place, action, text, "a decimal number, as 12.5")
        return None
    if exact < 0:
        findings.add("VALUE_NEGATIVE", "error", place, "report export on its own meter; a reading is never negative", text, "0 or more")
        return None
    if exact > MAX_READING:
        limit = Fraction(MAX_READING, dialect.mwh_per_unit)
        findings.add("VALUE_TOO_LARGE", "error", place, "check the unit in the header", text, f"at most {limit} {dialect.unit}")
        return None
    if exact.denominator != 1:
        findings.add("VALUE_TOO_FINE", "error", place, "round to whole mWh at the source", text, "a whole number of mWh")
        return None
    return exact.numerator


def _read_quality(text: str, number: int, findings: FindingList) -> Quality | None:
    quality = dict(QUALITY_LETTERS).get(text)
    if quality is None and text.isdecimal():
        findings.add("VALUE_COMMA_DECIMAL", "error", f"line {number} column 3", "write decimals with a dot", f"…,{text}", "a dot, as 12.5")
    elif quality is None:
        expected = "A actual, E estimated, M manual, S substituted or Q suspect"
        findings.add("QUALITY_UNKNOWN", "error", f"line {number} column 4", "use one of the five letters", text, expected)
    return quality
