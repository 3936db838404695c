"""The border: whatever goes wrong below, one of our errors comes out, with the right answer to "may it be sent again?"."""

from __future__ import annotations

import inspect
import json
import socket
import sqlite3
from pathlib import Path
from typing import Any

import eth.exceptions
import eth_abi.exceptions
import eth_tester.exceptions
import eth_utils.exceptions
import pytest
import requests.exceptions
import rlp.exceptions
import trie.exceptions
import urllib3.exceptions
import web3.exceptions
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_abi import encode
from eth_hash.auto import keccak

from ledger.chain import connect as connect_module
from ledger.chain.border import border
from ledger.chain.client import ChainClient
from ledger.chain.connect import ETH_TESTER_CHAIN_ID, connect
from ledger.chain.errors import (
    BlockUnknown,
    ChainError,
    ChainLocked,
    ChainRefused,
    ChainUnavailable,
    CheckpointMismatch,
    NotSupported,
    OutcomeUnknown,
    StorageFailed,
    TransactionRejected,
    WrongChain,
    decode_revert,
    rejection_reason,
)
from ledger.clock import FixedClock
from ledger.errors import ConfigurationError, IntegrityError, LedgerError, NotFound
from tests.chain.embedded.probe import CHAIN_ID, START, create_probe, signed, store
from tests.chain.embedded.stub_node import Answer, serve
from tests.chain.embedded.test_storage_faults import break_disk

CLOCK = FixedClock(START)
FOREIGN_MODULES = (
    web3.exceptions,
    requests.exceptions,
    urllib3.exceptions,
    eth.exceptions,
    eth_tester.exceptions,
    eth_utils.exceptions,
    eth_abi.exceptions,
    rlp.exceptions,
    trie.exceptions,
    sqlite3,
)


def foreign_classes() -> list[type[Exception]]:
    found = {
        member
        for module in FOREIGN_MODULES
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, Exception) and not issubclass(member, Warning)
    }
    found |= {
        OSError,
        TimeoutError,
        ConnectionResetError,
        ValueError,
        KeyError,
        TypeError,
        json.JSONDecodeError,
        RecursionError,
        MemoryError,
    }
    return sorted(found, key=lambda item: f"{item.__module__}.{item.__name__}")


def instance_of(kind: type[Exception]) -> Exception:
    error = kind.__new__(kind)
    Exception.__init__(error, "what a library says")
    return error


