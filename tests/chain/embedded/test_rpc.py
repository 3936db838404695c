"""The JSON-RPC surface as a stranger's web3 sees it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rlp
from eth_abi import encode
from eth_account import Account
from eth_hash.auto import keccak
from eth_typing import Address
from web3 import Web3
from web3.exceptions import ContractCustomError, ContractLogicError, ContractPanicError, MethodUnavailable, Web3RPCError

from ledger.chain.embedded import rpc as rpc_module
from ledger.chain.embedded.engine import Engine
from ledger.chain.embedded.execution import Call, estimate_gas
from ledger.chain.embedded.rpc import EmbeddedProvider
from ledger.clock import FixedClock
from tests.chain.embedded.probe import (
    ALICE,
    BOB,
    CHAIN_ID,
    CONTEXT,
    INVALID,
    LOAD,
    LOOP,
    PARENT,
    PROBE,
    REVERT,
    RUNTIME,
    START,
    create_probe,
    open_engine,
    signed,
    store,
    word,
)

STRANGER = "0x" + "77" * 20


class Chain:
    """An engine, its provider and a web3 over it, with five blocks; `hashes` are their transactions."""

    def __init__(self, path: Path, hashes: tuple[bytes, ...]) -> None:
        self.clock = FixedClock(START + 40)
        self.engine: Engine = open_engine(path, self.clock)
        self.provider = EmbeddedProvider(self.engine)
        self.w3 = Web3(self.provider)
        self.hashes = hashes

    def ask(self, method: str, *params: Any) -> Any:
        response: Any = self.provider.make_request(method, list(params))  # type: ignore[arg-type]
        assert "error" not in response, response
        return response["result"]

    def refuse(self, method: str, *params: Any) -> dict[str, Any]:
        response: Any = self.provider.make_request(method, list(params))  # type: ignore[arg-type]
        assert "result" not in response, response
        return dict(response["error"])


@pytest.fixture(scope="module")
def five_blocks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[bytes, ...]]:
    path, clock = tmp_path_factory.mktemp("template") / "chain.sqlite", FixedClock(START)
    engine = open_engine(path, clock)
    hashes = [engine.submit(create_probe())]
    for nonce in range(1, 5):
        clock.advance(10)
        hashes.append(engine.submit(signed(nonce, store(nonce % 2, nonce))))
    engine.close()
    return path, tuple(hashes)


@pytest.fixture
def chain(tmp_path: Path, five_blocks: tuple[Path, tuple[bytes, ...]]) -> Iterator[Chain]:
    path, hashes = five_blocks
    shutil.copy(path, tmp_path / "chain.sqlite")
    opened = Chain(tmp_path / "chain.sqlite", hashes)
    yield opened
    opened.engine.close()


def call_data(action: int, *words: int) -> str:
    return "0x" + bytes([action]).hex() + "".join(word(item).hex() for item in words)


def test_the_chain_says_what_it_is(chain: Chain) -> None:
    assert chain.w3.is_connected()
    assert chain.w3.client_version.startswith("lingtan-embedded/")
    assert chain.w3.net.version == str(CHAIN_ID)
    assert (chain.w3.eth.chain_id, chain.w3.eth.block_number, chain.w3.eth.syncing) == (CHAIN_ID, 5, False)
    assert (chain.w3.eth.gas_price, chain.w3.eth.max_priority_fee, list(chain.w3.eth.accounts)) == (0, 0, [])


@pytest.mark.parametrize(
    "method",
    ["eth_sendTransaction", "eth_sign", "evm_setTime", "anvil_setBalance", "hardhat_setStorageAt", "debug_setHead", "personal_unlock", ""],
)
def test_an_unknown_method_is_minus_32601_and_no_method_holds_a_key_or_moves_time(chain: Chain, method: str) -> None:
    assert chain.refuse(method)["code"] == -32601
    with pytest.raises(MethodUnavailable):
        chain.w3.manager.request_blocking(method, [{}])  # type: ignore[arg-type]


def test_a_block_has_every_header_field_and_hashes_to_its_hash(chain: Chain) -> None:
    block = chain.w3.eth.get_block(3, full_transactions=True)
    raw = bytes.fromhex(chain.ask("debug_getRawHeader", "0x3")[2:])
    assert keccak(raw) == block["hash"]
    fields = rlp.decode(raw)
    assert (fields[0], fields[3], fields[4], fields[5]) == (
        block["parentHash"],
        block["stateRoot"],
        block["transactionsRoot"],
        block["receiptsRoot"],
    )
    assert int.from_bytes(fields[11], "big") == block["timestamp"] == START + 20
    assert block["transactions"][0]["hash"] == chain.hashes[2]  # type: ignore[index]
    assert chain.w3.eth.get_block(block["hash"])["transactions"] == [chain.hashes[2]]
    assert (block["baseFeePerGas"], block["gasLimit"]) == (0, 120_000_000)


def test_unknown_blocks_and_transactions_are_null(chain: Chain) -> None:
    assert chain.ask("eth_getBlockByNumber", "0x6", False) is None
    assert chain.ask("eth_getBlockByHash", "0x" + "11" * 32, False) is None
    assert chain.ask("eth_getTransactionByHash", "0x" + "11" * 32) is None
    assert chain.ask("eth_getTransactionReceipt", "0x" + "11" * 32) is None
    assert chain.ask("eth_getBlockReceipts", "0x99") is None


@pytest.mark.parametrize(("tag", "number"), [("latest", 5), ("pending", 5), ("safe", 5), ("finalized", 5), ("earliest", 0), ("0x2", 2)])
def test_block_tags(chain: Chain, tag: str, number: int) -> None:
    assert chain.ask("eth_getBlockByNumber", tag, False)["number"] == hex(number)


def test_a_receipt_tells_the_creation_the_logs_and_the_gas(chain: Chain) -> None:
    created = chain.w3.eth.get_transaction_receipt(chain.hashes[0])  # type: ignore[arg-type]
    assert (created["contractAddress"], created["to"], created["status"]) == (PROBE, None, 1)
    assert chain.w3.eth.get_code(PROBE) == RUNTIME  # type: ignore[arg-type]
    receipt = chain.w3.eth.get_transaction_receipt(chain.hashes[2])  # type: ignore[arg-type]
    (log,) = receipt["logs"]
    assert (log["address"], [bytes(topic) for topic in log["topics"]], log["data"]) == (PROBE, [word(0), word(2)], word(2))
    assert receipt["cumulativeGasUsed"] == receipt["gasUsed"] > 21_000
    assert receipt["effectiveGasPrice"] == 0
    assert chain.ask("eth_getBlockReceipts", "0x3") == [chain.ask("eth_getTransactionReceipt", "0x" + chain.hashes[2].hex())]


def test_a_transaction_of_every_type_is_shown_as_it_was_signed(chain: Chain) -> None:
    common = {"gas": 21_000, "to": PROBE, "value": 0, "chainId": CHAIN_ID}
    entry = {"address": PROBE, "storageKeys": ["0x" + word(5).hex()]}
    wanted: list[dict[str, Any]] = [
        {**common, "nonce": 0, "gasPrice": 0},
        {**common, "nonce": 1, "gas": 30_000, "gasPrice": 0, "type": 1, "accessList": [entry]},
        {**common, "nonce": 2, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "type": 2},
    ]
    for kind, fields in enumerate(wanted):
        chain.clock.advance(1)
        made = Account.sign_transaction(fields, b"\2" * 32)
        shown = chain.w3.eth.get_transaction(chain.w3.eth.send_raw_transaction(made.raw_transaction))
        assert (shown["hash"], shown["from"], shown["type"]) == (made.hash, BOB.address, kind)
        assert (shown["v"], int(shown["r"].hex(), 16), int(shown["s"].hex(), 16)) == (made.v, made.r, made.s)
        assert [dict(item) for item in shown.get("accessList", [])] == ([entry] if kind == 1 else [])
        assert chain.w3.eth.get_transaction_receipt(shown["hash"])["type"] == kind


def test_a_reverted_transaction_is_mined_with_status_0(chain: Chain) -> None:
    chain.clock.advance(1)
    tx_hash = chain.w3.eth.send_raw_transaction(signed(5, bytes([REVERT])))
    assert chain.w3.eth.get_transaction_receipt(tx_hash)["status"] == 0


def test_receipts_of_one_block_add_up_and_number_their_logs(chain: Chain) -> None:
    for nonce in (5, 6, 7):
        chain.engine.submit(signed(nonce, store(nonce, 1)))
    chain.clock.advance(1)
    receipts = chain.ask("eth_getBlockReceipts", "latest")
    assert [int(item["logs"][0]["logIndex"], 16) for item in receipts] == [0, 1, 2]
    sums = [int(item["cumulativeGasUsed"], 16) for item in receipts]
    assert sums == [sum(int(other["gasUsed"], 16) for other in receipts[: position + 1]) for position in range(3)]
    assert sums[-1] == int(chain.ask("eth_getBlockByNumber", "latest", False)["gasUsed"], 16)


def test_a_waiting_transaction_is_seen_as_pending_and_counted(chain: Chain) -> None:
    tx_hash = "0x" + chain.engine.submit(signed(5, store(9, 9))).hex()
    found = chain.ask("eth_getTransactionByHash", tx_hash)
    assert (found["blockNumber"], found["nonce"]) == (None, "0x5")
    assert chain.ask("eth_getTransactionCount", ALICE.address, "latest") == "0x5"
    assert chain.ask("eth_getTransactionCount", ALICE.address, "pending") == "0x6"
    chain.clock.advance(1)
    # Every read first seals what waits.
    assert chain.ask("eth_getTransactionCount", ALICE.address, "latest") == "0x6"
    assert chain.ask("eth_getTransactionByHash", tx_hash)["blockNumber"] == "0x6"


def test_a_call_needs_no_funds_and_may_come_from_anybody(chain: Chain) -> None:
    answer = chain.w3.eth.call({"to": PROBE, "data": call_data(CONTEXT), "from": STRANGER})  # type: ignore[typeddict-item]
    values = [int.from_bytes(answer[at : at + 32], "big") for at in range(0, 160, 32)]
    assert values == [CHAIN_ID, 5, START + 40, 0, int(STRANGER, 16)]


def test_a_call_at_the_head_of_an_idle_chain_runs_at_the_clocks_time(chain: Chain) -> None:
    chain.clock.advance(5000)
    latest = bytes.fromhex(chain.ask("eth_call", {"to": PROBE, "data": call_data(CONTEXT)}, "latest")[2:])
    assert int.from_bytes(latest[64:96], "big") == START + 5040
    at_five = bytes.fromhex(chain.ask("eth_call", {"to": PROBE, "data": call_data(CONTEXT)}, "0x5")[2:])
    assert int.from_bytes(at_five[64:96], "big") == START + 40


def test_a_call_at_an_old_block_sees_its_state_and_its_context(chain: Chain) -> None:
    seen = [int(chain.ask("eth_call", {"to": PROBE, "data": call_data(LOAD, 1)}, hex(number)), 16) for number in range(1, 6)]
    assert seen == [0, 1, 1, 3, 3]
    context = bytes.fromhex(chain.ask("eth_call", {"to": PROBE, "data": call_data(CONTEXT)}, "0x3")[2:])
    assert [int.from_bytes(context[at : at + 32], "big") for at in (32, 64)] == [3, START + 20]
    assert chain.ask("eth_call", {"to": PROBE, "data": call_data(PARENT)}, "0x3") == "0x" + chain.engine.header(2).hash.hex()
    by_hash = {"blockHash": "0x" + chain.engine.header(3).hash.hex()}
    assert int(chain.ask("eth_call", {"to": PROBE, "data": call_data(LOAD, 1)}, by_hash), 16) == 1


def test_a_call_writes_nothing(chain: Chain) -> None:
    before = chain.ask("eth_getStorageAt", PROBE, "0x1", "latest")
    assert chain.ask("eth_call", {"to": PROBE, "data": call_data(1, 1, 99), "from": ALICE.address}) == "0x"
    assert chain.ask("eth_getStorageAt", PROBE, "0x1", "latest") == before == "0x" + word(3).hex()
    assert chain.engine.database.take() == ([], [])


def test_reverts_carry_their_data_so_that_web3_names_them(chain: Chain) -> None:
    def revert(data: bytes) -> Any:
        return chain.w3.eth.call({"to": PROBE, "data": "0x" + (bytes([REVERT]) + data).hex()})  # type: ignore[typeddict-item]

    with pytest.raises(ContractLogicError, match="execution reverted: 不行"):
        revert(bytes.fromhex("08c379a0") + encode(["string"], ["不行"]))
    with pytest.raises(ContractPanicError, match="0x11"):
        revert(bytes.fromhex("4e487b71") + word(0x11))
    custom = keccak(b"AlreadySubmitted(bytes32)")[:4] + b"\x09" * 32
    with pytest.raises(ContractCustomError) as caught:
        revert(custom)
    assert caught.value.data == "0x" + custom.hex()
    with pytest.raises(ContractLogicError):
        revert(b"")
    error = chain.refuse("eth_call", {"to": PROBE, "data": "0x" + (bytes([REVERT]) + custom).hex()})
    assert error == {"code": 3, "message": "execution reverted", "data": "0x" + custom.hex()}


def test_an_offchain_lookup_is_never_followed(chain: Chain) -> None:
    lookup = bytes.fromhex("556f1830") + encode(
        ["address", "string[]", "bytes", "bytes4", "bytes"], [PROBE, ["http://127.0.0.1:1/{sender}"], b"", b"\0" * 4, b""]
    )
    with pytest.raises(ContractLogicError):
        chain.w3.eth.call({"to": PROBE, "data": "0x" + (bytes([REVERT]) + lookup).hex()})  # type: ignore[typeddict-item]


@pytest.mark.parametrize(("action", "message"), [(INVALID, "Invalid opcode"), (LOOP, "out of gas")])
def test_a_stop_without_a_revert_is_an_error_too(chain: Chain, action: int, message: str) -> None:
    error = chain.refuse("eth_call", {"to": PROBE, "data": call_data(action), "gas": "0x30000"})
    assert error["code"] == -32000
    assert message in error["message"]
    assert "data" not in error


def test_the_estimate_suffices_and_is_near_the_least(chain: Chain) -> None:
    message = {"to": PROBE, "data": call_data(1, 50, 1), "from": ALICE.address}
    estimate = int(chain.ask("eth_estimateGas", message), 16)
    chain.clock.advance(1)
    receipt = chain.w3.eth.get_transaction_receipt(chain.w3.eth.send_raw_transaction(signed(5, store(50, 1), gas=estimate)))
    assert receipt["status"] == 1
    assert receipt["gasUsed"] <= estimate <= receipt["gasUsed"] * 65 // 64 + 2300 * 65 // 64
    chain.clock.advance(1)
    least = receipt["gasUsed"] - 1
    short = chain.w3.eth.get_transaction_receipt(chain.w3.eth.send_raw_transaction(signed(6, store(51, 1), gas=least)))
    assert short["status"] == 0


def test_an_estimate_runs_every_time_on_the_same_state(chain: Chain) -> None:
    state = chain.engine.state_at(chain.engine.head)
    message = Call(Address(bytes.fromhex(PROBE[2:])), store(60, 1))
    first = estimate_gas(state, message, 60_000_000)
    assert state.get_storage(Address(bytes.fromhex(PROBE[2:])), 60) == 0
    assert estimate_gas(state, message, 60_000_000) == first


def test_an_estimate_of_what_reverts_is_the_revert(chain: Chain) -> None:
    assert chain.refuse("eth_estimateGas", {"to": PROBE, "data": call_data(REVERT, 5)})["code"] == 3


def test_gas_above_what_a_block_gives_is_refused_in_calls_too(chain: Chain) -> None:
    assert "gas limit" in chain.refuse("eth_call", {"to": PROBE, "gas": hex(60_000_001)})["message"]
    assert "insufficient funds" in chain.refuse("eth_call", {"to": PROBE, "value": "0x1", "from": STRANGER})["message"]


def test_logs_are_found_by_address_topic_alternatives_and_range(chain: Chain) -> None:
    def blocks(**wanted: Any) -> list[int]:
        return [int(log["blockNumber"], 16) for log in chain.ask("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", **wanted})]

    one, two = "0x" + word(1).hex(), "0x" + word(2).hex()
    assert blocks() == [2, 3, 4, 5]
    assert blocks(address=PROBE) == [2, 3, 4, 5]
    assert blocks(address=STRANGER) == []
    assert blocks(address=[STRANGER, PROBE]) == [2, 3, 4, 5]
    assert blocks(topics=[one]) == [2, 4]
    assert blocks(topics=[None, two]) == [3]
    assert blocks(topics=[[one, two], None]) == [2, 4]
    assert blocks(topics=[None, [one, two]]) == [2, 3]
    assert blocks(topics=[None, None, None]) == []
    assert blocks(fromBlock="0x3", toBlock="0x4") == [3, 4]
    assert blocks(fromBlock="0x4", toBlock="0x3") == []
    chain_hash = "0x" + chain.engine.header(4).hash.hex()
    assert [log["blockHash"] for log in chain.ask("eth_getLogs", {"blockHash": chain_hash})] == [chain_hash]
    assert chain.refuse("eth_getLogs", {"blockHash": chain_hash, "fromBlock": "0x1"})["code"] == -32602
    assert "not found" in chain.refuse("eth_getLogs", {"blockHash": "0x" + "11" * 32})["message"]


def test_logs_equal_those_of_the_receipts(chain: Chain) -> None:
    from_receipts = [log for number in range(6) for item in chain.ask("eth_getBlockReceipts", hex(number)) for log in item["logs"]]
    assert chain.ask("eth_getLogs", {"fromBlock": "earliest"}) == from_receipts


def test_too_many_logs_are_refused_and_not_cut(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc_module, "MAX_LOGS", 3)
    assert chain.refuse("eth_getLogs", {"fromBlock": "0x0"})["code"] == -32005
    assert len(chain.ask("eth_getLogs", {"fromBlock": "0x3"})) == 3


def test_the_fee_history_is_all_zero(chain: Chain) -> None:
    history = chain.w3.eth.fee_history(3, "latest", [10, 90])
    assert (history["oldestBlock"], history["baseFeePerGas"], history["reward"]) == (3, [0, 0, 0, 0], [[0, 0]] * 3)
    assert chain.w3.eth.fee_history(100, "latest")["oldestBlock"] == 0


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("eth_getBlockByNumber", []),
        ("eth_getBlockByNumber", ["0x01", False]),
        ("eth_getBlockByNumber", ["three", False]),
        ("eth_getBlockByNumber", [3, False]),
        ("eth_getBlockByHash", ["0x12", False]),
        ("eth_getBalance", ["0x1234", "latest"]),
        ("eth_getStorageAt", [PROBE, "0x" + "1" * 65, "latest"]),
        ("eth_call", ["nothing", "latest"]),
        ("eth_call", [{"to": PROBE, "data": "0x123"}, "latest"]),
        ("eth_call", [{"to": PROBE, "data": "0x01", "input": "0x02"}, "latest"]),
        ("eth_call", [{"to": PROBE}, "latest", {PROBE: {"balance": "0x1"}}]),
        ("eth_getLogs", [{"topics": "0x12"}]),
        ("eth_getLogs", [{"topics": [None] * 5}]),
        ("eth_getLogs", ["all"]),
        ("eth_getProof", [PROBE, "0x0", "latest"]),
        ("eth_sendRawTransaction", ["0xzz"]),
        ("eth_sendRawTransaction", []),
    ],
)
def test_wrong_parameters_are_minus_32602(chain: Chain, method: str, params: list[Any]) -> None:
    assert chain.refuse(method, *params)["code"] == -32602


def test_a_refused_transaction_says_why_as_other_nodes_do(chain: Chain) -> None:
    with pytest.raises(Web3RPCError, match="nonce too low"):
        chain.w3.eth.send_raw_transaction(signed(0, store(1, 1)))
    with pytest.raises(Web3RPCError, match="already known"):
        chain.w3.eth.send_raw_transaction(create_probe())
    with pytest.raises(Web3RPCError, match="invalid chain id"):
        chain.w3.eth.send_raw_transaction(signed(0, signer=BOB, chain_id=1))


def test_a_fault_of_ours_is_an_internal_error_and_no_exception(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "find_place", lambda engine, tx_hash: 1 // 0)
    assert chain.refuse("eth_getTransactionReceipt", "0x" + "11" * 32) == {"code": -32603, "message": "internal error: ZeroDivisionError"}


def test_why_a_transaction_was_dropped_can_be_asked(chain: Chain) -> None:
    assert chain.ask("lingtan_dropReason", "0x" + "11" * 32) is None


def test_several_requests_travel_in_one_batch(chain: Chain) -> None:
    with chain.w3.batch_requests() as batch:
        batch.add(chain.w3.eth.get_block(1))
        batch.add(chain.w3.eth.get_block(2))
        blocks = batch.execute()
    assert [block["number"] for block in blocks] == [1, 2]  # type: ignore[call-overload]
