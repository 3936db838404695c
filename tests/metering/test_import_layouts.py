"""Any valid table, written in any layout a map can describe, comes back to the mWh with its gaps named."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.clock import format_instant, parse_instant
from ledger.metering.imports.meter_map import MeterMap
from ledger.metering.imports.reading import import_files
from ledger.metering.imports.result import ImportResult
from ledger.records.meter_record import Quality

NOW = parse_instant("2026-01-01T00:00:00Z")
FORMATS = (
    "%Y-%m-%d %H:%M",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %I:%M %p",
    "%Y%m%d %H%M",
    "%d.%m.%y %H:%M:%S",
    "%d-%b-%Y %H:%M",
    "iso",
    "iso-offset",
)
ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/Los_Angeles", "Asia/Kathmandu", "UTC", "+05:30")
# Days around changes of clocks of these zones, and plain ones.
STARTS = ("2025-03-29", "2025-10-25", "2025-03-08", "2025-11-01", "2025-06-10", "2024-12-31", "2024-02-28")
MWH = {"kWh": 1_000_000, "Wh": 1_000, "MWh": 1_000_000_000, "kW": 250_000}


@dataclass(frozen=True)
class Way:
    """How a table is written down."""

    layout: str
    format: str
    zone: str
    stamp: str
    unit: str
    delimiter: str
    decimal: str
    group: str
    encoding: str
    newline: str
    packed: bool
    two_columns: bool
    backwards: bool


@st.composite
def ways(draw: st.DrawFn) -> Way:
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    format = draw(st.sampled_from(FORMATS))
    return Way(
        draw(st.sampled_from(["long", "columns"])),
        format,
        draw(st.sampled_from(ZONES)),
        draw(st.sampled_from(["start", "end"])),
        draw(st.sampled_from(list(MWH))),
        delimiter,
        *draw(st.sampled_from([(".", ""), (".", ","), (",", ""), (",", "."), (".", " ")])),
        draw(st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"])),
        draw(st.sampled_from(["\n", "\r\n", "\r"])),
        draw(st.booleans()),
        draw(st.booleans()) and " " in format and format.startswith("%"),
        draw(st.booleans()),
    )


@st.composite
def tables(draw: st.DrawFn) -> dict[str, dict[int, int]]:
    """Meter → slot → value: whole kWh·10⁻³ times 250 mWh, so that every unit writes it with a finite decimal."""
    first = int(datetime.fromisoformat(draw(st.sampled_from(STARTS))).replace(tzinfo=UTC).timestamp()) // 900 - 60
    made = {}
    for meter in draw(st.lists(st.sampled_from(["总表", "M-2", "3"]), min_size=1, max_size=3, unique=True)):
        count = draw(st.integers(1, 250))
        skipped = draw(st.sets(st.integers(1, max(1, count - 2)), max_size=4))
        values = draw(st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
        kept = [at for at in range(count) if at not in skipped or at == count - 1]
        made[meter] = {first + at: values[at % len(values)] * 250 for at in kept}
    return made


def number(value: int, way: Way) -> str:
    exact = Decimal(value) / MWH[way.unit]
    text = format(exact.normalize(), "f")
    whole, point, rest = text.partition(".")
    if way.group:
        whole = f"{int(whole):,}".replace(",", way.group)
    return whole + (way.decimal + rest if point else "")


def zone_of(name: str) -> ZoneInfo:
    return ZoneInfo("Asia/Kolkata" if name == "+05:30" else name)


def stamp(slot: int, way: Way) -> str:
    at = datetime.fromtimestamp(slot * 900 + (900 if way.stamp == "end" else 0), zone_of(way.zone))
    if way.format == "iso":
        return at.replace(tzinfo=None).isoformat(" ")
    return at.isoformat() if way.format == "iso-offset" else at.strftime(way.format)


def write(path: Path, table: dict[str, dict[int, int]], way: Way) -> None:
    heads = ["date", "time"] if way.two_columns else ["time"]
    split = (lambda text: text.split(" ", 1)) if way.two_columns else (lambda text: [text])
    if way.layout == "long":
        rows = [[meter, *split(stamp(slot, way)), number(value, way)] for meter, slots in table.items() for slot, value in slots.items()]
        titles = ["户号", *heads, "value"]
    else:
        slots = sorted({slot for values in table.values() for slot in values})
        rows = [[*split(stamp(at, way)), *(number(v[at], way) if at in v else "NA" for v in table.values())] for at in slots]
        titles = [*heads, *table]
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=way.delimiter, lineterminator=way.newline).writerows([titles, *(rows[::-1] if way.backwards else rows)])
    data = buffer.getvalue().encode(way.encoding)
    path.write_bytes(gzip.compress(data) if way.packed else data)


def map_of(way: Way) -> MeterMap:
    columns = {"layout": "columns"} if way.layout == "columns" else {"meter": "户号", "value": "value"}
    meters = {"总表": "main", "M-2": "M-2", "3": "3"} if way.layout == "long" else {}
    return MeterMap.from_document(
        {
            **columns,
            **({"meters": meters} if meters else {}),
            "time": ["date", "time"] if way.two_columns else "time",
            "format": way.format.removesuffix("-offset"),
            "zone": way.zone,
            "stamp": way.stamp,
            "unit": way.unit,
            "delimiter": way.delimiter,
            "decimal": way.decimal,
            "group": way.group,
            "encoding": "gb18030" if way.encoding == "gb18030" else "auto",
        }
    )


def compare(done: ImportResult, table: dict[str, dict[int, int]]) -> None:
    got = {meter.readings.meter: {slot: value for slot, (value, _) in meter.readings.to_mapping().items()} for meter in done.meters}
    assert got == table
    gaps = {(item.params["meter"], item.params["from"]) for item in done.findings if item.code == "READINGS_MISSING"}
    wanted = {(name, format_instant(900 * (slot + 1))) for name, slots in table.items() for slot in slots if slot + 1 not in slots}
    assert gaps == {(name, at) for name, at in wanted if at != format_instant(900 * (max(table[name]) + 1))}


@given(table=tables(), way=ways())
@settings(max_examples=150, deadline=None)
def test_a_table_written_in_any_way_comes_back_to_the_mwh(table: dict[str, dict[int, int]], way: Way) -> None:
    if way.layout == "columns":
        table = {name.replace("总表", "main"): slots for name, slots in table.items()}
    # With a slot left out, the order does not tell the two comings of an hour apart.
    whole = way.format == "iso-offset" or all(len(slots) == max(slots) - min(slots) + 1 for slots in table.values())
    if not whole and way.zone in ("Europe/Berlin", "America/Los_Angeles"):
        table = {name: {slot: slots.get(slot, 0) for slot in range(min(slots), max(slots) + 1)} for name, slots in table.items()}
    if way.zone in ("Europe/Berlin", "America/Los_Angeles") and way.format != "iso-offset":
        # Every hour that comes twice is there from its beginning: of half an hour the order tells nothing.
        table = {name: {slot: value for slot, value in slots.items() if not is_cut(slots, slot, way.zone)} for name, slots in table.items()}
        table = {name: slots for name, slots in table.items() if slots}
        if not table:
            return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table"
        write(path, table, way)
        done = import_files([path], map_of(way), now=NOW)
    assert done.accepted, done.findings[:3]
    compare(done, {name.replace("总表", "main"): slots for name, slots in table.items()})


def is_cut(slots: dict[int, int], slot: int, zone: str) -> bool:
    """Tell whether a slot lies near an hour that comes twice of which one coming is not there whole."""
    zone_info = ZoneInfo(zone)
    near = [other for other in range(slot - 12, slot + 13) if is_twice(other * 900, zone_info)]
    return bool(near) and not all(other in slots for other in range(min(near) - 1, max(near) + 2))


def is_twice(seconds: int, zone: ZoneInfo) -> bool:
    at = datetime.fromtimestamp(seconds, zone).replace(tzinfo=None)
    return at.replace(tzinfo=zone, fold=0).utcoffset() != at.replace(tzinfo=zone, fold=1).utcoffset()


@given(
    days=st.lists(st.lists(st.integers(0, 10**6) | st.none(), min_size=96, max_size=96), min_size=1, max_size=4),
    interval=st.sampled_from([15, 30, 60]),
    start=st.sampled_from(["2025-03-01", "2025-10-26"]),
)
@settings(max_examples=40, deadline=None)
def test_a_row_for_each_day_comes_back_to_the_mwh(days: list[list[int | None]], interval: int, start: str) -> None:
    columns = 1440 // interval
    first = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    titles = [(datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=(at + 1) * interval)).strftime("%H:%M") for at in range(columns)]
    lines = [",".join(["户号", "日期", *titles])]
    wanted: dict[int, int] = {}
    for number_of_day, values in enumerate(days):
        day = first + timedelta(days=number_of_day)
        lines.append(",".join(["HQ", day.strftime("%Y/%m/%d"), *("-" if v is None else str(v) for v in values[:columns])]))
        begin = int(day.timestamp()) // 900
        for at, value in enumerate(values[:columns]):
            if value is not None:
                parts = interval // 15
                shares = [value * 1000 // parts + (part < value * 1000 % parts) for part in range(parts)]
                wanted |= {begin + at * parts + part: share for part, share in enumerate(shares)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "days.csv"
        path.write_text("\n".join(lines) + "\n", encoding="gb18030")
        document = {
            "layout": "day",
            "meter": "户号",
            "time": "日期",
            "format": "%Y/%m/%d",
            "zone": "Asia/Shanghai",
            "unit": "Wh",
            "interval": interval,
        }
        done = import_files([path], MeterMap.from_document(document), now=NOW)
    assert done.accepted
    got = {slot: pair for meter in done.meters for slot, pair in meter.readings.to_mapping().items()}
    assert {slot: value for slot, (value, _) in got.items()} == wanted
    assert {quality for _, quality in got.values()} <= {Quality.ACTUAL if interval == 15 else Quality.ESTIMATED}
    absent = sum(item.code == "VALUE_ABSENT" for item in done.findings)
    assert absent == sum(value is None for values in days for value in values[:columns])


@pytest.mark.parametrize("kind", ["decimal", "float64", "float32", "text", "integer"])
@pytest.mark.parametrize("zone", ["UTC", None])
def test_parquet_comes_back_to_the_mwh_whatever_its_types(tmp_path: Path, kind: str, zone: str | None) -> None:
    texts = ["0.1", "0.25", "1234.5", "3", "0.001"]
    number_types = {"decimal": pl.Decimal(12, 3), "float64": pl.Float64, "float32": pl.Float32, "text": pl.String, "integer": pl.Int64}
    values = pl.Series([text.split(".")[0] for text in texts] if kind == "integer" else texts)
    cast = (
        values
        if kind == "text"
        else values.cast(pl.Float64).cast(number_types[kind])
        if kind == "float32"
        else values.cast(number_types[kind])
    )
    begin = parse_instant("2025-03-01T00:00:00Z")
    times = pl.Series([(begin + 900 * at) * 1000 for at in range(len(texts))]).cast(pl.Datetime("ms", zone))
    path = tmp_path / "table.parquet"
    pl.DataFrame({"t": times, "v": cast}).write_parquet(path)
    line = "meter_id={file},time=t,value=v,unit=kWh" + ("" if zone else ",zone=Asia/Shanghai")
    done = import_files([path], MeterMap.of_line(line), now=NOW)
    assert done.accepted
    assert done.findings == ()
    (meter,) = done.meters
    first = begin - (0 if zone else 8 * 3600)
    exact = [int(Decimal(text.split(".")[0] if kind == "integer" else text) * 10**6) for text in texts]
    assert meter.readings.meter == "table"
    assert {slot: value for slot, (value, _) in meter.readings.to_mapping().items()} == {first // 900 + at: v for at, v in enumerate(exact)}
