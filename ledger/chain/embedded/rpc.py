"""The JSON-RPC surface of the engine, as a web3 provider.

Answers have the shape other clients give, errors are JSON-RPC errors (a revert carries its data in error.data, so custom errors
decode), and an unknown method is -32601. There is no method that signs, moves time, or changes state past a transaction.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from eth.abc import BlockHeaderAPI
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from ledger.chain.embedded import answers
from ledger.chain.embedded.answers import Json, hex_bytes
from ledger.chain.embedded.blocks import usable_gas
from ledger.chain.embedded.engine import Engine
from ledger.chain.embedded.execution import ExecutionFailed, call, estimate_gas
from ledger.chain.embedded.proofs import build_proof
from ledger.chain.embedded.requests import (
    BadRequest,
    parameter,
    read_address,
    read_block,
    read_call,
    read_data,
    read_log_filter,
    read_quantity,
    read_slot,
)
from ledger.chain.errors import BlockUnknown, ChainError, ChainRefused, ChainUnavailable, TransactionRejected

_log = logging.getLogger(__name__)

CLIENT_VERSION = "lingtan-embedded/0.1.0/cancun"
MAX_LOGS = 10_000
MAX_FEE_HISTORY = 1024
MAX_SLOTS = 1024

METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL, SERVER, REVERTED, UNAVAILABLE, LIMIT = -32601, -32602, -32603, -32000, 3, -32002, -32005


class LimitExceeded(ChainError):
    """A query asks for more than one answer may hold."""

    code = "chain.limit"


class EmbeddedProvider(JSONBaseProvider):
    """A web3 provider over an engine of the same process."""

    # A contract could name a URL in an OffchainLookup revert, and web3 would fetch it.
    global_ccip_read_enabled = False

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        self._methods = _methods(engine)

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Answer one request; every failure is a JSON-RPC error, none is an exception."""
        # Through JSON and back, so that a value which could not travel to a node by HTTP does not work here either.
        request = json.loads(self.encode_rpc_request(method, params))
        return cast(RPCResponse, answer(self._methods, request))

    def make_batch_request(self, requests: list[tuple[RPCEndpoint, Any]]) -> list[RPCResponse] | RPCResponse:
        """Answer requests one after the other."""
        return [self.make_request(method, params) for method, params in requests]


Methods = Mapping[str, Callable[[Sequence[Any]], Any]]


def answer(methods: Methods, request: Mapping[str, Any]) -> Json:
    """Return the JSON-RPC response to a request object."""
    head: Json = {"jsonrpc": "2.0", "id": request.get("id")}
    handler = methods.get(request["method"])
    if handler is None:
        return head | {"error": {"code": METHOD_NOT_FOUND, "message": f"the method {request['method']} does not exist/is not available"}}
    try:
        return head | {"result": handler(request.get("params") or [])}
    except BadRequest as error:
        return head | {"error": {"code": INVALID_PARAMS, "message": str(error)}}
    except ChainError as error:
        return head | {"error": _error(error)}
    except Exception as error:  # a fault of ours or of py-evm: answer as a node would, and keep the trace
        _log.exception("the embedded engine failed at %s", request["method"])
        return head | {"error": {"code": INTERNAL, "message": f"internal error: {type(error).__name__}"}}


def _error(error: ChainError) -> Json:
    if isinstance(error, ChainRefused):
        reason = f"execution reverted: {error.arguments['message']}" if error.name == "Error" else "execution reverted"
        return {"code": REVERTED, "message": reason, "data": hex_bytes(error.data)}
    if isinstance(error, TransactionRejected | ExecutionFailed | BlockUnknown):
        return {"code": SERVER, "message": str(error)}
    if isinstance(error, LimitExceeded):
        return {"code": LIMIT, "message": str(error)}
    code = UNAVAILABLE if isinstance(error, ChainUnavailable) else INTERNAL
    return {"code": code, "message": f"{error.code}: {error}"}


