"""Answers to the findings on a statement."""

from __future__ import annotations

from sqlmodel import Session, col, select

from ledger.store.tables import StatementAnswer


def add_answer(session: Session, statement_id: int, *, code: str, place: str, reason: str, by: str, at: int) -> StatementAnswer:
    """Add an answer to the finding with this code and place.

    Raises:
        AlreadyStored: another answer to this finding was given in the same second.
    """
    row = StatementAnswer(statement_id=statement_id, code=code, place=place, reason=reason, by=by, at=at)
    session.add(row)
    session.flush()
    return row


def list_answers(session: Session, statement_id: int) -> list[StatementAnswer]:
    """Return every answer on a statement in the order they were given."""
    query = select(StatementAnswer).where(StatementAnswer.statement_id == statement_id)
    return list(session.exec(query.order_by(col(StatementAnswer.id))).all())
