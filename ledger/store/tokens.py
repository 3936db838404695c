"""Opaque access tokens: the secret is shown once and only its SHA-256 is stored.

A secret has 256 random bits, so a plain hash is enough and the lookup by hash tells nothing by its timing.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlmodel import Session, col, select

from ledger.errors import InputError
from ledger.identifiers import is_identifier
from ledger.store.repositories.paging import Page, fetch_page, found
from ledger.store.tables import Token, TokenRevocation

PREFIX = "lingtan_"


@dataclass(frozen=True)
class Access:
    """What a token lets its holder be: subject, institution (None for the operator), roles, expiry in Unix seconds (None: never)."""

    token_id: int
    subject: str
    institution_id: str | None
    roles: frozenset[str]
    expires_at: int | None


def create_token(
    session: Session,
    *,
    subject: str,
    institution_id: str | None,
    roles: Iterable[str],
    expires_at: int | None,
    created_by: str,
    at: int,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> tuple[str, Access]:
    """Create a token; return its secret, which is never shown again, and what it grants.

    Raises:
        InputError: no role, or a role that is no identifier.
    """
    names = sorted(set(roles))
    if not names or not all(is_identifier(name) for name in names):
        raise InputError("a token needs roles, each an identifier", hint="name at least one role")
    secret = PREFIX + random(32).hex()
    row = Token(
        secret_hash=_hash(secret),
        subject=subject,
        institution_id=institution_id,
        roles=" ".join(names),
        expires_at=expires_at,
        created_by=created_by,
        at=at,
    )
    session.add(row)
    session.flush()
    return secret, _access(row)


def find_access(session: Session, secret: str, *, now: int) -> Access | None:
    """Return what the secret grants now; None when it is unknown, expired or revoked."""
    row = session.exec(select(Token).where(Token.secret_hash == _hash(secret))).one_or_none()
    if row is None or (row.expires_at is not None and now >= row.expires_at) or find_revocation(session, row.id) is not None:
        return None
    return _access(row)


def revoke_token(session: Session, token_id: int, *, revoked_by: str, reason: str, at: int) -> TokenRevocation:
    """End a token at once; an ended one stays as it was ended.

    Raises:
        NotFound: there is no such token.
    """
    found(session.get(Token, token_id), "token", id=token_id)
    earlier = find_revocation(session, token_id)
    if earlier is not None:
        return earlier
    row = TokenRevocation(token_id=token_id, revoked_by=revoked_by, reason=reason, at=at)
    session.add(row)
    session.flush()
    return row


def find_revocation(session: Session, token_id: int) -> TokenRevocation | None:
    """Return the end of the token, or None."""
    return session.get(TokenRevocation, token_id)


def list_tokens(session: Session, *, institution_id: str | None = None, limit: int = 100, after: int | None = None) -> Page[Access, int]:
    """Return what was granted, in order, to one institution if given; expired and revoked ones too."""
    query = select(Token)
    if institution_id is not None:
        query = query.where(Token.institution_id == institution_id)
    page = fetch_page(session, query, col(Token.id), lambda row: row.id, limit, after)
    return Page(tuple(_access(row) for row in page.items), page.next_after)


def _access(row: Token) -> Access:
    return Access(row.id, row.subject, row.institution_id, frozenset(row.roles.split(" ")), row.expires_at)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
