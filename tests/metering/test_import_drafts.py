"""The command drafts maps of foreign files: what it finds, and what it says that somebody must look at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ledger.metering.imports.guess import guess_map
from tests.metering.import_by_command import bring, refuse

START = datetime(2024, 3, 1, tzinfo=UTC)


def rows(titles: str, row: Callable[[datetime, int], str], count: int = 120, minutes: int = 15) -> str:
    return "\n".join([titles, *(row(START + timedelta(minutes=minutes * at), at) for at in range(count))]) + "\n"


@pytest.mark.parametrize(
    ("table", "wanted", "unsure"),
    [
        (
            rows("ts,value", lambda t, n: f"{int(t.timestamp())}000,{n % 7}"),
            {"time": ["ts"], "format": "epoch_ms", "meter_id": "{file}"},
            {"unit"},
        ),
        (
            rows("entity_id,state,last_changed", lambda t, n: f"sensor.energy,{1000 + n / 10},{t:%Y-%m-%dT%H:%M:%S}.123Z"),
            {"time": ["last_changed"], "value": ["state"], "kind": "register", "meter": "entity_id"},
            {"unit", "kind"},
        ),
        (
            rows("户号,数据时间,正向有功总电能(kWh)", lambda t, n: f"0571,{t.year}年{t.month}月{t.day}日 {t:%H:%M},{100 + n / 4}"),
            {"meter": "户号", "format": "%Y年%m月%d日 %H:%M", "kind": "register"},
            {"kind", "zone", "stamp"},
        ),
        (
            rows("表号,采集时间,正向有功示数", lambda t, n: f"0571,{t.year}/{t.month}/{t.day} {t.hour}:{t:%M},{100 + n / 4}"),
            {"meter": "表号", "format": "%Y/%m/%d %H:%M", "kind": "register"},
            {"unit", "zone", "stamp"},
        ),
        (
            rows("sep=;\nZeit;Verbrauch kWh", lambda t, n: f"{t:%d.%m.%Y %H:%M};1.{n:03},5"),
            {"header": 2, "delimiter": "semicolon", "decimal": ",", "group": ".", "format": "%d.%m.%Y %H:%M"},
            {"zone", "stamp"},
        ),
        (
            rows("Name,X\nAccount,1\n\nTYPE,DATE,START TIME,END TIME,USAGE (kWh),NOTES", lambda t, n: f"E,{t:%Y-%m-%d},{t:%H:%M},x,0.{n},"),
            {"header": 4, "time": ["DATE", "START TIME"], "value": ["USAGE (kWh)"]},
            {"format", "zone", "stamp"},
        ),
        (
            rows("Date,HE,Load MW", lambda t, n: f"{t:%d/%m/%Y},{t.hour + 1},{n % 5}", minutes=60),
            {"time": ["Date", "HE"], "format": "%d/%m/%Y %H", "interval": 60, "unit": "MW"},
            {"zone", "stamp"},
        ),
        (
            rows('"MTU (CET/CEST)","Load [MW]"', lambda t, n: f'"{t:%d/%m/%Y %H:%M} - {t:%d/%m/%Y %H:%M}","{n % 5}"', count=20 * 96),
            {"time": ["MTU (CET/CEST)"], "format": "%d/%m/%Y %H:%M - %*", "unit": "MW"},
            {"zone", "stamp"},
        ),
        (
            "MPAN,Date," + ",".join(f"HH{at + 1:02}" for at in range(48)) + "\n2000,25/03/2024," + ",".join(["1"] * 48) + "\n",
            {"layout": "day", "interval": 30, "value": ["HH01", "HH48"], "meter": "MPAN", "format": "%d/%m/%Y"},
            {"unit", "zone", "stamp"},
        ),
    ],
)
def test_a_draft_says_what_stands_where_and_what_it_is_not_sure_of(
    tmp_path: Path, table: str, wanted: dict[str, object], unsure: set[str]
) -> None:
    path = tmp_path / "export.csv"
    path.write_text(table, encoding="utf-8")
    guess = guess_map(path)
    document = guess.to_document()
    assert {name: document.get(name) for name in wanted} == wanted
    assert unsure <= set(guess.unsure) <= unsure | {"format"}


def test_a_zone_that_is_said_is_that_of_the_months_also_where_stamps_have_offsets(tmp_path: Path) -> None:
    table = rows("time,kWh", lambda t, n: f"{t:%Y-%m-%dT%H:%MZ},1")
    done = bring(tmp_path, table, "auto", "--zone", "America/Los_Angeles")
    assert [month["month"] for month in done.answer["meters"][0]["months"]] == ["2024-02", "2024-03"]


def test_hours_that_end_are_read_to_the_24th(tmp_path: Path) -> None:
    table = rows("Date,HE,MWh", lambda t, n: f"{t:%d/%m/%Y},{t.hour + 1},{n}", count=48, minutes=60)
    done = bring(tmp_path, table, "meter_id=x,time=Date+HE,format=%d/%m/%Y %H,value=MWh,unit=MWh,stamp=end,interval=60,zone=UTC")
    assert (done.totals, done.found) == ({"x": Decimal(sum(range(48))) * 1000}, [])
    assert min(done.slots["x"]) == START


def test_an_import_by_a_guess_is_refused_where_displays_look_like_amounts(tmp_path: Path) -> None:
    table = rows("meter,time,kWh", lambda t, n: f"M,{t:%Y-%m-%dT%H:%MZ},{5000 + n}")
    assert "does not show kind" in refuse(tmp_path, table, "auto")


def test_names_that_are_no_ids_are_given_some(tmp_path: Path) -> None:
    table = rows("Zeit;总表;Solar (Dach) kWh;Solar/Dach kWh", lambda t, n: f"{t:%Y-%m-%dT%H:%MZ};{n % 3};1;2")
    path = tmp_path / "my export (1).csv"
    path.write_text(table, encoding="utf-8")
    guess = guess_map(path)
    assert guess.map.meters == {"总表": "meter-1", "Solar (Dach) kWh": "Solar-Dach-kWh", "Solar/Dach kWh": "Solar-Dach-kWh-3"}
    assert "meters" in guess.unsure
    path.write_text(rows("Zeit;kWh", lambda t, n: f"{t:%Y-%m-%dT%H:%MZ};{n % 3}"), encoding="utf-8")
    assert guess_map(path).map.meter_id == "my-export-1"
    path.write_text(rows("户号;Zeit;kWh", lambda t, n: f"总 {n % 2};{t:%Y-%m-%dT%H:%MZ};{n % 3}"), encoding="utf-8")
    assert guess_map(path).map.meters == {"总 0": "0", "总 1": "1"}
