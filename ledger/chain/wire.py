"""What goes over the wire between the client and a chain: parameters as JSON-RPC wants them, answers as values of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from eth_utils.address import to_checksum_address

from ledger.chain.headers import as_bytes, as_integer
from ledger.records.canonical import dump

Block = int | Literal["latest", "pending", "earliest"]
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Head:
    """The newest block: its number, its hash, its Unix time."""

    number: int
    hash: str
    timestamp: int


@dataclass(frozen=True)
class Receipt:
    """What became of a transaction. `status` is 1 for done, 0 for reverted; `raw` is the JSON-RPC receipt, its logs included."""

    tx_hash: str
    block_number: int
    block_hash: str
    index: int
    status: int
    gas_used: int
    contract_address: str | None
    raw: Json = field(repr=False)

    @property
    def logs(self) -> tuple[Json, ...]:
        """The JSON-RPC logs, in order."""
        return tuple(self.raw["logs"])

    def to_bytes(self) -> bytes:
        """Return the receipt as canonical JSON."""
        return dump(self.raw)


def read_receipt(raw: Json) -> Receipt:
    """Return the receipt of a JSON-RPC receipt."""
    contract = raw.get("contractAddress")
    return Receipt(
        tx_hash=hex_text(raw["transactionHash"]),
        block_number=as_integer(raw["blockNumber"]),
        block_hash=hex_text(raw["blockHash"]),
        index=as_integer(raw["transactionIndex"]),
        status=as_integer(raw["status"]),
        gas_used=as_integer(raw["gasUsed"]),
        contract_address=to_checksum_address(as_bytes(contract)) if contract else None,
        raw=raw,
    )


def call_message(to: str | None, data: bytes, sender: str | None, gas: int | None) -> dict[str, str]:
    """Return the message of eth_call and eth_estimateGas; the zero address calls where no sender is named."""
    message = {"data": "0x" + data.hex(), "from": to_checksum_address(sender) if sender else "0x" + "00" * 20}
    if to is not None:
        message["to"] = to_checksum_address(to)
    if gas is not None:
        message["gas"] = hex(gas)
    return message


def block_parameter(block: Block) -> str:
    """Return a block number or tag as JSON-RPC wants it."""
    return block if isinstance(block, str) else hex(block)


def hex_word(slot: int) -> str:
    """Return a storage slot as 32 bytes of 0x hex."""
    return "0x" + slot.to_bytes(32, "big").hex()


def hex_text(value: object) -> str:
    """Return a JSON-RPC value of bytes as 0x hex in lower case."""
    return "0x" + as_bytes(value).hex()


def plain_json(value: Any) -> Any:
    """Return JSON as nodes send it: bytes as 0x hex, numbers as quantities (eth-tester hands out Python values)."""
    if isinstance(value, bytes | bytearray):
        return "0x" + value.hex()
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return hex(value)
    if isinstance(value, Mapping):
        return {key: plain_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(item) for item in value]
    return value
