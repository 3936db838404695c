"""A draft of a map from the first rows of a file: to be looked at, never taken unseen (spec: meter-import §8)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path

from ledger.errors import InputError
from ledger.identifiers import is_identifier
from ledger.metering.imports.guess_table import find_decimal, find_form, find_group, is_numeric, read_sample
from ledger.metering.imports.guess_time import find_interval, find_time, stamps_of
from ledger.metering.imports.map_words import INTERVALS, SCHEMA
from ledger.metering.imports.meter_map import MeterMap
from ledger.metering.imports.numbered_stamps import Stamp
from ledger.metering.imports.packed import stem_of

_UNIT = re.compile(r"(?<![A-Za-z])(kWh|MWh|GWh|Wh|kW|MW|W|m3|m³|GJ|MJ|kJ)(?![A-Za-z])", re.IGNORECASE)
_METER = re.compile(r"meter|nmi|mpan|dataid|lclid|户号|表号|表计|测点|资产号|^id$|_id$", re.IGNORECASE)
_NO_METER = re.compile(r"zone|unit|时区|单位", re.IGNORECASE)
_QUALITY = re.compile(r"quality|flag|status|质量|状态", re.IGNORECASE)
_VALUE = re.compile(r"kwh|kw|wh|value|usage|consum|energy|load|demand|power|use|电量|功率|用电|读数|reading", re.IGNORECASE)
_REGISTER = re.compile(r"register|index|cumul|示数|止码|表底|累计", re.IGNORECASE)
_POWER = re.compile(r"power|load|demand|功率|负荷", re.IGNORECASE)
_EXPORT = re.compile(r"export|feed.?in|上网|返送", re.IGNORECASE)


@dataclass(frozen=True)
class Guess:
    """A draft and what somebody must look at, as words of a map: `zone`, `format`, `unit`, `stamp`."""

    map: MeterMap
    unsure: tuple[str, ...]

    def to_document(self) -> dict[str, object]:
        """Return the draft as a `lingtan.meter-map/1` document."""
        return {**self.map.to_document(), "schema": SCHEMA}


def guess_map(path: Path, *, zone: str | None = None) -> Guess:
    """Return a draft of the map of a file.

    Raises:
        InputError: no column of times, or none of values, was found.
    """
    if (form := find_form(path)) is not None:
        return Guess(MeterMap.from_document({"layout": form} | ({"zone": zone} if zone else {})), ())
    sample = read_sample(path)
    titles, rows, delimiter, header = sample.titles, sample.rows, sample.delimiter, sample.header
    columns = [[str(row[at]).strip() if not isinstance(row[at], Stamp) else "\0" for row in rows] for at in range(len(titles))]
    stamps = {at for at in range(len(titles)) if any(isinstance(row[at], Stamp) for row in rows)}
    if not rows:
        raise InputError(f"{path.name} has titles and no rows like them", hint="write a map: docs/spec/meter-import.md")
    decimal = find_decimal(columns, delimiter)
    numeric = [at for at in range(len(titles)) if at not in stamps and is_numeric(columns[at], decimal)]
    time, format, sure = find_time(titles, columns, stamps, len(numeric))
    given: dict[str, object] = {"time": [titles[at] for at in time], "format": format, "decimal": decimal}
    unsure = [] if sure else ["format"]
    values = [at for at in numeric if at not in time]
    if (group := find_group([columns[at] for at in values], decimal)) is not None:
        given["group"] = group
    day = _find_day(titles, columns, values, time)
    meter = _find_meter(titles, columns, [*time, *([] if day is None else day[1])])
    if day is not None:
        interval, wanted = day
        given |= {"layout": "day", "value": [titles[wanted[0]], titles[wanted[-1]]], "interval": interval}
        values = wanted
    else:
        texts = [at for at in values if at != meter]
        if not texts:
            raise InputError(f"{path.name} has no column of numbers beside its times", hint="write a map: docs/spec/meter-import.md")
        named = [at for at in texts if _VALUE.search(titles[at])]
        if meter is None and len(texts) > 1 and len(named) != 1:
            given["layout"] = "columns"
            values = texts
        else:
            values = (named or texts)[:1]
            given["value"] = [titles[values[0]]]
        interval = find_interval(columns, rows, time, format, meter, stamps)
        given["interval"] = interval
    if given.get("layout") != "columns":
        given |= {"meter_id": "{file}"} if meter is None else {"meter": titles[meter]}
    if odd := _name_meters(given, titles, columns, values, meter, stem_of(path)):
        given["meters"] = odd
        unsure.append("meters")
    heads = " ".join([*(titles[at] for at in values[:3]), *([] if day is None else titles)])
    unit = _find_unit(heads)
    given["unit"] = unit or ("kW" if _POWER.search(heads) else "kWh")
    if unit is None:
        unsure.append("unit")
    if unit in ("m3", "GJ", "MJ", "kJ"):
        given["quantity"] = "gas.volume" if unit == "m3" else "heat.energy"
    elif _EXPORT.search(heads):
        given["quantity"] = "el.export"
    if day is None and (_REGISTER.search(heads) or _only_rise(columns, values, meter, decimal)):
        given["kind"] = "register"
        unsure += [] if _REGISTER.search(heads) else ["kind"]
    quality = [at for at in range(len(titles)) if at not in (*time, *values, meter) and _QUALITY.search(titles[at])]
    if quality and set(columns[quality[0]]) <= {"A", "E", "M", "S", "Q", ""}:
        given["quality"] = titles[quality[0]]
    local = any(stamp.local for stamp in stamps_of(columns, rows, time, format, stamps)[:20])
    given |= {} if zone is None else {"zone": zone}
    if local:
        unsure += [] if zone else ["zone"]
        unsure.append("stamp")
        if re.search(r"end|止|结束", " ".join(titles[at] for at in time), re.IGNORECASE):
            given["stamp"] = "end"
    if delimiter:
        given["delimiter"] = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", " ": "blank"}[delimiter]
    if header > 1:
        given["header"] = header
    return Guess(MeterMap.from_document(given), tuple(unsure))


def _name_meters(
    given: dict[str, object], titles: Sequence[str], columns: Sequence[Sequence[str]], values: Sequence[int], meter: int | None, stem: str
) -> dict[str, str]:
    """Return ids for the names of meters where one of them is none; nothing where all of them are."""
    if given.get("layout") == "columns":
        names = [titles[at] for at in values]
    else:
        names = [stem] if meter is None else list(dict.fromkeys(cell for cell in columns[meter] if cell))
    if all(map(is_identifier, names)):
        return {}
    made: dict[str, str] = {}
    for number, name in enumerate(names, 1):
        id = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[:50] or f"meter-{number}"
        made[name] = id if id not in made.values() else f"{id}-{number}"
    if meter is None and given.get("layout") != "columns":
        given["meter_id"] = made[stem]
        return {}
    return made


def _only_rise(columns: Sequence[Sequence[str]], values: Sequence[int], meter: int | None, decimal: str) -> bool:
    """Tell whether values look like displays: in the order of the file none is below the one before, and steps are small beside them."""
    by_meter: dict[str, list[Decimal]] = {}
    for at, cell in enumerate(columns[values[0]]):
        try:
            value = Decimal(cell.replace(",", ".") if decimal == "," else cell)
        except InvalidOperation:
            continue
        by_meter.setdefault("" if meter is None else columns[meter][at], []).append(value)
    longest = max(by_meter.values(), key=len, default=[])
    steps = [second - first for first, second in pairwise(longest)]
    rising = sum(step > 0 for step in steps)
    return len(steps) >= 8 and min(steps) >= 0 and 2 * rising > len(steps) and longest[-1] - longest[0] < longest[0] * len(steps) / 10


def _find_day(
    titles: Sequence[str], columns: Sequence[Sequence[str]], values: Sequence[int], time: Sequence[int]
) -> tuple[int, list[int]] | None:
    """Return interval and columns of a day's values, where a row is a day."""
    if len(time) != 1:
        return None
    clock = [at for at in values if re.search(r"\d", titles[at])]
    for interval in INTERVALS:
        for wanted in (clock, list(values)):
            if interval >= 5 and len(wanted) == 1440 // interval and wanted[-1] - wanted[0] == len(wanted) - 1:
                return interval, wanted
    return None


def _find_meter(titles: Sequence[str], columns: Sequence[Sequence[str]], others: Sequence[int]) -> int | None:
    rest = [at for at in range(len(titles)) if at not in others and not _NO_METER.search(titles[at])]
    named = [at for at in rest if _METER.search(titles[at]) and not _VALUE.search(titles[at].replace("reading", ""))]
    if named:
        return named[0]
    texts = [
        at for at in rest if columns[at] and not _QUALITY.search(titles[at]) and all(re.search(r"[^\W\d]", cell) for cell in columns[at])
    ]
    return texts[0] if texts else None


def _find_unit(heads: str) -> str | None:
    found = _UNIT.search(heads)
    if found is None:
        return None
    spelt = {unit.lower(): unit for unit in ("kWh", "MWh", "GWh", "Wh", "kW", "MW", "W", "m3", "GJ", "MJ", "kJ")}
    return spelt[found[1].lower().replace("m³", "m3")]
