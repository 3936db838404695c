"""However a table is packed, encoded, quoted, framed and ended, the command reads it to the Wh and names what is no reading by its line."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from backports import zstd

from tests.metering.import_by_command import bring, draft

MAP = "meter=meter,time=time,value=kWh,zone=UTC"
ROWS = ["A,2025-01-01 00:00,1.5", "A,2025-01-01 00:15,2", "A,2025-01-01 00:45,0.25"]
TABLE = "\n".join(["meter,time,kWh", *ROWS]) + "\n"
GAP = ("READINGS_MISSING", "meter A from 2025-01-01T00:30:00Z to 2025-01-01T00:45:00Z")


def changed(data: bytes, at: int, by: bytes) -> bytes:
    at %= len(data)
    return data[:at] + by + data[at + len(by) :]


def zipped(data: bytes, *more: str, name: str = "a/table.csv") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for other in more:
            archive.writestr(other, b"x")
        archive.writestr(name, data)
    return made.getvalue()


@pytest.mark.parametrize(
    "pack",
    [
        gzip.compress,
        bz2.compress,
        lzma.compress,
        zstd.compress,
        zipped,
        lambda data: zipped(data, "a/", "__MACOSX/._table.csv"),
        lambda data: gzip.compress(data[:20]) + gzip.compress(data[20:]),
        lambda data: data,
    ],
)
def test_a_packed_table_is_the_table(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    for encoding in ("utf-8", "utf-16"):
        done = bring(tmp_path, pack(TABLE.encode(encoding)), MAP, name="table.csv.any")
        assert (done.totals, done.found) == ({"A": Decimal("3.75")}, [GAP])


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (zipped(TABLE.encode(), "b.csv"), "CSV_UNREADABLE", "2 files in a zip"),
        (zipped(b"x", "[Content_Types].xml", name="xl/workbook.xml"), "CSV_UNREADABLE", "spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "CSV_UNREADABLE", "spreadsheet"),
        (zipped(TABLE.encode())[:-30], "CSV_ENCODING", ""),
        (zstd.compress(TABLE.encode() * 100)[:-5], "CSV_ENCODING", ""),
        (lzma.compress(TABLE.encode() * 100)[:-20], "CSV_ENCODING", ""),
        (bz2.compress(TABLE.encode() * 100)[:-9], "CSV_ENCODING", ""),
        (b"\x28\xb5\x2f\xfd", "CSV_ENCODING", ""),
        # Damage that the libraries say in words of their own: a block of bzip2, a zip that leads before its beginning, of another version.
        (changed(bz2.compress(TABLE.encode()), 20, b"\xff\xff"), "CSV_ENCODING", "Invalid data stream"),
        (changed(zipped(TABLE.encode()), -6, b"\xff\xff\xff\x7f"), "CSV_ENCODING", ""),
        (changed(zipped(TABLE.encode()), zipped(TABLE.encode()).index(b"PK\x01\x02") + 6, b"\xff"), "CSV_ENCODING", "zip file version"),
        (b"PK\x03\x04", "CSV_ENCODING", ""),
    ],
)
def test_what_is_packed_and_no_table_is_refused_by_name(tmp_path: Path, data: bytes, code: str, words: str) -> None:
    done = bring(tmp_path, data, MAP)
    (finding,) = done.answer["findings"]
    assert (done.exit_code, finding["code"]) == (1, code)
    assert words in finding["got"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_encodings_line_ends_quotation_and_marks_at_the_end_of_lines(tmp_path: Path, end: str, encoding: str) -> None:
    rows = [
        '"meter";"time";"kWh\n(净)";"note";',
        '"总A";"2025-01-01 00:00";"1,5";"of two\nlines; and ""more""";',
        "总A;2025-01-01 00:15; 2 ;;;",
        '"总A";2025-01-01 00:45;2,5E-1;;',
    ]
    data = end.join(rows).encode(encoding)
    map_ = {"meter": "meter", "time": "time", "value": "kWh\n(净)", "decimal": "comma", "meters": {"总A": "A"}, "zone": "UTC"}
    done = bring(tmp_path, data, map_)
    assert done.totals == {"A": Decimal("3.75")}
    assert [item for item in done.found if item[0] != "CSV_GB18030"] == [GAP]
    bad = bring(tmp_path, end.join([*rows, "总A;2025-01-01 01:00;x;;"]).encode(encoding), map_)
    # Two of the rows go over two lines.
    assert [place for code, place in bad.found if code == "VALUE_NOT_A_NUMBER"] == ["line 7 column kWh\n(净)"]


