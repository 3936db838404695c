"""Every mistake that people make in a workbook is named by its cell, all at once; what is right is read exactly as it was typed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl.styles import PatternFill

from ledger.records.canonical import dump
from ledger.records.names import Name
from ledger.records.period import Period
from ledger.workbook.grid import TooManyDigits, column_name, column_number, number_text
from ledger.workbook.reading import read_workbook
from tests.workbook.banks import BANK, PERIOD, RELEASE, Sheet, activity_of, filled, found, only, read, read_filled, record_row, template

# Spreadsheets know no time zones.
NOON = datetime(2025, 6, 30, 12, 30)  # noqa: DTZ001
MIDNIGHT = datetime(2025, 3, 1)  # noqa: DTZ001
POWER = ("总行", "外购电力")


def on_power(value: Any, number_format: str | None = None) -> Any:
    """A filler that writes one quantity of purchased power of the head office."""

    def fill(book: Any) -> None:
        sheet = Sheet(book["活动数据"])
        row = sheet.row_of(*POWER)
        record_row(sheet, row, value)
        if number_format is not None:
            sheet.sheet.cell(row, sheet.columns["数量"]).number_format = number_format

    return fill


def test_an_untouched_template_says_nothing_and_finds_nothing() -> None:
    reading = read(template())
    assert reading.findings == ()
    assert reading.rows == 0
    assert activity_of(reading).records == ()
    assert activity_of(reading).period == PERIOD


def test_one_filled_row_is_one_record() -> None:
    reading = read_filled(on_power(1234.5))
    record = activity_of(reading).records[0]
    assert (record.unit, record.indicator, record.quantity.value, record.quantity.unit) == ("hq", "electricity.purchased", "1234.5", "kWh")
    assert (record.start, record.end, record.source.kind, record.quality) == (date(2025, 1, 1), date(2025, 12, 31), "invoice", 1)
    assert reading.rows == 1


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        (0.1, "0.1"),
        (1.1, "1.1"),
        (0, "0"),
        (-5, "-5"),
        (1e-7, "0.0000001"),
        (123456789012345, "123456789012345"),
        (12345.67890, "12345.6789"),
        (0.123456789012345, "0.123456789012345"),
        ("0.10", "0.10"),
        (" 12.50 ", "12.50"),
        ("0.1234567890123456789", "0.1234567890123456789"),
        ("12345678901234567890", "12345678901234567890"),
    ],
)
def test_numbers_come_out_as_they_were_typed(typed: Any, text: str) -> None:
    assert activity_of(read_filled(on_power(typed))).records[0].quantity.value == text


@pytest.mark.parametrize(
    ("stored", "text"),
    [("1.1000000000000001", "1.1"), ("4.3500000000000005", "4.3500000000000005"), ("1.23E+3", "1230"), ("-0", "0"), ("12.", "12")],
)
def test_the_stored_spelling_of_a_number_leads_back_to_what_was_typed(stored: str, text: str) -> None:
    # 4.35 is stored as 4.3499999999999996; a cell with 4.3500000000000005 was computed, not typed, and has too many digits.
    if len(text) > 16:
        with pytest.raises(TooManyDigits):
            number_text(stored)
    else:
        assert number_text(stored) == text


@pytest.mark.parametrize("stored", ["", "nan", "inf", "1_000", "0x10", "1,5", "١"])
def test_what_is_no_stored_number_is_none(stored: str) -> None:
    with pytest.raises(ValueError):
        number_text(stored)


@pytest.mark.parametrize(
    ("typed", "number_format", "code"),
    [
        ("=1+1", None, "CELL_FORMULA"),
        ("=SUM(A1:A9)", None, "CELL_FORMULA"),
        ("#REF!", None, "CELL_ERROR"),
        (1 / 3, None, "CELL_DIGITS"),
        (1e15, None, "CELL_DIGITS"),
        ("1,234.5", None, "CELL_INVALID"),
        ("1234,5", None, "CELL_INVALID"),
        ("1e3", None, "CELL_INVALID"),
        ("１２", None, "CELL_INVALID"),
        ("约100", None, "CELL_INVALID"),
        ("100 kWh", None, "CELL_INVALID"),
        (0.5, "0.0%", "CELL_INVALID"),
        (date(2025, 1, 1), None, "CELL_INVALID"),
        (True, None, "CELL_INVALID"),
    ],
)
def test_a_quantity_that_is_not_plain_is_refused_at_its_cell(typed: Any, number_format: str | None, code: str) -> None:
    reading = read_filled(on_power(typed, number_format))
    sheet = Sheet(read_sheet("活动数据"))
    assert (only(reading).code, only(reading).place) == (code, sheet.name(sheet.row_of(*POWER), "数量"))
    assert reading.activity_document is None
    assert only(reading).action


def read_sheet(title: str) -> Any:
    import io

    import openpyxl

    return openpyxl.load_workbook(io.BytesIO(template()))[title]


@pytest.mark.parametrize(
    ("title", "value", "code"),
    [
        ("计量单位", "kWhh", "MEASURE_UNKNOWN"),
        ("计量单位", "L", "DIMENSION_WRONG"),
        ("计量单位", None, "CELL_MISSING"),
        ("开始日期", "2024-12-31", "RECORD_OUTSIDE_PERIOD"),
        ("结束日期", "2026-01-01", "RECORD_OUTSIDE_PERIOD"),
        ("结束日期", "31.12.2025", "CELL_INVALID"),
        ("结束日期", "2025-02-30", "CELL_INVALID"),
        ("结束日期", "45658", "CELL_INVALID"),
        ("结束日期", NOON, "CELL_INVALID"),
        ("开始日期", None, "CELL_MISSING"),
        ("数据来源", "听说", "CELL_INVALID"),
        ("数据来源", None, "CELL_MISSING"),
        ("凭证编号", None, "CELL_MISSING"),
        ("凭证编号", "a\nb", "FIELD_INVALID"),
        ("数据质量", 6, "FIELD_INVALID"),
        ("数据质量", 1.5, "CELL_INVALID"),
        ("数据质量", "好", "CELL_INVALID"),
        ("不确定度（±%）", 1.234, "CELL_INVALID"),
        ("不确定度（±%）", 2000, "FIELD_INVALID"),
        ("凭证文件 SHA-256", "ABC", "FIELD_INVALID"),
        ("指标", "天然气发电", "CODE_DIFFERS"),
        ("机构", "第一支行", "CODE_DIFFERS"),
        ("机构代码", "hq2", "CODE_DIFFERS"),
        ("倍率", 30, "CELL_MISSING"),
    ],
)
def test_each_mistake_is_named_at_its_cell(title: str, value: Any, code: str) -> None:
    places = {}

    def fill(book: Any) -> None:
        sheet = Sheet(book["活动数据"])
        row = sheet.row_of(*POWER)
        record_row(sheet, row)
        sheet.put(row, **{title: value})
        shown = {"机构代码": "机构"}.get(title, title)
        places["at"] = sheet.name(row, shown)

    reading = read_filled(fill)
    if title == "倍率":
        assert {finding.code for finding in reading.findings} == {code}
        assert len(reading.findings) == 2
    else:
        assert (only(reading).code, only(reading).place) == (code, places["at"])
    assert reading.activity_document is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2025-03-01", date(2025, 3, 1)),
        ("2025/3/1", date(2025, 3, 1)),
        ("2025.03.01", date(2025, 3, 1)),
        ("2025年3月1日", date(2025, 3, 1)),
        (20250301, date(2025, 3, 1)),
        (date(2025, 3, 1), date(2025, 3, 1)),
        (MIDNIGHT, date(2025, 3, 1)),
    ],
)
def test_days_are_read_as_people_write_them(value: Any, expected: date) -> None:
    def fill(book: Any) -> None:
        sheet = Sheet(book["活动数据"])
        record_row(sheet, sheet.row_of(*POWER), 开始日期=value)

    assert activity_of(read_filled(fill)).records[0].start == expected


@pytest.mark.parametrize(
    ("value", "number_format", "points"), [(5, None, 500), ("2.5", None, 250), ("2.5%", None, 250), (0.025, "0.0%", 250), (0, None, 0)]
)
def test_an_uncertainty_is_percent_however_the_cell_shows_it(value: Any, number_format: str | None, points: int) -> None:
    def fill(book: Any) -> None:
        sheet = Sheet(book["活动数据"])
        row = sheet.row_of(*POWER)
        record_row(sheet, row, **{"不确定度（±%）": value})
        if number_format:
            sheet.sheet.cell(row, sheet.columns["不确定度（±%）"]).number_format = number_format

    assert activity_of(read_filled(fill)).records[0].uncertainty_bp == points


def test_all_mistakes_of_all_sheets_come_at_once() -> None:
    def fill(book: Any) -> None:
        sheet = Sheet(book["活动数据"])
        record_row(sheet, sheet.row_of(*POWER), "1,5", 数据质量=9)
        record_row(sheet, sheet.row_of("第一支行", "外购电力"), "=A1")
        Sheet(book["绿证"]).put(
            2, 编号="gec 1", 机构="总行", 类别="绿色电力证书", 数量=1, 计量单位="MWh", 凭证编号="x", **{"因子（kgCO2/kWh）": 0}
        )
        Sheet(book["分母"]).put(2, 数值=0)

    reading = read_filled(fill)
    assert sorted(code for code, _ in found(reading)) == ["CELL_FORMULA", "CELL_INVALID", "FIELD_INVALID", "FIELD_INVALID", "FIELD_INVALID"]
    assert {place.partition("!")[0] for _, place in found(reading)} == {"cell 活动数据", "cell 绿证", "cell 分母"}
    assert reading.rows == 4


def test_a_row_of_ones_own_is_read_by_its_names_and_gets_a_code() -> None:
    def fill(book: Any) -> None:
        sheet = Sheet(book["活动数据"])
        own = {"计量单位": "MWh", "开始日期": "2025-01-01", "结束日期": "2025-06-30"}
        record_row(sheet, sheet.end, 3, 机构="第一支行", 指标="外购电力", **own)
        record_row(sheet, sheet.end, 4, 机构="Branch One", 指标="Purchased electricity", **own)

    records = activity_of(read_filled(fill)).records
    assert [(record.id, record.unit, record.quantity.value) for record in records] == [
        ("b-1-electricity.purchased-1", "b-1", "3"),
        ("b-1-electricity.purchased-2", "b-1", "4"),
    ]


def test_a_row_of_ones_own_without_a_quantity_is_missed() -> None:
    def fill(book: Any) -> None:
        sheet = Sheet(book["活动数据"])
        sheet.put(sheet.end, 机构="第一支行", 指标="外购电力")

    assert {code for code, _ in found(read_filled(fill))} == {"CELL_MISSING"}


@pytest.mark.parametrize(
    ("unit", "indicator", "code"),
    [
        ("没有这家", "外购电力", "UNIT_UNKNOWN"),
        ("总行", "核电", "INDICATOR_UNKNOWN"),
        ("网点", "外购电力", "NAME_AMBIGUOUS"),
        ("网点 (o-2)", "外购电力", ""),
    ],
)
def test_a_name_must_mean_one_unit_and_one_indicator(unit: str, indicator: str, code: str) -> None:
    def fill(book: Any) -> None:
        sheet = Sheet(book["活动数据"])
        record_row(sheet, sheet.end, 3, 机构=unit, 指标=indicator, 计量单位="MWh", 开始日期="2025-01-01", 结束日期="2025-06-30")

    assert [found for found, _ in found(read_filled(fill))] == ([code] if code else [])


def test_readings_give_the_quantity_and_must_agree_with_it() -> None:
    def fill(value: Any) -> Any:
        def work(book: Any) -> None:
            sheet = Sheet(book["活动数据"])
            record_row(sheet, sheet.row_of(*POWER), value, 起始读数=100.5, 截止读数=200, 倍率=30)

        return work

    assert activity_of(read_filled(fill(None))).records[0].quantity.value == "2985"
    assert activity_of(read_filled(fill(2985))).records[0].quantity.value == "2985"
    wrong = only(read_filled(fill(2986)))
    assert wrong.code == "REGISTER_DIFFERS"
    assert wrong.place.startswith("cell 活动数据!C")


def test_merged_cells_are_refused_and_hidden_rows_are_read_and_told() -> None:
    def fill(book: Any) -> None:
        sheet = Sheet(book["活动数据"])
        row = sheet.row_of(*POWER)
        record_row(sheet, row)
        record_row(sheet, row + 1)
        sheet.sheet.row_dimensions[row].hidden = True
        sheet.sheet.merge_cells(f"C{row}:C{row + 1}")

    assert sorted(code for code, _ in found(read_filled(fill))) == ["CELL_MERGED", "ROW_HIDDEN"]

    def hide(book: Any) -> None:
        on_power(7)(book)
        book["活动数据"].row_dimensions[Sheet(book["活动数据"]).row_of(*POWER)].hidden = True

    reading = read_filled(hide)
    assert [finding.code for finding in reading.findings] == ["ROW_HIDDEN"]
    assert [record.quantity.value for record in activity_of(reading).records] == ["7"]


def test_colours_sorting_moved_and_added_columns_change_nothing() -> None:
    plain = read_filled(on_power(5))

    def fill(book: Any) -> None:
        on_power(5)(book)
        sheet = book["活动数据"]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
        for number, row in enumerate(reversed(rows), start=2):
            for column, value in enumerate(row, start=1):
                sheet.cell(number, column).value = value
                sheet.cell(number, column).fill = PatternFill("solid", fgColor="FFFF0000")
        sheet.insert_cols(3)
        sheet.insert_rows(1)
        sheet["C2"] = "我们的列"
        sheet["C3"] = "anything"

    moved = read_filled(fill)
    assert [finding.code for finding in moved.findings] == ["COLUMN_UNKNOWN"]
    assert dump(moved.activity_document) == dump(plain.activity_document)


def test_copied_rows_with_the_same_code_are_found() -> None:
    def fill(book: Any) -> None:
        sheet = Sheet(book["活动数据"])
        row = sheet.row_of(*POWER)
        record_row(sheet, row)
        for column in range(1, sheet.sheet.max_column + 1):
            sheet.sheet.cell(sheet.sheet.max_row + (column == 1), column).value = sheet.sheet.cell(row, column).value

    assert [code for code, _ in found(read_filled(fill))] == ["ITEM_TWICE"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda book: book.remove(book["活动数据"]), "SHEET_MISSING"),
        (lambda book: book.remove(book["_lingtan"]), "WORKBOOK_FOREIGN"),
        (lambda book: book["活动数据"].delete_rows(1), "HEADER_MISSING"),
        (lambda book: book["活动数据"].delete_cols(4), "COLUMN_MISSING"),
        (lambda book: setattr(book["活动数据"]["D1"], "value", "数量"), "COLUMN_TWICE"),
        (lambda book: setattr(book["_lingtan"]["B1"], "value", "lingtan.workbook/9"), "WORKBOOK_FOREIGN"),
        (lambda book: setattr(book["_lingtan"]["B2"], "value", "7"), "WORKBOOK_FOREIGN"),
        (lambda book: setattr(book["_lingtan"]["B3"], "value", "other"), "INSTITUTION_DIFFERS"),
        (lambda book: setattr(book["_lingtan"]["B5"], "value", "soon"), "WORKBOOK_FOREIGN"),
        (lambda book: setattr(book["_lingtan"]["B9"], "value", "00" * 32), "RELEASE_DIFFERS"),
    ],
)
def test_a_workbook_that_is_not_ours_or_not_whole_is_refused(change: Any, code: str) -> None:
    reading = read_filled(change)
    assert code in [finding.code for finding in reading.findings]
    assert reading.activity_document is None


def test_the_workbook_of_another_institution_period_or_release_is_refused() -> None:
    data = template()
    other = replace(BANK, institution="deqing")
    year = Period.of_dates("2024", date(2024, 1, 1), date(2024, 12, 31), "Asia/Shanghai")
    library = replace(RELEASE, release="lingtan-2027.1")
    assert [finding.code for finding in read_workbook(data, other, RELEASE).findings] == ["INSTITUTION_DIFFERS"]
    assert [finding.code for finding in read_workbook(data, BANK, RELEASE, period=year).findings] == ["PERIOD_DIFFERS"]
    assert [finding.code for finding in read_workbook(data, BANK, library).findings] == ["RELEASE_DIFFERS"]
    assert read_workbook(data, BANK, RELEASE, period=PERIOD).findings == ()


def test_without_the_tree_hidden_codes_lead_and_names_alone_do_not() -> None:
    assert read_workbook(filled(on_power(5)), None, RELEASE).activity_document is not None

    def fill(book: Any) -> None:
        sheet = Sheet(book["活动数据"])
        record_row(sheet, sheet.end, 3, 机构="第一支行", 指标="外购电力", 计量单位="MWh", 开始日期="2025-01-01", 结束日期="2025-06-30")

    assert [finding.code for finding in read_workbook(filled(fill), None, RELEASE).findings] == ["UNIT_UNKNOWN"]


def test_a_unit_that_was_renamed_since_is_asked_about() -> None:
    units = tuple(replace(unit, name=Name("New", "新名")) if unit.id == "hq" else unit for unit in BANK.units)
    reading = read_workbook(filled(on_power(5)), replace(BANK, units=units), RELEASE)
    assert [finding.code for finding in reading.findings] == ["CODE_DIFFERS"]


def test_findings_about_the_document_find_their_cells() -> None:
    reading = read_filled(on_power(5))
    sheet = Sheet(read_sheet("活动数据"))
    row = sheet.row_of(*POWER)
    assert reading.place_of("/records/0/quantity/value") == sheet.name(row, "数量")
    assert reading.place_of("/records/0/source") == sheet.name(row, "数据来源")
    assert reading.place_of("/records/0/unit") == sheet.name(row, "机构")
    assert reading.place_of("/records/0") == f"cell 活动数据!A{row}"
    assert reading.place_of("/records/7/quantity") == "/records/7/quantity"
    assert reading.place_of("/period") == "/period"


@pytest.mark.parametrize(("number", "letters"), [(1, "A"), (26, "Z"), (27, "AA"), (702, "ZZ"), (703, "AAA"), (16384, "XFD")])
def test_columns_have_their_letters(number: int, letters: str) -> None:
    assert column_name(number) == letters
    assert column_number(letters) == number
