"""Files of markets and utilities, as they are downloaded, come out to the Wh by the command: NEM12, Green Button, SMARD, ENTSO-E."""

from __future__ import annotations

import gzip
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.metering.import_by_command import bring, draft, refuse, utc

AEST = ZoneInfo("Australia/Brisbane")
QUARTER = timedelta(minutes=15)


def record(date: str, values: list[str], quality: str = "A", *more: str) -> str:
    return ",".join(["300", date, *values, quality, *(more or ("", "", "20240103120000", ""))])


def nem12(*records: str, end: bool = True) -> str:
    return "\r\n".join(["100,NEM12,202401031200,MDA1,Ret1", *records, *(["900"] if end else [])]) + "\r\n"


def head(suffix: str, minutes: int, unit: str = "kWh") -> str:
    return f"200,NEM1201009,E1E2Q1,{suffix},{suffix},N1,METSER123,{unit},{minutes},"


def test_nem12_of_half_hours_and_five_minutes_with_qualities_by_parts_of_a_day(tmp_path: Path) -> None:
    halves = [f"{at}.{at:02}1" for at in range(48)]
    fives = [f"0.{at:03}" for at in range(288)]
    solar = ["1"] * 288
    table = nem12(
        head("E1", 30),
        record("20240101", halves),
        head("E1", 5, "KWH"),
        record("20240102", fives, "V"),
        "400,1,20,A,,",
        "400,21,24,N,,",
        "400,25,288,F14,76,",
        head("B1", 5),
        record("20240102", solar, "S53", "9", "", "20240103120000", ""),
        "500,O,S01009,20040801120000,",
        head("Q1", 5, "kVArh"),
        record("20240102", ["7"] * 288),
    )
    done = bring(tmp_path, table, "layout=nem12")
    assert done.exit_code == 0
    wanted = sum(map(Decimal, halves)) + sum(map(Decimal, fives)) - sum(map(Decimal, fives[18:24]))
    assert done.totals == {"NEM1201009-E1": wanted, "NEM1201009-B1": Decimal(288)}
    start = datetime(2024, 1, 1, tzinfo=AEST)
    slots = done.slots["NEM1201009-E1"]
    assert next(iter(slots)) == start
    assert slots[start + 95 * QUARTER] + slots[start + 94 * QUARTER] == Decimal(halves[47])
    assert slots[start + 96 * QUARTER] == sum(map(Decimal, fives[:3]))
    # Half-hours are spread, hence estimated; 5-minute values are as they are; from the 25th interval on final substitutes.
    assert done.qualities["NEM1201009-E1"] == "E" * 96 + "A" * 6 + "S" * 88
    absent = [place for code, place in done.found if code == "VALUE_ABSENT"]
    assert absent == ["line 5 column value"] * 4
    gaps = [place for code, place in done.found if code == "READINGS_MISSING"]
    assert gaps == ["meter NEM1201009-E1 from 2024-01-01T15:40:00Z to 2024-01-01T16:00:00Z"]
    assert [place for code, place in done.found if code == "SLOT_INCOMPLETE"] == ["meter NEM1201009-E1 2024-01-01T15:30:00Z"]
    assert [place for code, place in done.found if code == "UNIT_LEFT_OUT"] == ["line 12 meter NEM1201009-Q1"]
    assert len(done.found) == 7


@pytest.mark.parametrize("number", ["9" * 5_000, "²", "٣٠", "-1"])
def test_nem12_names_what_is_no_number_of_an_interval(tmp_path: Path, number: str) -> None:
    day = record("20240101", ["1"] * 48)
    table = nem12(head("E1", 30), day, f"400,1,{number},A,,", head("E2", 30).replace(",30,", f",{number},"))
    done = bring(tmp_path, table, "layout=nem12", "--leave-out")
    assert [place for code, place in done.found if code == "FORM_RECORD_INVALID"] == ["line 4", "line 5"]


