"""Small replicas of public collections of meters, with what is odd in them, come out to the Wh by the command."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.metering.import_by_command import bring, draft, utc

QUARTER = timedelta(minutes=15)


def test_building_data_genome_wide_hours_with_blanks_and_zeros(tmp_path: Path) -> None:
    names = [f"Panther_office_{at:03}" for at in range(60)]
    hours = [datetime(2016, 3, 12, tzinfo=UTC) + timedelta(hours=at) for at in range(48)]
    # Local time of the site, written without clock changes: 02:00 on 13 March does not exist in Florida.
    rows, wanted, gaps = [], dict.fromkeys(names, Decimal(0)), 0
    for hour, at in enumerate(hours):
        cells = []
        for number, name in enumerate(names):
            text = "" if (hour + number) % 17 == 3 else "0.0" if number % 5 == 0 else f"{hour * 7 + number}.{number % 10}025"
            gaps += not text
            wanted[name] += Decimal(text or 0)
            cells.append(text)
        rows.append(",".join([at.strftime("%Y-%m-%d %H:%M:%S"), *cells]))
    table = "\n".join([",".join(["timestamp", *names]), *rows]) + "\n"
    done = bring(tmp_path, table, "layout=columns,time=timestamp,interval=60,zone=-05:00")
    assert done.exit_code == 0
    assert done.totals == wanted
    assert done.codes["VALUE_ABSENT"] == gaps
    assert set(done.codes) == {"VALUE_ABSENT", "READINGS_MISSING"}
    drafted = draft(tmp_path, table, "--zone", "-05:00")
    assert (drafted["layout"], drafted["interval"], drafted["time"]) == ("columns", 60, ["timestamp"])


def uci_load() -> tuple[str, dict[str, Decimal]]:
    """Two days of ElectricityLoadDiagrams20112014: kW at the end of quarters, no title above the time, clock changes filled and summed."""
    lines, sums = ['"";"MT_001";"MT_002"'], {"MT_001": Decimal(0), "MT_002": Decimal(0)}
    for day in ("2011-03-27", "2011-10-30"):
        for at in range(96):
            end = datetime.fromisoformat(day) + (at + 1) * QUARTER
            never = day == "2011-03-27" and 4 < at + 1 <= 8
            first = "0" if never else f"{at}.{at % 10}0355"
            second = "0" if never else "1.26903553299492" if at % 2 else "2E-1"
            lines.append(f'"{end:%Y-%m-%d %H:%M:%S}";{first};{second}'.replace(".", ","))
            sums["MT_001"] += Decimal(first) / 4
            sums["MT_002"] += Decimal(second) / 4
    return "\r\n".join(lines) + "\r\n", sums


def test_uci_load_diagrams_semicolons_decimal_commas_and_days_of_clock_changes(tmp_path: Path) -> None:
    table, sums = uci_load()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("LD2011_2014.txt", table)
    map = {"layout": "columns", "time": "", "stamp": "end", "unit": "kW", "decimal": "comma", "zone": "Europe/Lisbon"}
    done = bring(tmp_path, packed.getvalue(), map, name="LD2011_2014.txt.zip")
    assert done.exit_code == 0
    for meter, total in done.totals.items():
        assert abs(total - sums[meter]) <= Decimal("0.0000005")
    # The hour that never was is zeros: 01:15 to 01:45 are no times, and 02:00 is the instant of 01:00.
    never = [place for code, place in done.found if code == "TIME_NONEXISTENT"]
    assert len(never) == 8
    assert all(place.startswith(("line 6 ", "line 7 ", "line 8 ", "line 9 ")) for place in never)
    # In October the hour that came twice stands there once, its readings summed; the second coming is a gap.
    assert done.codes["TIME_AMBIGUOUS"] == 6
    once = [place for code, place in done.found if code == "READINGS_MISSING" and "2011-10-30" in place.split(" to ")[1]]
    assert once
    with_offset = bring(tmp_path, table, {**map, "zone": "+00:00"})
    assert (with_offset.exit_code, set(with_offset.codes)) == (0, {"READINGS_MISSING"})
    assert draft(tmp_path, table)["layout"] == "columns"


def test_uci_household_minutes_with_question_marks(tmp_path: Path) -> None:
    lines, total, absent = ["Date;Time;Global_active_power;Global_reactive_power;Voltage;Sub_metering_1"], Decimal(0), []
    start = datetime(2006, 12, 16, 17, 24, tzinfo=UTC)
    whole: dict[datetime, list[Decimal | None]] = {}
    for at in range(6 * 60):
        stamp = start + timedelta(minutes=at)
        value = None if 100 <= at < 102 else Decimal(at * 13 % 4000) / 1000 + Decimal("0.216")
        cells = ["?"] * 3 + [""] if value is None else [f"{value:.3f}", "0.418", "234.840", "0.000"]
        lines.append(";".join([f"{stamp.day}/{stamp.month}/{stamp.year}", f"{stamp:%H:%M:%S}", *cells]))
        if value is None:
            absent.append(len(lines))
        whole.setdefault(stamp - timedelta(minutes=stamp.minute % 15), []).append(value)
    for parts in whole.values():
        if len(parts) == 15 and None not in parts:
            total += sum((part for part in parts if part is not None), Decimal(0)) / 60
    line = "meter_id=house,time=Date+Time,format=%d/%m/%Y %H:%M:%S,value=Global_active_power,unit=kW,interval=1,zone=+01:00"
    done = bring(tmp_path, "\n".join(lines), line)
    assert done.exit_code == 0
    assert abs(done.totals["house"] - total) < Decimal("0.00001")
    assert [place for code, place in done.found if code == "VALUE_ABSENT"] == [f"line {at} column Global_active_power" for at in absent]
    assert done.codes["READINGS_MISSING"] == 1
    # The first and the last quarter-hour are cut by the file, one by the missing minutes.
    assert done.codes["SLOT_INCOMPLETE"] == 3
    drafted = draft(tmp_path, "\n".join(lines))
    assert (drafted["time"], drafted["format"], drafted["interval"]) == (["Date", "Time"], "%d/%m/%Y %H:%M:%S", 1)
    assert (drafted["value"], drafted.get("unit")) == (["Global_active_power"], "kW")


def test_low_carbon_london_half_hours_with_padding_nulls_and_rows_that_come_twice(tmp_path: Path) -> None:
    title = "LCLid,stdorToU,DateTime,KWH/hh (per half hour) ,Acorn,Acorn_grouped"
    stamps = [datetime(2012, 10, 12, 0, 30, tzinfo=UTC) + timedelta(minutes=30 * at) for at in range(20)]
    rows = [f"MAC000002,Std,{at:%Y-%m-%d %H:%M:%S}.0000000, {n}.{n:03} ,ACORN-A,Affluent" for n, at in enumerate(stamps)]
    rows.insert(5, rows[4])
    rows.append("MAC000002,Std,2012-12-19 12:37:27.0000000,Null,ACORN-A,Affluent")
    rows += ["MAC000003,ToU,2012-10-12 00:30:00.0000000, 0 ,ACORN-P,Adversity", "MAC000003,ToU,2012-10-12 02:00:00.0000000, .5 ,ACORN-P,A"]
    map = {"meter": "LCLid", "time": "DateTime", "value": "KWH/hh (per half hour) ", "interval": 30, "zone": "UTC", "stamp": "end"}
    table = "\n".join([title, *rows]) + "\n"
    done = bring(tmp_path, table, map)
    assert done.exit_code == 0
    assert done.totals == {"MAC000002": sum(Decimal(f"{n}.{n:03}") for n in range(20)), "MAC000003": Decimal("0.5")}
    assert min(done.slots["MAC000002"]) == utc("2012-10-12 00:00")
    assert done.found == [
        ("VALUE_ABSENT", "line 23 column KWH/hh (per half hour)"),
        ("DUPLICATE_SAME", "line 7 meter MAC000002 2012-10-12T02:00:00Z"),
        ("READINGS_MISSING", "meter MAC000003 from 2012-10-12T00:30:00Z to 2012-10-12T01:30:00Z"),
    ]
    drafted = draft(tmp_path, table, "--zone", "Europe/London")
    assert (drafted["meter"], drafted["interval"], drafted["value"], drafted.get("unit")) == ("LCLid", 30, ["KWH/hh (per half hour)"], None)


def test_irish_trial_day_codes_without_titles_between_blanks(tmp_path: Path) -> None:
    # Day 1 is 1 January 2009; 299 is 26 October of 2009... the clock change of 25 October is day 298, with 50 half-hours.
    wanted: dict[datetime, Decimal] = {}
    lines = []
    midnight = datetime(2009, 10, 25, tzinfo=ZoneInfo("Europe/Dublin")).astimezone(UTC)
    for slot in range(1, 51):
        lines.append(f"1392 298{slot:02} 0.{slot:03}")
        wanted[midnight + timedelta(minutes=30 * (slot - 1))] = Decimal(slot) / 1000
    for slot in (1, 2, 4):
        lines.append(f"1392 299{slot:02} 1")
        wanted[midnight + timedelta(hours=25, minutes=30 * (slot - 1))] = Decimal(1)
    lines += ["1392 29951 9", "1393 19503 0.14"]
    map = "header=0,meter=1,time=2,value=3,format=day_slot@2009-01-01,interval=30,zone=Europe/Dublin"
    done = bring(tmp_path, "\r\n".join(lines) + "\r\n", map, "--leave-out", name="File1.txt")
    halves = {start: kwh + done.slots["1392"][start + QUARTER] for start, kwh in done.slots["1392"].items() if start.minute % 30 == 0}
    assert halves == wanted
    assert next(iter(done.slots["1393"])) == datetime(2009, 7, 14, 1, tzinfo=ZoneInfo("Europe/Dublin"))
    assert done.found == [
        ("TIMESTAMP_INVALID", "line 54"),
        ("READINGS_MISSING", "meter 1392 from 2009-10-26T01:00:00Z to 2009-10-26T01:30:00Z"),
    ]


@pytest.mark.parametrize(("date", "format"), [("{:%d}-Jul-10", "%d-%b-%y"), ("{:%d/%m/%Y}", "%d/%m/%Y")])
def test_ausgrid_solar_homes_a_row_for_customer_category_and_day(tmp_path: Path, date: str, format: str) -> None:
    titles = [f"{(at + 1) // 2 % 24}:{'30' if at % 2 == 0 else '00'}" for at in range(48)]
    preamble = "For an explanation of the data see the notes page,,,,,"
    heads = ["Customer", "Generator Capacity", "Postcode", "Consumption Category", "date", *titles, "Row Quality"]
    rows, wanted = [], {}
    for customer in (1, 2):
        for category in ("CL", "GC", "GG"):
            name = f"{customer}-{category}"
            wanted[name] = Decimal(0)
            for day in (1, 2, 3):
                values = [Decimal(customer * at + day) / 1000 for at in range(48)]
                wanted[name] += sum(values)
                cells = [str(customer), "3.78", "2076", category, date.format(datetime(2010, 7, day, tzinfo=UTC)), *map(str, values)]
                rows.append(",".join([*cells, "NA" if day == 2 else ""]))
    table = "\n".join([preamble, ",".join(heads), *rows]) + "\n"
    map_ = {
        "layout": "day",
        "header": 2,
        "meter": ["Customer", "Consumption Category"],
        "time": "date",
        "format": format,
        "value": ["0:30", "0:00"],
        "interval": 30,
        "quality": "Row Quality",
        "qualities": {"NA": "E"},
        "zone": "Australia/Sydney",
    }
    done = bring(tmp_path, table, map_)
    assert (done.exit_code, done.found) == (0, [])
    assert done.totals == wanted
    assert min(done.slots["1-GC"]) == utc("2010-06-30 14:00")


def test_ausgrid_net_export_chosen_by_where(tmp_path: Path) -> None:
    rows = ["1,GC,2025-07-01 00:00,1", "1,GG,2025-07-01 00:00,2", "1,GC,2025-07-01 00:30,3", "1,CL,2025-07-01 00:00,9"]
    map = "meter=Customer,time=t,value=v,interval=30,zone=UTC,where=Category:GC"
    done = bring(tmp_path, "\n".join(["Customer,Category,t,v", *rows]), map)
    assert done.totals == {"1": Decimal(4)}
    assert done.codes == {"ROWS_LEFT_OUT": 2}
