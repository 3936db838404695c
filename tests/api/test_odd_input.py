"""Odd ids, odd numbers, odd bodies: always a 4xx problem, never a failure of the server."""

from __future__ import annotations

import json

import pytest

from tests.api.conftest import Books
from tests.api.scene import FOREVER, Scene
from tests.api.test_tenancy import OPERATIONS, TABLE, target
from tests.contracts.messages import sid

ODD_IDS = [
    "-1",
    "0",
    "99999999999999999999999",
    "9223372036854775808",
    "a" * 200,
    "%00",
    "a%00b",
    "%F0%9F%90%BC",
    "'%20OR%201=1--",
    ":",
]
CALLER = {"preparer": "other-preparer", "approver": "other-approver", "meter": "other-meter"}


@pytest.mark.parametrize("name", sorted(name for name, (method, path, _) in OPERATIONS.items() if method == "GET" and "{" in path))
def test_an_id_that_names_nothing_is_a_404(city: Scene, books: Books, name: str) -> None:
    _, path, _ = OPERATIONS[name]
    _, good, params = target(name, books, city)
    roles = ("auditor", "preparer", "approver", "operator", "librarian")
    who = next(CALLER.get(role, role) for role in roles if role in TABLE[name].who.split())
    last = path.split("/")
    for index, part in enumerate(last):
        if not part.startswith("{"):
            continue
        for odd in ODD_IDS:
            parts = good.split("/")
            parts[index] = odd
            answer = city.get(who, "/".join(parts), params=params)
            if name in ("telemetry.get", "telemetry.body") and odd == "0" and part == "{telemetry_id}":
                assert answer.status_code == 200
                continue
            if answer.status_code == 200 and name.endswith(".list"):
                assert answer.json()["items"] == [], (name, odd)
                continue
            assert answer.status_code in (404, 422), (name, odd, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"


NO_BODY = {"enrolment_codes.create"}
WITH_A_BODY = sorted(name for name, (method, _, _) in OPERATIONS.items() if method == "POST" and name not in NO_BODY)


@pytest.mark.parametrize("name", WITH_A_BODY)
def test_a_body_of_the_wrong_shape_is_a_4xx(city: Scene, books: Books, name: str) -> None:
    method, path, params = target(name, books, city)
    role = next(iter(TABLE[name].who.split()), None)  # none: the route is open to everybody
    who = None if role is None else CALLER.get(role, role)
    for document in ({}, {"schema": 1}, {"message": {}, "signature": "0x", "struct": "AddKey", "document": {}, "result": {}}):
        answer = city.send(
            who, method, path, params=params, content=json.dumps(document).encode(), headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in (200, 415, 422), (name, answer.text)
        if answer.status_code == 200:
            assert answer.json()["accepted"] is False


def test_the_largest_numbers_of_a_signed_message_do_no_harm(city: Scene, books: Books) -> None:
    contract = city.contract("PeriodLedger")
    huge = city.signed(
        "other-approver", "LogCheckpoint", contract, org=sid("org", "bank-b"), size=2**64 - 1, root=bytes(32), deadline=2**64 - 1
    )
    answer = city.post("other-approver", "/v1/institutions/bank-b/log-checkpoints", huge)
    assert answer.status_code == 422, answer.text
    release = city.signed(
        "librarian",
        "ProposeRelease",
        city.contract("LibraryRegistry"),
        release=bytes(32),
        org=sid("org", "centre"),
        kind=1,
        validFrom=2**64 - 1,
        supersedes=bytes(32),
        deadline=FOREVER,
    )
    document = {"schema": "lingtan.scheme/1", "scheme": "another", "title": {"en": "Another", "zh": "另一个"}}
    answer = city.post("librarian", "/v1/library-releases", {"document": document, **release})
    assert answer.status_code == 422, answer.text


def test_a_message_with_fields_too_many_or_few_names_them(city: Scene, books: Books) -> None:
    item = city.get("other-approver", "/v1/institutions/bank-b/log-checkpoints").json()
    body = city.sign_item("other-approver", item)
    message = dict(item["message"])
    message.pop("root")
    message["size"] = "many"
    message["more"] = "1"
    answer = city.post("other-approver", "/v1/institutions/bank-b/log-checkpoints", {**body, "message": message})
    assert answer.status_code == 422, answer.text
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/message/root", "/message/size", "/message/more"}
    assert "many" not in answer.text


def test_a_signature_by_another_key_is_refused_with_its_reason(city: Scene, books: Books) -> None:
    path = "/v1/institutions/bank-b/log-checkpoints"
    item = city.get("other-approver", path).json()
    for name, code, reason in (
        ("approver", "signature.foreign_key", "belongs to another institution"),
        ("nobody", "signature.unknown_key", "no registered key"),
    ):
        answer = city.post("other-approver", path, city.sign_item(name, item))
        assert (answer.status_code, answer.json()["type"], answer.json()["code"]) == (422, "/problems/signature.refused", code), answer.text
        assert reason in answer.json()["detail"]


def test_a_number_beyond_what_is_stored_is_refused_by_its_field(city: Scene, books: Books) -> None:
    path = "/v1/institutions/bank-b/log-checkpoints"
    item = city.get("other-approver", path).json()
    for field in ("size", "deadline"):
        large = {**item, "message": {**item["message"], field: str(2**63)}}
        answer = city.post("other-approver", path, city.sign_item("other-approver", large))
        assert (answer.status_code, answer.json()["code"]) == (422, "input.invalid"), answer.text
        assert [error["pointer"] for error in answer.json()["errors"]] == [f"/message/{field}"]