def _methods(engine: Engine) -> Methods:
    surface = _Surface(engine)
    return {
        "web3_clientVersion": lambda params: CLIENT_VERSION,
        "net_version": lambda params: str(engine.chain_id),
        "eth_chainId": lambda params: hex(engine.chain_id),
        "eth_syncing": lambda params: False,
        "eth_accounts": lambda params: [],
        "eth_gasPrice": lambda params: "0x0",
        "eth_maxPriorityFeePerGas": lambda params: "0x0",
        "eth_sendRawTransaction": lambda params: hex_bytes(engine.submit(read_data(parameter(params, 0, "transaction"), "transaction"))),
        "eth_blockNumber": surface.settled(lambda params: hex(engine.head.block_number)),
        "eth_getBlockByNumber": surface.settled(surface.block_by_number),
        "eth_getBlockByHash": surface.settled(surface.block_by_hash),
        "eth_getTransactionByHash": surface.settled(surface.transaction_by_hash),
        "eth_getTransactionReceipt": surface.settled(surface.receipt),
        "eth_getBlockReceipts": surface.settled(surface.block_receipts),
        "eth_getTransactionCount": surface.settled(surface.transaction_count),
        "eth_getBalance": surface.settled(surface.balance),
        "eth_getCode": surface.settled(surface.code),
        "eth_getStorageAt": surface.settled(surface.storage_at),
        "eth_call": surface.settled(surface.call),
        "eth_estimateGas": surface.settled(surface.estimate_gas),
        "eth_feeHistory": surface.settled(surface.fee_history),
        "eth_getLogs": surface.settled(surface.logs),
        "eth_getProof": surface.settled(surface.proof),
        "debug_getRawHeader": surface.settled(surface.raw_header),
        "lingtan_dropReason": surface.settled(surface.drop_reason),
    }


