"""The two real office meters from the file to a statement by `meter import`: to the Wh, against sums by hand."""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from ledger.clock import parse_instant
from ledger.metering.checks import check_record
from ledger.metering.imports.canonical import bodies, write_readings
from ledger.metering.imports.meter_map import MeterMap
from ledger.metering.imports.reading import import_files
from ledger.metering.imports.result import ImportResult
from ledger.metering.meter_day import assemble
from ledger.records.meter_record import Quantity
from ledger.records.period import Period
from ledger.services import stored_statement
from tests.product import preparer, take_telemetry
from tests.towns import Template, reopen
from tests.whole.scene import activity, tree

ZONE = "America/Los_Angeles"
NOW = parse_instant("2026-01-01T00:00:00Z")
MAP = f"meter=meter,time=timestamp,value=kW,unit=kW,zone={ZONE}"
UNITS = {"201": "outlet-a", "202": "outlet-b"}
TOTALS = {"201": Decimal("6394694.16"), "202": Decimal("7964787.96")}  # kWh of both years, by hand


@pytest.fixture(scope="module")
def source(shared: Path) -> Path:
    return shared / "data" / "office_meters_2012_2013.csv.gz"


@pytest.fixture(scope="module")
def table(source: Path) -> list[tuple[str, datetime, Decimal]]:
    with gzip.open(source, "rt", encoding="utf-8") as file:
        rows = [(row["meter"], datetime.fromisoformat(row["timestamp"]), Decimal(row["kW"])) for row in csv.DictReader(file)]
    assert len(rows) == 140_352
    return rows


@pytest.fixture(scope="module")
def imported(source: Path) -> ImportResult:
    return import_files([source], MeterMap.of_line(MAP), now=NOW)


def test_totals_of_meters_and_local_months_are_those_by_hand(imported: ImportResult, table: list[tuple[str, datetime, Decimal]]) -> None:
    by_hand: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    zone = ZoneInfo(ZONE)
    for meter, at, kw in table:
        by_hand[meter, at.astimezone(zone).strftime("%Y-%m")] += kw / 4
    assert imported.accepted
    for meter in imported.meters:
        name = meter.readings.meter
        assert Decimal(sum(meter.readings.values.tolist())) / 10**6 == TOTALS[name]
        months = imported.months_of(meter)
        assert {item.month: Decimal(item.total) / 10**6 for item in months} == {
            month: kwh for (id, month), kwh in by_hand.items() if id == name
        }
        assert len(months) == 24


def test_the_file_has_no_gap_and_no_repeat_and_its_local_days_change_with_the_clocks(imported: ImportResult) -> None:
    assert imported.findings == ()
    for meter in imported.meters:
        assert (meter.intervals, meter.missing_intervals) == (70_176, 0)
        days = Counter(datetime.fromtimestamp(slot * 900, ZoneInfo(ZONE)).date() for slot in meter.readings.slots.tolist())
        assert len(days) == 731
        assert {day: count for day, count in days.items() if count != 96} == {
            date(2012, 3, 11): 92,
            date(2012, 11, 4): 100,
            date(2013, 3, 10): 92,
            date(2013, 11, 3): 100,
        }


def test_both_meters_stood_still_for_the_same_hour_and_count_in_steps_of_0_12_kwh(imported: ImportResult) -> None:
    zeros = {
        meter.readings.meter: [
            slot * 900 for slot, value in zip(meter.readings.slots.tolist(), meter.readings.values.tolist(), strict=True) if not value
        ]
        for meter in imported.meters
    }
    outage = [parse_instant("2013-01-11T09:45:00Z") + 900 * at for at in range(5)]
    assert zeros == {"201": [*outage, parse_instant("2013-12-14T16:00:00Z"), parse_instant("2013-12-14T16:15:00Z")], "202": outage}
    assert all(value % 120_000 == 0 for meter in imported.meters for value in meter.readings.values.tolist())


def test_the_same_readings_come_out_of_other_layouts(
    imported: ImportResult, table: list[tuple[str, datetime, Decimal]], tmp_path: Path
) -> None:
    zone, wanted = ZoneInfo(ZONE), {meter.readings.meter: write_readings(meter.readings, "mWh") for meter in imported.meters}
    by_time: dict[datetime, dict[str, Decimal]] = defaultdict(dict)
    for meter, at, kw in table:
        by_time[at][meter] = kw
    local = ["Date;Time;201;202"]
    for at, values in by_time.items():
        end = datetime.fromtimestamp(at.timestamp() + 900, zone)
        local.append(f"{end:%m/%d/%Y};{end:%H:%M};" + ";".join(str(values[meter]).replace(".", ",") for meter in UNITS))
    (tmp_path / "columns.csv").write_bytes(gzip.compress("\r\n".join(local).encode("utf-16")))
    line = f"layout=columns,time=Date+Time,format=%m/%d/%Y %H:%M,stamp=end,unit=kW,decimal=comma,zone={ZONE}"
    columns = import_files([tmp_path / "columns.csv"], MeterMap.of_line(line), now=NOW)
    parquet = tmp_path / "table.parquet"
    frame = pl.DataFrame(table, schema={"meter": pl.String, "at": pl.Datetime("us", "UTC"), "kW": pl.Decimal(12, 2)}, orient="row")
    frame.with_columns(pl.col("kW").cast(pl.Float64)).write_parquet(parquet)
    floats = import_files([parquet], MeterMap.of_line(f"meter=meter,time=at,value=kW,unit=kW,zone={ZONE}"), now=NOW)
    for done in (columns, floats):
        assert done.findings == ()
        assert {meter.readings.meter: write_readings(meter.readings, "mWh") for meter in done.meters} == wanted


