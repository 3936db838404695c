"""Two verifiers recompute a claim with the verifier's own code; by commands they hand in what hides the result, then what shows it."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.keystore import SCRYPT_N_LIGHT, create_key
from tests.cli.city import PASSPHRASE, SINCE, City
from tests.cli.conftest import Books
from verifier.__main__ import main as verify

CLAIM = "bank-a:for-two"
VERIFIERS = (("first", "gfc"), ("second", "firm"))


@dataclass(frozen=True)
class Case:
    """A claim that asks for two verifiers, and what each of them signed."""

    claim: dict[str, Any]
    signed: dict[str, Path]
    trust: tuple[object, ...]
    package: Path
    period: str


@pytest.fixture(scope="module")
def case(city: City, books: Books, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Two verifiers' keys on the chain, bank-a's claim for two, its package, the centre's policy, and both verdicts in files."""
    folder = tmp_path_factory.mktemp("verdict")
    admin = ("--key", city.key("admin"), "--yes")
    city.run("institution", "create", "firm", "--kind", "verifier", "--en", "Firm", "--zh", "事务所", who="operator")
    city.run("institution", "register", "firm", *admin, "--wait", 0, who="admin")
    for person, institution in VERIFIERS:
        address = create_key(city.key(person), PASSPHRASE, scrypt_n=SCRYPT_N_LIGHT)
        belonging = ("--institution", institution, "--roles", "verifier")
        city.run("token", "create", "--subject", f"test.{person}", *belonging, "--out", city.token(person))
        key = ("--address", address, "--role", "verifier", "--valid-from", SINCE)
        city.run("institution", "key-add", institution, *key, *admin, who="admin")
    current = next(item for item in reversed(city.ask("status", who="approver")["items"]) if item["state"] in ("anchored", "verified"))
    claiming = ("claim", current["id"], "--id", "for-two", "--scheme", "operational-2026", "--key", city.key("approver"))
    claim = city.ask(*claiming, "--verifiers", 2, who="approver")
    made = city.ask("keys", "policy", folder / "policy.pem")
    city.run("policy", "export", "--version", 1, "--key", folder / "policy.pem", "--out", folder / "policy.json", who="admin")
    city.run("review", CLAIM, "--out", folder / "claimed.zip", who="first")
    (folder / "passphrase").write_text(PASSPHRASE, encoding="utf-8")
    signed = {}
    trust = ("--policy", folder / "policy.json", "--policy-key", made["public_key"])
    for sequence, (person, institution) in enumerate(VERIFIERS):
        signed[person] = folder / f"{person}.json"
        keyed = ("--institution", institution, "--key", city.key(person), "--passphrase-file", folder / "passphrase")
        excepted = ("--opinion", "qualified", "--exception", "METERS=two days of one meter were estimated")
        rest = (*excepted, "--sequence", sequence, "--out", signed[person])
        assert verify([str(word) for word in ("verdict", folder / "claimed.zip", "--claim", CLAIM, *trust, *keyed, *rest)]) in (0, 4)
    return Case(claim, signed, trust, folder / "claimed.zip", str(current["period"]))


def test_a_claim_says_how_many_verifiers_decide(city: City, case: Case) -> None:
    assert (case.claim["id"], case.claim["state"]) == (CLAIM, "submitted")
    words = ("claim", "1", "--id", "x", "--scheme", "operational-2026", "--key", city.key("approver"), "--verifiers")
    assert "less than or equal to 2" in city.run(*words, 3, who="approver", code=2).stderr
    words = ("claim", case.claim["statement"], *words[2:])
    shown = city.run(*words, 2, "--lang", "zh", who="approver", code=2, input="no\n").stdout
    assert re.search(r"核验机构数 +2\n", re.sub(" +$", "", shown, flags=re.MULTILINE))


def test_both_commit_before_the_first_shows_and_two_verdicts_attest_the_claim(city: City, case: Case) -> None:
    first, second = case.signed["first"], case.signed["second"]
    taken = city.run("verdict", "commit", first, who="first")
    assert "1 of 2 commitments are on the chain" in taken.stderr
    again = city.ask("verdict", "commit", first, who="first")
    assert (again["commitment"]["state"], len(again["items"])) == ("anchored", 1)
    both = city.ask("verdict", "commit", second, who="second")
    assert [(item["verifier"], item["state"]) for item in both["items"]] == [("gfc", "anchored"), ("firm", "anchored")]
    assert json.loads(first.read_bytes())["result"]["opinion"] not in json.dumps(both), "a commitment says nothing of the result"
    assert "qualified" in city.run("verdict", "submit", first, who="first").stdout
    assert city.ask("review", CLAIM, who="auditor")["claim"]["state"] == "submitted", "one of two is not enough"
    shown = city.ask("verdict", "submit", second, who="second")
    assert (shown["claim"], shown["verifier"], shown["sequence"], shown["state"]) == (CLAIM, "firm", 1, "anchored")
    assert city.ask("verdict", "submit", second, who="second")["id"] == shown["id"]
    assert city.ask("review", CLAIM, who="auditor")["claim"]["state"] == "attested"


