"""The relay: every queued row becomes exactly one transaction in the chain, whatever dies in between (chain design §4).

Rules: (1) the signed bytes are stored before the first word to the node about them; (2) a row keeps its nonce and its bytes for
ever, and is resent as it is; (3) a row whose nonce somebody else used is QUARANTINED with an alarm, never signed anew; (4) what would
revert is found by `eth_call` before a nonce is spent; (5) a receipt counts only while its block is in the chain; (6) one writer per
signer, by lease.
A relayer's key pays and orders, nothing else: it can delay a message and cannot make one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from ledger.chain.client import ChainClient, Receipt
from ledger.chain.errors import Abi, ChainError, ChainRefused, ChainUnavailable, OutcomeUnknown, TransactionRejected, decode_revert
from ledger.chain.keystore import Signer
from ledger.chain.outbox_port import OutboxPort
from ledger.chain.transaction import Call, sign_transaction, transaction_hash
from ledger.errors import Conflict, LedgerError
from ledger.records.outbox import MINED, QUEUED, SENT, SIGNED, OutboxRow

T = TypeVar("T")

PLAIN_TRANSFER_GAS = 21_000
LEASE_LOST = "outbox.lease_lost"  # the code by which the keeper of the outbox says that another holder has taken over

# The pool may take these bytes later; every other refusal is for ever.
_PASSING_REFUSALS = frozenset({"nonce_too_high", "pool_full", "fee", "funds", "replacement"})


@dataclass(frozen=True)
class RelaySettings:
    """How patient the relay is; times in seconds, depth in blocks (0 on the embedded engine: its blocks are final when they exist)."""

    holder: str
    confirmations: int = 0
    max_in_flight: int = 16
    batch: int = 64
    resend_after: int = 15
    first_delay: int = 2
    longest_delay: int = 300
    lease_seconds: int = 60
    fee_multiplier: int = 2


@dataclass(frozen=True)
class Alarm:
    """Something a human must look at; `row` is absent where it concerns the signer as a whole."""

    code: str
    message: str
    signer: str
    row: OutboxRow | None = None


@dataclass(frozen=True)
class StepSummary:
    """What one pass did: how many rows made which step, and whether it could work at all."""

    leased: bool
    node_available: bool
    counts: dict[str, int] = field(default_factory=dict)

    def __getitem__(self, step: str) -> int:
        return self.counts.get(step, 0)


class _NodeGone(Exception):
    """The node does not answer: the rest of the pass would fail the same way."""


class _LeaseLost(Exception):
    """Another holder took over during the pass."""


class Relay:
    """One signer's relay on one chain. `step` is the whole of it: call it again and again, from one place.

    Args:
        on_final: called with the row and its receipt before the row is recorded as FINAL. It runs at least once: it must do no harm when it
            runs again after a crash. A LedgerError from it leaves the row MINED, to be tried again.
        alarm: called when a human must look.
        errors: ABI entries of type error, to name what a contract refused.
    """

    def __init__(
        self,
        port: OutboxPort,
        client: ChainClient,
        signer: Signer,
        settings: RelaySettings,
        *,
        on_final: Callable[[OutboxRow, Receipt], None] = lambda row, receipt: None,
        alarm: Callable[[Alarm], None] = lambda alarm: None,
        errors: Abi = (),
    ) -> None:
        self._port, self._client, self._signer, self._settings = port, client, signer, settings
        self._on_final, self._alarm, self._errors = on_final, alarm, errors

    def step(self, now: int) -> StepSummary:
        """Do one pass over what is in flight and what is due.

        Raises:
            WrongChain: the node serves another chain now.
        """
        counts: Counter[str] = Counter()
        try:
            self._renew(now)
            self._advance(now, counts)
            self._send_due(now, counts)
            if counts["sent"] or counts["mined"]:
                # An engine that mines at once has the receipts already, and what is mined there is final.
                self._advance(now, counts)
        except _LeaseLost:
            return StepSummary(False, True, dict(counts))
        except _NodeGone:
            return StepSummary(True, False, dict(counts))
        except Conflict as error:
            if error.code != LEASE_LOST:
                raise
            return StepSummary(False, True, dict(counts))
        return StepSummary(True, True, dict(counts))

    def close_gap(self) -> str | None:
        """Spend the lowest nonce that nothing holds on a transaction to oneself that does nothing; return its hash, None without a gap.

        For an operator who has looked at the alarm: what was quarantined with this nonce can then never be mined, and what waits behind
        it goes on. Calling it again sends the same bytes again.
        """
        missing = self._missing_nonces(self._client.nonce(self._signer.address), self._in_flight())
        if not missing:
            return None
        call = Call(self._signer.address, b"", PLAIN_TRANSFER_GAS)
        fee = self._client.base_fee() * self._settings.fee_multiplier
        signed = sign_transaction(self._signer, call, chain_id=self._client.chain_id, nonce=missing[0], max_fee=fee)
        return self._client.send_raw(signed.raw)

    # What is in flight

    def _advance(self, now: int, counts: Counter[str]) -> None:
        for row in self._in_flight():
            if row.state == MINED:
                self._settle(row, now, counts)
                continue
            if row.state == SENT and self._find_mined(row, now, counts):
                continue
            if row.next_at <= now:
                self._broadcast(row, now, counts)

    def _settle(self, row: OutboxRow, now: int, counts: Counter[str]) -> None:
        """Take a mined row to its end, or back when its block is gone."""
        receipt = self._ask(row, now, lambda: self._client.find_receipt(_hash(row)))
        if receipt is None or receipt.block_hash != row.block_hash:
            found = "nowhere" if receipt is None else f"in block {receipt.block_hash}"
            self._port.record_back_to_sent(row.id, now, f"reorganised: mined in block {row.block_hash}, now {found}")
            counts["reorganised"] += 1
            return
        if not self._ask(row, now, lambda: self._is_deep_enough(receipt)):
            counts["unconfirmed"] += 1
            return
        if receipt.status != 1:
            error = self._ask(row, now, lambda: self._replay(row, receipt))
            self._port.record_reverted(row.id, error, receipt.block_number, receipt.block_hash)
            counts["reverted"] += 1
            return
        if row.error is not None and row.next_at > now:
            return
        try:
            self._on_final(row, receipt)
        except LedgerError as error:
            self._port.record_failure(row.id, now + self._delay(row), f"after mining: {error.code}: {error}")
            counts["failed"] += 1
            return
        self._port.record_final(row.id)
        counts["final"] += 1

    def _is_deep_enough(self, receipt: Receipt) -> bool:
        if self._client.block_hash(receipt.block_number) != receipt.block_hash:
            return False
        return self._client.block_number() - receipt.block_number >= self._settings.confirmations

    def _find_mined(self, row: OutboxRow, now: int, counts: Counter[str]) -> bool:
        receipt = self._ask(row, now, lambda: self._client.find_receipt(_hash(row)))
        if receipt is None:
            return False
        self._port.record_mined(row.id, receipt.block_number, receipt.block_hash, receipt.to_bytes())
        counts["mined"] += 1
        return True

    def _broadcast(self, row: OutboxRow, now: int, counts: Counter[str]) -> None:
        """Send the stored bytes, again if need be."""
        raw = row.raw_tx or b""
        if transaction_hash(raw) != row.tx_hash:
            self._quarantine(row, "the stored bytes do not hash to the stored transaction hash", "relay.bytes_changed", counts)
            return
        try:
            self._client.send_raw(raw)
        except OutcomeUnknown as error:
            # It may be there or not. The next pass looks for the hash and, failing that, sends the same bytes.
            self._port.record_failure(row.id, now + self._delay(row), f"{error.code}: {error}")
            counts["failed"] += 1
            return
        except ChainUnavailable as error:
            self._port.record_failure(row.id, now + self._delay(row), f"{error.code}: {error}")
            raise _NodeGone from error
        except TransactionRejected as error:
            if error.reason != "already_known":
                self._handle_rejection(row, error, now, counts)
                return
        self._port.record_sent(row.id, now + self._settings.resend_after + self._delay(row))
        counts["sent"] += 1

    def _handle_rejection(self, row: OutboxRow, error: TransactionRejected, now: int, counts: Counter[str]) -> None:
        if error.reason == "nonce_too_low":
            if self._find_mined(row, now, counts):
                return
            if self._ask(row, now, lambda: self._client.find_transaction(_hash(row))) is not None:
                self._port.record_sent(row.id, now + self._settings.resend_after)
                counts["sent"] += 1
                return
            self._quarantine(row, f"nonce {row.nonce} was used by another transaction of {row.signer}", "relay.foreign_nonce", counts)
            return
        if error.reason in _PASSING_REFUSALS:
            if error.reason == "replacement":
                message = f"another transaction with nonce {row.nonce} waits in the pool"
                self._alarm(Alarm("relay.foreign_pending", message, row.signer, row))
            self._port.record_failure(row.id, now + self._delay(row), f"{error.reason}: {error}")
            counts["failed"] += 1
            return
        self._quarantine(row, f"the node refuses these bytes for ever: {error.reason}: {error}", "relay.refused", counts)

    def _quarantine(self, row: OutboxRow, message: str, code: str, counts: Counter[str]) -> None:
        self._port.record_quarantined(row.id, message)
        counts["quarantined"] += 1
        self._alarm(Alarm(code, message, row.signer, row))

    # What is due

    def _send_due(self, now: int, counts: Counter[str]) -> None:
        """Sign and send what is queued, as far as the cap allows."""
        queued = [row for row in self._port.due(now, self._settings.batch) if row.state == QUEUED and self._is_ours(row)]
        if not queued:
            return
        in_flight = self._in_flight()
        pending = [row for row in in_flight if row.state != MINED]
        nonce = self._next_nonce(queued[0], in_flight, now)
        if nonce is None:
            counts["held"] += len(queued)
            return
        sent = 0
        for row in queued:
            if len(pending) + sent >= self._settings.max_in_flight:
                counts["held"] += 1
                continue
            refusal = self._preflight(row, now)
            if refusal is not None:
                if pending or sent:
                    # The refusal may only mean that an earlier row of ours is not mined yet: a release before it is published.
                    counts["held"] += 1
                    continue
                self._port.record_reverted(row.id, refusal, None, None)
                counts["reverted"] += 1
                continue
            self._sign(row, nonce, now, counts)
            nonce, sent = nonce + 1, sent + 1

    def _preflight(self, row: OutboxRow, now: int) -> str | None:
        """Return why the contract would refuse; None where it would not."""
        try:
            self._ask(row, now, lambda: self._client.call(row.to, row.data, sender=row.signer, gas=row.gas))
        except ChainRefused as error:
            return str(decode_revert(error.data, self._errors)) if error.data else str(error)
        return None

    def _sign(self, row: OutboxRow, nonce: int, now: int, counts: Counter[str]) -> None:
        self._renew(now)
        fee = self._ask(row, now, self._client.base_fee) * self._settings.fee_multiplier
        call = Call(row.to, row.data, row.gas)
        signed = sign_transaction(self._signer, call, chain_id=row.chain_id, nonce=nonce, max_fee=fee)
        self._port.record_signed(row.id, nonce, signed.raw, signed.hash)
        counts["signed"] += 1
        # The row as it now stands in the outbox; reading it back would tell nothing else.
        self._broadcast(replace(row, nonce=nonce, raw_tx=signed.raw, tx_hash=signed.hash, state=SIGNED), now, counts)

    def _next_nonce(self, row: OutboxRow, in_flight: Sequence[OutboxRow], now: int) -> int | None:
        """Return the nonce of the next signature; None while there is a gap that would leave it waiting for ever."""
        used = self._ask(row, now, lambda: self._client.nonce(self._signer.address))
        highest = self._port.highest_nonce(self._client.chain_id, self._signer.address)
        if highest is None:
            # Before its first row the key may have done other work, a deployment, that still waits in the pool.
            return self._ask(row, now, lambda: self._client.transaction_count(self._signer.address, "pending"))
        missing = self._missing_nonces(used, in_flight)
        if missing:
            message = f"no transaction in flight has nonce {missing[0]}: the node lags, was restored, or a transaction was quarantined"
            self._alarm(Alarm("relay.nonce_gap", message, self._signer.address))
            return None
        if used > highest + 1:
            message = f"the chain counts {used} transactions of this key, the outbox {highest + 1}: somebody else uses it"
            self._alarm(Alarm("relay.foreign_use", message, self._signer.address))
        return max(used, highest + 1)

    def _missing_nonces(self, used: int, in_flight: Sequence[OutboxRow]) -> list[int]:
        """Return the nonces that the chain has not seen and that no row in flight holds, although a later one was given out."""
        highest = self._port.highest_nonce(self._client.chain_id, self._signer.address)
        return [] if highest is None else sorted(set(range(used, highest + 1)) - {row.nonce or 0 for row in in_flight})

    # Shared

    def _in_flight(self) -> list[OutboxRow]:
        rows = [row for row in self._port.in_flight() if self._is_ours(row)]
        return sorted(rows, key=lambda row: row.nonce or 0)

    def _is_ours(self, row: OutboxRow) -> bool:
        return row.chain_id == self._client.chain_id and row.signer.lower() == self._signer.address.lower()

    def _ask(self, row: OutboxRow, now: int, question: Callable[[], T]) -> T:
        """Ask the node; where it does not answer, note the failure and end the pass."""
        try:
            return question()
        except (ChainUnavailable, OutcomeUnknown) as error:
            self._port.record_failure(row.id, now + self._delay(row), f"{error.code}: {error}")
            raise _NodeGone from error

    def _replay(self, row: OutboxRow, receipt: Receipt) -> str:
        """Return why a mined transaction reverted, by asking for it again on the state before its block, then on the state after it."""
        if receipt.gas_used >= row.gas:
            return f"out of gas: {row.gas} were not enough"
        try:
            for block in (receipt.block_number - 1, receipt.block_number):
                self._client.call(row.to, row.data, sender=row.signer, gas=row.gas, block=block)
        except ChainRefused as error:
            return str(decode_revert(error.data, self._errors)) if error.data else str(error)
        except ChainUnavailable:
            raise
        except ChainError as error:
            return f"reverted; its reason cannot be found: {error}"
        return "reverted inside its block, though neither on the state before it nor on the state after it"

    def _renew(self, now: int) -> None:
        if self._port.acquire_lease(self._signer.address, self._settings.holder, now, self._settings.lease_seconds) is None:
            raise _LeaseLost

    def _delay(self, row: OutboxRow) -> int:
        doublings: int = 2 ** min(row.attempts, 20)
        return min(self._settings.longest_delay, self._settings.first_delay * doublings)


def _hash(row: OutboxRow) -> str:
    return row.tx_hash or ""
