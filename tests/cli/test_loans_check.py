"""`lingtan loans check` without a server: every finding of a book by row and column, with the exit codes of docs/cli.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ledger.cli.app import app
from scripts.make_loan_book import main
from tests.loans.tables import row, write


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, ["loans", "check", *map(str, words), "--json"])
    assert result.exit_code == code, (words, result.stdout, result.stderr)
    return json.loads(result.stdout) if result.stdout else json.loads(result.stderr)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("books") / "book.parquet"
    assert main(["--rows", "800", "--seed", "2", "--out", str(path)]) == 0
    return path


def test_a_sound_book_is_accepted(made: Path) -> None:
    answer = run(made, "--head", made.with_suffix(".head.json"))
    assert (answer["accepted"], answer["rows"], answer["months"], answer["findings"]) == (True, "800", "12", [])
    assert "--method" in answer["unchecked"]


def test_a_method_says_what_computing_finds(made: Path, tmp_path: Path) -> None:
    answer = run(made, "--head", made.with_suffix(".head.json"), "--method", "pcaf_2")
    assert answer["accepted"]
    assert answer["unchecked"] == ""
    assert "DENOMINATOR_FALLBACK" in {finding["code"] for finding in answer["findings"]}
    # A book made for the one method has rows that the other cannot calculate; its policies leave out some of them.
    refused = run(made, "--head", made.with_suffix(".head.json"), "--method", "pboc_2021", code=1)
    policies = tmp_path / "policies.json"
    policies.write_text('{"exclude_natural_person": true}', encoding="utf-8")
    fewer = run(made, "--head", made.with_suffix(".head.json"), "--method", "pboc_2021", "--policies", policies, code=1)
    assert 0 < len(fewer["findings"]) < len(refused["findings"])


def test_a_negative_or_missing_denominator_is_the_method_s_finding(tmp_path: Path) -> None:
    path = tmp_path / "book.csv"
    values = {"outstanding": "100", "s1_t": "1", "s2_t": "1"}
    path.write_bytes(write([row(1, **values), row(2, asset_class="mortgage", option="1a", property_value="-5", **values)]))
    assert run(path)["accepted"]
    answer = run(path, "--method", "pcaf_2", code=1)
    found = [(finding["code"], finding["place"]) for finding in answer["findings"] if finding["severity"] == "error"]
    assert found == [
        ("DENOMINATOR_MISSING", "row 1 column total_equity"),
        ("DENOMINATOR_MISSING", "row 2 column property_value"),
    ]


def test_every_wrong_cell_is_named_and_told_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "book.csv"
    rows = [row(1, outstanding="1,000"), row(2, outstanding="ten"), row(1, currency="USD"), row(4, revenue="5", s12_t="9999")]
    path.write_bytes(write(rows))
    answer = run(path, "--method", "pcaf_2", code=1)
    assert [(finding["code"], finding["place"]) for finding in answer["findings"]] == [
        ("VALUE_GROUPED", "row 1 column outstanding"),
        ("VALUE_NOT_A_NUMBER", "row 2 column outstanding"),
        ("EXPOSURE_TWICE", "row 3 column exposure"),
        ("CURRENCY_WITHOUT_RATE", "row 3 column currency"),
        ("UNIT_SUSPECTED", "row 4 column revenue"),
    ]
    assert all(finding["action"] for finding in answer["findings"])
    assert "could not be read" in answer["unchecked"]


def test_a_person_sees_a_table_and_the_exit_code(tmp_path: Path) -> None:
    path = tmp_path / "book.csv"
    path.write_bytes(write([row(1, outstanding="10%")]))
    result = CliRunner().invoke(app, ["--lang", "zh", "loans", "check", str(path)])
    assert result.exit_code == 1
    assert "VALUE_PERCENT" in result.stdout
    assert "row 1 column outstanding" in result.stdout
    assert "错误" in result.stderr


def test_a_head_that_is_none_ends_with_words(tmp_path: Path, made: Path) -> None:
    head = tmp_path / "head.json"
    head.write_text('{"schema": "lingtan.book-head/1", "rates": {"USD": "7%"}}', encoding="utf-8")
    error = run(made, "--head", head, code=3)["error"]
    assert "/rates/USD: FIELD_INVALID: write CNY per unit" in error["message"]
    assert error["hint"]
