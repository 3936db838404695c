"""Headers older than QBFT: the published ones, a chain of our own by other people's keys, and what is refused."""

from __future__ import annotations

from typing import Any

import coincurve
import pytest
import rlp
from eth_hash.auto import keccak
from eth_keys.datatypes import PrivateKey

from verifier import bft_legacy, qbft
from verifier.errors import Malformed, Refused

EMPTY = bytes.fromhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")
MIX_HASH = bytes.fromhex("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365")
# Block 100 of the Besu documentation (GraphQL example), an IBFT 2.0 chain of one validator.
BLOCK_100: list[Any] = [
    bytes.fromhex("7bca25e1fa5e395fd6029eb496a70b6b5495843976bf9e49b993c723ded29d9e"),
    bytes.fromhex("1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"),
    bytes.fromhex("9811ebc35d7b06b3fa8dc5809a1f9c52751e1deb"),
    bytes.fromhex("d650578a04b39f50cc979155f4510ec28c2c0a7c1e5fdbf84609bc7b1c430f48"),
    EMPTY,
    EMPTY,
    bytes(256),
    1,
    100,
    4_700_000,
    0,
    0x5CD10933,
    bytes.fromhex(
        "f882a00000000000000000000000000000000000000000000000000000000000000000d5949811ebc35d7b06b3fa8dc5809a1f9c52751e1deb808400000000"
        "f843b8414d877d8d0ced37ea138fab55a978f3740367a24a31731322ecdc3368f11e0d4966c9ce17ae59a76fb94eb436e8a386868f6bd6b0a5678e58daf49f5d"
        "d940558b00"
    ),
    MIX_HASH,
    bytes(8),
]
# TestHeaderHash of GoQuorum: a header of nothing but extraData and mixHash.
GOQUORUM_EXTRA = bytes(32) + bytes.fromhex(
    "f89af8549444add0ec310f115a0e603b2d7db9f067778eaf8a94294fc7e8f22b3bcdcf955dd7ff3ba2ed833f8212946beaaed781d2d2ab6350f5c4566a2c6eaac4"
    "07a6948be76812f765c24641ec63dc2852b378aba2b440b841" + "00" * 65 + "c0"
)
# IbftExtraDataRLPEncoderTest and QbftExtraDataCodecTest of Besu: the same contents in the two encodings.
BESU_IBFT2 = bytes.fromhex(
    "f8f1a00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20ea940000000000000000000000000000000000000001940000000000000000"
    "000000000000000000000002d794000000000000000000000000000000000000000181ff8400fedcbaf886b841" + "00" * 31 + "01" + "00" * 31 + "0a00"
    "b841" + "00" * 31 + "0a" + "00" * 31 + "0100"
)
KEYS = sorted((PrivateKey(bytes([i]) * 32) for i in range(1, 5)), key=lambda key: key.public_key.to_canonical_address())
ADDRESSES = [key.public_key.to_canonical_address() for key in KEYS]


