"""QBFT headers: the real one, mutations of it, and a package whose block a quorum sealed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import coincurve
import pytest
import rlp
from eth_hash.auto import keccak
from eth_keys.datatypes import PrivateKey

from tests.verifier import evidence as ev
from tests.verifier.running import verify
from verifier import qbft, secp256k1
from verifier.chain_evidence import read_header
from verifier.errors import Malformed, Refused

VALIDATORS = sorted((PrivateKey(bytes([i]) * 32) for i in range(1, 5)), key=lambda key: key.public_key.to_canonical_address())
MIX_HASH = bytes.fromhex("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365")
ADDRESSES = [key.public_key.to_canonical_address() for key in VALIDATORS]


@pytest.fixture
def vector(shared: Path) -> dict[str, Any]:
    return dict(json.loads((shared / "vectors/qbft_headers.json").read_text())["qbft"][0])


def test_the_real_header_hashes_and_recovers_its_committers(vector: dict[str, Any]) -> None:
    raw = bytes.fromhex(vector["header_rlp"])
    fields = rlp.decode(raw)
    assert qbft.commit_hash(fields).hex() == vector["commit_hash"]
    header = read_header(raw, "qbft", b"")
    assert (header.hash.hex(), header.number) == (vector["block_hash_computed"], vector["number"])
    assert read_header(raw, None, header.hash).hash == header.hash
    extra, sealed = qbft.committers(raw)
    assert [item.hex() for item in extra.validators] == vector["validators"]
    assert [item.hex() for item in sealed] == vector["committers"]
    qbft.verify_quorum(raw, extra.validators)


@pytest.mark.parametrize(
    ("validators", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (6, 4), (7, 5), (8, 6), (9, 6), (10, 7), (13, 9)]
)
def test_a_quorum_is_two_thirds_rounded_up(validators: int, needed: int) -> None:
    assert qbft.quorum(validators) == needed


def high_s(extra: list[Any]) -> None:
    seal = extra[4][0]
    s = secp256k1.N - int.from_bytes(seal[32:64], "big")
    extra[4].append(seal[:32] + s.to_bytes(32, "big") + bytes([1 - seal[64]]))


MUTATIONS: dict[str, Any] = {
    "a seal dropped": lambda e: e[4].pop(),
    "a seal doubled": lambda e: e[4].append(e[4][0]),
    "a seal in its other writing counted twice": high_s,
    "another round": lambda e: e.__setitem__(3, b"\x02"),
    "validators unsorted": lambda e: e[1].reverse(),
    "a validator removed": lambda e: e[1].pop(0),
    "a trailing item": lambda e: e.append(b""),
    "a vote written as a string": lambda e: e.__setitem__(2, b""),
    "a short vanity": lambda e: e.__setitem__(0, bytes(31)),
    "a round with a leading zero": lambda e: e.__setitem__(3, b"\x00\x01"),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_the_real_header_is_refused_after(vector: dict[str, Any], mutation: str) -> None:
    fields = rlp.decode(bytes.fromhex(vector["header_rlp"]))
    pinned = tuple(bytes.fromhex(item) for item in vector["validators"])
    extra = rlp.decode(fields[12])
    MUTATIONS[mutation](extra)
    fields[12] = rlp.encode(extra)
    with pytest.raises((Refused, Malformed)):
        qbft.verify_quorum(rlp.encode(fields), pinned)


def test_the_real_header_is_refused_with_another_state_root(vector: dict[str, Any]) -> None:
    fields = rlp.decode(bytes.fromhex(vector["header_rlp"]))
    fields[3] = bytes(32)
    with pytest.raises(Refused):
        qbft.verify_quorum(rlp.encode(fields), tuple(bytes.fromhex(item) for item in vector["validators"]))


class SealedChain(ev.Chain):
    """The ordinary block with QBFT extraData, sealed by the first `sealers` validators."""

    sealers = 3

    def __post_init__(self) -> None:
        self.seal = self.sealed
        super().__post_init__()

    def extra_data(self, round_: bytes, seals: list[bytes]) -> bytes:
        return bytes(rlp.encode([bytes(32), ADDRESSES, [], round_, seals]))

    def sealed(self, fields: list[Any]) -> bytes:
        def with_extra(extra: bytes) -> bytes:
            return bytes(rlp.encode([*fields[:2], ADDRESSES[0], *fields[3:7], 1, *fields[8:12], extra, MIX_HASH, *fields[14:]]))

        digest = keccak(with_extra(self.extra_data(b"\x01", [])))
        seals = [coincurve.PrivateKey(key.to_bytes()).sign_recoverable(digest, hasher=None) for key in VALIDATORS[: self.sealers]]
        self.block_hash = keccak(with_extra(self.extra_data(b"", [])))
        return with_extra(self.extra_data(b"\x01", seals))

    def anchor(self, index: int) -> dict[str, Any]:
        anchor = super().anchor(index)
        anchor["block"]["hash"] = ev.hexed(self.block_hash)
        anchor["finality"] = None
        return anchor


class TooFewSeals(SealedChain):
    sealers = 2


def sealed_policy(evidence: ev.Evidence, validators: list[bytes] | None) -> bytes:
    chain = {"id": str(ev.CHAIN_ID), "kind": "qbft", "genesis": "00" * 32}
    pinned = None if validators is None else [{"from": 0, "addresses": [ev.hexed(item) for item in validators]}]
    return evidence.policy(chain=chain, checkpoint=None, validators=pinned)


@pytest.mark.parametrize(
    ("chain", "validators", "code", "outcome"),
    [
        (SealedChain, ADDRESSES, 0, "PASS"),
        (TooFewSeals, ADDRESSES, 1, "FAIL"),
        (SealedChain, [*ADDRESSES[:3], b"\x99" * 20], 6, "UNTRUSTED"),
        (SealedChain, None, 4, "NOT CHECKED"),
    ],
    ids=["a quorum of the pinned validators", "too few seals", "other validators", "no pinned validators"],
)
def test_a_sealed_block_is_final_with(tmp_path: Path, chain: Any, validators: list[bytes] | None, code: int, outcome: str) -> None:
    evidence = ev.make_evidence(chain=chain)
    result = verify(tmp_path, evidence, policy=sealed_policy(evidence, validators))
    assert result.code == code
    assert {check["outcome"] for check in result.document["checks"] if check["id"].startswith("anchor.final")} == {outcome}
