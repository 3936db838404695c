"""Anchored checkpoints of the envelope logs: what was captured with their blocks, and which of them covers a size."""

from __future__ import annotations

from sqlmodel import Session, col, select

from ledger.records.outbox import FINAL, REVERTED
from ledger.store.tables import LogAnchor, LogCheckpoint, Outbox


def find_checkpoint_by_outbox(session: Session, outbox_id: int) -> LogCheckpoint | None:
    """Return the checkpoint that a transaction carries, or None."""
    return session.exec(select(LogCheckpoint).where(LogCheckpoint.outbox_id == outbox_id)).one_or_none()


def add_log_anchor(
    session: Session, checkpoint_id: int, *, block_number: int, block_hash: str, tx_hash: str, evidence: bytes, at: int
) -> LogAnchor:
    """Add the evidence of an anchored checkpoint; of the same block again, the stored row stays and comes back."""
    query = select(LogAnchor).where(LogAnchor.checkpoint_id == checkpoint_id, LogAnchor.block_hash == block_hash)
    earlier = session.exec(query).one_or_none()
    if earlier is not None:
        return earlier
    row = LogAnchor(
        checkpoint_id=checkpoint_id, block_number=block_number, block_hash=block_hash, tx_hash=tx_hash, evidence=evidence, at=at
    )
    session.add(row)
    session.flush()
    return row


def find_log_anchor(session: Session, checkpoint_id: int) -> LogAnchor | None:
    """Return the latest evidence of a checkpoint, or None while it is not final."""
    query = select(LogAnchor).where(LogAnchor.checkpoint_id == checkpoint_id).order_by(col(LogAnchor.id).desc()).limit(1)
    return session.exec(query).first()


def find_anchored_checkpoint(session: Session, institution_id: str, *, size: int | None = None) -> LogCheckpoint | None:
    """Return the institution's checkpoint of this size that is final on the chain, or the one of the greatest size; None without one."""
    query = select(LogCheckpoint).join(Outbox, col(LogCheckpoint.outbox_id) == Outbox.id)
    query = query.where(LogCheckpoint.institution_id == institution_id, Outbox.state == FINAL)
    if size is not None:
        query = query.where(LogCheckpoint.size == size)
    return session.exec(query.order_by(col(LogCheckpoint.size).desc(), col(LogCheckpoint.id)).limit(1)).first()


def find_signed_checkpoint(session: Session, institution_id: str) -> LogCheckpoint | None:
    """Return the institution's checkpoint of the greatest size that is final or on its way there; None without one."""
    query = select(LogCheckpoint).join(Outbox, col(LogCheckpoint.outbox_id) == Outbox.id)
    query = query.where(LogCheckpoint.institution_id == institution_id, Outbox.state != REVERTED)
    return session.exec(query.order_by(col(LogCheckpoint.size).desc(), col(LogCheckpoint.id)).limit(1)).first()