def test_nem12_names_what_is_wrong_with_its_records_by_line(tmp_path: Path) -> None:
    day = ["1"] * 48
    table = nem12(
        head("E1", 30),
        record("20240101", day),
        record("20240101", day),
        record("20240102", ["2", *day[1:]]),
        record("20240102", day),
        record("20240104", [*day[:-1], "-5"]),
        record("20240231", day),
        record("20240105", day[1:]),
        "400,5,3,A,,",
        "250,NEM1201009,1234",
        "200,NEM1201009,E1,E2,E2,,,kWh,7,",
        record("20240106", day),
        end=False,
    )
    done = bring(tmp_path, table, "layout=nem12", "--leave-out")
    assert done.totals == {"NEM1201009-E1": Decimal(48 + 49 + 47)}
    assert done.codes == {
        "FORM_RECORD_INVALID": 6,
        "VALUE_NEGATIVE": 1,
        "FORM_END_MISSING": 1,
        "DUPLICATE_SAME": 48 + 47,
        "READING_REPEATED": 1,
        "READING_OUT_OF_ORDER": 2,
        "READINGS_MISSING": 1,
    }
    invalid = [place for code, place in done.found if code == "FORM_RECORD_INVALID"]
    assert invalid == [f"line {at}" for at in (8, 9, 10, 11, 12, 13)]
    repeated = [place for code, place in done.found if code == "READING_REPEATED"]
    assert repeated == ["line 6 meter NEM1201009-E1 2024-01-01T14:00:00Z"]


def test_nem12_readings_that_lie_over_each_other_are_named(tmp_path: Path) -> None:
    table = nem12(head("E1", 30), record("20240101", ["1"] * 48), head("E1", 15), record("20240101", ["0.5"] * 96))
    done = bring(tmp_path, table, "layout=nem12", "--leave-out")
    assert done.totals == {"NEM1201009-E1": Decimal(48)}
    assert done.codes == {"READING_OUT_OF_ORDER": 1, "READING_REPEATED": 48, "READINGS_OVERLAP": 48}


def test_a_nem12_file_is_known_by_its_first_record(tmp_path: Path) -> None:
    table = nem12(head("E1", 30), record("20240101", ["1"] * 48))
    assert draft(tmp_path, table)["layout"] == "nem12"
    assert bring(tmp_path, table, "auto").totals == {"NEM1201009-E1": Decimal(48)}
    assert "leave time out" in refuse(tmp_path, table, "layout=nem12,time=start")


ESPI = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
 <entry><link rel="self" href="/espi/1_1/resource/UsagePoint/01"/><content><UsagePoint xmlns="http://naesb.org/espi"/></content></entry>
 <entry>
  <link rel="self" href="/espi/1_1/resource/UsagePoint/01/MeterReading/1"/>
  <link rel="related" href="/espi/1_1/resource/ReadingType/07"/>
  <content><MeterReading xmlns="http://naesb.org/espi"/></content>
 </entry>
 <entry>
  <link rel="self" href="/espi/1_1/resource/UsagePoint/01/MeterReading/1/IntervalBlock/1"/>
  <content><IntervalBlock xmlns="http://naesb.org/espi">
   <interval><duration>86400</duration><start>1330578000</start></interval>
{readings}
  </IntervalBlock></content>
 </entry>
 <entry>
  <link rel="self" href="/espi/1_1/resource/ReadingType/07"/>
  <content><ReadingType xmlns="http://naesb.org/espi">
   <intervalLength>900</intervalLength><powerOfTenMultiplier>{power}</powerOfTenMultiplier><uom>{uom}</uom>
  </ReadingType></content>
 </entry>
