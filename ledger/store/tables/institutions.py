"""Who takes part, their organisation trees, their periods, and how these are analysed."""

from __future__ import annotations

from ledger.store.tables.base import AutoInt, Blob, Int, KeyStr, Row, Str, holds, one_of, refers, sha256_hex, table, unique

INSTITUTION_KINDS = ("bank", "centre", "verifier", "auditor", "government")


class Institution(Row, table=True):
    """An institution; `org` is its 32-byte name on chain, sid("org", id), as hex."""

    __table_args__ = table(one_of("kind", INSTITUTION_KINDS), *sha256_hex("org"), unique("org"), holds("id", "length(id) BETWEEN 1 AND 63"))

    id: KeyStr
    kind: Str
    name_en: Str
    name_zh: Str
    timezone: Str
    region: Str
    org: Str
    created_by: Str
    at: Int


class InstitutionSecret(Row, table=True):
    """The commitment key K of an institution (spec: commitments §4). It may be deleted, never replaced."""

    __table_args__ = table(refers("institution_id", "institution", "id"), holds("commitment_key", "length(commitment_key) = 32"))

    institution_id: KeyStr
    commitment_key: Blob
    at: Int


class OrganisationVersion(Row, table=True):
    """One version of an institution's tree: the canonical `lingtan.organisation/1` bytes as they are hashed."""

    __table_args__ = table(
        refers("institution_id", "institution", "id"),
        unique("institution_id", "version"),
        *sha256_hex("hash"),
        holds("version", "version >= 1"),
    )

    id: AutoInt = None  # type: ignore[assignment]
    institution_id: Str
    version: Int
    hash: Str
    document: Blob
    actor: Str
    at: Int


class Period(Row, table=True):
    """A reporting period [start, end) in Unix seconds, unique by id within its institution."""

    __table_args__ = table(
        refers("institution_id", "institution", "id"), holds("bounds", '"end" > start'), holds("id", "length(id) BETWEEN 1 AND 63")
    )

    institution_id: KeyStr
    id: KeyStr
    start: Int
    end: Int
    timezone: Str
    created_by: Str
    at: Int


class AnalysisPolicy(Row, table=True):
    """One version of how an institution's periods are analysed: the canonical `lingtan.analysis_policy/1` bytes as they are hashed."""

    __table_args__ = table(
        refers("institution_id", "institution", "id"),
        unique("institution_id", "version"),
        *sha256_hex("hash"),
        holds("version", "version >= 1"),
    )

    id: AutoInt = None  # type: ignore[assignment]
    institution_id: Str
    version: Int
    hash: Str
    document: Blob
    actor: Str
    at: Int
