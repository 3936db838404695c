"""The EIP-712 hashing of our structs, against eth-account and the EIP's own numbers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain.keystore import Signer
from ledger.chain.recover import recover_signer
from ledger.chain.typed_data import STRUCTS, Domain, PeriodAttestation, SetStanding, TypedStruct, struct_fields, type_hash, type_string
from ledger.errors import InputError

DOMAIN = Domain(7001, "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC")
WORD = bytes(range(32))


def strategy_for(kind: str) -> st.SearchStrategy[Any]:
    if kind.startswith("uint128["):
        return st.tuples(*[st.integers(0, 2**128 - 1)] * 4)
    if kind == "bytes32[]":
        return st.lists(st.binary(min_size=32, max_size=32), max_size=5).map(tuple)
    if kind == "bytes32":
        return st.binary(min_size=32, max_size=32)
    if kind == "address":
        return st.binary(min_size=20, max_size=20).map(lambda value: "0x" + value.hex())
    if kind == "bool":
        return st.booleans()
    return st.integers(0, 2 ** int(kind[4:]) - 1)


def instances(struct: type[TypedStruct]) -> st.SearchStrategy[TypedStruct]:
    return st.builds(struct, **{field.attribute: strategy_for(field.type) for field in struct_fields(struct)})


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_the_digest_is_the_one_eth_account_computes(struct: type[TypedStruct]) -> None:
    @given(instances(struct))
    def check(value: TypedStruct) -> None:
        document = value.to_typed_data(DOMAIN)
        # eth-account takes numbers, not the decimal strings of our messages.
        numbers = dict(document["message"])  # type: ignore[call-overload]
        for field in struct_fields(struct):
            if "int" in field.type:
                plain = numbers[field.name]
                numbers[field.name] = [int(item) for item in plain] if isinstance(plain, list) else int(plain)
        domain = {**document["domain"], "chainId": DOMAIN.chain_id}  # type: ignore[dict-item]
        signable = encode_typed_data(full_message={**document, "domain": domain, "message": numbers})
        assert keccak(b"\x19\x01" + signable.header + signable.body) == value.digest(DOMAIN)
        assert signable.body == value.struct_hash()

    check()


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_a_message_read_back_is_the_same_struct(struct: type[TypedStruct]) -> None:
    @given(instances(struct))
    def check(value: TypedStruct) -> None:
        message = value.to_message()
        assert struct.from_message(message) == value
        assert struct.from_message(message).to_message() == message
        assert len(value.as_tuple()) == len(message)

    check()


def test_the_structs_are_exactly_those_of_the_spec(root: Path) -> None:
    text = (root / "docs/spec/typed-data.md").read_text("utf-8")
    blocks = " ".join(re.findall(r"```\n(.*?)```", text, re.S))
    printed = {re.sub(r",\s+", ",", match) for match in re.findall(r"[A-Z][A-Za-z]+\([^)]*\)", blocks)}
    assert printed == {type_string(struct) for struct in STRUCTS}


def test_the_domain_separator_is_that_of_the_published_form() -> None:
    # EIP-712's own example has this type hash for a domain of name, version, chainId and verifyingContract.
    assert keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)").hex() == (
        "8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f"
    )
    expected = keccak(
        bytes.fromhex("8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f")
        + keccak(b"Lingtan")
        + bytes.fromhex("c89efdaa54c0f20c7adf612882df0950f5a951637e0307cdcb4c672f298b8bc6")  # keccak("1"), as in the example
        + (7001).to_bytes(32, "big")
        + b"\0" * 12
        + b"\xcc" * 20
    )
    assert DOMAIN.separator() == expected


def test_the_key_of_the_published_example_signs_with_its_address() -> None:
    # EIP-712 assets/Example.js: the key keccak("cow") and the digest of its message; r and s are printed there.
    signer = Signer(keccak(b"cow"))
    digest = bytes.fromhex("be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2")
    signature = signer.sign_digest(digest)
    assert signer.address == "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"
    assert signature.hex().startswith("4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d")
    assert signature[64] == 28
    assert recover_signer(digest, signature) == signer.address


def test_a_signature_of_ours_is_one_that_eth_account_recovers() -> None:
    signer = Signer(b"\x11" * 32)
    value = SetStanding(WORD, True, WORD, 3, 2**63)
    signature = signer.sign_digest(value.digest(DOMAIN))
    assert Account._recover_hash(value.digest(DOMAIN), signature=signature) == signer.address


def test_another_chain_or_contract_gives_another_digest() -> None:
    value = SetStanding(WORD, True, WORD, 3, 4)
    digests = {value.digest(DOMAIN), value.digest(Domain(7002, DOMAIN.contract)), value.digest(Domain(7001, "0x" + "dd" * 20))}
    assert len(digests) == 3


def test_every_wrong_field_is_listed_at_once() -> None:
    message = SetStanding(WORD, True, WORD, 3, 4).to_message()
    del message["org"]
    message.update(version="01", suspended="true", reason="0x00", extra="1")
    with pytest.raises(InputError) as caught:
        SetStanding.from_message(message)
    assert [item["field"] for item in caught.value.facts["fields"]] == ["extra", "org", "suspended", "reason", "version"]  # type: ignore[attr-defined]
    assert caught.value.code == "input.invalid"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("periodStart", str(2**64)),
        ("periodStart", "-1"),
        ("periodStart", 5),
        ("periodStart", " 5"),
        ("periodStart", "٥"),
        ("revision", str(2**32)),
        ("alg", "256"),
        ("totals", ["1", "2", "3"]),
        ("totals", ["1", "2", "3", str(2**128)]),
        ("totals", "1234"),
        ("root", "0x" + "AA" * 32),
        ("root", "ab" * 32),
        ("root", "0x" + "ab" * 31),
        ("root", None),
    ],
)
def test_a_field_in_another_form_is_refused(field: str, value: object) -> None:
    good = PeriodAttestation(WORD, WORD, 1, 2, 0, 0, 1, 4, WORD, 5, (1, 2, 3, 4), WORD, WORD, WORD, WORD, 9).to_message()
    assert PeriodAttestation.from_message(good).n == 5
    with pytest.raises(InputError) as caught:
        PeriodAttestation.from_message({**good, field: value})
    assert [item["field"] for item in caught.value.facts["fields"]] == [field]  # type: ignore[attr-defined]


def test_a_struct_out_of_range_cannot_be_built() -> None:
    with pytest.raises(InputError, match=r"version.*deadline"):
        SetStanding(WORD, True, WORD, 2**64, -1)
    with pytest.raises(InputError, match="suspended"):
        SetStanding(WORD, 1, WORD, 1, 1)  # type: ignore[arg-type]


def test_type_hashes_differ_between_structs() -> None:
    assert len({type_hash(struct) for struct in STRUCTS}) == len(STRUCTS) == 17
