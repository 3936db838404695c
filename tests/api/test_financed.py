"""A loan book over HTTP: handed in, read again, matched; what a bank can get of another, and what is left in files and logs."""

from __future__ import annotations

import json
import logging
import secrets
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from ledger.loans.pseudonyms import PseudonymKey
from tests.api.conftest import Books
from tests.api.lending import hand_in, submission, write_vault
from tests.api.scene import Scene, content_digest

MATCH = "/v1/institutions/{}/periods/2025-03/attributions"
OWN = "/v1/institutions/{}/periods/2025-03/attribution-findings"
METHOD = {"method": "pcaf_2"}


def line(exposure: str, borrower: str, numerator: int, denominator: int) -> bytes:
    """A line as a bank hands it in."""
    name = PseudonymKey(b"k" * 32).exposure(exposure)
    item = {"borrower": borrower, "exposure": name, "numerator_cents": str(numerator), "denominator_cents": str(denominator)}
    return json.dumps(item, ensure_ascii=False).encode() + b"\n"


def match(scene: Scene, who: str, institution: str, body: bytes, **more: Any) -> Response:
    """Hand lines in."""
    headers = {"Content-Type": "application/jsonl", **more.pop("headers", {})}
    return scene.send(who, "POST", MATCH.format(institution), params=METHOD, content=body, headers=headers, **more)


def test_a_statement_is_read_as_it_was_handed_in(city: Scene, books: Books, tmp_path: Path) -> None:
    view = city.get("auditor", f"/v1/financed/{books.financed}").json()
    assert (view["state"], view["accepted"], view["dataset"], view["groups"]) == ("anchored", True, "FINANCED_PCAF", "2")
    document = city.get("other-preparer", f"/v1/financed/{books.financed}/document")
    assert document.headers["etag"] == f'"{view["hash"]}"'
    leaves = city.get("other-preparer", f"/v1/financed/{books.financed}/leaves")
    assert leaves.headers["content-type"] == "application/jsonl"
    assert [sorted(json.loads(item)) for item in leaves.text.splitlines()] == [["key", "record_hash", "values"]] * 2
    package = city.get("auditor", f"/v1/financed/{books.financed}/package")
    assert package.headers["content-disposition"] == 'attachment; filename="bank-b-2025-03-financed-pcaf-r1.zip"'
    items = city.get("other-preparer", "/v1/institutions/bank-b/periods/2025-03/financed").json()["items"]
    assert [item["id"] for item in items] == [books.financed]


def test_a_wrong_leaf_is_a_finding_and_nothing_is_stored(city: Scene, books: Books, tmp_path: Path) -> None:
    document = submission(write_vault(city, "bank-b", "other-preparer", tmp_path / "vault"))
    document["leaves"][0]["values"][0] = "1"
    path = "/v1/institutions/bank-b/periods/2025-03/financed"
    answer = city.post("other-preparer", path, document)
    assert (answer.status_code, answer.json()["accepted"], answer.json()["id"]) == (200, False, None)
    assert "COMMITMENT_DIFFERS" in [finding["code"] for finding in answer.json()["findings"]]
    unread = city.post("other-preparer", path, {"schema": "lingtan.financed-submission/1"})
    assert (unread.status_code, unread.json()["dataset"]) == (200, None)
    assert len(city.get("auditor", path).json()["items"]) == 1


def test_another_banks_statement_cannot_be_handed_in_or_signed(city: Scene, books: Books, tmp_path: Path) -> None:
    vault = write_vault(city, "bank-b", "other-preparer", tmp_path / "vault")
    assert city.post("preparer", "/v1/institutions/bank-b/periods/2025-03/financed", submission(vault)).status_code == 404
    stolen = {"message": {}, "signature": "0x" + "11" * 65}
    assert city.post("approver", f"/v1/financed/{books.financed}/attestation", stolen).status_code == 404
    again = city.post("other-approver", f"/v1/financed/{books.financed}/attestation", stolen)
    assert again.status_code == 422


