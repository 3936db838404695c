"""Own primitives against other people's implementations."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import coincurve
import pytest
import rfc8785
import rlp as other_rlp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_hash.auto import keccak as other_keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from trie import HexaryTrie

from tests.verifier import evidence as ev
from verifier import aes, ed25519, eip712, json_strict, keyfile, mpt, rlp, secp256k1
from verifier.errors import Disagreement, Malformed, Refused, UsageError
from verifier.keccak import keccak256

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("length", [0, 1, 134, 135, 136, 137, 271, 272, 1000])
def test_keccak_agrees_with_eth_hash_at_every_padding_edge(length: int) -> None:
    data = bytes(i % 251 for i in range(length))
    assert keccak256(data) == other_keccak(data)


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=300))
def test_keccak_agrees_with_eth_hash(data: bytes) -> None:
    assert keccak256(data) == other_keccak(data)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, secp256k1.N - 1), st.binary(min_size=32, max_size=32))
def test_a_signature_is_the_one_that_coincurve_makes_and_recovers_its_signer(secret: int, digest: bytes) -> None:
    key = coincurve.PrivateKey.from_int(secret)
    theirs = key.sign_recoverable(digest, hasher=None)  # libsecp256k1 signs with RFC 6979 and low s
    ours = secp256k1.sign(digest, secret)
    assert ours == theirs[:64] + bytes([27 + theirs[64]])
    assert secp256k1.recover(digest, ours) == other_keccak(key.public_key.format(compressed=False)[1:])[12:]


def test_the_other_writing_of_a_signature_is_refused() -> None:
    digest = hashlib.sha256(b"x").digest()
    signature = secp256k1.sign(digest, 7)
    s = secp256k1.N - int.from_bytes(signature[32:64], "big")
    high = signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])
    with pytest.raises(Refused, match="upper half"):
        secp256k1.recover(digest, high)
    seal = high[:64] + bytes([high[64] - 27])
    assert secp256k1.recover_seal(digest, seal) == secp256k1.address_of(7)  # Besu lets it pass, so a seal is counted by address


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        bytes(64),
        bytes(65),
        b"\x01" * 64 + b"\x00",
        b"\x00" * 32 + b"\x01" * 32 + b"\x1b",
        b"\x01" * 32 + b"\x00" * 32 + b"\x1b",
        b"\xff" * 64 + b"\x1b",
        b"\x00" * 31 + b"\x05" + b"\x01" * 32 + b"\x1b",
    ],
)
def test_a_signature_out_of_form_or_range_is_refused(signature: bytes) -> None:
    with pytest.raises(Refused):
        secp256k1.recover(bytes(32), signature)


@settings(max_examples=10, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80), st.integers(0, 511))
def test_ed25519_agrees_with_cryptography_on_good_and_on_bent_signatures(seed: bytes, message: bytes, bit: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = ev.raw_public(key), key.sign(message)
    assert ed25519.is_valid(public, message, signature)
    bent = bytearray(signature)
    bent[bit // 8] ^= 1 << bit % 8
    assert not ed25519.is_valid(public, message, bytes(bent))
    assert not ed25519.is_valid(public, message + b"x", signature)


def test_ed25519_passes_the_second_vector_of_rfc_8032_and_refuses_s_plus_the_order() -> None:
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert ed25519.is_valid(public, b"\x72", signature)
    s = int.from_bytes(signature[32:], "little") + 2**252 + 27742317777372353535851937790883648493
    assert not ed25519.is_valid(public, b"\x72", signature[:32] + s.to_bytes(32, "little"))


def test_a_library_that_answers_otherwise_is_an_internal_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    monkeypatch.setattr(ed25519, "_other_answer", lambda *_: False)
    with pytest.raises(Disagreement):
        ed25519.is_valid(ev.raw_public(key), b"m", key.sign(b"m"))


RLP_ITEMS = st.recursive(st.binary(max_size=70), lambda inner: st.lists(inner, max_size=5), max_leaves=12)


@settings(max_examples=100, deadline=None)
@given(RLP_ITEMS)
def test_rlp_agrees_with_the_rlp_library(item: object) -> None:
    data = other_rlp.encode(item)
    assert rlp.encode(rlp.decode(data)) == data
    assert rlp.decode(data) == other_rlp.decode(data)


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=12)
    | st.tuples(st.sampled_from([b"\xb8", b"\xf8", b"\xb9\x00", b"\xbf", b"\xc1", b"\x81"]), st.binary(max_size=70)).map(b"".join)
)
def test_rlp_refuses_what_the_strict_rlp_library_refuses(data: bytes) -> None:
    try:
        expected = other_rlp.decode(data, strict=True)
    except other_rlp.DecodingError:
        with pytest.raises(Malformed):
            rlp.decode(data)
    else:
        assert rlp.decode(data) == expected


def test_rlp_refuses_lists_nested_without_end() -> None:
    with pytest.raises(Malformed, match="deeper"):
        rlp.decode(bytes([0xC0 + 40 - i for i in range(40)]) + b"\xc0")


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(st.binary(min_size=32, max_size=32), st.binary(min_size=1, max_size=60), min_size=1, max_size=40),
    st.binary(min_size=32, max_size=32),
)
def test_trie_proofs_show_presence_and_absence_as_the_trie_library_has_it(entries: dict[bytes, bytes], other: bytes) -> None:
    trie = HexaryTrie({})
    for key, value in entries.items():
        trie[key] = value
    for key in [*list(entries)[:3], other]:
        nodes = [other_rlp.encode(node) for node in trie.get_proof(key)]
        assert mpt.verify(trie.root_hash, key, nodes) == entries.get(key)


def test_a_trie_proof_that_is_changed_shortened_swapped_or_padded_is_refused() -> None:
    trie = HexaryTrie({})
    for i in range(200):
        trie[other_keccak(bytes([i]))] = b"value %d" % i
    key = other_keccak(b"\x05")
    nodes = [other_rlp.encode(node) for node in trie.get_proof(key)]
    assert mpt.verify(trie.root_hash, key, nodes) == b"value 5"
    broken = [nodes[:-1], nodes[1:], nodes[::-1], [*nodes, nodes[-1]], [nodes[0], *nodes], []]
    broken += [[*nodes[:i], bytes([node[0] ^ 1]) + node[1:], *nodes[i + 1 :]] for i, node in enumerate(nodes)]
    broken += [[*nodes[:i], node[:-1] + bytes([node[-1] ^ 1]), *nodes[i + 1 :]] for i, node in enumerate(nodes)]
    for proof in broken:
        with pytest.raises(Refused):
            mpt.verify(trie.root_hash, key, proof)


@settings(max_examples=150, deadline=None)
@given(JSON_VALUES)
def test_canonical_bytes_agree_with_rfc8785(value: object) -> None:
    data = rfc8785.dumps(value)
    assert json_strict.dump(value) == data
    assert json_strict.load_canonical(data) == value


def test_keys_are_ordered_by_utf16_units() -> None:
    assert json_strict.dump({"\U0001f600": 1, "\ufb33": 2}) == '{"\U0001f600":1,"\ufb33":2}'.encode()


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        (b'{"a":{"b":1,"b":2}}', "JSON_DUPLICATE_KEY", "/a"),
        (b'{"a":[1,2.0]}', "JSON_FRACTION", "/a/1"),
        (b'{"a":1e3}', "JSON_FRACTION", "/a"),
        (b'{"a":NaN}', "JSON_CONSTANT", "/a"),
        (b'{"a":-Infinity}', "JSON_CONSTANT", "/a"),
        (b'{"a":9007199254740992}', "JSON_INTEGER_RANGE", "/a"),
        (b'{"a":' + b"1" * 5000 + b"}", "JSON_INTEGER_RANGE", "/a"),
        (b'{"a/b":{"~":-0}}', "JSON_INTEGER_RANGE", "/a~1b/~0"),
        (b'{"a":"\\ud800"}', "JSON_SURROGATE", "/a"),
        (b'{"\\udfff":1}', "JSON_SURROGATE", "/"),
        (b"\xef\xbb\xbf{}", "JSON_BYTE_ORDER_MARK", "line 1 column 1"),
        (b'{"a":"\xed\xa0\x80"}', "JSON_NOT_UTF8", "byte 6"),
        (b"{} x", "JSON_SYNTAX", "line 1 column 4"),
        (b'{"a":"\x01"}', "JSON_SYNTAX", "line 1 column 7"),
        (b"", "JSON_SYNTAX", "line 1 column 1"),
        (b"[" * 65 + b"]" * 65, "JSON_NESTING", "byte 64"),
        (b"[" * 100000, "JSON_NESTING", "byte 64"),
    ],
)
def test_the_loader_refuses_and_says_where(text: bytes, code: str, place: str) -> None:
    with pytest.raises(Malformed) as caught:
        json_strict.load(text)
    assert (caught.value.code, caught.value.place) == (code, place)


def test_brackets_inside_strings_do_not_count_as_nesting() -> None:
    assert json_strict.load(json.dumps(["[" * 500 + '\\"[']).encode()) == ["[" * 500 + '\\"[']


@pytest.mark.parametrize("data", [b'{"b":1,"a":2}', b'{"a": 1}', b'["\\u0041"]', b'["\\/"]', b"[1]\n"])
def test_bytes_that_are_not_canonical_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed, match="canonical"):
        json_strict.load_canonical(data)


def test_typed_data_hashes_as_eth_account_does() -> None:
    attested, body, message = ev.attest(ev.evidence().json("commitments.json")["datasets"][0], "aa" * 32, "bb" * 32)
    values = eip712.read_message(eip712.PERIOD_ATTESTATION, attested["message"])
    assert eip712.hash_struct(eip712.PERIOD_ATTESTATION, values) == body
    contract = bytes.fromhex(ev.CONTRACT[2:])
    assert ev.hexed(eip712.signing_digest(eip712.PERIOD_ATTESTATION, values, ev.CHAIN_ID, contract)) == attested["digest"]
    assert eip712.write_message(eip712.PERIOD_ATTESTATION, values) == attested["message"]
    assert eip712.fields(eip712.PERIOD_ATTESTATION) == tuple(
        (part.split(" ")[1], part.split(" ")[0]) for part in ev.ATTESTATION_FIELDS.split(",")
    )
    assert message["n"] == values["n"]


def test_a_struct_with_a_dynamic_list_and_a_bool_hashes_as_eth_account_does() -> None:
    fields = "bytes32 claim,bytes32[] attestations,uint8 verifiersRequired,bool open,string text"
    message = {"claim": b"\x01" * 32, "attestations": [b"\x02" * 32, b"\x03" * 32], "verifiersRequired": 2, "open": True, "text": "零碳"}
    kinds = [{"type": part.split(" ")[0], "name": part.split(" ")[1]} for part in fields.split(",")]
    signable = encode_typed_data(
        {"name": "Lingtan", "version": "1", "chainId": 5, "verifyingContract": ev.CONTRACT}, {"Claim": kinds}, message
    )
    assert eip712.hash_struct(f"Claim({fields})", message) == signable.body
    assert eip712.domain_separator(5, bytes.fromhex(ev.CONTRACT[2:])) == signable.header


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", "01"),
        ("n", 1),
        ("n", "-1"),
        ("n", str(2**64)),
        ("n", "٣"),
        ("org", "0x12"),
        ("org", "0X" + "aa" * 32),
        ("org", "0x" + "AA" * 32),
        ("totals", ["1"] * 3),
        ("totals", "1"),
    ],
)
def test_a_message_field_of_another_form_is_malformed(name: str, value: object) -> None:
    attested, _, _ = ev.attest(ev.evidence().json("commitments.json")["datasets"][0], "aa" * 32, "bb" * 32)
    with pytest.raises(Malformed, match=f"/message/{name}"):
        eip712.read_message(eip712.PERIOD_ATTESTATION, {**attested["message"], name: value})


@settings(max_examples=20, deadline=None)
@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16), st.binary(max_size=50))
def test_counter_mode_agrees_with_cryptography(key: bytes, counter: bytes, data: bytes) -> None:
    encryptor = Cipher(algorithms.AES(key), modes.CTR(counter)).encryptor()
    assert aes.counter_mode(key, counter, data) == encryptor.update(data) + encryptor.finalize()


@pytest.mark.parametrize(("kdf", "work"), [("scrypt", 2**10), ("pbkdf2", 1000)])
def test_a_key_file_made_by_eth_account_opens_with_its_passphrase_only(kdf: str, work: int) -> None:
    account = Account.create()
    data = json.dumps(Account.encrypt(account.key, "绿色 pass", kdf=kdf, iterations=work)).encode()
    assert keyfile.open_keyfile(data, "绿色 pass") == int.from_bytes(account.key, "big")
    with pytest.raises(UsageError, match="passphrase"):
        keyfile.open_keyfile(data, "another")


@pytest.mark.parametrize("change", [{"version": 4}, {"address": "00" * 20}, {"crypto": {}}, {"crypto": 1}])
def test_a_key_file_of_another_form_is_malformed(change: dict[str, object]) -> None:
    value = {**Account.encrypt(b"\x01" * 32, "p", kdf="pbkdf2", iterations=10), **change}
    with pytest.raises(Malformed):
        keyfile.open_keyfile(json.dumps(value).encode(), "p")


def test_a_key_file_that_asks_for_gigabytes_is_refused_before_any_work() -> None:
    value = Account.encrypt(b"\x01" * 32, "p", kdf="scrypt", iterations=2)
    value["crypto"]["kdfparams"]["n"] = 2**30
    with pytest.raises(Malformed, match="more work"):
        keyfile.open_keyfile(json.dumps(value).encode(), "p")


def test_without_any_library_the_same_answers_come_from_plain_python(tmp_path: object) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from verifier import ed25519, secp256k1, meter\n"
        "d = bytes(range(32)); s = secp256k1.sign(d, 12345)\n"
        "assert secp256k1.recover(d, s) == secp256k1.address_of(12345)\n"
        "print(s.hex(), not {'coincurve', 'numpy', 'cryptography'} & set(sys.modules))\n"
    )
    run = subprocess.run([sys.executable, "-I", "-S", "-c", code, str(ev.ROOT)], capture_output=True, text=True, check=True)
    assert run.stdout.split() == [secp256k1.sign(bytes(range(32)), 12345).hex(), "True"]
