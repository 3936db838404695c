"""/telemetry: what devices sign, many times a second; the shortest way that is still the same gate, the same problems, the same log."""

from __future__ import annotations

import asyncio
import json

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
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
    outcome = await _take(state.intake, Offer(call.institution(None), call.actor.subject, media_type, body))
    if isinstance(outcome, Taken):
        return _answer(call.actor.institution, outcome)
    raise Refusal(
        KINDS[outcome.reason],
        findings=outcome.findings,
        headers={"WWW-Authenticate": 'Signature realm="lingtan"'} if outcome.reason == "key" else {},
    )


async def _take(writer: IntakeWriter, offer: Offer) -> Outcome:
    """Hand a body to the writer and wait until it is committed.

    Raises:
        LedgerError: the store is busy or the server is closing.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Outcome] = loop.create_future()
    writer.submit(offer, lambda outcome: loop.call_soon_threadsafe(_settle, future, outcome))
    return await future


def _settle(future: asyncio.Future[Outcome], outcome: Outcome | Exception) -> None:
    if future.done():  # the client has left
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


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
        "server_time": format_instant(taken.server_time),
        "findings": [finding.to_document() for finding in taken.findings],
    }
    location = {"Location": f"/v1/institutions/{institution}/telemetry/{taken.id}"}
    return Response(json.dumps(document).encode(), 200 if taken.duplicate else 201, location, JSON_TYPE)
