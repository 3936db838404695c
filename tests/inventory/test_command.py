"""The command itself: exit codes, files, tables in two languages, and `check` that says what `inventory compute` finds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ledger.cli.app import app
from ledger.indicators.shipped import shipped_bytes
from ledger.records import canonical
from tests.inventory.running import bank
from tests.inventory.test_examples import EXAMPLES

ELECTRICITY = {"indicator": "electricity.purchased", "quantity": "122 MWh"}
GOOD = bank(year=2024, records=[ELECTRICITY])
BAD = bank(year=2024, records=[ELECTRICITY], declared_totals=[{"measure": "scope2", "value": "7.0"}])


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], env={"LINGTAN_LANG": None})


def written(folder: Path, value: object) -> Path:
    file = folder / "inventory.json"
    file.write_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("value", "code"), [(GOOD, 0), (BAD, 1), ({"schema": "lingtan.inventory-input/1"}, 1), ("{", 3), ('{"a": 1e5}', 3)]
)
def test_the_exit_code_says_how_it_went(tmp_path: Path, value: object, code: int) -> None:
    done = run("inventory", "compute", "--input", written(tmp_path, value), "--json")
    assert done.exit_code == code, done.output
    if code == 3:
        assert json.loads(done.stderr)["error"]["code"] == "input.malformed"
        assert done.stdout == ""
    else:
        assert json.loads(done.stdout)["accepted"] == (code == 0)


def test_a_file_that_is_not_there_is_a_matter_of_usage(tmp_path: Path) -> None:
    assert run("inventory", "compute", "--input", tmp_path / "none.json").exit_code == 2


def test_the_answer_is_canonical_and_the_same_in_a_file_and_in_every_process(tmp_path: Path) -> None:
    file, out = written(tmp_path, BAD), tmp_path / "answer.json"
    done = run("inventory", "compute", "--input", file, "--out", out, "--json", "--today", "2026-01-31")
    assert done.stdout.encode() == out.read_bytes() + b"\n"
    assert canonical.dump(canonical.load_canonical(out.read_bytes())) == out.read_bytes()
    program = Path(sys.executable).with_name("lingtan")
    for seed in ("0", "12345"):
        words = [program, "inventory", "compute", "--input", file, "--json", "--today", "2026-01-31"]
        again = subprocess.run(words, capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed}, check=False)
        assert again.stdout == done.stdout.encode()


def test_an_answer_never_goes_over_a_file_with_other_content(tmp_path: Path) -> None:
    file, out = written(tmp_path, GOOD), tmp_path / "answer.json"
    out.write_text("mine", encoding="utf-8")
    assert run("inventory", "compute", "--input", file, "--out", out).exit_code == 13
    assert out.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(("lang", "words"), [("en", ("Scope 1", "quantity", "what to do")), ("zh", ("范围一", "指标", "处理"))])
def test_people_get_tables_in_their_language(tmp_path: Path, lang: str, words: tuple[str, ...]) -> None:
    done = run("--lang", lang, "inventory", "compute", "--input", written(tmp_path, BAD))
    assert done.exit_code == 1
    for word in (*words, "electricity.purchased", "64.7332 t", "TOTAL_MISMATCH"):
        assert word in done.stdout


def test_the_day_of_the_command_can_be_given(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD)

    def codes(today: str) -> list[str]:
        answer = json.loads(run("inventory", "compute", "--input", file, "--json", "--today", today).stdout)
        return [finding["code"] for finding in answer["findings"]]

    assert "DATE_IN_FUTURE" in codes("2024-12-30")
    assert "DATE_IN_FUTURE" not in codes("2024-12-31")
    assert run("inventory", "compute", "--input", file, "--today", "soon").exit_code == 2


def test_another_library_is_taken_from_a_file(tmp_path: Path) -> None:
    library: dict[str, Any] = json.loads(shipped_bytes())
    library["release"] = "ours-2"
    (tmp_path / "library.json").write_text(json.dumps(library), encoding="utf-8")
    file = written(tmp_path, GOOD)
    done = run("inventory", "compute", "--input", file, "--library", tmp_path / "library.json", "--json")
    assert json.loads(done.stdout)["library"]["release"] == "ours-2"
    assert run("inventory", "compute", "--input", file, "--library", file, "--json").exit_code == 3


@pytest.mark.parametrize("given", [given for given, _ in EXAMPLES], ids=[f"example-{number}" for number in range(1, len(EXAMPLES) + 1)])
def test_the_check_says_what_computing_finds(tmp_path: Path, given: str) -> None:
    file = written(tmp_path, given)
    computed = run("inventory", "compute", "--input", file, "--json")
    checked = run("check", file, "--json")
    assert checked.exit_code == computed.exit_code
    findings = [{name: value for name, value in finding.items() if name != "period"} for finding in json.loads(computed.stdout)["findings"]]
    answer = json.loads(checked.stdout)
    assert (answer["kind"], answer["findings"]) == ("inventory", findings)


def test_what_a_file_may_name_is_listed(root: Path) -> None:
    page = (root / "docs" / "spec" / "inventory-input.md").read_text(encoding="utf-8")

    def listed(*words: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = json.loads(run("inventory", "names", *words, "--json").stdout)["items"]
        return items

    indicators = {item["id"] for item in listed("indicators")}
    assert [id for id in indicators if id not in page] == []
    national = {item["id"]: item for item in listed("factors", "--indicator", "electricity.purchased")}
    assert national["grid_average.cn.2022"]["value"] == "0.5366"
    assert "grid_om.cn-east.2019" not in national
    assert {item["id"] for item in listed("factors")} >= {"grid_om.cn-east.2019", "fuel.petrol.public_building"}
    assert any("万kWh" in item["names"] for item in listed("measures"))
    assert {item["id"] for item in listed("gwp-sets")} == {"AR4", "AR5", "AR5-fossil", "AR6", "AR6-27.9"}
    assert run("inventory", "names", "factors", "--indicator", "wood").exit_code == 12
