"""Attestations of METERS and OPERATIONAL, and their anchors, over all statements."""

from __future__ import annotations

from sqlmodel import Session, col, select

from ledger.store.repositories.attested import STATEMENTS
from ledger.store.repositories.paging import Page, fetch_page, found
from ledger.store.tables import Anchor, Attestation

add_attestation = STATEMENTS.add_attestation
list_statement_attestations = STATEMENTS.list_attestations
find_last_attested_statement = STATEMENTS.find_last_attested
has_later_anchor = STATEMENTS.has_later_anchor
add_anchor = STATEMENTS.add_anchor
find_anchor = STATEMENTS.find_anchor


def get_attestation(session: Session, id: int) -> Attestation:
    """Return the attestation with this number.

    Raises:
        NotFound: there is none.
    """
    return found(session.get(Attestation, id), "attestation", id=id)


def list_attestations(
    session: Session, *, institution_id: str | None = None, limit: int = 100, after: int | None = None
) -> Page[Attestation, int]:
    """Return attestations in the order they came, of one institution if given."""
    query = select(Attestation)
    if institution_id is not None:
        query = query.where(Attestation.institution_id == institution_id)
    return fetch_page(session, query, col(Attestation.id), lambda row: row.id, limit, after)


def list_anchors(session: Session, *, limit: int = 100, after: int | None = None) -> Page[Anchor, int]:
    """Return all anchors in the order they were captured."""
    return fetch_page(session, select(Anchor), col(Anchor.id), lambda row: row.id, limit, after)
