"""Findings for people who read Chinese: every code says what it means."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ledger.cli.finding_actions import ACTIONS
from ledger.cli.finding_words import MEANINGS
from ledger.cli.output import Output

FINDING = {
    "severity": "error",
    "code": "TOTAL_MISMATCH",
    "place": "/declared_totals/0/value",
    "got": "1 t",
    "expected": "2 t",
    "action": "look",
}


def test_every_code_of_the_page_has_its_words_here(root: Path) -> None:
    page = (root / "docs" / "findings.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| ([A-Z0-9_]+) \|.*\| ([^|]+) \|$", page, re.MULTILINE))
    assert listed
    assert {code: MEANINGS.get(code) for code in listed} == listed


def test_every_code_of_the_page_says_in_chinese_what_to_do(root: Path) -> None:
    page = (root / "docs" / "findings.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| ([A-Z0-9_]+) \|", page, re.MULTILINE))
    assert listed - set(ACTIONS) == set()
    assert [code for code, action in ACTIONS.items() if not re.search("[一-鿿]{2}", action)] == []


def test_a_table_in_chinese_says_severity_and_meaning_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    Output("zh").findings([FINDING, {**FINDING, "severity": "info", "code": "OF_ANOTHER_HOUSE"}])
    shown = capsys.readouterr().out
    assert "TOTAL_MISMATCH 合计与公布数不符" in shown
    assert "错误" in shown
    assert "提示" in shown
    assert ACTIONS["TOTAL_MISMATCH"] in shown
    # A code that is not ours keeps the words it came with.
    other = next(line for line in shown.splitlines() if "OF_ANOTHER_HOUSE" in line)
    assert "look" in other


def test_a_table_in_english_has_codes_alone(capsys: pytest.CaptureFixture[str]) -> None:
    Output("en").findings([FINDING])
    shown = capsys.readouterr().out
    assert "TOTAL_MISMATCH" in shown
    assert "look" in shown
    assert not re.search("[一-鿿]", shown)
