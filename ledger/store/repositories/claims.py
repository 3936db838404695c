"""Claims and the verdicts on them."""

from __future__ import annotations

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from ledger.identifiers import sid
from ledger.store.errors import AlreadyStored
from ledger.store.repositories.paging import Page, fetch_page, found, sha256_hex
from ledger.store.repositories.signed import Signed, may_sign_anew
from ledger.store.tables import Claim, Package, Verdict


def add_claim(
    session: Session, *, institution_id: str, claim_id: str, period_id: str, scheme: str, package_hash: str, signed: Signed
) -> Claim:
    """Add a bank's signed claim; the same message again gives the stored row back.

    Raises:
        AlreadyStored: another message is there and its transaction was not refused for good.
    """
    earlier = find_claim(session, institution_id, claim_id)
    if earlier is not None and earlier.struct_hash == signed.struct_hash:
        return earlier
    if earlier is not None and not may_sign_anew(session, earlier.outbox_id):
        raise AlreadyStored("this claim was made already", hint="choose another id", stored=earlier.struct_hash, got=signed.struct_hash)
    row = Claim(
        institution_id=institution_id,
        claim_id=claim_id,
        name=sid("claim", f"{institution_id}/{claim_id}").hex(),
        attempt=0 if earlier is None else earlier.attempt + 1,
        period_id=period_id,
        scheme=scheme,
        package_hash=package_hash,
        **signed.columns(),
    )
    session.add(row)
    session.flush()
    return row


def find_claim(session: Session, institution_id: str, claim_id: str) -> Claim | None:
    """Return the latest attempt at the institution's claim, or None."""
    query = select(Claim).where(Claim.institution_id == institution_id, Claim.claim_id == claim_id)
    return session.exec(query.order_by(col(Claim.attempt).desc()).limit(1)).one_or_none()


def get_claim(session: Session, institution_id: str, claim_id: str) -> Claim:
    """Return the latest attempt at the institution's claim.

    Raises:
        NotFound: there is none.
    """
    return found(find_claim(session, institution_id, claim_id), "claim", institution=institution_id, id=claim_id)


def find_claim_by_name(session: Session, name: str) -> Claim | None:
    """Return the latest attempt at the claim with this name on chain (32 bytes as hex), or None."""
    return session.exec(select(Claim).where(Claim.name == name).order_by(col(Claim.attempt).desc()).limit(1)).one_or_none()


def list_statement_claims(session: Session, statement_id: int) -> list[Claim]:
    """Return the claims that rest on a package of the statement, every attempt, in the order they came."""
    packages = select(Package.hash).where(Package.statement_id == statement_id)
    return list(session.exec(select(Claim).where(col(Claim.package_hash).in_(packages)).order_by(col(Claim.id))).all())


def list_claims(session: Session, *, institution_id: str | None = None, limit: int = 100, after: int | None = None) -> Page[Claim, int]:
    """Return the latest attempt at each claim in the order they came, of one institution if given."""
    later = aliased(Claim)
    query = select(Claim).where(~select(later.id).where(later.name == Claim.name, later.attempt > Claim.attempt).exists())
    if institution_id is not None:
        query = query.where(Claim.institution_id == institution_id)
    return fetch_page(session, query, col(Claim.id), lambda row: row.id, limit, after)


def add_verdict(
    session: Session, claim: Claim, *, institution_id: str, sequence: int, result: bytes, findings: bytes, signed: Signed
) -> Verdict:
    """Add a verifier's signed verdict with its result (canonical lingtan.verdict/1) and findings; the same message gives the row back."""
    earlier = session.exec(select(Verdict).where(Verdict.struct_hash == signed.struct_hash)).one_or_none()
    if earlier is not None:
        return earlier
    row = Verdict(
        claim_row_id=claim.id,
        institution_id=institution_id,
        sequence=sequence,
        result_hash=sha256_hex(result),
        result=result,
        findings_hash=sha256_hex(findings),
        findings=findings,
        **signed.columns(),
    )
    session.add(row)
    session.flush()
    return row


def list_verdicts(session: Session, claim: Claim) -> list[Verdict]:
    """Return every verdict on the claim in the order they came."""
    return list(session.exec(select(Verdict).where(Verdict.claim_row_id == claim.id).order_by(col(Verdict.id))).all())
