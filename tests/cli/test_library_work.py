"""Work on the library by commands: drafts, differences, impact, users, local factors; and answers to findings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.indicators.shipped import shipped_bytes
from tests.api.scene import local_factor
from tests.cli.city import City
from tests.cli.conftest import Books

SHIPPED: dict[str, Any] = json.loads(shipped_bytes())
RELEASE = str(SHIPPED["release"])
NATIONAL, ZHEJIANG = "grid_average.cn.2023", "grid_average.cn-zj.2023"


def write(path: Path, document: dict[str, Any]) -> Path:
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def to_zhejiang(name: str, supersedes: str | None) -> dict[str, Any]:
    """The shipped release with the Zhejiang factor for location-based electricity."""
    rules = [
        {**rule, "factor": ZHEJIANG} if (rule["factor"], rule["use"]) == (NATIONAL, "location") else rule for rule in SHIPPED["selections"]
    ]
    return {**SHIPPED, "release": name, "supersedes": supersedes, "selections": rules}


@pytest.fixture(scope="module")
def shipped_hash(city: City) -> str:
    return next(str(item["hash"]) for item in city.ask("library", "list", who="auditor")["items"] if item["release"] == RELEASE)


def test_a_draft_of_a_release_is_listed_shown_replaced_and_proposed_by_its_name(city: City, shipped_hash: str, tmp_path: Path) -> None:
    words = ("library", "draft", "--from", RELEASE, "--name", "cli-next", "--valid-from", "2027-01-01", "--include-local")
    draft = city.ask(*words, who="librarian")
    assert (draft["state"], draft["findings"]) == ("draft", [])
    listed = {item["release"]: item for item in city.ask("library", "list", who="publisher")["items"]}
    assert (listed["cli-next"]["state"], listed["cli-next"]["proposer"]) == ("draft", "test.librarian")
    assert "cli-next" not in city.run("library", "list", who="auditor").stdout
    out = tmp_path / "draft.json"
    city.run("library", "show", draft["hash"][:10], "--out", out, who="publisher")
    document = json.loads(out.read_bytes())
    assert document == {**SHIPPED, "release": "cli-next", "valid_from": "2027-01-01", "supersedes": shipped_hash}
    replaced = city.ask("library", "draft", write(tmp_path / "next.json", {**document, "valid_from": "2027-02-01"}), who="librarian")
    assert replaced["hash"] != draft["hash"]
    proposed = city.ask("library", "propose", "cli-next", "--key", city.key("librarian"), who="librarian")
    assert (proposed["state"], proposed["hash"], proposed["supersedes"]) == ("proposed", replaced["hash"], shipped_hash)
    assert "proposed" in city.run("library", "show", "cli-next", who="auditor").stdout, "it is a release now, that everybody sees"
    again = city.run(*words, who="librarian", code=13)
    assert "proposed already" in again.stderr


def test_a_draft_with_errors_shows_them_and_is_not_proposed(city: City, tmp_path: Path) -> None:
    document = {**SHIPPED, "release": "cli-wrong", "selections": [{**SHIPPED["selections"][0], "factor": "none"}]}
    shown = city.run("library", "draft", write(tmp_path / "wrong.json", document), who="librarian").stdout
    assert "FACTOR_UNKNOWN" in shown
    refused = city.run("library", "propose", "cli-wrong", "--key", city.key("librarian"), who="librarian", code=1)
    assert "/selections/0/factor" in refused.stdout


@pytest.mark.parametrize(
    "words",
    [(), ("--from", RELEASE), ("--from", RELEASE, "--name", "x"), ("--from", "nothing", "--name", "x", "--valid-from", "2027-01-01")],
)
def test_a_draft_of_nothing_or_half_described_is_a_usage_error(city: City, words: tuple[str, ...]) -> None:
    assert city.run("library", "draft", *words, who="librarian", code=2).stderr.startswith("error:")


def test_two_files_are_compared_without_a_server_and_a_file_with_a_release_with_one(city: City, shipped_hash: str, tmp_path: Path) -> None:
    before = write(tmp_path / "before.json", SHIPPED)
    after = write(tmp_path / "after.json", to_zhejiang("cli-diff", None))
    offline = City(city.folder)
    local = offline.ask("library", "diff", before, after)
    assert [(item["indicator"], item["before"], item["after"]) for item in local["selections"]] == [
        ("electricity.purchased", NATIONAL, ZHEJIANG)
    ]
    assert city.ask("library", "diff", shipped_hash[:12], after, who="auditor") == local
    city.run("library", "draft", after, who="librarian")
    assert city.ask("library", "diff", RELEASE, "cli-diff", who="librarian") == local
    table = offline.run("library", "diff", before, after).stdout
    assert ZHEJIANG in table
    assert "cli-diff" in table
    assert city.run("library", "diff", RELEASE, "nowhere", who="auditor", code=2).stderr.startswith("error: 0 releases")


def test_an_impact_is_shown_of_every_period_and_in_json_with_its_lines(city: City, books: Books, shipped_hash: str, tmp_path: Path) -> None:
    city.run("library", "draft", write(tmp_path / "try.json", to_zhejiang("cli-try", shipped_hash)), who="librarian")
    text = city.run("library", "impact", "cli-try", who="librarian").stdout
    assert "cli-try" in text
    assert "closed" in text
    city.run("period", "open", "open-days", "--first-day", "2025-05-03", "--last-day", "2025-05-04", who="preparer")
    fuels = (books.folder / "fuels.csv").read_text(encoding="utf-8").replace("2025-03-01", "2025-05-03").replace("2025-03-02", "2025-05-04")
    (tmp_path / "fuels.csv").write_text(fuels + "bill,outlet-7,electricity.purchased,1000,kWh,2025-05-03,2025-05-04,invoice,bill,2\n")
    city.run("submit", "activity", tmp_path / "fuels.csv", "--period", "open-days", who="preparer")
    answer = city.ask("library", "impact", "cli-try", "--institution", "bank-a", who="publisher")
    period = next(item for item in answer["periods"] if item["period"] == "open-days")
    assert {item["indicator"] for item in period["lines"]} == {"electricity.purchased"}, "a factor moves the lines that use it alone"
    line = next(item for item in period["lines"] if item["unit"] == "outlet-7")
    assert (line["factor_before"], line["factor_after"]) == (NATIONAL, ZHEJIANG)
    assert period["difference"]["scope2_location_g"] == "-33200", "1,000 kWh × (0.4974 − 0.5306) kg/kWh"
    shown = city.run("library", "impact", "cli-try", "--institution", "bank-a", who="librarian").stdout
    assert "-0.033200 t" in shown
    assert "FACTOR_UNCONFIRMED" in shown
    own = city.ask("library", "impact", RELEASE, who="preparer")
    assert {item["institution"] for item in own["periods"]} == {"bank-a"}
    assert city.run("library", "impact", RELEASE, who="auditor", code=11).stdout == ""


def test_the_users_of_a_factor_are_shown_with_rules(city: City, books: Books) -> None:
    answer = city.ask("library", "users", NATIONAL, who="librarian")
    assert (books.statement["id"], "location", "106969") in {
        (item["statement"], item["use"], item["grams"]) for item in answer["statements"]
    }
    text = city.run("library", "users", NATIONAL, who="preparer").stdout
    assert "0.106969 t" in text
    assert "electricity.purchased" in text
    assert city.ask("library", "users", NATIONAL, who="other")["statements"] == []


def test_a_local_factor_goes_from_the_banks_file_to_the_centres_decision(city: City, tmp_path: Path) -> None:
    document = local_factor("bank-a")
    refused = city.run("factor", "submit", write(tmp_path / "other.json", {**document, "institution": "bank-b"}), who="preparer", code=1)
    assert "LOCAL_FACTOR_OWNER" in refused.stdout
    given = city.ask("factor", "submit", write(tmp_path / "steam.json", document), who="preparer")
    assert given["state"] == "submitted"
    assert [item["id"] for item in city.ask("factor", "list", who="approver")["items"]] == [given["id"]]
    assert city.ask("factor", "list", who="other")["items"] == []
    decide = ("factor", "review", given["id"], "accepted", "--reason", "read the letter")
    assert city.run(*decide, who="librarian", code=2, input="no\n").stderr.endswith("\n"), "its id is asked for first"
    assert city.run(*decide, "--yes", who="preparer", code=11).stdout == ""
    assert city.ask(*decide, who="librarian")["state"] == "accepted"
    assert "read the letter" in city.run("factor", "list", "--institution", "bank-a", who="librarian").stdout


def test_a_finding_is_answered_and_the_answers_are_listed(city: City, books: Books) -> None:
    finding = books.statement["findings"][0]
    shown = city.ask("statement", "findings", books.statement["id"], who="preparer")["items"]
    assert shown == books.statement["findings"]
    table = city.run("statement", "findings", books.statement["id"], who="approver").stdout
    assert all(item["code"] in table for item in shown)
    named = ("--code", finding["code"], "--place", finding["place"])
    answer = city.ask("statement", "answer", books.statement["id"], *named, "--reason", "房东的账单", who="preparer")
    assert (answer["by"], answer["reason"]) == ("test.preparer", "房东的账单")
    listed = city.ask("statement", "answers", books.statement["id"], who="auditor")["items"]
    assert listed == [answer]
    assert finding["code"] in city.run("statement", "answers", books.statement["id"], who="approver").stdout
    wrong = ("--code", "NO_SUCH", "--place", finding["place"], "--reason", "x")
    refused = city.run("statement", "answer", books.statement["id"], *wrong, who="preparer", code=12)
    assert "FINDING_UNKNOWN" in refused.stderr
    assert city.run("statement", "answer", books.statement["id"], *named, "--reason", "x", who="other", code=12).stdout == ""