@pytest.mark.parametrize("kind", foreign_classes(), ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
@pytest.mark.parametrize("sending", [False, True])
def test_no_foreign_exception_crosses_the_border(kind: type[Exception], sending: bool) -> None:
    with pytest.raises(ChainError) as caught, border(sending=sending):
        raise instance_of(kind)
    assert type(caught.value).__module__ == "ledger.chain.errors"
    assert caught.value.code.startswith("chain.")
    assert isinstance(caught.value.__cause__, kind)


@pytest.mark.parametrize("kind", [NotFound, StorageFailed, IntegrityError])
def test_errors_of_ours_pass_unchanged(kind: type[LedgerError]) -> None:
    error = kind("ours")
    with pytest.raises(kind) as caught, border():
        raise error
    assert caught.value is error


def test_a_stop_by_the_user_is_no_error_of_the_chain() -> None:
    with pytest.raises(KeyboardInterrupt), border():
        raise KeyboardInterrupt


def ask(reply: Answer, question: Any = lambda client: client.block_number()) -> Any:
    """Ask a node that answers every request but the chain id with `reply`."""

    def answer(request: dict[str, Any]) -> Answer:
        return {"result": hex(CHAIN_ID)} if request["method"] == "eth_chainId" else reply

    with serve(answer) as url, connect(url, CHAIN_ID, clock=CLOCK) as client:
        return question(client)


def send(client: ChainClient) -> str:
    return client.send_raw(signed(0, store(1, 1)))


NO_USABLE_ANSWER: list[Answer] = [
    None,
    500,
    502,
    503,
    b"<html>Bad gateway</html>",
    b"",
    b"[]",
    b"{}",
    b"null",
    b"\xff\xfe",
    {"error": "text"},
]


@pytest.mark.parametrize("reply", NO_USABLE_ANSWER)
def test_a_question_without_a_usable_answer_is_unavailable(reply: Answer) -> None:
    with pytest.raises(ChainUnavailable) as caught:
        ask(reply)
    assert not isinstance(caught.value, StorageFailed)


@pytest.mark.parametrize("reply", NO_USABLE_ANSWER)
def test_a_transaction_without_a_usable_answer_has_an_unknown_outcome(reply: Answer) -> None:
    with pytest.raises(OutcomeUnknown):
        ask(reply, send)


@pytest.mark.parametrize("status", [401, 403, 404, 413, 429])
def test_a_transaction_that_a_gateway_refused_was_not_taken(status: int) -> None:
    with pytest.raises(ChainUnavailable, match=str(status)):
        ask(status, send)


@pytest.mark.parametrize("reply", [None, 503])
def test_a_lost_answer_is_not_sent_again_below_us(reply: Answer) -> None:
    seen: list[str] = []

    def answer(request: dict[str, Any]) -> Answer:
        seen.append(request["method"])
        return {"result": hex(CHAIN_ID)} if request["method"] == "eth_chainId" else reply

    with serve(answer) as url, connect(url, CHAIN_ID, clock=CLOCK) as client, pytest.raises(OutcomeUnknown):
        send(client)
    assert seen.count("eth_sendRawTransaction") == 1


def test_a_node_that_is_silent_for_too_long_is_unavailable_and_a_transaction_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect_module, "REQUEST_TIMEOUT", 0.2)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(ChainUnavailable):
            connect(url, CHAIN_ID, clock=CLOCK)


def test_a_transaction_to_a_node_that_does_not_listen_was_not_sent() -> None:
    with serve(lambda request: {"result": hex(CHAIN_ID)}) as url, connect(url, CHAIN_ID, clock=CLOCK) as client:
        client.w3.provider.endpoint_uri = "http://127.0.0.1:1"  # type: ignore[union-attr]
        with pytest.raises(ChainUnavailable):
            send(client)


def test_a_node_that_answers_with_another_hash_is_not_believed() -> None:
    with pytest.raises(OutcomeUnknown):
        ask({"result": "0x" + "11" * 32}, send)
    with pytest.raises(OutcomeUnknown):
        ask({"result": None}, send)


def test_a_password_in_the_url_is_in_no_message() -> None:
    with pytest.raises(ChainUnavailable) as caught:
        connect("http://relay:s3cret@127.0.0.1:1/key-in-path", CHAIN_ID, clock=CLOCK)
    assert "s3cret" not in f"{caught.value} {caught.value.hint} {caught.value.facts}"
    assert "key-in-path" not in str(caught.value)


def test_another_chain_behind_the_url_is_refused() -> None:
    with serve(lambda request: {"result": "0x1"}) as url, pytest.raises(WrongChain) as caught:
        connect(url, CHAIN_ID, clock=CLOCK)
    assert (caught.value.got, caught.value.expected) == (1, CHAIN_ID)


def error(code: int, message: str, data: Any = None) -> dict[str, Any]:
    body = {"code": code, "message": message}
    return {"error": body if data is None else {**body, "data": data}}


