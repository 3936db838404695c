"""Examples that others printed, held against docs/verifier-functions.md by its words alone; and what no bytes may do to the functions.

Sources: Wycheproof testvectors_v1 (Apache-2.0); ShortMsgKAT_256 of the Keccak team, EIP-712 and EIP-1186 (CC0); golang.org/x/mod sumdb
(BSD-3-Clause); transparency-dev witness and formats (Apache-2.0); RFC 8785 and its testdata (Apache-2.0); RFC 6979 as wallets print it.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier import evidence as ev
from verifier import bft_legacy, chain_evidence, checkpoint, ed25519, eip712, json_strict, mpt, qbft, rfc9162, rlp, secp256k1, sum_tree
from verifier.errors import Malformed, Refused, VerifierError
from verifier.keccak import keccak256

# (message, r ‖ s, public key, verifies): ecdsa_secp256k1_sha256_p1363_test.json, tcId 1, 4, 60, 116, 120, 150, 202 and 225
FIRST_KEY = (
    "b838ff44e5bc177bf21189d0766082fc9d843226887fc9760371100b7ee20a6ff0c9d75bfba7b31a6bca1974496eeb56de357071955d83c4b1badaa0b21832e9"
)
WYCHEPROOF: list[tuple[str, str, str, bool]] = [
    (
        "313233343030",
        "813ef79ccefa9a56f7ba805f0e478584fe5f0dd5f567bc09b5123ccbc9832365900e75ad233fcc908509dbff5922647db37c21f4afd3203ae8dc4ae7794b0f87",
        FIRST_KEY,
        True,
    ),
    (
        "313233343030",
        "7ec10863310565a908457fa0f1b87a79bc4fcf10b9e0e4320ac021c106b31ddc6ff18a52dcc0336f7af62400a6dd9b810732baf1ff758000d6f613a556eb31ba",
        FIRST_KEY,
        False,
    ),
    (
        "3235353835",
        "dd1b7d09a7bd8218961034a39a87fecf5314f00c4d25eb58a07ac85e85eab51635138c401ef8d3493d65c9002fe62b43aee568731b744548358996d9cc427e06",
        FIRST_KEY,
        True,
    ),
    (
        "313233343030",
        "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2cfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd036413e",
        "07310f90a9eae149a08402f54194a0f7b4ac427bf8d9bd6c7681071dc47dc36226a6d37ac46d61fd600c0bf1bff87689ed117dda6b0e59318ae010a197a26ca0",
        False,
    ),
    (
        "313233343030",
        "00" * 31 + "01" + "00" * 31 + "01",
        "1877045be25d34a1d0600f9d5c00d0645a2a54379b6ceefad2e6bf5c2a3352ce821a532cc1751ee1d36d41c3d6ab4e9b143e44ec46d73478ea6a79a5c0e54159",
        True,
    ),
    (
        "313233343030",
        "55555555555555555555555555555554e8e4f44ce51835693ff0ca2ef01215c1419d981c515af8cc82545aac0c85e9e308fbb2eab6acd7ed497e0b4145a18fd9",
        "93591827d9e6713b4e9faea62c72b28dfefa68e0c05160b5d6aae88fd2e36c36073f5545ad5af410af26afff68654cf72d45e493489311203247347a890f4518",
        True,
    ),
    (
        "313233343030",
        "32b0d10d8d0e04bc8d4d064d270699e87cffc9b49c5c20730e1c26f6105ddcdad612c2984c2afa416aa7f2882a486d4a8426cb6cfc91ed5b737278f9fca8be68",
        "2ea7133432339c69d27f9b267281bd2ddd5f19d6338d400a05cd3647b157a3853547808298448edb5e701ade84cd5fb1ac9567ba5e8fb68a6b933ec4b5cc84cc",
        True,
    ),
    (
        "4d657373616765",
        "6d6a4f556ccce154e7fb9f19e76c3deca13d59cc2aeb4ecad968aab2ded4596553b9fa74803ede0fc4441bf683d56c564d3e274e09ccf47390badd1471c05fb7",
        "6e823555452914099182c6b2c1d6f0b5d28d50ccd005af2ce1bba541aa40caff00000001060492d5a5673e0f25d8d50fb7e58c49d86d46d4216955e0aa3d40e1",
        True,
    ),
]
# tcId 247: k·G has x = n + 2, so r is 2. Valid as ECDSA; no v of 27 or 28 says so, and the page says that.
REDUCED = (
    "68656c6c6f2c20776f726c64",
    "00" * 31 + "02" + "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd036413e",
    "49be80da98fb7ea4165f898c36c696c50bd9da6485038c6cbda36d82dad41cfd64613a0e2c7224a85e29f774726b434e969db2d4765eafdf3c36004b7202ff3f",
)


def verifies(message: str, pair: str, public: str) -> bool:
    """ECDSA from recovery, as the page tells a stranger to do it."""
    digest, wanted = hashlib.sha256(bytes.fromhex(message)).digest(), keccak256(bytes.fromhex(public))[12:]
    r, s = int(pair[:64], 16), int(pair[64:], 16)
    signature = r.to_bytes(32, "big") + min(s, secp256k1.N - s).to_bytes(32, "big")
    for v in (27, 28):
        try:
            if secp256k1.recover(digest, signature + bytes([v])) == wanted:
                return True
        except Refused:
            continue
    return False


@pytest.mark.parametrize(("message", "pair", "public", "valid"), WYCHEPROOF)
def test_wycheproofs_ecdsa_is_answered_by_recovery(message: str, pair: str, public: str, valid: bool) -> None:
    assert verifies(message, pair, public) is valid


def test_the_one_valid_kind_that_recovery_cannot_say_is_refused_as_the_page_says() -> None:
    assert not verifies(*REDUCED)


RFC_6979 = [
    (
        1,
        "Satoshi Nakamoto",
        "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d82442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5",
    ),
    (
        secp256k1.N - 1,
        "Satoshi Nakamoto",
        "fd567d121db66e382991534ada77a6bd3106f0a1098c231e47993447cd6af2d06b39cd0eb1bc8603e159ef5c20a5c8ad685a45b06ce9bebed3f153d10d93bed5",
    ),
]


@pytest.mark.parametrize(("secret", "message", "pair"), RFC_6979)
def test_a_signature_has_the_nonce_that_every_wallet_takes(secret: int, message: str, pair: str) -> None:
    digest = hashlib.sha256(message.encode()).digest()
    assert secp256k1.sign(digest, secret)[:64].hex() == pair
    assert secp256k1.recover(digest, secp256k1.sign(digest, secret)) == secp256k1.address_of(secret)


KECCAK = {
    "": "C5D2460186F7233C927E7DB2DCC703C0E500B653CA82273B7BFAD8045D85A470",
    "CC": "EEAD6DBFC7340A56CAEDC044696A168870549A6A7F6F56961E84A54BD9970B8A",
    "B771D5CEF5D1A41A93D15643D7181D2A2EF0A8E84D91812F20ED21F147BEF732BF3A60EF4067C3734B85BC8CD471780F10DC9E8291B58339A677B960218F71E793F2797AEA349406512829065D37BB55EA796FA4F56FD8896B49B2CD19B43215AD967C712B24E5032D065232E02C127409D2ED4146B9D75D763D52DB98D949D3B0FED6A8052FBB": "BD6F5492582A7C1B116304DE28314DF9FFFE95B0DA11AF52FE9440A717A34859",  # noqa: E501
    "B32D95B0B9AAD2A8816DE6D06D1F86008505BD8C14124F6E9A163B5A2ADE55F835D0EC3880EF50700D3B25E42CC0AF050CCD1BE5E555B23087E04D7BF9813622780C7313A1954F8740B6EE2D3F71F768DD417F520482BD3A08D4F222B4EE9DBD015447B33507DD50F3AB4247C5DE9A8ABD62A8DECEA01E3B87C8B927F5B08BEB37674C6F8E380C04": "E717A7769448ABBE5FEF8187954A88AC56DED1D22E63940AB80D029585A21921",  # noqa: E501
}


@pytest.mark.parametrize("message", KECCAK, ids=lambda text: f"{len(text) // 2} bytes")
def test_the_keccak_teams_short_messages_have_their_digests(message: str) -> None:
    assert keccak256(bytes.fromhex(message)).hex().upper() == KECCAK[message]


def test_the_whole_of_eip_712s_example_is_hashed_by_its_parts() -> None:
    person = "Person(string name,address wallet)"
    cow = eip712.hash_struct(person, {"name": "Cow", "wallet": bytes.fromhex("cd2a3d9f938e13cd947ec05abc7fe734df8dd826")})
    bob = eip712.hash_struct(person, {"name": "Bob", "wallet": bytes.fromhex("bb" * 20)})
    mail = eip712.hash_struct("Mail(Person from,Person to,string contents)" + person, {"from": cow, "to": bob, "contents": "Hello, Bob!"})
    domain = eip712.hash_struct(
        eip712.DOMAIN, {"name": "Ether Mail", "version": "1", "chainId": 1, "verifyingContract": bytes.fromhex("cc" * 20)}
    )
    assert cow.hex() == "fc71e5fa27ff56c350aa531bc129ebdf613b772b6604664f5d8dbe21b85eb0c8"
    assert mail.hex() == "c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e"
    assert domain.hex() == "f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f"
    assert keccak256(b"\x19\x01" + domain + mail).hex() == "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"


@pytest.mark.parametrize(
    ("struct", "values"),
    [
        ("", {}),
        ("X", {}),
        ("X(uint a)", {"a": 1}),
        ("X(uint8 a)", {}),
        ("X(uint8 a)", {"a": 256}),
        ("X(uint8[x] a)", {"a": [1]}),
        ("X(uint8[2] a)", {"a": [1]}),
        ("X(uint8 a,)", {"a": 1}),
        ("X(bool a)", {"a": 1}),
        ("X(string a)", {"a": b""}),
        ("X(string a)", {"a": "\ud800"}),
        ("X(Y a)", {"a": {}}),
        ("X(int8 a)", {"a": 1}),
    ],
)
def test_a_struct_that_is_none_of_ours_is_malformed(struct: str, values: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        eip712.hash_struct(struct, values)


# An eth_getProof answer that clients' tests carry: an account with storage, slot 1 absent; and the same worked on by hand with slot 1 at 7.
STATE = bytes.fromhex("61effbbcca94f0d3e02e5bd22e986ad57142acabf0cb3d129a6ad8d0f8752e94")
ADDRESS = bytes.fromhex("aa" + "00" * 19)
BRANCH = "f8718080808080a0a2bd2175aed7ed88ed854c914fab94115c092ffb3c3c2ef647b70b7e73e3345880a0{}a0c4bdbdbb240f8343b7f84bc83d4b7426e803a914138792d1e369907be8098b2d8080808080808080"  # noqa: E501
LEAF = "f869a0335649db80be637d281db0cc5896b0ff9869d08379a80fdc38dd073bba633949b846f8440101a0{}a0ce92c756baff35fa740c3557c1a971fd24d2d35b7c8e067880d50cd86bb0bc99"  # noqa: E501
STORED = "808080a0ce028e108cf5c832b0a9afd3ed101183857b3b9ddaea5670c4f09b62e4d38d05a0de3ecad66628a5743ed089e3a35ebeedc25a922fb0ac346304613403911c18e0a0128c5f7abac505794cda09bde44d143e4736b50b1c42d6807a989c10af51e8d1"  # noqa: E501


def header_of(state_root: bytes) -> chain_evidence.Header:
    return chain_evidence.Header(b"", b"", 0, 0, state_root, bytes(32))


def test_a_published_eth_get_proof_answer_shows_an_account_and_an_empty_slot() -> None:
    storage_hash = "8afc95b7d18a226944b9c2070b6bda1c3a36afcc3730429d47579c94b9fe5850"
    nodes = [BRANCH.format("457ae8d978cd387f5332f978f5653226588b6cc76a355fc5977cd4325ffcff78"), LEAF.format(storage_hash)]
    account = chain_evidence.verify_account(header_of(STATE), ADDRESS, [bytes.fromhex(node) for node in nodes])
    assert account.storage_root.hex() == storage_hash
    assert chain_evidence.verify_storage(account, 1, [bytes.fromhex("f871" + STORED + "80" * 11)]) == 0
    for slot in (-1, 2**256):
        with pytest.raises(Refused):
            chain_evidence.verify_storage(account, slot, [])


def test_the_same_account_after_its_slot_was_written_shows_the_word() -> None:
    state = bytes.fromhex("388e66d9a17f8ac62cc95d24d5842e587fd92b55fd31ccb67b0e16a96adc746f")
    storage_hash = "41d1b06c8a131d1ba094d9157054358df40085906ef614437cbad8a5cd233fe2"
    nodes = [BRANCH.format("fad62b0aae498bcbac391cfb2ae7283eb9ec8f8c2bc283d26063bfa216e6207a"), LEAF.format(storage_hash)]
    account = chain_evidence.verify_account(header_of(state), ADDRESS, [bytes.fromhex(node) for node in nodes])
    branch = bytes.fromhex("f891" + STORED + "80" * 5 + "a04784fb4f62cc58a00b3ae50ff62c0a3672be2328c21840707284bb09a77ca21a" + "80" * 5)
    leaf = bytes.fromhex("e2a0310e2d527612073b26eecdfd717e6a320cf44b4afac2b0732d9fcbe2b7fa0cf607")
    assert chain_evidence.verify_storage(account, 1, [branch, leaf]) == 7
    with pytest.raises(Refused):
        chain_evidence.verify_storage(account, 1, [branch])


PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
SAYING = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SUM_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
SUM_NOTE = (
    "go.sum database tree\n6476701\nmb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=\n\n"
    "— sum.golang.org Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+1xbFIGu95949rj4nPRYfvimWEPWL+o3GeoWwOoAw=\n"
)


def test_the_checkpoint_of_gos_checksum_database_is_read_by_its_key_and_origin() -> None:
    key = checkpoint.read_vkey(SUM_KEY)
    found = checkpoint.verify_checkpoint(SUM_NOTE, key, "go.sum database tree")
    assert (found.size, found.root.hex()[:8]) == (6476701, "99bf102d")
    for note, origin in (
        (SUM_NOTE, "sum.golang.org"),
        (SUM_NOTE.replace("6476701", "6476702"), "go.sum database tree"),
        (SUM_NOTE.replace("sum.golang.org", "sum.golang.com"), "go.sum database tree"),
    ):
        with pytest.raises(Refused):
            checkpoint.verify_checkpoint(note, key, origin)


def test_no_part_of_a_vkey_and_no_vkey_of_one_letter_more_is_a_vkey() -> None:
    assert checkpoint.read_vkey(PETER).name == "PeterNeumann"
    parts = [PETER[start:end] for start in range(len(PETER)) for end in range(start + 1, len(PETER) + 1)][:-1]
    parts = [part for part in parts if part != PETER]
    bent = [PETER[:at] + chr(ord(letter) + 1) + PETER[at + 1 :] for at, letter in enumerate(PETER)]
    longer = "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=="
    another = "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    for text in [*parts[::7], *bent, longer, another, "\ud800" + PETER]:
        with pytest.raises(Malformed):
            checkpoint.read_vkey(text)


def test_a_note_of_gos_library_is_read_and_what_it_calls_malformed_is_not() -> None:
    text, lines = checkpoint.read_note(SAYING + "\n" + PETERS)
    assert text == SAYING
    assert ed25519.is_valid(checkpoint.read_vkey(PETER).public_key, text.encode(), lines[0].payload)
    bad_name = "— Bad Name x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    for note in (
        SAYING,
        SAYING + "\n",
        SAYING + "\n" + PETERS[:-1],
        "\x01" + SAYING + "\n" + PETERS,
        SAYING + "\n" + bad_name + "\n",
        SAYING + "\n" + PETERS + "Unexpected line.\n",
        SAYING + "\n" + PETERS * 101,
    ):
        with pytest.raises(Malformed):
            checkpoint.read_note(note)


def test_the_log_of_monkeys_grows_from_five_to_eight() -> None:
    key = checkpoint.read_vkey("monkeys+db4d9f7e+AULaJMvTtDLHPUcUrjdDad9vDlh/PTfC2VV60JUtCfWT")
    five, eight = (
        checkpoint.verify_checkpoint(f"monkeys\n{size}\n{root}\n\n— monkeys {signature}\n", key, "monkeys")
        for size, root, signature in (
            (
                5,
                "41smjBUiAU70EtKlT6lIOIYtRTYxYXsDB+XHfcvu/BE=",
                "202fftzGl3LVoqjXfwCFZZXs8I+5G22+Ek2K0AOyBuSJ/8/CZawNF+6fNlTKOCd622pbzJNkkJFWuw9DbicZCkEx9AY=",
            ),
            (
                8,
                "V8K9aklZ4EPB+RMOk1/8VsJUdFZR77GDtZUQq84vSbo=",
                "202ffoUEboiQYpHzICeaFmoy3RNviHTpAxYrq/eO4QQVQMvu9UebKBMX2MJC76NLthZaKsnKbCA8GxrjePZhvDCH7Ag=",
            ),
        )
    )
    proof = [
        bytes.fromhex("b9e1d62618f7fee8034e4c5010f727ab24d8e4705cb296c374bf2025a87a10d2"),
        bytes.fromhex("aac66cd7a79ce4012d80762fe8eec3a77f22d1ca4145c3f4cee022e7efcd599d"),
        bytes.fromhex("89d0f753f66a290c483b39cd5e9eafb12021293395fad3d4a2ad053cfbcfdc9e"),
        bytes.fromhex("29e40bb79c966f4c6fe96aff6f30acfce5f3e8d84c02215175d6e018a5dee833"),
    ]
    rfc9162.verify_consistency(five.size, eight.size, proof, five.root, eight.root)
    with pytest.raises(Refused):
        rfc9162.verify_consistency(five.size, eight.size, proof[:3], five.root, eight.root)


# testdata/input → output of RFC 8785's author; values.json and structures.json hold fractions, which commitments.md §7 refuses
JCS = {
    b'[56,{"d":true,"10":null,"1":[]}]': b'[56,{"1":[],"10":null,"d":true}]',
    '{"peach":"This sorting order","péché":"is wrong according to French","pêche":"but canonicalization MUST","sin":"ignore locale"}'.encode(): '{"peach":"This sorting order","péché":"is wrong according to French","pêche":"but canonicalization MUST","sin":"ignore locale"}'.encode(),  # noqa: E501
    b'{"Unnormalized Unicode":"A\\u030a"}': '{"Unnormalized Unicode":"A\u030a"}'.encode(),
    b'{"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\u000a":"Newline","1":"One","\\u0080":"Control\\u007f","\\ud83d\\ude02":"Smiley",'
    b'"\\u00f6":"Latin Small Letter O With Diaeresis","\\ufb33":"Hebrew Letter Dalet With Dagesh","</script>":"Browser Challenge"}': (
        '{"\\n":"Newline","\\r":"Carriage Return","1":"One","</script>":"Browser Challenge","\u0080":"Control\u007f",'
        '"ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😂":"Smiley","\ufb33":"Hebrew Letter Dalet With Dagesh"}'
    ).encode(),
}


@pytest.mark.parametrize("text", JCS)
def test_the_texts_of_rfc_8785_without_fractions_have_its_bytes(text: bytes) -> None:
    assert json_strict.dump(json_strict.load(text)) == JCS[text]
    assert json_strict.load_canonical(JCS[text]) == json_strict.load(text)


@pytest.mark.parametrize("text", [b"[333333333.33333329,1E30,4.50,2e-3]", b"[56.0]", b"1e2", b"-0", b"[1.0]", b"9007199254740992"])
def test_a_number_that_is_no_safe_integer_is_malformed(text: bytes) -> None:
    with pytest.raises(Malformed):
        json_strict.load(text)


# No bytes, and no integers, bring anything else than an answer or the two errors.


def itself() -> list[Any]:
    value: list[Any] = []
    value += [value, value]
    return value


def deep(levels: int) -> Any:
    value: Any = b""
    for _ in range(levels):
        value = [value]
    return value


ODD: list[tuple[Any, ...]] = [
    *((json_strict.dump, value) for value in ({1: 2}, {1.5: 1}, {None: 1}, {b"a": 1}, (1,), 1.0, b"", {"\ud800": 1}, itself(), deep(5000))),
    *((rlp.encode, value) for value in (0, "dog", [15], None, bytearray(b"x"), deep(5000), itself())),
    (rlp.encode_integer, -1),
    *((hashing, fields) for hashing in (qbft.block_hash, qbft.commit_hash, bft_legacy.ibft2_hashes, bft_legacy.ibft1_hash) for fields in
      ([], [b""] * 15, [[]] * 15, [b""] * 30)),
    *((secp256k1.address_of, secret) for secret in (0, -1, secp256k1.N, 2**300)),
    *((secp256k1.sign, bytes(32), secret) for secret in (0, -1, secp256k1.N)),
    (secp256k1.sign, bytes(31), 1),
    (mpt.verify, b"", b"", []),
    (mpt.verify, mpt.EMPTY_ROOT, b"", [b"\x80"]),
    (rfc9162.verify_inclusion, 0, 2**200, bytes(32), [bytes(32)] * 64, bytes(32)),
    (rfc9162.verify_inclusion, -1, 1, bytes(32), [], bytes(32)),
    (rfc9162.verify_consistency, 0, 1, [], bytes(32), bytes(32)),
    (chain_evidence.verify_receipt, header_of(bytes(32)), -1, b"", 0, [], 0),
    (checkpoint.read_note, "\ud800\n\n— a AAAAAAA=\n"),
]  # fmt: skip


@pytest.mark.parametrize("call", ODD, ids=lambda call: call[0].__name__)
def test_what_is_none_of_its_input_gets_a_documented_error(call: tuple[Any, ...]) -> None:
    with pytest.raises(VerifierError):
        call[0](*call[1:])


def test_a_leaf_beyond_its_range_is_refused_also_where_the_caller_made_the_node() -> None:
    context = sum_tree.Context(1, 1, 1, bytes(20), bytes(32), bytes(32), 0, 1, 0, bytes(32))
    for count, value in ((1, 2**96), (1, -1), (2, 1), (0, 1)):
        leaf = sum_tree.Node(count, (value,), bytes(32))
        with pytest.raises(Refused):
            sum_tree.verify_proof(context, 0, leaf, [], 1, (value,), bytes(32), bytes(32))


BYTES = st.binary(max_size=200)


@settings(max_examples=60, deadline=None)
@given(BYTES, BYTES, st.lists(BYTES, max_size=4), st.integers(-1, 2**70))
def test_whatever_bytes_come_there_is_an_answer_or_a_documented_error(one: bytes, two: bytes, many: list[bytes], number: int) -> None:
    header = header_of(one[:32].ljust(32, b"\0"))
    text = one.decode("utf-8", "replace")
    calls: list[tuple[Any, ...]] = [
        (rlp.decode, one),
        (rlp.decode_list, one),
        (mpt.verify, keccak256(one), two, [one, *many]),
        (secp256k1.recover, one, two),
        (secp256k1.recover_seal, one, two),
        (ed25519.is_valid, one, two, one),
        (ed25519.is_key, one),
        (json_strict.load, one),
        (json_strict.load_canonical, one),
        (rfc9162.root_of, many),
        (rfc9162.verify_inclusion, number, number + 3, one, many, two),
        (rfc9162.verify_consistency, number, number + 3, many, one, two),
        (checkpoint.read_vkey, text),
        (checkpoint.read_note, text),
        (chain_evidence.read_header, one, None, two),
        (chain_evidence.read_header, one, "qbft", two),
        (chain_evidence.verify_account, header, two, many),
        (chain_evidence.verify_storage, chain_evidence.Account(keccak256(one), two), number, [one, *many]),
        (chain_evidence.verify_receipt, header, number, one, 2, many, number),
        (qbft.read_extra, one),
        (qbft.committers, one),
        (qbft.verify_quorum, one, tuple(many)),
        (bft_legacy.read_ibft1, one),
        (bft_legacy.read_ibft2, one),
        (eip712.hash_struct, text, {}),
    ]
    for call in calls:
        with suppress(Malformed, Refused):
            call[0](*call[1:])


def test_an_optimised_python_gives_the_same_answers() -> None:
    code = """
import sys; sys.path.insert(0, sys.argv[1])
from verifier import ed25519, json_strict, rlp, secp256k1
from verifier.errors import VerifierError
def answer(call, *arguments):
    try: return repr(call(*arguments))
    except VerifierError as error: return error.code
key = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
print(answer(ed25519.is_valid, key, b"", bytes(64)), answer(ed25519.is_key, bytes(32)))
print(answer(secp256k1.address_of, 0), answer(secp256k1.recover, bytes(32), bytes(65)), answer(json_strict.load, b'{"a":1,"a":1}'))
print(answer(rlp.decode, bytes.fromhex("8100")))
"""
    runs = [
        subprocess.run([sys.executable, "-I", *flags, "-c", code, str(ev.ROOT)], capture_output=True, text=True, check=True).stdout
        for flags in ([], ["-O"], ["-OO", "-S"])
    ]
    assert runs == ["False False\nSECRET_RANGE SIGNATURE_FORM JSON_DUPLICATE_KEY\nRLP_NOT_CANONICAL\n"] * 3
