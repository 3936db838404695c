"""The outermost layer: opens the exchange, adds the headers that every answer has, and answers what nobody foresaw."""

from __future__ import annotations

import logging
import time

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.exchange import open_exchange
from api.problems.handlers import failure_response

log = logging.getLogger("lingtan.access")

CONTENT_SECURITY_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_TRACE = b"trace-id"
_ALWAYS = {
    b"content-security-policy": CONTENT_SECURITY_POLICY.encode("ascii"),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}


class ExchangeMiddleware:
    """Give every request a trace id and every answer its headers; log one line per request, without bodies, queries or tokens."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI event stream."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = open_exchange(scope)
        started = time.monotonic()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message["headers"])
                there = {name for name, _ in headers}
                own = {name.lower().encode("latin-1"): value.encode("latin-1") for name, value in exchange.headers.items()}
                added = {_TRACE: exchange.trace_id.encode("ascii"), **_ALWAYS, **own}
                message["headers"] = headers + [item for item in added.items() if item[0] not in there]
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except ClientDisconnect:
            log.info("client left", extra={"trace_id": exchange.trace_id})
        except Exception as error:
            if status:
                raise
            await failure_response(exchange, error)(scope, receive, send_with_headers)
        log.info(
            "%s %s %s %d ms %s %s",
            scope["method"],
            getattr(scope.get("route"), "operation_id", None) or "-",
            status or "-",
            round((time.monotonic() - started) * 1000),
            exchange.subject,
            exchange.trace_id,
            extra={"trace_id": exchange.trace_id, "subject": exchange.subject},
        )
