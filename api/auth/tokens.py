"""From `Authorization: Bearer …` to an actor: the opaque token is looked up by its hash on every request, so a revocation holds at once."""

from __future__ import annotations

import re
from dataclasses import dataclass

from api.problems.refusal import Refusal
from ledger.services.context import Actor
from ledger.services.house import House
from ledger.store.tokens import find_access

_BEARER = re.compile(r"[Bb]earer +([!-~]{1,200})")


@dataclass(frozen=True)
class Holder:
    """The actor behind a token, and the token's number (no secret)."""

    actor: Actor
    token_id: int


def authenticate(house: House, authorization: str | None) -> Holder:
    """Return who holds the token of an Authorization header.

    Raises:
        Refusal: 401: no header, or a token that is unknown, expired or revoked; which of these is not said.
    """
    if not authorization:
        raise Refusal("credentials.missing")
    match = _BEARER.fullmatch(authorization)
    access = None
    if match is not None:
        with house.database.reading() as session:
            access = find_access(session, match.group(1), now=house.clock.now())
    if access is None:
        raise Refusal("credentials.refused", headers={"WWW-Authenticate": 'Bearer realm="lingtan", error="invalid_token"'})
    return Holder(Actor(access.subject, access.institution_id, access.roles), access.token_id)
