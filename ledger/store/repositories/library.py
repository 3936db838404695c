"""Releases of the indicator library, schemas and schemes, with their drafts, proposals and publications."""

from __future__ import annotations

from sqlalchemy import func
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from ledger.records.outbox import FINAL
from ledger.store.repositories.paging import Page, fetch_page, found, sha256_hex
from ledger.store.repositories.signed import Signed
from ledger.store.tables import LibraryRelease, Outbox, ReleaseDraft, ReleaseProposal, ReleasePublication


def add_release(session: Session, *, kind: str, release: str, document: bytes, actor: str, at: int) -> LibraryRelease:
    """Add a document of the library (canonical bytes); the same bytes again give the stored row back.

    Raises:
        AlreadyStored: this name of this kind stands for other bytes.
    """
    digest = sha256_hex(document)
    earlier = session.get(LibraryRelease, digest)
    if earlier is not None:
        return earlier
    row = LibraryRelease(hash=digest, kind=kind, release=release, document=document, actor=actor, at=at)
    session.add(row)
    session.flush()
    return row


def find_release(session: Session, hash: str) -> LibraryRelease | None:
    """Return the release with this hash, or None."""
    return session.get(LibraryRelease, hash, populate_existing=True)


def get_release(session: Session, hash: str) -> LibraryRelease:
    """Return the release with this hash.

    Raises:
        NotFound: there is none.
    """
    return found(find_release(session, hash), "library release", hash=hash)


def find_release_by_name(session: Session, kind: str, release: str) -> LibraryRelease | None:
    """Return the release of this kind and name, or None."""
    query = select(LibraryRelease).where(LibraryRelease.kind == kind, LibraryRelease.release == release)
    return session.exec(query.execution_options(populate_existing=True)).one_or_none()


def list_releases(session: Session, *, kind: str = "library", limit: int = 100, after: str | None = None) -> Page[LibraryRelease, str]:
    """Return releases of a kind by name, without their documents."""
    query = (
        select(LibraryRelease).where(LibraryRelease.kind == kind).options(defer(LibraryRelease.document, raiseload=True))  # type: ignore[arg-type]
    )
    return fetch_page(session, query, col(LibraryRelease.release), lambda row: row.release, limit, after)


def add_proposal(
    session: Session, *, release_hash: str, institution_id: str, valid_from: int, supersedes: str | None, signed: Signed
) -> ReleaseProposal:
    """Add a librarian's signed proposal of a stored release.

    Raises:
        AlreadyStored: this very message is there.
        RowRefused: the release, or the one it supersedes, is not stored.
    """
    row = ReleaseProposal(
        release_hash=release_hash, institution_id=institution_id, valid_from=valid_from, supersedes=supersedes, **signed.columns()
    )
    session.add(row)
    session.flush()
    return row


def add_publication(session: Session, *, proposal_id: int, institution_id: str, signed: Signed) -> ReleasePublication:
    """Add a publisher's signed publication of a proposal. That the two people differ is for the caller and the contract to see to.

    Raises:
        AlreadyStored: this very message is there.
    """
    row = ReleasePublication(proposal_id=proposal_id, institution_id=institution_id, **signed.columns())
    session.add(row)
    session.flush()
    return row


def find_proposal(session: Session, release_hash: str) -> ReleaseProposal | None:
    """Return the latest proposal of the release, or None."""
    query = select(ReleaseProposal).where(ReleaseProposal.release_hash == release_hash)
    return session.exec(query.order_by(col(ReleaseProposal.id).desc()).limit(1)).one_or_none()


def find_publication(session: Session, release_hash: str) -> ReleasePublication | None:
    """Return the latest publication of the release, or None."""
    query = (
        select(ReleasePublication)
        .join(ReleaseProposal, col(ReleaseProposal.id) == col(ReleasePublication.proposal_id))
        .where(ReleaseProposal.release_hash == release_hash)
    )
    return session.exec(query.order_by(col(ReleasePublication.id).desc()).limit(1)).one_or_none()


def list_published_releases(
    session: Session, *, kind: str = "library", at: int | None = None
) -> list[tuple[LibraryRelease, ReleaseProposal]]:
    """Return the published releases of a kind with their proposals, by the time from which they are valid; those valid `at` if given.

    Published means that the message was handed in: whether the chain took it says the outbox row of the publication.
    """
    query = (
        select(LibraryRelease, ReleaseProposal)
        .join(ReleaseProposal, col(ReleaseProposal.release_hash) == col(LibraryRelease.hash))
        .join(ReleasePublication, col(ReleasePublication.proposal_id) == col(ReleaseProposal.id))
        .where(LibraryRelease.kind == kind)
        .order_by(col(ReleaseProposal.valid_from), col(ReleasePublication.id))
        .execution_options(populate_existing=True)
    )
    if at is not None:
        query = query.where(ReleaseProposal.valid_from <= at)
    rows: dict[str, tuple[LibraryRelease, ReleaseProposal]] = {}
    for release, proposal in session.exec(query).all():
        rows[release.hash] = (release, proposal)
    return list(rows.values())


def is_superseded(session: Session, hash: str, at: int) -> bool:
    """Tell whether a release that names this one in `supersedes` was published on chain and is in force at `at` (Unix seconds)."""
    query = (
        select(ReleaseProposal.id)
        .join(ReleasePublication, col(ReleasePublication.proposal_id) == col(ReleaseProposal.id))
        .join(Outbox, col(Outbox.id) == col(ReleasePublication.outbox_id))
        .where(ReleaseProposal.supersedes == hash, ReleaseProposal.valid_from <= at, Outbox.state == FINAL)
    )
    return session.exec(query.limit(1)).first() is not None


def add_draft(session: Session, *, release: str, document: bytes, findings: bytes, has_errors: bool, actor: str, at: int) -> ReleaseDraft:
    """Add the next version of a draft; the same bytes as its latest version give that row back."""
    earlier = find_draft(session, release)
    if earlier is not None and earlier.document == document:
        return earlier
    row = ReleaseDraft(
        release=release, hash=sha256_hex(document), document=document, findings=findings, has_errors=has_errors, actor=actor, at=at
    )
    session.add(row)
    session.flush()
    return row


def find_draft(session: Session, release: str) -> ReleaseDraft | None:
    """Return the latest version of the draft with this name, or None."""
    query = select(ReleaseDraft).where(ReleaseDraft.release == release).execution_options(populate_existing=True)
    return session.exec(query.order_by(col(ReleaseDraft.id).desc()).limit(1)).one_or_none()


def find_draft_by_hash(session: Session, hash: str) -> ReleaseDraft | None:
    """Return the version of a draft with this hash, or None; a version that was replaced is found too."""
    query = select(ReleaseDraft).where(ReleaseDraft.hash == hash).execution_options(populate_existing=True)
    return session.exec(query.order_by(col(ReleaseDraft.id).desc()).limit(1)).one_or_none()


def list_drafts(session: Session, *, limit: int = 100, after: str | None = None) -> Page[ReleaseDraft, str]:
    """Return the latest version of every draft by name, without those whose name was proposed since, and without documents."""
    latest = select(func.max(ReleaseDraft.id)).group_by(col(ReleaseDraft.release))
    taken = select(LibraryRelease.release).where(LibraryRelease.kind == "library")
    query = (
        select(ReleaseDraft)
        .where(col(ReleaseDraft.id).in_(latest), col(ReleaseDraft.release).not_in(taken))
        .options(defer(ReleaseDraft.document, raiseload=True))  # type: ignore[arg-type]
    )
    return fetch_page(session, query, col(ReleaseDraft.release), lambda row: row.release, limit, after)
