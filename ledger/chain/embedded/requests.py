"""Reading the parameters of JSON-RPC requests: strict, and with the place of what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from eth_typing import Address

from ledger.chain.embedded.execution import Call

_QUANTITY = re.compile(r"0x(0|[1-9a-fA-F][0-9a-fA-F]{0,63})")
_DATA = re.compile(r"0x([0-9a-fA-F]{2})*")
_TAGS = ("latest", "pending", "safe", "finalized", "earliest")


class BadRequest(Exception):
    """A parameter is missing or has the wrong form: JSON-RPC error -32602."""


def parameter(params: Sequence[Any], position: int, what: str) -> Any:
    """Return parameter `position`.

    Raises:
        BadRequest: it is missing.
    """
    if position >= len(params):
        raise BadRequest(f"missing value for required argument {position}: {what}")
    return params[position]


def read_quantity(value: Any, what: str) -> int:
    """Return an integer from its 0x form without leading zeros.

    Raises:
        BadRequest: another form.
    """
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise BadRequest(f"{what}: expected a quantity such as 0x1f")
    return int(value, 16)


def read_data(value: Any, what: str, size: int | None = None) -> bytes:
    """Return bytes from 0x hex; `size` says how many there must be.

    Raises:
        BadRequest: another form or size.
    """
    if not isinstance(value, str) or not _DATA.fullmatch(value):
        raise BadRequest(f"{what}: expected 0x and pairs of hex digits")
    data = bytes.fromhex(value[2:])
    if size is not None and len(data) != size:
        raise BadRequest(f"{what}: got {len(data)} bytes, expected {size}")
    return data


def read_address(params: Sequence[Any], position: int) -> Address:
    """Return the address at `position`.

    Raises:
        BadRequest: it is missing, or has another form.
    """
    return Address(read_data(parameter(params, position, "address"), "address", 20))


def read_slot(value: Any, what: str) -> int:
    """Return a storage slot: a quantity, or up to 32 bytes of data.

    Raises:
        BadRequest: another form.
    """
    if not isinstance(value, str) or not re.fullmatch(r"0x[0-9a-fA-F]{1,64}", value):
        raise BadRequest(f"{what}: expected a storage slot in 0x hex")
    return int(value, 16)


def read_block(value: Any, head: int) -> tuple[int | None, bytes | None, bool]:
    """Return (number, None, is head) or (None, hash, False) of a block parameter: tag, number, or object (EIP-1898).

    Raises:
        BadRequest: another form.
    """
    if isinstance(value, Mapping):
        if "blockHash" in value:
            return None, read_data(value["blockHash"], "blockHash", 32), False
        value = value.get("blockNumber")
    if value in _TAGS:
        return (0, None, False) if value == "earliest" else (head, None, True)
    return read_quantity(value, "block"), None, False


def read_call(value: Any) -> Call:
    """Return the message of eth_call and eth_estimateGas.

    Raises:
        BadRequest: a field has the wrong form, or `data` and `input` differ.
    """
    if not isinstance(value, Mapping):
        raise BadRequest("call: expected an object")
    data, entry = value.get("data"), value.get("input")
    if data is not None and entry is not None and data != entry:
        raise BadRequest('call: both "data" and "input" are set and differ')
    payload = entry if entry is not None else data
    to, sender, gas = value.get("to"), value.get("from"), value.get("gas")
    return Call(
        to=Address(read_data(to, "to", 20)) if to not in (None, "") else None,
        data=read_data(payload, "data") if payload is not None else b"",
        sender=Address(read_data(sender, "from", 20)) if sender is not None else Call.sender,
        value=read_quantity(value.get("value", "0x0"), "value"),
        gas=read_quantity(gas, "gas") if gas is not None else None,
        gas_price=read_quantity(value.get("gasPrice", value.get("maxFeePerGas", "0x0")), "gasPrice"),
    )


def read_log_filter(value: Any) -> tuple[str, list[object]]:
    """Return the condition over the log index for the address and topics of a filter, and its values.

    Raises:
        BadRequest: a field has the wrong form.
    """
    conditions: list[str] = []
    values: list[object] = []
    addresses = _alternatives(value.get("address"), "address", 20)
    if addresses is not None:
        conditions.append(_one_of("address", len(addresses)))
        values += addresses
    topics = value.get("topics") or []
    if not isinstance(topics, Sequence) or isinstance(topics, str) or len(topics) > 4:
        raise BadRequest("topics: expected a list of up to four")
    for position, topic in enumerate(topics):
        wanted = _alternatives(topic, f"topics[{position}]", 32)
        if wanted is None:
            conditions.append(f"topic{position} IS NOT NULL")
        else:
            conditions.append(_one_of(f"topic{position}", len(wanted)))
            values += wanted
    return " AND ".join(conditions) or "1", values


def _alternatives(value: Any, what: str, size: int) -> list[bytes] | None:
    if value is None or value == []:
        return None
    items = value if isinstance(value, list) else [value]
    if any(item is None for item in items):
        return None
    return [read_data(item, what, size) for item in items]


def _one_of(column: str, count: int) -> str:
    return f"{column} IN ({', '.join('?' * count)})"
