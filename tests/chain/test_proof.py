"""An anchor's evidence, taken apart by code that shares nothing with what captured it."""

from __future__ import annotations

import base64
import json
import shutil
from dataclasses import replace
from typing import Any, cast

import pytest
import rlp
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from trie.hexary import HexaryTrie

from ledger.chain.artifacts import load_artifact
from ledger.chain.client import ChainClient
from ledger.chain.contracts import attestation_id_of
from ledger.chain.deploy import open_contracts
from ledger.chain.proof import capture_anchor
from ledger.chain.receipts import encode_receipt, prove_receipt
from ledger.chain.typed_data import PeriodAttestation
from ledger.clock import FixedClock
from ledger.errors import IntegrityError, NotFound
from ledger.merkle.plain import leaf_hash, verify_inclusion
from ledger.records.canonical import dump
from tests.chain.product import START, Product, open_embedded
from tests.chain.test_relay import Faulty
from tests.chain.trie_check import BadProof, walk
from verifier.chain_evidence import mapping_slot, read_header, verify_account, verify_receipt, verify_storage
from verifier.documents import ANCHOR


def capture(product: Product) -> tuple[dict[str, Any], PeriodAttestation]:
    message, id, receipt = product.attest()
    item = capture_anchor(
        product.engine.client,
        product.contracts.periods,
        receipt,
        dataset="OPERATIONAL",
        id=id,
        mapping_slot=product.deployment.records_slot,
    )
    return cast(dict[str, Any], item), message


def unhex(text: str) -> bytes:
    assert text.startswith("0x")
    return bytes.fromhex(text[2:])


