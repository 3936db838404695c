"""From `Authorization: Bearer …` to an actor: the opaque token is looked up by its hash on every request, so a revocation holds at once.

For the one route that is called many times a second, `TokenCache` keeps what was found for two seconds.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from api.problems.refusal import Refusal
from ledger.services.context import Actor, House
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


CACHE_SECONDS = 2.0
CACHE_ENTRIES = 10_000


class TokenCache:
    """Holders by the header they came with, each for two seconds: so long may a token outlive its end or its revocation."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._holders: dict[str, tuple[float, Holder]] = {}

    def find(self, authorization: str | None) -> Holder | None:
        """Return the holder if this header was looked up a moment ago, else None."""
        known = self._holders.get(authorization or "")
        return known[1] if known is not None and self._monotonic() < known[0] else None

    def keep(self, authorization: str | None, holder: Holder) -> None:
        """Keep a holder that was just looked up."""
        if len(self._holders) >= CACHE_ENTRIES:
            self._holders.clear()
        self._holders[authorization or ""] = self._monotonic() + CACHE_SECONDS, holder
