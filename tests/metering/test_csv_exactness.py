"""Exact mWh from a CSV: by unit, by chunking, against the slow path line by line, and on a real file of two years."""

from __future__ import annotations

import gzip
import hashlib
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.clock import parse_instant
from ledger.metering.csv_block import read_block
from ledger.metering.csv_line import Dialect, read_line
from ledger.metering.csv_source import BLOCK_BYTES, CsvReading, MeterFacts, read_meter_csv
from ledger.metering.finding_list import FindingList
from ledger.metering.meter_day import assemble
from ledger.records.meter_record import Quality, Quantity
from ledger.records.period import Period

NOW = parse_instant("2025-06-01T00:00:00Z")
METERS = {"M1": MeterFacts("M1"), "M2": MeterFacts("M2"), "M11": MeterFacts("M11")}
NUMBERS = {b"M1": 0, b"M2": 1, b"M11": 2}


def read(data: bytes) -> CsvReading:
    return read_meter_csv([data], meters=METERS, now=NOW)


@pytest.mark.parametrize(
    ("unit", "text", "mwh"),
    [
        ("kW", "268.8", 67_200_000),
        ("kW", "0.01", 2_500),
        ("kW", "0.0001", 25),
        ("kW", "0.000004", 1),
        ("kW", "1.50000000", 375_000),
        ("kWh", "0.000001", 1),
        ("kWh", "1.5", 1_500_000),
        ("Wh", "0.001", 1),
        ("Wh", "123", 123_000),
        ("MWh", "0.000000001", 1),
        ("MWh", "10000", 10_000_000_000_000),
        ("kWh", "0", 0),
        ("kWh", "0.000", 0),
        ("kWh", "-0", 0),
    ],
)
def test_a_value_becomes_its_exact_mwh(unit: str, text: str, mwh: int) -> None:
    reading = read(f"meter,timestamp,{unit}\nM1,2025-01-01T00:00:00Z,{text}\n".encode())
    assert reading.findings == ()
    assert reading.readings["M1"].to_mapping() == {parse_instant("2025-01-01T00:00:00Z") // 900: (mwh, Quality.ACTUAL)}


FIELD = st.text(alphabet="M129-:TZ+.,AEQx \r", max_size=8)
METER = st.sampled_from(["M1", "M2", "M11", "M", "M12", "M3", "m1"]) | FIELD
OFFSETS = ["Z", "Z", "+08:00", "-03:30", "+00:00", "+23:59", "-24:00", "z", "", "+8:00", "x08:00"]
EDGES = ["2024-02-29T00:00:00Z", "2025-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2025-04-31T00:00:00+08:00", "2025-01-01T23:59:60Z"]
EDGES += ["2025-06-01T00:00:00Z", "2025-06-01T00:15:00Z", "0000-01-01T00:00:00Z", "2025-00-10T00:00:00Z", "1971-01-01T00:00:00Z"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
QUARTER_HOURS = st.integers(-40_000, 2_000_000).map(lambda slot: (EPOCH + timedelta(minutes=15 * slot)).isoformat())
INSTANT = st.builds(lambda instant, offset: instant[:19] + offset, QUARTER_HOURS, st.sampled_from(OFFSETS)) | st.sampled_from(EDGES) | FIELD
VALUE = (
    st.decimals(min_value=-10, max_value=10**9, places=7, allow_nan=False).map(lambda value: format(value.normalize(), "f"))
    | st.integers(0, 10**18).map(str)
    | st.sampled_from(["0", "00", "0.", "1.", ".1", "", "9" * 16, "9" * 17, "1e5", "0.0000", "10000000", "10000000.1", "12,5", "1.5 "])
    | FIELD
)
QUALITY = st.sampled_from([",A", ",E", ",M", ",S", ",Q", ",", ",AA", ",x", ""])
LIKELY = (st.sampled_from(["M1", "M2", "M11"]), INSTANT, st.integers(0, 10**6).map(lambda value: f"{value // 100}.{value % 100}"))
WILD = st.builds(lambda meter, instant, value, quality: f"{meter},{instant},{value}{quality}", METER, INSTANT, VALUE, QUALITY)


def lines_of(has_quality: bool) -> st.SearchStrategy[list[str]]:
    """Lines of which about half are right in all fields but perhaps one, so that both paths have something to agree on."""
    end = QUALITY if has_quality else st.just("")
    spoilt = [st.tuples(*LIKELY), st.tuples(METER, *LIKELY[1:]), st.tuples(*LIKELY[:2], VALUE)]
    return st.lists(st.builds(lambda fields, quality: ",".join(fields) + quality, st.one_of(spoilt), end) | WILD, min_size=1, max_size=30)


@settings(max_examples=150)
@given(st.data(), st.sampled_from(["kW", "kWh", "Wh", "MWh"]), st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_the_fast_path_accepts_nothing_that_the_slow_path_would_not(data: st.DataObject, unit: str, has_quality: bool, end: str) -> None:
    lines, dialect = data.draw(lines_of(has_quality)), Dialect(unit, has_quality)
    body = (end.join(lines) + end).encode()
    block = read_block(body, dialect, NUMBERS, NOW)
    assert len(block.first) == len(lines)
    for at, line in enumerate(lines):
        findings = FindingList()
        slow = read_line(line.removesuffix("\r") if end == "\n" else line, at, dialect, METERS, NOW, findings)
        if block.accepted[at]:
            assert findings.close() == ()
            assert slow is not None
            fast = (list(METERS)[block.meter[at]], block.slot[at], block.value[at], block.quality[at])
            assert fast == (slow.meter, slow.slot, slow.value, slow.quality)


def test_ordinary_lines_take_the_fast_path() -> None:
    lines = ["M1,2025-01-01T00:00:00Z,268.8", "M11,2024-02-29T23:45:00+08:00,0", "M2,2025-01-01T00:00:00-03:30,0.0001"]
    lines += ["M2,2000-12-31T00:00:00Z,99999.9999", "M2,1971-01-01T00:00:00Z,1234567.5"]
    assert read_block("\n".join([*lines, ""]).encode(), Dialect("kW", False), NUMBERS, NOW).accepted.all()
    assert read_block("\r\n".join([*(f"{line},Q" for line in lines), ""]).encode(), Dialect("kW", True), NUMBERS, NOW).accepted.all()


@pytest.mark.parametrize("offset", ["+08:00", "-03:30", "+00:00", "-00:00", "+23:45"])
def test_an_offset_from_utc_is_subtracted(offset: str) -> None:
    text = f"2025-01-01T00:15:00{offset}"
    reading = read(f"meter,timestamp,kWh\nM1,{text},1\n".encode())
    assert list(reading.readings["M1"].slots) == [int(datetime.fromisoformat(text).timestamp()) // 900]


def sample_file(rows: int) -> bytes:
    start = parse_instant("2024-01-01T00:00:00Z")
    lines = ["\ufeffmeter,timestamp,kWh,quality"]
    for at in range(rows):
        instant = datetime.fromtimestamp(start + at // 3 * 900, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines.append(f"{('M1', 'M2', 'M11')[at % 3]},{instant},{at % 977}.{at % 10},{'AEMSQ'[at % 5]}")
    return "\r\n".join(lines).encode()


def in_words(reading: CsvReading) -> dict[str, dict[int, tuple[int, Quality]]]:
    return {name: item.to_mapping() for name, item in reading.readings.items()}


def test_where_chunks_are_cut_does_not_matter() -> None:
    data = sample_file(400)
    whole = read(data)
    assert whole.findings == ()
    assert whole.rows == 400
    assert whole.sha256 == hashlib.sha256(data).hexdigest()
    for size in (1, 7, 64, 1000, len(data) - 1):
        again = read_meter_csv([data[at : at + size] for at in range(0, len(data), size)], meters=METERS, now=NOW)
        assert (again.rows, again.sha256) == (whole.rows, whole.sha256)
        assert in_words(again) == in_words(whole)


def test_the_order_of_rows_does_not_matter_and_lines_are_numbered_through_all_blocks() -> None:
    head, *lines = sample_file(9000).decode().split("\r\n")
    assert len("\n".join(lines)) > BLOCK_BYTES
    mixed = lines[::-1][::2] + lines[::-1][1::2]
    whole, again = read("\n".join([head, *lines]).encode()), read("\n".join([head, *mixed]).encode())
    assert in_words(again) == in_words(whole)
    spoilt = [*lines[:8990], "M1,never,1,A", *lines[8990:]]
    assert read("\n".join([head, *spoilt]).encode()).findings[0].place == "line 8992 column 2"


def test_empty_lines_are_passed_over() -> None:
    reading = read(b"meter,timestamp,kWh\n\nM1,2025-01-01T00:00:00Z,1\r\n\r\nM1,2025-01-01T00:15:00Z,1\n\n\n")
    assert (reading.findings, reading.rows) == ((), 2)


@pytest.fixture(scope="module")
def office(shared: Path) -> bytes:
    return gzip.decompress((shared / "data" / "office_meters_2012_2013.csv.gz").read_bytes())


@pytest.fixture(scope="module")
def office_reading(office: bytes) -> CsvReading:
    meters = {"201": MeterFacts("201"), "202": MeterFacts("202")}
    return read_meter_csv([office[at : at + 65_536] for at in range(0, len(office), 65_536)], meters=meters, now=NOW)


def test_a_real_file_of_two_meters_and_two_years_is_read_whole(office: bytes, office_reading: CsvReading) -> None:
    assert office_reading.rows == 140_352
    assert office_reading.sha256 == hashlib.sha256(office).hexdigest()
    assert office_reading.findings == ()
    assert {name: len(item) for name, item in office_reading.readings.items()} == {"201": 70_176, "202": 70_176}


@pytest.mark.parametrize(("year", "slots"), [(2012, 35_136), (2013, 35_040)])
@pytest.mark.parametrize("meter", ["201", "202"])
def test_a_real_year_in_local_time_has_its_slots_and_its_exact_total(
    office: bytes, office_reading: CsvReading, meter: str, year: int, slots: int
) -> None:
    period = Period.of_dates(str(year), date(year, 1, 1), date(year, 12, 31), "America/Los_Angeles")
    days = [day for day in office_reading.readings[meter].days() if day.day in period.utc_days]
    record = assemble(period, bytes(32), Quantity.EL_IMPORT, days)
    assert (record.n, record.start, record.counts) == (slots, period.start, (slots, 0, 0, 0))
    bounds = (datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for at in (period.start, period.end))
    first, end = bounds
    kilowatts = Fraction(0)
    for line in office.decode().splitlines()[1:]:
        name, instant, value = line.split(",")
        if name == meter and first <= instant < end:
            kilowatts += Fraction(value)
    assert record.total == kilowatts * Fraction(1, 4) * 1_000_000
