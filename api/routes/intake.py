"""/telemetry: what devices sign, many times a second; the shortest way that is still the same gate, the same problems, the same log."""

from __future__ import annotations

import asyncio
import json
from functools import lru_cache

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from api.auth.gate import Gate
from api.auth.policy import get_rule
from api.auth.tokens import TokenCache, authenticate
from api.bodies import read_signed_body
from api.call import JSON_TYPE
from api.operation import operation
from api.problems.refusal import Refusal
from api.schemas.inputs import TakenAnswer
from ledger.clock import format_instant
from ledger.services.intake import Offer, Outcome, Reason, Taken
from ledger.services.intake_writer import IntakeWriter


class DirectRoute(APIRoute):
    """A route whose endpoint is called with the request alone: no dependencies, no models, no worker thread."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request; another method is the framework's to refuse."""
        if scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        scope["route"] = self
        response = await self.endpoint(Request(scope, receive))
        await response(scope, receive, send)


class Shortcut(BaseRoute):
    """POST of one path, put before all routers: the framework matches what it includes twice, by patterns."""

    def __init__(self, path: str, route: BaseRoute) -> None:
        self._path, self._route = path, route

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether it is this request; every other one is left to the routers."""
        mine = scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == self._path
        return (Match.FULL if mine else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        await self._route.handle(scope, receive, send)


router = APIRouter(route_class=DirectRoute)
GATE = Gate(get_rule("telemetry.send"))
# Reason → kind of problem.
KINDS: dict[Reason, str] = {
    "form": "telemetry.refused",
    "readings": "telemetry.refused",
    "key": "device_key.refused",
    "revoked": "device_key.revoked",
    "equivocation": "telemetry.equivocation",
}


@router.post("/telemetry", **operation("telemetry.send", "Send signed readings", answer=TakenAnswer, status=201, signed=True))
async def send_telemetry(request: Request) -> Response:
    """Take an envelope or a batch that a device of the token's institution signed. An answer means that it is kept, durably.

    201: kept. 200: these very bytes were kept before. Refused: 401 for a key or signature, 403 for a revoked key, 409 for a second body
    under one number, 422 for form and readings, with every finding; nothing of it is kept. No Idempotency-Key: boot and seq are the key.
    """
    state = request.app.state
    cache: TokenCache = state.tokens
    authorization = request.headers.get("authorization")
    holder = cache.find(authorization)
    if holder is None:
        holder = await run_in_threadpool(authenticate, state.house, authorization)
        cache.keep(authorization, holder)
    call = GATE.admit(request, holder, state.telemetry_rate)
    body, media_type = await read_signed_body(request)
    outcome = await _take(state, Offer(call.institution(None), call.actor.subject, media_type, body))
    if isinstance(outcome, Taken):
        return _answer(call.actor.institution, outcome)
    raise Refusal(
        KINDS[outcome.reason],
        findings=outcome.findings,
        headers={"WWW-Authenticate": 'Signature realm="lingtan"'} if outcome.reason == "key" else {},
    )


class Mailbox:
    """Carries outcomes from the writer's thread to the loops that wait for them: a loop is woken once for a group, not for each body."""

    def __init__(self) -> None:
        self._waiting: list[tuple[asyncio.Future[Outcome], Outcome | Exception]] = []

    def put(self, future: asyncio.Future[Outcome], outcome: Outcome | Exception) -> None:
        """Keep an outcome until `deliver`; called from the writer's thread, as that is."""
        self._waiting.append((future, outcome))

    def deliver(self) -> None:
        """Hand over all that was put."""
        waiting, self._waiting = self._waiting, []
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Outcome], Outcome | Exception]]] = {}
        for item in waiting:
            by_loop.setdefault(item[0].get_loop(), []).append(item)
        for loop, own in by_loop.items():
            try:
                loop.call_soon_threadsafe(_settle, own)
            except RuntimeError:  # a loop that was closed has nobody left who waits
                continue


async def _take(state: State, offer: Offer) -> Outcome:
    """Hand a body to the writer and wait until it is committed.

    Raises:
        LedgerError: the store is busy or the server is closing.
    """
    writer: IntakeWriter = state.intake
    mailbox: Mailbox = state.mailbox
    future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
    writer.submit(offer, lambda outcome: mailbox.put(future, outcome))
    return await future


def _settle(group: list[tuple[asyncio.Future[Outcome], Outcome | Exception]]) -> None:
    for future, outcome in group:
        if future.done():  # the client has left
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


@lru_cache(maxsize=8)
def _format_time(seconds: int) -> str:
    # A group of bodies has one time.
    return format_instant(seconds)


def _answer(institution: str | None, taken: Taken) -> Response:
    document = {
        "id": str(taken.id),
        "duplicate": taken.duplicate,
        "sha256": taken.sha256,
        "device": taken.device,
        "boot": taken.boot,
        "seq": taken.seq,
        "contiguous": taken.contiguous,
        "missing": taken.missing,
        "server_time": _format_time(taken.server_time),
        "findings": [finding.to_document() for finding in taken.findings],
    }
    location = {"Location": f"/v1/institutions/{institution}/telemetry/{taken.id}"}
    return Response(json.dumps(document).encode(), 200 if taken.duplicate else 201, location, JSON_TYPE)
