"""An entry of an envelope log, verified as a person would do it; every change of a byte is found."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.verifier.bank import APPROVER, jcs
from tests.verifier.envelope_log import EnvelopeLog
from tests.verifier.running import CLOCK, POLICY_KEY, Run, run

LOG = EnvelopeLog()
PROOF = LOG.proof()
BODY = LOG.bodies[LOG.index]
IDS = ["policy.signature", "policy.validity", "envelope.leaf", "envelope.path", "envelope.consistency"]
IDS += ["envelope.block", "envelope.anchor", "envelope.final"]


def verify(folder: Path, proof: Any = PROOF, body: bytes = BODY, policy: bytes | None = LOG.policy()) -> Run:
    (folder / "body").write_bytes(body)
    (folder / "p.json").write_bytes(proof if isinstance(proof, bytes) else jcs(proof))
    trust: tuple[object, ...] = ()
    if policy is not None:
        (folder / "policy.json").write_bytes(policy)
        trust = ("--policy", folder / "policy.json", "--policy-key", POLICY_KEY)
    return run("envelope", folder / "body", "--proof", folder / "p.json", "--json", "--now", CLOCK, *trust)


def changed(**fields: Any) -> dict[str, Any]:
    """Return the proof with other values at these pointers (`__` for `/`)."""
    document = copy.deepcopy(PROOF)
    for name, value in fields.items():
        *path, last = name.split("__")
        place = document
        for step in path:
            place = place[step]
        place[last] = value
    return document


def test_an_entry_of_an_anchored_log_is_valid(tmp_path: Path) -> None:
    found = verify(tmp_path)
    assert found.code == 0, found.err
    assert [check["id"] for check in found.document["checks"]] == IDS
    assert found.document["verdict"] == "VALID"
    assert "bank-a" in found.document["subject"]


def test_without_a_policy_nothing_is_believed_and_nothing_is_wrong(tmp_path: Path) -> None:
    found = verify(tmp_path, policy=None)
    assert found.code == 4
    assert {check["id"] for check in found.checks("NOT CHECKED")} == {*IDS} - {"envelope.leaf", "envelope.path", "envelope.consistency"}


def test_a_log_that_is_not_anchored_is_incomplete(tmp_path: Path) -> None:
    found = verify(tmp_path, changed(anchor=None, consistency=None))
    assert found.code == 4
    assert {check["id"] for check in found.checks("NOT CHECKED")} == {"envelope.anchor", "envelope.block", "envelope.final"}
    assert "meter proof" in found.document["checks"][-1]["next"]


@pytest.mark.parametrize(
    ("key", "outcome"),
    [
        ({}, 0),
        ({"role": "approver"}, 0),
        ({"role": "verifier"}, 6),
        ({"institution": "bank-b"}, 6),
        ({"address": "0x" + "77" * 20}, 6),
        ({"valid_to": "2025-02-01T00:00:00Z"}, 6),
        ({"valid_from": "2025-06-01T00:00:00Z"}, 6),
    ],
)
def test_the_signer_is_a_logkeeper_or_approver_of_that_bank_when_the_block_was_made(
    tmp_path: Path, key: dict[str, Any], outcome: int
) -> None:
    assert verify(tmp_path, policy=LOG.policy(**key)).code == outcome


def test_an_approver_of_the_policy_may_sign_a_log_too(tmp_path: Path) -> None:
    log = EnvelopeLog(keeper=APPROVER)
    assert verify(tmp_path, log.proof()).code == 0


@pytest.mark.parametrize("at", range(len(BODY)))
def test_a_changed_byte_of_the_entry_is_another_entry(tmp_path: Path, at: int) -> None:
    body = bytearray(BODY)
    body[at] ^= 1
    found = verify(tmp_path, body=bytes(body))
    assert (found.code, {check["id"] for check in found.checks("FAIL")}) == (1, {"envelope.leaf"})


def test_entries_put_in_and_taken_out_are_found(tmp_path: Path) -> None:
    for bodies in (LOG.bodies[1:], [*LOG.bodies[:2], b"put in", *LOG.bodies[2:]], [*LOG.bodies[:7], b"other", *LOG.bodies[8:]]):
        other = EnvelopeLog(bodies=list(bodies))
        forged = {**other.proof(), "consistency": PROOF["consistency"]}
        found = verify(tmp_path, forged, body=bodies[LOG.index])
        assert found.code == 1
        assert {check["id"] for check in found.checks("FAIL")} == {"envelope.consistency"}


def test_a_root_that_was_signed_but_not_anchored_by_this_event_fails(tmp_path: Path) -> None:
    forged = EnvelopeLog(bodies=[*LOG.bodies[:7], b"other", *LOG.bodies[8:]]).proof()
    for name in ("block", "receipt", "transaction", "finality"):
        forged["anchor"][name] = PROOF["anchor"][name]
    found = verify(tmp_path, {**forged, "consistency": None})
    assert found.code == 1
    assert {check["id"] for check in found.checks("FAIL")} == {"envelope.block"}
    assert any("event.root" in check["subject"] for check in found.checks("FAIL"))


def test_another_banks_log_is_not_this_ones(tmp_path: Path) -> None:
    found = verify(tmp_path, changed(institution="bank-b"))
    assert found.code == 1
    assert {check["id"] for check in found.checks("FAIL")} == {"envelope.anchor", "envelope.block"}


def scalars(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from scalars(item, (*path, name))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from scalars(item, (*path, at))
    else:
        yield path


@pytest.mark.parametrize("path", list(scalars(PROOF)), ids=lambda path: "/".join(map(str, path)))
def test_no_field_of_the_proof_can_be_changed_unseen(tmp_path: Path, path: tuple[str | int, ...]) -> None:
    document: Any = copy.deepcopy(PROOF)
    place = document
    for step in path[:-1]:
        place = place[step]
    text = place[path[-1]]
    for at in {0, len(text) // 2, len(text) - 1}:
        place[path[-1]] = text[:at] + {"0": "1", "f": "e"}.get(text[at], "0") + text[at + 1 :]
        code = verify(tmp_path, document).code
        # A locator for people: nothing is proven of it (documents §7).
        expected = {0, 3} if path == ("anchor", "transaction", "hash") else {1, 3, 6}
        assert code in expected, (path, at, code)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        jcs(PROOF) + b"\n",
        jcs({**PROOF, "more": 1}),
        jcs({**PROOF, "index": 4}),
        jcs({**PROOF, "inclusion": ["00" * 32] * 65}),
    ],
)
def test_what_is_no_proof_is_malformed(tmp_path: Path, data: bytes) -> None:
    assert verify(tmp_path, data).code == 3


def test_a_missing_file_or_proof_is_a_wrong_use(tmp_path: Path) -> None:
    assert run("envelope", tmp_path / "nothing", "--proof", tmp_path / "nothing").code == 2
    (tmp_path / "body").write_bytes(BODY)
    assert run("envelope", tmp_path / "body").code == 2