def test_a_disputed_claim_is_made_shown_and_resolved_by_commands(city: City, case: Case, tmp_path: Path) -> None:
    disputed = "bank-a:for-dispute"
    claiming = ("claim", case.claim["statement"], "--id", "for-dispute", "--scheme", "operational-2026", "--key", city.key("approver"))
    assert city.ask(*claiming, "--verifiers", 2, "--yes", who="approver")["state"] == "submitted"
    address = create_key(city.key("settler"), PASSPHRASE, scrypt_n=SCRYPT_N_LIGHT)
    city.run("token", "create", "--subject", "test.settler", "--institution", "gfc", "--roles", "certifier", "--out", city.token("settler"))
    key = ("--address", address, "--role", "certifier", "--valid-from", SINCE, "--key", city.key("admin"), "--yes")
    city.run("institution", "key-add", "gfc", *key, who="admin")
    city.run("review", disputed, "--out", tmp_path / "claimed.zip", who="first")
    (tmp_path / "passphrase").write_text(PASSPHRASE, encoding="utf-8")
    files = {}
    for sequence, (person, institution) in enumerate(VERIFIERS):
        files[person] = tmp_path / f"{person}.json"
        keyed = ("--institution", institution, "--key", city.key(person), "--passphrase-file", tmp_path / "passphrase")
        opinion = ("--opinion", "qualified", "--exception", "METERS=estimated") if person == "first" else ("--opinion", "adverse")
        rest = (*case.trust, *keyed, *opinion, "--sequence", sequence, "--out", files[person])
        assert verify([str(word) for word in ("verdict", tmp_path / "claimed.zip", "--claim", disputed, *rest)]) in (0, 4)
    for command in ("commit", "submit"):
        for person, _ in VERIFIERS:
            city.run("verdict", command, files[person], who=person)
    shown = city.ask("dispute", "show", disputed, who="auditor")
    assert (shown["claim"]["state"], shown["resolutions"]) == ("disputed", [])
    assert [item["opinion"] for item in shown["verdicts"]] == ["qualified", "adverse"]
    assert "METERS: estimated" in city.run("dispute", "show", disputed, who="auditor").stdout
    deciding = ("--reason", "the adverse one counted a meter twice", "--key", city.key("settler"), "--yes")
    assert "no hash" in city.run("dispute", "resolve", disputed, "--result", "abc", *deciding, who="settler", code=2).stderr
    settled = city.ask("dispute", "resolve", disputed, "--result", shown["verdicts"][0]["result_hash"], *deciding, who="settler")
    assert (settled["state"], settled["claim_state"], settled["certifier"]) == ("anchored", "attested", "gfc")
    again = city.ask("dispute", "show", disputed, who="auditor")
    assert (len(again["verdicts"]), [item["state"] for item in again["resolutions"]]) == (2, ["anchored"])


def test_a_sample_is_committed_listed_and_not_drawn_from_what_was_anchored_before(city: City, case: Case, tmp_path: Path) -> None:
    nonce = tmp_path / "nonce"
    given = ("sample", "commit", "bank-a", case.period, "--nonce", nonce, "--size", 20)
    made = city.ask(*given, who="first")
    assert (made["state"], made["institution"], made["subject"], made["size"]) == ("committed", "gfc", "bank-a", 20)
    assert nonce.stat().st_mode & 0o777 == 0o600
    assert "is there already" in city.run(*given, who="first", code=2).stderr
    listed = city.ask("sample", "list", "--institution", "bank-a", who="auditor")["items"]
    assert [item["commitment"] for item in listed] == [made["commitment"]]
    assert "it has to come before" in city.run("sample", "reveal", case.claim["statement"], "--nonce", nonce, who="first", code=13).stderr
    drawn = city.ask("sample", "draw", made["commitment"][:12], "--out", tmp_path / "s.json", who="auditor")
    assert (drawn["state"], drawn["draws"]) == ("committed", [])
    record = ("sample", "record", made["commitment"][:12], 0, "--outcome", "refused", "--note", "not shown")
    assert "not drawn yet" in city.run(*record, who="first", code=13).stderr
    answer = verify(["sample", str(case.package), "--record", str(tmp_path / "s.json"), "--json"])
    assert answer == 4, "nothing is wrong, and nothing is drawn"


def test_files_that_hold_no_signed_verdict_end_with_3(city: City, case: Case, tmp_path: Path) -> None:
    bare = tmp_path / "bare.json"
    bare.write_text(json.dumps({"commitment": {"message": {}}, "message": {}, "signature": "0x"}), encoding="utf-8")
    assert "no signed commitment: expected message, signature" in city.run("verdict", "commit", bare, who="first", code=3).stderr
    assert "no signed verdict: expected message, signature, result" in city.run("verdict", "submit", bare, who="first", code=3).stderr
    copy = tmp_path / "copy.json"
    shutil.copy(case.signed["first"], copy)
    assert "needs the role verifier" in city.run("verdict", "commit", copy, who="approver", code=11).stderr
