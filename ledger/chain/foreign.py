"""What a foreign exception means in our words. Loaded only when one has been caught.

No text of a transport error is repeated: it can hold the node's URL, and a URL can hold a password.
"""

from __future__ import annotations

import ast
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

import requests
from eth_abi.abi import encode
from urllib3 import exceptions as transport
from web3 import exceptions as web3_errors

from ledger.chain.errors import (
    ERROR_SELECTOR,
    Abi,
    BlockUnknown,
    ChainError,
    ChainUnavailable,
    NotSupported,
    OutcomeUnknown,
    StorageFailed,
    TransactionRejected,
    decode_revert,
    rejection_reason,
)

_METHOD_NOT_FOUND = -32601
_UNAVAILABLE = -32002
_STATE_GONE = (
    "missing trie node",
    "world state",
    "state not available",
    "state is not available",
    "outofrange",
    "out of range",
    "historical state",
)
_NEVER_SENT = (transport.NewConnectionError, transport.ConnectTimeoutError, transport.LocationParseError, ConnectionRefusedError)
_NO_ANSWER = (
    requests.RequestException,
    OSError,
    web3_errors.ProviderConnectionError,
    web3_errors.RequestTimedOut,
    web3_errors.TimeExhausted,
)
_ODD_ANSWER = (web3_errors.BadResponseFormat, web3_errors.CannotHandleRequest, web3_errors.TooManyRequests, UnicodeDecodeError)


def translate(error: Exception, *, abi: Abi = (), sending: bool = False) -> ChainError:
    """Return our error for a foreign one (see `ledger.chain.border`)."""
    if isinstance(error, web3_errors.ContractLogicError):
        return decode_revert(_bytes(getattr(error, "data", None)), abi)
    if isinstance(error, web3_errors.BlockNotFound):
        return BlockUnknown(f"the chain does not know this block: {_short(error)}", hint="ask for a block up to the head")
    if isinstance(error, web3_errors.Web3RPCError) and not isinstance(error, web3_errors.RequestTimedOut):
        body: Any = (getattr(error, "rpc_response", None) or {}).get("error")
        return _answered(body if isinstance(body, Mapping) else {"message": _short(error)}, abi, sending)
    if isinstance(error, sqlite3.Error):
        return StorageFailed(f"sqlite: {_short(error)}", hint="check the disk")
    if isinstance(error, _NO_ANSWER):
        return _no_answer(error, sending)
    if isinstance(error, _ODD_ANSWER) or type(error).__name__ == "JSONDecodeError":
        return _lost(sending, "the answer is no JSON-RPC", "check that the URL is an Ethereum node's")
    return _tester(error, abi) or _unexpected(error, sending)


def read_response(response: object, *, sending: bool = False) -> Any:
    """Return the result of a JSON-RPC response.

    Raises:
        ChainError: it holds an error, or is no response.
    """
    if not isinstance(response, Mapping) or ("error" in response) == ("result" in response):
        raise _lost(sending, "the answer is no JSON-RPC", "check that the URL is an Ethereum node's")
    if "result" in response:
        return response["result"]
    body = response["error"]
    if not isinstance(body, Mapping):
        raise _lost(sending, "the answer's error is no object", "check that the URL is an Ethereum node's")
    raise _answered(body, (), sending)


def _answered(body: Mapping[str, Any], abi: Abi, sending: bool) -> ChainError:
    """Return our error for an error object of JSON-RPC."""
    code, message, data = body.get("code"), str(body.get("message", "")), body.get("data")
    lowered = message.lower()
    if code == _METHOD_NOT_FOUND:
        return NotSupported(f"the node does not offer this method: {message}", hint="enable it on the node, or use another node")
    if code == _UNAVAILABLE:
        return StorageFailed(message, hint="free or repair the disk; the head did not move")
    if "revert" in lowered:
        return decode_revert(_bytes(data), abi)
    if any(phrase in lowered for phrase in _STATE_GONE):
        return BlockUnknown(
            f"the node does not keep this block's state: {message}", hint="capture proofs when the anchor is made, or ask an archive node"
        )
    reason = rejection_reason(message)
    if reason is not None:
        return TransactionRejected(message, reason=reason)
    if sending:
        return OutcomeUnknown(
            f"the node answered the transaction with {code}: {message}", hint="look for the hash; resend only the same bytes"
        )
    return ChainError(f"the node answered with error {code}: {message}", hint="see the node's log", rpc_code=code)