# The sentences of geth, Besu, Nethermind, anvil and py-evm behind eth-tester, and ours.
REFUSALS = [
    ("nonce too low", "nonce_too_low"),
    ("nonce too low: next nonce 5, tx nonce 4", "nonce_too_low"),
    ("Nonce too low", "nonce_too_low"),
    ("Invalid transaction nonce: Expected 7, but got 6", "nonce_too_low"),
    ("Invalid transaction nonce: Expected 7, but got 8", "nonce_too_high"),
    ("already known", "already_known"),
    ("Known transaction", "already_known"),
    ("AlreadyKnown", "already_known"),
    ("transaction already imported", "already_known"),
    ("replacement transaction underpriced", "replacement"),
    ("Nonce too distant from current sender nonce", "nonce_too_high"),
    ("invalid chain id for signer: have 1 want 7001", "chain_id"),
    ("Wrong chainId", "chain_id"),
    ("only replay-protected (EIP-155) transactions allowed over RPC", "chain_id"),
    ("exceeds block gas limit", "gas_limit"),
    ("Transaction gas limit exceeds block gas limit", "gas_limit"),
    ("intrinsic gas too low", "intrinsic_gas"),
    ("Intrinsic gas exceeds gas limit", "intrinsic_gas"),
    ("insufficient funds for gas * price + value", "funds"),
    ("Upfront cost exceeds account balance", "funds"),
    ("Gas price below configured minimum gas price", "fee"),
    ("max fee per gas less than block base fee", "fee"),
    ("transaction underpriced", "fee"),
    ("txpool is full", "pool_full"),
    ("transaction type not supported", "type"),
    ("invalid sender", "signature"),
    ("rlp: value size exceeds available input length", "malformed"),
]


@pytest.mark.parametrize(("message", "reason"), REFUSALS)
def test_a_refusal_has_the_same_reason_whatever_node_says_it(message: str, reason: str) -> None:
    assert rejection_reason(message) == reason
    if reason == "already_known":
        assert ask(error(-32000, message), send) == "0x" + keccak(signed(0, store(1, 1))).hex()
        return
    with pytest.raises(TransactionRejected) as caught:
        ask(error(-32000, message), send)
    assert caught.value.reason == reason


@pytest.mark.parametrize("message", ["header not found", "internal error", "no known transaction here", "the block is unknown", ""])
def test_other_sentences_are_no_refusal(message: str) -> None:
    assert rejection_reason(message) is None


def test_an_error_that_says_nothing_about_the_pool_leaves_the_outcome_unknown() -> None:
    with pytest.raises(OutcomeUnknown):
        ask(error(-32603, "Internal error"), send)
    with pytest.raises(ChainError) as caught:
        ask(error(-32603, "Internal error"))
    assert type(caught.value) is ChainError


def test_a_method_that_the_node_lacks_is_not_supported() -> None:
    with pytest.raises(NotSupported):
        ask(error(-32601, "the method eth_getProof does not exist"), lambda client: client.get_proof("0x" + "11" * 20, [0]))


@pytest.mark.parametrize(
    "message", ["missing trie node 1234 (path )", "World state unavailable", "BlockOutOfRangeError: block height is 5"]
)
def test_a_state_that_is_no_longer_kept_is_an_unknown_block(message: str) -> None:
    with pytest.raises(BlockUnknown):
        ask(error(-32000, message), lambda client: client.get_proof("0x" + "11" * 20, [0], 3))


@pytest.mark.parametrize("wrapped", [lambda data: data, lambda data: {"data": data}, lambda data: f"Reverted {data}"])
def test_revert_data_is_found_wherever_a_node_puts_it(wrapped: Any) -> None:
    data = keccak(b"Late(uint64)")[:4] + (7).to_bytes(32, "big")
    with pytest.raises(ChainRefused) as caught:
        ask(error(3, "execution reverted", wrapped("0x" + data.hex())), lambda client: client.call("0x" + "11" * 20, b""))
    assert caught.value.data == data


def test_a_node_that_gives_no_revert_data_still_refuses() -> None:
    with pytest.raises(ChainRefused) as caught:
        ask(error(-32000, "execution reverted"), lambda client: client.call("0x" + "11" * 20, b""))
    assert caught.value.data == b""


ABI = [
    {"type": "error", "name": "RevisionGap", "inputs": [{"name": "expected", "type": "uint32"}, {"name": "got", "type": "uint32"}]},
    {"type": "error", "name": "Tupled", "inputs": [{"name": "", "type": "tuple[]", "components": [{"type": "uint8"}, {"type": "bytes4"}]}]},
    {"type": "function", "name": "submit", "inputs": []},
]


