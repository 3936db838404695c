"""What every kind of statement that is signed and anchored has in common: found, listed, attested, anchored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import or_
from sqlalchemy.orm import aliased, defer
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from ledger.records.outbox import FINAL, REVERTED
from ledger.store.errors import AlreadyStored
from ledger.store.repositories.paging import Page, fetch_page, found
from ledger.store.repositories.signed import Signed, may_sign_anew
from ledger.store.tables import (
    Anchor,
    Attestation,
    FinancedAnchor,
    FinancedAttestation,
    FinancedStatement,
    Outbox,
    ReductionAnchor,
    ReductionAttestation,
    ReductionStatement,
    Statement,
)
from ledger.store.tables.attested import AnchorRow, AttestationRow, StatementRow

S = TypeVar("S", bound=StatementRow)
A = TypeVar("A", bound=AttestationRow)
N = TypeVar("N", bound=AnchorRow)


@dataclass(frozen=True)
class Attested(Generic[S, A, N]):
    """The tables of one kind of statement: the statement, its attestations, their anchors. `name` is one of them in words."""

    name: str
    statement: type[S]
    attestation: type[A]
    anchor: type[N]

    def find_statement(self, session: Session, id: int) -> S | None:
        """Return the statement with this number, or None."""
        return session.get(self.statement, id, populate_existing=True)

    def get_statement(self, session: Session, id: int) -> S:
        """Return the statement with this number.

        Raises:
            NotFound: there is none.
        """
        return found(self.find_statement(session, id), self.name, id=id)

    def find_statement_by_hash(self, session: Session, hash: str) -> S | None:
        """Return the statement whose document has this hash, or None."""
        return session.exec(select(self.statement).where(self.statement.hash == hash)).one_or_none()

    def list_statements(
        self,
        session: Session,
        *,
        institution_id: str | None = None,
        period_id: str | None = None,
        limit: int = 100,
        after: int | None = None,
    ) -> Page[S, int]:
        """Return statements in the order they came, without documents and findings."""
        query = self._without_documents(select(self.statement))
        if institution_id is not None:
            query = query.where(self.statement.institution_id == institution_id)
        if period_id is not None:
            query = query.where(self.statement.period_id == period_id)
        return fetch_page(session, query, col(self.statement.id), lambda row: row.id, limit, after)

    def find_last_attested(self, session: Session, institution_id: str, period_id: str, dataset: str | None = None) -> S | None:
        """Return the statement of the period's highest revision of which a dataset, or the one given, waits for the chain or is anchored.

        None before that. A revision does not count where the transaction of every dataset's latest attempt was refused for good. Document
        and findings are left out.
        """
        statement, attestation, later = self.statement, self.attestation, aliased(self.attestation)
        again = select(later.id).where(
            later.statement_id == attestation.statement_id, later.dataset == attestation.dataset, later.attempt > attestation.attempt
        )
        live = (
            select(attestation.id)
            .outerjoin(Outbox, col(Outbox.id) == col(attestation.outbox_id))
            .where(attestation.statement_id == statement.id, ~again.exists(), or_(col(Outbox.id).is_(None), col(Outbox.state) != REVERTED))
        )
        if dataset is not None:
            live = live.where(attestation.dataset == dataset)
        query = (
            select(statement)
            .where(statement.institution_id == institution_id, statement.period_id == period_id, live.exists())
            .order_by(col(statement.revision).desc(), col(statement.id))
        )
        return session.exec(self._without_documents(query).limit(1)).one_or_none()

    def has_later_anchor(self, session: Session, statement: S, dataset: str | None = None) -> bool:
        """Tell whether a dataset, or the one given, of a later revision of the period is anchored: the statement is then superseded."""
        attestation = self.attestation
        query = (
            select(attestation.id)
            .join(Outbox, col(Outbox.id) == col(attestation.outbox_id))
            .where(
                attestation.institution_id == statement.institution_id,
                attestation.period_id == statement.period_id,
                attestation.revision > statement.revision,
                Outbox.state == FINAL,
            )
        )
        if dataset is not None:
            query = query.where(attestation.dataset == dataset)
        return session.exec(query.limit(1)).first() is not None

    def add_attestation(self, session: Session, statement: S, *, dataset: str, digest: str, signed: Signed) -> A:
        """Add a bank's signed attestation of one dataset of the statement; the same message again gives the stored row back.

        `digest` is the EIP-712 digest that was signed. A second message for the same institution, dataset, period and revision is taken
        only when the transaction of the first was refused for good.

        Raises:
            AlreadyStored: another message is there; the facts carry both struct hashes.
        """
        attestation = self.attestation
        query = select(attestation).where(
            attestation.institution_id == statement.institution_id,
            attestation.dataset == dataset,
            attestation.period_id == statement.period_id,
            attestation.revision == statement.revision,
        )
        earlier = session.exec(query.order_by(col(attestation.attempt).desc()).limit(1)).one_or_none()
        if earlier is not None and earlier.struct_hash == signed.struct_hash:
            return earlier
        if earlier is not None and not may_sign_anew(session, earlier.outbox_id):
            raise AlreadyStored(
                "this period, dataset and revision is attested already",
                hint="sign what the signing request lists; a correction is the next revision, with a cause",
                stored=earlier.struct_hash, got=signed.struct_hash,
            )  # fmt: skip
        row = attestation(
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

    def list_attestations(self, session: Session, statement_id: int) -> list[A]:
        """Return every attestation of a statement, by dataset and attempt."""
        query = select(self.attestation).where(self.attestation.statement_id == statement_id)
        return list(session.exec(query.order_by(col(self.attestation.dataset), col(self.attestation.attempt))).all())

    def find_attestation_by_outbox(self, session: Session, outbox_id: int) -> A | None:
        """Return the attestation that this transaction carries, or None."""
        return session.exec(select(self.attestation).where(self.attestation.outbox_id == outbox_id)).one_or_none()

    def add_anchor(
        self,
        session: Session,
        attestation_id: int,
        *,
        chain_id: int,
        contract: str,
        tx_hash: str,
        block_number: int,
        block_hash: str,
        evidence: bytes,
        at: int,
    ) -> N:
        """Add the evidence captured in a block (one canonical item of lingtan.anchors/1); the same block again gives the stored row back.

        After a reorganisation the same attestation gets a second anchor in another block; both stay, the latest counts.
        """
        anchor = self.anchor
        query = select(anchor).where(anchor.attestation_id == attestation_id, anchor.block_hash == block_hash)
        earlier = session.exec(query).one_or_none()
        if earlier is not None:
            return earlier
        row = anchor(
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

    def find_anchor(self, session: Session, attestation_id: int) -> N | None:
        """Return the latest anchor of an attestation, or None."""
        query = select(self.anchor).where(self.anchor.attestation_id == attestation_id)
        return session.exec(query.order_by(col(self.anchor.id).desc()).limit(1)).one_or_none()

    def _without_documents(self, query: SelectOfScalar[S]) -> SelectOfScalar[S]:
        return query.options(
            defer(self.statement.document, raiseload=True),  # type: ignore[arg-type]
            defer(self.statement.findings, raiseload=True),  # type: ignore[arg-type]
        )


STATEMENTS = Attested("statement", Statement, Attestation, Anchor)
FINANCED_STATEMENTS = Attested("financed statement", FinancedStatement, FinancedAttestation, FinancedAnchor)
REDUCTION_STATEMENTS = Attested("statement of reductions", ReductionStatement, ReductionAttestation, ReductionAnchor)
KINDS: tuple[Attested[Any, Any, Any], ...] = (STATEMENTS, FINANCED_STATEMENTS, REDUCTION_STATEMENTS)
"""Every kind of statement that is signed and anchored."""
