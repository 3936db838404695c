"""The workbook and the tree as files, by commands: got from the server, filled in, checked without it, submitted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.city import City
from tests.cli.conftest import Books

APRIL = ("--first-day", "2025-04-01", "--last-day", "2025-04-02")


@pytest.fixture(scope="module", autouse=True)
def april(city: City, books: Books) -> None:
    """A period of bank-a without data."""
    city.run("period", "open", "2025-04w", *APRIL, who="preparer")


def type_in(file: Path, quantity: Any) -> str:
    """Type a quantity into the row of the outlet's natural gas and return the name of its cell."""
    book = openpyxl.load_workbook(file)
    sheet = book["Activity"]
    titles = {cell.value: cell.column for cell in sheet[1]}
    row = next(
        row
        for row in range(2, sheet.max_row + 1)
        if sheet.cell(row, titles["indicator code"]).value == "fuel.natural_gas.stationary"
        and sheet.cell(row, titles["unit code"]).value == "outlet-7"
    )
    for title, value in {"Quantity": quantity, "Source": "invoice", "Reference": "gas bill", "Data quality": 2}.items():
        sheet.cell(row, titles[title]).value = value
    book.save(file)
    return f"cell Activity!C{row}"


def test_the_workbook_is_filled_in_refused_by_its_cell_corrected_and_taken(city: City, books: Books, tmp_path: Path) -> None:
    file = tmp_path / "april.xlsx"
    city.run("template", "get", "workbook", "--period", "2025-04w", "--out", file, who="preparer")
    place = type_in(file, "=100+20")
    refused = city.ask("submit", "activity", file, "--period", "2025-04w", who="preparer", code=1)
    assert [(item["code"], item["place"]) for item in refused["findings"]] == [("CELL_FORMULA", place)]
    offline = city.ask("check", file, "--organisation", books.folder / "tree.json", code=1)
    assert offline["findings"] == refused["findings"]
    type_in(file, 120)
    taken = city.ask("submit", "activity", file, "--period", "2025-04w", who="preparer")
    assert (taken["accepted"], taken["version"], taken["findings"]) == (True, 1, [])
    again = tmp_path / "again.xlsx"
    city.run("template", "get", "workbook", "--period", "2025-04w", "--out", again, who="preparer")
    assert city.ask("submit", "activity", again, "--period", "2025-04w", who="preparer")["hash"] == taken["hash"]


def test_a_table_is_got_and_submitted_by_itself(city: City, tmp_path: Path) -> None:
    file = tmp_path / "instruments.csv"
    words = ("--period", "2025-04w", "--table", "instruments")
    city.run("template", "get", "workbook", *words, "--out", file, who="preparer")
    with file.open("ab") as stream:
        stream.write(b"gec-1,Head office,green certificate,1,MWh,0,2025-03-01,2025-04-02,GEC 7,hq\r\n")
    assert city.ask("submit", "activity", file, *words, who="preparer")["accepted"]


def test_a_workbook_needs_its_period(city: City) -> None:
    assert "--period" in city.run("template", "get", "workbook", who="preparer", code=2).stderr


@pytest.mark.parametrize("form", ["xlsx", "csv", "json"])
def test_the_tree_is_got_as_a_file_checked_and_submitted_as_the_same_version(city: City, books: Books, tmp_path: Path, form: str) -> None:
    file = tmp_path / f"tree.{form}"
    city.run("organisation", "get", "--out", file, who="preparer")
    checked = city.ask("check", file, "--institution", "bank-a")
    assert (checked["kind"], checked["accepted"], checked["units"]) == ("organisation", True, "2")
    assert [item["code"] for item in city.ask("check", file, "--institution", "bank-z", code=1)["findings"]] == ["INSTITUTION_DIFFERS"]
    before = json.loads(city.run("organisation", "get", "--out", tmp_path / "before.json", "--json", who="preparer").stdout)
    assert before["bytes"] > 0
    submitted = city.ask("submit", "organisation", file, who="preparer")
    assert submitted["accepted"]
    city.run("organisation", "get", "--out", tmp_path / "after.json", who="preparer")
    assert (tmp_path / "after.json").read_bytes() == (tmp_path / "before.json").read_bytes()


def test_a_tree_is_written_only_in_a_form_that_there_is(city: City, tmp_path: Path) -> None:
    assert ".xlsx" in city.run("organisation", "get", "--out", tmp_path / "tree.ods", who="preparer", code=2).stderr


def test_what_a_csv_file_is_is_told_by_its_header(city: City, tmp_path: Path) -> None:
    for text, kind in (
        ("机构,指标,数量,计量单位,开始日期,结束日期,数据来源,凭证编号,数据质量\n", "activity"),
        ("Unit,Indicator,Quantity,Unit of measure,First day,Last day,Source,Reference,Data quality\n", "activity"),
        ("id,unit,indicator,value,measure,start,end,source,reference,quality\n", "activity"),
    ):
        file = tmp_path / "table.csv"
        file.write_text(text, encoding="gb18030")
        assert city.ask("check", file, code=None)["kind"] == kind
    file.write_text("a,b,c\n")
    assert "cannot tell what" in city.run("check", file, code=2).stderr
