"""A policy passes trust on to the next one by its own signers, and by nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.verifier.evidence import policy_document, raw_public
from verifier.checks import verdict_of
from verifier.json_strict import digest, dump
from verifier.policy import read_policy
from verifier.policy_update import check_update

A, B, C, STRANGER = (Ed25519PrivateKey.from_private_bytes(bytes([value]) * 32) for value in (1, 2, 3, 9))
NOW = 1_740_000_000


def hex_of(key: Ed25519PrivateKey) -> str:
    return raw_public(key).hex()


def policy(signers: tuple[Ed25519PrivateKey, ...], threshold: int, signed_by: tuple[Ed25519PrivateKey, ...], **changes: Any) -> bytes:
    keys = {"threshold": threshold, "keys": sorted(hex_of(key) for key in signers)}
    body = policy_document("ab" * 32, {}, **{"signers": keys, **changes})
    body.pop("signatures", None)
    signatures = [{"public_key": hex_of(key), "value": key.sign(dump(body)).hex()} for key in signed_by]
    return dump({**body, "signatures": sorted(signatures, key=lambda item: item["public_key"])})


OLD = policy((A, B, C), 2, (A, B))
FOLLOWS = {"version": 4, "previous": digest(json.loads(OLD))}


def outcome(new: bytes, old: bytes | None = OLD, key: str | None = None) -> tuple[int, set[str]]:
    checks = check_update(read_policy(new), None if old is None else read_policy(old), key or f"{hex_of(A)},{hex_of(B)}", NOW)
    return verdict_of(checks.items)[1], {item.id for item in checks.items if item.outcome.name != "PASS"}


def test_a_policy_signed_by_the_old_threshold_and_its_own_follows() -> None:
    assert outcome(policy((B, STRANGER), 2, (A, B, STRANGER), **FOLLOWS)) == (0, set())


def test_it_does_not_follow_without_the_old_threshold() -> None:
    assert outcome(policy((B, STRANGER), 2, (B, STRANGER), **FOLLOWS)) == (1, {"policy.signed_by_old"})


def test_it_does_not_follow_without_its_own_threshold() -> None:
    assert outcome(policy((STRANGER,), 1, (A, B), **FOLLOWS)) == (1, {"policy.signed_by_own"})


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("version", 3),
        ("previous", None),
        ("previous", "00" * 32),
        ("chain", {"id": "2", "kind": "embedded", "genesis": "0123456789abcdef" + "0" * 48}),
        ("chain", {"id": "1337", "kind": "embedded", "genesis": "ff" * 32}),
    ],
)
def test_version_chain_and_predecessor_are_the_old_ones(change: str, value: Any) -> None:
    assert outcome(policy((A, B, C), 2, (A, B), **{**FOLLOWS, change: value})) == (1, {"policy.follows"})


def test_a_wrong_signature_among_enough_right_ones_is_a_failure() -> None:
    document = json.loads(policy((A, B, C), 2, (A, B, C), **FOLLOWS))
    document["signatures"][0]["value"] = document["signatures"][1]["value"]
    assert outcome(dump(document))[0] == 1


def test_whoever_does_not_know_the_old_policy_s_signer_cannot_say() -> None:
    checks = check_update(read_policy(policy((A, B, C), 2, (A, B), **FOLLOWS)), read_policy(OLD), None, NOW)
    assert verdict_of(checks.items) == ("INCOMPLETE", 4)
    assert outcome(policy((A, B, C), 2, (A, B), **FOLLOWS), key=hex_of(STRANGER)) == (1, {"policy.old"})


def test_every_key_that_the_caller_names_must_have_signed() -> None:
    assert outcome(OLD, None, hex_of(A)) == (0, set())
    assert outcome(OLD, None, f"{hex_of(A)},{hex_of(C)}") == (1, {"policy.signature"})


def test_a_signature_of_somebody_else_changes_nothing() -> None:
    assert outcome(policy((A, B, C), 2, (A, STRANGER)), None) == (1, {"policy.signature"})
    assert outcome(policy((A, B, C), 2, (A, B, STRANGER)), None) == (0, set())


def test_the_command_says_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from verifier.__main__ import main

    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_bytes(OLD)
    new.write_bytes(policy((A, B, C), 2, (A, B), **FOLLOWS))
    words = ["policy", str(new), "--from", str(old), "--policy-key", f"{hex_of(A)},{hex_of(B)}", "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "VALID"
    assert main(["policy", str(old), "--from", str(new), "--policy-key", hex_of(A), "--json"]) == 1