def test_custom_errors_are_named_with_their_arguments() -> None:
    refusal = decode_revert(keccak(b"RevisionGap(uint32,uint32)")[:4] + encode(["uint32", "uint32"], [2, 4]), ABI)
    assert (refusal.name, refusal.arguments) == ("RevisionGap", {"expected": 2, "got": 4})
    assert str(refusal) == "the contract refused: RevisionGap(expected=2, got=4)"
    tupled = decode_revert(keccak(b"Tupled((uint8,bytes4)[])")[:4] + encode(["(uint8,bytes4)[]"], [[(1, b"abcd")]]), ABI)
    assert (tupled.name, tupled.arguments) == ("Tupled", {"0": ((1, b"abcd"),)})


def test_reasons_and_panics_are_named() -> None:
    assert decode_revert(bytes.fromhex("08c379a0") + encode(["string"], ["late"])).arguments == {"message": "late"}
    assert decode_revert(bytes.fromhex("4e487b71") + encode(["uint256"], [0x32])).arguments == {"code": 0x32}
    assert decode_revert(b"").name == "Revert"


@pytest.mark.parametrize("data", [b"\x01", b"abcd" + b"\xff" * 90, bytes.fromhex("08c379a0") + b"\xff" * 64, bytes.fromhex("4e487b71")])
def test_revert_data_that_nobody_can_read_is_shown_as_it_is(data: bytes) -> None:
    refusal = decode_revert(data, ABI)
    assert refusal.name == "0x" + data[:4].hex()
    assert refusal.data == data


@pytest.mark.parametrize(
    "url",
    [
        "embedded://relative/chain.sqlite",
        "embedded:chain.sqlite",
        "embedded:///",
        "ftp://host/",
        "chain.sqlite",
        "",
        "http://",
    ],
)
def test_urls_that_name_no_chain_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        connect(url, CHAIN_ID, clock=CLOCK)


