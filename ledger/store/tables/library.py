"""Releases of the indicator library, schemas and schemes; who proposed and who published them."""

from __future__ import annotations

from ledger.store.tables.base import (
    AutoInt,
    Blob,
    Int,
    KeyStr,
    OptStr,
    Row,
    SignedMessage,
    Str,
    one_of,
    refers,
    sha256_hex,
    signed_message,
    table,
    unique,
)

RELEASE_KINDS = ("library", "schema", "scheme")


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
