"""Signed period attestations and the evidence of their anchors."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import or_
from sqlalchemy.orm import aliased, defer
from sqlmodel import Session, col, select

from ledger.records.outbox import FINAL, REVERTED
from ledger.store.errors import AlreadyStored
from ledger.store.repositories.paging import Page, fetch_page, found
from ledger.store.repositories.signed import Signed
from ledger.store.tables import Anchor, Attestation, FinancedAnchor, Outbox, ReductionAnchor, Statement

A = TypeVar("A", bound=Anchor | FinancedAnchor | ReductionAnchor)


def may_sign_anew(session: Session, outbox_id: int | None) -> bool:
    """Tell whether the transaction of an earlier message was refused for good, so that a newly signed one may follow."""
    row = session.get(Outbox, outbox_id) if outbox_id is not None else None
    return row is not None and row.state == REVERTED


def add_attestation(session: Session, statement: Statement, *, dataset: str, digest: str, signed: Signed) -> Attestation:
    """Add a bank's signed attestation of one dataset of the statement; the same message again gives the stored row back.

    `digest` is the EIP-712 digest that was signed. A second message for the same institution, dataset, period and revision is taken only
    when the transaction of the first was refused for good.

    Raises:
        AlreadyStored: another message is there; the facts carry both struct hashes.
    """
    earlier = find_attestation(session, statement.institution_id, statement.period_id, dataset, statement.revision)
    if earlier is not None and earlier.struct_hash == signed.struct_hash:
        return earlier
    if earlier is not None and not may_sign_anew(session, earlier.outbox_id):
        raise AlreadyStored(
            "this period, dataset and revision is attested already",
            hint="sign what the signing request lists; a correction is the next revision, with a cause",
            stored=earlier.struct_hash, got=signed.struct_hash,
        )  # fmt: skip
    row = Attestation(
        statement_id=statement.id,
        institution_id=statement.institution_id,
        dataset=dataset,
        period_id=statement.period_id,
        revision=statement.revision,
        attempt=0 if earlier is None else earlier.attempt + 1,
        digest=digest,
        **signed.columns(),
    )
    session.add(row)
    session.flush()
    return row


def find_attestation(session: Session, institution_id: str, period_id: str, dataset: str, revision: int) -> Attestation | None:
    """Return the latest attestation under this key, or None."""
    query = select(Attestation).where(
        Attestation.institution_id == institution_id,
        Attestation.period_id == period_id,
        Attestation.dataset == dataset,
        Attestation.revision == revision,
    )
    return session.exec(query.order_by(col(Attestation.attempt).desc()).limit(1)).one_or_none()


def get_attestation(session: Session, id: int) -> Attestation:
    """Return the attestation with this number.

    Raises:
        NotFound: there is none.
    """
    return found(session.get(Attestation, id), "attestation", id=id)


def find_attestation_by_outbox(session: Session, outbox_id: int) -> Attestation | None:
    """Return the attestation that this transaction carries, or None."""
    return session.exec(select(Attestation).where(Attestation.outbox_id == outbox_id)).one_or_none()


def list_statement_attestations(session: Session, statement_id: int) -> list[Attestation]:
    """Return every attestation of the statement, by dataset and attempt."""
    query = select(Attestation).where(Attestation.statement_id == statement_id)
    return list(session.exec(query.order_by(col(Attestation.dataset), col(Attestation.attempt))).all())


def find_last_attested_statement(session: Session, institution_id: str, period_id: str) -> Statement | None:
    """Return the statement of the period's highest revision that is used: one dataset waits for the chain or is anchored; None before that.

    A revision is not used where the transaction of every dataset's latest attempt was refused for good. The statement's document and
    findings are left out.
    """
    later = aliased(Attestation)
    again = select(later.id).where(
        later.statement_id == Attestation.statement_id, later.dataset == Attestation.dataset, later.attempt > Attestation.attempt
    )
    live = (
        select(Attestation.id)
        .outerjoin(Outbox, col(Outbox.id) == col(Attestation.outbox_id))
        .where(Attestation.statement_id == Statement.id, ~again.exists(), or_(col(Outbox.id).is_(None), col(Outbox.state) != REVERTED))
    )
    query = (
        select(Statement)
        .where(Statement.institution_id == institution_id, Statement.period_id == period_id, live.exists())
        .order_by(col(Statement.revision).desc(), col(Statement.id))
        .options(
            defer(Statement.document, raiseload=True),  # type: ignore[arg-type]
            defer(Statement.findings, raiseload=True),  # type: ignore[arg-type]
        )
    )
    return session.exec(query.limit(1)).one_or_none()


def has_later_anchor(session: Session, statement: Statement) -> bool:
    """Tell whether a dataset of a later revision of the statement's period is anchored: the statement is then superseded."""
    query = (
        select(Attestation.id)
        .join(Outbox, col(Outbox.id) == col(Attestation.outbox_id))
        .where(
            Attestation.institution_id == statement.institution_id,
            Attestation.period_id == statement.period_id,
            Attestation.revision > statement.revision,
            Outbox.state == FINAL,
        )
    )
    return session.exec(query.limit(1)).first() is not None


def list_attestations(
    session: Session, *, institution_id: str | None = None, limit: int = 100, after: int | None = None
) -> Page[Attestation, int]:
    """Return attestations in the order they came, of one institution if given."""
    query = select(Attestation)
    if institution_id is not None:
        query = query.where(Attestation.institution_id == institution_id)
    return fetch_page(session, query, col(Attestation.id), lambda row: row.id, limit, after)


def add_anchor(
    session: Session,
    kind: type[A],
    attestation_id: int,
    *,
    chain_id: int,
    contract: str,
    tx_hash: str,
    block_number: int,
    block_hash: str,
    evidence: bytes,
    at: int,
) -> A:
    """Add the evidence captured in a block (one canonical item of lingtan.anchors/1); the same block again gives the stored row back.

    `kind` says of which table. After a reorganisation the same attestation gets a second anchor in another block; both stay, the latest
    counts.
    """
    query = select(kind).where(kind.attestation_id == attestation_id, kind.block_hash == block_hash)
    earlier = session.exec(query).one_or_none()
    if earlier is not None:
        return earlier
    row = kind(
        attestation_id=attestation_id,
        chain_id=chain_id,
        contract=contract,
        tx_hash=tx_hash,
        block_number=block_number,
        block_hash=block_hash,
        evidence=evidence,
        at=at,
    )
    session.add(row)
    session.flush()
    return row


def find_anchor(session: Session, attestation_id: int) -> Anchor | None:
    """Return the latest anchor of the attestation, or None."""
    query = select(Anchor).where(Anchor.attestation_id == attestation_id)
    return session.exec(query.order_by(col(Anchor.id).desc()).limit(1)).one_or_none()


def list_anchors(session: Session, *, limit: int = 100, after: int | None = None) -> Page[Anchor, int]:
    """Return all anchors in the order they were captured."""
    return fetch_page(session, select(Anchor), col(Anchor.id), lambda row: row.id, limit, after)
