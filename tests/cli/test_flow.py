"""The bank's whole flow by commands, against a server over HTTP, and what each person then sees."""

from __future__ import annotations

import hashlib
import json
import re
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.reporting import check_request
from ledger.errors import IntegrityError
from tests.cli.city import City
from tests.cli.conftest import Books


def test_a_statement_signed_by_command_is_anchored_with_the_totals_of_its_document(city: City, books: Books) -> None:
    assert [item["state"] for item in books.attestation["items"]] == ["anchored", "anchored"]
    assert {item["signer"].lower() for item in books.attestation["items"]} == {city.addresses["approver"].lower()}
    shown = city.ask("status", books.statement["id"], who="approver")
    assert shown["statement"]["state"] in ("anchored", "verified", "superseded")
    # 48 h at 4.2 kW is 201.6 kWh, and every figure is on the statement's lines.
    assert shown["statement"]["totals"] == books.statement["totals"]
    assert all(item["root"] for item in shown["attestation"]["items"])


def test_status_without_an_id_lists_the_bank_s_statements_in_exact_tonnes(city: City, books: Books) -> None:
    text = city.run("status", who="preparer").stdout
    grams = int(books.statement["totals"]["scope1_g"])
    assert f"{grams // 10**6}.{grams % 10**6:06d} t CO2e" in text
    assert re.search("anchored|verified", text)
    assert "belongs to no institution" in city.run("statement", "list", who="auditor", code=2).stderr


def test_the_receipt_holds_attestation_and_chain_proof_of_every_dataset(city: City, books: Books, tmp_path: Path) -> None:
    out = tmp_path / "receipt.json"
    city.run("receipt", books.statement["id"], "--out", out, who="approver")
    receipt = json.loads(out.read_bytes())
    assert receipt["schema"] == "lingtan.receipt/1"
    assert receipt["statement_hash"] == books.statement["hash"]
    assert [item["proof"]["dataset"] for item in receipt["anchors"]] == ["METERS", "OPERATIONAL"]
    assert all(item["proof"]["receipt"]["proof"] for item in receipt["anchors"])
    city.run("receipt", books.statement["id"], "--out", out, who="approver")  # the same again is no conflict


