"""Whatever is wrong with a file of readings is named: code, row, meter and instant; and what is right stays right."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.clock import parse_instant
from ledger.errors import InputError
from ledger.metering.imports.faults import Faults, shorten
from ledger.metering.imports.guess import guess_map
from ledger.metering.imports.meter_map import MeterMap, load_map
from ledger.metering.imports.numbered_stamps import NoStamp, Stamp
from ledger.metering.imports.reading import import_files
from ledger.metering.imports.result import ImportResult
from ledger.metering.imports.stamps import reader_of

NOW = parse_instant("2026-01-01T00:00:00Z")
ONE = "meter_id=x,time=t,zone=UTC"
PECAN = {"26-grid": 125_000, "26-solar": 0, "26-solar-export": 62_500}
PLAIN = "meter=m,time=t,value=v,zone=Asia/Shanghai"
GOOD = ["M1,2025-03-01 00:00,1", "M1,2025-03-01 00:15,2", "M1,2025-03-01 00:30,3", "M1,2025-03-01 00:45,4"]


def read(folder: Path, table: str | bytes, line: str = PLAIN, *, name: str = "table.csv") -> ImportResult:
    path = folder / name
    path.write_bytes(table if isinstance(table, bytes) else table.encode())
    return import_files([path], MeterMap.of_line(line), now=NOW)


def rows(folder: Path, lines: list[str], line: str = PLAIN) -> ImportResult:
    return read(folder, "\n".join(["m,t,v", *lines]) + "\n", line)


def found(done: ImportResult) -> list[tuple[str, str]]:
    return [(finding.code, finding.place) for finding in done.findings]


def totals(done: ImportResult) -> dict[str, int]:
    return {meter.readings.meter: sum(meter.readings.values.tolist()) for meter in done.meters}


@pytest.mark.parametrize(
    ("lines", "wanted", "kwh"),
    [
        (GOOD, [], 10),
        ([*GOOD, GOOD[1]], [("READING_OUT_OF_ORDER", "line 6"), ("DUPLICATE_SAME", "line 6")], 10),
        (
            [*GOOD[:2], "M1,2025-03-01 00:15,2.5", *GOOD[2:]],
            [("READING_REPEATED", "line 4 meter M1 2025-02-28T16:15:00Z")],
            10,
        ),
        ([GOOD[0], GOOD[3]], [("READINGS_MISSING", "meter M1 from 2025-02-28T16:15:00Z to 2025-02-28T16:45:00Z")], 5),
        ([GOOD[0], GOOD[2], GOOD[1], GOOD[3]], [("READING_OUT_OF_ORDER", "line 4 meter M1 2025-02-28T16:15:00Z")], 10),
        (GOOD[::-1], [("READING_OUT_OF_ORDER", "meter M1")], 10),
        ([*GOOD, "M1,2025-03-01 01:07,9"], [("TIMESTAMP_OFF_GRID", "line 6 meter M1 2025-02-28T17:07:00Z")], 10),
        ([*GOOD, "M1,2027-03-01 01:00,9"], [("TIMESTAMP_FUTURE", "line 6")], 10),
        ([*GOOD, "M1,2025-02-30 01:00,9"], [("TIMESTAMP_INVALID", "line 6")], 10),
        ([*GOOD, "M1,01/03/2025 01:00,9"], [("TIMESTAMP_INVALID", "line 6")], 10),
        ([*GOOD, "M1,2025-03-01 01:00,"], [("VALUE_ABSENT", "line 6 column v")], 10),
        ([*GOOD, "M1,2025-03-01 01:00,NA"], [("VALUE_ABSENT", "line 6 column v")], 10),
        ([*GOOD, "M1,2025-03-01 01:00,-1"], [("VALUE_NEGATIVE", "line 6 column v")], 10),
        ([*GOOD, "M1,2025-03-01 01:00,1.2.3"], [("VALUE_NOT_A_NUMBER", "line 6 column v")], 10),
        ([*GOOD, "M1,2025-03-01 01:00,inf"], [("VALUE_NOT_A_NUMBER", "line 6 column v")], 10),
        ([*GOOD, "M1,2025-03-01 01:00,１"], [("VALUE_NOT_A_NUMBER", "line 6 column v")], 10),
        ([*GOOD, "M1,2025-03-01 01:00,1e9"], [("VALUE_TOO_LARGE", "line 6 column v")], 10),
        ([*GOOD, f"M1,2025-03-01 01:00,{'9' * 500}"], [("VALUE_NOT_A_NUMBER", "line 6 column v")], 10),
        ([*GOOD, "表 1,2025-03-01 01:00,1"], [("METER_UNKNOWN", "line 6")], 10),
        ([*GOOD, "M1,2025-03-01 01:00,1,5"], [("CSV_COLUMNS", "line 6")], 10),
        ([*GOOD, "M1,2025-03-01 01:00"], [("CSV_COLUMNS", "line 6")], 10),
        ([*GOOD, "M1,2025-03-01 01:00,1e-2"], [], 10.01),
        ([*GOOD, "", " M1 , 2025-03-01 01:00 , 5 "], [], 15),
    ],
)
def test_a_fault_is_named_and_the_rest_is_read(tmp_path: Path, lines: list[str], wanted: list[tuple[str, str]], kwh: float) -> None:
    done = rows(tmp_path, lines)
    got = found(done)
    assert len(got) == len(wanted)
    for (code, place), (wanted_code, wanted_place) in zip(got, wanted, strict=True):
        assert code == wanted_code
        assert place.startswith(wanted_place)
    assert totals(done) == {"M1": round(kwh * 10**6)}


def test_a_refused_cell_names_meter_and_time(tmp_path: Path) -> None:
    (finding,) = rows(tmp_path, ["M1,2025-03-01 00:00,x"]).findings
    assert finding.params == {"meter": "M1", "local_time": "2025-03-01 00:00:00"}


def test_an_hour_that_comes_twice_is_told_by_order_and_one_that_never_comes_is_refused(tmp_path: Path) -> None:
    zone = "meter=m,time=t,value=v,zone=America/Los_Angeles"
    night = [f"M1,2012-11-04 {hour:02}:{minute:02},{at}" for at, (hour, minute) in enumerate([*HOUR(0), *HOUR(1), *HOUR(1), *HOUR(2)])]
    for lines in (night, night[::-1]):
        done = rows(tmp_path, lines, zone)
        (meter,) = done.meters
        assert [value // 10**6 for value in meter.readings.values.tolist()] == list(range(16))
        assert done.accepted
    once = rows(tmp_path, night[:8] + night[12:], zone)
    assert [code for code, _ in found(once)] == ["TIME_AMBIGUOUS"] * 4 + ["READINGS_MISSING"]
    refused = rows(tmp_path, night, zone + ",fold=refuse")
    assert [code for code, _ in found(refused)] == ["TIME_AMBIGUOUS"] * 8 + ["READINGS_MISSING"]
    second = rows(tmp_path, night[:4] + night[12:], zone + ",fold=second")
    assert found(second) == [("READINGS_MISSING", "meter M1 from 2012-11-04T08:00:00Z to 2012-11-04T10:00:00Z")]
    jumped = rows(tmp_path, ["M1,2012-03-11 01:45,1", "M1,2012-03-11 02:15,1", "M1,2012-03-11 03:00,1"], zone)
    assert found(jumped) == [("TIME_NONEXISTENT", "line 3 meter M1 2012-03-11T10:15:00Z")]
    assert totals(jumped) == {"M1": 2 * 10**6}


def HOUR(hour: int) -> list[tuple[int, int]]:
    return [(hour, minute) for minute in (0, 15, 30, 45)]


def test_the_end_of_an_hour_that_comes_twice_may_be_written_by_either_clock(tmp_path: Path) -> None:
    by_new_clock = ["00:45", "01:00", "01:15", "01:30", "01:45", "01:00", "01:15", "01:30", "01:45", "02:00", "02:15"]
    by_old_clock = ["00:45", "01:00", "01:15", "01:30", "01:45", "02:00", "01:15", "01:30", "01:45", "02:00", "02:15"]
    for clock in (by_new_clock, by_old_clock):
        lines = [f"M1,2012-11-04 {time},{at}" for at, time in enumerate(clock)]
        done = rows(tmp_path, lines, "meter=m,time=t,value=v,stamp=end,zone=America/Los_Angeles")
        assert done.findings == ()
        assert [value // 10**6 for value in done.meters[0].readings.values.tolist()] == list(range(11))
        assert done.meters[0].first == parse_instant("2012-11-04T07:30:00Z")


def test_local_times_without_a_zone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="names no zone"):
        rows(tmp_path, GOOD, "meter=m,time=t,value=v")


def test_shorter_intervals_are_added_up_and_an_incomplete_quarter_hour_is_left_out_by_name(tmp_path: Path) -> None:
    lines = [f"M1,2025-03-01 00:{minute:02},0.1" for minute in (0, 5, 10, 15, 25, 30, 35, 40)]
    done = rows(tmp_path, lines, PLAIN + ",interval=5,unit=kW")
    # 0.1 kW over five minutes is 8,333⅓ mWh: the running total is rounded, three of them are 25,000.
    assert [value for value, _ in done.meters[0].readings.to_mapping().values()] == [25_000, 25_000]
    assert [code for code, _ in found(done)] == ["VALUES_ROUNDED", "READINGS_MISSING", "SLOT_INCOMPLETE"]
    assert done.meters[0].exact == Fraction(200_000, 3)
    incomplete = done.findings[2]
    assert incomplete.place == "meter M1 2025-02-28T16:15:00Z"
    assert incomplete.params["amount"] == "16667"


def test_longer_intervals_are_spread_without_losing_a_mwh(tmp_path: Path) -> None:
    done = rows(tmp_path, ["M1,2025-03-01 00:00,0.000007", "M1,2025-03-01 01:00,0.000004"], PLAIN + ",interval=60")
    (meter,) = done.meters
    assert [(value, int(flag)) for value, flag in meter.readings.to_mapping().values()] == [(v, 2) for v in (2, 2, 2, 1, 1, 1, 1, 1)]
    assert [code for code, _ in found(done)] == ["INTERVALS_SPREAD"]
    tens = rows(tmp_path, [f"M1,2025-03-01 00:{minute:02},0.000005" for minute in (0, 10, 20)], PLAIN + ",interval=10")
    assert [value for value, _ in tens.meters[0].readings.to_mapping().values()] == [8, 7]


def test_a_file_of_many_decimals_keeps_its_total_to_half_a_mwh(tmp_path: Path) -> None:
    lines = [f"M1,2025-03-{1 + at // 96:02} {at % 96 // 4:02}:{at % 4 * 15:02},{at}.7703349282297" for at in range(500)]
    done = rows(tmp_path, lines, PLAIN + ",unit=kW")
    exact = sum((Fraction(f"{at}.7703349282297") for at in range(500)), Fraction(0)) * 250_000
    assert done.meters[0].exact == exact
    assert abs(totals(done)["M1"] - exact) <= Fraction(1, 2)
    for at, value in enumerate(done.meters[0].readings.values.tolist()):
        assert abs(value - Fraction(f"{at}.7703349282297") * 250_000) < 1


def test_signs_are_turned_or_split(tmp_path: Path) -> None:
    lines = ["M1,2025-03-01 00:00,1", "M1,2025-03-01 00:15,-2"]
    assert totals(rows(tmp_path, lines, PLAIN + ",sign=split")) == {"M1": 10**6, "M1-export": 2 * 10**6}
    turned = rows(tmp_path, lines, PLAIN + ",sign=inverted")
    assert [code for code, _ in found(turned)] == ["VALUE_NEGATIVE"]
    assert totals(turned) == {"M1": 2 * 10**6}


def test_qualities_are_taken_by_the_map_and_an_unknown_one_is_an_error(tmp_path: Path) -> None:
    table = "m,t,v,q\nM1,2025-03-01 00:00,1,实\nM1,2025-03-01 00:15,2,估\nM1,2025-03-01 00:30,3,缺\nM1,2025-03-01 00:45,4,?\n"
    done = read(tmp_path, table, PLAIN + ",quality=q,qualities=实:A+估:E+缺:-")
    assert [int(flag) for _, flag in done.meters[0].readings.to_mapping().values()] == [1, 2, 5]
    assert [code for code, _ in found(done)] == ["VALUE_ABSENT", "QUALITY_UNKNOWN", "READINGS_MISSING"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "CSV_EMPTY"),
        (b"m,t,v\n", "CSV_EMPTY"),
        (b"m,t\nM1,2025-03-01 00:00\n", "COLUMN_MISSING"),
        (b"m,t,v,v\nM1,2025-03-01 00:00,1,1\n", "COLUMN_MISSING"),
        (b"m,t,v\nM1,2025-03-01 00:00,1\n\xff\xff\xff", "CSV_ENCODING"),
        (b"m,t,v\nM1,2025\0-03-01 00:00,1\n", "CSV_NUL"),
        (b"m,t,v\n" + b"x" * (5 << 20), "CSV_LINE_TOO_LONG"),
        (b'm,t,v\n"M1,2025-03-01 00:00,1\n' + b"M1,2025-03-01 00:00,1\n" * 250_000, "CSV_UNREADABLE"),
        (gzip.compress(b"m,t,v\nM1,2025-03-01 00:00,1\n" * 1000)[:-20], "CSV_ENCODING"),
        (b"PAR1 this is no parquet", "CSV_UNREADABLE"),
        (b"PAR1", "CSV_UNREADABLE"),
    ],
)
def test_a_hostile_file_is_refused_by_name(tmp_path: Path, data: bytes, code: str) -> None:
    done = read(tmp_path, data)
    assert code in [finding.code for finding in done.findings]
    assert not done.accepted
    assert done.meters == ()


def test_mixed_line_ends_and_quotation_are_read(tmp_path: Path) -> None:
    table = 'm,t,v\r\n"M1","2025-03-01 00:00","1"\rM1,2025-03-01 00:15,2\n\n"M1",2025-03-01 00:30,"3"'
    done = read(tmp_path, table)
    assert done.findings == ()
    assert totals(done) == {"M1": 6 * 10**6}


def test_several_files_are_one_and_their_repeats_are_named_by_file(tmp_path: Path) -> None:
    for name, lines in (("a.csv", GOOD[:3]), ("b.csv", GOOD[2:])):
        (tmp_path / name).write_text("\n".join(["m,t,v", *lines]), encoding="utf-8")
    done = import_files([tmp_path / "a.csv", tmp_path / "b.csv"], MeterMap.of_line(PLAIN), now=NOW)
    assert found(done) == [("DUPLICATE_SAME", "b.csv line 2 meter M1 2025-02-28T16:30:00Z")]
    assert totals(done) == {"M1": 10 * 10**6}
    assert [file.rows for file in done.files] == [3, 2]


def test_registers_are_kept_as_they_were_read(tmp_path: Path) -> None:
    done = rows(tmp_path, ["M1,2025-03-01 00:03,999999.99", "M1,2025-04-01 00:00,0.05"], PLAIN + ",kind=register,multiplier=40")
    (register,) = done.registers
    assert [(point.at, point.display) for point in register.points] == [
        (parse_instant("2025-02-28T16:03:00Z"), Fraction("999999.99")),
        (parse_instant("2025-03-31T16:00:00Z"), Fraction("0.05")),
    ]
    assert done.meters == ()


def test_a_register_that_rolls_over_gives_its_energy_and_one_that_steps_back_is_named(tmp_path: Path) -> None:
    line = PLAIN + ",kind=register,multiplier=40"
    rolled = rows(tmp_path, ["M1,2025-03-01 00:00,999999.99", "M1,2025-03-01 00:15,0.05"], line)
    assert rolled.energies == {"M1": 40 * 60_000}
    assert [code for code, _ in found(rolled)] == ["REGISTER_ROLLOVER"]
    back = rows(tmp_path, ["M1,2025-03-01 00:00,500", "M1,2025-03-01 00:15,400", "M1,2025-03-01 00:30,401.5"], line)
    assert [code for code, _ in found(back)] == ["NEGATIVE_STEP"]
    assert back.energies == {"M1": 40 * 1_500_000}
    assert not back.accepted
    larger = rows(tmp_path, ["M1,2025-03-01 00:00,5.1", "M1,2025-03-01 00:15,5.3501"], line + ",unit=MWh")
    assert larger.energies == {"M1": 40 * 250_100_000}
    assert rows(tmp_path, ["M1,2025-03-01 00:00,5"], line + ",unit=MJ").energies == {"M1": None}


@pytest.mark.parametrize(
    "line",
    [
        "value=v,meter=m",
        "time=t,meter=m",
        "time=t,value=v",
        "time=t,value=v,meter=m,meter_id=x",
        "time=t,value=v,meter=m,unit=kWatt",
        "time=t,value=v,meter=m,interval=7",
        "time=t,value=v,meter=m,zone=Asia/Nowhere",
        "time=t,value=v,meter=m,format=%d/%m",
        "time=t,value=v,meter=m,format=%Q",
        "time=t,value=v,meter=m,decimal=comma,group=comma",
        "time=t,value=v,meter=m,unit=m3",
        "time=t,value=v,meter=m,multiplier=0",
        "time=t,value=v,meter=m,colour=red",
        "time=t,value=v,meter=m,kind=register,unit=kW",
        "time=t,value=v,meter=m,meters=x:a b",
        "time",
    ],
)
def test_a_map_that_says_nothing_is_refused(line: str) -> None:
    with pytest.raises(InputError):
        MeterMap.of_line(line)


def test_a_map_survives_its_document_as_json_and_toml(tmp_path: Path) -> None:
    map = MeterMap.of_line("meter=m,time=d+t,value=v,unit=kW,zone=+08:00,meters=总:A+2:B,format=%Y/%m/%d %H:%M,interval=30,missing=x")
    lines = ['meter="m"', 'time=["d","t"]', 'value="v"', 'unit="kW"', 'zone="+08:00"', 'format="%Y/%m/%d %H:%M"', "interval=30"]
    lines += ['missing="x"', 'meters={"总"="A","2"="B"}']
    (tmp_path / "map.toml").write_text("\n".join(lines), encoding="utf-8")
    assert MeterMap.from_document(map.to_document()) == map == load_map(str(tmp_path / "map.toml"))


@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        (
            "timestamp,kW\n2025-01-01T00:00:00Z,1\n2025-01-01T00:30:00Z,2\n",
            {"time": ["timestamp"], "unit": "kW", "interval": 30, "meter_id": "{file}"},
        ),
        (
            "meter;date;time;kWh\nA;31/01/2025;00:00;1,5\nA;31/01/2025;00:15;1,25\n",
            {"time": ["date", "time"], "format": "%d/%m/%Y %H:%M", "decimal": ","},
        ),
        ("Timestamp,B1,B2\n2016-01-01 00:00:00,1.5,2\n2016-01-01 01:00:00,1.5,\n", {"layout": "columns", "interval": 60}),
        (
            "LCLid,tstp,KWH/hh\nMAC1,2012-10-12 00:30:00.0000000, 0\nMAC1,2012-10-12 01:00:00.0000000,0.2\n",
            {"meter": "LCLid", "interval": 30},
        ),
    ],
)
def test_a_draft_of_a_map_is_guessed(tmp_path: Path, table: str, wanted: dict[str, object]) -> None:
    path = tmp_path / "table.csv"
    path.write_text(table, encoding="utf-8")
    document = guess_map(path, zone="Asia/Shanghai").to_document()
    assert {name: document.get(name) for name in wanted} == wanted


def test_findings_on_a_screen_are_the_first_of_each_code_and_a_count() -> None:
    faults = Faults()
    for at in range(70):
        faults.add("DUPLICATE_SAME", "warning", f"line {at}", "look")
    faults.add("VALUE_ABSENT", "info", "line 99", "look")
    shown = shorten(faults.close(), 50)
    assert [item.got for item in shown if item.params] == ["70 in all"]
    assert len(shown) == 52


@given(
    format=st.sampled_from(["%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M:%S", "%d-%b-%y %I:%M %p", "%m/%d/%Y  %H:%M", "iso"]),
    instants=st.lists(st.integers(1, 4_000_000), min_size=1, max_size=30),
    spoilt=st.lists(st.sampled_from(["31/02/2025 00:00", "01/01/2025 24:00", "01/01/2025 24:15", "x", "2025-01-01 00:00Z", " ", "1 2 3"])),
)
@settings(max_examples=150, deadline=None)
def test_a_stamp_read_by_halves_is_the_stamp_read_whole(format: str, instants: list[int], spoilt: list[str]) -> None:
    texts = [datetime.fromtimestamp(60 * at, UTC).strftime("%Y-%m-%d %H:%M" if format == "iso" else format) for at in instants]
    reader_of.cache_clear()
    read = reader_of(format)
    for text in [*texts, *spoilt, *texts, *spoilt]:
        reader_of.cache_clear()
        fresh = reader_of(format)
        assert outcome(read, text) == outcome(fresh, text), text


def outcome(read: Callable[[str], Stamp], text: str) -> Stamp | type[Exception]:
    try:
        return read(text)
    except (NoStamp, ValueError) as error:
        return type(error)


@pytest.mark.parametrize(
    ("table", "line", "wanted"),
    [
        (
            "MTU (CET/CEST),Load\n26.10.2025 02:00 - 26.10.2025 02:15,4\n26.10.2025 02:15 - 26.10.2025 02:30,8\n",
            "meter_id=area,time=MTU (CET/CEST),format=%d.%m.%Y %H:%M - %*,value=Load,unit=MW,zone=Europe/Berlin",
            {"area": 3_000_000_000},
        ),
        ("id;45658.25\nid;45658.260416666664\n", "header=0,meter=1,time=2,value=2,format=excel,zone=UTC,unit=Wh", {"id": 91_316_510}),
        ("t,a,b\n1735689600,1.5,\n1735690500,,2.5\n", "layout=columns,time=t,format=epoch_s", {"a": 1_500_000, "b": 2_500_000}),
        ("t,v\n1735689600000,1\n", "meter_id=x,time=t,value=v,format=epoch_ms,unit=MWh", {"x": 10**9}),
        (
            "# made by X\n# v2\nt\tkWh\n2012/01/02 0:15\t1 234,5\n",
            f"header=3,{ONE},value=kWh,format=%Y/%m/%d %H:%M,decimal=comma,group=blank",
            {"x": 1_234_500_000},
        ),
        (
            "day,hour,v\n01/02/2012,24:00,7\n",
            "meter_id=x,time=day+hour,value=v,format=%d/%m/%Y %H:%M,stamp=end,interval=60,zone=UTC",
            {"x": 7_000_000},
        ),
        ("time,grid,solar\n2018-01-01 00:00:00-06,0.5,-0.25\n", "meter_id=26,time=time,value=grid+solar,unit=kW,sign=split", PECAN),
    ],
)
def test_files_of_other_houses_are_read(tmp_path: Path, table: str, line: str, wanted: dict[str, int]) -> None:
    done = read(tmp_path, table, line)
    assert totals(done) == wanted
    assert done.accepted


def test_a_format_may_pass_over_anything_twice_and_never_for_long(tmp_path: Path) -> None:
    line = "meter_id=x,time=t,value=v,zone=UTC,format=%*%d/%m/%Y %H:%M%*"
    done = read(tmp_path, f"t,v\nday 01/02/2025 00:15 ok,1\n{'a/' * 100_000},2\n", line)
    assert [finding.code for finding in done.findings] == ["TIMESTAMP_INVALID"]
    assert totals(done) == {"x": 1_000_000}