def test_preambles_comments_titles_again_and_totals_are_passed_over_by_name(tmp_path: Path) -> None:
    lines = ["# exported by X", '# "quoted", note', "", "meter,time,kWh,", ROWS[0] + ",", "# page 2", "meter,time,kWh,", ROWS[1] + ","]
    lines += ["", ROWS[2], "Total,,3.75", "  Total ,3.75", "Generated 2025-01-02"]
    done = bring(tmp_path, "\n".join(lines), MAP + ",skip=#+Total+Generated")
    assert done.totals == {"A": Decimal("3.75")}
    passed = [place for code, place in done.found if code == "ROW_PASSED_OVER"]
    assert passed == [f"line {at}" for at in (1, 2, 6, 7, 11, 12, 13)]
    assert done.exit_code == 0
    without = bring(tmp_path, "\n".join(lines), MAP + ",header=4", "--leave-out")
    assert without.totals == done.totals
    errors = [place.split()[1] for code, place in without.found if code in ("CSV_COLUMNS", "TIMESTAMP_INVALID")]
    assert errors == ["6", "11", "12", "13"]


def test_what_stands_above_the_titles_may_be_anything(tmp_path: Path) -> None:
    above = ['Report "A, of 5" pipe', 'an " open mark, and; more; marks; of; delimiters;', ""]
    done = bring(tmp_path, "\n".join([*above, TABLE, "A,2025-01-01 00:15,x"]), MAP + ",header=4", "--leave-out")
    assert done.totals == {"A": Decimal("3.75")}
    assert ("VALUE_NOT_A_NUMBER", "line 9 column kWh") in done.found


def test_titles_are_found_below_a_preamble_by_the_draft(tmp_path: Path) -> None:
    lines = ["Export of Main St", "From,2025-01-01", "", "meter,time,kWh", *ROWS]
    assert draft(tmp_path, "\n".join(lines), "--zone", "UTC")["header"] == 4


def test_columns_may_be_named_by_their_numbers(tmp_path: Path) -> None:
    table = "time,,Value,Value\n2025-01-01 00:00,A,9,1\n2025-01-01 00:15,A,9,2\n"
    done = bring(tmp_path, table, "meter=#2,time=time,value=#4,zone=UTC")
    assert done.totals == {"A": Decimal(3)}
    twice = bring(tmp_path, table, "meter_id=x,time=time,value=Value,zone=UTC")
    assert twice.codes == {"COLUMN_MISSING": 1}
    assert "#3" in twice.answer["findings"][0]["action"]


def test_a_file_in_no_order_with_repeats_and_conflicts_names_each_by_line(tmp_path: Path) -> None:
    rows = [ROWS[2], ROWS[0], ROWS[1], ROWS[0], "A,2025-01-01 00:15,2.000", "A,2025-01-01 00:15,2.001", "B,2025-01-01 00:00,7"]
    done = bring(tmp_path, "\n".join(["meter,time,kWh", *rows]), MAP, "--leave-out")
    assert done.totals == {"A": Decimal("3.75"), "B": Decimal(7)}
    assert done.found == [
        ("READING_OUT_OF_ORDER", "line 3 meter A 2025-01-01T00:00:00Z"),
        ("READING_OUT_OF_ORDER", "line 5 meter A 2025-01-01T00:00:00Z"),
        ("DUPLICATE_SAME", "line 5 meter A 2025-01-01T00:00:00Z"),
        ("DUPLICATE_SAME", "line 6 meter A 2025-01-01T00:15:00Z"),
        ("READING_REPEATED", "line 7 meter A 2025-01-01T00:15:00Z"),
        GAP,
    ]


