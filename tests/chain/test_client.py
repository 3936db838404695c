"""One client over four chains: the embedded engine, the same behind HTTP, eth-tester, a node by URL. What holds for one holds for all."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import rlp
from eth_hash.auto import keccak
from trie.hexary import HexaryTrie

from ledger.chain.border import border
from ledger.chain.client import ChainClient, Receipt
from ledger.chain.connect import ETH_TESTER_CHAIN_ID, connect
from ledger.chain.embedded.rpc import EmbeddedProvider
from ledger.chain.errors import BlockUnknown, ChainError, ChainRefused, TransactionRejected
from ledger.chain.headers import as_bytes, as_integer
from ledger.chain.keystore import Signer
from ledger.chain.transaction import Call, created_address, sign_transaction, transaction_hash
from ledger.clock import FixedClock, SystemClock
from ledger.records.canonical import load_canonical
from tests.chain.embedded.probe import CHAIN_ID, CREATION, LOAD, REVERT, RUNTIME, START, open_engine, store, word
from tests.chain.embedded.stub_node import from_provider, serve
from tests.chain.embedded.test_proofs import prove_value


@dataclass
class Chain:
    """A client, a fresh signer, and the probe contract once it is created."""

    client: ChainClient
    tick: Callable[[], None]
    signer: Signer = field(default_factory=lambda: Signer(secrets.token_bytes(32)))
    probe: str = ""

    def sign(self, data: bytes, *, to: str | None = None, nonce: int | None = None, gas: int = 200_000) -> bytes:
        nonce = self.client.transaction_count(self.signer.address, "pending") if nonce is None else nonce
        call = Call(to or self.probe, data, gas)
        return sign_transaction(self.signer, call, chain_id=self.client.chain_id, nonce=nonce, max_fee=self.client.base_fee() * 2).raw

    def mine(self, raw: bytes) -> Receipt:
        tx_hash = self.client.send_raw(raw)
        for _ in range(100):
            receipt = self.client.find_receipt(tx_hash)
            if receipt is not None:
                return receipt
            self.tick()
        raise AssertionError("not mined")

    def create(self) -> Receipt:
        raw = sign_transaction(
            self.signer, Call(None, CREATION, 300_000), chain_id=self.client.chain_id, nonce=0, max_fee=self.client.base_fee() * 2
        ).raw
        receipt = self.mine(raw)
        self.probe = receipt.contract_address or ""
        return receipt


@pytest.fixture(params=["embedded", "http", "test", pytest.param("node", marks=pytest.mark.node)])
def chain(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Chain]:
    clock = FixedClock(START)
    if request.param == "embedded":
        with connect(f"embedded://{tmp_path}/chain.sqlite", CHAIN_ID, clock=clock) as client:
            yield Chain(client, lambda: clock.advance(1))
    elif request.param == "http":
        engine = open_engine(tmp_path / "chain.sqlite", clock)
        with serve(from_provider(EmbeddedProvider(engine))) as url, connect(url, CHAIN_ID, clock=clock) as client:
            yield Chain(client, lambda: clock.advance(1))
        engine.close()
    elif request.param == "test":
        with connect("test://", ETH_TESTER_CHAIN_ID, clock=clock) as client:
            yield Chain(client, lambda: None)
    else:
        url = os.environ.get("LINGTAN_TEST_NODE_URL", "")
        if not url:
            pytest.skip("LINGTAN_TEST_NODE_URL names no node; run `make test-node`")
        with connect(url, int(os.environ["LINGTAN_TEST_NODE_CHAIN_ID"]), clock=SystemClock()) as client:
            yield Chain(client, lambda: time.sleep(0.1))


def test_a_contract_is_created_called_and_read(chain: Chain) -> None:
    created = chain.create()
    assert created.status == 1
    assert created.contract_address == created_address(chain.signer.address, 0)
    assert chain.client.code(chain.probe) == RUNTIME
    receipt = chain.mine(chain.sign(store(7, 42)))
    assert (receipt.status, receipt.gas_used > 21_000) == (1, True)
    assert chain.client.storage(chain.probe, 7) == word(42)
    assert chain.client.call(chain.probe, bytes([LOAD]) + word(7)) == word(42)
    assert chain.client.call(chain.probe, bytes([LOAD]) + word(7), sender=chain.signer.address, gas=100_000) == word(42)
    assert chain.client.nonce(chain.signer.address) == 2


def test_a_receipt_is_the_same_by_hash_by_block_and_as_canonical_bytes(chain: Chain) -> None:
    chain.create()
    raw = chain.sign(store(1, 2))
    receipt = chain.mine(raw)
    assert receipt.tx_hash == transaction_hash(raw)
    assert receipt.block_hash == chain.client.block_hash(receipt.block_number)
    (log,) = receipt.logs
    assert [as_bytes(topic) for topic in log["topics"]] == [word(1), word(2)]
    (listed,) = [item for item in chain.client.block_receipts(receipt.block_number) if item["transactionHash"] == receipt.tx_hash]
    assert as_integer(listed["cumulativeGasUsed"]) == as_integer(receipt.raw["cumulativeGasUsed"])
    assert load_canonical(receipt.to_bytes()) == receipt.raw
    found = chain.client.find_transaction(receipt.tx_hash)
    assert found is not None
    assert as_integer(found["blockNumber"]) == receipt.block_number
    assert as_bytes(found["blockHash"]) == as_bytes(receipt.block_hash)


def test_the_raw_header_hashes_to_the_block_and_binds_its_receipts(chain: Chain) -> None:
    chain.create()
    receipt = chain.mine(chain.sign(store(1, 2)))
    header = chain.client.block_header_rlp(receipt.block_number)
    assert "0x" + keccak(header).hex() == receipt.block_hash
    trie = HexaryTrie({})
    for index, item in enumerate(chain.client.block_receipts(receipt.block_number)):
        logs = [[as_bytes(log["address"]), [as_bytes(topic) for topic in log["topics"]], as_bytes(log["data"])] for log in item["logs"]]
        body = rlp.encode([as_integer(item["status"]), as_integer(item["cumulativeGasUsed"]), as_bytes(item["logsBloom"]), logs])
        kind = as_integer(item["type"])
        trie[rlp.encode(index)] = bytes([kind]) + body if kind else body
    assert rlp.decode(header)[5] == trie.root_hash


def test_a_state_proof_leads_to_the_state_root_of_the_header(chain: Chain) -> None:
    chain.create()
    receipt = chain.mine(chain.sign(store(7, 42)))
    chain.mine(chain.sign(store(7, 43)))
    proof = chain.client.get_proof(chain.probe, [7, 8], receipt.block_number)
    root = rlp.decode(chain.client.block_header_rlp(receipt.block_number))[3]
    account = prove_value(root, keccak(as_bytes(chain.probe)), [as_bytes(node) for node in proof["accountProof"]])
    assert account is not None
    _, _, storage_root, code_hash = rlp.decode(account)
    assert (storage_root, code_hash) == (as_bytes(proof["storageHash"]), keccak(RUNTIME))
    words = [
        prove_value(storage_root, keccak(word(slot)), [as_bytes(node) for node in shown["proof"]])
        for slot, shown in zip((7, 8), proof["storageProof"], strict=True)
    ]
    assert words == [rlp.encode(42), None]


def test_a_revert_is_a_refusal_with_its_data(chain: Chain) -> None:
    chain.create()
    custom = keccak(b"AlreadySubmitted(bytes32)")[:4] + b"\x09" * 32
    with pytest.raises(ChainRefused) as caught:
        chain.client.call(chain.probe, bytes([REVERT]) + custom)
    assert caught.value.data == custom
    with pytest.raises(ChainRefused) as caught:
        chain.client.call(chain.probe, bytes([REVERT]) + bytes.fromhex("4e487b71") + word(0x11))
    assert (caught.value.name, caught.value.arguments) == ("Panic", {"code": 17})
    with pytest.raises(ChainRefused):
        chain.client.estimate_gas(chain.probe, bytes([REVERT]) + custom, sender=chain.signer.address)


def test_a_reverted_transaction_has_a_receipt_with_status_0(chain: Chain) -> None:
    chain.create()
    assert chain.mine(chain.sign(bytes([REVERT]) + b"no")).status == 0


def test_web3_itself_names_a_refusal_behind_the_border(chain: Chain) -> None:
    chain.create()
    abi = [{"type": "error", "name": "AlreadySubmitted", "inputs": [{"name": "key", "type": "bytes32"}]}]
    custom = keccak(b"AlreadySubmitted(bytes32)")[:4] + b"\x09" * 32
    with pytest.raises(ChainRefused) as caught, border(abi=abi):
        chain.client.w3.eth.call({"to": chain.probe, "data": bytes([REVERT]) + custom, "gas": 100_000})  # type: ignore[typeddict-item]
    assert (caught.value.name, caught.value.arguments) == ("AlreadySubmitted", {"key": b"\x09" * 32})


def test_what_is_not_there_is_none_or_an_error_of_ours(chain: Chain) -> None:
    assert chain.client.find_receipt("0x" + "11" * 32) is None
    assert chain.client.find_transaction("0x" + "11" * 32) is None
    assert chain.client.block_hash(10_000_000) is None
    for question in (chain.client.block, chain.client.block_header_rlp, chain.client.block_receipts):
        with pytest.raises(BlockUnknown):
            question(10_000_000)
    with pytest.raises(ChainError):
        chain.client.call(chain.signer.address, b"", block=10_000_000)
    with pytest.raises(ChainError):
        chain.client.get_proof(chain.signer.address, [], 10_000_000)
    assert chain.client.checkpoint_for(0) is None


def test_the_same_bytes_twice_are_one_transaction(chain: Chain) -> None:
    raw = sign_transaction(
        chain.signer, Call(None, CREATION, 300_000), chain_id=chain.client.chain_id, nonce=0, max_fee=chain.client.base_fee() * 2
    ).raw
    first = chain.mine(raw)
    try:
        answer = chain.client.send_raw(raw)
    except TransactionRejected as error:
        answer = error.reason
    # A node that no longer looks at the hash says that the nonce is used; the relay then looks the hash up and finds the receipt.
    assert answer in (first.tx_hash, "nonce_too_low")
    assert chain.client.find_receipt(first.tx_hash) == first
    assert chain.client.nonce(chain.signer.address) == 1


def test_a_used_nonce_is_too_low_whatever_the_payload(chain: Chain) -> None:
    chain.create()
    with pytest.raises(TransactionRejected) as caught:
        chain.client.send_raw(chain.sign(store(1, 1), nonce=0))
    assert caught.value.reason == "nonce_too_low"


@pytest.mark.parametrize("raw", [b"", b"\x02\xc0", b"nonsense"])
def test_bytes_that_are_no_transaction_are_rejected(chain: Chain, raw: bytes) -> None:
    with pytest.raises(ChainError):
        chain.client.send_raw(raw)


def test_logs_are_found_by_contract_and_topic(chain: Chain) -> None:
    created = chain.create()
    receipts = [chain.mine(chain.sign(store(slot, 5))) for slot in (1, 2, 3)]
    wanted = {"fromBlock": hex(created.block_number), "toBlock": "latest", "address": chain.probe}
    assert [log["transactionHash"] for log in chain.client.logs(wanted)] == [item.tx_hash for item in receipts]
    (only,) = chain.client.logs({**wanted, "topics": ["0x" + word(2).hex()]})
    assert only["transactionHash"] == receipts[1].tx_hash


def test_an_estimate_suffices(chain: Chain) -> None:
    chain.create()
    gas = chain.client.estimate_gas(chain.probe, store(5, 5), sender=chain.signer.address)
    assert chain.mine(chain.sign(store(5, 5), gas=gas)).status == 1


def test_old_state_can_be_asked(chain: Chain) -> None:
    chain.create()
    first = chain.mine(chain.sign(store(1, 10)))
    chain.mine(chain.sign(store(1, 20)))
    assert chain.client.call(chain.probe, bytes([LOAD]) + word(1), block=first.block_number) == word(10)
    assert chain.client.storage(chain.probe, 1, first.block_number) == word(10)


def test_the_head_is_the_newest_block(chain: Chain) -> None:
    receipt = chain.create()
    head = chain.client.head()
    assert head.number == chain.client.block_number() >= receipt.block_number
    assert head.hash == chain.client.block_hash(head.number)
    assert chain.client.base_fee() >= 0
