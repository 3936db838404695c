"""The operator's hand on the outbox: look at it, close a gap of nonces, settle what the relay put aside.

A quarantined transaction is never sent or signed anew by itself (chain design §4). It ends in one of two ways, both shown by the chain:
its nonce was spent by another transaction, then nothing can mine it any more and it is retired, and what it stood for may be signed again;
or the chain has it after all, then it is resumed and takes its ordinary way.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.chain.client import ChainClient
from ledger.errors import Conflict, InputError
from ledger.records.outbox import OUTBOX_STATES, QUARANTINED, OutboxRow
from ledger.services import audit
from ledger.services.context import Page, Work, require_role
from ledger.services.relay import build_relay
from ledger.store import outbox


@dataclass(frozen=True)
class OutboxView:
    """One transaction as the operator sees it; `kind` and `subject` name what it is about, `state` is the outbox's own."""

    id: int
    kind: str
    subject: str
    state: str
    signer: str
    nonce: int | None
    tx_hash: str | None
    attempts: int
    next_at: int
    block_number: int | None
    error: str | None


def list_transactions(work: Work, state: str | None = None, limit: int = 100, after: str | None = None) -> Page[OutboxView]:
    """Return the outbox in the order it was filled, of one state if given.

    Raises:
        Forbidden: the actor is neither operator nor auditor.
        InputError: there is no such state.
    """
    require_role(work, "operator", "auditor")
    if state is not None and state not in OUTBOX_STATES:
        raise InputError(f"no state {state}; expected one of {', '.join(OUTBOX_STATES)}")
    page = outbox.list_outbox(work.session, state=state, limit=limit, after=None if after is None else int(after))
    return Page(tuple(_view(work, row) for row in page.items), None if page.next_after is None else str(page.next_after))


def close_gap(work: Work, reason: str) -> str | None:
    """Spend the lowest nonce that no transaction in flight holds on one that does nothing; return its hash, None where there is no gap.

    What waits behind the gap then goes on. The same again sends the same transaction, until its block is there. It needs no lease: the
    relay signs nothing while there is a gap, and never with a number below the highest one given out.

    Raises:
        Forbidden: the actor is no operator.
    """
    require_role(work, "operator")
    _require_reason(reason)
    tx_hash = build_relay(work.house).close_gap()
    if tx_hash is not None:
        audit.record(work, "outbox.close_gap", tx_hash, details={"reason": reason})
    return tx_hash


def retire_transaction(work: Work, outbox_id: int, reason: str) -> OutboxView:
    """Take a quarantined transaction as refused for good, once its nonce is spent; what it stood for may then be signed again.

    Raises:
        Forbidden: the actor is no operator.
        NotFound: there is no such transaction.
        Conflict: it is not quarantined; its nonce is not spent, or not as deep in the chain as a receipt must be; the chain has it.
    """
    row = _get_quarantined(work, outbox_id, reason)
    chain = work.house.chain
    if row.nonce is not None and row.tx_hash is not None:
        receipt = chain.find_receipt(row.tx_hash)
        if receipt is not None:
            raise Conflict(
                f"transaction {row.id} was mined after all, in block {receipt.block_number}",
                hint="resume it: the relay then takes it to its end",
                id=row.id,
                block=receipt.block_number,
            )
        spent = _settled_nonce(chain, row.signer, work.house.settings.confirmations)
        if spent <= row.nonce:
            raise Conflict(
                f"nonce {row.nonce} of {row.signer} is not spent for good: the chain counts {spent} transactions at the depth of a receipt",
                hint="close the gap first and wait for its block; until then these bytes may still be mined",
                id=row.id,
                nonce=row.nonce,
            )
    settled = outbox.retire(work.session, row.id, reason, now=work.clock.now())
    audit.record(work, "outbox.retire", str(row.id), details={"reason": reason, "transaction": row.tx_hash})
    return _view(work, settled)


def resume_transaction(work: Work, outbox_id: int, reason: str) -> OutboxView:
    """Give a quarantined transaction back to the relay, because the chain has it.

    Raises:
        Forbidden: the actor is no operator.
        NotFound: there is no such transaction.
        Conflict: it is not quarantined; the chain does not have it.
    """
    row = _get_quarantined(work, outbox_id, reason)
    if row.tx_hash is None or work.house.chain.find_receipt(row.tx_hash) is None:
        raise Conflict(
            f"the chain has no transaction {row.tx_hash}", hint="retire it once its nonce is spent by another transaction", id=row.id
        )
    settled = outbox.resume(work.session, row.id, reason, now=work.clock.now())
    audit.record(work, "outbox.resume", str(row.id), details={"reason": reason, "transaction": row.tx_hash})
    return _view(work, settled)


def _get_quarantined(work: Work, outbox_id: int, reason: str) -> OutboxRow:
    require_role(work, "operator")
    _require_reason(reason)
    row = outbox.get_outbox_row(work.session, outbox_id)
    if row.state != QUARANTINED:
        raise Conflict(f"transaction {row.id} is {row.state}, expected {QUARANTINED}", hint="list the quarantined ones", id=row.id)
    if row.chain_id != work.house.chain.chain_id:
        raise Conflict(f"transaction {row.id} is of chain {row.chain_id}, this is chain {work.house.chain.chain_id}", id=row.id)
    return row


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise InputError("no reason given", hint="say in a sentence what was found; it is kept in the audit log")


def _settled_nonce(chain: ChainClient, signer: str, confirmations: int) -> int:
    """Return how many transactions of the signer are as deep in the chain as a receipt must be to count."""
    return chain.transaction_count(signer, max(0, chain.block_number() - confirmations))


def _view(work: Work, row: OutboxRow) -> OutboxView:
    return OutboxView(
        id=row.id,
        kind=row.idem_key.partition(":")[0],
        subject=outbox.find_subject(work.session, row.id),
        state=row.state,
        signer=row.signer,
        nonce=row.nonce,
        tx_hash=row.tx_hash,
        attempts=row.attempts,
        next_at=row.next_at,
        block_number=row.block_number,
        error=row.error,
    )
