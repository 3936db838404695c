"""The template: what it offers, in which order, and that a spreadsheet program finds in it what people need."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import openpyxl
import pytest

from ledger.records.period import Period
from ledger.workbook.offers import DISCLOSURE_TABLE, indicators_in_order
from ledger.workbook.reading import read_workbook
from ledger.workbook.tables import ACTIVITY, ACTIVITY_TABLES
from ledger.workbook.template import make_workbook
from tests.workbook.banks import BANK, FULL, PERIOD, RELEASE, Sheet, activity_of, filled, read, record_row

# 深圳市金融机构环境信息披露模板（2022）表1.1, in printed order (tanpaifang.com/cdp/202210/1191211.html): office fossil fuel coal, diesel,
# petrol, gas; own vehicles diesel, petrol; own heating coal, diesel, petrol, gas; office electricity; purchased heating and cooling; staff
# travel energy; water; paper; recycled paper; general and electronic waste.
PRINTED = (
    *(
        "fuel.coal.stationary",
        "fuel.anthracite.stationary",
        "fuel.diesel.stationary",
        "fuel.petrol.stationary",
        "fuel.natural_gas.stationary",
    ),
    *("fuel.diesel.vehicles", "fuel.petrol.vehicles"),
    *("fuel.coal.heating", "fuel.diesel.heating", "fuel.petrol.heating", "fuel.natural_gas.heating"),
    *("electricity.purchased", "electricity.self_used_pv", "heat.purchased", "cooling.purchased", "travel.energy"),
    *("water.supply", "paper.office", "paper.recycled", "waste.general", "waste.electronic"),
)


@cache
def full(language: str = "zh") -> bytes:
    """The template with every indicator of the shipped release."""
    return make_workbook(BANK, PERIOD, FULL, language=language)


def opened(data: bytes | None = None) -> Any:
    return openpyxl.load_workbook(io.BytesIO(full() if data is None else data))


def rows_of(sheet: Any) -> list[dict[str, Any]]:
    """The rows of a sheet by title."""
    titles = [cell.value for cell in sheet[1]]
    return [dict(zip(titles, (cell.value for cell in row), strict=True)) for row in sheet.iter_rows(min_row=2)]


def test_the_rows_follow_the_printed_table_and_then_everything_else_once() -> None:
    order = list(dict.fromkeys(row["指标代码"] for row in rows_of(opened()["活动数据"])))
    assert tuple(order[: len(PRINTED)]) == PRINTED
    assert sorted(order) == sorted(indicator.id for indicator in FULL.indicators)
    assert [indicator.id for indicator, _, _ in indicators_in_order(FULL)] == order


def test_each_printed_row_of_quantities_is_offered_in_its_place() -> None:
    printed = [row for row in FULL.template(DISCLOSURE_TABLE).rows if row.show == "quantity"]
    offered = list(dict.fromkeys(row["披露表项目"] for row in rows_of(opened()["活动数据"]) if row["披露表项目"]))
    assert offered == [f"{row.group.zh}：{row.name.zh}" for row in printed]


def test_every_open_unit_has_a_row_for_every_indicator_and_a_closed_one_has_none() -> None:
    rows = rows_of(opened()["活动数据"])
    units = [row["机构代码"] for row in rows if row["指标代码"] == "water.supply"]
    assert units == ["hq", "b-1", "o-1", "o-2"]
    assert len(rows) == 4 * len(FULL.indicators)
    assert len({row["行代码"] for row in rows}) == len(rows)
    assert "b-2" not in {row["机构代码"] for row in rows}


def test_two_units_of_one_name_can_be_told_apart() -> None:
    names = {row["机构代码"]: row["机构"] for row in rows_of(opened()["活动数据"])}
    assert names == {"hq": "总行", "b-1": "第一支行", "o-1": "网点 (o-1)", "o-2": "网点 (o-2)"}


def test_a_row_asks_in_the_unit_that_the_printed_table_has() -> None:
    measures = {row["指标代码"]: row["计量单位"] for row in rows_of(opened()["活动数据"])}
    assert (measures["water.supply"], measures["paper.office"], measures["electricity.purchased"]) == ("m3", "t", "kWh")
    assert all(FULL.indicator(id).admits_dimension(FULL.unit(code).dimension) for id, code in measures.items())


def test_the_sheets_stand_in_their_order_and_hide_what_is_for_programs() -> None:
    book = opened()
    assert book.sheetnames == ["填报说明", "活动数据", "绿证", "公布数", "公布因子", "因子选择", "分母", "_lingtan", "_lists"]
    assert [book[name].sheet_state for name in ("_lingtan", "_lists", "活动数据")] == ["veryHidden", "veryHidden", "visible"]
    english = opened(full("en"))
    assert english.sheetnames[:3] == ["Guide", "Activity", "Instruments"]
    meta = {row[0].value: row[1].value for row in book["_lingtan"].iter_rows()}
    assert (meta["institution"], meta["period"], meta["release_hash"]) == ("anji", "2025", FULL.hash)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_titles_are_explained_frozen_and_unlike_each_other(language: str) -> None:
    book = opened(full(language))
    for table in ACTIVITY_TABLES:
        sheet = book[table.title.in_language(language)]
        assert [cell.value for cell in sheet[1]] == [column.title.in_language(language) for column in table.columns]
        assert all(cell.comment is not None and cell.comment.text for cell in sheet[1])
        assert sheet.freeze_panes == "A2"
        hidden = {letters for letters, dimension in sheet.column_dimensions.items() if dimension.hidden}
        assert len(hidden) == sum(column.hidden for column in table.columns)
    texts = [{column.title.in_language(language).casefold() for column in table.columns} for table in ACTIVITY_TABLES]
    assert [len(found) for found in texts] == [len(table.columns) for table in ACTIVITY_TABLES]


def listed(book: Any, sheet: Any, cell: str) -> list[str]:
    """The texts of the drop-down of a cell."""
    for rule in sheet.data_validations.dataValidation:
        if cell in rule.sqref and rule.type == "list":
            name, _, cells = rule.formula1.partition("!")
            return [row[0].value for row in book[name][cells.replace("$", "")]]
    return []


def test_drop_downs_offer_what_the_row_admits() -> None:
    book = opened()
    sheet = Sheet(book["活动数据"])
    power, petrol = sheet.row_of("总行", "外购电力"), sheet.row_of("总行", "自有车辆汽油")
    assert set(listed(book, sheet.sheet, f"D{power}")) >= {"kWh", "MWh", "万kWh"}
    assert "L" not in listed(book, sheet.sheet, f"D{power}")
    assert {"L", "t", "kg"} <= set(listed(book, sheet.sheet, f"D{petrol}"))
    assert listed(book, sheet.sheet, f"G{power}")[:2] == ["发票账单", "抄表读数"]
    assert listed(book, sheet.sheet, f"A{sheet.end}") == ["总行", "第一支行", "网点 (o-1)", "网点 (o-2)"]
    assert "外购电力" in listed(book, sheet.sheet, f"B{sheet.end}")
    assert any(rule.type == "whole" and f"I{power}" in rule.sqref for rule in sheet.sheet.data_validations.dataValidation)
    assert set(listed(book, book["绿证"], "E2")) == {"Wh", "kWh", "MWh", "10MWh", "GWh"}
    assert "grid_average.cn.2023" in listed(book, book["因子选择"], "C2")


def test_the_same_template_is_the_same_bytes() -> None:
    assert make_workbook(BANK, PERIOD, FULL) == full()


def test_a_unit_named_like_a_formula_is_written_as_text() -> None:
    units = tuple(
        replace(unit, name=replace(unit.name, zh='=HYPERLINK("http://x")', en="@SUM(1)")) if unit.id == "b-1" else unit
        for unit in BANK.units
    )
    for language in ("zh", "en"):
        book = opened(make_workbook(replace(BANK, units=units), PERIOD, RELEASE, language=language))
        kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
        assert "f" not in kinds


def test_everything_filled_in_comes_back_when_the_template_is_made_again() -> None:
    def fill(book: Any) -> None:
        sheet = Sheet(book["活动数据"])
        record_row(sheet, sheet.row_of("总行", "外购电力"), "1234.50", **{"不确定度（±%）": 2.5})
        record_row(sheet, sheet.row_of("第一支行", "自有车辆汽油"), 0.1)
        sheet.put(sheet.end, 机构="总行", 指标="外购电力", 数量=3, 计量单位="万kWh", 开始日期="2025-02-01", 结束日期="2025-02-28")
        sheet.put(sheet.end - 1, 数据来源="估算", 凭证编号="x", 数据质量=5)
        Sheet(book["绿证"]).put(2, 编号="gec-1", 机构="总行", 类别="绿色电力证书", 数量=1, 计量单位="MWh", 凭证编号="x", 生产月份="2024-03")
        Sheet(book["绿证"]).put(2, **{"因子（kgCO2/kWh）": 0})
        Sheet(book["公布数"]).put(2, 指标="范围一", 公布值="12.10", 计量单位="tCO2e", 舍入项数=1, 容差=0.005, 出处="p. 3")
        Sheet(book["因子选择"]).put(2, 指标="外购电力", 用途="基于位置", 因子="grid_average.cn.2023", 理由="全国")
        Sheet(book["分母"]).put(2, 数值=123456)

    reading = read(filled(fill))
    activity = activity_of(reading)
    assert len(activity.records) == 3
    for language in ("zh", "en"):
        again = read(make_workbook(BANK, PERIOD, RELEASE, language=language, previous=activity))
        assert again.findings == ()
        assert again.activity_document == reading.activity_document


def test_an_earlier_period_gives_the_rows_but_not_their_quantities() -> None:
    def fill(book: Any) -> None:
        sheet = Sheet(book["活动数据"])
        record_row(sheet, sheet.row_of("总行", "外购电力"), 5000, 计量单位="万kWh")

    last = activity_of(read(filled(fill)))
    year = Period.of_dates("2026", date(2026, 1, 1), date(2026, 12, 31), "Asia/Shanghai")
    book = opened(make_workbook(BANK, year, RELEASE, previous=last))
    sheet = Sheet(book["活动数据"])
    row = sheet.row_of("总行", "外购电力")
    assert sheet.get(row, "数量") is None
    assert (sheet.get(row, "计量单位"), sheet.get(row, "数据来源"), sheet.get(row, "数据质量")) == ("万kWh", "发票账单", 1)
    assert sheet.get(row, "开始日期").date() == date(2026, 1, 1)
    assert sheet.sheet.cell(row, 3).comment.text == "上次填报 2025: 5000 万kWh"


def test_a_table_says_of_each_column_where_it_stands() -> None:
    for table in ACTIVITY_TABLES:
        assert len({column.key for column in table.columns}) == len(table.columns)
        assert set(table.filled) <= {column.key for column in table.columns}
        for column in table.columns:
            assert (column.kind in ("name", "ignored")) == (column.path == ())
            assert column.kind != "name" or table.column(column.names).kind == "code"
    assert ACTIVITY.column("value").path == ("quantity", "value")


def test_a_release_without_the_printed_table_offers_everything_all_the_same() -> None:
    bare = replace(RELEASE, templates=())
    data = make_workbook(BANK, PERIOD, bare)
    rows = rows_of(opened(data)["活动数据"])
    assert {row["指标代码"] for row in rows} == {indicator.id for indicator in RELEASE.indicators}
    assert {row["披露表项目"] for row in rows} == {None}
    assert read_workbook(data, BANK, bare).findings == ()


def test_a_record_of_an_indicator_that_a_release_has_no_more_is_named_and_not_lost() -> None:
    def fill(book: Any) -> None:
        sheet = Sheet(book["活动数据"])
        record_row(sheet, sheet.row_of("总行", "外购冷量"), 5)

    activity = activity_of(read(filled(fill)))
    smaller = replace(RELEASE, indicators=tuple(item for item in RELEASE.indicators if item.id != "cooling.purchased"))
    reading = read_workbook(make_workbook(BANK, PERIOD, smaller, previous=activity), BANK, smaller)
    assert [finding.code for finding in reading.findings] == ["INDICATOR_UNKNOWN"]


def test_a_record_of_a_unit_that_is_not_open_stays_in_this_periods_workbook() -> None:
    def fill(book: Any) -> None:
        sheet = Sheet(book["活动数据"])
        own = {"机构": "第二支行", "指标": "外购电力", "计量单位": "MWh", "开始日期": "2025-01-01", "结束日期": "2025-01-31"}
        record_row(sheet, sheet.end, 3, **own)

    reading = read(filled(fill))
    assert read(make_workbook(BANK, PERIOD, RELEASE, previous=activity_of(reading))).activity_document == reading.activity_document
