"""Local factors: a bank submits one for itself with the document it is from, the centre's librarian accepts or refuses it with a reason.

An accepted one is not in use yet: it enters the next draft of the library, and a bank may choose it once that release is published. So
there is one way only in which a factor becomes trusted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from ledger.errors import Conflict, Forbidden, InputError, NotFound
from ledger.indicators.factor import BASE_UNITS, Factor
from ledger.indicators.local_factor import check_local_factor
from ledger.indicators.reading import check_release, release_from_document
from ledger.indicators.release import Release
from ledger.records import canonical
from ledger.records.findings import Finding, has_errors
from ledger.services import audit
from ledger.services.context import OF_A_BANK, Page, Work, may_see, require_own, require_role, require_visible
from ledger.services.library import find_release_in_force
from ledger.services.library_drafts import find_clashes, merge_local
from ledger.services.texts import check_reason
from ledger.store.repositories import institutions, local_factors
from ledger.store.tables import LocalFactor

DECISIONS = ("accepted", "refused")


@dataclass(frozen=True)
class LocalFactorView:
    """A local factor; state: submitted, accepted, refused (times in Unix seconds).

    `accepted` says whether it was taken for review; where findings kept it out, the state is rejected and `id` empty.
    """

    id: str
    institution: str
    factor: str
    hash: str
    state: str
    accepted: bool
    findings: tuple[Finding, ...]
    document: dict[str, Any]
    submitted_by: str
    submitted_at: int
    review_reason: str | None
    reviewed_by: str | None
    reviewed_at: int | None


def submit_local_factor(work: Work, institution: str, document: Mapping[str, object]) -> LocalFactorView:
    """Keep a `lingtan.local_factor/1` of the actor's own institution for review, or give back every finding that keeps it out.

    It is checked as part of the release in force too: its document, its unit, and whether its validity overlaps that of another factor.
    """
    require_own(work, institution, "preparer")
    findings = _check(work, institution, dict(document))
    if has_errors(findings):
        audit.record(work, "local_factor.refuse", institution, institution=institution, result="refused")
        return LocalFactorView(
            "", institution, "", "", "rejected", False, findings, dict(document), work.actor.subject, work.clock.now(), None, None, None
        )
    row = local_factors.add_local_factor(
        work.session,
        institution_id=institution,
        factor=str(cast("dict[str, Any]", document["factor"])["id"]),
        document=canonical.dump(document),
        submitted_by=work.actor.subject,
        at=work.clock.now(),
    )
    audit.record(work, "local_factor.submit", str(row.id), institution=institution, details={"hash": row.hash})
    return _view(work, row, findings)


def review_local_factor(work: Work, id: str, decision: str, reason: str) -> LocalFactorView:
    """Accept or refuse a local factor as the centre's librarian, once and for all.

    Raises:
        InputError: another decision, or no reason.
        Forbidden: the librarian is of the institution whose factor it is, or not of the centre.
        Conflict: it was decided before.
    """
    require_role(work, "librarian")
    row = _load(work, id)
    if decision not in DECISIONS:
        raise InputError(f"not a decision; expected {' or '.join(DECISIONS)}")
    own = None if work.actor.institution is None else institutions.find_institution(work.session, work.actor.institution)
    if own is None or own.kind != "centre" or own.id == row.institution_id:
        raise Forbidden(
            "a local factor is reviewed by the centre, never by its own institution", hint="let the centre's librarian review it"
        )
    text = check_reason(reason)
    earlier = local_factors.find_review(work.session, row.id)
    if earlier is not None and (earlier.decision, earlier.reason) != (decision, text):
        raise Conflict(f"it was {earlier.decision} already", hint="a decision stays; the bank may submit another document")
    if earlier is None:
        at = work.clock.now()
        local_factors.add_review(work.session, row.id, decision=decision, reason=text, reviewed_by=work.actor.subject, at=at)
        details = {"decision": decision, "reason": text, "hash": row.hash}
        audit.record(work, "local_factor.review", id, institution=row.institution_id, details=details)
    return _view(work, row)


def get_local_factor(work: Work, id: str) -> LocalFactorView:
    """Return a local factor of an institution that the actor may see."""
    return _view(work, _load(work, id))


def list_local_factors(work: Work, institution: str | None, limit: int, after: str | None) -> Page[LocalFactorView]:
    """Return the local factors that the actor may see, in the order they were submitted."""
    if institution is not None:
        require_visible(work, institution)
    elif work.actor.roles & OF_A_BANK or not may_see(work.actor, ""):
        institution = work.actor.institution or "-"
    page = local_factors.list_local_factors(
        work.session, institution_id=institution, limit=limit, after=None if after is None else int(after)
    )
    return Page(tuple(_view(work, row) for row in page.items), None if page.next_after is None else str(page.next_after))


def _check(work: Work, institution: str, document: dict[str, Any]) -> tuple[Finding, ...]:
    local, findings = check_local_factor(document)
    if local is None or has_errors(findings):
        return findings
    if local.institution != institution:
        action = "submit factors of your own institution"
        return (*findings, Finding("INSTITUTION_DIFFERS", "error", "/institution", action, local.institution, institution))
    row = find_release_in_force(work)
    if row is None:
        return findings
    release = cast("dict[str, Any]", canonical.load_canonical(row.document))
    clashes = find_clashes(release, [document])
    if clashes:
        return (*findings, *clashes)
    return (*findings, *_check_use(local.factor, release_from_document(release)), *_check_beside(release, document))


def _check_use(factor: Factor, release: Release) -> Iterator[Finding]:
    """Yield what keeps every indicator of the release from taking the factor: its kind and carrier, or its unit."""
    admitting = [
        indicator for indicator in release.indicators if any(indicator.admits_factor(factor, use) for use in ("location", "market"))
    ]
    if not admitting:
        got, action = f"{factor.kind} of {factor.carrier}", "name the kind and the carrier of a source of the library"
        yield Finding("FACTOR_NOT_ADMITTED", "error", "/factor/kind", action, got, "a kind and carrier that an indicator admits")
    elif not any(factor.serves(dimension) for item in admitting for dimension in BASE_UNITS if item.admits_dimension(dimension)):
        expected = "kg per " + " or ".join(sorted({BASE_UNITS[item.dimension] for item in admitting}))
        yield Finding("FACTOR_BASE_WRONG", "error", "/factor/unit", "give the factor per base unit of the source", factor.unit, expected)


def _check_beside(release: dict[str, Any], document: dict[str, Any]) -> Iterator[Finding]:
    """Yield what the factor brings into the release; places within the release would tell the bank nothing."""
    _, before = check_release(release)
    _, after = check_release(merge_local(release, [document]))
    known = [_without_place(item) for item in before]
    for item in after:
        if _without_place(item) not in known:
            yield replace(item, place="/factor")


def _without_place(finding: Finding) -> Finding:
    return replace(finding, place="")


def _load(work: Work, id: str) -> LocalFactor:
    row = local_factors.find_local_factor(work.session, int(id)) if id.isdecimal() and len(id) < 18 else None
    if row is None or not may_see(work.actor, row.institution_id):
        raise NotFound("no such local factor", hint="list the local factors")
    return row


def _view(work: Work, row: LocalFactor, findings: tuple[Finding, ...] = ()) -> LocalFactorView:
    review = local_factors.find_review(work.session, row.id)
    return LocalFactorView(
        id=str(row.id),
        institution=row.institution_id,
        factor=row.factor,
        hash=row.hash,
        state="submitted" if review is None else review.decision,
        accepted=True,
        findings=findings,
        document=cast("dict[str, Any]", canonical.load_canonical(row.document)),
        submitted_by=row.submitted_by,
        submitted_at=row.at,
        review_reason=None if review is None else review.reason,
        reviewed_by=None if review is None else review.reviewed_by,
        reviewed_at=None if review is None else review.at,
    )
