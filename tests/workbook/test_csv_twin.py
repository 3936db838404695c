"""The CSV twin: the same columns and the same findings, by line and column; safe to open in a spreadsheet."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import NotFound
from ledger.records.activity import Activity
from ledger.workbook.csv_twin import make_csv, read_activity_tables, read_csv, write_lines
from ledger.workbook.reading import WorkbookReading
from ledger.workbook.tables import ACTIVITY, ACTIVITY_TABLES
from tests.workbook.banks import BANK, PERIOD, RELEASE, found

HEAD = "机构,指标,数量,计量单位,开始日期,结束日期,数据来源,凭证编号,数据质量"
GOOD = "总行,外购电力,12.50,万kWh,2025-01-01,2025-12-31,发票账单,国网 2025,1"


def read(text: str | bytes, key: str = "activity") -> WorkbookReading:
    data = text if isinstance(text, bytes) else text.encode()
    return read_activity_tables({key: data}, BANK, RELEASE, institution="anji", period=PERIOD)


def test_a_table_by_hand_needs_no_codes_and_no_optional_columns() -> None:
    reading = read(f"{HEAD}\n{GOOD}\n")
    assert reading.findings == ()
    record = Activity.from_document(reading.activity_document).records[0]
    assert (record.id, record.unit, record.quantity.value) == ("hq-electricity.purchased-1", "hq", "12.50")
    assert reading.place_of("/records/0/quantity/value") == "line 2 column 3"


def test_the_template_as_csv_has_the_columns_of_the_workbook_and_says_nothing() -> None:
    for table in ACTIVITY_TABLES:
        data = make_csv(BANK, PERIOD, RELEASE, table.key)
        assert data.startswith(codecs.BOM_UTF8)
        grid, findings = read_csv(data)
        assert findings == ()
        assert [cell.text for cell in grid.rows[0].cells.values()] == [column.title.zh for column in table.columns]
        assert read(data, table.key).findings == ()
    assert read(make_csv(BANK, PERIOD, RELEASE)).rows == 0


def test_the_byte_order_mark_is_read_with_or_without() -> None:
    text = f"{HEAD}\r\n{GOOD}\r\n"
    assert read(codecs.BOM_UTF8 + text.encode()).activity_document == read(text).activity_document is not None


def test_gb18030_is_read_and_told() -> None:
    reading = read(f"{HEAD}\n{GOOD}\n".encode("gb18030"))
    assert [finding.code for finding in reading.findings] == ["CSV_GB18030"]
    assert reading.activity_document is not None


@pytest.mark.parametrize(
    ("row", "code", "place"),
    [
        (GOOD.replace("12.50", '"1,234.5"'), "CELL_INVALID", "line 2 column 3"),
        (GOOD.replace("12.50", "=1+1"), "CELL_INVALID", "line 2 column 3"),
        (GOOD.replace("12.50", ""), "CELL_MISSING", "line 2 column 3"),
        (GOOD.replace("万kWh", "L"), "DIMENSION_WRONG", "line 2 column 4"),
        (GOOD.replace("2025-12-31", "2026-01-01"), "RECORD_OUTSIDE_PERIOD", "line 2 column 6"),
        (GOOD.replace("发票账单", "传闻"), "CELL_INVALID", "line 2 column 7"),
        (GOOD.replace(",1", ",9"), "FIELD_INVALID", "line 2 column 9"),
        (GOOD.replace("总行", "总部"), "UNIT_UNKNOWN", "line 2 column 1"),
        (GOOD.replace("外购电力", "外购"), "INDICATOR_UNKNOWN", "line 2 column 2"),
    ],
)
def test_each_mistake_is_named_by_line_and_column(row: str, code: str, place: str) -> None:
    reading = read(f"{HEAD}\n{row}\n")
    assert found(reading) == [(code, place)]
    assert reading.activity_document is None


def test_a_row_that_runs_over_lines_is_named_by_its_first() -> None:
    row = GOOD.replace("国网 2025", '"国网\n2025"')
    assert found(read(f"{HEAD}\n{GOOD}\n\n{row}\n{GOOD.replace('12.50', 'x')}\n")) == [
        ("FIELD_INVALID", "line 4 column 8"),
        ("CELL_INVALID", "line 6 column 3"),
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "CSV_EMPTY"),
        (b" \r\n", "CSV_EMPTY"),
        (b"a\0b", "CSV_NUL"),
        (b"\x81\x00"[:1] + b"\xff\xff", "CSV_ENCODING"),
        (f'{HEAD}\n{GOOD},"\n'.encode(), "CSV_UNREADABLE"),
        (("x," * 400 + "\n").encode(), "CSV_TOO_LARGE"),
        (("机构,指标\n" + "a,b\n" * 60_000).encode(), "CSV_TOO_LARGE"),
        (b"a,b\n1,2\n", "HEADER_MISSING"),
        ("机构,指标,数量\n".encode(), "COLUMN_MISSING"),
        (f"{HEAD},机构\n".encode(), "COLUMN_TWICE"),
    ],
)
def test_what_is_no_such_table_is_refused(data: bytes, code: str) -> None:
    reading = read(data)
    assert code in [finding.code for finding in reading.findings]
    assert reading.activity_document is None


def test_an_unknown_table_is_not_found() -> None:
    with pytest.raises(NotFound):
        make_csv(BANK, PERIOD, RELEASE, "everything")
    with pytest.raises(NotFound):
        read(b"", "everything")


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12).map(str.strip)


@given(st.lists(st.lists(cells, min_size=2, max_size=4), min_size=1, max_size=5))
def test_what_is_written_is_read_as_it_was_and_starts_no_formula(lines: list[list[str]]) -> None:
    data = write_lines(lines)
    grid, findings = read_csv(data)
    if not any(cell for line in lines for cell in line):
        return
    assert findings == ()
    read_back = [[row.cells[number].text if number in row.cells else "" for number in range(1, 5)] for row in grid.rows]
    expected = [[*line, "", ""][:4] for line in lines if any(line)]
    assert read_back == expected
    assert write_lines(
        [line[: len(original)] for line, original in zip(read_back, (line for line in lines if any(line)), strict=True)]
    ) == (write_lines([line for line in lines if any(line)]))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "＝1", "'x", "=cmd|' /C calc'!A0"])
def test_texts_that_a_spreadsheet_would_run_are_quoted(text: str) -> None:
    data = write_lines([[text, "b"]])
    assert data.decode("utf-8-sig").lstrip('"').startswith("'")
    assert read_csv(data)[0].rows[0].cells[1].text == text


def test_a_table_has_few_required_columns() -> None:
    required = [column.title.zh for column in ACTIVITY.columns if not column.optional and not column.hidden]
    assert ",".join(required) == HEAD
