"""Enrolment codes and proofs, against bytes written out by hand and RFC 8032's own first key."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.metering import enrolment

# RFC 8032 §7.1, test 1.
KEY = Ed25519PrivateKey.from_private_bytes(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
CODE = "K7QWD-29FHX-ABMRT-4ZEP8"
DIGEST = hashlib.sha256(b"K7QWD29FHXABMRT4ZEP8").digest()
SMALL = (0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18)


def test_the_proof_is_a_signature_over_tag_zero_byte_hash_of_the_code_and_key() -> None:
    proof = enrolment.prove(DIGEST, KEY)
    assert proof == KEY.sign(b"lingtan/enrol/1\x00" + DIGEST + PUBLIC)
    assert enrolment.is_proven(DIGEST, PUBLIC, proof)


@given(st.sampled_from(["-", " ", ""]), st.lists(st.booleans(), min_size=20, max_size=20))
def test_groups_and_case_of_a_code_do_not_matter(separator: str, lower: list[bool]) -> None:
    plain = "".join(character.lower() if low else character for character, low in zip("K7QWD29FHXABMRT4ZEP8", lower, strict=True))
    assert enrolment.find_code_hash(separator.join(plain[at : at + 5] for at in range(0, 20, 5))) == DIGEST


@pytest.mark.parametrize(
    "text", ["", "K7QWD-29FHX-ABMRT-4ZEP", CODE + "2", "K7QWD-29FHX-ABMRT-4ZEP0", "I" * 20, "K7QWD_29FHX_ABMRT_4ZEP8", "Ａ" * 20]
)
def test_what_cannot_be_a_code_has_no_hash(text: str) -> None:
    assert enrolment.find_code_hash(text) is None


def test_a_new_code_has_a_hundred_random_bits_in_four_groups() -> None:
    assert len(enrolment.ALPHABET) == len(set(enrolment.ALPHABET)) == 32
    codes = {enrolment.new_code() for _ in range(500)}
    assert len(codes) == 500
    assert all([len(group) for group in code.split("-")] == [5, 5, 5, 5] for code in codes)
    assert {character for code in codes for character in code} == set(enrolment.ALPHABET) | {"-"}


def test_a_proof_fails_for_another_code_another_key_and_every_changed_bit() -> None:
    proof = enrolment.prove(DIGEST, KEY)
    other = Ed25519PrivateKey.from_private_bytes(b"x" * 32).public_key().public_bytes_raw()
    assert not enrolment.is_proven(bytes(32), PUBLIC, proof)
    assert not enrolment.is_proven(DIGEST, other, proof)
    assert not enrolment.is_proven(DIGEST, PUBLIC[:-1], proof)
    assert not enrolment.is_proven(DIGEST, PUBLIC, proof[:-1])
    for bit in range(0, 512, 7):
        changed = bytearray(proof)
        changed[bit // 8] ^= 1 << bit % 8
        assert not enrolment.is_proven(DIGEST, PUBLIC, bytes(changed)), bit


@pytest.mark.parametrize("y", SMALL)
@pytest.mark.parametrize("sign", [0, 1])
def test_a_key_of_small_order_enrols_nothing(y: int, sign: int) -> None:
    public = (y | sign << 255).to_bytes(32, "little")
    # R = the neutral point, S = 0: a signature that such keys accept for one message in eight or for every one.
    forged = (1).to_bytes(32, "little") + bytes(32)
    assert not any(enrolment.is_proven(hashlib.sha256(b"%d" % number).digest(), public, forged) for number in range(64))
