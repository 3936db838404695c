"""The engine: admits transactions, seals blocks, answers reads. One lock, no thread of its own.

Sealing happens inside calls: admitting a transaction seals at once when the clock is past the head's time, and every read first seals
what waits if the clock allows. Header times rise strictly and never run ahead of the clock, so there is one block per second at most.

A block is one sqlite transaction. When that fails, the head stays where it was, everything built in memory is thrown away, the pool is
kept, and the caller gets `StorageFailed`; the next call tries again.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import rlp
from eth.abc import BlockAPI, BlockHeaderAPI, ReceiptAPI, SignedTransactionAPI, StateAPI
from eth.db.chain import ChainDB
from eth.exceptions import TransactionNotFound
from eth.vm.chain_context import ChainContext
from eth.vm.forks.cancun import CancunVM
from eth_typing import Address, BlockNumber, Hash32
from eth_utils.crypto import keccak

from ledger.chain.embedded.admission import decode_transaction, validate_transaction
from ledger.chain.embedded.block_log import BlockLog
from ledger.chain.embedded.blocks import (
    BuiltBlock,
    Genesis,
    UnexpectedFailure,
    build_block,
    check_backend,
    open_vm,
    usable_gas,
    write_genesis,
)
from ledger.chain.embedded.lock import FileLock
from ledger.chain.embedded.pool import Pool
from ledger.chain.embedded.store import LAYOUT, BlockBuffer, LogRow, SqliteStore
from ledger.chain.errors import BlockUnknown, ChainCorrupt, ChainError, TransactionRejected, WrongChain
from ledger.clock import Clock

P = ParamSpec("P")
R = TypeVar("R")


def _locked(method: Callable[Concatenate[Engine, P], R]) -> Callable[Concatenate[Engine, P], R]:
    def run(engine: Engine, /, *arguments: P.args, **named: P.kwargs) -> R:
        with engine._mutex:
            return method(engine, *arguments, **named)

    run.__doc__ = method.__doc__
    run.__name__ = method.__name__
    return run


class Engine:
    """An Ethereum chain with Cancun rules in one file. It holds no key and signs nothing.

    Every public method is safe from any thread of the process that opened it.
    """

    def __init__(self, path: Path, chain_id: int, *, clock: Clock, genesis: Genesis | None = None, pool: Pool | None = None) -> None:
        """Open the chain at `path`; create it where there is none.

        Args:
            path: the sqlite file; `<path>.lock` is held while the engine is open.
            chain_id: refused when the file holds another chain.
            clock: gives header times.
            genesis: for a new file; one second before the clock's time, without balances, where it is left out.

        Raises:
            ChainLocked: the file is open elsewhere.
            WrongChain: the file holds another chain.
            ChainCorrupt: the file contradicts itself.
            StorageFailed: the file cannot be read or written.
            ConfigurationError: coincurve is missing.
        """
        check_backend()
        self._head: BlockHeaderAPI
        self.path, self.chain_id, self._clock = path, chain_id, clock
        self._mutex = threading.RLock()
        self._lock = FileLock(path)
        try:
            self._store = SqliteStore(path)
            self._buffer = BlockBuffer(self._store)
            self._chain = ChainDB(self._buffer)
            self.block_log = BlockLog(self._store)
            # A second before now, so that the first transaction need not wait.
            self._load(genesis or Genesis(chain_id, clock.now() - 1))
        except BaseException:
            self.close()
            raise
        self._pool = Pool() if pool is None else pool

    # --- writing -----------------------------------------------------------------------------------------------------

    @_locked
    def submit(self, raw: bytes) -> bytes:
        """Admit a signed transaction and return its hash; seal at once when the clock allows.

        Raises:
            TransactionRejected: it can never be mined as it is; nothing was changed.
            StorageFailed: it waits in the pool, but the block could not be written. Send the same bytes again.
        """
        self._lock.check_owner()
        transaction = decode_transaction(raw, self.chain_id)
        if transaction.hash in self._pool:
            self._seal_if_due()  # so that a resend learns of a disk that still fails
            raise TransactionRejected("already known", reason="already_known", hint="ask for its receipt")
        self._refuse_mined(transaction)
        state = self.state_at(self.head)
        validate_transaction(transaction, state, usable_gas(self.head))
        self._pool.add(transaction, state.get_nonce(transaction.sender))
        self._seal_if_due()
        return bytes(transaction.hash)

    @_locked
    def settle(self) -> None:
        """Seal what waits, if the clock allows: every read calls this first.

        Raises:
            StorageFailed: the block could not be written; the pool is kept.
        """
        self._seal_if_due()

    # --- reading -----------------------------------------------------------------------------------------------------

    @property
    def head(self) -> BlockHeaderAPI:
        """The header of the last sealed block."""
        return self._head

    @property
    def genesis_hash(self) -> bytes:
        """The hash of block 0."""
        return bytes(self._chain.get_canonical_block_hash(BlockNumber(0)))

    @_locked
    def header(self, number: int) -> BlockHeaderAPI:
        """Return header `number`.

        Raises:
            BlockUnknown: there is none.
        """
        if not 0 <= number <= self._head.block_number:
            raise BlockUnknown(f"block {number} not found: the head is {self._head.block_number}", number=number)
        return self._chain.get_canonical_block_header_by_number(BlockNumber(number))

    @_locked
    def find_header(self, block_hash: bytes) -> BlockHeaderAPI | None:
        """Return the header of this hash, or None."""
        try:
            header = self._chain.get_block_header_by_hash(Hash32(block_hash))
            return header if self._chain.get_canonical_block_hash(header.block_number) == block_hash else None
        except ChainError:
            raise
        except Exception:  # no such key, or a trie node of that hash: both live under 32-byte keys, and only one of them is a header
            return None

    @_locked
    def header_rlp(self, number: int) -> bytes:
        """Return the raw RLP of header `number`.

        Raises:
            BlockUnknown: there is none.
        """
        return bytes(rlp.encode(self.header(number)))

    @_locked
    def block(self, header: BlockHeaderAPI) -> BlockAPI:
        """Return the block of a header of this chain."""
        return open_vm(self._buffer, self.chain_id, header).get_block()

    @_locked
    def receipts(self, header: BlockHeaderAPI) -> tuple[ReceiptAPI, ...]:
        """Return the receipts of a block, in order of its transactions."""
        return tuple(self._chain.get_receipts(header, CancunVM.get_receipt_builder()))

    @_locked
    def find_place(self, transaction_hash: bytes) -> tuple[int, int] | None:
        """Return (block number, index) of a mined transaction, or None."""
        try:
            number, index = self._chain.get_transaction_index(Hash32(transaction_hash))
        except TransactionNotFound:
            return None
        return number, index

    @_locked
    def find_waiting(self, transaction_hash: bytes) -> SignedTransactionAPI | None:
        """Return a transaction of the pool, or None."""
        return self._pool.find(transaction_hash)

    @_locked
    def find_drop_reason(self, transaction_hash: bytes) -> str | None:
        """Return why a transaction left the pool without being mined, as long as that is remembered."""
        return self._pool.drop_reason(transaction_hash)

    @_locked
    def pending_nonce(self, address: Address) -> int:
        """Return the next free nonce of an account, counting what waits."""
        return self._pool.next_nonce(address, self.state_at(self._head).get_nonce(address))

    @_locked
    def select_logs(self, where: str, values: Sequence[object], limit: int) -> list[LogRow]:
        """Return at most `limit` rows of the log index, in chain order (see `SqliteStore.select_logs`)."""
        return self._store.select_logs(where, values, limit)

    @_locked
    def state_at(self, header: BlockHeaderAPI, *, timestamp: int | None = None) -> StateAPI:
        """Return a throw-away state after block `header`, in that block's own context; `timestamp` replaces its time."""
        context = header if timestamp is None else header.copy(timestamp=timestamp)
        previous = CancunVM.get_prev_hashes(header.parent_hash, self._chain) or ()
        return CancunVM.build_state(self._buffer, context, ChainContext(self.chain_id), previous)

    @property
    def database(self) -> BlockBuffer:
        """What tries are read from."""
        return self._buffer

    @property
    def now(self) -> int:
        """The clock's time."""
        return self._clock.now()

    @property
    def mutex(self) -> threading.RLock:
        """Held by whoever needs several reads of one moment."""
        return self._mutex

    def waiting(self) -> int:
        """Return the number of transactions in the pool."""
        return len(self._pool)

    @_locked
    def check_integrity(self) -> str:
        """Return sqlite's verdict on the file: `ok`, or what is broken."""
        return self._store.check_integrity()

    def close(self) -> None:
        """Close the file and give the lock back; what waits in the pool is lost. Harmless when done twice."""
        with self._mutex:
            store = getattr(self, "_store", None)
            if store is not None:
                store.close()
            self._lock.release()

    # --- sealing -----------------------------------------------------------------------------------------------------

    def _seal_if_due(self) -> None:
        self._lock.check_owner()
        now = self._clock.now()
        if len(self._pool) and now > self._head.timestamp:
            self._seal(now)

    def _seal(self, timestamp: int) -> None:
        limit: int | None = None
        while True:
            state = self.state_at(self._head)
            try:
                built, dropped = build_block(
                    self._buffer, self.chain_id, self._head, timestamp, itertools.islice(self._pool.executable(state.get_nonce), limit)
                )
                if built is not None:
                    self._commit(built)
            except UnexpectedFailure as failure:
                self._buffer.discard()
                # Without a culprit, the next try takes one transaction alone; that names it.
                limit = 1
                if failure.transaction is not None:
                    self._pool.drop(failure.transaction.hash, f"execution broke: {failure}")
                continue
            except BaseException:
                self._buffer.discard()
                self._reload_head()
                raise
            self._buffer.discard()
            for transaction_hash, reason in dropped.items():
                self._pool.drop(transaction_hash, reason)
            if built is not None:
                self._head = built.block.header
                for transaction in built.block.transactions:
                    self._pool.remove(transaction.hash)
            return

    def _commit(self, built: BuiltBlock) -> None:
        puts, deletes = self._buffer.take()
        nodes = self.block_log.nodes_of_leaf(built.block.number, built.header_rlp)
        self._store.write(puts, deletes, log_rows(built.block, built.receipts), nodes)

    def _reload_head(self) -> None:
        # After a failed write only the file knows. A COMMIT that failed late may still have counted: then the pool's transactions are
        # mined.
        try:
            self._head = self._chain.get_canonical_head()
            self._pool.forget_used(self.state_at(self._head).get_nonce)
        except ChainError:
            pass  # the disk does not even read now; the head we know is still the last acknowledged one

    def _refuse_mined(self, transaction: SignedTransactionAPI) -> None:
        if self.find_place(transaction.hash) is not None:
            raise TransactionRejected("already known: the transaction is mined", reason="already_known", hint="ask for its receipt")

    # --- opening -----------------------------------------------------------------------------------------------------

    def _load(self, genesis: Genesis) -> None:
        if self._store.is_new:
            fresh = BlockBuffer(None)
            header = write_genesis(fresh, genesis)
            puts, deletes = fresh.take()
            meta = {"layout": str(LAYOUT).encode(), "chain_id": str(self.chain_id).encode(), "genesis": bytes(header.hash)}
            self._store.write(puts, deletes, (), self.block_log.nodes_of_leaf(0, bytes(rlp.encode(header))), meta)
        self._check_meta()
        self._head = self._chain.get_canonical_head()
        self._check_head()

    def _check_meta(self) -> None:
        layout = self._store.find_meta("layout")
        if layout != str(LAYOUT).encode():
            raise ChainCorrupt(f"layout {layout!r} of {self.path}, expected {LAYOUT}", hint="open it with the release that wrote it")
        found = int(self._store.find_meta("chain_id") or b"0")
        if found != self.chain_id:
            raise WrongChain(found, self.chain_id, str(self.path))

    def _check_head(self) -> None:
        number, raw = self._head.block_number, rlp.encode(self._head)
        if self.block_log.size != number + 1:
            raise ChainCorrupt(f"the block log has {self.block_log.size} leaves, the head is block {number}", hint="restore a backup")
        if keccak(raw) != self._head.hash or self.block_log.nodes_of_leaf(number, raw)[0].hash != self.block_log.node(0, number):
            raise ChainCorrupt(f"the head (block {number}) is not what the block log holds", hint="restore a backup")
        if self.genesis_hash != self._store.find_meta("genesis"):
            raise ChainCorrupt("block 0 is not the genesis the file was created with", hint="restore a backup")


def log_rows(block: BlockAPI, receipts: Sequence[ReceiptAPI]) -> list[LogRow]:
    """Return the rows of the log index for a block."""
    rows: list[LogRow] = []
    for index, (transaction, receipt) in enumerate(zip(block.transactions, receipts, strict=True)):
        for log in receipt.logs:
            topics = tuple(topic.to_bytes(32, "big") for topic in log.topics)
            rows.append(LogRow(block.number, len(rows), index, bytes(transaction.hash), bytes(log.address), topics, bytes(log.data)))
    return rows
