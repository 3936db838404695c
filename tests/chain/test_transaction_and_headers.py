"""Bytes we build ourselves: transactions against eth-account, headers against py-evm and a published QBFT header."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import rlp
from eth.vm.forks.cancun.blocks import CancunBlockHeader
from eth_account import Account
from eth_typing import BlockNumber, Hash32
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain.headers import HEADER_FIELDS, compute_block_hash, encode_header, header_field, verify_header
from ledger.chain.keystore import Signer
from ledger.chain.transaction import Call, created_address, decode_transaction, sign_transaction, transaction_hash
from ledger.errors import IntegrityError

SIGNER = Signer(b"\x42" * 32)
ADDRESS = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
calls = st.builds(Call, st.sampled_from([ADDRESS, None]), st.binary(max_size=300), st.integers(21_000, 2**40))


@given(calls, st.integers(1, 2**53), st.integers(0, 2**63), st.integers(0, 2**70))
def test_eth_account_makes_the_same_bytes_and_recovers_the_same_sender(call: Call, chain_id: int, nonce: int, fee: int) -> None:
    signed = sign_transaction(SIGNER, call, chain_id=chain_id, nonce=nonce, max_fee=fee)
    fields: dict[str, object] = {
        "type": 2,
        "chainId": chain_id,
        "nonce": nonce,
        "gas": call.gas,
        "maxFeePerGas": fee,
        "maxPriorityFeePerGas": 0,
        "value": 0,
        "data": call.data,
    }
    if call.to:
        fields["to"] = call.to
    theirs = Account.sign_transaction(fields, b"\x42" * 32)
    assert signed.raw == bytes(theirs.raw_transaction)
    assert signed.hash == "0x" + bytes(theirs.hash).hex() == transaction_hash(signed.raw)
    assert Account.recover_transaction(signed.raw) == SIGNER.address


@given(calls, st.integers(1, 2**53), st.integers(0, 2**63))
def test_signed_bytes_say_what_was_signed(call: Call, chain_id: int, nonce: int) -> None:
    decoded = decode_transaction(sign_transaction(SIGNER, call, chain_id=chain_id, nonce=nonce, max_fee=7, priority_fee=3).raw)
    assert (decoded.sender, decoded.chain_id, decoded.nonce, decoded.call) == (SIGNER.address, chain_id, nonce, call)
    assert (decoded.max_fee, decoded.priority_fee) == (7, 3)


@pytest.mark.parametrize("raw", [b"", b"\x02", b"\x02\xc0", b"\xf8\x01", b"\x01\xc0"])
def test_bytes_that_are_no_transaction_of_ours_are_refused(raw: bytes) -> None:
    with pytest.raises(IntegrityError):
        decode_transaction(raw)


def test_the_address_of_a_new_contract_is_the_one_everybody_knows() -> None:
    # The first contract of the first account that Hardhat and anvil print, on every fresh development chain.
    assert created_address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", 0) == ADDRESS


def as_block(header: bytes, block_hash: bytes) -> dict[str, object]:
    items = rlp.decode(header)
    block: dict[str, object] = {"hash": "0x" + block_hash.hex()}
    for (name, kind), item in zip(HEADER_FIELDS, items, strict=False):
        block[name] = hex(int.from_bytes(item, "big")) if kind == "integer" else "0x" + item.hex()
    return block


def test_a_cancun_header_comes_back_from_its_json() -> None:
    header = CancunBlockHeader(
        difficulty=0,
        block_number=BlockNumber(5),
        gas_limit=120_000_000,
        timestamp=1_700_000_000,
        base_fee_per_gas=0,
        parent_beacon_block_root=Hash32(b"\7" * 32),
    )
    raw = rlp.encode(header)
    assert encode_header(as_block(raw, header.hash)) == raw
    assert header_field(raw, 8) == b"\5"


def test_a_changed_header_is_refused_whatever_the_field() -> None:
    header = CancunBlockHeader(
        difficulty=0,
        block_number=BlockNumber(5),
        gas_limit=120_000_000,
        timestamp=1_700_000_000,
        base_fee_per_gas=0,
        parent_beacon_block_root=Hash32(b"\7" * 32),
    )
    block = as_block(rlp.encode(header), header.hash)
    for name, _ in HEADER_FIELDS[:-1]:
        last = str(block[name])[2:][-1:]
        changed = {**block, name: "0x01" if not last else str(block[name])[:-1] + ("1" if last != "1" else "2")}
        with pytest.raises(IntegrityError, match="hashes to"):
            encode_header(changed)


def test_a_block_without_a_field_of_every_header_is_refused() -> None:
    with pytest.raises(IntegrityError, match="lacks stateRoot"):
        encode_header({"hash": "0x00", "parentHash": "0x00", "sha3Uncles": "0x00", "miner": "0x00"})


def test_a_qbft_header_hashes_without_seals_and_round(shared: Path) -> None:
    vector = json.loads((shared / "vectors/qbft_headers.json").read_text())["qbft"][0]
    raw, expected = bytes.fromhex(vector["header_rlp"]), bytes.fromhex(vector["block_hash_computed"])
    assert compute_block_hash(raw) == expected
    verify_header(raw, expected)
    assert encode_header(as_block(raw, expected)) == raw
    without_seals = rlp.decode(raw)
    extra = rlp.decode(without_seals[12])
    without_seals[12] = rlp.encode([*extra[:4], []])
    assert compute_block_hash(rlp.encode(without_seals)) == expected
    with pytest.raises(IntegrityError):
        verify_header(raw[:-1] + b"\1", expected)


@pytest.mark.parametrize("raw", [b"", b"\x80", b"\xc0", b"\xf9\xff"])
def test_bytes_that_are_no_header_are_refused(raw: bytes) -> None:
    with pytest.raises(IntegrityError):
        compute_block_hash(raw)
