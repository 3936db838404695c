"""Commitments over HTTP: sent, polled until anchored, hidden from other banks, refused where one verifier decides."""

from __future__ import annotations

import time
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.api.conftest import Books
from tests.api.scene import FOREVER, SCHEME, Scene
from tests.contracts.messages import sid

RESULT, SALT = sid("result", "of the checkers"), sid("salt", "of the checkers")


def commitment_on(city: Scene, claim: str) -> Any:
    return city.signed(
        "verifier",
        "VerdictCommitment",
        city.contract("ClaimRegistry"),
        claim=sid("claim", claim.replace(":", "/")),
        org=sid("org", "checkers"),
        commitment=keccak(encode(["bytes32", "bytes32"], [RESULT, SALT])),
        deadline=FOREVER,
    )


def claim_for_two(city: Scene, books: Books) -> str:
    """Bank-b's claim that asks for two verifiers, on chain; return its id."""
    query = {"scheme": str(SCHEME["scheme"]), "claim": "claim-two", "verifiers_required": "2"}
    statement = str(books.statement["id"])
    item = city.get("other-approver", f"/v1/statements/{statement}/claim-request", params=query).json()
    assert item["message"]["verifiersRequired"] == "2"
    body = {"statement": statement, "claim": "claim-two", "scheme": SCHEME["scheme"], **city.sign_item("other-approver", item)}
    answer = city.post("other-approver", "/v1/claims", body)
    assert answer.status_code == 202, answer.text
    return str(city.wait("other-approver", answer.headers["location"], "submitted", "rejected")["id"])


def test_a_commitment_is_taken_once_and_seen_by_whoever_sees_the_claim(city: Scene, books: Books) -> None:
    claim = claim_for_two(city, books)
    body = commitment_on(city, claim)
    answer = city.post("verifier", "/v1/verdict-commitments", body)
    assert answer.status_code == 202, answer.text
    taken = answer.json()
    assert (taken["claim"], taken["verifier"], taken["commitment"]) == (claim, "checkers", body["message"]["commitment"][2:])
    again = city.post("verifier", "/v1/verdict-commitments", body)
    assert (again.status_code, again.json()["id"]) == (202, taken["id"])
    location = answer.headers["location"]
    end = time.monotonic() + 30
    while (items := city.get("other-preparer", location).json()["items"])[0]["state"] != "anchored":
        assert time.monotonic() < end, items
        time.sleep(0.05)
    assert [item["id"] for item in items] == [taken["id"]]
    assert city.get("preparer", location).status_code == 404


def test_a_claim_of_one_verifier_takes_no_commitment(city: Scene, books: Books) -> None:
    refused = city.post("verifier", "/v1/verdict-commitments", commitment_on(city, str(books.claim["id"])))
    assert refused.status_code == 409, refused.text
