"""`lingtan workbook` makes, reads, exports and imports without a server; what is wrong is named by its cell."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from ledger.cli.app import app
from ledger.records.canonical import dump

UNIT = {"id": "hq", "name": {"en": "Head Office", "zh": "总行"}, "kind": "institution", "parent": None, "opened": "2010-01-01"}
BRANCH = UNIT | {"id": "b-1", "name": {"en": "Branch", "zh": "支行"}, "kind": "branch", "parent": "hq"}
TREE = {
    "schema": "lingtan.organisation/1",
    "institution": "anji",
    "name": {"en": "Anji Bank", "zh": "安吉银行"},
    "timezone": "Asia/Shanghai",
    "region": "CN-ZJ",
    "units": [BRANCH, UNIT],
}


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [*map(str, words), "--json"])
    assert result.exit_code == code, (words, result.stdout, result.stderr)
    return json.loads(result.stdout) if result.stdout else json.loads(result.stderr)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    path = tmp_path / "tree.json"
    path.write_text(json.dumps(TREE, ensure_ascii=False), encoding="utf-8")
    return path


def fill(path: Path, value: object) -> str:
    """Write a quantity of power of the head office; return the name of its cell."""
    book = openpyxl.load_workbook(path)
    sheet = book["活动数据"]
    titles = {cell.value: cell.column for cell in sheet[1]}
    row = next(row[0].row for row in sheet.iter_rows(min_row=2) if (row[0].value, row[1].value) == ("总行", "外购电力"))
    for title, text in (("数量", value), ("数据来源", "发票账单"), ("凭证编号", "国网"), ("数据质量", 1)):
        sheet.cell(row, titles[title]).value = text
    book.save(path)
    return f"cell 活动数据!C{row}"


def test_a_template_is_made_filled_in_and_read_back(tree: Path, tmp_path: Path) -> None:
    book, out = tmp_path / "2025.xlsx", tmp_path / "activity.json"
    made = run("workbook", "make", "--organisation", tree, "--period", 2025, "--out", book, "--lang", "zh")
    assert made == {"file": str(book), "bytes": book.stat().st_size}
    fill(book, 1234.5)
    answer = run("workbook", "read", book, "--organisation", tree, "--out", out)
    assert (answer["accepted"], answer["rows"], answer["findings"]) == (True, 1, [])
    assert out.read_bytes() == dump(answer["activity"])
    assert answer["activity"]["records"][0]["quantity"] == {"value": "1234.5", "unit": "kWh"}
    again = tmp_path / "again.xlsx"
    run("workbook", "make", "--organisation", tree, "--period", 2025, "--previous", out, "--out", again)
    assert run("workbook", "read", again, "--organisation", tree)["activity"] == answer["activity"]


def test_a_mistake_ends_with_1_and_its_cell_and_writes_nothing(tree: Path, tmp_path: Path) -> None:
    book, out = tmp_path / "2025.xlsx", tmp_path / "activity.json"
    run("workbook", "make", "--organisation", tree, "--period", 2025, "--out", book, "--lang", "zh")
    place = fill(book, "=1+1")
    answer = run("workbook", "read", book, "--organisation", tree, "--out", out, code=1)
    assert [(finding["code"], finding["place"]) for finding in answer["findings"]] == [("CELL_FORMULA", place)]
    assert answer["activity"] is None
    assert not out.exists()
    assert run("check", book, "--organisation", tree, code=1)["findings"] == answer["findings"]


def test_the_days_of_a_period_that_is_no_year_must_be_given(tree: Path, tmp_path: Path) -> None:
    words = ("workbook", "make", "--organisation", tree, "--period", "2025-03", "--out", tmp_path / "x.xlsx")
    assert "--first" in run(*words, code=2)["error"]["hint"]
    run(*words, "--first", "2025-03-01", "--last", "2025-03-31")
    assert "no day" in run(*words, "--first", "2025-03-01", "--last", "2025-03-32", code=2)["error"]["message"]
    assert (
        run("workbook", "read", tmp_path / "x.xlsx", "--organisation", tree, "--period", 2025, code=1)["findings"][0]["code"]
        == "PERIOD_DIFFERS"
    )


def test_the_csv_twin_is_made_and_read(tree: Path, tmp_path: Path) -> None:
    table = tmp_path / "activity.csv"
    run("workbook", "make", "--organisation", tree, "--period", 2025, "--out", table)
    assert run("workbook", "read", table, "--organisation", tree, "--period", 2025)["activity"]["records"] == []
    table.write_text(
        table.read_text(encoding="utf-8").replace("Purchased electricity,,", 'Purchased electricity,"1,5",', 1), encoding="utf-8"
    )
    findings = run("workbook", "read", table, "--organisation", tree, "--period", 2025, code=1)["findings"]
    assert {finding["place"].split(" column ")[0] for finding in findings} == {findings[0]["place"].split(" column ")[0]}
    assert findings[0]["place"].startswith("line ")


@pytest.mark.parametrize("name", ["tree.xlsx", "tree.csv"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_tree_is_exported_and_imported_without_loss(tree: Path, tmp_path: Path, name: str, language: str) -> None:
    exported, first, second = tmp_path / name, tmp_path / "first.json", tmp_path / "second.json"
    run("workbook", "export-tree", tree, exported, "--lang", language)
    answer = run("workbook", "import-tree", exported, "--out", first)
    assert (answer["accepted"], answer["units"], answer["findings"]) == (True, 2, [])
    placements = {unit["id"]: unit["placements"] for unit in answer["organisation"]["units"]}
    assert placements == {"hq": [], "b-1": [{"parent": "hq", "since": "2010-01-01"}]}
    again = tmp_path / f"again-{name}"
    run("workbook", "export-tree", first, again, "--lang", language)
    assert again.read_bytes() == exported.read_bytes()
    run("workbook", "import-tree", again, "--out", second)
    assert second.read_bytes() == first.read_bytes()


def test_a_tree_with_a_mistake_names_its_cell(tree: Path, tmp_path: Path) -> None:
    exported = tmp_path / "tree.xlsx"
    run("workbook", "export-tree", tree, exported, "--lang", "zh")
    book = openpyxl.load_workbook(io.BytesIO(exported.read_bytes()))
    book["归属"]["B2"].value = "nobody"
    book.save(exported)
    findings = run("workbook", "import-tree", exported, code=1)["findings"]
    assert [(finding["code"], finding["place"]) for finding in findings] == [("PARENT_UNKNOWN", "cell 归属!B2")]
