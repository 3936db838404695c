"""What the pool asks of a transaction before it may wait: everything that could only fail later.

py-evm checks neither the chain id nor the gas against what a block can use; both are checked here, with the rest, so that a transaction
that can never be mined is refused to its sender instead of sitting on the sender's nonces.
"""

from __future__ import annotations

from eth.abc import SignedTransactionAPI, StateAPI
from eth.constants import CREATE_CONTRACT_ADDRESS
from eth.vm.forks.cancun import CancunVM
from eth.vm.forks.cancun.constants import BLOB_TX_TYPE
from eth_utils.crypto import keccak

from ledger.chain.errors import TransactionRejected

MAX_RAW_BYTES = 128 * 1024
MAX_INIT_CODE = 49_152  # EIP-3860
_HALF_CURVE_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def decode_transaction(raw: bytes, chain_id: int) -> SignedTransactionAPI:
    """Return the signed transaction of these bytes.

    Raises:
        TransactionRejected: not a transaction of type 0, 1 or 2 in canonical form, signed for this chain with a low s.
    """
    if len(raw) > MAX_RAW_BYTES:
        raise TransactionRejected(f"malformed: {len(raw)} bytes, at most {MAX_RAW_BYTES}", reason="malformed", hint="send less calldata")
    try:
        transaction = CancunVM.get_transaction_builder().decode(raw)
        canonical = transaction.encode() == raw
    except Exception as error:  # the decoders raise whatever their library raises; the bytes are a stranger's
        raise TransactionRejected(
            f"malformed: not the rlp of a signed transaction ({type(error).__name__})", reason="malformed", hint="send a signed transaction"
        ) from error
    if not canonical or keccak(raw) != transaction.hash:
        raise TransactionRejected("malformed: not in canonical rlp", reason="malformed", hint="send the bytes as they were signed")
    if transaction.type_id == BLOB_TX_TYPE:
        raise TransactionRejected("transaction type not supported: blobs", reason="type", hint="send type 0, 1 or 2")
    if transaction.chain_id is None:
        raise TransactionRejected(
            "only replay-protected (EIP-155) transactions are accepted", reason="chain_id", hint=f"sign for chain id {chain_id}"
        )
    if transaction.chain_id != chain_id:
        raise TransactionRejected(
            f"invalid chain id: got {transaction.chain_id}, this chain is {chain_id}",
            reason="chain_id",
            hint=f"sign for chain id {chain_id}",
        )
    intrinsic = transaction.intrinsic_gas
    if transaction.gas < intrinsic:
        raise TransactionRejected(
            f"intrinsic gas too low: got {transaction.gas}, needs {intrinsic}", reason="intrinsic_gas", hint="estimate the gas"
        )
    _check_signature(transaction)
    return transaction


def validate_transaction(transaction: SignedTransactionAPI, state: StateAPI, usable: int) -> None:
    """Check a decoded transaction against the head's state; `usable` is the gas one block can give.

    Raises:
        TransactionRejected: it could never be mined. The nonce is the pool's matter.
    """
    if transaction.gas > usable:
        raise TransactionRejected(
            f"exceeds block gas limit: {transaction.gas} gas wanted, {usable} usable",
            reason="gas_limit",
            hint="estimate the gas, or send less work",
        )
    if transaction.to == CREATE_CONTRACT_ADDRESS and len(transaction.data) > MAX_INIT_CODE:
        raise TransactionRejected(f"malformed: init code of {len(transaction.data)} bytes, at most {MAX_INIT_CODE}", reason="malformed")
    if transaction.max_priority_fee_per_gas > transaction.max_fee_per_gas:
        raise TransactionRejected("max priority fee per gas is above max fee per gas", reason="fee", hint="set both to 0")
    needed = transaction.value + transaction.gas * transaction.max_fee_per_gas
    balance = state.get_balance(transaction.sender)
    if balance < needed:
        raise TransactionRejected(
            f"insufficient funds for gas * price + value: has {balance}, needs {needed}",
            reason="funds",
            hint="this chain has no ether: set the gas price and the value to 0",
        )


def _check_signature(transaction: SignedTransactionAPI) -> None:
    try:
        transaction.validate()
        sender = transaction.sender
    except Exception as error:
        raise TransactionRejected(f"invalid signature: {error}", reason="signature", hint="sign again") from error
    if transaction.s > _HALF_CURVE_ORDER or len(sender) != 20:
        raise TransactionRejected("invalid signature s value: above half the curve's order", reason="signature", hint="sign with low s")
