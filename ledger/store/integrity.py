"""Whether the stored bytes still are what their hashes say: the store's part of `lingtan fsck`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from sqlalchemy import Table, func, select
from sqlmodel import Session

from ledger.records.findings import Finding
from ledger.store.audit import AuditHead, verify_audit_log
from ledger.store.repositories.envelopes import is_alarm_without_body
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
    hashed = (check_hashed_rows(session, at, list_hashed_keys(session, at)) for at in range(len(HASHED)))
    return (*chain.from_iterable(hashed), *check_logs(session), *check_audit(session, expected_head))


def list_hashed_keys(session: Session, at: int) -> list[tuple[object, ...]]:
    """Return the keys of the rows of HASHED[at]; their bytes are read row by row."""
    table = Row.metadata.tables[HASHED[at][0]]
    return [tuple(row) for row in session.connection().execute(select(*table.primary_key.columns)).all()]


def check_hashed_rows(session: Session, at: int, keys: Iterable[tuple[object, ...]]) -> Iterator[Finding]:
    """Yield STORED_HASH_BROKEN for every row of HASHED[at] whose bytes do not have their hash; a row that is gone is not for this check."""
    name, content, digest, compute = HASHED[at]
    table = Row.metadata.tables[name]
    for place in keys:
        mine = [column == value for column, value in zip(table.primary_key.columns, place, strict=True)]
        row = session.connection().execute(select(table.c[content], table.c[digest]).where(*mine)).one_or_none()
        if row is None or row[0] is None or compute(row[0]) == row[1]:
            continue
        if name != "envelope_alarm" or not is_alarm_without_body(session, int(str(place[0]))):
            yield _broken(table, place, digest)


def check_audit(session: Session, expected_head: AuditHead | None = None) -> tuple[Finding, ...]:
    """Return findings on the hash chain of the audit log."""
    return verify_audit_log(session, expected_head)


def check_logs(session: Session) -> Iterator[Finding]:
    """Yield LOG_ENTRY_MISSING for every envelope log with a gap."""
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