def test_what_is_done_to_the_file_is_named(table: list[tuple[str, datetime, Decimal]], tmp_path: Path) -> None:
    rows = [f"{meter},{at.isoformat()},{kw}" for meter, at, kw in table[:2000]]
    damaged = [*rows[:100], *rows[110:500], rows[499], "201,2012-01-07T10:00:00+00:00,1.5", *rows[500:900], rows[950], *rows[900:]]
    damaged[700] = damaged[700].rsplit(",", 1)[0] + ",broken"
    (tmp_path / "damaged.csv").write_text("\n".join(["meter,timestamp,kW", *damaged]), encoding="utf-8")
    done = import_files([tmp_path / "damaged.csv"], MeterMap.of_line(MAP), now=NOW)
    by_code = {code: [item for item in done.findings if item.code == code] for code in {item.code for item in done.findings}}
    assert {code: len(items) for code, items in by_code.items()} == {
        "VALUE_NOT_A_NUMBER": 1,
        "READINGS_MISSING": 2,
        "DUPLICATE_SAME": 2,
        "READING_REPEATED": 1,
        "READING_OUT_OF_ORDER": 2,
    }
    assert by_code["VALUE_NOT_A_NUMBER"][0].place == "line 702 column kW"
    assert by_code["READINGS_MISSING"][0].place == "meter 201 from 2012-01-02T09:00:00Z to 2012-01-02T11:30:00Z"
    # The reading of 1.5 kW stands before the other one of its instant (row 584): the first in the file stays.
    kept = [Decimal("1.5") if at == 584 else kw for at, (_, _, kw) in enumerate(table[:2000]) if not 100 <= at < 110 and at != 708]
    left = sum(kept, Decimal(0)) / 4
    assert Decimal(sum(done.meters[0].readings.values.tolist())) / 10**6 == left


def test_the_import_becomes_monthly_records_and_a_statement(
    centre: Template, imported: ImportResult, table: list[tuple[str, datetime, Decimal]], tmp_path: Path
) -> None:
    march = Period.of_dates("2012-03", date(2012, 3, 1), date(2012, 3, 31), ZONE)
    by_hand = {
        name: sum((kw for id, at, kw in table if id == name and march.contains(int(at.timestamp()))), Decimal(0)) / 4 for name in UNITS
    }
    for meter in imported.meters:
        name = meter.readings.meter
        days = [day for day in meter.readings.days() if day.day in march.utc_days]
        record = assemble(march, bytes(32), Quantity.EL_IMPORT, days)
        assert (record.n, record.counts.measured) == (2_972, 2_972)
        assert Decimal(record.total) / 10**6 == by_hand[name]
        assert [finding.severity for finding in check_record(name, record) if finding.severity == "error"] == []
    sent = [body for meter in imported.meters for body in bodies(meter.readings, "mWh")]
    with reopen(centre, tmp_path / "server") as town:
        town.add_bank(
            "office",
            tree("office", [("hq", None), ("outlet-a", "hq"), ("outlet-b", "hq")], timezone=ZONE),
            period=("2012-03", date(2012, 3, 1), date(2012, 3, 31)),
            meter_units=UNITS,
            activity_document=activity("office", march),
            timezone=ZONE,
        )
        with town.work(preparer("office")) as work:
            taken = [take_telemetry(work, "office", [body]) for body in sent]
            again = [take_telemetry(work, "office", [body]) for body in sent]
        assert all(view.accepted for view in taken)
        assert [view.id for view in again] == [view.id for view in taken]
        statement = town.prepare("office", "2012-03")
        assert not statement.has_errors, statement.findings
        with town.house.view(preparer("office")) as work:
            records = stored_statement.load_records(work, stored_statement.load_statement_row(work, statement.id))
        assert {name: Decimal(record.total) / 10**6 for name, record in records.items()} == by_hand
    assert datetime.fromtimestamp(march.start, UTC) == datetime(2012, 3, 1, 8, tzinfo=UTC)
