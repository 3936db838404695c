"""What became of a queued transaction, in the words that people read."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.records.outbox import FINAL, QUARANTINED, REVERTED
from ledger.services.context import Work
from ledger.store import outbox


@dataclass(frozen=True)
class TransactionView:
    """The state of one transaction: queued, anchored, rejected, or quarantined until the operator has looked.

    `error` says what a contract refused or why the relay stopped; an operator's retirement of a quarantined one makes it rejected.
    """

    state: str
    tx_hash: str | None
    error: str | None
    block_number: int | None


def find_transaction(work: Work, outbox_id: int | None) -> TransactionView:
    """Return the state of an outbox row; `signed` where nothing was queued."""
    if outbox_id is None:
        return TransactionView("signed", None, None, None)
    row = outbox.get_outbox_row(work.session, outbox_id)
    if row.state == FINAL:
        return TransactionView("anchored", row.tx_hash, None, row.block_number)
    if row.state == REVERTED:
        return TransactionView("rejected", row.tx_hash, row.error, row.block_number)
    if row.state == QUARANTINED:
        return TransactionView("quarantined", row.tx_hash, row.error, row.block_number)
    return TransactionView("queued", row.tx_hash, None, row.block_number)
