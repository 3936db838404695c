"""A draft of a map from the first rows of a file: to be looked at, never taken unseen (spec: meter-import §8)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

from ledger.errors import InputError
from ledger.metering.imports.faults import Faults
from ledger.metering.imports.meter_map import INTERVALS, MISSING, SCHEMA, MeterMap
from ledger.metering.imports.packed import DAMAGED, NotOneTable, open_unpacked
from ledger.metering.imports.parquet_source import ParquetRows
from ledger.metering.imports.source import CsvRows, Stopped, is_parquet
from ledger.metering.imports.stamps import DAY, NoStamp, Stamp, reader_of

SAMPLE = 3_000
_DATES = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d%b%Y",
    "%Y%m%d",
    "%d/%m/%y",
    "%m/%d/%y",
)
_TIMES = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p", "%I:%M%p")
_FORMATS = (
    "iso",
    *(f"{date} {time}" for date in _DATES for time in _TIMES),
    "%d%b%Y:%H:%M:%S",
    "%Y年%m月%d日 %H:%M",
    "epoch_s",
    "epoch_ms",
    "excel",
)
_DAY_FORMATS = ("iso", *_DATES, "%Y年%m月%d日")
_COMMA = re.compile(r"-?\d{1,12},\d+|-?\d{1,3}(\.\d{3})+,\d+")
_GROUPS = {".": re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?"), ",": re.compile(r"-?\d{1,3}(\.\d{3})+(,\d+)?")}
_NUMBER = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?|-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_NUMBER_OR_GROUPS = re.compile(f"{_NUMBER.pattern}|{_GROUPS[','].pattern}")
_UNIT = re.compile(r"(?<![A-Za-z])(kWh|MWh|GWh|Wh|kW|MW|W|m3|m³|GJ|MJ|kJ)(?![A-Za-z])", re.IGNORECASE)
_METER = re.compile(r"meter|nmi|mpan|dataid|lclid|户号|表号|表计|测点|资产号|^id$|_id$", re.IGNORECASE)
_QUALITY = re.compile(r"quality|flag|status|质量|状态", re.IGNORECASE)
_VALUE = re.compile(r"kwh|kw|wh|value|usage|consum|energy|load|demand|power|use|电量|功率|用电|读数|reading", re.IGNORECASE)
_TIME = re.compile(r"time|date|stamp|hour|时间|日期", re.IGNORECASE)
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
    if (form := _find_form(path)) is not None:
        return Guess(MeterMap.from_document({"layout": form} | ({"zone": zone} if zone else {})), ())
    titles, rows, delimiter, header = _sample(path)
    columns = [[str(row[at]).strip() if not isinstance(row[at], Stamp) else "\0" for row in rows] for at in range(len(titles))]
    stamps = {at for at in range(len(titles)) if any(isinstance(row[at], Stamp) for row in rows)}
    if not rows:
        raise InputError(f"{path.name} has titles and no rows like them", hint="write a map: docs/spec/meter-import.md")
    decimal = "," if delimiter != "," and any(_COMMA.fullmatch(cell) for column in columns for cell in column) else "."
    numeric = [at for at in range(len(titles)) if at not in stamps and _is_numeric(columns[at], decimal)]
    time, format, sure = _find_time(titles, columns, stamps, len(numeric))
    given: dict[str, object] = {"time": [titles[at] for at in time], "format": format, "decimal": decimal}
    unsure = [] if sure else ["format"]
    values = [at for at in numeric if at not in time]
    if any(_GROUPS[decimal].fullmatch(cell) for at in values for cell in columns[at]):
        given["group"] = "," if decimal == "." else "."
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
        interval = _find_interval(columns, rows, time, format, meter, stamps)
        given["interval"] = interval
    if given.get("layout") != "columns":
        given |= {"meter_id": "{file}"} if meter is None else {"meter": titles[meter]}
    heads = " ".join([*(titles[at] for at in values[:3]), *([] if day is None else titles)])
    unit = _find_unit(heads)
    given["unit"] = unit or ("kW" if _POWER.search(heads) else "kWh")
    if unit is None:
        unsure.append("unit")
    if unit in ("m3", "GJ", "MJ", "kJ"):
        given["quantity"] = "gas.volume" if unit == "m3" else "heat.energy"
    elif _EXPORT.search(heads):
        given["quantity"] = "el.export"
    if _REGISTER.search(heads) and day is None:
        given["kind"] = "register"
    quality = [at for at in range(len(titles)) if at not in (*time, *values, meter) and _QUALITY.search(titles[at])]
    if quality and set(columns[quality[0]]) <= {"A", "E", "M", "S", "Q", ""}:
        given["quality"] = titles[quality[0]]
    local = any(stamp.local for stamp in _stamps(columns, rows, time, format, stamps)[:20])
    if local:
        unsure += [] if zone else ["zone"]
        given |= {} if zone is None else {"zone": zone}
        unsure.append("stamp")
        if re.search(r"end|止|结束", " ".join(titles[at] for at in time), re.IGNORECASE):
            given["stamp"] = "end"
    if delimiter:
        given["delimiter"] = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", " ": "blank"}[delimiter]
    if header > 1:
        given["header"] = header
    return Guess(MeterMap.from_document(given), tuple(unsure))


def _find_form(path: Path) -> str | None:
    """Return the form of a file that says itself what stands where, by how it begins."""
    try:
        with open_unpacked(path) as file:
            head = file.read(4_096).lstrip(b"\xef\xbb\xbf \r\n")
    except (NotOneTable, *DAMAGED):
        return None
    if head.upper().startswith(b"100,NEM12"):
        return "nem12"
    return "espi" if head.startswith(b"<") and b"http://www.w3.org/2005/Atom" in head else None


def _sample(path: Path) -> tuple[list[str], list[Sequence[object]], str, int]:
    """Return titles, rows, delimiter and the line of the titles: the first of as many cells as the rows below it, and none a number."""
    faults = Faults()
    source = ParquetRows(path, faults=faults) if is_parquet(path) else CsvRows(path, delimiter="auto", encoding="auto", faults=faults)
    try:
        rows = list(islice(source.rows(), SAMPLE + 1))
    except Stopped:
        rows = []
    if len(rows) < 2:
        found = faults.close()
        raise InputError(
            f"{path.name} holds no table: {found[0].code if found else 'nothing in it'}", hint="give CSV or Parquet with titles"
        )
    width = Counter(len(cells) for _, cells in rows).most_common(1)[0][0]
    first = next((at for at, (_, cells) in enumerate(rows[:100]) if len(cells) == width and (at == 0 or _are_titles(cells))), 0)
    titles = [str(cell).strip() for cell in rows[first][1]]
    while len(titles) > width - 1 and len(titles) > 1 and not titles[-1]:
        titles.pop()  # a mark at the end of every line
    whole = [row[: len(titles)] for _, row in rows[first + 1 :] if len(row) >= len(titles) and not any(map(_text, row[len(titles) :]))]
    whole = [row for row in whole if [_text(cell) for cell in row] != titles]
    delimiter = source.found_delimiter if isinstance(source, CsvRows) else ""
    return titles, whole, delimiter, rows[first][0] if isinstance(source, CsvRows) else 1


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _are_titles(cells: Sequence[object]) -> bool:
    texts = [_text(cell) for cell in cells]
    return sum(bool(text) for text in texts) > len(texts) // 2 and not any(_NUMBER.fullmatch(text) for text in texts)


def _is_numeric(column: Sequence[str], decimal: str) -> bool:
    present = [cell for cell in column if cell not in MISSING]
    if decimal == ",":
        present = [cell.replace(",", ".") if "." not in cell else cell if _GROUPS[","].fullmatch(cell) else "no" for cell in present]
    number = _NUMBER if decimal == "." else _NUMBER_OR_GROUPS
    return bool(present) and sum(bool(number.fullmatch(cell)) for cell in present) >= 0.5 * len(present)


def _reads(read: Callable[[str], Stamp], cells: Sequence[str]) -> bool:
    good = 0
    for cell in cells:
        try:
            read(cell)
            good += 1
        except (NoStamp, ValueError):
            pass
    return bool(cells) and good >= 0.95 * len(cells)


def _find_time(
    titles: Sequence[str], columns: Sequence[Sequence[str]], stamps: set[int], numbers: int
) -> tuple[tuple[int, ...], str, bool]:
    """Return the columns of the time, their format, and whether no other format reads them too."""
    if stamps:
        return (min(stamps),), "iso", True
    order = sorted(range(len(titles)), key=lambda at: (not _TIME.search(titles[at]), at))
    for at in order:
        cells = [cell for cell in columns[at] if cell]
        formats = [format for format in _FORMATS if _reads(reader_of(format), cells[:50]) and _reads(reader_of(format), cells)]
        if "excel" in formats and not (_TIME.search(titles[at]) and all(20_000 < float(cell) < 80_000 for cell in cells)):
            formats.remove("excel")
        if "epoch_s" in formats and not (all(len(cell) == 10 for cell in cells) and _TIME.search(titles[at])):
            formats.remove("epoch_s")
        if "epoch_ms" in formats and not (all(len(cell) == 13 for cell in cells) and _TIME.search(titles[at])):
            formats.remove("epoch_ms")
        if "iso" in formats and not all(re.search(r"\d[T ]\d", cell) for cell in cells[:20]):
            formats.remove("iso")
        if formats:
            return (at,), _likeliest(formats, cells), len(formats) == 1 or formats[0] == "iso"
    for at in order:
        cells = [cell for cell in columns[at] if cell]
        days = [format for format in _DAY_FORMATS if not cells or _reads(reader_of(format), cells)]
        if not cells or not days or (_is_numeric(cells, ".") and not (_TIME.search(titles[at]) and len(cells[0]) == 8)):
            continue
        for other in order if numbers < 24 else ():
            hours = [cell for cell in columns[other] if cell]
            for clock in _TIMES:
                if other != at and hours and _reads(reader_of(f"%Y-%m-%d {clock}"), [f"2000-01-01 {cell}" for cell in hours]):
                    day = _likeliest([day for day in days if day != "iso"] or ["%Y-%m-%d"], cells)
                    return (at, other), f"{day} {clock}", len(days) == 1
        return (at,), _likeliest(days, cells), len(days) == 1 or days[0] == "iso"
    raise InputError("no column of dates and times was found", hint="write a map: docs/spec/meter-import.md")


def _likeliest(formats: Sequence[str], cells: Sequence[str]) -> str:
    """Return the format under which the stamps span the shortest time: a day taken for a month scatters them."""

    def span(format: str) -> int:
        read, seconds = reader_of(format), list[int]()
        for cell in cells:
            try:
                seconds.append(read(cell).seconds)
            except (NoStamp, ValueError):
                continue
        return max(seconds) - min(seconds) if seconds else 0

    return min(formats, key=span)


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
    rest = [at for at in range(len(titles)) if at not in others]
    named = [at for at in rest if _METER.search(titles[at]) and not _VALUE.search(titles[at].replace("reading", ""))]
    if named:
        return named[0]
    texts = [
        at for at in rest if columns[at] and not _QUALITY.search(titles[at]) and all(re.search(r"[^\W\d]", cell) for cell in columns[at])
    ]
    return texts[0] if texts else None


def _stamps(
    columns: Sequence[Sequence[str]], rows: Sequence[Sequence[object]], time: Sequence[int], format: str, typed: set[int]
) -> list[Stamp]:
    read, found = reader_of(format), list[Stamp]()
    for at, row in enumerate(rows):
        cell = row[time[0]]
        try:
            found.append(cell if isinstance(cell, Stamp) else read(" ".join(columns[column][at] for column in time)))
        except (NoStamp, ValueError):
            continue
    return found


def _find_interval(
    columns: Sequence[Sequence[str]], rows: Sequence[Sequence[object]], time: Sequence[int], format: str, meter: int | None, typed: set[int]
) -> int:
    """Return the commonest step of one meter's stamps, in minutes; 15 where it is none of a map's."""
    by_meter: dict[str, list[int]] = {}
    for at, stamp in enumerate(_stamps(columns, rows, time, format, typed)):
        by_meter.setdefault("" if meter is None or at >= len(columns[meter]) else columns[meter][at], []).append(stamp.seconds)
    steps: Counter[int] = Counter()
    for seconds in by_meter.values():
        ordered = sorted(set(seconds))
        steps.update(second - first for first, second in pairwise(ordered) if second - first < DAY)
    common = steps.most_common(1)[0][0] // 60 if steps else 15
    return common if common in INTERVALS else 15


def _find_unit(heads: str) -> str | None:
    found = _UNIT.search(heads)
    if found is None:
        return None
    spelt = {unit.lower(): unit for unit in ("kWh", "MWh", "GWh", "Wh", "kW", "MW", "W", "m3", "GJ", "MJ", "kJ")}
    return spelt[found[1].lower().replace("m³", "m3")]
