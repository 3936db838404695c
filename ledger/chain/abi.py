"""One contract's ABI at work: call data, return values, events, and custom errors as `ChainRefused`.

Values come out as plain Python: int, bool, bytes, EIP-55 text for addresses, tuples.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_hash.auto import keccak
from eth_utils.address import to_checksum_address

from ledger.chain.errors import ChainError, ChainRefused, decode_revert
from ledger.chain.headers import as_bytes, as_integer

JsonAbi = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Event:
    """One decoded log: its name, its arguments by name, and its place (`log_index` within the block, `position` within the receipt)."""

    name: str
    arguments: Mapping[str, Any]
    address: str
    position: int
    block_number: int | None = None
    block_hash: str | None = None
    tx_hash: str | None = None
    log_index: int | None = None


class ContractAbi:
    """The functions, events and errors of one contract."""

    def __init__(self, entries: JsonAbi) -> None:
        self.entries = tuple(entries)
        self._functions = {entry["name"]: entry for entry in self.entries if entry["type"] == "function"}
        self._events = {keccak(signature(entry).encode()): entry for entry in self.entries if entry["type"] == "event"}
        self._constructor = next((entry for entry in self.entries if entry["type"] == "constructor"), None)

    def selector(self, function: str) -> bytes:
        """Return the 4 bytes that select a function."""
        return keccak(signature(self._functions[function]).encode())[:4]

    def signature(self, function: str) -> str:
        """Return a function's name with its types, as `submit((bytes32,uint64),bytes)`."""
        return signature(self._functions[function])

    def event_topic(self, event: str) -> bytes:
        """Return the first topic of an event's logs."""
        return next(topic for topic, entry in self._events.items() if entry["name"] == event)

    def encode_call(self, function: str, arguments: Sequence[Any]) -> bytes:
        """Return the call data of a function.

        Raises:
            ChainError: the arguments do not fit its types.
        """
        try:
            return self.selector(function) + encode(_types(self._functions[function]["inputs"]), arguments)
        except (EncodingError, TypeError, ValueError) as error:
            raise ChainError(f"the arguments do not fit {self.signature(function)}: {error}", function=function) from error

    def decode_call(self, function: str, data: bytes) -> tuple[Any, ...]:
        """Return the arguments of call data, structs as tuples.

        Raises:
            ChainError: the data calls another function or has another form.
        """
        inputs = self._functions[function]["inputs"]
        try:
            values = decode(_types(inputs), data[4:]) if data[:4] == self.selector(function) else None
        except (DecodingError, ValueError):
            values = None
        if values is None:
            raise ChainError(f"these {len(data)} bytes are no call of {self.signature(function)}", function=function)
        return tuple(_plain(item, value) for item, value in zip(inputs, values, strict=True))

    def encode_constructor(self, arguments: Sequence[Any]) -> bytes:
        """Return the bytes that follow the creation code."""
        return encode(_types(self._constructor["inputs"]), arguments) if self._constructor else b""

    def decode_output(self, function: str, data: bytes) -> tuple[Any, ...]:
        """Return what a function returned, structs as tuples.

        Raises:
            ChainError: the bytes have another form; empty bytes usually mean that no contract is at the address.
        """
        outputs = self._functions[function]["outputs"]
        try:
            values = decode(_types(outputs), data)
        except (DecodingError, ValueError) as error:
            raise ChainError(
                f"{function} answered {len(data)} bytes of another form",
                hint="check that the deployment record belongs to this chain",
                function=function,
            ) from error
        return tuple(_plain(item, value) for item, value in zip(outputs, values, strict=True))

    def output_names(self, function: str) -> tuple[str, ...]:
        """Return the names of what a function returns; of the members, where it returns one struct."""
        outputs = self._functions[function]["outputs"]
        if len(outputs) == 1 and outputs[0]["type"] == "tuple":
            outputs = outputs[0]["components"]
        return tuple(str(output["name"]) for output in outputs)

    def decode_log(self, log: Mapping[str, Any], position: int = 0) -> Event | None:
        """Return the event of a JSON-RPC log; None where the contract has no such event."""
        topics = [as_bytes(topic) for topic in log["topics"]]
        entry = self._events.get(topics[0]) if topics else None
        if entry is None:
            return None
        indexed = [item for item in entry["inputs"] if item["indexed"]]
        others = [item for item in entry["inputs"] if not item["indexed"]]
        try:
            values = dict(zip((item["name"] for item in others), decode(_types(others), as_bytes(log["data"])), strict=True))
            for item, topic in zip(indexed, topics[1:], strict=True):
                values[item["name"]] = decode([item["type"]], topic)[0]
        except (DecodingError, ValueError) as error:
            raise ChainError(f"a log of {entry['name']} has another form than the ABI says", event=entry["name"]) from error
        number, block_hash, tx_hash, log_index = (log.get(key) for key in ("blockNumber", "blockHash", "transactionHash", "logIndex"))
        return Event(
            entry["name"],
            {item["name"]: _plain(item, values[item["name"]]) for item in entry["inputs"]},
            to_checksum_address(as_bytes(log["address"])),
            position,
            None if number is None else as_integer(number),
            None if block_hash is None else "0x" + as_bytes(block_hash).hex(),
            None if tx_hash is None else "0x" + as_bytes(tx_hash).hex(),
            None if log_index is None else as_integer(log_index),
        )

    def decode_logs(self, logs: Iterable[Mapping[str, Any]], address: str) -> tuple[Event, ...]:
        """Return the events of this contract at `address` among the logs of one receipt, in their order."""
        found = (
            self.decode_log(log, position) for position, log in enumerate(logs) if as_bytes(log["address"]) == bytes.fromhex(address[2:])
        )
        return tuple(event for event in found if event is not None)

    def refused(self, error: ChainRefused) -> ChainRefused:
        """Return the refusal with the name and arguments of this contract's custom error, where its data is one."""
        return decode_revert(error.data, self.entries) if error.data else error


def signature(entry: Mapping[str, Any]) -> str:
    """Return the canonical signature of a function, event or error."""
    return f"{entry['name']}({','.join(_types(entry['inputs']))})"


def _types(items: Sequence[Mapping[str, Any]]) -> list[str]:
    return [_type(item) for item in items]


def _type(item: Mapping[str, Any]) -> str:
    kind = str(item["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_types(item['components']))}){kind[len('tuple') :]}"


def _plain(item: Mapping[str, Any], value: Any) -> Any:
    kind = str(item["type"])
    if kind.endswith("]"):
        inner = {**item, "type": kind[: kind.rindex("[")]}
        return tuple(_plain(inner, member) for member in value)
    if kind == "tuple":
        return tuple(_plain(part, member) for part, member in zip(item["components"], value, strict=True))
    return to_checksum_address(value) if kind == "address" else value
