"""The audit log: who did what, when, to what, with what result; each entry's hash covers the hash before it.

Guarantees: an entry changed, removed from the middle, or moved is found by `verify_audit_log`. It cannot see that entries were cut off the
end: keep the head (`find_head`) outside, in a checkpoint or a backup manifest, and hand it in as `expected_head`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session, col, select

from ledger.records import canonical
from ledger.records.findings import Finding
from ledger.store.repositories.paging import Page, fetch_page
from ledger.store.tables import AuditLog

SCHEMA = "lingtan.audit/1"
GENESIS = "0" * 64
_BATCH = 500


@dataclass(frozen=True)
class AuditHead:
    """The last entry of the log."""

    seq: int
    hash: str


def append(
    session: Session,
    *,
    actor: str,
    action: str,
    object: str,
    result: str,
    at: int,
    details: Mapping[str, object] | None = None,
    institution: str | None = None,
) -> AuditLog:
    """Append an entry in the unit of work of what it tells about.

    `details` become canonical bytes: put ids and hashes there, no readings and no secrets.
    """
    head = find_head(session)
    seq, prev_hash = (1, GENESIS) if head is None else (head.seq + 1, head.hash)
    stored = canonical.dump(dict(details or {}))
    row = AuditLog(
        seq=seq,
        at=at,
        actor=actor,
        institution=institution,
        action=action,
        object=object,
        result=result,
        details=stored,
        prev_hash=prev_hash,
        hash="",
    )
    row.hash = compute_hash(row)
    session.add(row)
    session.flush()
    return row


def compute_hash(row: AuditLog) -> str:
    """Return the hex SHA-256 over the canonical bytes of all columns but the hash, details by their own SHA-256."""
    return canonical.digest(
        {
            "schema": SCHEMA,
            "seq": row.seq,
            "at": row.at,
            "actor": row.actor,
            "institution": row.institution,
            "action": row.action,
            "object": row.object,
            "result": row.result,
            "details": hashlib.sha256(row.details).hexdigest(),
            "previous": row.prev_hash,
        }
    )


def find_head(session: Session) -> AuditHead | None:
    """Return the last entry's number and hash; None while the log is empty."""
    row = session.exec(select(AuditLog).order_by(col(AuditLog.seq).desc()).limit(1)).one_or_none()
    return None if row is None else AuditHead(row.seq, row.hash)


def list_audit_log(
    session: Session, *, institution: str | None = None, object: str | None = None, limit: int = 100, after: int | None = None
) -> Page[AuditLog, int]:
    """Return entries in order, of one institution or about one object if given."""
    query = select(AuditLog)
    if institution is not None:
        query = query.where(AuditLog.institution == institution)
    if object is not None:
        query = query.where(AuditLog.object == object)
    return fetch_page(session, query, col(AuditLog.seq), lambda row: row.seq, limit, after)


def find_last_entry(session: Session, institution: str, action: str) -> AuditLog | None:
    """Return the institution's last entry of this action, or None."""
    query = select(AuditLog).where(AuditLog.institution == institution, AuditLog.action == action)
    return session.exec(query.order_by(col(AuditLog.seq).desc()).limit(1)).one_or_none()


def verify_audit_log(session: Session, expected_head: AuditHead | None = None) -> tuple[Finding, ...]:
    """Return a finding for the first entry that breaks the chain, none when it is whole.

    With `expected_head`, an earlier head that was kept outside, the log must still contain that entry.
    """
    seq, prev_hash, head_seen = 0, GENESIS, expected_head is None
    after: int | None = None
    while True:
        page = fetch_page(session, select(AuditLog), col(AuditLog.seq), lambda row: row.seq, _BATCH, after)
        for row in page.items:
            broken = _check_entry(row, seq + 1, prev_hash)
            if broken is not None:
                return (broken,)
            seq, prev_hash = row.seq, row.hash
            head_seen = head_seen or expected_head == AuditHead(seq, prev_hash)
        session.expire_all()
        if page.next_after is None:
            break
        after = page.next_after
    if not head_seen and expected_head is not None:
        expected = f"entry {expected_head.seq} {expected_head.hash}"
        return (_finding("AUDIT_HEAD_MISSING", expected_head.seq, got=f"{seq} entries", expected=expected),)
    return ()


def _check_entry(row: AuditLog, seq: int, prev_hash: str) -> Finding | None:
    if row.seq != seq:
        return _finding("AUDIT_ENTRY_MISSING", seq, got=str(row.seq), expected=str(seq))
    if row.prev_hash != prev_hash:
        return _finding("AUDIT_CHAIN_BROKEN", seq, got=row.prev_hash, expected=prev_hash)
    computed = compute_hash(row)
    if row.hash != computed:
        return _finding("AUDIT_ENTRY_CHANGED", seq, got=row.hash, expected=computed)
    return None


def _finding(code: str, seq: int, *, got: str, expected: str) -> Finding:
    return Finding(
        code=code,
        severity="error",
        place=f"audit entry {seq}",
        action="stop, keep the file as it is, compare with the last backup",
        got=got,
        expected=expected,
        params={"seq": str(seq)},
    )
