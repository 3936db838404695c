"""All that a refused input must leave as it was."""

from __future__ import annotations

from sqlalchemy import func, select

from ledger.store.outbox import list_outbox
from ledger.store.repositories import metering
from ledger.store.tables import Row
from tests.product import OPERATOR, Town
from tests.whole.closed_house import BANK

# A refusal is itself recorded: the log of who did what, and the answers that a repeated request gets.
TOLD = frozenset({"audit_log", "idempotency_key"})


def books(town: Town) -> dict[str, object]:
    """Return the number of rows of every table, the bank's envelope log, the whole outbox, and the chain's head."""
    with town.house.view(OPERATOR) as work:
        connection = work.session.connection()
        rows: dict[str, object] = {
            name: connection.scalar(select(func.count()).select_from(table))
            for name, table in Row.metadata.tables.items()
            if name not in TOLD
        }
        rows["the envelope log"] = metering.list_leaf_hashes(work.session, BANK)
        rows["the outbox"] = list_outbox(work.session, limit=500).items
    rows["the head"] = town.house.chain.head()
    return rows
