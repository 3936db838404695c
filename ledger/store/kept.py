"""Rows that checks go through a page at a time, in the order of their keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from sqlmodel import Session, col, select

from ledger.store.tables import (
    Attestation,
    AuditLog,
    Claim,
    FinancedAttestation,
    LibraryRelease,
    LogCheckpoint,
    ReductionAttestation,
    ReleaseProposal,
    ReleasePublication,
    Statement,
    StatementAnswer,
    Verdict,
)

SignedRow = (
    Attestation | FinancedAttestation | ReductionAttestation | LogCheckpoint | Claim | Verdict | ReleaseProposal | ReleasePublication
)
S = TypeVar("S", bound=SignedRow)
PAGE = 200


def iterate_signed(session: Session, table: type[S]) -> Iterator[S]:
    """Yield every row of a table of signed messages, by id."""
    after = 0
    while True:
        rows = session.exec(select(table).where(col(table.id) > after).order_by(col(table.id)).limit(PAGE)).all()
        yield from rows
        if len(rows) < PAGE:
            return
        after = rows[-1].id


def iterate_audit(session: Session, action: str) -> Iterator[AuditLog]:
    """Yield every entry of the audit log on one action that was done, in the order of the log."""
    after = 0
    while True:
        query = select(AuditLog).where(AuditLog.action == action, AuditLog.result == "done", col(AuditLog.seq) > after)
        rows = session.exec(query.order_by(col(AuditLog.seq)).limit(PAGE)).all()
        yield from rows
        if len(rows) < PAGE:
            return
        after = rows[-1].seq


def iterate_answers(session: Session) -> Iterator[StatementAnswer]:
    """Yield every answer to a finding, by id."""
    after = 0
    while True:
        rows = session.exec(
            select(StatementAnswer).where(col(StatementAnswer.id) > after).order_by(col(StatementAnswer.id)).limit(PAGE)
        ).all()
        yield from rows
        if len(rows) < PAGE:
            return
        after = rows[-1].id


def find_statement(session: Session, id: str) -> Statement | None:
    """Return the statement of an id as the audit log names it, or None."""
    return session.get(Statement, int(id)) if id.isdecimal() else None


def has_release(session: Session, hash: str) -> bool:
    """Tell whether a document of the library is stored under this hash."""
    return session.get(LibraryRelease, hash) is not None
