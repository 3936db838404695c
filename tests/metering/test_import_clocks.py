"""Stamps of every kind, at the start or the end of intervals, over changes of clocks, come out at their instants by the command."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.metering.import_by_command import bring, refuse

# Zone, and the local day on which its clocks change: back and forth, at midnight, by half an hour, and in China of 1986.
CHANGES = [
    ("Europe/Berlin", "2024-10-27", 100),
    ("Europe/Berlin", "2024-03-31", 92),
    ("America/New_York", "2024-11-03", 100),
    ("America/New_York", "2024-03-10", 92),
    ("Asia/Shanghai", "1986-05-04", 92),
    ("Asia/Shanghai", "1986-09-14", 100),
    ("Australia/Lord_Howe", "2024-04-07", 98),
    ("America/Sao_Paulo", "2018-11-04", 92),
    ("America/Sao_Paulo", "2018-02-17", 100),
    ("Europe/Dublin", "2024-10-27", 100),
]


def day_of(zone: str, day: str) -> list[datetime]:
    first = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    after = (datetime.fromisoformat(day) + timedelta(days=1)).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return [first + timedelta(minutes=15 * at) for at in range(int((after - first).total_seconds()) // 900)]


@pytest.mark.parametrize(("stamp", "backwards"), [("start", False), ("end", True)])
@pytest.mark.parametrize(("zone", "day", "count"), CHANGES)
def test_a_day_of_clock_changes_written_by_the_wall_clock(
    tmp_path: Path, zone: str, day: str, count: int, stamp: str, backwards: bool
) -> None:
    slots = day_of(zone, day)
    assert len(slots) == count
    wanted = {slot: Decimal(at) / 1000 for at, slot in enumerate(slots)}
    shift = timedelta(minutes=15 if stamp == "end" else 0)
    rows = [f"{(slot + shift).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M},{kwh}" for slot, kwh in wanted.items()]
    table = "\n".join(["t,v", *(rows[::-1] if backwards else rows)])
    done = bring(tmp_path, table, f"meter_id=x,time=t,value=v,zone={zone},stamp={stamp}")
    assert done.slots == {"x": wanted}
    assert done.codes == ({"READING_OUT_OF_ORDER": 1} if backwards else {})


@pytest.mark.parametrize(("zone", "day", "count"), CHANGES)
def test_a_row_of_a_day_of_clock_changes_by_elapsed_time(tmp_path: Path, zone: str, day: str, count: int) -> None:
    slots = day_of(zone, day)
    after = datetime.fromisoformat(day) + timedelta(days=1)
    titles = ",".join(f"P{at + 1}" for at in range(100))
    first = ",".join([day, *(str(at) for at in range(count)), *[""] * (100 - count)])
    second = ",".join([f"{after:%Y-%m-%d}", *["7"] * 96, *[""] * 4])
    done = bring(tmp_path, f"d,{titles}\n{first}\n{second}\n", f"layout=day,day_columns=elapsed,meter_id=x,time=d,zone={zone}")
    assert done.exit_code == 0
    got = list(done.slots["x"].items())
    assert got[:count] == [(slot, Decimal(at)) for at, slot in enumerate(slots)]
    assert got[count:] == [(slots[-1] + timedelta(minutes=15 * (at + 1)), Decimal(7)) for at in range(96)]


MOMENT = datetime(2025, 7, 4, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "format", "zone"),
    [
        ("2025-07-04T13:30:00Z", "iso", None),
        ("2025-07-04 21:30:00+08:00", "iso", None),
        ("20250704T213000+0800", "iso", None),
        ("2025-07-04 13:30:00.000000", "iso", "UTC"),
        ("2025-07-04 13:30:00 UTC", "iso", None),
        ("1751635800", "epoch_s", None),
        ("1751635800.0", "epoch_s", None),
        ("1751635800000", "epoch_ms", None),
        ("45842.5625", "excel", "UTC"),
        ("45842.89583333334", "excel", "+08:00"),
        ("7/4/2025 1:30:00 PM", "%m/%d/%Y %I:%M:%S %p", "UTC"),
        ("7/4/25 1:30PM", "%m/%d/%y %I:%M%p", "UTC"),
        ("04JUL2025:13:30:00", "%d%b%Y:%H:%M:%S", "UTC"),
        ("04-Jul-25 01.30.00.000000000 PM", "%d-%b-%y %I.%M.%S.%f %p", "UTC"),
        ("Friday, July 4, 2025 13:30", "%*, %B %d, %Y %H:%M", "UTC"),
        ("2025185 1330", "%Y%j %H%M", "UTC"),
        ("2025年7月4日 下午9:30", "%Y年%m月%d日 %p%I:%M", "Asia/Shanghai"),
        ("04.07.2025 15:30 MESZ", "%d.%m.%Y %H:%M %Z", "Europe/Berlin"),
        ("07/04/2025 08:30 CDT", "%m/%d/%Y %H:%M %Z", "America/Chicago"),
        ("07/04/2025 07:30 CST", "%m/%d/%Y %H:%M %Z", "America/Chicago"),
    ],
)
def test_a_stamp_of_any_house_is_its_instant(tmp_path: Path, text: str, format: str, zone: str | None) -> None:
    map = {"meter_id": "x", "time": "t", "value": "v", "format": format, **({"zone": zone} if zone else {})}
    done = bring(tmp_path, f't;v\n"{text}";0.5\n', {**map, "delimiter": "semicolon"})
    if text.endswith("CST"):  # winter time in July is no time of that zone
        assert done.codes == {"TIMESTAMP_INVALID": 1}
        return
    assert done.slots == {"x": {MOMENT: Decimal("0.5")}}
    assert done.found == []


@pytest.mark.parametrize(
    ("text", "format"),
    [
        ("2025-02-29 00:00", "iso"),
        ("2025-07-04 24:15", "iso"),
        ("2025-07-04 13:60", "iso"),
        ("2025-07-04 13:30:00.5", "iso"),
        ("13/7/2025 1:30 PM", "%m/%d/%Y %I:%M %p"),
        ("7/4/2025 13:30 PM", "%m/%d/%Y %I:%M %p"),
        ("7/4/2025 0:30 AM", "%m/%d/%Y %I:%M %p"),
        ("1751635800.5", "epoch_s"),
        ("45842.56251", "excel"),
        ("#######", "excel"),
        ("1969-12-31 23:45", "iso"),
    ],
)
def test_a_stamp_that_is_none_is_named_by_its_line(tmp_path: Path, text: str, format: str) -> None:
    done = bring(tmp_path, f"t;v\n{text};0.5\n", f"meter_id=x,time=t,value=v,zone=UTC,delimiter=semicolon,format={format}")
    assert (done.exit_code, done.found) == (1, [("TIMESTAMP_INVALID", "line 2")])
    assert done.answer["findings"][0]["expected"]


def test_names_of_summer_and_winter_time_tell_which_of_two_hours_is_meant(tmp_path: Path) -> None:
    rows = ["2024-11-03 01:30 EST,2", "2024-11-03 01:30 EDT,1", "2024-11-03 01:45 EDT,3"]
    done = bring(tmp_path, "\n".join(["t,v", *rows]), "meter_id=x,time=t,value=v,zone=America/New_York,format=%Y-%m-%d %H:%M %Z")
    assert [(f"{at:%H:%M}", kwh) for at, kwh in done.slots["x"].items()] == [("05:30", 1), ("05:45", 3), ("06:30", 2)]
    assert done.codes == {"READING_OUT_OF_ORDER": 1, "READINGS_MISSING": 1}


@pytest.mark.parametrize(
    ("interval", "rows", "kwh"),
    [
        ("30s", [f"2025-01-01T00:{at // 2:02}:{at % 2 * 30:02}Z,36" for at in range(30)], "9"),
        ("1s", [f"2025-01-01T00:{at // 60:02}:{at % 60:02}Z,3.6" for at in range(900)], "0.9"),
        ("1", [f"2025-01-01T00:{at:02}:00Z,6" for at in range(15)], "1.5"),
        ("5", [f"2025-01-01T00:{at * 5:02}:00Z,12" for at in range(3)], "3"),
    ],
)
def test_means_over_seconds_and_minutes_are_added_up(tmp_path: Path, interval: str, rows: list[str], kwh: str) -> None:
    done = bring(tmp_path, "\n".join(["t,kW", *rows]), f"meter_id=x,time=t,value=kW,unit=kW,interval={interval}")
    assert (done.totals, done.found) == ({"x": Decimal(kwh)}, [])
    last = bring(tmp_path, "\n".join(["t,kW", *rows[:-1]]), f"meter_id=x,time=t,value=kW,unit=kW,interval={interval}")
    assert last.codes == {"SLOT_INCOMPLETE": 1}


def test_samples_at_no_regular_time_are_refused_one_by_one(tmp_path: Path) -> None:
    rows = ["1303132929 222.20", "1303132932 223.17", "1303132937 223.10"]
    done = bring(tmp_path, "\n".join(rows), "header=0,meter_id=x,time=1,value=2,format=epoch_s,unit=W,interval=1s,delimiter=blank")
    assert done.codes == {"READINGS_MISSING": 2, "SLOT_INCOMPLETE": 1}
    coarse = bring(tmp_path, "\n".join(rows), "header=0,meter_id=x,time=1,value=2,format=epoch_s,unit=W,interval=1")
    assert coarse.codes == {"TIMESTAMP_OFF_GRID": 3}
    assert "seconds that make up a minute" in refuse(tmp_path, "x", "meter_id=x,time=1,value=2,interval=7s")
