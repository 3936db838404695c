"""What statements of one dataset each have in common: attempts to attest them, and the anchors that follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from ledger.records.outbox import FINAL, REVERTED
from ledger.store.errors import AlreadyStored
from ledger.store.repositories.attestations import may_sign_anew
from ledger.store.repositories.signed import Signed
from ledger.store.tables import (
    FinancedAnchor,
    FinancedAttestation,
    FinancedStatement,
    Outbox,
    ReductionAnchor,
    ReductionAttestation,
    ReductionStatement,
)

S = TypeVar("S", FinancedStatement, ReductionStatement)
A = TypeVar("A", FinancedAttestation, ReductionAttestation)
N = TypeVar("N", FinancedAnchor, ReductionAnchor)


@dataclass(frozen=True)
class Attested(Generic[S, A, N]):
    """The tables of one kind of statement: the statement, its attestations, their anchors."""

    statement: type[S]
    attestation: type[A]
    anchor: type[N]

    def find_last_attested(self, session: Session, institution_id: str, period_id: str, dataset: str) -> S | None:
        """Return the statement of the dataset's highest revision that waits for the chain or is anchored; None before that."""
        statement, attestation = self.statement, self.attestation
        later = aliased(attestation)
        again = select(later.id).where(later.statement_id == attestation.statement_id, later.attempt > attestation.attempt)
        query = (
            select(statement)
            .join(attestation, col(attestation.statement_id) == col(statement.id))
            .outerjoin(Outbox, col(Outbox.id) == col(attestation.outbox_id))
            .where(
                statement.institution_id == institution_id,
                statement.period_id == period_id,
                statement.dataset == dataset,
                ~again.exists(),
                or_(col(Outbox.id).is_(None), col(Outbox.state) != REVERTED),
            )
            .order_by(col(statement.revision).desc(), col(statement.id))
        )
        return session.exec(query.limit(1)).one_or_none()

    def has_later_anchor(self, session: Session, statement: S) -> bool:
        """Tell whether a later revision of the same dataset and period is anchored: the statement is then superseded."""
        attestation = self.attestation
        query = (
            select(attestation.id)
            .join(Outbox, col(Outbox.id) == col(attestation.outbox_id))
            .where(
                attestation.institution_id == statement.institution_id,
                attestation.period_id == statement.period_id,
                attestation.dataset == statement.dataset,
                attestation.revision > statement.revision,
                Outbox.state == FINAL,
            )
        )
        return session.exec(query.limit(1)).first() is not None

    def add_attestation(self, session: Session, statement: S, *, digest: str, signed: Signed) -> A:
        """Add a bank's signed attestation of a statement; the same message again gives the stored row back.

        A second message for the same institution, dataset, period and revision is taken only when the first was refused for good.

        Raises:
            AlreadyStored: another message is there; the facts carry both struct hashes.
        """
        attestation = self.attestation
        query = select(attestation).where(
            attestation.institution_id == statement.institution_id,
            attestation.dataset == statement.dataset,
            attestation.period_id == statement.period_id,
            attestation.revision == statement.revision,
        )
        earlier = session.exec(query.order_by(col(attestation.attempt).desc()).limit(1)).one_or_none()
        if earlier is not None and earlier.struct_hash == signed.struct_hash:
            return earlier
        if earlier is not None and not may_sign_anew(session, earlier.outbox_id):
            raise AlreadyStored(
                "this period, dataset and revision is attested already",
                hint="a correction is the next revision, with a cause",
                stored=earlier.struct_hash,
                got=signed.struct_hash,
            )
        row = attestation(
            statement_id=statement.id,
            institution_id=statement.institution_id,
            dataset=statement.dataset,
            period_id=statement.period_id,
            revision=statement.revision,
            attempt=0 if earlier is None else earlier.attempt + 1,
            digest=digest,
            **signed.columns(),
        )
        session.add(row)
        session.flush()
        return row

    def find_attestation(self, session: Session, statement_id: int) -> A | None:
        """Return the latest attempt to attest a statement, or None."""
        query = select(self.attestation).where(self.attestation.statement_id == statement_id)
        return session.exec(query.order_by(col(self.attestation.attempt).desc()).limit(1)).one_or_none()

    def find_attestation_by_outbox(self, session: Session, outbox_id: int) -> A | None:
        """Return the attestation that this transaction carries, or None."""
        return session.exec(select(self.attestation).where(self.attestation.outbox_id == outbox_id)).one_or_none()

    def find_anchor(self, session: Session, attestation_id: int) -> N | None:
        """Return the latest anchor of the attestation, or None."""
        query = select(self.anchor).where(self.anchor.attestation_id == attestation_id)
        return session.exec(query.order_by(col(self.anchor.id).desc()).limit(1)).one_or_none()
