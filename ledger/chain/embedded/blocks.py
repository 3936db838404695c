"""How a block is built: Cancun rules of py-evm over any of its databases, without keys, fees or rewards.

Rules that py-evm leaves to us, each with its reason:
1. A transaction names our chain id; py-evm never looks at it. Unprotected ones are refused with the rest.
2. A block uses half its gas limit at most. Base fee 0 stays 0 only up to the target; one unit above lifts it to 1 wei for ever, and a
sender without
   ether could never send again.
3. The gas limit is the parent's: py-evm's default step would let it drift.
4. Cancun, not Prague: Prague expects system contracts in genesis, and a chain without them is refused by other clients.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import rlp
from eth.abc import BlockAPI, BlockHeaderAPI, ReceiptAPI, SignedTransactionAPI
from eth.consensus.context import ConsensusContext
from eth.constants import ZERO_ADDRESS
from eth.db.backends.base import BaseAtomicDB
from eth.db.chain import ChainDB
from eth.vm.chain_context import ChainContext
from eth.vm.forks.cancun import CancunVM
from eth_keys.datatypes import PrivateKey
from eth_typing import Address
from eth_utils.exceptions import ValidationError

from ledger.chain.errors import ChainError
from ledger.errors import ConfigurationError

GAS_LIMIT = 120_000_000
EXTRA_DATA = b"lingtan/1"


@dataclass(frozen=True)
class Genesis:
    """What a chain starts from. `balances` is for tests: the product's chain has no ether at all."""

    chain_id: int
    timestamp: int
    gas_limit: int = GAS_LIMIT
    balances: Mapping[bytes, int] | None = None


@dataclass(frozen=True)
class BuiltBlock:
    """A block with its receipts."""

    block: BlockAPI
    receipts: tuple[ReceiptAPI, ...]

    @property
    def header_rlp(self) -> bytes:
        """The bytes whose keccak is the block's hash."""
        return bytes(rlp.encode(self.block.header))


class UnexpectedFailure(Exception):
    """Building broke in a way that validation did not foresee: build again without `transaction`; None where that is not known."""

    def __init__(self, transaction: SignedTransactionAPI | None, cause: Exception) -> None:
        super().__init__(f"{type(cause).__name__}: {cause}")
        self.transaction = transaction


def check_backend() -> None:
    """Refuse to work with the pure-Python curve: 40 to 85 times slower, and not constant time.

    Raises:
        ConfigurationError: coincurve is not what eth_keys uses.
    """
    backend = type(PrivateKey(b"\x01" * 32).backend).__name__
    if backend != "CoinCurveECCBackend":
        raise ConfigurationError(
            f"eth_keys uses {backend}, expected CoinCurveECCBackend", hint="install coincurve, and unset ECC_BACKEND_CLASS"
        )


def usable_gas(header: BlockHeaderAPI) -> int:
    """Return the gas a block after `header` may use (rule 2)."""
    return int(header.gas_limit) // 2


def open_vm(database: BaseAtomicDB, chain_id: int, header: BlockHeaderAPI) -> CancunVM:
    """Return py-evm's machine for the block of `header`."""
    return CancunVM(
        header=header, chaindb=ChainDB(database), chain_context=ChainContext(chain_id), consensus_context=ConsensusContext(database)
    )


def write_genesis(database: BaseAtomicDB, genesis: Genesis) -> BlockHeaderAPI:
    """Write block 0 and return its header."""
    balances = genesis.balances or {}
    blank = CancunVM.create_genesis_header(difficulty=0, gas_limit=genesis.gas_limit, timestamp=genesis.timestamp, base_fee_per_gas=0)
    state = CancunVM.build_state(database, blank, ChainContext(genesis.chain_id))
    for address, balance in balances.items():
        state.set_balance(Address(address), balance)
    state.persist()
    header = blank.copy(state_root=state.state_root, extra_data=EXTRA_DATA)
    ChainDB(database).persist_header(header)
    return header


def build_block(
    database: BaseAtomicDB, chain_id: int, parent: BlockHeaderAPI, timestamp: int, candidates: Iterable[SignedTransactionAPI]
) -> tuple[BuiltBlock | None, dict[bytes, str]]:
    """Build the child of `parent` and write it into `database` (a buffer: the caller commits or discards).

    Args:
        candidates: in the order wanted, the nonces of one sender ascending.

    Returns:
        The block, or None where no transaction was left; and hash → reason of those that failed validation. A transaction that does not
        fit any more, or whose sender's earlier one failed, is in neither: it waits.

    Raises:
        UnexpectedFailure: discard the buffer, and build again without that transaction, or from one candidate at a time.
        ChainError: the storage failed.
    """
    header = CancunVM.create_header_from_parent(
        parent, timestamp=timestamp, gas_limit=parent.gas_limit, coinbase=ZERO_ADDRESS, extra_data=EXTRA_DATA
    )
    vm = open_vm(database, chain_id, header)
    vm.block_preprocessing(vm.get_block())
    transactions: list[SignedTransactionAPI] = []
    receipts: list[ReceiptAPI] = []
    dropped: dict[bytes, str] = {}
    waiting: set[bytes] = set()
    for transaction in candidates:
        if transaction.sender in waiting or header.gas_used + transaction.gas > usable_gas(parent):
            waiting.add(transaction.sender)
            continue
        try:
            receipt, _ = vm.apply_transaction(header, transaction)
        except ValidationError as error:
            dropped[transaction.hash] = str(error)
            waiting.add(transaction.sender)
            continue
        except ChainError:
            raise
        except Exception as error:  # py-evm is archived: a bug in it must cost one transaction, not the chain
            raise UnexpectedFailure(transaction, error) from error
        header = vm.increment_blob_gas_used(vm.add_receipt_to_header(header, receipt), transaction)
        transactions.append(transaction)
        receipts.append(receipt)
    if not transactions:
        return None, dropped
    try:
        filled = vm.set_block_transactions_and_withdrawals(vm.get_block(), header, transactions, receipts)
        block = vm.mine_block(filled).block
        vm.chaindb.persist_block(block)
    except ChainError:
        raise
    except Exception as error:
        raise UnexpectedFailure(transactions[0] if len(transactions) == 1 else None, error) from error
    return BuiltBlock(block, tuple(receipts)), dropped
