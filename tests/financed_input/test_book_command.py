"""Whole books by the command: answer, vault, statement, folder and reports; nothing is half-written."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from ledger.accounting.financed.statement_reading import financed_statement_from_document, read_financed_statement
from ledger.cli.app import app
from ledger.records import canonical
from tests.financed_input.running import answer_to

COLUMNS = (
    *("exposure", "borrower", "asset_class", "branch", "sector", "high_carbon", "outstanding", "total_equity", "total_debt", "option"),
    *(
        "s1_t",
        "s2_t",
        "s12_t",
        "s3_t",
        "revenue",
        "project_total",
        "project_reduction_t",
        "total_investment",
        "green_field",
        "exclude_reason",
    ),
)
ROWS: list[dict[str, str]] = [
    *(
        {"exposure": f"L{n}", "asset_class": "business_loan", "sector": "C3110", "high_carbon": "steel", "branch": f"b{n % 3}"}
        | {
            "outstanding": str(1000 + n),
            "total_equity": "5000",
            "total_debt": "5000",
            "option": "1b",
            "s1_t": str(n),
            "s2_t": "1.5",
            "s3_t": "7",
        }
        | {"revenue": "1000000"}
        for n in range(110)
    ),
    {
        "exposure": "P1",
        "asset_class": "project_finance",
        "sector": "D4416",
        "branch": "b1",
        "outstanding": "300",
        "option": "1a",
        "s12_t": "20",
    }
    | {"project_total": "1200", "total_investment": "1200", "project_reduction_t": "80.000001", "green_field": "clean_energy"},
    {"exposure": "X1", "asset_class": "business_loan", "sector": "=1+1", "branch": "b1", "outstanding": "999", "option": "1b"}
    | {"exclude_reason": "no figures"},
]
HEAD = {
    "schema": "lingtan.book-head/1",
    "institution": "bank-a",
    "period": {"id": "2024", "start": "2023-12-31T16:00:00Z", "end": "2024-12-31T16:00:00Z", "timezone": "Asia/Shanghai"},
}
POLICY = {"chain": {"id": "31337"}, "contracts": {"PeriodLedger": {"address": "0x" + "ab" * 20}}}


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], env={"LINGTAN_LANG": None})


def write_book(folder: Path, rows: list[dict[str, str]] = ROWS) -> Path:
    with (folder / "book.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows({"borrower": row["exposure"], **row} for row in rows)
    (folder / "head.json").write_text(json.dumps(HEAD), encoding="utf-8")
    (folder / "policy.json").write_text(json.dumps(POLICY), encoding="utf-8")
    for name, digits in (("pseudonym.key", "11"), ("commitment.key", "22")):
        (folder / name).write_text(digits * 32 + "\n", encoding="ascii")
        (folder / name).chmod(0o600)
    return folder / "book.csv"


def computed(folder: Path, *words: object, rows: list[dict[str, str]] = ROWS, method: str = "pcaf_2") -> Result:
    file = write_book(folder, rows)
    return run("--json", "loans", "compute", file, "--head", folder / "head.json", "--method", method, *words)


def sealing(folder: Path, vault: str = "vault") -> tuple[object, ...]:
    keys = ("--pseudonym-key", folder / "pseudonym.key", "--commitment-key", folder / "commitment.key")
    return ("--vault", folder / vault, *keys, "--centre-policy", folder / "policy.json")


def test_a_book_has_the_sums_that_its_rows_have_in_a_json_file(tmp_path: Path) -> None:
    done = computed(tmp_path)
    assert done.exit_code == 0, done.output
    book = json.loads(done.stdout)
    exposures = [{"borrower": row["exposure"], **row} for row in ROWS]
    alone = answer_to({"institution": "bank-a", "year": 2024, "method": "pcaf_2", "exposures": exposures})
    for name in (
        "totals",
        "classes",
        "sectors",
        "branches",
        "high_carbon",
        "uses",
        "options",
        "excluded",
        "coverage",
        "reductions",
        "waci",
    ):
        assert book[name] == alone[name], name
    assert (book["exposures"], book["statement"], book["period"], book["institution"]) == (None, None, alone["period"], "bank-a")


def test_a_sealed_book_gives_a_statement_that_reads_back_and_a_vault_that_holds_it(tmp_path: Path) -> None:
    done = computed(tmp_path, *sealing(tmp_path), "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    data = (tmp_path / "out" / "statement.json").read_bytes()
    assert (tmp_path / "vault" / "statement.json").read_bytes() == data
    statement = financed_statement_from_document(canonical.load_canonical(data))
    assert statement.to_bytes() == data
    assert json.loads(done.stdout)["statement"] == {
        "hash": statement.digest(),
        "dataset": "FINANCED_PCAF",
        "revision": 1,
        "exposures": 111,
        "groups": 2,
        "root": statement.commitment.root,
        "tree_root": statement.commitment.tree_root,
        "totals": [str(value) for value in statement.commitment.totals],
    }
    assert statement.commitment.totals[1] == statement.totals.s12_g
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"answer.json", "findings.json", "green-loans.json", "statement.json"}
    assert (tmp_path / "out" / "green-loans.json").stat().st_mode & 0o077 == 0
    assert run("loans", "vault", tmp_path / "vault").exit_code == 0


def test_a_later_statement_follows_the_one_before_with_its_cause(tmp_path: Path) -> None:
    assert computed(tmp_path, *sealing(tmp_path)).exit_code == 0
    first = tmp_path / "vault" / "statement.json"
    assert computed(tmp_path, *sealing(tmp_path, "again"), "--previous", first).exit_code == 2
    assert computed(tmp_path, *sealing(tmp_path, "again"), "--cause", "data").exit_code == 2
    done = computed(tmp_path, *sealing(tmp_path, "again"), "--previous", first, "--cause", "data")
    assert done.exit_code == 0, done.output
    statement = json.loads((tmp_path / "again" / "statement.json").read_bytes())
    before = financed_statement_from_document(json.loads(first.read_bytes()))
    assert (statement["revision"], statement["cause"], statement["supersedes"]) == (2, "data", before.digest())


def test_a_book_with_an_error_leaves_no_vault_and_says_what_is_wrong(tmp_path: Path) -> None:
    rows = [*ROWS, {**ROWS[0], "exposure": "bad", "total_equity": "-1", "total_debt": "0"}]
    done = computed(tmp_path, *sealing(tmp_path), "--out", tmp_path / "out", rows=rows)
    assert done.exit_code == 1
    answer = json.loads(done.stdout)
    assert (answer["accepted"], answer["totals"], answer["statement"]) == (False, None, None)
    assert [(item["code"], item["place"]) for item in answer["findings"] if item["severity"] == "error"] == [
        ("DENOMINATOR_MISSING", "row 113 column total_debt")
    ]
    assert not (tmp_path / "vault").exists()
    assert list(tmp_path.glob(".vault*")) == []
    assert not (tmp_path / "out" / "statement.json").exists()


def test_a_book_that_cannot_be_read_has_the_reader_s_findings(tmp_path: Path) -> None:
    done = computed(tmp_path, rows=[{**ROWS[0], "outstanding": "1,000"}])
    assert done.exit_code == 1
    assert [item["code"] for item in json.loads(done.stdout)["findings"]] == ["VALUE_GROUPED"]


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--method", "pcaf_2", "--input", "book.csv"),
        ("--vault", "v", "--method", "pcaf_2"),
        ("--method", "pcaf_2", "--cause", "data"),
    ],
)
def test_options_that_do_not_belong_together_are_a_matter_of_usage(tmp_path: Path, words: tuple[str, ...]) -> None:
    file = write_book(tmp_path)
    given = [str(tmp_path / word) if word == "book.csv" else word for word in words]
    assert run("loans", "compute", file, *given).exit_code == 2
    assert run("loans", "compute", "--input", file, "--head", tmp_path / "head.json").exit_code == 2


def test_nothing_is_written_over_a_folder_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert computed(tmp_path, *sealing(tmp_path), "--out", tmp_path / "out").exit_code == 13
    assert not (tmp_path / "vault").exists()


@pytest.mark.parametrize("source", ["out", "vault", "out/statement.json", "out/answer.json"])
@pytest.mark.parametrize("table", ["pcaf", "jiangsu", "jrt0227", "ifrs_s2"])
def test_every_table_comes_from_statement_vault_and_folder_alike(tmp_path: Path, table: str, source: str) -> None:
    computed(tmp_path, *sealing(tmp_path), "--out", tmp_path / "out")
    out = tmp_path / "report.csv"
    assert run("loans", "report", tmp_path / source, "--table", table, "--out", out).exit_code == 0
    lines = list(csv.reader(io.StringIO(out.read_text(encoding="utf-8-sig"))))
    (total,) = [line for line in lines if line and line[0] == "Total"][:1]
    statement = json.loads((tmp_path / "vault" / "statement.json").read_bytes())["totals"]
    assert str(int(statement["s12_g"]) / 10**6) in total
    assert f"{int(statement['exposure_cents']) // 100}.00" in total


def test_industries_by_class_are_there_where_the_vault_is_and_add_up(tmp_path: Path) -> None:
    computed(tmp_path, *sealing(tmp_path), "--out", tmp_path / "out")
    run("loans", "report", tmp_path / "vault", "--table", "ifrs_s2", "--out", tmp_path / "i.csv")
    lines = list(csv.reader(io.StringIO((tmp_path / "i.csv").read_text(encoding="utf-8-sig"))))
    rows = {(line[0], line[1]): line for line in lines[2:5]}
    assert set(rows) == {("C Manufacturing", "Business loans"), ("D Electricity, heat, gas and water", "Project finance"), ("Total", "All")}
    assert rows["D Electricity, heat, gas and water", "Project finance"][2:] == ["300.00", "", "", "5", ""]
    assert ["B62(c)", "Excluded, and why", "no figures (1: 999.00)"] in lines


def test_the_carbon_reduction_loans_are_listed_with_the_bank_s_share(tmp_path: Path) -> None:
    computed(tmp_path, "--out", tmp_path / "out")
    out = tmp_path / "cerf.xlsx"
    assert run("--lang", "zh", "loans", "report", tmp_path / "out", "--table", "cerf", "--out", out).exit_code == 0
    book = openpyxl.load_workbook(out)
    summary, loans = book["碳减排贷款汇总"], book["碳减排贷款明细"]
    assert [cell.value for cell in summary[2]] == ["清洁能源", 1, 300, 20]
    assert [cell.value for cell in loans[2]] == [1, "P1", "P1", "b1", "清洁能源", 300, 1200, 80.000001, 20]
    assert loans["F2"].number_format == "0.00"
    assert run("loans", "report", tmp_path / "out" / "answer.json", "--table", "cerf", "--out", tmp_path / "x.csv").exit_code == 2


def test_no_cell_of_a_report_is_a_formula(tmp_path: Path) -> None:
    rows = [{**row, "branch": '=HYPERLINK("http://x")', "exclude_reason": row.get("exclude_reason", "") and "@SUM(1)"} for row in ROWS]
    computed(tmp_path, "--out", tmp_path / "out", rows=rows)
    for table in ("jrt0227", "ifrs_s2"):
        run("loans", "report", tmp_path / "out", "--table", table, "--out", tmp_path / f"{table}.xlsx")
        run("loans", "report", tmp_path / "out", "--table", table, "--out", tmp_path / f"{table}.csv")
        cells = [cell for sheet in openpyxl.load_workbook(tmp_path / f"{table}.xlsx") for row in sheet.iter_rows() for cell in row]
        assert all(cell.data_type != "f" for cell in cells)
        text = (tmp_path / f"{table}.csv").read_text(encoding="utf-8-sig")
        assert all(not cell.startswith(("=", "@", "+", "-")) for line in csv.reader(io.StringIO(text)) for cell in line)
    assert "'=HYPERLINK" in (tmp_path / "jrt0227.csv").read_text(encoding="utf-8-sig")


def test_the_same_figures_give_the_same_bytes(tmp_path: Path) -> None:
    computed(tmp_path, "--out", tmp_path / "out")
    for name in ("a.xlsx", "b.xlsx"):
        assert run("loans", "report", tmp_path / "out", "--table", "pcaf", "--out", tmp_path / name).exit_code == 0
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


CHANGES: list[tuple[str, Any, str]] = [
    ("totals/s12_g", "1", "STATEMENT_SUM_DIFFERS"),
    ("totals/rows", 111, "FIELD_INVALID"),
    ("totals/s1_g", "-1", "FIELD_INVALID"),
    ("rows", "7", "STATEMENT_SUM_DIFFERS"),
    ("classes/0/s3_g", "1", "STATEMENT_SUM_DIFFERS"),
    ("classes/0/class", "loan", "FIELD_INVALID"),
    ("branches/1/branch", "b0", "ITEM_TWICE"),
    ("branches/1/branch", "a", "ITEM_UNSORTED"),
    ("options/1/rows", "1", "STATEMENT_SUM_DIFFERS"),
    ("coverage/total_cents", "1", "STATEMENT_SUM_DIFFERS"),
    ("coverage/unknown_rows", "5", "STATEMENT_SUM_DIFFERS"),
    ("groups/rows", "1", "STATEMENT_SUM_DIFFERS"),
    ("commitment/n", "9", "STATEMENT_SUM_DIFFERS"),
    ("commitment/totals/3", "9", "STATEMENT_SUM_DIFFERS"),
    ("commitment/totals/0", 9, "FIELD_INVALID"),
    ("commitment/root", "xyz", "FIELD_INVALID"),
    ("dataset", "FINANCED_PBOC", "FIELD_INVALID"),
    ("method", "pcaf_3", "FIELD_INVALID"),
    ("policies", {"average": "month_end"}, "FIELD_INVALID"),
    ("revision", 2, "FIELD_INVALID"),
    ("cause", "data", "FIELD_INVALID"),
    ("uses", None, "FIELD_INVALID"),
    ("extra", 1, "FIELD_UNKNOWN"),
]


@pytest.fixture(scope="module")
def statement(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("sealed")
    computed(folder, *sealing(folder))
    return (folder / "vault" / "statement.json").read_bytes()


@pytest.mark.parametrize(("place", "value", "code"), CHANGES, ids=[f"{place}={value}" for place, value, _ in CHANGES])
def test_a_statement_that_is_changed_is_refused_where_it_is_wrong(statement: bytes, place: str, value: Any, code: str) -> None:
    document = json.loads(statement)
    *steps, last = place.split("/")
    here: Any = document
    for step in steps:
        here = here[int(step)] if isinstance(here, list) else here[step]
    here[int(last) if isinstance(here, list) else last] = value
    found, findings = read_financed_statement(document)
    assert found is None
    assert code in {finding.code for finding in findings}, findings


def test_a_statement_of_monthly_balances_has_project_and_other_business_apart(tmp_path: Path) -> None:
    months = {f"m{month:02}": "100" for month in range(1, 13)}
    rows = [{**row, **months, "use": "project" if row["exposure"] == "P1" else "general"} for row in ROWS]
    with (tmp_path / "book.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*COLUMNS, *months, "use"], restval="")
        writer.writeheader()
        writer.writerows({"borrower": row["exposure"], **row} for row in rows)
    saved = (tmp_path / "book.csv").read_bytes()
    write_book(tmp_path)
    (tmp_path / "book.csv").write_bytes(saved)
    words = ("loans", "compute", tmp_path / "book.csv", "--head", tmp_path / "head.json", "--method", "pboc_2021", *sealing(tmp_path))
    done = run("--json", *words)
    assert done.exit_code == 0, done.output
    found = financed_statement_from_document(json.loads((tmp_path / "vault" / "statement.json").read_bytes()))
    assert [(item.name, item.block.rows) for item in found.uses] == [("general", 110), ("project", 1)]
    assert found.policies["average"] == "month_end"
    assert found.dataset == "FINANCED_PBOC"