def test_package_proof_and_policy_by_command_verify_offline(city: City, books: Books, tmp_path: Path) -> None:
    key, policy, package, line = (tmp_path / name for name in ("policy.pem", "policy.json", "evidence.zip", "line.json"))
    public = city.ask("keys", "policy", key)["public_key"]
    assert city.ask("keys", "policy", key)["public_key"] == public
    made = city.ask("policy", "export", "--version", "1", "--key", key, "--out", policy, who="admin")
    assert made["public_key"] == public
    saved = city.ask("package", books.statement["id"], "--out", package, who="auditor")
    assert saved["sha256"] == hashlib.sha256(package.read_bytes()).hexdigest()
    with zipfile.ZipFile(package) as archive:
        assert "statement.json" in archive.namelist()
    city.run("proof", books.statement["id"], "--asset", "line/outlet-7/electricity.purchased", "--out", line, who="approver")
    for command, file in (("package", package), ("line", line)):
        words = [sys.executable, "-m", "verifier", command, str(file), "--policy", str(policy), "--policy-key", public, "--json"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        answer = json.loads(done.stdout)
        assert done.returncode in (0, 4), answer
        assert not [check for check in answer["checks"] if check["outcome"] == "FAIL"]


def test_a_claim_reaches_the_centre_s_queue_and_its_review(city: City, books: Books, tmp_path: Path) -> None:
    assert books.claim["state"] == "submitted"
    assert "bank-a:march" in [item["id"] for item in city.ask("queue", "--state", "submitted", who="auditor")["items"]]
    assert city.ask("queue", "--state", "certified", who="auditor")["items"] == []
    out = tmp_path / "claimed.zip"
    review = city.ask("review", "bank-a:march", "--out", out, who="auditor")
    assert review["claim"]["package"] == books.claim["package"]
    assert review["statement"]["totals"] == books.statement["totals"]
    assert review["verdicts"] == []
    with zipfile.ZipFile(out) as archive:
        assert hashlib.sha256(archive.read("manifest.json")).hexdigest() == books.claim["package"]


def test_an_amendment_is_shown_confirmed_by_its_id_signed_and_never_signed_twice(city: City, books: Books) -> None:
    conflict = city.run("statement", "prepare", "--period", "2025-03", "--cause", "first", who="preparer", code=13)
    assert "attested already" in conflict.stderr
    amended = city.ask("amend", "--period", "2025-03", "--reason", "data", who="preparer")
    assert (amended["revision"], amended["supersedes"]) == (2, books.statement["hash"])
    words = ("sign", amended["id"], "--key", city.key("approver"))
    for typed in ("another\n", ""):
        refused = city.run(*words, who="approver", code=2, input=typed)
        assert "nothing was done" in refused.stderr
        assert "OPERATIONAL" in refused.stdout
        assert "t CO2e" in refused.stdout
        assert city.ask("status", amended["id"], who="approver")["statement"]["state"] == "draft"
    signed = city.run(*words, who="approver", input=f"{amended['id']}\n")
    roots = [item["root"] for item in city.ask("status", amended["id"], who="approver")["attestation"]["items"]]
    assert all(root in signed.stdout for root in roots)
    again = city.run(*words, who="approver")
    assert "nothing is signed again" in again.stderr
    assert city.ask("status", books.statement["id"], who="approver")["statement"]["state"] == "superseded"


@pytest.mark.parametrize("part", ["hash", "totals", "message"])
def test_a_server_that_shows_one_thing_and_asks_for_a_signature_on_another_is_caught(part: str) -> None:
    totals = {"scope1_g": "1", "scope2_location_g": "2", "scope2_market_g": "3", "scope3_g": "4"}
    document = json.dumps({"totals": totals}, separators=(",", ":")).encode()
    digest = hashlib.sha256(document).hexdigest()
    view: dict[str, Any] = {"hash": digest, "totals": totals}
    message = {"statementHash": f"0x{digest}", "totals": ["1", "2", "3", "4"]}
    request: dict[str, Any] = {"items": [{"dataset": "OPERATIONAL", "message": message}]}
    check_request(view, request, document)
    if part == "hash":
        message["statementHash"] = "0x" + "00" * 32
    if part == "totals":
        view["totals"] = totals | {"scope1_g": "0"}
    if part == "message":
        message["totals"] = ["0", "2", "3", "4"]
    with pytest.raises(IntegrityError, match=r"statement|totals"):
        check_request(view, request, document)


def test_the_commitment_key_stays_in_a_private_file_and_is_not_made_twice(city: City, books: Books) -> None:
    file = books.folder / "commitment.key"
    before = file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = city.ask("keys", "commitment", "--bank", "bank-a", "--file", file, who="preparer")
    assert (again["made"], file.read_bytes()) == (False, before)
    file.chmod(0o644)
    try:
        assert "others can read" in city.run("keys", "commitment", "--bank", "bank-a", "--file", file, who="preparer", code=2).stderr
    finally:
        file.chmod(0o600)


def test_a_suspended_key_is_reinstated_and_the_list_shows_both(city: City, books: Books) -> None:
    key = ("--address", city.addresses["librarian"], "--role", "librarian", "--key", city.key("admin"), "--reason", "lost laptop")
    for more, status in ((), "key_suspended"), (("--lift",), "in_force"):
        action = city.ask("institution", "key-suspend", "gfc", *key, *more, who="admin")
        assert (action["struct"], action["state"]) == ("SetKeyStanding", "anchored")
        keys = city.ask("institution", "keys", "gfc", who="auditor")["items"]
        assert {item["status"] for item in keys if item["role"] == "librarian"} == {status}


def test_readings_refused_for_an_unknown_meter_are_taken_once_it_is_registered(city: City, books: Books, tmp_path: Path) -> None:
    from tests.cli.city import readings

    file = tmp_path / "late.csv"
    file.write_text(readings(1, meter="M-9"), encoding="utf-8")
    refused = city.ask("meter", "import", file, who="preparer", code=1)
    assert not refused["accepted"]
    city.run("meter", "add", "M-9", "--unit", "outlet-7", who="preparer")
    assert city.ask("submit", "meters", file, who="preparer")["rows"] == 96


def test_the_library_is_listed_and_shown_by_the_beginning_of_its_hash(city: City) -> None:
    items = city.ask("library", "list", who="librarian")["items"]
    assert {item["state"] for item in items} == {"published"}
    release = next(item for item in items if item["kind"] == "library")
    shown = city.ask("library", "show", release["hash"][:12], who="librarian")
    assert shown["hash"] == release["hash"]
    assert len(shown["document"]["factors"]) > 10
