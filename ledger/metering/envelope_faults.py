"""What is wrong with a reading of an envelope: the slow path of the readings that the fast one did not take."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.errors import InputError
from ledger.identifiers import is_identifier
from ledger.metering.finding_list import FindingList
from ledger.metering.meter_day import SLOT_SECONDS
from ledger.metering.reading_values import INTERVAL_TEXT, LETTERS, limit_of, read_instant_ms, units_of
from ledger.records.meter_record import Quantity
from ledger.units import MAX_DECIMAL_LENGTH, parse_decimal

_NEEDED = ("k", "q", "s", "t", "u", "v")
_ALLOWED = {*_NEEDED, "m", "p", "hist"}


def explain_reading(reading: object, place: str, findings: FindingList) -> None:
    """Add a finding for every fault of a reading that was not taken; at least one."""
    before = findings.errors
    if not isinstance(reading, dict):
        findings.add("FIELD_INVALID", "error", place, "write each reading as an object", _show(reading), "an object")
        return
    for name in _NEEDED:
        if name not in reading:
            findings.add("FIELD_MISSING", "error", f"{place}/{name}", "add the field", "none", "a value")
    for name in sorted(reading.keys() - _ALLOWED):
        findings.add("FIELD_UNKNOWN", "error", f"{place}/{name[:40]}", "leave the field out", name, "no such field")
    interval = reading.get("k") == "interval"
    quantity = next((item for item in Quantity if item.value == reading.get("q")), None)
    _check_words(reading, place, quantity, interval, findings)
    _check_instant(reading.get("t"), place, interval, findings)
    if quantity is not None and "v" in reading:
        factor = units_of(quantity, interval=interval).get(str(reading.get("u")))
        _check_value(reading["v"], f"{place}/v", factor, limit_of(quantity, interval=interval), findings)
    if findings.errors == before:
        findings.add("FIELD_INVALID", "error", place, "correct the reading", "a reading that cannot be taken", "a reading of the spec")


def _check_words(reading: Mapping[str, object], place: str, quantity: Quantity | None, interval: bool, findings: FindingList) -> None:
    def refuse(name: str, expected: str) -> None:
        findings.add("FIELD_INVALID", "error", f"{place}/{name}", "correct the value", _show(reading.get(name)), expected)

    if "k" in reading and reading["k"] not in ("interval", "register"):
        refuse("k", "interval or register")
    if "q" in reading and quantity is None:
        refuse("q", ", ".join(item.value for item in Quantity))
    if "s" in reading and (not isinstance(reading["s"], str) or reading["s"] not in LETTERS):
        refuse("s", " or ".join(LETTERS))
    if "m" in reading and not (isinstance(reading["m"], str) and is_identifier(reading["m"])):
        refuse("m", "a meter's id; leave it out where the device has one meter of the quantity")
    if "hist" in reading and reading["hist"] is not True:
        refuse("hist", "true; leave it out elsewhere")
    if interval and reading.get("p") != INTERVAL_TEXT:
        refuse("p", INTERVAL_TEXT)
    if not interval and "p" in reading:
        refuse("p", "no p for what is no interval")
    if quantity is not None and "u" in reading:
        units = units_of(quantity, interval=interval)
        if not isinstance(reading["u"], str) or reading["u"] not in units:
            refuse("u", " or ".join(units))


def _check_instant(text: object, place: str, interval: bool, findings: FindingList) -> None:
    if text is None:
        return
    instant = read_instant_ms(text) if isinstance(text, str) else None
    if instant is None or instant % 1000:
        action = "write an RFC 3339 instant with whole seconds and Z or the offset from UTC"
        findings.add("TIMESTAMP_INVALID", "error", f"{place}/t", action, _show(text), "YYYY-MM-DDTHH:MM:SSZ or with +08:00")
    elif interval and instant % (1000 * SLOT_SECONDS):
        action = "write the start of the quarter-hour: minutes 00, 15, 30 or 45 and seconds 00"
        findings.add("TIMESTAMP_OFF_GRID", "error", f"{place}/t", action, _show(text), "a whole quarter-hour")


def _check_value(text: object, place: str, factor: int | None, limit: int, findings: FindingList) -> None:
    action = "write a decimal string, as 12.5"
    if not isinstance(text, str) or len(text) > MAX_DECIMAL_LENGTH:
        findings.add("VALUE_NOT_A_NUMBER", "error", place, action, _show(text), "a decimal string")
        return
    try:
        exact = parse_decimal(text)
    except InputError:
        findings.add("VALUE_NOT_A_NUMBER", "error", place, action, text, "a decimal string")
        return
    if exact < 0:
        findings.add("VALUE_NEGATIVE", "error", place, "report export on its own meter; a reading is never negative", text, "0 or more")
    elif factor is not None and (exact * factor).denominator != 1:
        action = "round to whole mWh, L or kJ at the source"
        findings.add("VALUE_TOO_FINE", "error", place, action, text, "a whole number of mWh, L or kJ")
    elif factor is not None and exact * factor > limit:
        findings.add("VALUE_TOO_LARGE", "error", place, "check the unit", text, f"at most {limit} mWh, L or kJ")


def _show(value: object) -> str:
    return value if isinstance(value, str) else type(value).__name__ if isinstance(value, dict | list) else str(value)