def test_a_checkpoint_key_without_a_folder_is_refused(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.from_private_bytes(b"\7" * 32)
    with pytest.raises(ConfigurationError):
        connect(f"embedded://{tmp_path}/c.sqlite", CHAIN_ID, clock=CLOCK, checkpoint_key=key)
    with pytest.raises(ConfigurationError):
        connect(f"embedded://{tmp_path}/c.sqlite", CHAIN_ID, clock=CLOCK, checkpoint_folder=tmp_path / "notes")


def test_the_test_chain_has_one_chain_id() -> None:
    with pytest.raises(WrongChain) as caught:
        connect("test://", CHAIN_ID, clock=CLOCK)
    assert caught.value.got == ETH_TESTER_CHAIN_ID
    with connect("test://", ETH_TESTER_CHAIN_ID, clock=CLOCK) as client:
        assert client.w3.eth.chain_id == ETH_TESTER_CHAIN_ID


def test_eth_tester_takes_a_transaction_for_another_chain_and_we_do_not(tmp_path: Path) -> None:
    # The reason why eth-tester never runs the product.
    foreign = create_probe(chain_id=1)
    with connect("test://", ETH_TESTER_CHAIN_ID, clock=CLOCK) as client:
        receipt = client.find_receipt(client.send_raw(foreign))
        assert receipt is not None
        assert receipt.status == 1
    with connect(f"embedded://{tmp_path}/c.sqlite", CHAIN_ID, clock=CLOCK) as client, pytest.raises(TransactionRejected) as caught:
        client.send_raw(foreign)
    assert caught.value.reason == "chain_id"


def test_an_embedded_chain_opens_once_and_with_its_own_id(tmp_path: Path) -> None:
    url = f"embedded://{tmp_path}/with%20space.sqlite"
    with connect(url, CHAIN_ID, clock=CLOCK):
        assert (tmp_path / "with space.sqlite").exists()
        with pytest.raises(ChainLocked):
            connect(url, CHAIN_ID, clock=CLOCK)
    with pytest.raises(WrongChain):
        connect(url, CHAIN_ID + 1, clock=CLOCK)
    connect(url, CHAIN_ID, clock=CLOCK).close()


def test_an_embedded_chain_with_a_key_gives_checkpoints_and_refuses_a_lost_file(tmp_path: Path) -> None:
    key, clock = Ed25519PrivateKey.from_private_bytes(b"\7" * 32), FixedClock(START)
    url, notes = f"embedded://{tmp_path}/c.sqlite", tmp_path / "notes"
    with connect(url, CHAIN_ID, clock=clock, checkpoint_key=key, checkpoint_folder=notes) as client:
        client.send_raw(create_probe())
        checkpoint = client.checkpoint_for(1)
        assert checkpoint is not None
        assert (checkpoint.size, checkpoint.leaf_index, len(checkpoint.inclusion)) == (2, 1, 1)
    (tmp_path / "c.sqlite").unlink()
    clock.advance(9)
    with pytest.raises(CheckpointMismatch):
        connect(url, CHAIN_ID, clock=clock, checkpoint_key=key, checkpoint_folder=notes)


def test_a_disk_that_fails_below_the_client_is_a_storage_failure(tmp_path: Path) -> None:
    with connect(f"embedded://{tmp_path}/c.sqlite", CHAIN_ID, clock=FixedClock(START)) as client:
        engine = client.w3.provider.engine  # type: ignore[attr-defined]
        break_disk(engine, 5)
        with pytest.raises(StorageFailed, match="full"):
            client.send_raw(create_probe())
        assert client.find_receipt("0x" + keccak(create_probe()).hex()) is not None


def test_a_real_qbft_header_passes_and_its_hash_is_besus(shared: Path) -> None:
    (vector,) = json.loads((shared / "vectors" / "qbft_headers.json").read_text())["qbft"]
    raw = bytes.fromhex(vector["header_rlp"])
    items = rlp.decode(raw)
    names = ["parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom", "difficulty", "number"]
    names += ["gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce"]
    numbers = {"difficulty", "number", "gasLimit", "gasUsed", "timestamp"}
    block = {
        name: hex(int.from_bytes(item, "big")) if name in numbers else "0x" + item.hex() for name, item in zip(names, items, strict=True)
    }
    block |= {"hash": "0x" + vector["block_hash_computed"], "transactions": [], "uncles": [], "size": "0x400", "totalDifficulty": "0x1"}
    number = vector["number"]

    def answer(request: dict[str, Any]) -> Answer:
        if request["method"] == "debug_getRawHeader":
            return error(-32601, "Method not found")
        return {"result": hex(CHAIN_ID) if request["method"] == "eth_chainId" else block}

    with serve(answer) as url, connect(url, CHAIN_ID, clock=CLOCK) as client:
        assert client.block_header_rlp(number) == raw
        assert client.head().hash == "0x" + vector["block_hash_computed"]
        # web3 itself refuses more than 32 bytes of extra data unless the proof-of-authority middleware is in.
        assert len(client.w3.eth.get_block(number)["proofOfAuthorityData"]) > 32


def test_a_node_that_lies_about_a_header_is_caught() -> None:
    block = {"hash": "0x" + "11" * 32, "number": "0x1", "timestamp": "0x1"}

    def answer(request: dict[str, Any]) -> Answer:
        replies = {"eth_chainId": hex(CHAIN_ID), "debug_getRawHeader": "0xc0"}
        return {"result": replies.get(request["method"], block)}

    with serve(answer) as url, connect(url, CHAIN_ID, clock=CLOCK) as client, pytest.raises(IntegrityError):
        client.block_header_rlp(1)


def test_offchain_lookups_are_off_on_every_engine(tmp_path: Path) -> None:
    with serve(lambda request: {"result": hex(CHAIN_ID)}) as url:
        urls = ((url, CHAIN_ID), (f"embedded://{tmp_path}/c.sqlite", CHAIN_ID), ("test://", ETH_TESTER_CHAIN_ID))
        for place, chain_id in urls:
            with connect(place, chain_id, clock=CLOCK) as client:
                assert client.w3.provider.global_ccip_read_enabled is False  # type: ignore[union-attr]
