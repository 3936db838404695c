"""Devices, enrolment without a token, fittings and the envelope log over HTTP."""

from __future__ import annotations

import hashlib
import sqlite3
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.testclient import TestClient

from api.app import create_app
from ledger.merkle import plain
from tests.api.conftest import Books
from tests.api.scene import Scene

BANK = "/v1/institutions/bank-b"
FITTING = {
    "since": "2025-01-01T00:00:00Z",
    "serial": "DTZ-1",
    "seal": None,
    "ratio": {"ct": "80", "pt": "1"},
    "register": {"digits": 6, "decimals": 2},
    "first": "0.00",
    "final_before": None,
    "reason": "installed",
    "reference": "work order 1",
}


def enrolment(code: str, key: Ed25519PrivateKey) -> dict[str, str]:
    """Return what a device sends, made by hand from the specification."""
    public = key.public_key().public_bytes_raw()
    digest = hashlib.sha256(code.replace("-", "").encode()).digest()
    return {
        "code": code,
        "public_key": public.hex(),
        "serial": "G-1",
        "proof": key.sign(b"lingtan/enrol/1\x00" + digest + public).hex(),
    }


def new_code(city: Scene) -> str:
    answer = city.post("other-preparer", f"{BANK}/devices/gw-1/enrolment-codes", {})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["code"])


def test_a_device_enrols_rotates_and_loses_a_key(city: Scene, books: Books) -> None:
    keys = [Ed25519PrivateKey.generate() for _ in range(2)]
    for key in keys:
        answer = city.post(None, "/v1/enrolments", enrolment(new_code(city), key))
        assert answer.status_code == 201, answer.text
        public = key.public_key().public_bytes_raw()
        assert answer.json() | {"enrolled_at": ""} == {
            "institution": "bank-b",
            "device": "gw-1",
            "kid": hashlib.sha256(public).hexdigest()[:16],
            "enrolled_at": "",
        }
    old = hashlib.sha256(keys[0].public_key().public_bytes_raw()).hexdigest()[:16]
    path = f"{BANK}/devices/gw-1/keys/{old}/revocation"
    assert city.post("other-preparer", path, {"last_seq": 12, "reason": "rotated"}).json()["last_seq"] == 12
    assert city.post("other-preparer", path, {"last_seq": 13, "reason": "rotated"}).status_code == 409
    listed = city.get("other-meter", f"{BANK}/devices/gw-1/keys").json()["items"]
    assert {item["kid"]: item["last_seq"] for item in listed if item["kid"] == old} == {old: 12}


def test_every_refused_enrolment_has_the_same_answer(city: Scene, books: Books) -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    code, used = new_code(city), new_code(city)
    assert city.post(None, "/v1/enrolments", enrolment(used, other)).status_code == 201
    good = enrolment(code, key)
    bodies = [
        good | {"code": "AAAAA-AAAAA-AAAAA-AAAAA", "proof": enrolment("AAAAA-AAAAA-AAAAA-AAAAA", key)["proof"]},
        good | {"code": "?"},
        good | {"proof": "00" * 64},
        good | {"public_key": other.public_key().public_bytes_raw().hex()},
        enrolment(used, key),
        enrolment(code, other),
    ]
    answers = [city.post(None, "/v1/enrolments", body) for body in bodies]
    texts = {str({name: value for name, value in answer.json().items() if name != "trace_id"}) for answer in answers}
    assert len(texts) == 1
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "enrolment.refused")}
    assert city.post(None, "/v1/enrolments", good).status_code == 201, "none of that spent the code"


def test_a_code_is_kept_nowhere_not_even_for_the_same_request_again(city: Scene, books: Books) -> None:
    code = new_code(city)
    with sqlite3.connect(city.house.settings.database_url.removeprefix("sqlite:///")) as connection:
        dump = "\n".join(connection.iterdump()).upper()
    for form in (code, code.replace("-", "")):
        assert form not in dump
        assert form.encode().hex().upper() not in dump


def test_who_needs_no_token_has_a_tight_limit_per_address(city: Scene) -> None:
    with TestClient(create_app(city.house), raise_server_exceptions=False) as client:
        statuses = [
            client.post("/v1/enrolments", content=b"{}", headers={"Content-Type": "application/json"}).status_code for _ in range(21)
        ]
    assert statuses == [422] * 20 + [429]


