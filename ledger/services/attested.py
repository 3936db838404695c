"""What every kind of statement that is signed and anchored goes through, whatever it states: found by its id, listed, attested."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ledger.errors import NotFound
from ledger.services.context import Page, Work, require_visible
from ledger.services.transactions import find_transaction
from ledger.store.repositories.attested import Attested
from ledger.store.tables.attested import AttestationRow, StatementRow

S = TypeVar("S", bound=StatementRow)
A = TypeVar("A", bound=AttestationRow)
V = TypeVar("V")


def load_row(work: Work, rows: Attested[S, Any, Any], id: str, hint: str) -> S:
    """Return the stored row of a statement that the actor may see.

    Raises:
        NotFound: none, or another institution's; both read alike.
    """
    row = rows.find_statement(work.session, int(id)) if id.isdecimal() and len(id) < 18 else None
    try:
        if row is not None:
            require_visible(work, row.institution_id)
            return row
    except NotFound:
        pass
    raise NotFound(f"no such {rows.name}", hint=hint)


def list_rows(
    work: Work,
    rows: Attested[S, Any, Any],
    institution: str,
    period: str | None,
    limit: int,
    after: str | None,
    view: Callable[[Work, S], V],
) -> Page[V]:
    """Return views of an institution's statements in the order they came, one document in memory at a time."""
    require_visible(work, institution)
    page = rows.list_statements(
        work.session, institution_id=institution, period_id=period, limit=limit, after=None if after is None else int(after)
    )
    items = tuple(view(work, rows.get_statement(work.session, row.id)) for row in page.items)
    return Page(items, None if page.next_after is None else str(page.next_after))


def latest_attestations(work: Work, rows: Attested[S, A, Any], row: S) -> dict[str, A]:
    """Return the latest attempt to attest each dataset of a statement."""
    return {item.dataset: item for item in rows.list_attestations(work.session, row.id)}


def live_attestations(work: Work, rows: Attested[S, A, Any], row: S) -> dict[str, A]:
    """Return the attestation of each dataset of a statement that waits for the chain or is anchored; one refused for good is none."""
    latest = latest_attestations(work, rows, row)
    return {dataset: item for dataset, item in latest.items() if find_transaction(work, item.outbox_id).state != "rejected"}
