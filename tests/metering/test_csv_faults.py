"""Every fault of a meter CSV is found where it is, all at once, with what to do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.clock import parse_instant
from ledger.metering.csv_source import MAX_BAD_LINES, CsvReading, MeterFacts, read_meter_csv
from ledger.records.findings import has_errors
from ledger.records.meter_record import Quality, Quantity

NOW = parse_instant("2025-06-01T00:00:00Z")
METERS = {"M1": MeterFacts("M1"), "M2": MeterFacts("M2"), "G1": MeterFacts("G1", Quantity.GAS_VOLUME)}
GOOD = "M1,2025-01-01T00:00:00Z,1.5"


def read(body: str | bytes, header: str = "meter,timestamp,kWh\n") -> CsvReading:
    data = header.encode() + (body if isinstance(body, bytes) else body.encode())
    return read_meter_csv([data], meters=METERS, now=NOW)


def codes(reading: CsvReading) -> list[tuple[str, str, str]]:
    return [(finding.code, finding.severity, finding.place) for finding in reading.findings]


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ("M1,2025-01-01T00:15:00Z,1,5", "VALUE_COMMA_DECIMAL", 3),
        ("M1,2025-01-01T00:15:00Z,-1.5", "VALUE_NEGATIVE", 3),
        ("M1,2025-01-01T00:15:00Z,1.5kWh", "VALUE_NOT_A_NUMBER", 3),
        ("M1,2025-01-01T00:15:00Z,", "VALUE_NOT_A_NUMBER", 3),
        ("M1,2025-01-01T00:15:00Z,1e3", "VALUE_NOT_A_NUMBER", 3),
        ("M1,2025-01-01T00:15:00Z,.5", "VALUE_NOT_A_NUMBER", 3),
        ("M1,2025-01-01T00:15:00Z,5.", "VALUE_NOT_A_NUMBER", 3),
        ("M1,2025-01-01T00:15:00Z,1.2.3", "VALUE_NOT_A_NUMBER", 3),
        ("M1,2025-01-01T00:15:00Z,007", "VALUE_NOT_A_NUMBER", 3),
        ("M1,2025-01-01T00:15:00Z, 1.5", "VALUE_NOT_A_NUMBER", 3),
        ("M1,2025-01-01T00:15:00Z,NaN", "VALUE_NOT_A_NUMBER", 3),
        ("M1,2025-01-01T00:15:00Z,1，5", "VALUE_NOT_A_NUMBER", 3),
        ("M1,2025-01-01T00:15:00Z,=1+1", "VALUE_NOT_A_NUMBER", 3),
        ("M1,2025-01-01T00:15:00Z,1.0000001", "VALUE_TOO_FINE", 3),
        ("M1,2025-01-01T00:15:00Z,10000000.000001", "VALUE_TOO_LARGE", 3),
        ("M1,2025-01-01T00:15:00Z,99999999999999999999", "VALUE_TOO_LARGE", 3),
        ("M9,2025-01-01T00:15:00Z,1.5", "METER_UNKNOWN", 1),
        (",2025-01-01T00:15:00Z,1.5", "METER_UNKNOWN", 1),
        ("m1,2025-01-01T00:15:00Z,1.5", "METER_UNKNOWN", 1),
        ("G1,2025-01-01T00:15:00Z,1.5", "METER_QUANTITY", 1),
        ("M1,2025-01-01T00:10:00Z,1.5", "TIMESTAMP_OFF_GRID", 2),
        ("M1,2025-01-01T00:15:01Z,1.5", "TIMESTAMP_OFF_GRID", 2),
        ("M1,2025-01-01T00:15:00+05:07,1.5", "TIMESTAMP_OFF_GRID", 2),
        ("M1,2025-01-01T00:15:00,1.5", "TIMESTAMP_INVALID", 2),
        ("M1,2025/01/01 00:15,1.5", "TIMESTAMP_INVALID", 2),
        ("M1,2025-02-29T00:15:00Z,1.5", "TIMESTAMP_INVALID", 2),
        ("M1,2025-13-01T00:15:00Z,1.5", "TIMESTAMP_INVALID", 2),
        ("M1,2025-01-01T24:00:00Z,1.5", "TIMESTAMP_INVALID", 2),
        ("M1,2025-01-01T00:60:00Z,1.5", "TIMESTAMP_INVALID", 2),
        ("M1,2025-01-01T00:15:00+24:00,1.5", "TIMESTAMP_INVALID", 2),
        ("M1,1969-12-31T23:45:00Z,1.5", "TIMESTAMP_INVALID", 2),
        ("M1,2025-01-01T00:14:60Z,1.5", "TIMESTAMP_INVALID", 2),
        ("M1,2025-01-01T00:15:00x08:00,1.5", "TIMESTAMP_INVALID", 2),
        ("M1,2025-01-01T00:15:00+08.00,1.5", "TIMESTAMP_INVALID", 2),
        ("M1,1735689600,1.5", "TIMESTAMP_INVALID", 2),
        ("M1,2025-06-01T00:15:00Z,1.5", "TIMESTAMP_FUTURE", 2),
        ("M1,2025-06-01T08:15:00+08:00,1.5", "TIMESTAMP_FUTURE", 2),
        ("M1,2025-01-01T00:15:00Z", "CSV_COLUMNS", 2),
        ("M1;2025-01-01T00:15:00Z;1.5", "CSV_COLUMNS", 1),
        ("M1,2025-01-01T00:15:00Z,1.5,A", "CSV_COLUMNS", 4),
        ('"M1",2025-01-01T00:15:00Z,1.5', "CSV_QUOTED", 1),
        ("M1,2025-01-01T00:15:00Z,1\x005", "CSV_NUL", 3),
    ],
)
def test_a_bad_line_is_found_at_its_line_and_column_and_the_file_is_refused(line: str, code: str, column: int) -> None:
    reading = read(f"{GOOD}\n{line}\nM1,2025-01-01T00:30:00Z,2\n")
    errors = [finding for finding in reading.findings if finding.severity == "error"]
    assert [(finding.code, finding.place) for finding in errors] == [(code, f"line 3 column {column}")]
    assert errors[0].action
    assert errors[0].expected
    assert reading.readings == {}
    assert reading.rows == 3


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ("M1,2025-01-01T00:15:00Z,1.5,X", "QUALITY_UNKNOWN", 4),
        ("M1,2025-01-01T00:15:00Z,1.5,", "QUALITY_UNKNOWN", 4),
        ("M1,2025-01-01T00:15:00Z,1.5,a", "QUALITY_UNKNOWN", 4),
        ("M1,2025-01-01T00:15:00Z,1.5,AA", "QUALITY_UNKNOWN", 4),
        ("M1,2025-01-01T00:15:00Z,1,5", "VALUE_COMMA_DECIMAL", 3),
        ("M1,2025-01-01T00:15:00Z,1,5,A", "VALUE_COMMA_DECIMAL", 3),
        ("M1,2025-01-01T00:15:00Z,1.5", "CSV_COLUMNS", 3),
    ],
)
def test_the_quality_column_is_checked_where_the_header_promises_it(line: str, code: str, column: int) -> None:
    reading = read(f"{GOOD},A\n{line}\n", "meter,timestamp,kWh,quality\n")
    assert codes(reading) == [(code, "error", f"line 3 column {column}")]


def test_all_faults_of_a_file_come_at_once_also_several_in_one_line() -> None:
    reading = read("M9,2025-01-01T00:10:00Z,x\nM1,soon,-1\n")
    assert [code for code, _, _ in codes(reading)] == [
        "METER_UNKNOWN", "TIMESTAMP_OFF_GRID", "VALUE_NOT_A_NUMBER", "TIMESTAMP_INVALID", "VALUE_NEGATIVE",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "place"),
    [
        ("time,meter,kWh\n", "line 1 column 1"),
        ("meter,time,kWh\n", "line 1 column 2"),
        ("meter,timestamp,kwh\n", "line 1 column 3"),
        ("meter,timestamp,m3\n", "line 1 column 3"),
        ("meter,timestamp,kWh,flag\n", "line 1 column 4"),
        ("meter,timestamp\n", "line 1 column 2"),
        ("meter,timestamp,kWh,quality,note\n", "line 1 column 5"),
        ("meter;timestamp;kWh\n", "line 1 column 1"),
        ("\n", "line 1 column 1"),
        ("M1,2025-01-01T00:00:00Z,1.5\n", "line 1 column 1"),
    ],
)
def test_a_wrong_header_is_named_by_column_and_nothing_is_read(header: str, place: str) -> None:
    reading = read(GOOD, header)
    assert codes(reading) == [("CSV_HEADER", "error", place)]
    assert (reading.readings, reading.rows) == ({}, 0)


@pytest.mark.parametrize("data", [b"", b"meter,timestamp,kWh\n", b"meter,timestamp,kWh", b"\xef\xbb\xbfmeter,timestamp,kWh\r\n\r\n"])
def test_a_file_without_readings_is_empty(data: bytes) -> None:
    reading = read_meter_csv([data], meters=METERS, now=NOW)
    assert codes(reading) == [("CSV_EMPTY", "error", "file")]


def test_the_same_reading_twice_is_a_warning_and_counts_once() -> None:
    reading = read(f"{GOOD}\nM1,2025-01-01T00:15:00Z,2\n{GOOD}0\n")
    assert codes(reading) == [("DUPLICATE_SAME", "warning", "line 4 column 2")]
    assert "line 2" in str(reading.findings[0].expected)
    assert [value for value, _ in reading.readings["M1"].to_mapping().values()] == [1_500_000, 2_000_000]


def test_another_reading_of_the_same_quarter_hour_refuses_the_file() -> None:
    # The same instant written with another offset is the same quarter-hour.
    reading = read(f"{GOOD}\nM1,2025-01-01T08:00:00+08:00,1.6\n")
    assert codes(reading) == [("READING_REPEATED", "error", "line 3 column 2")]
    assert reading.findings[0].got == "1600000 mWh ACTUAL"
    assert reading.findings[0].expected == "1500000 mWh ACTUAL as in line 2"
    assert reading.readings == {}


def test_the_same_value_with_another_quality_is_another_reading() -> None:
    reading = read(f"{GOOD},A\n{GOOD},E\n", "meter,timestamp,kWh,quality\n")
    assert codes(reading) == [("READING_REPEATED", "error", "line 3 column 2")]


def test_missing_quarter_hours_are_listed_per_meter_as_ranges() -> None:
    reading = read(f"{GOOD}\nM1,2025-01-01T01:00:00Z,1\nM2,2025-03-01T00:00:00Z,1\nM2,2025-03-01T00:30:00Z,1\n")
    assert codes(reading) == [
        ("READINGS_MISSING", "warning", "meter M1 from 2025-01-01T00:15:00Z to 2025-01-01T01:00:00Z"),
        ("READINGS_MISSING", "warning", "meter M2 from 2025-03-01T00:15:00Z to 2025-03-01T00:30:00Z"),
    ]
    assert [finding.params["slots"] for finding in reading.findings] == ["3", "1"]
    assert set(reading.readings) == {"M1", "M2"}


def test_a_refused_value_is_not_called_a_gap_as_well() -> None:
    reading = read(f"{GOOD}\nM1,2025-01-01T00:15:00Z,x\nM1,2025-01-01T00:30:00Z,1\n")
    assert codes(reading) == [("VALUE_NOT_A_NUMBER", "error", "line 3 column 3")]


def test_five_minutes_of_the_future_are_allowed_for_clocks_that_run_fast() -> None:
    line = "M1,2025-06-01T00:15:00Z,1\n"
    header = b"meter,timestamp,kWh\n"
    at = parse_instant("2025-06-01T00:15:00Z")
    assert not has_errors(read_meter_csv([header + line.encode()], meters=METERS, now=at - 300).findings)
    assert has_errors(read_meter_csv([header + line.encode()], meters=METERS, now=at - 301).findings)


def test_a_rejected_value_is_shown_with_at_most_forty_printable_characters() -> None:
    reading = read(f"M1,2025-01-01T00:15:00Z,{'9x' * 100}\nM\x1b[31m,2025-01-01T00:15:00Z,1\n")
    shown = [finding.got or "" for finding in reading.findings]
    assert [len(text) for text in shown] == [40, 6]
    assert all(text.isprintable() for text in shown)


def test_a_hundred_findings_of_a_kind_are_listed_and_the_last_one_counts_all() -> None:
    reading = read("".join(f"M1,2025-01-01T00:00:00Z,-{at}\n" for at in range(1, 251)) + "M9,2025-01-01T00:00:00Z,1\n")
    negative = [finding for finding in reading.findings if finding.code == "VALUE_NEGATIVE"]
    assert len(negative) == 101
    assert (negative[-1].place, negative[-1].got, negative[-1].params) == ("file", "250 in all", {"count": "250", "listed": "100"})
    assert [finding.place for finding in reading.findings if finding.code == "METER_UNKNOWN"] == ["line 252 column 1"]


def test_repeats_and_gaps_are_counted_beyond_the_hundred_listed() -> None:
    lines = [f"M1,2025-01-{day:02}T{hour:02}:00:00Z,1\n" for day in range(1, 11) for hour in range(24)]
    reading = read("".join(lines * 2))
    counts = {finding.code: finding.got for finding in reading.findings if finding.place == "file"}
    assert counts == {"DUPLICATE_SAME": "240 in all", "READINGS_MISSING": "239 in all"}
    assert len(reading.readings["M1"]) == 240


def test_reading_stops_after_ten_thousand_bad_lines() -> None:
    reading = read("M9,2025-01-01T00:00:00Z,1\n" * (MAX_BAD_LINES + 5000))
    last = f"line {MAX_BAD_LINES + 1} column 1"
    assert codes(reading)[-2:] == [("CSV_TOO_MANY_ERRORS", "error", last), ("METER_UNKNOWN", "error", "file")]
    assert reading.sha256 is None


def test_a_line_without_end_is_refused_after_a_few_kilobytes() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        yield f"meter,timestamp,kWh\n{GOOD}\n".encode()
        while True:
            taken += 1024
            yield b"9" * 1024

    reading = read_meter_csv(endless(), meters=METERS, now=NOW)
    assert codes(reading) == [("CSV_LINE_TOO_LONG", "error", "line 3 column 1")]
    assert taken <= 6 * 1024
    assert (reading.readings, reading.sha256) == ({}, None)


@pytest.mark.parametrize("body", [b"9" * 5000 + b"\n", b"9" * 200_000 + b"\n" + GOOD.encode()])
def test_a_long_line_that_ends_is_refused_as_well(body: bytes) -> None:
    assert codes(read(GOOD.encode() + b"\n" + body)) == [("CSV_LINE_TOO_LONG", "error", "line 3 column 1")]
    assert codes(read_meter_csv([body], meters=METERS, now=NOW))[0][0] == "CSV_LINE_TOO_LONG"


def test_a_body_that_is_neither_utf_8_nor_gb18030_names_the_byte() -> None:
    reading = read(GOOD.encode() + b"\nM\xff\xff,2025-01-01T00:15:00Z,1\n")
    assert codes(reading) == [("CSV_ENCODING", "error", "line 3 column 1")]
    at = len(b"meter,timestamp,kWh\n" + GOOD.encode() + b"\nM")
    assert reading.findings[0].params == {"byte": str(at)}
    assert "UTF-8" in reading.findings[0].action


def test_gb18030_is_accepted_with_a_word_about_it() -> None:
    reading = read(GOOD.encode() + b"\n" + "电表,2025-01-01T00:15:00Z,1\n".encode("gb18030"))
    assert codes(reading) == [("CSV_GB18030", "info", "line 3 column 1"), ("METER_UNKNOWN", "error", "line 3 column 1")]
    assert reading.findings[1].got == "电表"


def test_a_utf_16_file_is_told_to_be_saved_as_utf_8() -> None:
    data = f"meter,timestamp,kWh\n{GOOD}\n".encode("utf-16")
    assert codes(read_meter_csv([data], meters=METERS, now=NOW)) == [("CSV_ENCODING", "error", "line 1 column 1")]


def test_the_five_letters_are_the_five_qualities() -> None:
    body = "".join(f"M1,2025-01-01T0{at}:00:00Z,1,{letter}\n" for at, letter in enumerate("AEMSQ"))
    reading = read(body, "meter,timestamp,kWh,quality\n")
    flags = [flag for _, flag in reading.readings["M1"].to_mapping().values()]
    assert flags == [Quality.ACTUAL, Quality.ESTIMATED, Quality.MANUAL, Quality.SUBSTITUTED, Quality.SUSPECT]
