"""Constants that others published, held against the functions of docs/verifier-functions.md; other libraries where there are none."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
import urllib.request
from pathlib import Path
from typing import Any

import coincurve
import pytest
import rlp as other_rlp
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from eth_hash.auto import keccak as other_keccak
from eth_keys.datatypes import PrivateKey, PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st
from trie import HexaryTrie

from verifier import ed25519, mpt, qbft, rlp, secp256k1
from verifier.chain_evidence import Header, mapping_slot, verify_account, verify_storage
from verifier.errors import Malformed, Refused
from verifier.keccak import keccak256

DOC = Path(__file__).resolve().parents[2] / "docs" / "verifier-functions.md"

# ethereum/tests RLPTests/invalidRLPTest.json and the later bytes of RandomRLPTests' kind
INVALID_RLP = {
    "int32Overflow": "bf0f000000000000021111",
    "int32Overflow2": "ff0f000000000000021111",
    "wrongSizeList": "f80180",
    "wrongSizeList2": "f80100",
    "incorrectLengthInArray": "b9002100dc2b275d0f74e8a53e6f4ec61b27f24278820be3f82ea2110e582081b0565df0",
    "randomRLP": "f861f83eb9002100dc2b275d0f74e8a53e6f4ec61b27f24278820be3f82ea2110e582081b0565df027b90015002d5ef8325ae4d034df55d4b58d0dfba64d61dd"  # noqa: E501
    "d17be00000b9001a00dae30907045a2f66fa36f2bb8aa9029cbb0b8a7b3b5c435ab331",
    "bytesShouldBeSingleByte00": "8100",
    "bytesShouldBeSingleByte01": "8101",
    "bytesShouldBeSingleByte7F": "817f",
    "leadingZerosInLongLengthArray1": "b90040" + bytes(range(64)).hex(),
    "leadingZerosInLongLengthArray2": "b800",
    "leadingZerosInLongLengthList1": "fb00000040" + bytes(range(64)).hex(),
    "leadingZerosInLongLengthList2": "f800",
    "nonOptimalLongLengthArray1": "b81000112233445566778899aabbccddeeff",
    "nonOptimalLongLengthArray2": "b801ff",
    "nonOptimalLongLengthList1": "f810000102030405060708090a0b0c0d0e0f",
    "nonOptimalLongLengthList2": "f803112233",
    "emptyEncoding": "",
    "lessThanShortLengthArray1": "81",
    "lessThanShortLengthArray2": "a0000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
    "lessThanShortLengthList1": "c5010203",
    "lessThanLongLengthArray1": "ba010000aabbccddeeff",
    "lessThanLongLengthList1": "f90180",
    "bytes after the item": "0000",
}
LOREM = "Lorem ipsum dolor sit amet, consectetur adipisicing elit"
# ethereum/tests RLPTests/rlptest.json
VALID_RLP: list[tuple[Any, str]] = [
    ("", "80"),
    ("\x00", "00"),
    ("\x01", "01"),
    ("\x7f", "7f"),
    ("dog", "83646f67"),
    (LOREM[:-1], "b7" + LOREM[:-1].encode().hex()),
    (LOREM, "b838" + LOREM.encode().hex()),
    (0, "80"),
    (1, "01"),
    (16, "10"),
    (79, "4f"),
    (127, "7f"),
    (128, "8180"),
    (1000, "8203e8"),
    (100000, "830186a0"),
    (83729609699884896815286331701780722, "8f102030405060708090a0b0c0d0e0f2"),
    (105315505618206987246253880190783558935785933862974822347068935681, "9c0100020003000400050006000700080009000a000b000c000d000e01"),
    (2**256, "a101" + "00" * 32),
    ([], "c0"),
    (["dog", "god", "cat"], "cc83646f6783676f6483636174"),
    (["zw", [4], 1], "c6827a77c10401"),
    (
        ["asdf", "qwer", "zxcv"] * 3 + ["asdf", "qwer"],
        "f7" + "846173646684717765 72847a786376".replace(" ", "") * 3 + "84617364668471776572",
    ),
    ([["asdf", "qwer", "zxcv"]] * 4, "f840" + "cf84617364668471776572847a786376" * 4),
    ([["asdf", "qwer", "zxcv"]] * 32, "f90200" + "cf84617364668471776572847a786376" * 32),
    ([[[], []], []], "c4c2c0c0c0"),
    ([[], [[]], [[], [[]]]], "c7c0c1c0c3c0c1c0"),
    (
        [[f"key{i}", f"val{i}"] for i in range(1, 5)],
        "ecca846b6579318476616c31ca846b6579328476616c32ca846b6579338476616c33ca846b6579348476616c34",
    ),
]


def items(value: Any) -> Any:
    if isinstance(value, list):
        return [items(part) for part in value]
    return value.encode("latin-1") if isinstance(value, str) else value.to_bytes((value.bit_length() + 7) // 8, "big")


@pytest.mark.parametrize("name", INVALID_RLP)
def test_what_ethereum_calls_invalid_rlp_is_malformed(name: str) -> None:
    with pytest.raises(Malformed):
        rlp.decode(bytes.fromhex(INVALID_RLP[name]))


@pytest.mark.parametrize(("value", "encoded"), VALID_RLP, ids=lambda part: str(part)[:20])
def test_what_ethereum_encodes_we_encode_and_decode_alike(value: Any, encoded: str) -> None:
    assert rlp.encode(items(value)).hex() == encoded
    assert rlp.decode(bytes.fromhex(encoded)) == items(value)
    if isinstance(value, int) and value < 2**256:
        assert rlp.encode_integer(value).hex() == encoded
        assert rlp.integer_of(items(value)) == value


# ethereum/tests TrieTests: the entries that are left at the end, and the root
TRIES: dict[str, tuple[dict[bytes, bytes], str]] = {
    "emptyValues": (
        {b"do": b"verb", b"horse": b"stallion", b"doge": b"coin", b"dog": b"puppy"},
        "5991bb8c6514148a29db676a14ac506cd2cd5775ace63c30a4fe457715e9ac84",
    ),
    "insert-middle-leaf": (
        {
            b"key1aa": b"0123456789012345678901234567890123456789xxx",
            b"key1": b"0123456789012345678901234567890123456789Very_Long",
            b"key2bb": b"aval3",
            b"key2": b"short",
            b"key3cc": b"aval3",
            b"key3": b"1234567890123456789012345678901",
        },
        "cb65032e2f76c48b82b5c24b3db8f670ce73982869d38cd39a624f23d62a9e89",
    ),
    "jeff": (
        {
            bytes.fromhex(key): bytes.fromhex(value)
            for key, value in (
                ("00" * 31 + "45", "22b224a1420a802ab51d326e29fa98e34c4f24ea"),
                ("00" * 31 + "46", "67706c2076330000000000000000000000000000000000000000000000000000"),
                (
                    "00" * 12 + "697c7b8c961b56f675d570498424ac8de1a918f6",
                    "6f6f6f6820736f2067726561742c207265616c6c6c793f000000000000000000",
                ),
                (
                    "00" * 12 + "7ef9e639e2733cb34e4dfc576d4b23f72db776b2",
                    "4655474156000000000000000000000000000000000000000000000000000000",
                ),
                (
                    "00" * 12 + "ec4f34c97e43fbb2816cfd95e388353c7181dab1",
                    "4e616d6552656700000000000000000000000000000000000000000000000000",
                ),
                ("4655474156" + "00" * 27, "7ef9e639e2733cb34e4dfc576d4b23f72db776b2"),
                ("4e616d65526567" + "00" * 25, "ec4f34c97e43fbb2816cfd95e388353c7181dab1"),
                ("6f6f6f6820736f2067726561742c207265616c6c6c793f000000000000000000", "697c7b8c961b56f675d570498424ac8de1a918f6"),
            )
        },
        "9f6221ebb8efe7cff60a716ecb886e67dd042014be444669f0159d8e68b42100",
    ),
}
_EMPTY_CODE = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
_EMPTY_TRIE = "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
SECURE = {  # hex_encoded_securetrie_test.json, test1: accounts under the hashes of their addresses
    "a94f5374fce5edbc8e2a8697c15331677e6ebf0b": f"f848018405f446a7a0{_EMPTY_TRIE}a0{_EMPTY_CODE}",
    "095e7baea6a6c7c4c2dfeb977efac326af552d87": f"f8440101a0{_EMPTY_TRIE}a004bccc5d94f4d1f99aab44369a910179931772f2a5c001c3229f57831c102769",  # noqa: E501
    "d2571607e241ecf590ed94b12d87c94babe36db6": f"f8440180a0ba4b47865c55a341a4a78759bb913cd15c3ee8eaf30a62fa8d1c8863113d84e8a0{_EMPTY_CODE}",  # noqa: E501
    "62c01474f089b07dae603491675dc5b5748f7049": f"f8448080a0{_EMPTY_TRIE}a0{_EMPTY_CODE}",
    "2adc25665018aa1fe0e6bc666dac8fc2697ff9ba": f"f8478083019a59a0{_EMPTY_TRIE}a0{_EMPTY_CODE}",
}
SECURE_ROOT = "730a444e08ab4b8dee147c9b232fc52d34a223d600031c1e9d25bfc985cbd797"


def proof_of(trie: Any, key: bytes) -> list[bytes]:
    """The proof as EIP-1186 has it: py-trie names the nodes that stand in their parents a second time."""
    nodes = [other_rlp.encode(node) for node in trie.get_proof(key)]
    return [node for at, node in enumerate(nodes) if not at or len(node) >= 32]


def proofs_hold(entries: dict[bytes, bytes], root: str) -> None:
    trie = HexaryTrie({})
    for key, value in entries.items():
        trie[key] = value
    assert trie.root_hash.hex() == root
    absent = [key + b"\x00" for key in entries] + [key[:-1] for key in entries] + [bytes([key[0] ^ 1]) + key[1:] for key in entries]
    for key in [*entries, *absent]:
        nodes = proof_of(trie, key)
        assert mpt.verify(bytes.fromhex(root), key, nodes) == entries.get(key)
        if entries.get(key):
            for bad in (nodes[:-1], [*nodes, nodes[-1]], nodes[::-1] if len(nodes) > 1 else []):
                with pytest.raises((Refused, Malformed)):
                    mpt.verify(bytes.fromhex(root), key, bad)


@pytest.mark.parametrize("name", TRIES)
def test_every_key_of_a_published_trie_is_proven_in_it_or_out_of_it(name: str) -> None:
    proofs_hold(*TRIES[name])


def test_the_accounts_of_the_published_secure_trie_are_proven() -> None:
    entries = {keccak256(bytes.fromhex(address)): bytes.fromhex(value) for address, value in SECURE.items()}
    proofs_hold(entries, SECURE_ROOT)
    assert keccak256(b"").hex() == _EMPTY_CODE
    assert mpt.EMPTY_ROOT.hex() == _EMPTY_TRIE
    assert mpt.verify(mpt.EMPTY_ROOT, b"anything", []) is None


def test_a_trie_whose_nodes_stand_where_they_may_not_is_malformed() -> None:
    long = [b"\x20\x12", b"v" * 40]
    inline = [b"\x00\x34", long]  # an extension that holds a node of 32 bytes or more instead of its hash
    root = keccak256(rlp.encode(inline))
    with pytest.raises(Malformed, match="referred to by its hash"):
        mpt.verify(root, b"\x34\x12", [rlp.encode(inline)])
    short = rlp.encode([b"\x20\x12", b"v"])  # and a hash in place of a short node
    outer = rlp.encode([b"\x00\x34", keccak256(short)])
    with pytest.raises(Malformed, match="stands in its parent"):
        mpt.verify(keccak256(outer), b"\x34\x12", [outer, short])
    empty = rlp.encode([b"\x20\x34\x12", b""])
    with pytest.raises(Malformed, match="without a value"):
        mpt.verify(keccak256(empty), b"\x34\x12", [empty])


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(st.binary(min_size=1, max_size=3), st.binary(min_size=1, max_size=40), min_size=1, max_size=25), st.binary(max_size=4)
)
def test_keys_that_begin_with_each_other_are_proven_as_the_trie_library_does(entries: dict[bytes, bytes], other: bytes) -> None:
    trie = HexaryTrie({})
    for key, value in entries.items():
        trie[key] = value
    for key in [*list(entries)[:6], other]:
        nodes = proof_of(trie, key)
        assert mpt.verify(trie.root_hash, key, nodes) == entries.get(key)
        assert (HexaryTrie.get_from_proof(trie.root_hash, key, trie.get_proof(key)) or None) == entries.get(key)


# RFC 8032 §7.1, tests 1, 3 and SHA(abc)
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        b"",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        b"\xaf\x82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").digest(),
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]
# Wycheproof testvectors_v1/ed25519_test.json, the key of its first groups
WYCHEPROOF_KEY = bytes.fromhex("7d4d0e7f6153a69b6242b522abbee685fda4420f8834b108c3bdae369ef549fa")
WYCHEPROOF_VALID = {
    b"": "d4fbdb52bfa726b44d1786a8c0d171c3e62ca83c9e5bbe63de0bb2483f8fd6cc1429ab72cafc41ab56af02ff8fcc43b99bfe4c7ae940f60f38ebaa9d311c4007",
    b"x": "d80737358ede548acb173ef7e0399f83392fe8125b2ce877de7975d8b726ef5b1e76632280ee38afad12125ea44b961bf92f1178c9fa819d020869975bcbe109",  # noqa: E501
    b"Test": "7c38e026f29e14aabd059a0f2db8b0cd783040609a8be684db12f82a27774ab07a9155711ecfaf7f99f277bad0c6ae7e39d4eef676573336a5c51eb6f946b30d",  # noqa: E501
    b"a"
    * 65: "879350045543bc14ed2c08939b68c30d22251d83e018cacbaf0c9d7a48db577e80bdf76ce99e5926762bc13b7b3483260a5ef63d07e34b58eb9c14621ac92f00",  # noqa: E501
    b"\xff"
    * 16: "5dbd7360e55aa38e855d6ad48c34bd35b7871628508906861a7c4776765ed7d1e13d910faabd689ec8618b78295c8ab8f0e19c8b4b43eb8685778499e943ae04",  # noqa: E501
}
ZERO, ONE = "00" * 32, "01" + "00" * 31
ORDER = (2**252 + 27742317777372353535851937790883648493).to_bytes(32, "little").hex()
BELOW, PRIME = "ec" + ORDER[2:], "ed" + "ff" * 30 + "7f"
SMALL_ORDER = (
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
)
NOT_CANONICAL = ("ee" + "ff" * 30 + "7f", "ed" + "ff" * 31, "ee" + "ff" * 31, PRIME, "01" + "00" * 30 + "80", "ec" + "ff" * 31)


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_the_signatures_of_rfc_8032_hold_and_bent_ones_do_not(public: str, message: bytes, signature: str) -> None:
    key, data = bytes.fromhex(public), bytes.fromhex(signature)
    assert ed25519.is_valid(key, message, data)
    s = int.from_bytes(data[32:], "little")
    for more in range(1, 9):
        high = s + more * int.from_bytes(bytes.fromhex(ORDER), "little")
        assert high >= 2**256 or not ed25519.is_valid(key, message, data[:32] + high.to_bytes(32, "little"))
    for bad in (data[:63], data + b"\x00", b"", data[32:], data[32:] + data[:32], bytes([data[0] ^ 1]) + data[1:]):
        assert not ed25519.is_valid(key, message, bad)
    assert not ed25519.is_valid(key[:31], message, data)
    assert not ed25519.is_valid(key, message + b"\x00", data)


def test_wycheproofs_valid_signatures_hold_and_its_special_values_do_not() -> None:
    for message, signature in WYCHEPROOF_VALID.items():
        assert ed25519.is_valid(WYCHEPROOF_KEY, message, bytes.fromhex(signature))
    for r in (ZERO, ONE, ORDER, PRIME):
        for s in (ZERO, ONE, BELOW, ORDER, PRIME):
            assert not ed25519.is_valid(WYCHEPROOF_KEY, b"?", bytes.fromhex(r + s))


def test_a_long_message_is_signed_as_any_other() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    message = bytes(range(256)) * 4096
    assert ed25519.is_valid(key.public_key().public_bytes_raw(), message, key.sign(message))


@pytest.mark.parametrize("public", SMALL_ORDER)
def test_a_key_of_small_order_is_answered_as_openssl_does_and_is_no_key_of_a_policy(public: str) -> None:
    key = bytes.fromhex(public)
    assert not ed25519.is_key(key)
    for signature in (ONE + ZERO, ZERO + ZERO, public + ZERO, SMALL_ORDER[1] + ZERO):
        for message in (b"", b"a", b"b", b"c"):
            try:
                Ed25519PublicKey.from_public_bytes(key).verify(bytes.fromhex(signature), message)
                other = True
            except (InvalidSignature, ValueError):
                other = False
            assert ed25519.is_valid(key, message, bytes.fromhex(signature)) is other


@pytest.mark.parametrize("public", NOT_CANONICAL)
def test_a_point_that_is_not_written_canonically_is_no_key_and_no_disagreement(public: str) -> None:
    assert not ed25519.is_key(bytes.fromhex(public))
    for signature in (ONE + ZERO, ZERO + ZERO, SMALL_ORDER[1] + ZERO):
        for message in (b"", b"a", b"b", b"c"):
            assert ed25519.is_valid(bytes.fromhex(public), message, bytes.fromhex(signature)) is False


def test_an_ordinary_key_is_a_key() -> None:
    assert all(ed25519.is_key(bytes.fromhex(public)) for public, _, _ in RFC_8032)
    assert not ed25519.is_key(b"")
    assert not ed25519.is_key(bytes.fromhex("02" + "00" * 31))  # no x for this y


# EIP-712's example: the signature of the mail by the key keccak("cow")
COW = int.from_bytes(keccak256(b"cow"), "big")
MAIL = bytes.fromhex("be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2")
MAIL_SIGNATURE = bytes.fromhex(
    "4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c"
)


def test_the_signature_of_eip_712s_example_recovers_its_signer() -> None:
    assert secp256k1.address_of(COW).hex() == "cd2a3d9f938e13cd947ec05abc7fe734df8dd826"
    assert secp256k1.recover(MAIL, MAIL_SIGNATURE) == secp256k1.address_of(COW)
    assert secp256k1.sign(MAIL, COW) == MAIL_SIGNATURE


@settings(max_examples=12, deadline=None)
@given(st.binary(min_size=64, max_size=64), st.sampled_from([0, 1]), st.binary(min_size=32, max_size=32))
def test_any_65_bytes_recover_whom_libsecp256k1_recovers_or_nobody(pair: bytes, odd: int, digest: bytes) -> None:
    s = int.from_bytes(pair[32:], "big")
    pair = pair[:32] + min(s, secp256k1.N - s if s < secp256k1.N else s).to_bytes(32, "big")
    try:
        theirs = coincurve.PublicKey.from_signature_and_message(pair + bytes([odd]), digest, hasher=None).format(compressed=False)[1:]
        expected: bytes | None = PublicKey(theirs).to_canonical_address()
    except Exception:  # libsecp256k1 says only that it failed
        expected = None
    try:
        found: bytes | None = secp256k1.recover(digest, pair + bytes([27 + odd]))
    except Refused:
        found = None
    assert found == expected


@pytest.mark.parametrize("digest", [b"", bytes(31), bytes(33)])
def test_a_digest_of_another_length_is_refused(digest: bytes) -> None:
    with pytest.raises(Refused, match="32 bytes"):
        secp256k1.recover(digest, MAIL_SIGNATURE)


def test_a_digest_at_and_above_the_group_order_is_taken_modulo_it_as_libsecp256k1_does() -> None:
    key = PrivateKey(b"\x07" * 32)
    for value in (0, 1, secp256k1.N - 1, secp256k1.N, secp256k1.N + 1, 2**256 - 1):
        digest = value.to_bytes(32, "big")
        theirs = coincurve.PrivateKey(key.to_bytes()).sign_recoverable(digest, hasher=None)
        assert secp256k1.recover(digest, theirs[:64] + bytes([27 + theirs[64]])) == key.public_key.to_canonical_address()


# The mutations of the published QBFT header and of clients' lenient forms


@pytest.fixture
def qbft_fields(shared: Path) -> list[Any]:
    vector = json.loads((shared / "vectors/qbft_headers.json").read_text())["qbft"][0]
    return rlp.decode_list(bytes.fromhex(vector["header_rlp"]))


def resealed(fields: list[Any], change: Any) -> bytes:
    extra = rlp.decode_list(fields[12])
    change(extra, fields)
    return rlp.encode([*fields[:12], rlp.encode(extra), *fields[13:]])


LENIENT = {
    "another ommersHash": (lambda e, f: f.__setitem__(1, bytes(32)), "QBFT_FORM"),
    "another difficulty": (lambda e, f: f.__setitem__(7, b"\x02"), "QBFT_FORM"),
    "no difficulty": (lambda e, f: f.__setitem__(7, b""), "QBFT_FORM"),
    "another mixHash": (lambda e, f: f.__setitem__(13, bytes(32)), "QBFT_FORM"),
    "a nonce": (lambda e, f: f.__setitem__(14, bytes(7) + b"\x01"), "QBFT_FORM"),
    "a proposer who is no validator": (lambda e, f: f.__setitem__(2, bytes(20)), "QBFT_FORM"),
    "a sixth item, which Besu drops": (lambda e, f: e.append(b""), "QBFT_EXTRA"),
    "four items, as in IBFT 2.0's hash": (lambda e, f: e.pop(), "QBFT_EXTRA"),
    "a drop vote written 0x00": (lambda e, f: e.__setitem__(2, [bytes(20), b"\x00"]), "QBFT_VOTE"),
    "a vote of no meaning": (lambda e, f: e.__setitem__(2, [bytes(20), b"\x01"]), "QBFT_VOTE"),
    "a vote of three items": (lambda e, f: e.__setitem__(2, [bytes(20), b"\xff", b""]), "QBFT_VOTE"),
    "a null vote as of 2021": (lambda e, f: e.__setitem__(2, b""), "QBFT_VOTE"),
    "a round of four bytes as of 2021": (lambda e, f: e.__setitem__(3, bytes(4)), "RLP_INTEGER"),
    "a round of five bytes": (lambda e, f: e.__setitem__(3, b"\x01" + bytes(4)), "QBFT_ROUND"),
    "a validator of 21 bytes": (lambda e, f: e[1].__setitem__(0, bytes(21)), "RLP_FIELD"),
    "a validator twice": (lambda e, f: e[1].insert(0, e[1][0]), "QBFT_VALIDATORS"),
    "a seal of 64 bytes": (lambda e, f: e[4].__setitem__(0, bytes(64)), "RLP_FIELD"),
    "a seal of v 27": (lambda e, f: e[4].__setitem__(0, e[4][0][:64] + b"\x1b"), "SEAL_FORM"),
    "a seal of r 0": (lambda e, f: e[4].__setitem__(0, bytes(32) + e[4][0][32:]), "SIGNATURE_RANGE"),
    "a seal of s at the group order": (
        lambda e, f: e[4].__setitem__(0, e[4][0][:32] + secp256k1.N.to_bytes(32, "big") + e[4][0][64:]),
        "SIGNATURE_RANGE",
    ),
    "a long vanity": (lambda e, f: e.__setitem__(0, bytes(33)), "RLP_FIELD"),
    "a list for vanity": (lambda e, f: e.__setitem__(0, []), "RLP_FIELD"),
    "more seals than validators": (lambda e, f: e[4].extend(e[4]), "SEALS_TOO_MANY"),
    "fourteen fields": (lambda e, f: f.pop(), "HEADER_FIELDS"),
    "twenty-four fields": (lambda e, f: f.extend([b""] * 9), "HEADER_FIELDS"),
    "no seal": (lambda e, f: e[4].clear(), "QBFT_QUORUM"),
    "a third of the seals, which GoQuorum lets pass": (lambda e, f: e.__setitem__(4, e[4][:2]), "QBFT_QUORUM"),
}


@pytest.mark.parametrize("mutation", LENIENT)
def test_a_qbft_header_is_refused_by_name_with(qbft_fields: list[Any], mutation: str) -> None:
    change, code = LENIENT[mutation]
    pinned = qbft.read_extra(qbft_fields[12]).validators
    qbft.verify_quorum(rlp.encode(qbft_fields), pinned)
    changed = list(qbft_fields)
    extra = rlp.decode_list(changed[12])
    change(extra, changed)
    raw = rlp.encode([*changed[:12], rlp.encode(extra), *changed[13:]])
    with pytest.raises((Refused, Malformed)) as caught:
        qbft.verify_quorum(raw, pinned)
    assert caught.value.code == code


def test_one_high_s_seal_counts_once_and_bytes_after_the_header_do_not_pass(qbft_fields: list[Any]) -> None:
    def twin(extra: list[Any], _: list[Any]) -> None:
        seal = extra[4][0]
        extra[4][0] = seal[:32] + (secp256k1.N - int.from_bytes(seal[32:64], "big")).to_bytes(32, "big") + bytes([1 - seal[64]])

    pinned = qbft.read_extra(qbft_fields[12]).validators
    qbft.verify_quorum(resealed(list(qbft_fields), twin), pinned)
    with pytest.raises(Malformed):
        qbft.verify_quorum(rlp.encode(qbft_fields) + b"\x00", pinned)
    with pytest.raises(Refused):
        qbft.verify_quorum(rlp.encode(qbft_fields), pinned[:3])
    with pytest.raises(Refused):
        qbft.verify_quorum(rlp.encode(qbft_fields), ())


# What Besu's own test of the encoding holds (QbftExtraDataCodecTest)
BESU_EXTRA = bytes.fromhex(
    "f8f0a00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20ea940000000000000000000000000000000000000001940000000000000000"
    "000000000000000000000002d794000000000000000000000000000000000000000181ff83fedcbaf886b841" + "00" * 31 + "01" + "00" * 31 + "0a00"
    "b841" + "00" * 31 + "0a" + "00" * 31 + "0100"
)


def test_besus_encoding_of_extra_data_is_read_and_written_again() -> None:
    extra = qbft.read_extra(BESU_EXTRA)
    assert (extra.round.hex(), [int.from_bytes(item, "big") for item in extra.validators], len(extra.seals)) == ("fedcba", [1, 2], 2)
    assert rlp.encode([extra.vanity, list(extra.validators), extra.vote, extra.round, list(extra.seals)]) == BESU_EXTRA
    empty = bytes.fromhex("e5a0" + "00" * 32 + "c0c080c0")  # the genesis of Besu's samples
    assert qbft.read_extra(empty).validators == ()


# A real node, by its URL


@pytest.mark.node
def test_eth_get_proof_of_a_real_node_is_verified_to_the_state_root_of_its_block() -> None:
    url = os.environ["LINGTAN_TEST_NODE_URL"]

    def call(method: str, *params: Any) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        with urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"}), timeout=20) as answer:  # noqa: S310
            found = json.load(answer)
        assert "result" in found, (method, found)
        return found["result"]

    owner = call("eth_accounts")[0]
    code = "0x602a600055602b600155600080f3"  # store 42 at slot 0 and 43 at slot 1, keep no code
    sent = call("eth_sendTransaction", {"from": owner, "data": code, "gas": "0x30d40"})
    receipt = None
    for _ in range(100):
        receipt = call("eth_getTransactionReceipt", sent)
        if receipt is not None:
            break
        time.sleep(0.1)
    assert receipt is not None, "not mined within 10 s"
    block = call("eth_getBlockByNumber", receipt["blockNumber"], False)
    header = Header(b"", b"", int(block["number"], 16), 0, bytes.fromhex(block["stateRoot"][2:]), bytes(32))
    contract = receipt["contractAddress"]
    given = call("eth_getProof", contract, [f"0x{at:064x}" for at in range(3)], receipt["blockNumber"])
    account = verify_account(header, bytes.fromhex(contract[2:]), [bytes.fromhex(node[2:]) for node in given["accountProof"]])
    assert account.storage_root.hex() == given["storageHash"][2:]
    found = [verify_storage(account, at, [bytes.fromhex(n[2:]) for n in item["proof"]]) for at, item in enumerate(given["storageProof"])]
    assert found == [42, 43, 0]
    stranger = "0x" + "5e" * 20
    absent = call("eth_getProof", stranger, [], receipt["blockNumber"])
    with pytest.raises(Refused, match="no such account"):
        verify_account(header, bytes.fromhex(stranger[2:]), [bytes.fromhex(node[2:]) for node in absent["accountProof"]])


def test_a_mappings_slot_is_where_solidity_says() -> None:
    key = bytes(12) + bytes.fromhex("cd2a3d9f938e13cd947ec05abc7fe734df8dd826")
    assert mapping_slot(key, 3) == int.from_bytes(other_keccak(key + (3).to_bytes(32, "big")), "big")


def test_the_page_of_functions_names_what_can_be_imported() -> None:
    import importlib

    names = re.findall(r"^\| `([a-z0-9_]+)\.([A-Za-z0-9_]+)\(", DOC.read_text(encoding="utf-8"), re.M)
    assert len(names) > 25
    assert [
        f"{module}.{name}" for module, name in names if not callable(getattr(importlib.import_module(f"verifier.{module}"), name, None))
    ] == []


def test_the_page_of_functions_gives_each_its_arguments_in_their_order() -> None:
    import importlib
    import inspect

    rows = re.findall(r"^\| `([a-z0-9_]+)\.([A-Za-z0-9_]+)\(([^)]*)\)", DOC.read_text(encoding="utf-8"), re.M)
    wrong = []
    for module, name, listed in rows:
        given = [part.split("=")[0].strip() for part in listed.split(",")]
        taken = list(inspect.signature(getattr(importlib.import_module(f"verifier.{module}"), name)).parameters)
        if taken[: len(given)] != given:
            wrong.append((module, name, given, taken))
    assert wrong == []
