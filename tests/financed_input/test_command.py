"""The command on one JSON file: exit codes, files, tables in two languages, the same bytes in every process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ledger.cli.app import app
from ledger.records import canonical
from tests.financed_input.running import book, loan

GOOD = book(loan(id="a", emissions={"s3": 7}), loan(id="b", outstanding=0))
BAD = book(loan(id="a"), loan(id="b", total_debt=-5))


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], env={"LINGTAN_LANG": None})


def written(folder: Path, value: object) -> Path:
    file = folder / "loans.json"
    file.write_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return file


@pytest.mark.parametrize(("value", "code"), [(GOOD, 0), (BAD, 1), ({}, 1), ("[]", 1), ("{", 3), ('{"a": NaN}', 3), ("", 3)])
def test_the_exit_code_says_how_it_went(tmp_path: Path, value: object, code: int) -> None:
    done = run("loans", "compute", "--input", written(tmp_path, value), "--json")
    assert done.exit_code == code, done.output
    if code == 3:
        assert json.loads(done.stderr)["error"]["code"] == "input.malformed"
        assert done.stdout == ""
    else:
        assert json.loads(done.stdout)["accepted"] == (code == 0)


def test_a_file_or_a_method_that_is_not_there_is_a_matter_of_usage(tmp_path: Path) -> None:
    assert run("loans", "compute", "--input", tmp_path / "none.json").exit_code == 2
    assert run("loans", "compute").exit_code == 2
    assert run("loans", "compute", "--input", written(tmp_path, GOOD), "--method", "pcaf_9").exit_code == 2


def test_the_answer_is_canonical_and_the_same_in_a_file_and_in_every_process(tmp_path: Path) -> None:
    file, out = written(tmp_path, BAD), tmp_path / "answer.json"
    done = run("loans", "compute", "--input", file, "--out", out, "--json")
    assert done.stdout.encode() == out.read_bytes() + b"\n"
    assert canonical.dump(canonical.load_canonical(out.read_bytes())) == out.read_bytes()
    program = Path(sys.executable).with_name("lingtan")
    for seed in ("0", "12345"):
        words = [program, "loans", "compute", "--input", file, "--json"]
        again = subprocess.run(words, capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed}, check=False)
        assert again.stdout == done.stdout.encode()


def test_an_answer_never_goes_over_a_file_with_other_content(tmp_path: Path) -> None:
    file, out = written(tmp_path, GOOD), tmp_path / "answer.json"
    out.write_text("mine", encoding="utf-8")
    assert run("loans", "compute", "--input", file, "--out", out).exit_code == 13
    assert out.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(("lang", "words"), [("en", ("Scopes 1+2", "data quality", "all")), ("zh", ("范围一和二", "数据质量得分", "合计"))])
def test_people_get_tables_in_their_language(tmp_path: Path, lang: str, words: tuple[str, ...]) -> None:
    done = run("--lang", lang, "loans", "compute", "--input", written(tmp_path, GOOD), "--method", "pcaf_2")
    assert done.exit_code == 0
    for word in (*words, "business_loan", "100 t", "0.1"):
        assert word in done.stdout, word


def test_a_refused_exposure_is_named_in_the_table(tmp_path: Path) -> None:
    done = run("loans", "compute", "--input", written(tmp_path, BAD))
    assert done.exit_code == 1
    assert "refused" in done.stdout
    assert "/exposures/1/total_debt" in done.stdout


def test_one_file_serves_both_methods(tmp_path: Path) -> None:
    file = written(tmp_path, book(loan(mean_balance=20, revenue=1000, use="general")))
    factors = []
    for method in ("pcaf_2", "pboc_2021"):
        answer = json.loads(run("loans", "compute", "--input", file, "--method", method, "--json").stdout)
        assert answer["method"] == method
        factors.append(answer["exposures"][0]["factor"]["decimal"])
    assert factors == ["0.1", "0.02"]


def test_a_report_is_made_of_an_answer_too(tmp_path: Path) -> None:
    answer = tmp_path / "answer.json"
    run("loans", "compute", "--input", written(tmp_path, GOOD), "--out", answer)
    assert run("loans", "report", answer, "--table", "pcaf", "--out", tmp_path / "pcaf.csv").exit_code == 0
    assert "Business loans,2,10.00,,,100,0.7,2," in (tmp_path / "pcaf.csv").read_text(encoding="utf-8-sig")
    refused = tmp_path / "refused.json"
    run("loans", "compute", "--input", written(tmp_path, BAD), "--out", refused)
    assert run("loans", "report", refused, "--table", "pcaf", "--out", tmp_path / "x.csv").exit_code == 3
    dollars = tmp_path / "dollars.json"
    run("loans", "compute", "--input", written(tmp_path, {**GOOD, "currency": "USD"}), "--out", dollars)
    assert run("loans", "report", dollars, "--table", "pcaf", "--out", tmp_path / "usd.csv").exit_code == 0
    assert run("loans", "report", dollars, "--table", "jiangsu", "--out", tmp_path / "x.csv").exit_code == 2
