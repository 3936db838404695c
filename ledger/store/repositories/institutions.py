"""Institutions, their commitment keys, organisation trees."""

from __future__ import annotations

from sqlalchemy import delete
from sqlmodel import Session, col, select

from ledger.identifiers import sid
from ledger.store.repositories.paging import Page, fetch_page, found, sha256_hex
from ledger.store.tables import Institution, InstitutionSecret, OrganisationVersion


def add_institution(
    session: Session, *, id: str, kind: str, name_en: str, name_zh: str, timezone: str, region: str, created_by: str, at: int
) -> Institution:
    """Add an institution; its name on chain is derived from its id.

    Raises:
        AlreadyStored: the id is taken.
    """
    row = Institution(
        id=id,
        kind=kind,
        name_en=name_en,
        name_zh=name_zh,
        timezone=timezone,
        region=region,
        org=sid("org", id).hex(),
        created_by=created_by,
        at=at,
    )
    session.add(row)
    session.flush()
    return row


def find_institution(session: Session, id: str) -> Institution | None:
    """Return the institution, or None."""
    return session.get(Institution, id)


def get_institution(session: Session, id: str) -> Institution:
    """Return the institution.

    Raises:
        NotFound: there is none.
    """
    return found(find_institution(session, id), "institution", id=id)


def find_institution_by_org(session: Session, org: str) -> Institution | None:
    """Return the institution whose 32-byte name on chain is `org` (hex without prefix), or None."""
    return session.exec(select(Institution).where(Institution.org == org)).one_or_none()


def list_institutions(session: Session, *, kind: str | None = None, limit: int = 100, after: str | None = None) -> Page[Institution, str]:
    """Return institutions by id, of one kind if given."""
    query = select(Institution)
    if kind is not None:
        query = query.where(Institution.kind == kind)
    return fetch_page(session, query, col(Institution.id), lambda row: row.id, limit, after)


def add_commitment_key(session: Session, institution_id: str, commitment_key: bytes, *, at: int) -> None:
    """Keep the institution's 32-byte commitment key, apart from everything that stays for ever.

    Raises:
        AlreadyStored: it has one; a key is never replaced.
    """
    session.add(InstitutionSecret(institution_id=institution_id, commitment_key=commitment_key, at=at))
    session.flush()


def find_commitment_key(session: Session, institution_id: str) -> bytes | None:
    """Return the commitment key, or None where it was deleted or never kept here."""
    row = session.get(InstitutionSecret, institution_id)
    return None if row is None else row.commitment_key


def delete_commitment_key(session: Session, institution_id: str) -> bool:
    """Delete the commitment key for good; tell whether there was one."""
    there = find_commitment_key(session, institution_id) is not None
    session.exec(delete(InstitutionSecret).where(col(InstitutionSecret.institution_id) == institution_id))
    return there


def add_organisation_version(session: Session, institution_id: str, document: bytes, *, actor: str, at: int) -> OrganisationVersion:
    """Add the next version of the institution's tree (canonical bytes); the same bytes as the latest give the latest back."""
    latest = find_latest_organisation(session, institution_id)
    digest = sha256_hex(document)
    if latest is not None and latest.hash == digest:
        return latest
    row = OrganisationVersion(
        institution_id=institution_id,
        version=1 if latest is None else latest.version + 1,
        hash=digest,
        document=document,
        actor=actor,
        at=at,
    )
    session.add(row)
    session.flush()
    return row


def find_latest_organisation(session: Session, institution_id: str) -> OrganisationVersion | None:
    """Return the latest version of the institution's tree, or None."""
    query = select(OrganisationVersion).where(OrganisationVersion.institution_id == institution_id)
    return session.exec(query.order_by(col(OrganisationVersion.version).desc()).limit(1)).one_or_none()


def get_organisation_version(session: Session, institution_id: str, version: int) -> OrganisationVersion:
    """Return one version of the institution's tree.

    Raises:
        NotFound: there is none.
    """
    query = select(OrganisationVersion).where(OrganisationVersion.institution_id == institution_id, OrganisationVersion.version == version)
    return found(session.exec(query).one_or_none(), "organisation version", institution=institution_id, version=version)


def find_organisation_by_hash(session: Session, institution_id: str, hash: str) -> OrganisationVersion | None:
    """Return the latest version whose document has this hash, or None."""
    query = select(OrganisationVersion).where(OrganisationVersion.institution_id == institution_id, OrganisationVersion.hash == hash)
    return session.exec(query.order_by(col(OrganisationVersion.version).desc()).limit(1)).one_or_none()
