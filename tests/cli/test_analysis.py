"""The diff before signing, the analysis of a bank's periods and its policy, by commands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.comparison import show_before_signing
from ledger.cli.invocation import Invocation
from ledger.cli.output import Output, percent
from tests.cli.city import FUELS, City, readings
from tests.cli.conftest import Books


@dataclass(frozen=True)
class June:
    """A second period of bank-a, a draft: twice the petrol of March."""

    statement: dict[str, Any]


@pytest.fixture(scope="module")
def june(city: City, books: Books, tmp_path_factory: pytest.TempPathFactory) -> June:
    folder = tmp_path_factory.mktemp("june")
    # Another file's tests may have registered a meter beside M-1, and every meter needs readings: it stood still.
    others = [item["id"] for item in city.ask("meter", "list", who="preparer")["items"] if item["id"] != "M-1"]
    still = "".join(readings(meter=meter).partition("\n")[2].replace(",4.2,", ",0,") for meter in others)
    (folder / "meters.csv").write_text((readings() + still).replace("2025-03", "2025-06"), encoding="utf-8")
    (folder / "fuels.csv").write_text(FUELS.replace("2025-03", "2025-06").replace("120.5", "241"), encoding="utf-8")
    city.run("period", "open", "2025-06", "--first-day", "2025-06-01", "--last-day", "2025-06-02", who="preparer")
    city.run("meter", "import", folder / "meters.csv", who="preparer")
    city.run("submit", "activity", folder / "fuels.csv", "--period", "2025-06", who="preparer")
    statement = city.ask("statement", "prepare", "--period", "2025-06", "--cause", "first", who="preparer")
    assert statement["state"] == "draft", statement
    return June(statement)


def policy(**policies: object) -> dict[str, object]:
    return {"schema": "lingtan.analysis_policy/1", "institution": "bank-a", "policies": policies, "periods": []}


def write(path: Path, document: object) -> Path:
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_a_diff_shows_what_changed_and_by_what_and_leaves_out_what_did_not(city: City, books: Books, june: June) -> None:
    document = city.ask("statement", "diff", june.statement["id"], who="approver")
    rows = {(row["unit"], row["status"]): row for row in document["rows"]}
    assert set(rows) == {("hq", "changed"), ("outlet-7", "same")}
    assert rows["hq", "changed"]["quantity_bp"] == "10000", "twice the petrol"
    grams = int(june.statement["totals"]["scope1_g"])
    shown = city.run("statement", "diff", june.statement["id"], who="approver").stdout
    assert f"{grams // 10**6}.{grams % 10**6:06d} t" in shown
    assert "100.00 %" in shown
    assert "outlet-7" not in shown
    assert "outlet-7" in city.run("statement", "diff", june.statement["id"], "--all", who="auditor").stdout
    assert all(item["code"] in shown for item in document["findings"])


def test_a_diff_speaks_chinese_and_of_a_first_period_there_is_none(city: City, books: Books, june: June) -> None:
    shown = city.run("--lang", "zh", "statement", "diff", june.statement["id"], who="preparer").stdout
    assert all(word in shown for word in ("因子影响", "边界影响", "范围一+二（基于位置）"))
    first = city.run("statement", "diff", books.statement["id"], who="approver")
    assert "nothing to compare with" in first.stderr
    assert city.ask("statement", "diff", books.statement["id"], who="approver")["before"] is None
    assert city.run("statement", "diff", june.statement["id"], who="other", code=12).stdout == ""


def test_signing_shows_the_change_and_the_unanswered_warnings_before_it_asks(city: City, june: June) -> None:
    counts = city.ask("statement", "diff", june.statement["id"], who="approver")["unanswered"]
    words = ("sign", june.statement["id"], "--key", city.key("approver"))
    refused = city.run(*words, who="approver", code=2, input="no\n")
    assert "by factor" in refused.stdout
    assert "2025-03" in refused.stdout
    assert f"{counts['warning']} warnings and {counts['error']} errors are not answered" in refused.stderr
    assert refused.stderr.index("are not answered") < refused.stderr.index("type ")
    assert city.ask("status", june.statement["id"], who="approver")["statement"]["state"] == "draft"


def test_an_analysis_is_shown_whole_of_one_period_and_to_others_without_drafts(city: City, june: June) -> None:
    text = city.run("analysis", "show", who="preparer").stdout
    for title in ("Series", "Intensities", "Base year", "Uncertainty (95 %)", "per head", "PATH_WITHOUT_YEARS"):
        assert title in text
    chinese = city.run("--lang", "zh", "analysis", "show", "--units", "--period", "2025-06", who="approver").stdout
    assert all(word in chinese for word in ("时间序列", "排放强度", "基准年", "不确定性", "outlet-7"))
    assert "2025-03" not in chinese.partition("基准年")[0]
    whole = city.ask("analysis", "show", who="preparer")
    assert (whole["schema"], "2025-06" in whole["drafts"]) == ("lingtan.analysis/1", True)
    part = city.ask("analysis", "show", "--period", "2025-06", who="preparer")
    assert [item["id"] for item in part["periods"]] == ["2025-06"]
    assert [(item["before"], item["after"]) for item in part["changes"]] == [("2025-03", "2025-06")]
    assert part["base_year"] == whole["base_year"]
    outside = city.ask("analysis", "show", "--institution", "bank-a", who="librarian")
    assert outside["drafts"] == []
    assert "2025-06" not in [item["id"] for item in outside["periods"]]
    assert "name one of" in city.run("analysis", "show", "--period", "1999", who="preparer", code=2).stderr
    assert city.run("analysis", "show", "--institution", "bank-a", who="other", code=12).stdout == ""


def test_a_policy_is_submitted_with_all_findings_at_once_and_shown_by_version(city: City, june: June, tmp_path: Path) -> None:
    none = city.run("analysis", "policy", "show", who="preparer")
    assert "no policy was submitted" in none.stderr
    wrong = city.run("analysis", "policy", "submit", write(tmp_path / "a.json", policy(base_year="1999", x=1)), who="preparer", code=1)
    assert all(word in wrong.stdout for word in ("PERIOD_UNKNOWN", "/policies/x"))
    own = {"id": "own", "peak_by": 2028, "neutral_by": 2058}
    given = city.ask("analysis", "policy", "submit", write(tmp_path / "b.json", policy(base_year="2025-06", target=own)), who="preparer")
    assert (given["version"], given["accepted"]) == (1, True)
    assert city.ask("analysis", "show", who="preparer")["base_year"]["period"] == "2025-06"
    shown = city.ask("analysis", "policy", "show", "--institution", "bank-a", "--version", 1, who="auditor")
    assert shown["document"] == policy(base_year="2025-06", target=own)
    assert '"base_year": "2025-06"' in city.run("analysis", "policy", "show", who="approver").stdout
    again = write(tmp_path / "c.json", policy(base_year="2025-03"))
    assert city.run("analysis", "policy", "submit", again, who="approver", code=11).stdout == ""


def test_what_cannot_be_compared_before_signing_is_said_and_does_not_hide_the_rest(
    city: City, june: June, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Invocation(Output("en", environment={}), city.url, token_file=city.token("other"))
    with run.client() as client:
        show_before_signing(run, client, june.statement["id"])
    shown = capsys.readouterr()
    assert "the period before could not be compared" in shown.err
    assert shown.out == ""


@pytest.mark.parametrize(("bp", "text"), [(None, None), ("0", "0.00 %"), (-5, "-0.05 %"), ("123456", "1,234.56 %"), (-12345, "-123.45 %")])
def test_basis_points_are_shown_as_exact_percent(bp: str | int | None, text: str | None) -> None:
    assert percent(bp) == text