def check_anchor(item: dict[str, Any], message: PeriodAttestation, code_hash: bytes) -> None:
    """The verifier's steps of docs/spec/verification.md, anchor.header to anchor.state."""
    header = rlp.decode(unhex(item["block"]["header"]))
    assert keccak(unhex(item["block"]["header"])) == unhex(item["block"]["hash"])
    assert int.from_bytes(header[8], "big") == int(item["block"]["number"])

    value = unhex(item["receipt"]["value"])
    index = int(item["transaction"]["index"])
    key = rlp.encode(index.to_bytes((index.bit_length() + 7) // 8, "big"))
    assert walk(header[5], key, [unhex(node) for node in item["receipt"]["proof"]]) == value
    assert value[0] == int(item["receipt"]["type"]) == 2
    status, _, _, logs = rlp.decode(value[1:])
    assert status == b"\1"
    address, topics, data = logs[int(item["receipt"]["log_index"])]
    assert address == unhex(item["contract"])
    event_types = "uint64,uint64,uint32,uint8,uint8,bytes32,uint64,uint128[4],bytes32,bytes32,bytes32,bytes32,address,bytes32"
    assert topics[0] == keccak(f"PeriodAttested(bytes32,bytes32,bytes32,{event_types})".encode())
    assert topics[1:] == [unhex(item["id"]), message.org, message.dataset]
    words = [data[position : position + 32] for position in range(0, len(data), 32)]
    assert [int.from_bytes(word, "big") for word in words[7:11]] == list(message.totals)
    assert words[12] == message.root
    assert words[-1] == message.struct_hash()

    account = walk(header[3], keccak(unhex(item["contract"])), [unhex(node) for node in item["state"]["account_proof"]])
    assert account is not None
    _, _, storage_root, got_code_hash = rlp.decode(account)
    assert got_code_hash == code_hash
    first = int.from_bytes(keccak(unhex(item["id"]) + (2).to_bytes(32, "big")), "big")
    totals = message.totals
    expected = [message.root, (totals[0] | totals[1] << 128).to_bytes(32, "big"), (totals[2] | totals[3] << 128).to_bytes(32, "big")]
    for position, (entry, word) in enumerate(zip(item["state"]["storage"], expected, strict=True)):
        assert int(entry["slot"], 16) == first + position
        stored = walk(storage_root, keccak(unhex(entry["slot"])), [unhex(node) for node in entry["proof"]])
        assert (rlp.decode(stored) if stored else b"").rjust(32, b"\0") == word


def test_the_evidence_of_an_anchor_holds_for_an_independent_reader(product: Product) -> None:
    item, message = capture(product)
    check_anchor(item, message, unhex(product.deployment.contract("PeriodLedger").code_hash or ""))
    assert dump(item)  # it is a document: text, lists and objects alone
    if product.engine.client.kind == "embedded":
        finality = item["finality"]
        assert finality["kind"] == "embedded-checkpoint"
        size, root = finality["checkpoint"].split("\n")[1:3]
        assert finality["tree_size"] == size
        verify_inclusion(
            int(finality["leaf_index"]),
            int(size),
            leaf_hash(unhex(item["block"]["header"])),
            [bytes.fromhex(node) for node in finality["inclusion"]],
            base64.b64decode(root),
        )
        assert finality["leaf_index"] == item["block"]["number"]
    else:
        assert item["finality"]["kind"] == "confirmations"


def test_the_verifier_reads_the_evidence(product: Product) -> None:
    item, message = capture(product)
    ANCHOR(item, "")
    header = read_header(unhex(item["block"]["header"]), None, unhex(item["block"]["hash"]))
    receipt, index = item["receipt"], int(item["transaction"]["index"])
    proof = [unhex(node) for node in receipt["proof"]]
    log = verify_receipt(header, index, unhex(receipt["value"]), int(receipt["type"]), proof, int(receipt["log_index"]))
    assert log.topics[1] == unhex(item["id"])
    account = verify_account(header, unhex(item["contract"]), [unhex(node) for node in item["state"]["account_proof"]])
    first = mapping_slot(unhex(item["id"]), product.deployment.records_slot)
    entry = item["state"]["storage"][0]
    word_of_root = verify_storage(account, first, [unhex(node) for node in entry["proof"]])
    assert word_of_root == int.from_bytes(message.root, "big")


def test_a_word_that_is_zero_is_proven_by_its_absence(product: Product) -> None:
    message = product.attestation(totals=(5, 0, 0, 0))
    receipt = product.submit(message, product.approver)
    slot, id = product.deployment.records_slot, attestation_id_of(message)
    item = capture_anchor(product.engine.client, product.contracts.periods, receipt, dataset="OPERATIONAL", id=id, mapping_slot=slot)
    check_anchor(cast(dict[str, Any], item), message, unhex(product.deployment.contract("PeriodLedger").code_hash or ""))


def test_evidence_is_captured_for_old_blocks_too(local_product: Product) -> None:
    message, id, receipt = local_product.attest()
    for number in range(4):
        local_product.engine.tick()
        local_product.submit(local_product.attestation(f"SET{number}"), local_product.approver)
    item = capture_anchor(
        local_product.engine.client,
        local_product.contracts.periods,
        receipt,
        dataset="OPERATIONAL",
        id=id,
        mapping_slot=local_product.deployment.records_slot,
    )
    check_anchor(cast(dict[str, Any], item), message, unhex(local_product.deployment.contract("PeriodLedger").code_hash or ""))


def test_several_anchors_of_one_block_are_each_proven(local_product: Product) -> None:
    engine = local_product.engine
    engine.send(local_product.call(local_product.attestation("FIRST"), local_product.approver))  # seals at once
    messages = [local_product.attestation(f"SET{number}") for number in range(5)]
    hashes = [engine.send(local_product.call(message, local_product.approver)) for message in messages]
    receipts = [engine.wait(tx_hash) for tx_hash in hashes]
    assert len({receipt.block_hash for receipt in receipts}) == 1
    for message, receipt in zip(messages, receipts, strict=True):
        item = capture_anchor(
            engine.client,
            local_product.contracts.periods,
            receipt,
            dataset="OPERATIONAL",
            id=attestation_id_of(message),
            mapping_slot=local_product.deployment.records_slot,
        )
        check_anchor(cast(dict[str, Any], item), message, unhex(local_product.deployment.contract("PeriodLedger").code_hash or ""))


def test_the_evidence_of_a_resubmission_is_that_of_the_first(product: Product) -> None:
    message, id, first = product.attest()
    again = product.submit(message, product.approver)
    slot = product.deployment.records_slot
    item = capture_anchor(product.engine.client, product.contracts.periods, again, dataset="OPERATIONAL", id=id, mapping_slot=slot)
    check_anchor(cast(dict[str, Any], item), message, unhex(product.deployment.contract("PeriodLedger").code_hash or ""))
    assert cast(dict[str, Any], item)["transaction"]["hash"] == first.tx_hash != again.tx_hash


def test_what_was_never_recorded_has_no_evidence(product: Product) -> None:
    _, _, receipt = product.attest()
    with pytest.raises(NotFound, match="no transaction up to block"):
        capture_anchor(product.engine.client, product.contracts.periods, receipt, dataset="OPERATIONAL", id=bytes(32), mapping_slot=2)


def test_an_embedded_chain_without_a_checkpoint_key_says_that_nothing_is_final(template: tuple[Any, Product], tmp_path: Any) -> None:
    shutil.copy(template[0], tmp_path / "chain.sqlite")
    engine = open_embedded(tmp_path / "chain.sqlite", FixedClock(START + 100))
    engine.relayer = template[1].engine.relayer
    with engine.client:
        product = replace(template[1], engine=engine, contracts=open_contracts(engine.client, template[1].deployment))
        assert capture(product)[0]["finality"] is None


def lies(client: ChainClient) -> dict[str, dict[str, Any]]:
    """Ways in which a node could answer wrongly, by name."""

    def header(number: int) -> bytes:
        return client.block_header_rlp(number - 1)

    def receipts(number: int) -> list[Any]:
        changed = [dict(receipt) for receipt in client.block_receipts(number)]
        changed[-1]["cumulativeGasUsed"] = hex(int(changed[-1]["cumulativeGasUsed"], 16) + 1)
        return changed

    def fewer(number: int) -> list[Any]:
        return client.block_receipts(number)[:-1]

    def proof(address: str, slots: Any, block: Any) -> Any:
        return client.get_proof(address, slots, block - 1)

    def cut(address: str, slots: Any, block: Any) -> Any:
        answer = dict(client.get_proof(address, slots, block))
        return answer | {"accountProof": answer["accountProof"][:-1]}

    def without_slot(address: str, slots: Any, block: Any) -> Any:
        answer = dict(client.get_proof(address, slots, block))
        return answer | {"storageProof": answer["storageProof"][1:]}

    return {
        "another header": {"block_header_rlp": header},
        "a changed receipt": {"block_receipts": receipts},
        "a receipt left out": {"block_receipts": fewer},
        "the state of another block": {"get_proof": proof},
        "a node of the proof left out": {"get_proof": cut},
        "a slot left out": {"get_proof": without_slot},
    }


@pytest.mark.parametrize("lie", ["another header", *list(lies(cast(ChainClient, None)))[1:]])
def test_a_node_that_lies_gets_no_evidence_stored(local_product: Product, lie: str) -> None:
    _, id, receipt = local_product.attest()
    faulty = cast(ChainClient, Faulty(local_product.engine.client, lies(local_product.engine.client)[lie]))
    with pytest.raises(IntegrityError):
        capture_anchor(faulty, local_product.contracts.periods, receipt, dataset="OPERATIONAL", id=id, mapping_slot=2)


def test_the_wrong_slot_of_the_mapping_is_noticed(local_product: Product) -> None:
    _, id, receipt = local_product.attest()
    with pytest.raises(IntegrityError, match="the event says"):
        capture_anchor(local_product.engine.client, local_product.contracts.periods, receipt, dataset="OPERATIONAL", id=id, mapping_slot=3)


receipt_json = st.builds(
    lambda status, gas, kind, logs: {
        "status": hex(status),
        "cumulativeGasUsed": hex(gas),
        "type": hex(kind),
        "logsBloom": "0x" + "00" * 256,
        "logs": [{"address": "0x" + "11" * 20, "topics": ["0x" + topic.hex()], "data": "0x" + data.hex()} for topic, data in logs],
    },
    st.integers(0, 1),
    st.integers(21_000, 2**40),
    st.integers(0, 3),
    st.lists(st.tuples(st.binary(min_size=32, max_size=32), st.binary(max_size=80)), max_size=3),
)


@settings(max_examples=40)
@given(st.lists(receipt_json, min_size=1, max_size=140), st.data())
def test_the_proof_of_every_receipt_is_accepted_by_an_independent_walk(receipts: list[dict[str, Any]], data: st.DataObject) -> None:
    numbered = [{**receipt, "transactionIndex": hex(position)} for position, receipt in enumerate(receipts)]
    trie: Any = HexaryTrie({})
    for position, receipt in enumerate(numbered):
        trie.set(rlp.encode(position), encode_receipt(receipt))
    index = data.draw(st.integers(0, len(receipts) - 1))
    proven = prove_receipt(data.draw(st.permutations(numbered)), index, trie.root_hash)
    assert walk(trie.root_hash, rlp.encode(index), proven.proof) == proven.value == encode_receipt(numbered[index])
    with pytest.raises(BadProof):
        walk(trie.root_hash, rlp.encode(index), [*proven.proof[:-1], proven.proof[-1][:-1] + bytes([proven.proof[-1][-1] ^ 1])])


def test_the_slot_of_the_record_mapping_is_what_the_layout_file_says(root: Any) -> None:
    layout = json.loads((root / "contracts/snapshots/storage-layout.json").read_text())["PeriodLedger"]["storage"]
    label = next(entry for entry in layout if "Record)" in entry["type"])
    assert load_artifact("PeriodLedger").slots() == {"records": int(label["slot"])} == {"records": 2}
