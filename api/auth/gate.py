"""The gate of every route: token, rate, role, tenant, Idempotency-Key, in this order, before a byte of the body is read."""

from __future__ import annotations

import re

from fastapi import Request

from api.auth.policy import Rule
from api.auth.tokens import Holder, authenticate
from api.call import Call, put_call
from api.exchange import exchange_of
from api.problems.refusal import Refusal
from api.rate import FixedWindow
from ledger.services.context import Actor, House, may_see

# No id of ours has other characters or is longer; what has (a NUL, say) names nothing and need not reach the database.
_PATH_VALUE = re.compile(r"[A-Za-z0-9._:-]{1,130}", re.ASCII)
_IDEMPOTENCY_KEY = re.compile(r"[!-~]{8,128}")


class Gate:
    """The gate of one operation. It is a plain function to the framework, so it runs in a worker thread: it reads the database."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def __call__(self, request: Request) -> None:
        """Let the request pass and leave its `Call`, or refuse it.

        Raises:
            Refusal: 401, 429, 403, 404 or 400, the first that applies.
        """
        house: House = request.app.state.house
        put_call(request, self.admit(request, authenticate(house, request.headers.get("authorization")), request.app.state.rate))

    def admit(self, request: Request, holder: Holder, rate: FixedWindow) -> Call:
        """Return the call of a token's holder.

        Raises:
            Refusal: 429, 403, 404 or 400, the first that applies.
        """
        exchange, actor = exchange_of(request), holder.actor
        exchange.subject = actor.subject
        allowance = rate.take(str(holder.token_id))
        exchange.headers.update(allowance.headers())
        if allowance.remaining < 0:
            raise Refusal("rate.exceeded", headers={"Retry-After": str(allowance.reset)})
        self._check_role(actor)
        if not all(_PATH_VALUE.fullmatch(str(value)) for value in request.path_params.values()):
            raise Refusal("not_found")
        self._check_tenant(actor, request.path_params.get("institution"))
        key = request.headers.get("idempotency-key", "")
        if self.rule.once and not key:
            raise Refusal("idempotency.key_missing")
        if self.rule.once and not _IDEMPOTENCY_KEY.fullmatch(key):
            raise Refusal("idempotency.key_missing", "expected 8 to 128 visible ASCII characters")
        return Call(request.app.state.house, actor, exchange, request, key)

    def _check_role(self, actor: Actor) -> None:
        if not actor.roles & self.rule.roles:
            raise Refusal("forbidden", f"this needs the role {' or '.join(sorted(self.rule.roles))}")

    def _check_tenant(self, actor: Actor, institution: str | None) -> None:
        if self.rule.tenancy == "path" and institution is not None and not may_see(actor, institution):
            raise Refusal("not_found")


NOBODY = Actor("nobody", None, frozenset())
"""Who calls a public operation: a caller without a token, who may do only what the body proves."""


class PublicGate:
    """The gate of an operation without a token: a tight rate per address, and nothing else before the body is read."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def __call__(self, request: Request) -> None:
        """Let the request pass and leave its `Call`, or refuse it.

        Raises:
            Refusal: 429.
        """
        exchange = exchange_of(request)
        rate: FixedWindow = request.app.state.public_rate
        allowance = rate.take(request.client.host if request.client is not None else "")
        exchange.headers.update(allowance.headers("address"))
        if allowance.remaining < 0:
            raise Refusal("rate.exceeded", headers={"Retry-After": str(allowance.reset)})
        put_call(request, Call(request.app.state.house, NOBODY, exchange, request, ""))
