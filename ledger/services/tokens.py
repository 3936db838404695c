"""Issue and revoke access tokens. A token names a person; it never signs for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.errors import InputError, NotFound
from ledger.identifiers import check_identifier
from ledger.services import audit
from ledger.services.context import ROLES, Page, Work, require_role
from ledger.store import tokens
from ledger.store.repositories import institutions

# What a person of each kind of institution may be; None stands for people of the platform itself.
_ROLES_OF_KIND: dict[str | None, frozenset[str]] = {
    "bank": frozenset({"preparer", "approver", "meter", "logkeeper"}),
    "centre": frozenset({"admin", "librarian", "publisher", "verifier", "certifier"}),
    "verifier": frozenset({"verifier"}),
    "auditor": frozenset({"auditor"}),
    "government": frozenset({"government"}),
    None: frozenset({"operator", "auditor", "government"}),
}
# Nobody holds both sides of a two-person rule.
_APART = (("preparer", "approver"), ("librarian", "publisher"), ("verifier", "certifier"))


@dataclass(frozen=True)
class TokenView:
    """A token without its secret; `expires_at` in Unix seconds, None for never."""

    id: int
    subject: str
    institution: str | None
    roles: tuple[str, ...]
    expires_at: int | None
    revoked: bool


def issue_token(work: Work, *, subject: str, institution: str | None, roles: Sequence[str], days: int) -> str:
    """Issue a token for a person and return its secret, which is not kept and never shown again.

    Raises:
        InputError: an unknown role, both sides of a two-person rule, or a lifetime of no days.
        NotFound: no such institution.
    """
    require_role(work, "operator")
    check_identifier(subject)
    unknown = sorted(set(roles) - set(ROLES))
    if unknown or not roles:
        raise InputError(f"unknown roles: {', '.join(unknown) or 'none given'}", hint=f"expected some of {', '.join(ROLES)}")
    for one, other in _APART:
        if {one, other} <= set(roles):
            raise InputError(f"nobody is {one} and {other} at once", hint="issue two tokens to two people")
    if days < 1:
        raise InputError("a token lives at least one day")
    row = None if institution is None else institutions.find_institution(work.session, institution)
    if institution is not None and row is None:
        raise NotFound(f"no institution {institution}", hint="create the institution first")
    allowed = _ROLES_OF_KIND[None if row is None else row.kind]
    if not set(roles) <= allowed:
        where = "the platform itself" if row is None else f"a {row.kind}"
        foreign = ", ".join(sorted(set(roles) - allowed))
        raise InputError(f"nobody of {where} is {foreign}", hint=f"roles there: {', '.join(sorted(allowed))}")
    now = work.clock.now()
    secret, access = tokens.create_token(
        work.session,
        subject=subject,
        institution_id=institution,
        roles=roles,
        expires_at=now + days * 86_400,
        created_by=work.actor.subject,
        at=now,
    )
    audit.record(work, "token.issue", str(access.token_id), institution=institution, details={"subject": subject, "roles": sorted(roles)})
    return secret


def revoke_token(work: Work, id: int, reason: str) -> None:
    """End a token at once."""
    require_role(work, "operator")
    tokens.revoke_token(work.session, id, revoked_by=work.actor.subject, reason=reason, at=work.clock.now())
    audit.record(work, "token.revoke", str(id), details={"reason": reason[:200]})


def list_tokens(work: Work, limit: int, after: str | None) -> Page[TokenView]:
    """Return every token that was ever issued, without secrets."""
    require_role(work, "operator")
    page = tokens.list_tokens(work.session, limit=limit, after=None if after is None else int(after))
    items = tuple(
        TokenView(
            item.token_id,
            item.subject,
            item.institution_id,
            tuple(sorted(item.roles)),
            item.expires_at,
            tokens.find_revocation(work.session, item.token_id) is not None,
        )
        for item in page.items
    )
    return Page(items, None if page.next_after is None else str(page.next_after))
