"""What the centre makes and signs as a policy, the verifier reads; what the verifier would not read is refused before anybody signs."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.errors import InputError
from ledger.records import canonical
from ledger.records.policy import PolicyFacts, PolicyKey, Trust, make_policy, policy_body, public_hex, seal_policy, sign_policy
from ledger.records.policy_rules import is_binding_key
from ledger.records.signed_note import COSIGNATURE, ED25519, NoteKey
from verifier import ed25519
from verifier.errors import Malformed
from verifier.policy import read_policy

SIGNERS = [Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in range(1, 5)]
PUBLIC = [public_hex(key) for key in SIGNERS]
SMALL = "01" + "00" * 31  # the neutral point: anything verifies under it
NO_POINT = "02" + "00" * 31
VKEYS = [NoteKey(f"witness-{at}", COSIGNATURE, bytes.fromhex(public)).vkey for at, public in enumerate(PUBLIC)]
LOG = NoteKey("log", ED25519, Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32).public_key().public_bytes_raw()).vkey
ADDRESSES = ["0x" + f"{number:02x}" * 20 for number in range(1, 5)]


def body(validators: Any = None, witnesses: Any = None, **changed: Any) -> dict[str, Any]:
    facts = PolicyFacts(
        version=1,
        issued=1_780_000_000,
        expires=None,
        chain_id=1337,
        chain_kind="qbft",
        genesis="ab" * 32,
        contracts={"PeriodLedger": {"address": ADDRESSES[0], "code_hash": "cd" * 32, "slots": {"records": "4"}}},
        schemas={"METERS": "ef" * 32},
        libraries=["01" * 32],
        keys=[PolicyKey("bank-a", "bank", "approver", ADDRESSES[1], 1_700_000_000, 0)],
        checkpoint={"origin": "log", "vkey": LOG, "pinned": None},
    )
    return {**policy_body(facts), "validators": validators, "witnesses": witnesses, **changed}


HEIGHTS = st.one_of(st.integers(-1, 12), st.integers(0, 12).map(str), st.sampled_from([None, "", "01", "-1", "1.0", 1.0, True, "9" * 80]))
SETS = st.one_of(
    st.fixed_dictionaries(
        {"from": HEIGHTS, "addresses": st.lists(st.sampled_from(ADDRESSES), max_size=3)},
        optional={"to": HEIGHTS, "since": st.just(1)},
    ),
    st.sampled_from([{}, None, [], {"from": 1}, {"from": 1, "addresses": ["0xAB"]}, {"from": 1, "addresses": ADDRESSES[0]}]),
)
ORDINARY = st.builds(
    lambda first, length, addresses: {"from": str(first), "to": str(first + length), "addresses": addresses},
    st.integers(0, 60),
    st.integers(-1, 9),
    st.lists(st.sampled_from(ADDRESSES), min_size=1, max_size=4, unique=True),
)
WITNESSES = st.fixed_dictionaries(
    {
        "quorum": st.integers(0, 4),
        "keys": st.lists(st.sampled_from([*VKEYS, VKEYS[0].replace("witness-0", "witness-1"), LOG, "w", ""]), max_size=4),
    }
)


def reads(policy: dict[str, Any]) -> bool:
    try:
        read_policy(canonical.dump(policy))
    except Malformed:
        return False
    return True


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(st.none(), st.lists(SETS, max_size=3), st.lists(ORDINARY, max_size=4)),
    st.one_of(st.none(), WITNESSES),
    st.lists(st.sampled_from([*PUBLIC, SMALL, NO_POINT, "ff" * 32, "AB" * 32, "00"]), max_size=4),
    st.integers(0, 4),
    st.sampled_from([None, 0, 1, 2**53 - 1, 2**53, -1]),
)
@example([{"from": 5, "to": 4, "addresses": ADDRESSES[:1]}], None, PUBLIC[:1], 1, None)
@example([{"from": 1, "addresses": ADDRESSES[:1]}, {"from": 9, "addresses": ADDRESSES[:1]}], None, PUBLIC[:1], 1, None)
@example([{"from": 1, "to": 9, "addresses": ADDRESSES[:1]}, {"from": 9, "addresses": ADDRESSES[:1]}], None, PUBLIC[:1], 1, None)
@example([{"from": 1, "to": 8, "addresses": ADDRESSES[:1]}, {"from": 9, "addresses": ADDRESSES[:1]}], None, PUBLIC[:1], 1, None)
@example([{"from": 1, "addresses": []}], None, PUBLIC[:1], 1, None)
@example(None, {"quorum": 2, "keys": VKEYS[:2]}, PUBLIC[:2], 2, 3600)
def test_a_policy_is_made_exactly_where_the_verifier_reads_it(
    validators: Any, witnesses: Any, signers: list[str], threshold: int, max_age: int | None
) -> None:
    trust = Trust(threshold, tuple(signers), None, max_age, witnesses)
    by_hand = {
        **body(validators, witnesses),
        "max_age": max_age,
        "previous": None,
        "signers": {"keys": sorted(signers), "threshold": threshold},
        "signatures": [],
    }
    try:
        made = make_policy(body(validators), trust)
    except InputError:
        assert not (_is_canonical(by_hand) and reads(by_hand))
    else:
        assert made == by_hand
        assert reads(made)


def _is_canonical(document: dict[str, Any]) -> bool:
    try:
        canonical.dump(document)
    except InputError:
        return False
    return True


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(st.binary(min_size=32, max_size=32), st.binary(max_size=40), st.integers(0, 40).map(lambda low: low.to_bytes(32, "little")))
)
@example(bytes.fromhex(SMALL))
@example(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"))
@example(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"))
@example((2**255 - 19).to_bytes(32, "little"))
@example((2**255 - 20).to_bytes(32, "little"))
def test_a_key_binds_where_the_verifier_says_that_it_does(key: bytes) -> None:
    assert is_binding_key(key) is ed25519.is_key(key)


def test_a_policy_with_validators_is_signed_and_read_by_height() -> None:
    sets = [{"from": "1", "to": "99", "addresses": ADDRESSES[:3]}, {"from": "100", "addresses": ADDRESSES}]
    policy = read_policy(canonical.dump(seal_policy(body(sets), SIGNERS[0])))
    assert policy.signatures_hold()
    assert [len(policy.validators_at(height) or ()) for height in (0, 1, 99, 100, 10**9)] == [0, 3, 3, 4, 4]


@pytest.mark.parametrize(
    ("validators", "place"),
    [
        ([{"from": "9", "to": "8", "addresses": ADDRESSES[:1]}], "validators/0/to"),
        ([{"from": "1", "addresses": ADDRESSES[:1]}, {"from": "5", "addresses": ADDRESSES[:1]}], "validators"),
        ([{"from": "1", "addresses": [ADDRESSES[0], ADDRESSES[0]]}], "validators/0/addresses"),
    ],
)
def test_a_policy_that_was_spoilt_by_hand_is_not_signed_and_the_place_is_named(validators: Any, place: str) -> None:
    made = make_policy(body(), Trust(1, (PUBLIC[0],)))
    with pytest.raises(InputError, match="no verifier would read it") as caught:
        sign_policy({**made, "validators": validators}, SIGNERS[0])
    assert caught.value.facts["place"] == place


def test_an_address_of_two_institutions_is_in_no_policy() -> None:
    key = body()["keys"][0]
    spoilt = [key, {**key, "institution": "verifier-b", "kind": "verifier", "role": "verifier"}]
    with pytest.raises(InputError, match="bank-a and of verifier-b"):
        make_policy(body(keys=spoilt), Trust(1, (PUBLIC[0],)))
    by_hand = make_policy(body(), Trust(1, (PUBLIC[0],)))
    with pytest.raises(Malformed, match="one institution"):
        read_policy(canonical.dump({**by_hand, "keys": spoilt}))