def test_a_fitting_is_recorded_listed_and_found_in_the_log(city: Scene, books: Books) -> None:
    path = f"{BANK}/meters/M-1/fittings"
    answer = city.post("other-preparer", path, FITTING)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert city.post("other-preparer", path, FITTING).json() == made
    assert city.get("other-approver", path).json()["items"] == [made]
    body = city.get("auditor", f"{BANK}/telemetry/{made['log_index']}/body")
    assert body.headers["content-type"] == "application/vnd.lingtan.fitting+json"
    assert (hashlib.sha256(body.content).hexdigest(), body.json()) == (made["sha256"], made["document"])
    shown = next(item for item in city.get("other-meter", f"{BANK}/meters").json()["items"] if item["id"] == "M-1")
    assert (shown["ratio"], shown["serial"]) == ("80", "DTZ-1")


@pytest.mark.parametrize(
    ("change", "pointers"),
    [
        ({"since": "yesterday", "first": "-1", "reason": "stolen"}, ["/since", "/first", "/reason"]),
        ({"ratio": {"ct": "0", "pt": "1"}}, ["/ratio/ct"]),
        ({"register": {"digits": 0, "decimals": 2}}, ["/register/digits"]),
        ({"more": 1}, ["/more"]),
    ],
)
def test_the_faults_of_a_fitting_are_named_by_pointer(city: Scene, books: Books, change: dict[str, Any], pointers: list[str]) -> None:
    answer = city.post("other-preparer", f"{BANK}/meters/M-1/fittings", FITTING | change)
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == pointers


def test_a_meter_changes_its_device(city: Scene, books: Books) -> None:
    path = f"{BANK}/meters/M-1/device"
    assert city.post("other-preparer", path, {"device": "gw-1"}).json()["device"] == "gw-1"
    assert city.get("other-preparer", f"{BANK}/devices").json()["items"][0]["meters"] == ["M-1"]
    assert city.post("other-preparer", path, {"device": "gw-9"}).status_code == 422
    assert city.post("other-preparer", path, {"device": None}).json()["device"] is None


def test_the_log_is_proven_by_its_own_bodies(city: Scene, books: Books) -> None:
    head = city.get("other-logkeeper", f"{BANK}/log").json()
    size = int(head["size"])
    bodies = [city.get("auditor", f"{BANK}/telemetry/{index}/body").content for index in range(size)]
    leaves = [hashlib.sha256(b"\0" + body).digest() for body in bodies]
    assert head["root"] == plain.root(leaves).hex()
    proof = city.get("auditor", f"{BANK}/log/proof", params={"index": 0, "size": size, "old": 1}).json()
    plain.verify_inclusion(0, size, leaves[0], [bytes.fromhex(item) for item in proof["inclusion"]], plain.root(leaves))
    answer = city.get("auditor", f"{BANK}/log/consistency", params={"old": 1, "new": size}).json()
    plain.verify_consistency(1, size, [bytes.fromhex(item) for item in answer["hashes"]], leaves[0], bytes.fromhex(answer["new_root"]))
    for path, params in (
        ("proof", {"index": size}),
        ("proof", {"index": 0, "size": size + 1}),
        ("consistency", {"old": 1, "new": size + 1}),
    ):
        assert city.get("auditor", f"{BANK}/log/{path}", params=params).status_code == 404
    for params in ({}, {"index": -1}, {"index": "x"}, {"index": 0, "size": 0}):
        assert city.get("auditor", f"{BANK}/log/proof", params=params).status_code == 422


def test_a_logkeeper_signs_the_log_over_http_and_reads_no_books(city: Scene, books: Books) -> None:
    path = f"{BANK}/log-checkpoints"
    item = city.get("other-logkeeper", path).json()
    answer = city.post("other-logkeeper", path, city.sign_item("other-logkeeper", item))
    assert answer.status_code == 202, answer.text
    assert city.get("other-logkeeper", f"{BANK}/log").json()["signed"]["size"] == item["message"]["size"]
    assert city.get("other-logkeeper", f"{BANK}/periods").status_code == 403