def _no_answer(error: Exception, sending: bool) -> ChainError:
    status = getattr(getattr(error, "response", None), "status_code", None)
    what = f"HTTP status {status}" if status else type(error).__name__
    if sending and not _never_sent(error) and not (status and 400 <= status < 500):
        return _lost(True, what, "")
    return ChainUnavailable(f"no answer from the node ({what})", hint="start the node or check the URL; nothing was changed")


def _lost(sending: bool, what: str, hint: str) -> ChainError:
    if sending:
        return OutcomeUnknown(
            f"a transaction was sent and its answer was lost ({what})", hint="look for the hash; resend only the same bytes"
        )
    return ChainUnavailable(f"no usable answer from the node: {what}", hint=hint)


def _tester(error: Exception, abi: Abi) -> ChainError | None:
    """Return our error for what eth-tester raises where a node would answer, or None."""
    name, module = type(error).__name__, type(error).__module__
    if not module.startswith(("eth_tester.", "eth.", "eth_utils.")):
        return None
    if name == "TransactionFailed":
        return decode_revert(_revert_data(error), abi)
    if name in ("BlockNotFound", "HeaderNotFound"):
        return BlockUnknown(f"the chain does not know this block: {_short(error)}", hint="ask for a block up to the head")
    reason = rejection_reason(_short(error))
    if name == "ValidationError":
        return TransactionRejected(_short(error), reason=reason or "malformed")
    return None


def _unexpected(error: Exception, sending: bool) -> ChainError:
    what = f"{type(error).__name__}: {_short(error)}"
    if sending:
        return OutcomeUnknown(
            f"a transaction was sent and something unexpected came back: {what}", hint="look for the hash; resend only the same bytes"
        )
    return ChainError(f"the chain answered something unexpected: {what}", hint="report this with the log")


def _never_sent(error: Exception) -> bool:
    return isinstance(error, requests.ConnectTimeout) or any(isinstance(item, _NEVER_SENT) for item in _chain(error))


def _revert_data(error: Exception) -> bytes:
    """Return the EVM's words from eth-tester, which hands them out as Python source (`b'..'`), or already read as `Error(string)`."""
    text = _text(error).removeprefix("execution reverted: ")
    if text.startswith(("b'", 'b"')):
        return bytes(ast.literal_eval(text))
    return ERROR_SELECTOR + encode(["string"], [text]) if text else b""


def _chain(error: BaseException) -> Iterator[object]:
    """Yield what an exception was made of and caused by, nearest first."""
    todo: list[object] = [error]
    seen: set[int] = set()
    while todo and len(seen) < 64:
        item = todo.pop(0)
        if id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        if isinstance(item, BaseException):
            todo += [*item.args, getattr(item, "reason", None), item.__cause__, item.__context__]


def _bytes(data: object) -> bytes:
    if isinstance(data, Mapping):
        data = data.get("data")
    if isinstance(data, bytes | bytearray):
        return bytes(data)
    if not isinstance(data, str):
        return b""
    text = data.removeprefix("Reverted ").removeprefix("execution reverted: ").strip()
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        return b""


def _short(error: Exception) -> str:
    return _text(error)[:200]


def _text(error: Exception) -> str:
    try:
        return str(error)
    except Exception:  # some libraries' errors cannot be printed unless they were made in one way
        return "(no text)"
