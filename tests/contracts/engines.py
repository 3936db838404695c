"""Two chains behind one small surface, so that every behaviour is seen on both: eth-tester, and the embedded engine of the product."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from eth_account import Account
from eth_tester import EthereumTester, PyEVMBackend
from eth_tester.backends.pyevm.main import get_default_genesis_params
from eth_tester.exceptions import TransactionFailed
from eth_utils.address import to_checksum_address
from web3 import EthereumTesterProvider, Web3
from web3.types import Wei

from ledger.chain.client import ChainClient
from ledger.chain.connect import connect
from ledger.chain.errors import ChainRefused
from ledger.clock import FixedClock

RELAYER = Account.from_key(b"\x52" * 32)
GAS = 6_000_000
START = 1_790_000_000


class Reverted(Exception):
    """A contract refused; `data` is what it returned."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data.hex())
        self.data = data


@dataclass(frozen=True)
class Log:
    address: str
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True)
class Outcome:
    """A mined transaction; `time` is its block's Unix time."""

    status: int
    gas_used: int
    address: str | None
    time: int
    logs: tuple[Log, ...]


class Engine(Protocol):
    chain_id: int

    def call(self, to: str, data: bytes) -> bytes:
        """Return what a contract answers at `now()`."""

    def send(self, to: str | None, data: bytes) -> Outcome:
        """Mine one transaction of the relayer."""

    def storage(self, address: str, slot: int) -> bytes:
        """Return a word of storage."""

    def now(self) -> int:
        """Return the time at which `call` runs; a transaction comes at that time or later."""

    def advance(self, seconds: int) -> None:
        """Let time pass."""

    def keep(self) -> object:
        """Keep the present state and return what `restore` needs to come back to it, any number of times."""

    def restore(self, kept: Any) -> None:
        """Return to a kept state; those kept later are forgotten."""

    def close(self) -> None:
        """Give everything back."""


def _transaction(to: str | None, data: bytes, nonce: int, chain_id: int) -> bytes:
    fields: dict[str, Any] = {"gas": GAS, "gasPrice": 0, "nonce": nonce, "chainId": chain_id, "value": 0, "data": data}
    if to is not None:
        fields["to"] = to
    return bytes(RELAYER.sign_transaction(fields).raw_transaction)


def _logs(entries: Sequence[Any]) -> tuple[Log, ...]:
    return tuple(
        Log(Web3.to_checksum_address(entry["address"]), tuple(_bytes(topic) for topic in entry["topics"]), _bytes(entry["data"]))
        for entry in entries
    )


def _bytes(value: Any) -> bytes:
    return bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else bytes(value)


class EthTesterEngine:
    """eth-tester, in memory, base fee 0."""

    def __init__(self) -> None:
        parameters = {**get_default_genesis_params({"gas_limit": 60_000_000}), "base_fee_per_gas": 0}
        self._tester = EthereumTester(PyEVMBackend(genesis_parameters=parameters))
        self._w3 = Web3(EthereumTesterProvider(self._tester))
        self._sender = self._w3.eth.accounts[0]
        self._nonce = 0
        self.chain_id = self._w3.eth.chain_id

    def call(self, to: str, data: bytes, value: int = 0) -> bytes:
        try:
            return bytes(self._w3.eth.call({"from": self._sender, "to": to, "data": data, "gas": GAS, "value": Wei(value)}))
        except TransactionFailed as error:
            text = str(error).removeprefix("execution reverted: ")
            raise Reverted(ast.literal_eval(text) if text.startswith("b") else b"") from error

    def send(self, to: str | None, data: bytes) -> Outcome:
        tx_hash = self._w3.eth.send_raw_transaction(_transaction(to, data, self._nonce, self.chain_id))
        self._nonce += 1
        receipt = self._w3.eth.get_transaction_receipt(tx_hash)
        time = self._w3.eth.get_block(receipt["blockNumber"])["timestamp"]
        return Outcome(receipt["status"], receipt["gasUsed"], receipt["contractAddress"], time, _logs(receipt["logs"]))

    def storage(self, address: str, slot: int) -> bytes:
        return bytes(self._w3.eth.get_storage_at(to_checksum_address(address), slot)).rjust(32, b"\0")

    def now(self) -> int:
        return int(self._w3.eth.get_block("latest")["timestamp"])

    @contextmanager
    def pretend_chain_id(self, chain_id: int) -> Iterator[None]:
        """Let contracts see another chain id for a while; transactions go in all the same, eth-tester does not look."""
        chain = self._tester.backend.chain
        chain.chain_id = chain_id
        yield
        chain.chain_id = self.chain_id

    def advance(self, seconds: int) -> None:
        # The pending block may be ahead of the last one by the real time that has passed.
        pending = int(self._tester.get_block_by_number("pending")["timestamp"])
        self._tester.time_travel(max(self.now() + seconds, pending + 1))

    def keep(self) -> object:
        return self._tester.take_snapshot(), self._nonce

    def restore(self, kept: Any) -> None:
        snapshot, self._nonce = kept
        self._tester.revert_to_snapshot(snapshot)

    def close(self) -> None:
        """Nothing to give back."""


class EmbeddedEngine:
    """The product's own chain in a file, through the product's client."""

    chain_id = 260_310

    def __init__(self, folder: Path) -> None:
        self._file = folder / "chain.sqlite"
        self._clock = FixedClock(START)
        self._nonce = 0
        self._copies = 0
        self._client = self._open()

    def _open(self) -> ChainClient:
        return connect(f"embedded://{self._file}", self.chain_id, clock=self._clock)

    def call(self, to: str, data: bytes) -> bytes:
        try:
            return self._client.call(to, data)
        except ChainRefused as error:
            raise Reverted(error.data) from error

    def send(self, to: str | None, data: bytes) -> Outcome:
        self._clock.advance(1)
        tx_hash = self._client.send_raw(_transaction(to, data, self._nonce, self.chain_id))
        self._nonce += 1
        receipt = self._client.find_receipt(tx_hash)
        assert receipt is not None, "the embedded engine seals at once when its clock moved"
        return Outcome(receipt.status, receipt.gas_used, receipt.contract_address, self._clock.now(), _logs(list(receipt.logs)))

    def storage(self, address: str, slot: int) -> bytes:
        return self._client.storage(address, slot)

    def now(self) -> int:
        return self._clock.now()

    def advance(self, seconds: int) -> None:
        self._clock.advance(seconds)

    def keep(self) -> object:
        self._client.close()
        self._copies += 1
        copy = self._file.with_name(f"kept-{self._copies}.sqlite")
        shutil.copyfile(self._file, copy)
        self._client = self._open()
        return copy, self._clock.at, self._nonce

    def restore(self, kept: Any) -> None:
        self._client.close()
        for part in self._file.parent.glob("chain.sqlite-*"):
            part.unlink()
        copy, self._clock.at, self._nonce = kept
        shutil.copyfile(copy, self._file)
        self._client = self._open()

    def close(self) -> None:
        self._client.close()