</feed>
"""


def reading(start: int, value: int, *, seconds: int = 900, quality: str = "") -> str:
    mark = f"<ReadingQuality><quality>{quality}</quality></ReadingQuality>" if quality else ""
    period = f"<timePeriod><duration>{seconds}</duration><start>{start}</start></timePeriod>"
    return f"   <IntervalReading>{mark}{period}<value>{value}</value><cost>907</cost></IntervalReading>"


@pytest.mark.parametrize(("power", "uom", "wh"), [(0, 72, 1), (3, 72, 1000), (-3, 72, Decimal("0.001")), (0, 38, Decimal("0.25"))])
def test_green_button_xml_with_powers_of_ten_lengths_and_qualities(tmp_path: Path, power: int, uom: int, wh: Decimal) -> None:
    begin = 1330578000
    rows = [reading(begin + 900 * at, 974 + at, quality="14" if at else "8") for at in range(4)]
    rows += [reading(begin + 900 * 6, 300), reading(begin + 900 * 6, 300), reading(begin + 900 * 7, 12, seconds=3600)]
    done = bring(tmp_path, ESPI.format(readings="\n".join(rows), power=power, uom=uom), "layout=espi", name="usage.xml")
    assert done.exit_code == 0
    hour = 4 if uom == 38 else 1
    assert done.totals == {"01-1": (Decimal(974 + 975 + 976 + 977 + 300) + 12 * hour) * wh / 1000}
    assert min(done.slots["01-1"]) == utc("2012-03-01 05:00")
    assert done.qualities["01-1"] == "EAAA" + "A" + "EEEE"
    assert done.found == [
        ("DUPLICATE_SAME", "line 18 meter 01-1 2012-03-01T06:30:00Z"),
        ("READINGS_MISSING", "meter 01-1 from 2012-03-01T06:00:00Z to 2012-03-01T06:30:00Z"),
    ]


def test_green_button_xml_that_is_no_such_file_is_refused_by_name(tmp_path: Path) -> None:
    good = ESPI.format(readings=reading(1330578000, 1), power=0, uom=72)
    bomb = good.replace("<feed", '<!DOCTYPE feed [<!ENTITY a "b">]><feed', 1)
    display = good.replace("<uom>", "<accumulationBehaviour>3</accumulationBehaviour><uom>")
    assert list(bring(tmp_path, display, "layout=espi").codes) == ["ROW_UNIT_UNKNOWN"]
    deep = good.replace("<uom>", "<a>" * 200_000 + "</a>" * 200_000 + "<uom>")
    for data, code in (
        (bomb, "CSV_UNREADABLE"),
        (deep, "CSV_UNREADABLE"),
        (good[:900], "CSV_UNREADABLE"),
        (good.replace(">72<", ">999<"), "ROW_UNIT_UNKNOWN"),
    ):
        done = bring(tmp_path, data, "layout=espi")
        assert (done.exit_code, list(done.codes)) == (1, [code])
    assert draft(tmp_path, good)["layout"] == "espi"
    assert bring(tmp_path, gzip.compress(good.encode()), "auto").totals == {"01-1": Decimal("0.001")}


def test_green_button_csv_of_a_utility_with_a_preamble_and_a_gas_part(tmp_path: Path) -> None:
    preamble = ['Name,"A, B"', "Address,1 MAIN ST", "Account Number,123", "Service,Service 1", ""]
    titles = "TYPE,DATE,START TIME,END TIME,USAGE,UNITS,COST,NOTES"
    rows, total = [], Decimal(0)
    for at in range(96):
        start = datetime(2019, 11, 3, at // 4, at % 4 * 15, tzinfo=AEST)
        rows.append(f"Electric usage,{start:%Y-%m-%d},{start:%H:%M},{start + timedelta(minutes=14):%H:%M},0.{at:02},kWh,$0.02,")
        total += Decimal(f"0.{at:02}")
    gas = ["", titles, "Natural gas usage,2019-11-03,00:00,23:59,1.04,therms,$1.4"]
    table = "\n".join([*preamble, titles, *rows, *gas]) + "\n"
    map = "header=6,meter_id=main,time=DATE+START TIME,value=USAGE,unit_column=UNITS,zone=America/Los_Angeles"
    done = bring(tmp_path, table, map + ",where=TYPE:Electric usage")
    assert done.exit_code == 0
    assert done.totals == {"main": total}
    assert ("ROW_PASSED_OVER", "line 104") in done.found
    # The hour that came twice stands there once: four readings, and four that lack.
    assert done.codes == {"ROW_PASSED_OVER": 1, "ROWS_LEFT_OUT": 1, "TIME_AMBIGUOUS": 4, "READINGS_MISSING": 1}
    unchosen = bring(tmp_path, table, map)
    assert ("ROW_UNIT_UNKNOWN", "line 105") in unchosen.found
    heat = "header=6,meter_id=gas,time=DATE+START TIME,value=USAGE,unit_column=UNITS,quantity=heat.energy,zone=+00:00,interval=60"
    burnt = bring(tmp_path, table, heat + ",where=TYPE:Natural gas usage")
    assert burnt.answer["meters"][0]["read"] == str(Decimal("105505.585262") * Decimal("1.04")).rstrip("0")


def test_smard_german_numbers_with_start_and_end_columns(tmp_path: Path) -> None:
    zone = ZoneInfo("Europe/Berlin")
    begin = int(datetime(2025, 10, 26, tzinfo=zone).timestamp())
    rows, wanted = [], {}
    for at in range(100):
        start = datetime.fromtimestamp(begin + 900 * at, zone)
        end = datetime.fromtimestamp(begin + 900 * (at + 1), zone)
        text = "-" if at == 50 else f"1.{at:03},25"
        rows.append(f"{start:%d.%m.%Y %H:%M};{end:%d.%m.%Y %H:%M};{text};0")
        if at != 50:
            wanted[start.astimezone(ZoneInfo("UTC"))] = (Decimal(1000 + at) + Decimal("0.25")) * 1000
    title = "Datum von;Datum bis;Netzlast [MWh] Originalauflösungen;Pumpspeicher [MWh]"
    table = "\ufeff" + "\n".join([title, *rows])
    map = {
        "meter_id": "DE",
        "time": "Datum von",
        "format": "%d.%m.%Y %H:%M",
        "value": "Netzlast [MWh] Originalauflösungen",
        "unit": "MWh",
        "decimal": "comma",
        "group": "dot",
        "zone": "Europe/Berlin",
    }
    for encoding in ("utf-8", "utf-16", "windows-1252"):
        data = table[encoding != "utf-8" :].encode(encoding)
        done = bring(tmp_path, data, {**map, "encoding": encoding if encoding == "windows-1252" else "auto"})
        assert (done.exit_code, done.slots) == (0, {"DE": wanted})
        assert done.found == [
            ("VALUE_ABSENT", "line 52 column Netzlast [MWh] Originalauflösungen"),
            ("READINGS_MISSING", "meter DE from 2025-10-26T10:30:00Z to 2025-10-26T10:45:00Z"),
        ]
    drafted = draft(tmp_path, table, "--zone", "Europe/Berlin")
    assert {drafted[name] for name in ("format", "decimal", "group", "unit")} == {"%d.%m.%Y %H:%M", ",", ".", "MWh"}


def test_entso_e_periods_with_zone_marks_and_n_e(tmp_path: Path) -> None:
    rows = []
    for text, value in (
        ("26/10/2025 01:45 (CEST) - 26/10/2025 02:00 (CEST)", "1"),
        ("26/10/2025 02:00 (CEST) - 26/10/2025 02:15 (CEST)", "2"),
        ("26/10/2025 02:00 (CET) - 26/10/2025 02:15 (CET)", "4"),
        ("26/10/2025 02:15 (CET) - 26/10/2025 02:30 (CET)", "n/e"),
        ("26/10/2025 02:30 (CET) - 26/10/2025 02:45 (CET)", "8"),
    ):
        rows.append(f'"{text}","{value}","A"')
    map = {
        "meter_id": "load",
        "time": "MTU (CET/CEST)",
        "format": "%d/%m/%Y %H:%M (%Z)%*",
        "value": "Actual Total Load [MW] - BZN|DE-LU",
        "unit": "MW",
        "zone": "Europe/Berlin",
    }
    table = "\n".join(['"MTU (CET/CEST)","Actual Total Load [MW] - BZN|DE-LU","x"', *rows])
    done = bring(tmp_path, table, map)
    assert done.exit_code == 0
    assert {start.strftime("%H:%M"): kwh for start, kwh in done.slots["load"].items()} == {
        "23:45": 250,
        "00:00": 500,
        "01:00": 1000,
        "01:30": 2000,
    }


def test_a_utility_with_a_clock_of_twelve_hours_and_hours_of_a_day_in_columns(tmp_path: Path) -> None:
    clock = [f"{at % 12 or 12}:00 {'AM' if at < 12 else 'PM'}" for at in range(24)]
    rows = [f"7/{day}/2023,{','.join(str(day * 100 + at) for at in range(24))},{sum(day * 100 + at for at in range(24))}" for day in (4, 5)]
    table = "\n".join(["Usage Date," + ",".join(clock) + ",Total", *rows])
    map = f"layout=day,meter_id=x,time=Usage Date,format=%m/%d/%Y,value={clock[0]}+{clock[-1]},interval=60,zone=America/Chicago,unit=Wh"
    done = bring(tmp_path, table, map)
    assert (done.exit_code, done.found) == (0, [])
    assert done.totals == {"x": Decimal(sum(day * 100 + at for day in (4, 5) for at in range(24))) / 1000}
    drafted = draft(tmp_path, table, "--zone", "America/Chicago")
    assert (drafted["layout"], drafted["interval"], drafted["value"]) == ("day", 60, [clock[0], clock[-1]])
    long = [f'"7/4/2023 {text.replace(":00", ":15")}","1,0{at:02}.5"' for at, text in enumerate(clock)]
    words = "meter_id=x,time=When,value=Use (Wh),format=%m/%d/%Y %I:%M %p,interval=60,group=comma,unit=Wh,zone=America/New_York"
    read = bring(tmp_path, "\n".join(["When,Use (Wh)", *long]), words)
    assert read.found == []
    assert read.totals == {"x": sum(Decimal(f"10{at:02}.5") for at in range(24)) / 1000}
    assert min(read.slots["x"]) == utc("2023-07-04 04:15")
