"""What a handler gets: the house, the actor, and the ways to answer; creating calls are answered once per Idempotency-Key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from api.digests import content_digest
from api.exchange import Exchange
from api.problems.refusal import FieldError, Refusal
from ledger.services.context import Actor, House, Work, may_see
from ledger.services.projection import bring_house_up_to_date, bring_institution_up_to_date
from ledger.store.idempotency import StoredAnswer, begin, finish

_SCOPE_KEY = "lingtan.call"
JSON_TYPE = "application/json"


@dataclass(frozen=True)
class Reply:
    """An answer that can be stored and given again."""

    status: int
    media_type: str
    body: bytes
    location: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """Return it as the framework's response."""
        headers = {**self.headers, **({"Location": self.location} if self.location else {})}
        return Response(self.body, self.status, headers, self.media_type)


def reply(model: BaseModel, *, status: int = 200, location: str | None = None) -> Reply:
    """Return the answer with this model as its JSON body."""
    return Reply(status, JSON_TYPE, model.model_dump_json().encode(), location)


@dataclass(frozen=True)
class Call:
    """One authorised request."""

    house: House
    actor: Actor
    exchange: Exchange
    request: Request
    idempotency_key: str

    def work(self) -> AbstractContextManager[Work]:
        """Open a use case that writes: one transaction."""
        return self.house.work(self.actor)

    def read(self) -> AbstractContextManager[Work]:
        """Open a use case that only reads one moment of the store; writers are not held up."""
        return self.house.view(self.actor)

    def read_days(self, institution: str | None) -> AbstractContextManager[Work]:
        """Open a use case that reads an institution's meter-days, after deriving what waits in its envelope log.

        Args:
            institution: None for every institution that the caller sees.
        """
        if institution is None and may_see(self.actor, ""):
            bring_house_up_to_date(self.house)
        named = institution or self.actor.institution
        if named is not None and may_see(self.actor, named):
            bring_institution_up_to_date(self.house, named)
        return self.read()

    def institution(self, named: str | None) -> str:
        """Return the institution that a query names, or the token's own.

        Raises:
            Refusal: neither is there.
        """
        institution = named or self.actor.institution
        if institution is None:
            detail = "this token belongs to no institution: name one"
            raise Refusal("input.invalid", errors=(FieldError("query/institution", "missing", detail),))
        return institution

    def once(self, body_sha256: str, use_case: Callable[[Work], Reply]) -> Response:
        """Run a creating use case and store its answer in the same transaction, or give the answer that was stored.

        A failure stores nothing, so the same key may be sent again.

        Raises:
            RequestInProgress: the first request with this key is still running.
            KeyReused: the key was used for another request.
        """
        target = f"{self.request.method} {self.request.url.path}?{self.request.url.query}\n{body_sha256}"
        request_hash = hashlib.sha256(target.encode()).hexdigest()
        tenant = self.actor.institution or f"~{self.actor.subject}"
        with self.work() as work:
            stored = begin(work.session, tenant, self.idempotency_key, request_hash, now=work.clock.now())
            if stored is not None:
                return Reply(stored.status, stored.media_type, stored.body, stored.location, {"Idempotent-Replayed": "true"}).response()
            answer = use_case(work)
            given = StoredAnswer(answer.status, answer.media_type, answer.body, answer.location)
            finish(work.session, tenant, self.idempotency_key, given, now=work.clock.now())
        return answer.response()

    def immutable(self, data: bytes, media_type: str, *, sha256: str = "", filename: str = "", fixed: bool = True) -> Response:
        """Return bytes that stand under their hash, with ETag and Content-Digest; 304 where the caller has them.

        Args:
            sha256: hex, the ETag: the hash of the bytes where none is given (a package's is that of its manifest).
            fixed: this path will never name other bytes.
        """
        digest = hashlib.sha256(data)
        etag = f'"{sha256 or digest.hexdigest()}"'
        headers = {"ETag": etag, "Cache-Control": "private, max-age=31536000, immutable" if fixed else "private, no-cache"}
        wanted = {tag.strip().removeprefix("W/") for tag in self.request.headers.get("if-none-match", "").split(",")}
        if etag in wanted or "*" in wanted:
            return Response(None, 304, headers)
        headers["Content-Digest"] = content_digest(digest.digest())
        if filename:
            headers["Content-Disposition"] = f'attachment; filename="{filename}"'
        return Response(data, 200, headers, media_type)


def put_call(request: Request, call: Call) -> None:
    """Leave the call for the handler."""
    request.scope[_SCOPE_KEY] = call


def _get_call(request: Request) -> Call:
    call: Call = request.scope[_SCOPE_KEY]
    return call


CallParameter = Annotated[Call, Depends(_get_call)]
ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
InstitutionParameter = Annotated[str | None, Query(pattern=ID_PATTERN, description="all that the token sees, or its own, without it")]


def with_query(path: str, **parameters: str | int | None) -> str:
    """Return a path with those query parameters that are not None."""
    query = urlencode({key: value for key, value in parameters.items() if value is not None})
    return f"{path}?{query}" if query else path
