"""Whether the stored bytes still are what their hashes say: the store's part of `lingtan fsck`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from sqlalchemy import Table, func, select
from sqlmodel import Session

from ledger.records.findings import Finding
from ledger.store.audit import AuditHead, verify_audit_log
from ledger.store.tables import Row


def _sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


# Table, column of the bytes, column of the hash, how it is computed.
HASHED: tuple[tuple[str, str, str, Callable[[bytes], str | bytes]], ...] = (
    ("organisation_version", "document", "hash", _sha256_hex),
    ("activity_version", "document", "hash", _sha256_hex),
    ("library_release", "document", "hash", _sha256_hex),
    ("release_draft", "document", "hash", _sha256_hex),
    ("local_factor", "document", "hash", _sha256_hex),
    ("analysis_policy", "document", "hash", _sha256_hex),
    ("statement", "document", "hash", _sha256_hex),
    ("statement_meter_record", "record", "digest", _sha256_hex),
    ("commitments", "document", "hash", _sha256_hex),
    ("financed_statement", "document", "hash", _sha256_hex),
    ("financed_leaves", "leaves", "sha256", _sha256_hex),
    ("reduction_statement", "document", "hash", _sha256_hex),
    ("reduction_evidence", "content", "sha256", _sha256_hex),
    ("telemetry_body", "body", "sha256", _sha256_hex),
    ("telemetry_body", "body", "leaf_hash", _leaf),
    ("envelope_alarm", "body", "sha256", _sha256_hex),
    ("package_content", "content", "sha256", _sha256_hex),
    ("verdict", "result", "result_hash", _sha256_hex),
    ("verdict", "findings", "findings_hash", _sha256_hex),
)


def check_store(session: Session, expected_head: AuditHead | None = None) -> tuple[Finding, ...]:
    """Return findings on every stored hash that its bytes do not have, on gaps in the envelope logs, and on the audit log."""
    return (*_hash_findings(session), *_log_findings(session), *verify_audit_log(session, expected_head))


def _hash_findings(session: Session) -> Iterator[Finding]:
    for name, content, digest, compute in HASHED:
        table = Row.metadata.tables[name]
        key = list(table.primary_key.columns)
        # Only keys are read ahead: one row's bytes at a time are in memory.
        for place in session.connection().execute(select(*key)).all():
            mine = [column == value for column, value in zip(key, place, strict=True)]
            data, stored = session.connection().execute(select(table.c[content], table.c[digest]).where(*mine)).one()
            if data is not None and compute(data) != stored:
                yield _broken(table, place, digest)


def _log_findings(session: Session) -> Iterator[Finding]:
    log = Row.metadata.tables["telemetry_body"]
    sizes = select(log.c.institution_id, func.count(), func.max(log.c.log_index)).group_by(log.c.institution_id)
    for institution, count, last in session.connection().execute(sizes).all():
        if count != last + 1:
            yield Finding(
                code="LOG_ENTRY_MISSING",
                severity="error",
                place=f"telemetry_body {institution}",
                action="stop, restore the missing entries from a backup",
                got=f"{count} entries",
                expected=f"{last + 1} entries",
                params={"institution": institution},
            )


def _broken(table: Table, place: object, column: str) -> Finding:
    where = " ".join(str(part) for part in place)  # type: ignore[attr-defined]
    return Finding(
        code="STORED_HASH_BROKEN",
        severity="error",
        place=f"{table.name} {where}",
        action="stop, restore the row from a backup, find out who changed the file",
        got=f"bytes that do not have the stored {column}",
        expected=f"bytes whose hash is {column}",
        params={"table": table.name, "column": column},
    )
