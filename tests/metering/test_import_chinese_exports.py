"""Exports of Chinese grids, collectors and meters come out to the Wh by the command: 96 points, 24:00, 年月日, displays with a ratio."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.metering.import_by_command import Brought, bring, draft

SHANGHAI = ZoneInfo("Asia/Shanghai")
QUARTER = timedelta(minutes=15)
POINTS = [f"{(at + 1) // 4:02}:{(at + 1) % 4 * 15:02}" for at in range(96)]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_96_points_a_day_from_0015_to_2400_in_gb18030_with_a_preamble_and_a_total(tmp_path: Path) -> None:
    lines = ["用户用电负荷曲线导出", "导出时间：2025-03-05 10:00:00,,", ",".join(["序号", "户号", "户名", "数据日期", *POINTS, "日电量"])]
    wanted = Decimal(0)
    for number, day in enumerate(("2025年03月01日", "2025年3月2日", "2025年3月4日"), 1):
        values = [Decimal(number * 100 + point) / 10 for point in range(96)]
        texts = [str(value) for value in values]
        if number == 2:
            texts[10], values[10] = "", Decimal(0)
        wanted += sum(values) / 4 * 40
        lines.append(",".join([str(number), "0571001234\t", "某某银行，总行", day, *texts, str(sum(values))]))
    lines.append("合计,,,," + ",".join(["9999"] * 97))
    map_ = {
        "layout": "day",
        "header": 3,
        "meter": "户号",
        "meters": {"0571001234": "HQ-1"},
        "time": "数据日期",
        "format": "%Y年%m月%d日",
        "value": ["00:15", "24:00"],
        "unit": "kW",
        "multiplier": "40",
        "skip": "合计",
        "zone": "Asia/Shanghai",
    }
    done = bring(tmp_path, "\r\n".join(lines).encode("gb18030"), map_)
    assert done.exit_code == 0
    assert done.totals == {"HQ-1": wanted}
    assert next(iter(done.slots["HQ-1"])) == at("2025-03-01")
    assert done.found == [
        ("CSV_GB18030", "file"),
        ("VALUE_ABSENT", "line 5 column 02:45"),
        ("ROW_PASSED_OVER", "line 7"),
        ("READINGS_MISSING", "meter HQ-1 from 2025-03-01T18:30:00Z to 2025-03-01T18:45:00Z"),
        ("READINGS_MISSING", "meter HQ-1 from 2025-03-02T16:00:00Z to 2025-03-03T16:00:00Z"),
    ]
    drafted = draft(tmp_path, "\n".join(lines[:-1]), "--zone", "Asia/Shanghai")
    assert (drafted["layout"], drafted["value"], drafted["meter"]) == ("day", ["00:15", "24:00"], "户号")
    assert (drafted["header"], drafted["format"], drafted.get("interval", 15)) == (3, "%Y年%m月%d日", 15)


@pytest.mark.parametrize(
    ("form", "format"),
    [
        ("{0.year}年{0.month}月{0.day}日 {1}", "%Y年%m月%d日 %H:%M"),
        ("{0.year}年{0.month:02}月{0.day:02}日{1}", "%Y年%m月%d日%H:%M"),
        ("{0.year}/{0.month}/{0.day} {1}", "%Y/%m/%d %H:%M"),
        ("{0:%Y-%m-%d} {1}", "iso"),
        ("{0:%Y%m%d}{1}", "%Y%m%d%H:%M"),
    ],
)
def test_an_hour_24_is_the_end_of_its_day(tmp_path: Path, form: str, format: str) -> None:
    rows, wanted = [], {}
    for day in (datetime(2024, 2, 29, tzinfo=SHANGHAI), datetime(2024, 12, 31, tzinfo=SHANGHAI)):
        for point in range(96):
            rows.append(f"有功总电能,{form.format(day, POINTS[point])},{point}.125")
            wanted[day + point * QUARTER] = Decimal(point) + Decimal("0.125")
    map = f"meter=测点,meters=有功总电能:P,time=时间,value=值,format={format},stamp=end,zone=Asia/Shanghai"
    done = bring(tmp_path, "\n".join(["测点,时间,值", *rows]), map)
    assert done.slots == {"P": wanted}
    assert set(done.codes) == {"READINGS_MISSING"}


def register(answer: Brought) -> dict[str, object]:
    (found,) = answer.answer["registers"]
    assert isinstance(found, dict)
    return found


def test_displays_of_total_energy_with_a_ratio_are_differences(tmp_path: Path) -> None:
    shown = [Decimal("999998.50") + Decimal(step) / 4 for step in range(12)]
    rows = [f"301,有功总,{at('2025-03-01') + step * QUARTER:%Y/%m/%d %H:%M},{value % 1_000_000:.2f}" for step, value in enumerate(shown)]
    rows.insert(3, "301,无功总,2025/03/01 00:30,17.5")
    map = "meter=表号,time=时间,value=示数,format=%Y/%m/%d %H:%M,kind=register,multiplier=80,where=类型:有功总,zone=Asia/Shanghai"
    done = bring(tmp_path, "\n".join(["表号,类型,时间,示数", *rows]), map)
    assert register(done)["total_kwh"] == "220"
    assert (register(done)["first_display"], register(done)["last_display"], register(done)["points"]) == ("999998.5", "1.25", 12)
    assert done.codes == {"ROWS_LEFT_OUT": 1, "REGISTER_ROLLOVER": 1}


@pytest.mark.parametrize(("stamp", "first"), [("start", "2025-02-28T16:00:00Z"), ("end", "2025-02-28T16:15:00Z")])
def test_a_day_of_displays_in_columns(tmp_path: Path, stamp: str, first: str) -> None:
    row = ",".join(["M", "2025-03-01", *(f"{100 + point / 4:.2f}" for point in range(96))])
    titles = POINTS if stamp == "end" else ["00:00", *POINTS[:-1]]
    map = f"layout=day,kind=register,meter=表号,time=日期,stamp={stamp},zone=Asia/Shanghai"
    done = bring(tmp_path, "\n".join([",".join(["表号", "日期", *titles]), row]), map)
    assert (register(done)["first"], register(done)["total_kwh"]) == (first, "23.75")
    assert done.found == []


@pytest.mark.parametrize(
    ("unit", "scale", "multiplier"), [("Wh", 1000, "1"), ("MWh", Decimal("0.001"), "1"), ("kWh", Decimal("0.025"), "40")]
)
def test_home_assistant_sums_in_any_unit_with_parts_of_seconds_and_noise(
    tmp_path: Path, unit: str, scale: Decimal, multiplier: str
) -> None:
    noise = ["", "0000000002", "", "9999999998"]
    rows = []
    for step in range(13):
        value = Decimal(1000) + Decimal(step) / 100
        text = str(value * scale) + (noise[step % 4] if unit == "MWh" and step % 4 == 1 else "")
        rows.append(f"sensor.energy,{text},2024-01-01T{step // 4:02}:{step % 4 * 15:02}:00.{step:03}Z")
    rows.insert(5, "sensor.energy,unavailable,2024-01-01T01:07:12.5Z")
    rows.insert(6, "sensor.energy,unknown,2024-01-01T01:08:12.5Z")
    map = f"meter_id=house,time=last_changed,value=state,kind=register,unit={unit},multiplier={multiplier}"
    done = bring(tmp_path, "\n".join(["entity_id,state,last_changed", *rows]), map)
    assert done.exit_code == 0
    assert register(done)["total_kwh"] == "0.12"
    assert done.codes == {"VALUE_ABSENT": 2}


def test_a_display_that_steps_back_is_named(tmp_path: Path) -> None:
    rows = ["2024-01-01T00:00:00Z,500000", "2024-01-01T00:15:00Z,500250", "2024-01-01T00:30:00Z,10", "2024-01-01T00:45:00Z,260"]
    done = bring(tmp_path, "\n".join(["t,sum", *rows]), "meter_id=x,time=t,value=sum,kind=register,unit=Wh")
    assert done.codes == {"NEGATIVE_STEP": 1}
    assert (done.exit_code, register(done)["total_kwh"]) == (1, "0.5")
