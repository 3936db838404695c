"""Activity data, statements and what hangs on a statement: answers to findings, meter records, commitments, evidence package."""

from __future__ import annotations

from sqlalchemy import Index

from ledger.store.tables.attested import StatementRow, statement_constraints
from ledger.store.tables.base import AutoInt, Blob, Bool, Int, KeyInt, KeyStr, Row, Str, holds, refers, sha256_hex, table, unique


class ActivityVersion(Row, table=True):
    """One version of a period's activity data: the canonical `lingtan.activity/1` bytes and the findings on them."""

    __table_args__ = table(
        refers(("institution_id", "period_id"), "period", ("institution_id", "id")),
        unique("institution_id", "period_id", "version"),
        *sha256_hex("hash"),
        holds("version", "version >= 1"),
    )

    id: AutoInt = None  # type: ignore[assignment]
    institution_id: Str
    period_id: Str
    version: Int
    hash: Str
    document: Blob
    findings: Blob
    has_errors: Bool
    actor: Str
    at: Int


class Statement(StatementRow, table=True):
    """A prepared statement: canonical `lingtan.statement/1` bytes, and the inputs they are a function of.

    Before signing, several statements may carry the same revision; the attestation decides which one counts.
    """

    __table_args__ = table(
        *statement_constraints("statement"),
        refers("organisation_version_id", "organisation_version", "id"),
        refers("activity_version_id", "activity_version", "id"),
        unique("id", "institution_id", "period_id", "revision"),
        *sha256_hex("organisation_hash", "activity_hash"),
        Index(None, "institution_id", "period_id", "revision"),
    )

    has_errors: Bool
    organisation_version_id: Int
    organisation_hash: Str
    activity_version_id: Int
    activity_hash: Str


class StatementAnswer(Row, table=True):
    """What the bank says to one finding on a statement, named by code and place. Several answers may stand beside each other."""

    __table_args__ = table(
        refers("statement_id", "statement", "id"),
        unique("statement_id", "code", "place", "at"),
        holds("reason", "length(reason) BETWEEN 1 AND 2000"),
    )

    id: AutoInt = None  # type: ignore[assignment]
    statement_id: Int
    code: Str
    place: Str
    reason: Str
    by: Str
    at: Int


class StatementMeterRecord(Row, table=True):
    """The LTM1 record of one meter as the statement used it, its leaf key included; `digest` is the SHA-256 of the whole record."""

    __table_args__ = table(refers("statement_id", "statement", "id"), *sha256_hex("digest"))

    statement_id: KeyInt
    meter_id: KeyStr
    digest: Str
    record: Blob


class Commitments(Row, table=True):
    """The canonical `lingtan.commitments/1` bytes of a statement: keys and salts of its leaves."""

    __table_args__ = table(refers("statement_id", "statement", "id"), *sha256_hex("hash"))

    statement_id: KeyInt
    hash: Str
    document: Blob
    at: Int


class Package(Row, table=True):
    """An evidence package: the hash of its manifest, by which a claim names it, and size and hash of its zip."""

    __table_args__ = table(
        refers("statement_id", "statement", "id"),
        unique("statement_id", "hash"),
        *sha256_hex("hash", "zip_sha256"),
        holds("size", "size > 0"),
    )

    id: AutoInt = None  # type: ignore[assignment]
    statement_id: Int
    hash: Str
    zip_sha256: Str
    size: Int
    created_by: Str
    at: Int


class PackageContent(Row, table=True):
    """The zip of an evidence package, apart from what stays for ever: it opens leaves, so it goes with the commitment key."""

    __table_args__ = table(refers("package_id", "package", "id"), *sha256_hex("sha256"))

    package_id: KeyInt
    sha256: Str
    content: Blob
