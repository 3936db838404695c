"""Releases of the indicator library, schemas and schemes: drafts, who proposed and who published them; local factors and their reviews."""

from __future__ import annotations

from sqlalchemy import Index

from ledger.store.tables.base import (
    AutoInt,
    Blob,
    Bool,
    Int,
    KeyStr,
    OptStr,
    Row,
    SignedMessage,
    Str,
    holds,
    one_of,
    refers,
    sha256_hex,
    signed_message,
    table,
    unique,
)

RELEASE_KINDS = ("library", "schema", "scheme")
REVIEWS = ("accepted", "refused")


class LibraryRelease(Row, table=True):
    """A document of the library by its hash; proposed and published are events beside it."""

    __table_args__ = table(one_of("kind", RELEASE_KINDS), unique("kind", "release"), *sha256_hex("hash"))

    hash: KeyStr
    kind: Str
    release: Str
    document: Blob
    actor: Str
    at: Int


class ReleaseProposal(SignedMessage, Row, table=True):
    """A librarian's signed ProposeRelease; `valid_from` in Unix seconds."""

    __table_args__ = table(
        refers("release_hash", "library_release", "hash"),
        refers("supersedes", "library_release", "hash"),
        refers("institution_id", "institution", "id"),
        *signed_message(),
    )

    id: AutoInt = None  # type: ignore[assignment]
    release_hash: Str
    institution_id: Str
    valid_from: Int
    supersedes: OptStr = None


class ReleasePublication(SignedMessage, Row, table=True):
    """A publisher's signed PublishRelease of a proposal."""

    __table_args__ = table(
        refers("proposal_id", "release_proposal", "id"), refers("institution_id", "institution", "id"), *signed_message()
    )

    id: AutoInt = None  # type: ignore[assignment]
    proposal_id: Int
    institution_id: Str


class ReleaseDraft(Row, table=True):
    """A version of a release document that a librarian works on, with its findings: the last row of a name is the draft."""

    __table_args__ = table(*sha256_hex("hash"), Index(None, "release", "id"))

    id: AutoInt = None  # type: ignore[assignment]
    release: Str
    hash: Str
    document: Blob
    findings: Blob
    has_errors: Bool
    actor: Str
    at: Int


class LocalFactor(Row, table=True):
    """A factor that an institution wants for itself: the canonical `lingtan.local_factor/1` bytes. The review is an event beside it."""

    __table_args__ = table(
        refers("institution_id", "institution", "id"), unique("hash"), *sha256_hex("hash"), Index(None, "institution_id", "factor")
    )

    id: AutoInt = None  # type: ignore[assignment]
    institution_id: Str
    factor: Str
    hash: Str
    document: Blob
    submitted_by: Str
    at: Int


class LocalFactorReview(Row, table=True):
    """What a librarian of the centre decided about a local factor, once and for all, and why."""

    __table_args__ = table(
        refers("local_factor_id", "local_factor", "id"),
        unique("local_factor_id"),
        one_of("decision", REVIEWS),
        holds("reason", "length(reason) BETWEEN 1 AND 2000"),
    )

    id: AutoInt = None  # type: ignore[assignment]
    local_factor_id: Int
    decision: Str
    reason: Str
    reviewed_by: Str
    at: Int
