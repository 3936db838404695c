"""No answer is no pass: VALID needs every check of verification.md's table, for every dataset that the statement makes necessary."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.verifier import evidence as ev
from tests.verifier.running import CLOCK, POLICY_KEY, run, verify
from verifier.checks import Checks
from verifier.errors import UsageError
from verifier.package import open_package
from verifier.policy import read_policy, seconds
from verifier.required import of_dataset, of_line, of_package
from verifier.verdict import opinion_of
from verifier.verify_line import verify_line
from verifier.verify_package import Verification, verify_package

BOTH = ("METERS", "OPERATIONAL")
NOW = seconds(CLOCK)


def table() -> set[str]:
    """The ids of the table, each <DATASET> written out."""
    text = (ev.ROOT / "docs/spec/verification.md").read_text()
    ids = {id for row in re.findall(r"^\| ([a-z]\S.*?) \|", text, re.M) for id in row.split(", ") if "." in id}
    return {id.replace("<DATASET>", dataset) for id in ids for dataset in BOTH}


@cache
def verified() -> Verification:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "e.zip"
        path.write_bytes(ev.evidence().package())
        with open_package(path) as package:
            return verify_package(package, read_policy(ev.evidence().policy()), POLICY_KEY, NOW)


def empty(document: Any) -> None:
    """Let the statement state nothing at all."""
    document["lines"], document["meters"] = [], []
    ev.roll_up(document)


def draft() -> ev.Evidence:
    """A package in which nothing is committed, signed or anchored, and no figure is wrong: no record, no unit that needs one."""
    evidence = ev.evidence()
    organisation, activity, statement = (evidence.json(f"{name}.json") for name in ("organisation", "activity", "statement"))
    organisation["units"] = [unit for unit in organisation["units"] if not unit["placements"]]
    activity["records"], activity["instruments"] = [], []
    empty(statement)
    statement["rollup"] = [item for item in statement["rollup"] if item["unit"] == "head"]
    statement["organisation"], statement["activity"] = (ev.sha(ev.jcs(document)).hex() for document in (organisation, activity))
    for name, document in (("organisation", organisation), ("activity", activity), ("statement", statement)):
        evidence.put(f"{name}.json", document)
    evidence.put("commitments.json", {"schema": "lingtan.commitments/1", "datasets": []})
    for name in ("attestations", "anchors"):
        evidence.put(f"{name}.json", {"schema": f"lingtan.{name}/1", "items": []})
    for path in [path for path in evidence.parts if path.startswith("meters/")]:
        del evidence.parts[path]
    return evidence


def test_the_table_of_the_specification_is_what_is_required() -> None:
    assert table() == set(of_package(BOTH)) | set(of_line("METERS")) | set(of_line("OPERATIONAL"))
    assert set(of_line("METERS")) - set(of_line("OPERATIONAL")) == {"item.asset", *of_dataset("METERS")} - set(of_dataset("OPERATIONAL"))
    assert {check.id for check in verified().checks.items} == set(of_package(BOTH)) == table() - {"item.asset"}


@pytest.mark.parametrize("silent", of_package(BOTH))
def test_a_package_is_never_valid_while_a_check_of_the_table_is_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, silent: str
) -> None:
    passed = Checks.passed
    monkeypatch.setattr(Checks, "passed", lambda self, id, subject: None if id == silent else passed(self, id, subject))
    result = verify(tmp_path, ev.evidence())
    assert (result.code, result.document["verdict"]) == (4, "INCOMPLETE")
    assert silent in {check["id"] for check in result.checks("NOT CHECKED")}


@pytest.mark.parametrize("silent", of_line("OPERATIONAL"))
def test_a_line_is_never_valid_while_a_check_of_the_table_is_silent(monkeypatch: pytest.MonkeyPatch, silent: str) -> None:
    passed = Checks.passed
    monkeypatch.setattr(Checks, "passed", lambda self, id, subject: None if id == silent else passed(self, id, subject))
    data = ev.jcs(ev.evidence().proof("line/head/fuel.petrol"))
    assert verify_line(data, read_policy(ev.evidence().policy()), POLICY_KEY, NOW).verdict() == ("INCOMPLETE", 4)


def test_without_a_level_nothing_is_valid_and_no_opinion_is_unqualified() -> None:
    whole = verified()
    assert (whole.verdict(), whole.level(), opinion_of(whole, None)) == (("VALID", 0), "L3", "unqualified")
    for datasets in ((), ("METERS", "OPERATIONAL", "OTHER")):
        bare = replace(whole, datasets=datasets)
        assert (bare.verdict(), bare.level()) == (("INCOMPLETE", 4), "-")
        for stated in (None, "unqualified"):
            with pytest.raises(UsageError):
                opinion_of(bare, stated)


def test_a_package_in_which_nothing_is_committed_is_invalid_and_says_so(tmp_path: Path) -> None:
    result = verify(tmp_path, draft())
    assert (result.code, result.document["verdict"], result.document["level"]) == (1, "INVALID", "-")
    assert {check_id for check_id, _ in result.failed()} == {*of_dataset("OPERATIONAL"), "findings.recompute"}
    unsigned = [check for check in result.checks("FAIL") if check["id"].endswith(".OPERATIONAL")]
    assert all("nothing is committed, so nothing is signed" in check["means"] for check in unsigned)
    assert "none: no commitment was confirmed" in result.err
    chinese = verify(tmp_path, draft(), "--lang", "zh")
    assert "未承诺任何内容" in chinese.err


def test_a_draft_is_invalid_without_a_policy_too_for_the_statement_alone_decides(tmp_path: Path) -> None:
    (tmp_path / "e.zip").write_bytes(draft().package())
    assert run("package", tmp_path / "e.zip").code == 1
    evidence = draft()
    evidence.withheld["commitments.json"] = "kept back"
    assert verify(tmp_path, evidence).code == 1


def test_the_opinion_on_a_package_in_which_nothing_is_committed_is_never_unqualified(tmp_path: Path) -> None:
    path = tmp_path / "e.zip"
    path.write_bytes(draft().package())
    with open_package(path) as package:
        verification = verify_package(package, read_policy(ev.evidence().policy()), POLICY_KEY, NOW)
    assert opinion_of(verification, None) == "adverse"
    with pytest.raises(UsageError):
        opinion_of(verification, "unqualified")


def test_figures_alone_can_be_recomputed_without_a_commitment(tmp_path: Path) -> None:
    (tmp_path / "e.zip").write_bytes(draft().package())
    result = run("recompute", tmp_path / "e.zip", "--json")
    assert (result.code, result.document["level"]) == (0, "-")
