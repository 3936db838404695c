"""What waits for a block: in RAM, per sender in order of nonce, bounded.

A crash empties it; whoever sent a transaction keeps its bytes and sends the same again until there is a receipt (system law 9).
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from eth.abc import SignedTransactionAPI
from eth_typing import Address

from ledger.chain.errors import TransactionRejected

MAX_TRANSACTIONS = 4096
MAX_PER_SENDER = 1024
MAX_NONCE_GAP = 64
MAX_DROP_REASONS = 1024


@dataclass(frozen=True)
class Waiting:
    """A transaction in the pool, with its place in the order of arrival."""

    arrival: int
    transaction: SignedTransactionAPI


class Pool:
    """The waiting transactions, and why the last dropped ones were dropped."""

    def __init__(self, max_transactions: int = MAX_TRANSACTIONS, max_per_sender: int = MAX_PER_SENDER) -> None:
        self._max_transactions = max_transactions
        self._max_per_sender = max_per_sender
        self._by_sender: dict[Address, dict[int, Waiting]] = {}
        self._by_hash: dict[bytes, Waiting] = {}
        self._dropped: OrderedDict[bytes, str] = OrderedDict()
        self._arrivals = 0

    def __len__(self) -> int:
        return len(self._by_hash)

    def __contains__(self, transaction_hash: bytes) -> bool:
        return transaction_hash in self._by_hash

    def add(self, transaction: SignedTransactionAPI, account_nonce: int) -> None:
        """Admit a transaction that is valid in itself.

        Raises:
            TransactionRejected: its nonce is used, taken by another one here, or too far ahead; or the pool is full.
        """
        queue = self._by_sender.get(transaction.sender, {})
        if transaction.hash in self._by_hash:
            raise TransactionRejected("already known", reason="already_known", hint="ask for its receipt")
        if transaction.nonce < account_nonce:
            raise TransactionRejected(
                f"nonce too low: got {transaction.nonce}, the account's next is {account_nonce}",
                reason="nonce_too_low",
                hint="look the transaction's hash up: it may be mined already",
            )
        if transaction.nonce in queue:
            raise TransactionRejected(
                f"replacement transaction underpriced: another transaction with this nonce ({transaction.nonce}) waits",
                reason="replacement",
                hint="one payload per nonce: send the first one again, or take the next nonce",
            )
        following = self.next_nonce(transaction.sender, account_nonce)
        if transaction.nonce > following + MAX_NONCE_GAP:
            raise TransactionRejected(
                f"nonce too high: got {transaction.nonce}, next is {following}, at most {MAX_NONCE_GAP} ahead",
                reason="nonce_too_high",
                hint="send the missing nonces first",
            )
        if len(self._by_hash) >= self._max_transactions or len(queue) >= self._max_per_sender:
            raise TransactionRejected(
                f"txpool is full: {len(self._by_hash)} waiting, {len(queue)} of this sender", reason="pool_full", hint="wait for a block"
            )
        waiting = Waiting(self._arrivals, transaction)
        self._arrivals += 1
        self._by_sender.setdefault(transaction.sender, {})[transaction.nonce] = waiting
        self._by_hash[transaction.hash] = waiting
        self._dropped.pop(transaction.hash, None)

    def find(self, transaction_hash: bytes) -> SignedTransactionAPI | None:
        """Return a waiting transaction, or None."""
        waiting = self._by_hash.get(transaction_hash)
        return waiting.transaction if waiting else None

    def next_nonce(self, sender: Address, account_nonce: int) -> int:
        """Return the first nonce of `sender` that is neither mined nor waiting."""
        queue = self._by_sender.get(sender, {})
        while account_nonce in queue:
            account_nonce += 1
        return account_nonce

    def executable(self, nonce_of: Callable[[Address], int]) -> Iterator[SignedTransactionAPI]:
        """Yield what could be mined now: in order of arrival, the nonces of one sender ascending and without a gap."""
        heads: list[tuple[int, Address, int]] = []
        for sender, queue in self._by_sender.items():
            nonce = nonce_of(sender)
            if nonce in queue:
                heapq.heappush(heads, (queue[nonce].arrival, sender, nonce))
        while heads:
            _, sender, nonce = heapq.heappop(heads)
            queue = self._by_sender[sender]
            yield queue[nonce].transaction
            if nonce + 1 in queue:
                heapq.heappush(heads, (queue[nonce + 1].arrival, sender, nonce + 1))

    def remove(self, transaction_hash: bytes) -> None:
        """Take a mined transaction out."""
        waiting = self._by_hash.pop(transaction_hash, None)
        if waiting is not None:
            queue = self._by_sender[waiting.transaction.sender]
            del queue[waiting.transaction.nonce]
            if not queue:
                del self._by_sender[waiting.transaction.sender]

    def drop(self, transaction_hash: bytes, reason: str) -> None:
        """Take a transaction out that can never be mined, and remember why."""
        self.remove(transaction_hash)
        self._dropped[transaction_hash] = reason
        while len(self._dropped) > MAX_DROP_REASONS:
            self._dropped.popitem(last=False)

    def forget_used(self, nonce_of: Callable[[Address], int]) -> None:
        """Drop what the chain has overtaken: nonces below their account's."""
        for sender in list(self._by_sender):
            nonce = nonce_of(sender)
            for waiting in [item for item in self._by_sender[sender].values() if item.transaction.nonce < nonce]:
                self.drop(waiting.transaction.hash, f"nonce too low: the account's next is {nonce}")

    def drop_reason(self, transaction_hash: bytes) -> str | None:
        """Return why a transaction was dropped, as long as that is remembered."""
        return self._dropped.get(transaction_hash)