@pytest.mark.parametrize(
    ("unit", "text", "kwh"),
    [
        ("Wh", "1234", "1.234"),
        ("MWh", "1.234567", "1234.567"),
        ("GWh", "0.000001", "1"),
        ("W", "4000", "1"),
        ("MW", "0.004", "1"),
        ("MJ", "3.6", "1"),
        ("kJ", "3600", "1"),
        ("J", "3.6e6", "1"),
        ("kWh", "1.0E+00", "1"),
        ("kWh", "+1", "1"),
        ("kWh", "1.", "1"),
        ("kWh", "01.50", "1.5"),
        ("kWh", ".000001", "0.000001"),
    ],
)
def test_a_unit_of_energy_or_power_is_exact(tmp_path: Path, unit: str, text: str, kwh: str) -> None:
    done = bring(tmp_path, f"t,v\n2025-01-01T00:00Z,{text}\n", f"meter_id=x,time=t,value=v,unit={unit}")
    assert (done.totals, done.found) == ({"x": Decimal(kwh)}, [])


@pytest.mark.parametrize(
    ("quantity", "unit", "text", "read"),
    [
        ("heat.energy", "therm", "2", "211011.170524"),
        ("heat.energy", "kBtu", "1", "1055.05585262"),
        ("heat.energy", "MMBtu", "1", "1055055.85262"),
        ("heat.energy", "kWh", "1", "3600"),
        ("gas.volume", "CCF", "1", "2831.6846592"),
        ("gas.volume", "ft3", "1", "28.316846592"),
        ("water.volume", "gal", "1", "3.785411784"),
        ("water.volume", "m3", "0.5", "500"),
    ],
)
def test_a_unit_of_heat_gas_or_water_is_exact(tmp_path: Path, quantity: str, unit: str, text: str, read: str) -> None:
    done = bring(tmp_path, f"t,v\n2025-01-01T00:00Z,{text}\n", f"meter_id=x,time=t,value=v,unit={unit},quantity={quantity}")
    assert done.answer["meters"][0]["read"] == read


def test_rows_of_several_units_are_each_read_in_their_own(tmp_path: Path) -> None:
    rows = ["A,2025-01-01 00:00,1500,Wh", "A,2025-01-01 00:15,2,KWH", "A,2025-01-01 00:30,0.003,MWh", "A,2025-01-01 00:45,4,kw"]
    rows += ["A,2025-01-01 01:00,9,kVArh", "A,2025-01-01 01:15,9,"]
    map = "meter=meter,time=time,value=v,unit_column=unit,zone=UTC"
    done = bring(tmp_path, "\n".join(["meter,time,v,unit", *rows]), map, "--leave-out")
    assert done.totals == {"A": Decimal("7.5")}
    assert done.found == [("ROW_UNIT_UNKNOWN", "line 6"), ("ROW_UNIT_UNKNOWN", "line 7")]


def test_negative_and_unreadable_values_are_named_with_meter_and_time(tmp_path: Path) -> None:
    rows = [f"A,2025-01-01 0{at // 4}:{at % 4 * 15:02},{text}" for at, text in enumerate(["-1", "1;5", "1,5", "bad", "-0.0"])]
    done = bring(tmp_path, "\n".join(["meter,time,kWh", *rows]), MAP, "--leave-out")
    assert done.found == [
        ("VALUE_NEGATIVE", "line 2 column kWh"),
        ("VALUE_NOT_A_NUMBER", "line 3 column kWh"),
        ("CSV_COLUMNS", "line 4"),
        ("VALUE_NOT_A_NUMBER", "line 5 column kWh"),
    ]
    assert done.answer["findings"][0]["params"] == {"meter": "A", "local_time": "2025-01-01 00:00:00"}
    assert done.totals == {"A": Decimal(0)}


def test_a_million_different_values_do_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.metering.imports.texts.REMEMBERED", 50)
    rows = [f"A,2025-01-{1 + at // 96:02} {at // 4 % 24:02}:{at % 4 * 15:02},{at % 300}.{at % 7}" for at in range(960)]
    rows += ["B,2025-01-01 00:00,NA", "B,2025-01-01 00:15,x"] * 60
    done = bring(tmp_path, "\n".join(["meter,time,kWh", *rows]), MAP, "--leave-out")
    assert done.totals == {"A": sum(Decimal(f"{at % 300}.{at % 7}") for at in range(960))}
    assert done.codes == {"VALUE_ABSENT": 60, "VALUE_NOT_A_NUMBER": 60}
