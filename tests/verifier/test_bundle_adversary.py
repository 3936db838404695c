"""Attempts to have a bundle called valid, or a level reached, for something that is not so: each is stopped by the check that is named.

The bundles are those kept in tests/compat, their keys are known to the tests: so an attempt may sign again what a forger could sign.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
from collections.abc import Callable
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.identifiers import sid
from tests.verifier import bundle_corpus, bundle_world
from tests.verifier.bank import jcs
from verifier import eip712, secp256k1
from verifier.checks import Check, Outcome, verdict_of
from verifier.errors import Malformed
from verifier.json_strict import dump
from verifier.policy import read_policy, seconds
from verifier.shapes import unhex
from verifier.verify_bundle import verify_bundle
from verifier.verify_package import Verification

KEPT = Path(__file__).resolve().parents[1] / "compat" / "2026-11-22"
CENTRE = Ed25519PrivateKey.from_private_bytes(sid("test-key", "policy"))
FORGER = Ed25519PrivateKey.from_private_bytes(b"\x66" * 32)
KEY = CENTRE.public_key().public_bytes_raw().hex()
NOW = next(item["now"] for item in json.loads((KEPT / "expected.json").read_text())["answers"] if item["bundle"] == "claim-certified")


@cache
def kept(name: str) -> bytes:
    return (KEPT / name).read_bytes()


def bundle(name: str = "claim-certified") -> Any:
    return json.loads(kept(f"{name}.lingtan.json"))


def sealed(key: Ed25519PrivateKey = CENTRE, name: str = "witnessed", **changes: Any) -> bytes:
    document = json.loads(kept(f"{name}.policy.json")) | changes
    document.pop("signatures")
    public = key.public_key().public_bytes_raw().hex()
    document["signers"] = {"threshold": 1, "keys": [public]}
    return dump({**document, "signatures": [{"public_key": public, "value": key.sign(dump(document)).hex()}]})


def verify(document: Any, policy: bytes | None = None, key: str | None = KEY, now: int = NOW) -> Verification:
    held = read_policy(kept("witnessed.policy.json") if policy is None else policy)
    return verify_bundle(dump(document), held, key, now, recomputing=False)


def odd(found: Verification) -> set[tuple[str, str]]:
    return {(item.id, str(item.outcome)) for item in found.checks.items if item.outcome is not Outcome.PASS}


def codes(found: Verification) -> set[str]:
    return {item.code for item in found.checks.items if item.outcome is not Outcome.PASS}


def signed_again(item: Any, struct: str, by: str, contract: str, chain: int) -> None:
    values = eip712.read_message(struct, item["message"])
    digest = eip712.signing_digest(struct, values, chain, unhex(contract))
    secret = int.from_bytes(sid("test-key", by), "big")
    item["signature"] = "0x" + secp256k1.sign(digest, secret).hex()
    item["signer"] = "0x" + secp256k1.address_of(secret).hex()


def policy_facts() -> tuple[str, int]:
    document = json.loads(kept("witnessed.policy.json"))
    return document["contracts"]["ClaimRegistry"]["address"], int(document["chain"]["id"])


def test_the_bundle_that_is_attacked_is_valid_at_the_highest_level() -> None:
    found = verify(bundle())
    assert (odd(found), found.verdict(), found.level()) == (set(), ("VALID", 0), "L5")


@pytest.mark.parametrize(("orgs", "level"), [(("gfc", "auditors"), "L5"), (("gfc", "gfc"), "L4")])
def test_two_keys_of_one_institution_are_one_opinion(orgs: tuple[str, str], level: str) -> None:
    world = bundle_world.World(bundle_world.Options(required=2, verdicts=2, verifier_orgs=orgs))
    policy, key = jcs(bundle_world.sign_policy(world.policy())), bundle_corpus.KEY
    found = verify(bundle_world.make_claim(world), policy, key, bundle_world.NOW)
    assert (odd(found), found.level()) == (set(), level)


# What is changed in the document, and the check that says so.


def one_more_header(d: Any) -> None:
    d["headers"].append(bundle("claim-revoked")["headers"][-1])
    d["finality"]["proofs"].append({"block": len(d["headers"]) - 1, "inclusion": []})


def same_header_twice(d: Any) -> None:
    d["headers"].append(d["headers"][-1])
    d["finality"]["proofs"].append({**d["finality"]["proofs"][-1], "block": len(d["headers"]) - 1})


def item_of_another_tree(d: Any) -> None:
    d["datasets"][0]["items"][0] = bundle("meter")["datasets"][0]["items"][0] | {
        "slots": None,
        "asset": None,
        "index": 0,
        "salt": "00" * 32,
    }


def name_without_slots(d: Any) -> None:
    d["datasets"][0]["items"][0]["asset"] = "meter/anything/el.import"


def verdict_message(name: str, value: Any, by: str = "gfc.verifier") -> Callable[[Any], None]:
    def change(d: Any) -> None:
        item = d["claim"]["verdicts"][0]
        item["message"][name] = value
        signed_again(item, eip712.VERDICT, by, *policy_facts())

    return change


def verdict_result(change: Callable[[Any], None]) -> Callable[[Any], None]:
    def apply(d: Any) -> None:
        item = d["claim"]["verdicts"][0]
        change(item["result"])
        item["message"]["resultHash"] = "0x" + hashlib.sha256(dump(item["result"])).hexdigest()
        signed_again(item, eip712.VERDICT, "gfc.verifier", *policy_facts())

    return apply


def certificate_message(name: str, value: Any, by: str = "gfc.certifier") -> Callable[[Any], None]:
    def change(d: Any) -> None:
        item = d["claim"]["certificate"]
        item["message"][name] = value
        signed_again(item, eip712.CERTIFICATE, by, *policy_facts())

    return change


def claim_message(name: str, value: Any) -> Callable[[Any], None]:
    def change(d: Any) -> None:
        d["claim"]["message"][name] = value
        signed_again(d["claim"], eip712.CLAIM, "moganshan.approver", *policy_facts())

    return change


def without_certificate(d: Any) -> None:
    d["claim"]["certificate"] = None
    d["claim"]["status"]["certificate"] = None
    used = sorted(set(blocks(d)))
    shift = {old: new for new, old in enumerate(used)}
    d["headers"] = [d["headers"][old] for old in used]
    d["finality"]["proofs"] = [{**d["finality"]["proofs"][old], "block": shift[old]} for old in used]
    for holder in holders(d):
        holder["block"] = shift[holder["block"]]


def holders(d: Any) -> list[Any]:
    claim = d["claim"]
    signed = [claim, *claim["verdicts"], *([claim["certificate"]] if claim["certificate"] else [])]
    return [item["anchor"] for item in d["datasets"]] + [item["event"] for item in signed] + [claim["status"]]


def blocks(d: Any) -> list[int]:
    return [holder["block"] for holder in holders(d)]


def set_at(*path: Any) -> Callable[[Any], None]:
    def change(d: Any) -> None:
        for step in path[:-2]:
            d = d[step]
        d[path[-2]] = path[-1]

    return change


def path_of_another(d: Any) -> None:
    d["finality"]["proofs"][0]["inclusion"] = d["finality"]["proofs"][-1]["inclusion"]


def another_size(d: Any) -> None:
    d["finality"]["checkpoint"] = d["finality"]["checkpoint"].replace("\n", "\n1", 1)


def without_inputs(d: Any) -> None:
    d["inputs"].update(organisation=None, activity=None, library=None)


BANK = "0x" + sid("org", "moganshan").hex()
ATTEMPTS: dict[str, tuple[Callable[[Any], None], str, int]] = {
    "a header that nothing refers to": (one_more_header, "bundle.subject", 1),
    "the same header twice": (same_header_twice, "bundle.subject", 1),
    "headers in another order": (lambda d: d["headers"].reverse(), "bundle.subject", 1),
    "an event in another block of the bundle": (lambda d: d["claim"]["verdicts"][0]["event"].update(block=0), "verdict.recorded.0", 1),
    "a status of another block of the bundle": (lambda d: d["claim"]["status"].update(block=0), "status.state", 1),
    "a block that is not there": (lambda d: d["claim"]["status"].update(block=63), "status.state", 1),
    "a path of another block": (path_of_another, "anchor.final.METERS", 1),
    "another institution as subject": (set_at("subject", "institution", "other"), "bundle.subject", 1),
    "another revision as subject": (set_at("subject", "revision", 2), "bundle.subject", 1),
    "another period as subject": (set_at("subject", "end", "2025-01-12T16:00:00Z"), "bundle.subject", 1),
    "another kind of subject": (set_at("subject", "kind", "statement"), "bundle.subject", 1),
    "an item of another tree": (item_of_another_tree, "commitment.METERS", 1),
    "a meter's name without its slots": (name_without_slots, "items.METERS", 1),
    "an item left out": (lambda d: d["datasets"][0]["items"].pop(), "inputs.hashes", 1),
    "the statement of another revision": (set_at("inputs", "statement", "revision", 2), "inputs.hashes", 1),
    "another organisation": (lambda d: d["inputs"]["organisation"]["name"].update(en="Other"), "inputs.hashes", 1),
    "another library": (lambda d: d["inputs"]["library"]["factors"].pop(), "inputs.hashes", 1),
    "the inputs but for the statement left out": (without_inputs, "bundle.subject", 1),
    "another contract in one context": (set_at("datasets", 0, "context", "contract", "0x" + "11" * 20), "bundle.subject", 1),
    "a verdict on another package": (verdict_message("packageHash", "0x" + "11" * 32), "verdict.signed.0", 1),
    "a verdict on another claim": (verdict_message("claim", "0x" + "11" * 32), "verdict.signed.0", 1),
    "a verdict by the subject": (verdict_message("org", BANK, "moganshan.approver"), "verdict.signed.0", 1),
    "a verdict by the subject's key in the verifier's name": (
        verdict_message("salt", "0x" + "11" * 32, "moganshan.approver"),
        "verdict.signed.0",
        1,
    ),
    "a verdict out of turn": (verdict_message("sequence", "1"), "verdict.signed.0", 1),
    "a result of other roots": (verdict_result(lambda r: r["datasets"][0].update(root="11" * 32)), "verdict.signed.0", 1),
    "a result without a dataset": (verdict_result(lambda r: r["datasets"].pop()), "verdict.signed.0", 1),
    "a result of another opinion than the message": (verdict_result(lambda r: r.update(opinion="adverse")), "verdict.signed.0", 1),
    "a result of other figures, signed again": (verdict_result(lambda r: r["recomputed"].update(scope1_g="1")), "verdict.recorded.0", 1),
    "a verdict left out": (lambda d: d["claim"]["verdicts"].pop(), "bundle.subject", 1),
    "a verdict twice": (lambda d: d["claim"]["verdicts"].append(copy.deepcopy(d["claim"]["verdicts"][0])), "verdict.signed.1", 1),
    "a certificate of another claim": (certificate_message("claim", "0x" + "11" * 32), "certificate.signed", 1),
    "a certificate by the subject": (certificate_message("org", BANK, "moganshan.approver"), "certificate.signed", 1),
    "a certificate by the verifier's own key": (
        certificate_message("documentHash", "0x" + "11" * 32, "gfc.verifier"),
        "certificate.signed",
        1,
    ),
    "a certificate of another window": (certificate_message("validTo", "9999999999"), "certificate.recorded", 1),
    "a claim of other attestations": (claim_message("attestations", ["0x" + "11" * 32]), "claim.message", 1),
    "a claim that fewer verifiers suffice for": (claim_message("verifiersRequired", "0"), "claim.message", 1),
    "a claim of another id": (set_at("claim", "id", "c2"), "claim.message", 1),
    "the certificate left out, which the claim's state has": (without_certificate, "status.state", 1),
    "the certificate's words left out": (set_at("claim", "status", "certificate", None), "status.state", 1),
    "the status left out": (set_at("claim", "status", None), "status.state", 4),
    "words of another slot": (lambda d: d["claim"]["status"]["claim"][0].update(slot="0x" + "00" * 32), "status.state", 1),
    "the finality left out": (set_at("finality", None), "anchor.final.METERS", 4),
    "the finality of another kind of chain": (set_at("finality", {"kind": "seals"}), "anchor.final.METERS", 4),
    "a checkpoint smaller than the block": (set_at("finality", "checkpoint", "SMALLER"), "anchor.final.METERS", 1),
    "a checkpoint of another size": (another_size, "anchor.final.METERS", 1),
    "an attestation of another dataset's name": (set_at("datasets", 0, "attestation", "dataset", "OPERATIONAL"), "attestation.METERS", 1),
    "an anchor of another record": (lambda d: d["datasets"][0].update(anchor=d["datasets"][1]["anchor"]), "anchor.receipt.METERS", 1),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_bundle_is_not_valid_with(attempt: str) -> None:
    change, check_id, least = ATTEMPTS[attempt]
    document = bundle()
    if attempt == "a checkpoint smaller than the block":
        document["finality"]["checkpoint"] = bundle("line")["finality"]["checkpoint"]
        change = lambda d: None  # noqa: E731 - the change was made
    change(document)
    found = verify(document)
    assert check_id in {item for item, _ in odd(found)}
    assert found.verdict()[1] in ({1, 3} if least == 1 else {4})
    assert found.level() != "L5"


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["datasets"].append(copy.deepcopy(d["datasets"][0])),
        lambda d: d["datasets"].reverse(),
        lambda d: d["datasets"][0]["items"].append(copy.deepcopy(d["datasets"][0]["items"][0])),
        lambda d: d["datasets"].clear(),
        lambda d: d["headers"].extend(d["headers"] * 40),
        lambda d: d["claim"]["status"].update(block=64),
        lambda d: d["inputs"].update(activity=None),
        lambda d: d["datasets"][0].update(attestation=None),
        lambda d: d.update(more=1),
        lambda d: d["finality"].update(kind="proof of work"),
    ],
    ids=[
        "a dataset twice",
        "datasets out of order",
        "an item twice",
        "no dataset",
        "too many headers",
        "a block beyond the limit",
        "half of the inputs",
        "an anchor of nothing signed",
        "a field more",
        "an unknown finality",
    ],
)
def test_a_bundle_is_malformed_with(change: Callable[[Any], None]) -> None:
    document = bundle()
    change(document)
    with pytest.raises(Malformed):
        verify(document)


def test_an_older_status_under_a_fresh_cosigned_checkpoint_is_not_fresh() -> None:
    """The certificate was revoked between the block shown and the checkpoint; the witnesses dated the checkpoint, not the block."""
    now = NOW + 7300
    found = verify(
        bundle("claim-stale"), now=next(a["now"] for a in json.loads(kept("expected.json"))["answers"] if a["bundle"] == "claim-stale")
    )
    assert (odd(found), found.verdict()) == ({("status.age", "NOT CHECKED")}, ("INCOMPLETE", 4))
    assert verify(bundle(), now=now).verdict() == ("INCOMPLETE", 4)
    assert codes(verify(bundle(), now=now)) == {"STATUS_OLD"}


def test_a_statement_is_not_shown_beside_one_dataset_of_two() -> None:
    """METERS was attested with this statement; what OPERATIONAL was attested with would stay unseen."""
    document = bundle("statement")
    plain = kept("plain.policy.json")
    assert verify(document, plain).verdict() == ("VALID", 0)
    for at, name in enumerate(("METERS", "OPERATIONAL")):
        document = bundle("statement")
        assert document["datasets"][at]["dataset"] == name
        del document["datasets"][at]
        assert odd(verify(document, plain)) == {("inputs.hashes", "FAIL")}


def test_a_policy_without_witnesses_or_age_gives_the_level_that_it_can() -> None:
    document = bundle()
    own = document["finality"]["checkpoint"]
    document["finality"]["checkpoint"] = "\n".join(own.split("\n")[:5]) + "\n"  # the log's line alone
    found = verify(document, sealed(witnesses=None))
    assert (found.verdict(), found.level()) == (("VALID", 0), "L3")
    assert verify(bundle(), sealed(witnesses=None)).verdict() == ("UNTRUSTED", 6)  # lines of nobody that the policy names
    assert "status.age" not in {item.id for item in verify(bundle(), sealed(max_age=None)).checks.items}


def cosigned(document: Any, name: str, key: Ed25519PrivateKey, time: int, claimed: Ed25519PrivateKey | None = None) -> Any:
    note = document["finality"]["checkpoint"]
    text = note.rpartition("\n\n")[0] + "\n"
    public = (claimed or key).public_key().public_bytes_raw()
    key_id = hashlib.sha256(name.encode() + b"\n\x04" + public).digest()[:4]
    line = key_id + time.to_bytes(8, "big") + key.sign(f"cosignature/v1\ntime {time}\n{text}".encode())
    document["finality"]["checkpoint"] = note + f"\u2014 {name} {base64.b64encode(line).decode()}\n"
    return document


WITNESS = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
SECOND = Ed25519PrivateKey.from_private_bytes(bytes([2]) * 32)


def bare() -> Any:
    document = bundle()
    document["finality"]["checkpoint"] = "\n".join(document["finality"]["checkpoint"].split("\n")[:5]) + "\n"
    return document


def test_one_witness_counts_once_however_often_it_signs() -> None:
    document = cosigned(cosigned(bare(), "witness-1.example", WITNESS, NOW), "witness-1.example", WITNESS, NOW - 1)
    found = verify(document)
    assert (codes(found), found.verdict()) == ({"WITNESS_QUORUM"}, ("INCOMPLETE", 4))
    other = cosigned(cosigned(bare(), "witness-1.example", WITNESS, NOW), "witness-2.example", WITNESS, NOW)
    assert verify(other).verdict() == ("UNTRUSTED", 6)  # its key id is of nobody
    forged = cosigned(cosigned(bare(), "witness-1.example", WITNESS, NOW), "witness-2.example", WITNESS, NOW, claimed=SECOND)
    assert verify(forged).verdict() == ("INVALID", 1)


def vkey(name: str, key: Ed25519PrivateKey, kind: int = 4) -> str:
    data = bytes([kind]) + key.public_key().public_bytes_raw()
    key_id = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    return f"{name}+{key_id.hex()}+{base64.b64encode(data).decode()}"


POLICY = json.loads(kept("witnessed.policy.json"))
LOG_NAME = POLICY["checkpoint"]["vkey"].split("+")[0]
A, B = "0x" + "0a" * 20, "0x" + "0b" * 20


@pytest.mark.parametrize(
    "changes",
    [
        {"witnesses": {"quorum": 2, "keys": [vkey("a", WITNESS), vkey("b", WITNESS)]}},
        {"witnesses": {"quorum": 2, "keys": [vkey("a", WITNESS), vkey("a", SECOND)]}},
        {"witnesses": {"quorum": 3, "keys": [vkey("a", WITNESS), vkey("b", SECOND)]}},
        {"witnesses": {"quorum": 1, "keys": [vkey(LOG_NAME, WITNESS)]}},
        {"witnesses": {"quorum": 1, "keys": ["a+00000000+AAAA"]}},
        {"witnesses": {"quorum": 1, "keys": [vkey("a", WITNESS, 1)]}},
        {"validators": [{"from": 0, "to": 9, "addresses": [A]}, {"from": 9, "addresses": [A]}]},
        {"validators": [{"from": 5, "addresses": [A]}, {"from": 9, "to": 12, "addresses": [A]}]},
        {"validators": [{"from": 9, "to": 5, "addresses": [A]}]},
        {"validators": [{"from": 0, "addresses": []}]},
        {"validators": [{"from": 0, "addresses": [A, A]}]},
        {"contracts": {**POLICY["contracts"], "PeriodLedger": {**POLICY["contracts"]["PeriodLedger"], "code_hash": None}}},
        {"chain": {**POLICY["chain"], "kind": "pow"}},
        {"max_age": -1},
        {"keys": [*POLICY["keys"], {**POLICY["keys"][0], "institution": "another-house"}]},
    ],
    ids=[
        "two names for one witness",
        "one name for two witnesses",
        "a quorum beyond the witnesses",
        "the log as witness",
        "an unreadable key",
        "a log's key as witness",
        "overlapping validators",
        "an open range before another",
        "a range backwards",
        "no validators",
        "a validator twice",
        "no code hash",
        "an unknown chain",
        "an age below zero",
        "an address in two institutions",
    ],
)
def test_a_policy_is_malformed_with(changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        read_policy(sealed(**changes))


def test_gaps_between_validator_sets_pin_nothing() -> None:
    policy = read_policy(
        sealed(
            validators=[{"from": 10, "to": 19, "addresses": [A]}, {"from": 30, "addresses": [B]}, {"from": 0, "to": 4, "addresses": [B]}]
        )
    )
    found = {block: policy.validators_at(block) for block in (0, 4, 5, 9, 10, 19, 20, 29, 30, 10**9)}
    a, b = (unhex(A),), (unhex(B),)
    assert found == {0: b, 4: b, 5: None, 9: None, 10: a, 19: a, 20: None, 29: None, 30: b, 10**9: b}


@pytest.mark.parametrize("kind", ["qbft", "test"])
def test_the_policy_s_kind_of_chain_decides_and_not_what_the_bundle_carries(kind: str) -> None:
    sets = [{"from": 0, "addresses": [A]}]
    found = verify(bundle(), sealed(chain={**POLICY["chain"], "kind": kind}, validators=sets))
    if kind == "test":  # a chain without seals is final by its checkpoint, whatever it is called
        assert found.verdict() == ("VALID", 0)
    else:
        assert found.verdict()[1] in (1, 3)
        assert found.level() in ("-", "L1", "L2")
    sealed_finality = bundle()
    sealed_finality["finality"] = {"kind": "seals"}
    assert verify(sealed_finality, sealed(validators=sets)).verdict() == ("INCOMPLETE", 4)


@pytest.mark.parametrize(
    ("contract", "slot", "check_id"),
    [
        ("PeriodLedger", "records", "anchor.state.METERS"),
        ("ClaimRegistry", "claims", "status.state"),
        ("ClaimRegistry", "certificates", "status.state"),
    ],
)
def test_a_slot_that_the_policy_does_not_give_is_not_checked(contract: str, slot: str, check_id: str) -> None:
    pins = copy.deepcopy(POLICY["contracts"])
    pins[contract]["slots"][slot] = None
    found = verify(bundle(), sealed(contracts=pins))
    assert (check_id, "NOT CHECKED") in odd(found)
    assert (found.verdict(), found.level() == "L5") == (("INCOMPLETE", 4), False)
    del pins[contract]
    assert verify(bundle(), sealed(contracts=pins)).verdict() == ("INCOMPLETE", 4)


@pytest.mark.parametrize("contract", ["PeriodLedger", "ClaimRegistry"])
def test_another_code_or_address_than_the_policy_pins_is_a_mismatch(contract: str) -> None:
    for name, value in (("code_hash", "11" * 32), ("address", "0x" + "11" * 20)):
        pins = copy.deepcopy(POLICY["contracts"])
        pins[contract][name] = value
        assert verify(bundle(), sealed(contracts=pins)).verdict() == ("INVALID", 1)


def header_time(document: Any, block: int) -> int:
    from verifier import rlp

    return rlp.integer_of(rlp.decode_list(unhex(document["headers"][block]))[11])


@pytest.mark.parametrize(
    ("role", "where", "check_id"),
    [
        ("approver", ("datasets", 0, "anchor"), "signer.METERS"),
        ("verifier", ("claim", "verdicts", 0, "event"), "verdict.signed.0"),
        ("certifier", ("claim", "certificate", "event"), "certificate.signed"),
    ],
)
def test_a_key_signs_from_its_first_second_to_the_one_before_its_last(role: str, where: tuple[Any, ...], check_id: str) -> None:
    document = holder = bundle()
    for step in where:
        holder = holder[step]
    time = header_time(document, holder["block"])
    for start, end, good in ((time, time + 1, True), (time + 1, None, False), (0, time, False), (time, time, False)):
        keys = copy.deepcopy(POLICY["keys"])
        for key in keys:
            if key["role"] == role and (role != "approver" or key["institution"] == "moganshan"):
                key.update(valid_from=start, valid_to=end)
        found = verify(document, sealed(keys=keys))
        assert ((check_id, "UNTRUSTED") in odd(found)) is not good
    others = [key for key in POLICY["keys"] if key["role"] != role]
    assert verify(document, sealed(keys=others)).verdict() == ("UNTRUSTED", 6)


def test_a_key_of_the_right_address_in_another_role_or_house_signs_nothing() -> None:
    for name, value in (("role", "librarian"), ("institution", "other")):
        keys = [{**key, name: value} if key["role"] == "verifier" else key for key in POLICY["keys"]]
        assert ("verdict.signed.0", "UNTRUSTED") in odd(verify(bundle(), sealed(keys=keys)))


def test_a_policy_of_the_forger_is_nobody_s_policy() -> None:
    forged = sealed(FORGER)
    assert verify(bundle(), forged).verdict() == ("INVALID", 1)
    assert codes(verify(bundle(), forged)) == {"POLICY_KEY"}
    found = verify(bundle(), forged, key=None)
    assert (codes(found), found.verdict()) == ({"NO_POLICY_KEY"}, ("INCOMPLETE", 4))
    document = json.loads(forged)  # the centre's signature from elsewhere, beside a threshold that the forger wrote
    document["signatures"] = sorted([*document["signatures"], *POLICY["signatures"]], key=lambda item: item["public_key"])
    assert verify(bundle(), dump(document)).verdict() == ("INVALID", 1)
    keys = sorted([KEY, FORGER.public_key().public_bytes_raw().hex()])
    document["signers"] = {"threshold": 1, "keys": keys}
    assert verify(bundle(), dump(document)).verdict() == ("INVALID", 1)


def test_the_signer_s_key_of_a_policy_must_bind_somebody() -> None:
    for weak in (
        "01" + "00" * 31,
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ee" + "ff" * 30 + "7f",
        "02" + "00" * 31,
    ):
        document = json.loads(sealed())
        document["signers"]["keys"] = [weak]
        with pytest.raises(Malformed):
            read_policy(dump(document))


def test_a_pinned_checkpoint_of_another_size_wants_its_proof() -> None:
    pinned = bundle("statement")["finality"]["checkpoint"]
    found = verify(bundle(), sealed(checkpoint={**POLICY["checkpoint"], "pinned": pinned}))
    assert ("NO_CONSISTENCY" in codes(found), found.verdict()) == (True, ("INCOMPLETE", 4))
    document = bundle()
    document["finality"]["consistency"] = ["11" * 32] * 3
    assert verify(document, sealed(checkpoint={**POLICY["checkpoint"], "pinned": pinned})).verdict() == ("INVALID", 1)
    assert verify(document).verdict() == ("INVALID", 1)  # a proof to nothing that is pinned


def test_the_clock_may_not_stand_before_the_status() -> None:
    early = sealed(issued="2026-01-01T00:00:00Z", expires=None)
    assert verify(bundle(), early, now=NOW - 300).verdict() == ("VALID", 0)
    found = verify(bundle(), early, now=NOW - 301)
    assert (codes(found), found.verdict()) == ({"STATUS_AHEAD"}, ("INCOMPLETE", 4))
    assert verify(bundle(), sealed(), now=seconds(POLICY["issued"]) - 1).verdict() == ("NOT-IN-FORCE", 5)


def test_the_worst_answer_decides_in_the_order_of_the_specification() -> None:
    order = [
        (Outcome.FAIL, 1),
        (Outcome.MALFORMED, 3),
        (Outcome.UNTRUSTED, 6),
        (Outcome.NOT_IN_FORCE, 5),
        (Outcome.NOT_CHECKED, 4),
        (Outcome.PASS, 0),
    ]
    for chosen in product((False, True), repeat=len(order)):
        checks = [Check("x", "x", outcome) for (outcome, _), taken in zip(order, chosen, strict=True) if taken]
        wanted = next((code for (_, code), taken in zip(order, chosen, strict=True) if taken), 4)
        assert verdict_of(checks[::-1])[1] == wanted


def test_a_document_of_another_kind_is_named_by_its_schema_and_not_by_its_first_strange_field() -> None:
    with pytest.raises(Malformed) as refused:
        verify({"anchor": None, "schema": "lingtan.proof/1"})
    assert (refused.value.code, refused.value.place) == ("DOCUMENT_FIELD", "bundle /schema")
    assert "lingtan.bundle/1 expected" in refused.value.detail
