"""Where errors become problems: the framework's, pydantic's, the ledger's and the API's own."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.exchange import Exchange, exchange_of
from api.problems.catalogue import get_kind
from api.problems.document import problem_response, without_values
from api.problems.fields import field_errors
from api.problems.mapping import kind_of_error, kind_of_status
from api.problems.refusal import FieldError, Refusal
from ledger.errors import InputError, LedgerError
from ledger.store.errors import StoreError

log = logging.getLogger("lingtan.api")


def install_handlers(app: FastAPI) -> None:
    """Make every error of a route a problem document. What is nobody's error is answered by the middleware."""
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(LedgerError, _ledger_error)
    app.add_exception_handler(RequestValidationError, _invalid_parameters)
    app.add_exception_handler(HTTPException, _http_error)


def failure_response(exchange: Exchange, error: Exception) -> Response:
    """Return the answer for an error that nobody foresaw: its text goes to the log, never to the caller."""
    log.error("request failed", exc_info=error, extra={"trace_id": exchange.trace_id, "subject": exchange.subject})
    return problem_response(exchange, get_kind("server.failed"))


async def _refusal(request: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        raise error
    return problem_response(
        exchange_of(request),
        get_kind(error.kind),
        detail=error.detail,
        errors=error.errors,
        findings=error.findings,
        headers=error.headers,
    )


async def _ledger_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, LedgerError):
        raise error
    exchange = exchange_of(request)
    kind = kind_of_error(error)
    if kind.status >= 500 or isinstance(error, StoreError):
        # A row that the database refused passed our own checks: the caller must change it, and we must know.
        log.error("request failed: %s", error.code, exc_info=error, extra={"trace_id": exchange.trace_id, "subject": exchange.subject})
        return problem_response(exchange, kind, code=error.code if kind.status < 500 else "")
    shown = without_values if isinstance(error, InputError) else str
    return problem_response(exchange, kind, code=error.code, detail=shown(str(error)), hint=shown(error.hint), errors=_field_errors(error))


def _field_errors(error: LedgerError) -> tuple[FieldError, ...]:
    # Services name places as (pointer, code, detail); typed data names the fields of a message as {field, got, expected}.
    places = error.facts.get("errors", ())
    if isinstance(places, tuple | list):
        found = tuple(FieldError(str(pointer), str(code), without_values(str(detail))) for pointer, code, detail in places)
    else:
        found = ()
    fields = error.facts.get("fields", ())
    if isinstance(fields, tuple | list):
        found += tuple(FieldError(f"/message/{item['field']}", "wrong_form", f"expected {item['expected']}") for item in fields)
    return found


async def _invalid_parameters(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    exchange = exchange_of(request)
    return problem_response(exchange, get_kind("input.invalid"), errors=field_errors(error.errors(), exchange.language))


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return problem_response(exchange_of(request), kind_of_status(error.status_code), headers=error.headers)
