"""Statements and what hangs on them: meter records, commitments, evidence packages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import delete, insert
from sqlmodel import Session, col, select

from ledger.store.errors import AlreadyStored
from ledger.store.repositories.attested import STATEMENTS
from ledger.store.repositories.paging import found, sha256_hex
from ledger.store.tables import ActivityVersion, Commitments, OrganisationVersion, Package, PackageContent, Statement, StatementMeterRecord

find_statement = STATEMENTS.find_statement
get_statement = STATEMENTS.get_statement
find_statement_by_hash = STATEMENTS.find_statement_by_hash
list_statements = STATEMENTS.list_statements

_RECORDS = StatementMeterRecord.metadata.tables["statement_meter_record"]
_RECORDS_AT_ONCE = 32  # a meter-year is 315 kB: 10 MB per batch


def add_statement(
    session: Session,
    *,
    institution_id: str,
    period_id: str,
    revision: int,
    cause: str,
    supersedes: str | None,
    document: bytes,
    findings: bytes,
    has_errors: bool,
    organisation: OrganisationVersion,
    activity: ActivityVersion,
    library_hash: str,
    prepared_by: str,
    at: int,
) -> Statement:
    """Add a prepared statement (canonical bytes); the same bytes again give the stored row back.

    Raises:
        RowRefused: the library release or the superseded statement is not stored, or cause and revision do not go together.
    """
    digest = sha256_hex(document)
    earlier = find_statement_by_hash(session, digest)
    if earlier is not None:
        return earlier
    row = Statement(
        institution_id=institution_id,
        period_id=period_id,
        revision=revision,
        cause=cause,
        supersedes=supersedes,
        hash=digest,
        document=document,
        findings=findings,
        has_errors=has_errors,
        organisation_version_id=organisation.id,
        organisation_hash=organisation.hash,
        activity_version_id=activity.id,
        activity_hash=activity.hash,
        library_hash=library_hash,
        prepared_by=prepared_by,
        at=at,
    )
    session.add(row)
    session.flush()
    return row


def find_latest_statement(session: Session, institution_id: str, period_id: str, revision: int | None = None) -> Statement | None:
    """Return the last prepared statement of the period's highest revision, or of the one given; None where there is none."""
    query = select(Statement).where(Statement.institution_id == institution_id, Statement.period_id == period_id)
    if revision is not None:
        query = query.where(Statement.revision == revision)
    return session.exec(query.order_by(col(Statement.revision).desc(), col(Statement.id).desc()).limit(1)).one_or_none()


def add_meter_records(session: Session, statement_id: int, records: Iterable[tuple[str, bytes]]) -> int:
    """Add the LTM1 records (meter id, bytes) that the statement used; returns how many. They may come from a generator."""
    batch: list[dict[str, object]] = []
    count = 0
    for meter_id, record in records:
        batch.append({"statement_id": statement_id, "meter_id": meter_id, "digest": sha256_hex(record), "record": record})
        count += 1
        if len(batch) == _RECORDS_AT_ONCE:
            session.connection().execute(insert(_RECORDS), batch)
            batch = []
    if batch:
        session.connection().execute(insert(_RECORDS), batch)
    return count


def get_meter_record(session: Session, statement_id: int, meter_id: str) -> StatementMeterRecord:
    """Return the record of one meter.

    Raises:
        NotFound: the statement used no such meter.
    """
    row = session.get(StatementMeterRecord, (statement_id, meter_id))
    return found(row, "meter record", statement=statement_id, meter=meter_id)


def iterate_meter_records(session: Session, statement_id: int) -> Iterator[tuple[str, bytes]]:
    """Yield (meter id, LTM1 bytes) of the statement by meter id, one at a time in memory."""
    mine = StatementMeterRecord.statement_id == statement_id
    names = session.exec(select(StatementMeterRecord.meter_id).where(mine).order_by(col(StatementMeterRecord.meter_id))).all()
    for meter_id in names:
        yield meter_id, session.exec(select(StatementMeterRecord.record).where(mine, StatementMeterRecord.meter_id == meter_id)).one()


def add_commitments(session: Session, statement_id: int, document: bytes, *, at: int) -> Commitments:
    """Add the statement's commitments (canonical bytes); the same bytes again give the stored row back.

    Raises:
        AlreadyStored: the statement has other commitments.
    """
    earlier = session.get(Commitments, statement_id)
    if earlier is not None:
        if earlier.document != document:
            raise AlreadyStored("the statement has other commitments", stored=earlier.hash, got=sha256_hex(document))
        return earlier
    row = Commitments(statement_id=statement_id, hash=sha256_hex(document), document=document, at=at)
    session.add(row)
    session.flush()
    return row


def find_commitments(session: Session, statement_id: int) -> Commitments | None:
    """Return the statement's commitments, or None."""
    return session.get(Commitments, statement_id)


def add_package(session: Session, statement_id: int, *, hash: str, content: bytes, created_by: str, at: int) -> Package:
    """Add an evidence package by the hash of its manifest, with its zip bytes; the same manifest again gives the stored row back."""
    earlier = session.exec(select(Package).where(Package.statement_id == statement_id, Package.hash == hash)).one_or_none()
    if earlier is not None:
        return earlier
    digest = sha256_hex(content)
    row = Package(statement_id=statement_id, hash=hash, zip_sha256=digest, size=len(content), created_by=created_by, at=at)
    session.add(row)
    session.flush()
    session.add(PackageContent(package_id=row.id, sha256=digest, content=content))
    session.flush()
    return row


def find_package_content(session: Session, package_id: int) -> bytes | None:
    """Return the zip of a package, or None where it was erased."""
    row = session.get(PackageContent, package_id)
    return None if row is None else row.content


def find_package(session: Session, hash: str) -> Package | None:
    """Return the package whose manifest has this hash, or None."""
    return session.exec(select(Package).where(Package.hash == hash).order_by(col(Package.id).desc()).limit(1)).one_or_none()


def erase_openings(session: Session, institution_id: str) -> int:
    """Delete for good what opens the leaves of an institution's statements: commitments, meter records, packages; return how many rows.

    Statements, attestations, anchors and the hashes of packages stay.
    """
    mine = select(Statement.id).where(Statement.institution_id == institution_id)
    packages = select(Package.id).where(col(Package.statement_id).in_(mine))
    erased = 0
    for statement in (
        delete(Commitments).where(col(Commitments.statement_id).in_(mine)),
        delete(StatementMeterRecord).where(col(StatementMeterRecord.statement_id).in_(mine)),
        delete(PackageContent).where(col(PackageContent.package_id).in_(packages)),
    ):
        erased += session.exec(statement).rowcount
    return erased
