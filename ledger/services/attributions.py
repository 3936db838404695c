"""Match borrowers across banks under the centre's key, and tell where attributions of one borrower add up to more than one.

The borrower's text goes into an HMAC line by line and is forgotten: nothing of it is stored, logged, audited or said in an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from ledger.accounting.financed.matching import ABOVE_ONE, Matcher
from ledger.accounting.financed.methods import METHODS
from ledger.errors import InputError
from ledger.identifiers import check_identifier
from ledger.services import audit
from ledger.services.context import Page, Work, require_own, require_role, require_visible
from ledger.services.periods import load_period_row
from ledger.store import tables
from ledger.store.repositories import attributions

V = TypeVar("V")
CENTRE = ("admin", "operator", "auditor", "verifier", "certifier")


@dataclass(frozen=True)
class Matching:
    """A file on its way in: whose, of when, by which method, and what reads it."""

    institution: str
    period: str
    method: str
    matcher: Matcher


@dataclass(frozen=True)
class AttributionsView:
    """What is kept of a file: how many lines, under which version."""

    institution: str
    period: str
    method: str
    version: int
    lines: int
    submitted_by: str
    submitted_at: int


@dataclass(frozen=True)
class AboveOneView:
    """A borrower, by token, whose shares add up to more than one: for the centre. Shares in billionths, at least and at most."""

    code: str
    period: str
    method: str
    token: str
    institutions: tuple[str, ...]
    at_least_e9: str
    at_most_e9: str


@dataclass(frozen=True)
class OwnAboveOneView:
    """An exposure of the bank's own, by its pseudonym, whose borrower's shares add up to more than one over all banks."""

    code: str
    period: str
    method: str
    exposure: str


def open_matching(work: Work, institution: str, period: str, method: str) -> Matching:
    """Return what reads a bank's file under the centre's key, part by part, before anything is written.

    Raises:
        NotFound: the bank has no such period.
        InputError: the method is unknown.
    """
    require_own(work, institution, "preparer")
    load_period_row(work, institution, period)
    _check_method(method)
    return Matching(institution, period, method, Matcher(work.house.matching_key(), period))


def submit_attributions(work: Work, matching: Matching) -> AttributionsView:
    """Keep the tokens and shares of a file as the next version of its period and method; the same file again changes nothing."""
    require_own(work, matching.institution, "preparer")
    matcher = matching.matcher
    digest = matcher.finish()
    row = attributions.add_batch(
        work.session,
        institution_id=matching.institution,
        period_id=matching.period,
        method=matching.method,
        digest=digest,
        shares=(attributions.Share(item.token, item.exposure, item.floor_e9, item.ceil_e9) for item in matcher.items()),
        size=matcher.n,
        submitted_by=work.actor.subject,
        at=work.clock.now(),
    )
    what, details = f"{matching.institution}/{matching.period}/{matching.method}", {"lines": matcher.n, "version": row.version}
    audit.record(work, "attributions.submit", what, institution=matching.institution, details=details)
    return _view(row)


def list_attribution_findings(work: Work, period: str, method: str, limit: int, after: str | None) -> Page[AboveOneView]:
    """Return, for the centre, the borrowers whose shares add up to more than one, in the order of their tokens."""
    require_role(work, *CENTRE)
    check_identifier(period)
    _check_method(method)
    found = [
        AboveOneView(ABOVE_ONE, period, method, item.token.hex(), item.institutions, str(item.floor_e9), str(item.ceil_e9))
        for item in attributions.list_above_one(work.session, period, method)
    ]
    return _page(found, limit, after)


def list_own_attribution_findings(
    work: Work, institution: str, period: str, method: str, limit: int, after: str | None
) -> Page[OwnAboveOneView]:
    """Return, for one bank, its own exposures whose borrowers' shares add up to more than one: no other bank, no sum, no token."""
    require_visible(work, institution)
    load_period_row(work, institution, period)
    _check_method(method)
    own = attributions.list_own_above_one(work.session, institution, period, method)
    return _page([OwnAboveOneView(ABOVE_ONE, period, method, exposure.hex()) for exposure in own], limit, after)


def _page(items: list[V], limit: int, after: str | None) -> Page[V]:
    start = 0 if after is None else int(after)
    return Page(tuple(items[start : start + limit]), str(start + limit) if start + limit < len(items) else None)


def _check_method(method: str) -> None:
    known = [item.id for item in METHODS]
    if method not in known:
        raise InputError(f"no method {method[:40]!r}", hint=f"expected {' or '.join(known)}")


def _view(row: tables.AttributionBatch) -> AttributionsView:
    return AttributionsView(row.institution_id, row.period_id, row.method, row.version, row.size, row.submitted_by, row.at)
