"""A bank's loan book by commands: computed and kept at the bank, handed in, signed, anchored, packed, disclosed, matched."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.cli.city import City
from tests.cli.conftest import Books

COLUMNS = "exposure,borrower,asset_class,branch,sector,outstanding,total_equity,total_debt,option,s1_t,s2_t,s3_t"

PERIOD = {"id": "2025-03", "start": "2025-02-28T16:00:00Z", "end": "2025-03-02T16:00:00Z", "timezone": "Asia/Shanghai"}
HEAD = {"schema": "lingtan.book-head/1", "institution": "bank-a", "period": PERIOD}


def write_book(path: Path, rows: int = 120, *, share: int = 100) -> Path:
    """A CSV of business loans; `share` is what the first one is of its borrower, in percent."""
    lines = [COLUMNS]
    for at in range(rows):
        outstanding = 1000 * share if at == 0 else 1000 + at
        lines.append(f"L{at},Hidden Company {at},business_loan,hq,C30,{outstanding},60000,40000,1b,{3 * at},{at},{5 * at}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("loans")


def computing(city: City, books: Books, folder: Path) -> tuple[object, ...]:
    """The words that compute the book, sealed for the city's chain."""
    keys = ("--pseudonym-key", folder / "pseudonyms.key", "--commitment-key", books.folder / "commitment.key")
    place = ("--head", folder / "head.json", "--centre-policy", folder / "policy.json")
    return ("loans", "compute", folder / "book.csv", "--method", "pcaf_2", *keys, *place)


@pytest.fixture(scope="module")
def anchored(city: City, books: Books, folder: Path) -> str:
    """The id of bank-a's financed statement, once it is on chain."""
    write_book(folder / "book.csv")
    city.run("loans", "key", folder / "pseudonyms.key")
    city.run("keys", "policy", folder / "policy.pem")
    city.run("policy", "export", "--version", 1, "--key", folder / "policy.pem", "--out", folder / "policy.json", who="admin")
    (folder / "head.json").write_text(json.dumps(HEAD), encoding="utf-8")
    prepared = city.ask(*computing(city, books, folder), "--vault", folder / "vault")["statement"]
    submitted = city.ask("loans", "submit", "--vault", folder / "vault", "--period", "2025-03", who="preparer")
    assert (submitted["state"], submitted["hash"], submitted["root"]) == ("draft", prepared["hash"], prepared["root"])
    assert city.ask("loans", "submit", "--vault", folder / "vault", "--period", "2025-03", who="preparer")["id"] == submitted["id"]
    signed = city.ask("loans", "sign", submitted["id"], "--key", city.key("approver"), who="approver")
    assert [(item["dataset"], item["state"], item["root"]) for item in signed["items"]] == [("FINANCED_PCAF", "anchored", prepared["root"])]
    return str(submitted["id"])


def test_the_state_is_shown_in_both_languages(city: City, anchored: str) -> None:
    listed = city.ask("loans", "status", who="approver")["items"]
    assert [(item["id"], item["state"]) for item in listed] == [(anchored, "anchored")]
    shown = city.run("loans", "status", anchored, who="auditor").stdout
    assert "FINANCED_PCAF" in shown
    assert "exposure, CNY" in shown
    assert "敞口（元）" in city.run("--lang", "zh", "loans", "status", who="approver").stdout


def test_signing_again_signs_nothing(city: City, anchored: str) -> None:
    again = city.run("loans", "sign", anchored, "--key", city.key("approver"), who="approver")
    assert "signed already" in again.stderr


def test_a_revision_supersedes_what_is_attested(city: City, anchored: str, books: Books, folder: Path) -> None:
    words = computing(city, books, folder)
    city.run(*words, "--vault", folder / "again")
    refused = city.run("loans", "submit", "--vault", folder / "again", "--period", "2025-03", who="preparer", code=13)
    assert "expected revision 2" in refused.stderr
    city.run(*words, "--vault", folder / "second", "--previous", folder / "vault" / "statement.json", "--cause", "data")
    second = city.ask("loans", "submit", "--vault", folder / "second", "--period", "2025-03", who="preparer")
    assert (second["revision"], second["cause"], second["state"]) == (2, "data", "draft")


def test_the_package_is_downloaded_closed_and_disclosed_at_home(city: City, anchored: str, folder: Path) -> None:
    closed, opened = folder / "closed.zip", folder / "open.zip"
    city.run("loans", "package", "--id", anchored, "--out", closed, who="auditor")
    disclose = ("loans", "package", "--vault", folder / "vault", "--package", closed, "--disclose", "--out", opened)
    city.run(*disclose)
    with zipfile.ZipFile(closed) as archive:
        hidden = b"".join(archive.read(name) for name in archive.namelist())
        names = set(archive.namelist())
    with zipfile.ZipFile(opened) as archive:
        assert set(archive.namelist()) - names == {"commitments.json", "exposures.jsonl", "salts.bin"}
        record = json.loads(archive.read("exposures.jsonl").splitlines()[0])
    assert record["exposure"].encode() not in hidden
    assert b"Hidden" not in hidden
    words = ("loans", "package", "--vault", folder / "vault", "--package", closed, "--open", 0, "--open", 1, "--out", folder / "some.zip")
    city.run(*words)
    with zipfile.ZipFile(folder / "some.zip") as archive:
        assert set(archive.namelist()) - names == {"openings/000000.json", "openings/000001.json"}
    assert "is there already" in city.run(*disclose, code=13).stderr
    city.run("loans", "package", "--vault", folder / "vault", "--out", folder / "x.zip", code=2)


def test_shares_are_matched_and_the_bank_finds_its_own_loan_again(city: City, anchored: str, folder: Path) -> None:
    match = ("loans", "match", folder / "book.csv", "--period", "2025-03", "--method", "pcaf_2", "--pseudonym-key")
    matched = city.ask(*match, folder / "pseudonyms.key", who="preparer")
    assert (matched["lines"], matched["above_one"]) == (120, [])
    # Two loans to one borrower, together more than all of it.
    text = (folder / "book.csv").read_text(encoding="utf-8").replace("Hidden Company 1,", "Hidden Company 0,")
    (folder / "twice.csv").write_text(text, encoding="utf-8")
    words = ("loans", "match", folder / "twice.csv", "--period", "2025-03", "--method", "pcaf_2", "--pseudonym-key")
    found = city.ask(*words, folder / "pseudonyms.key", who="preparer")
    assert (found["version"], sorted(item["id"] for item in found["above_one"])) == (2, ["L0", "L1"])
    stored = b"".join(path.read_bytes() for path in (city.folder / "server").rglob("*") if path.is_file())
    assert b"Hidden" not in stored
    assert b"HIDDEN" not in stored
