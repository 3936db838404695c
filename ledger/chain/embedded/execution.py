"""Execution without a transaction: eth_call and eth_estimateGas.

Any sender may call, without funds and without a signature; nothing is written. A call at a numbered block runs in that block's own
context; a call at the head runs at the clock's time, because an idle chain's head may be hours old and a deadline is judged by the
block that will come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from eth.abc import ComputationAPI, SignedTransactionAPI, StateAPI
from eth.constants import CREATE_CONTRACT_ADDRESS, ZERO_ADDRESS
from eth.exceptions import OutOfGas, Revert
from eth.vm.forks.cancun import CancunVM
from eth.vm.spoof import SpoofTransaction
from eth_typing import Address
from eth_utils.exceptions import ValidationError

from ledger.chain.errors import ChainError, TransactionRejected, decode_revert

# What a call may use unless it names more: ten times our dearest. An endless loop holds the engine's lock until its gas is gone.
CALL_GAS = 20_000_000


@dataclass(frozen=True)
class Call:
    """A message as JSON-RPC names it; `gas` None means `CALL_GAS`."""

    to: Address | None
    data: bytes = b""
    sender: Address = ZERO_ADDRESS
    value: int = 0
    gas: int | None = None
    gas_price: int = 0


class ExecutionFailed(ChainError):
    """The EVM stopped without a revert: out of gas, an invalid opcode, a stack error."""

    code = "chain.execution"


def call(state: StateAPI, message: Call, usable: int) -> bytes:
    """Return what the message returns.

    Raises:
        ChainRefused: it reverted; `data` holds what it said.
        ExecutionFailed: it stopped otherwise.
        TransactionRejected: the value is above the sender's balance, or the gas above `usable`.
    """
    computation = _execute(state, message, _gas(message, usable))
    if computation.is_error:
        raise _failure(computation)
    return bytes(computation.output)


def estimate_gas(state: StateAPI, message: Call, usable: int) -> int:
    """Return a gas limit that suffices, at most 1/64 above the least one.

    Raises:
        ChainRefused, ExecutionFailed, TransactionRejected: as `call`, with all the gas allowed.
    """
    ceiling = _gas(message, usable)
    computation = _execute(state, message, ceiling)
    if computation.is_error:
        raise _failure(computation)
    used = ceiling - computation.get_gas_remaining()
    low, high = used - 1, ceiling
    # The gas spent is a lower bound; refunds and the 63/64 rule for inner calls decide how much more must be carried along.
    likely = min(ceiling, (used + computation.get_gas_refund() + 2300) * 64 // 63)
    if likely < high and not _execute(state, message, likely).is_error:
        high = likely
    while high - low > max(1, high // 64):
        middle = (low + high) // 2
        if _execute(state, message, middle).is_error:
            low = middle
        else:
            high = middle
    return high


def _gas(message: Call, usable: int) -> int:
    if message.gas is None:
        return min(usable, CALL_GAS)
    if message.gas > usable:
        raise TransactionRejected(
            f"exceeds block gas limit: {message.gas} gas wanted, {usable} usable", reason="gas_limit", hint="leave gas out"
        )
    return message.gas


def _execute(state: StateAPI, message: Call, gas: int) -> ComputationAPI:
    unsigned = CancunVM.create_unsigned_transaction(
        nonce=state.get_nonce(message.sender),
        gas_price=message.gas_price,
        gas=gas,
        to=CREATE_CONTRACT_ADDRESS if message.to is None else message.to,
        value=message.value,
        data=message.data,
    )
    transaction = cast(SignedTransactionAPI, SpoofTransaction(unsigned, from_=message.sender))
    intrinsic = transaction.intrinsic_gas
    if gas < intrinsic:
        raise TransactionRejected(f"intrinsic gas too low: got {gas}, needs {intrinsic}", reason="intrinsic_gas", hint="leave gas out")
    snapshot = state.snapshot()
    try:
        return state.costless_execute_transaction(transaction)
    except ValidationError as error:
        raise TransactionRejected(f"insufficient funds for transfer: {error}", reason="funds", hint="this chain has no ether") from error
    finally:
        state.revert(snapshot)


def _failure(computation: ComputationAPI) -> ChainError:
    error = computation.error
    if isinstance(error, Revert):
        return decode_revert(bytes(computation.output))
    if isinstance(error, OutOfGas):
        return ExecutionFailed("out of gas", hint="allow more gas")
    return ExecutionFailed(f"execution stopped: {type(error).__name__}: {error}", hint="this is no revert: look at the contract")