def header(extra: bytes, **changed: Any) -> list[Any]:
    fields = [*BLOCK_100[:12], extra, *BLOCK_100[13:]]
    fields[2] = changed.get("coinbase", ADDRESSES[0])
    return [item if isinstance(item, bytes) else int(item).to_bytes((int(item).bit_length() + 7) // 8, "big") for item in fields]


def seal(key: PrivateKey, digest: bytes) -> bytes:
    return bytes(coincurve.PrivateKey(key.to_bytes()).sign_recoverable(digest, hasher=None))


def ibft2(signers: list[PrivateKey], round_: bytes = b"\x00\x00\x00\x01", vote: Any = b"", validators: Any = ADDRESSES) -> bytes:
    parts = [bytes(32), list(validators), vote, round_]
    digest = keccak(rlp.encode(header(rlp.encode(parts))))
    return bytes(rlp.encode(header(rlp.encode([*parts, [seal(key, digest) for key in signers]]))))


def ibft1(signers: list[PrivateKey], proposer: PrivateKey = KEYS[0]) -> bytes:
    def extra(own: bytes, seals: list[bytes]) -> bytes:
        return bytes(32) + rlp.encode([ADDRESSES, own, seals])

    own = seal(proposer, keccak(keccak(rlp.encode(header(extra(b"", []))))))
    digest = keccak(keccak(rlp.encode(header(extra(own, [])))) + b"\x02")
    return bytes(rlp.encode(header(extra(own, [seal(key, digest) for key in signers]))))


def test_block_100_of_the_besu_documentation_has_its_hash_and_its_one_validators_seal() -> None:
    found = bft_legacy.read_ibft2(rlp.encode(BLOCK_100))
    assert found.hash.hex() == "63b3ea2bc37fec8f82680eb823652da6af8acebb4f6c4d0ff659c55be473c8b0"
    assert found.committers == found.validators == (bytes.fromhex("9811ebc35d7b06b3fa8dc5809a1f9c52751e1deb"),)
    bft_legacy.verify_quorum(found, found.validators)


def test_the_header_of_goquorums_test_has_its_hash() -> None:
    fields: list[Any] = [bytes(32), bytes(32), bytes(20), *[bytes(32)] * 3, bytes(256), *[b""] * 5, GOQUORUM_EXTRA, MIX_HASH, bytes(8)]
    assert bft_legacy.ibft1_hash(fields).hex() == "cefefd3ade63a5955bca4562ed840b67f39e74df217f7e5f7241a6e9552cca70"
    fields[12] += b"\x01\x02\x03"
    with pytest.raises(Malformed):
        bft_legacy.ibft1_hash(fields)


def test_besus_encoding_of_ibft2_reads_as_such_and_not_as_qbft() -> None:
    fields: list[Any] = [*header(BESU_IBFT2)]
    assert len(bft_legacy.ibft2_hashes(fields)[0]) == 32
    with pytest.raises(Malformed):
        qbft.read_extra(BESU_IBFT2)
    items = rlp.decode(BESU_IBFT2)
    items[3] = items[3].lstrip(b"\x00")
    assert qbft.read_extra(rlp.encode(items)).round == bytes.fromhex("fedcba")
    with pytest.raises(Malformed):
        bft_legacy.ibft2_hashes(header(rlp.encode(items)))


@pytest.mark.parametrize("make", [ibft2, ibft1])
def test_a_quorum_of_an_older_chain_is_two_thirds_of_those_pinned(make: Any) -> None:
    read = {ibft2: bft_legacy.read_ibft2, ibft1: bft_legacy.read_ibft1}[make]
    found = read(make(KEYS[:3]))
    assert (found.committers, found.proposer) == (tuple(ADDRESSES[:3]), ADDRESSES[0])
    bft_legacy.verify_quorum(found, tuple(ADDRESSES))
    for pinned, sealed, code in (
        (ADDRESSES, KEYS[:2], "IBFT_QUORUM"),
        (ADDRESSES[:3], KEYS[:3], "IBFT_UNPINNED"),
        ([], [], "IBFT_UNPINNED"),
    ):
        with pytest.raises(Refused) as caught:
            bft_legacy.verify_quorum(read(make(sealed)), tuple(pinned))
        assert caught.value.code == code
    for sealers, code in (([KEYS[0], KEYS[0], KEYS[1]], "SEAL_TWICE"), ([*KEYS[:2], PrivateKey(b"\x09" * 32)], "SEAL_STRANGER")):
        with pytest.raises(Refused) as caught:
            read(make(sealers))
        assert caught.value.code == code
    with pytest.raises(Refused):
        read(make([*KEYS, KEYS[0]]))


def test_seals_do_not_enter_the_hash_and_a_proposer_must_be_a_validator() -> None:
    assert bft_legacy.read_ibft1(ibft1(KEYS[:3])).hash == bft_legacy.read_ibft1(ibft1(KEYS[1:])).hash
    assert bft_legacy.read_ibft2(ibft2(KEYS[:3])).hash == bft_legacy.read_ibft2(ibft2(KEYS[1:], b"\x00\x00\x00\x07")).hash
    with pytest.raises(Refused, match="proposer"):
        bft_legacy.read_ibft1(ibft1(KEYS[:3], PrivateKey(b"\x09" * 32)))
    with pytest.raises(Refused, match="proposer"):
        bft_legacy.read_ibft2(ibft2(KEYS[1:], validators=ADDRESSES[1:]))


@pytest.mark.parametrize(
    ("change", "value"),
    [("round_", b"\x01"), ("round_", b"\x00" * 5), ("vote", []), ("vote", [b"\x01" * 20, b""]), ("vote", [b"\x01" * 19, b"\xff"]),
     ("validators", ADDRESSES[::-1]), ("validators", [ADDRESSES[0], ADDRESSES[0]]), ("validators", [b"\x01" * 21])],
)  # fmt: skip
def test_a_lenient_ibft2_header_is_malformed(change: str, value: Any) -> None:
    with pytest.raises(Malformed):
        bft_legacy.read_ibft2(ibft2(KEYS[:1], **{change: value}))