class _Surface:
    """The methods that need more than a line. Each runs under the engine's lock, so that one answer speaks of one moment."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def settled(self, handler: Callable[[Sequence[Any]], Any]) -> Callable[[Sequence[Any]], Any]:
        """Return the handler with sealing before it."""

        def run(params: Sequence[Any]) -> Any:
            with self._engine.mutex:
                self._engine.settle()
                return handler(params)

        return run

    def block_by_number(self, params: Sequence[Any]) -> Json | None:
        header = self._find_header(parameter(params, 0, "block"))
        return answers.block_answer(self._engine.block(header), full=bool(params[1:2] and params[1])) if header else None

    def block_by_hash(self, params: Sequence[Any]) -> Json | None:
        header = self._engine.find_header(read_data(parameter(params, 0, "hash"), "hash", 32))
        return answers.block_answer(self._engine.block(header), full=bool(params[1:2] and params[1])) if header else None

    def transaction_by_hash(self, params: Sequence[Any]) -> Json | None:
        wanted = read_data(parameter(params, 0, "hash"), "hash", 32)
        place = self._engine.find_place(wanted)
        if place is None:
            waiting = self._engine.find_waiting(wanted)
            return answers.transaction_answer(waiting, None, None) if waiting else None
        header = self._engine.header(place[0])
        return answers.transaction_answer(self._engine.block(header).transactions[place[1]], header, place[1])

    def receipt(self, params: Sequence[Any]) -> Json | None:
        place = self._engine.find_place(read_data(parameter(params, 0, "hash"), "hash", 32))
        return self._receipts(self._engine.header(place[0]))[place[1]] if place else None

    def block_receipts(self, params: Sequence[Any]) -> list[Json] | None:
        header = self._find_header(parameter(params, 0, "block"))
        return self._receipts(header) if header else None

    def transaction_count(self, params: Sequence[Any]) -> str:
        address = read_address(params, 0)
        if params[1:2] == ["pending"]:
            return hex(self._engine.pending_nonce(address))
        return hex(self._engine.state_at(self._header(params, 1)).get_nonce(address))

    def balance(self, params: Sequence[Any]) -> str:
        address = read_address(params, 0)
        return hex(self._engine.state_at(self._header(params, 1)).get_balance(address))

    def code(self, params: Sequence[Any]) -> str:
        address = read_address(params, 0)
        return hex_bytes(self._engine.state_at(self._header(params, 1)).get_code(address))

    def storage_at(self, params: Sequence[Any]) -> str:
        address = read_address(params, 0)
        slot = read_slot(parameter(params, 1, "slot"), "slot")
        return answers.hex_word(self._engine.state_at(self._header(params, 2)).get_storage(address, slot))

    def call(self, params: Sequence[Any]) -> str:
        message = read_call(parameter(params, 0, "call"))
        self._refuse_overrides(params, 2)
        header, state = self._call_state(params)
        return hex_bytes(call(state, message, usable_gas(header)))

    def estimate_gas(self, params: Sequence[Any]) -> str:
        message = read_call(parameter(params, 0, "call"))
        self._refuse_overrides(params, 2)
        header, state = self._call_state(params)
        return hex(estimate_gas(state, message, usable_gas(header)))

    def fee_history(self, params: Sequence[Any]) -> Json:
        wanted = parameter(params, 0, "blockCount")
        count = wanted if isinstance(wanted, int) else read_quantity(wanted, "blockCount")
        newest = self._header([parameter(params, 1, "newestBlock")], 0)
        count = max(0, min(count, newest.block_number + 1, MAX_FEE_HISTORY))
        headers = [self._engine.header(number) for number in range(newest.block_number - count + 1, newest.block_number + 1)]
        percentiles = params[2] if len(params) > 2 and params[2] else []
        history: Json = {
            "oldestBlock": hex(newest.block_number - count + 1 if count else 0),
            "baseFeePerGas": [hex(header.base_fee_per_gas or 0) for header in headers] + ["0x0"],
            # A ratio for display, as the execution API defines it: no quantity of ours.
            "gasUsedRatio": [header.gas_used / header.gas_limit for header in headers],
            "baseFeePerBlobGas": ["0x1"] * (count + 1),
            "blobGasUsedRatio": [0] * count,
        }
        return history | ({"reward": [["0x0"] * len(percentiles) for _ in headers]} if percentiles else {})

    def logs(self, params: Sequence[Any]) -> list[Json]:
        wanted = parameter(params, 0, "filter")
        if not isinstance(wanted, Mapping):
            raise BadRequest("filter: expected an object")
        condition, values = read_log_filter(wanted)
        if wanted.get("blockHash") is not None:
            if "fromBlock" in wanted or "toBlock" in wanted:
                raise BadRequest("cannot specify both blockHash and fromBlock/toBlock")
            header = self._header([{"blockHash": wanted["blockHash"]}], 0)
            low = high = int(header.block_number)
        else:
            low, high = (self._bound(wanted.get(name), name) for name in ("fromBlock", "toBlock"))
        rows = self._engine.select_logs(f"{condition} AND block BETWEEN ? AND ?", [*values, low, high], MAX_LOGS + 1)
        if len(rows) > MAX_LOGS:
            raise LimitExceeded(f"query returned more than {MAX_LOGS} results", hint="ask for fewer blocks at a time")
        headers = {number: self._engine.header(number) for number in {row.block for row in rows}}
        return [answers.log_answer(row, bytes(headers[row.block].hash), headers[row.block].timestamp) for row in rows]

    def proof(self, params: Sequence[Any]) -> Json:
        address = read_address(params, 0)
        wanted = parameter(params, 1, "slots")
        if not isinstance(wanted, list) or len(wanted) > MAX_SLOTS:
            raise BadRequest(f"slots: expected a list of up to {MAX_SLOTS}")
        slots = [read_slot(slot, "slot") for slot in wanted]
        header = self._header(params, 2)
        return answers.proof_answer(build_proof(self._engine.database, header.state_root, address, slots))

    def raw_header(self, params: Sequence[Any]) -> str:
        return hex_bytes(self._engine.header_rlp(self._header(params, 0).block_number))

    def drop_reason(self, params: Sequence[Any]) -> str | None:
        return self._engine.find_drop_reason(read_data(parameter(params, 0, "hash"), "hash", 32))

    def _receipts(self, header: BlockHeaderAPI) -> list[Json]:
        return answers.receipts_answer(self._engine.block(header), self._engine.receipts(header))

    def _find_header(self, value: Any) -> BlockHeaderAPI | None:
        number, block_hash, _ = read_block(value, self._engine.head.block_number)
        if block_hash is not None:
            return self._engine.find_header(block_hash)
        return self._engine.header(number) if number is not None and number <= self._engine.head.block_number else None

    def _header(self, params: Sequence[Any], position: int) -> BlockHeaderAPI:
        value = params[position] if position < len(params) and params[position] is not None else "latest"
        header = self._find_header(value)
        if header is None:
            raise BlockUnknown(f"block not found: {value}")
        return header

    def _call_state(self, params: Sequence[Any]) -> tuple[BlockHeaderAPI, Any]:
        header = self._header(params, 1)
        _, _, at_head = read_block(params[1] if len(params) > 1 and params[1] is not None else "latest", header.block_number)
        timestamp = max(self._engine.now, header.timestamp) if at_head else None
        return header, self._engine.state_at(header, timestamp=timestamp)

    def _bound(self, value: Any, what: str) -> int:
        number, block_hash, _ = read_block("latest" if value is None else value, self._engine.head.block_number)
        if number is None or block_hash is not None:
            raise BadRequest(f"{what}: expected a number or a tag")
        return number

    def _refuse_overrides(self, params: Sequence[Any], position: int) -> None:
        if len(params) > position and params[position]:
            raise BadRequest("state overrides are not supported")