def test_twenty_thousand_groups_are_judged_in_seconds(city: Scene, books: Books, tmp_path: Path) -> None:
    document = submission(write_vault(city, "bank-b", "other-preparer", tmp_path / "vault"))
    keys = sorted(secrets.token_bytes(32) for _ in range(20_000))
    document["leaves"] = [{"key": key.hex(), "record_hash": "ab" * 32, "values": ["1", "2", "3", "4"]} for key in keys]
    answer = city.post("other-preparer", "/v1/institutions/bank-b/periods/2025-03/financed", document)
    found = {finding["place"]: finding["expected"] for finding in answer.json()["findings"] if finding["code"] == "COMMITMENT_DIFFERS"}
    assert (found["/statement/commitment/n"], found["/statement/commitment/totals/3"]) == ("20000", "80000")


def test_lines_are_matched_as_they_arrive(city: Scene, books: Books, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    names = ["Stille Gesellschaft", "沉默的公司"]
    body = b"".join(line(f"M{at}", name, 3, 4) for at, name in enumerate(names * 2))
    answer = match(city, "other-preparer", "bank-b", body, key="attributions-1", headers={"Content-Digest": content_digest(body)})
    assert (answer.status_code, answer.json()["lines"]) == (201, 4)
    again = match(city, "other-preparer", "bank-b", body, key="attributions-1")
    assert (again.headers["idempotent-replayed"], again.json()) == ("true", answer.json())
    assert match(city, "other-preparer", "bank-b", body + b"\n", key="attributions-1").status_code == 422
    own = city.get("other-preparer", OWN.format("bank-b"), params=METHOD)
    assert len(own.json()["items"]) == 4
    assert [sorted(item) for item in own.json()["items"]] == [["code", "exposure", "method", "period"]] * 4
    tokens = city.get("auditor", "/v1/attribution-findings", params={**METHOD, "period": "2025-03"}).json()["items"]
    assert {(item["at_least_e9"], *item["institutions"]) for item in tokens} == {("1500000000", "bank-b")}
    for text in (item["token"] for item in tokens):
        assert text not in own.text
    refused = match(city, "other-preparer", "bank-b", line("M1", names[0], 3, 0))
    assert (refused.status_code, refused.json()["code"]) == (422, "input.invalid")
    told = "".join(item.text for item in (answer, own, refused)) + caplog.text
    stored = b"".join(path.read_bytes() for path in city.house.settings.data.rglob("*") if path.is_file())
    for form in (*names, names[0].upper(), "STILLEGESELLSCHAFT", "Gesellschaft"):
        assert form not in told
        assert form.encode() not in stored


def test_a_body_that_is_not_lines_or_has_another_digest_is_refused(city: Scene, books: Books) -> None:
    body = line("M1", "somebody", 1, 2)
    wrong = match(city, "other-preparer", "bank-b", body, headers={"Content-Digest": content_digest(b"other")})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "digest.mismatch")
    assert match(city, "other-preparer", "bank-b", body, headers={"Content-Type": "application/json"}).status_code == 415
    path = MATCH.format("bank-b")
    unknown = city.send(
        "other-preparer", "POST", path, params={"method": "both"}, content=body, headers={"Content-Type": "application/jsonl"}
    )
    assert unknown.status_code == 422
    assert match(city, "preparer", "bank-b", body).status_code == 404


def test_the_centre_sees_banks_and_the_government_too_few_to_show(city: Scene, books: Books) -> None:
    known = city.get("admin", "/v1/financed/overview", params={"period": "2025-03"}).json()
    assert [bank["institution"] for bank in known["banks"]] == ["bank-b"]
    shown = city.get("government", "/v1/financed/overview", params={"period": "2025-03"}).json()
    assert (shown["banks"], shown["methods"]) == ([], [])


def test_the_same_bytes_again_are_the_same_draft(city: Scene, books: Books, tmp_path: Path) -> None:
    city.post("third-preparer", "/v1/institutions/bank-c/periods", {"id": "2025-03", "first_day": "2025-03-01", "last_day": "2025-03-02"})
    vault = write_vault(city, "bank-c", "third-preparer", tmp_path / "vault")
    first, second = hand_in(city, "bank-c", "third-preparer", vault), hand_in(city, "bank-c", "third-preparer", vault)
    assert first.json() == second.json()
    assert first.headers["location"] == f"/v1/financed/{first.json()['id']}"
