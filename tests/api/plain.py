"""A small application of our own parts, without a house: for what needs no use case."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import Field
from starlette.responses import JSONResponse, Response

from api.bodies import DocumentOrTable, Received, Upload, document_body, document_or_table_body, json_body, telemetry_upload
from api.docs_page import install_docs
from api.middleware import ExchangeMiddleware
from api.problems import pages
from api.problems.handlers import install_handlers
from api.schemas.base import ApiRequest, Identifier
from ledger.errors import IntegrityError, LedgerError


class Inner(ApiRequest):
    count: Annotated[int, Field(ge=1)]


class Probe(ApiRequest):
    id: Identifier
    parts: tuple[Inner, ...] = ()


def plain_app(error: Exception | None = None) -> FastAPI:
    """Return an application whose /error raises `error`."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_middleware(ExchangeMiddleware)
    install_handlers(app)
    app.include_router(pages.router)
    install_docs(app)

    @app.post("/probe")
    def probe(body: Annotated[Received[Probe], json_body(Probe, max_bytes=10_000)]) -> Response:
        return JSONResponse({"id": body.value.id, "sha256": body.sha256})

    @app.post("/document")
    def document(body: Annotated[Received[dict[str, object]], document_body()]) -> Response:
        return JSONResponse(body.value)

    @app.post("/either")
    def either(body: Annotated[Received[DocumentOrTable], document_or_table_body()]) -> Response:
        return JSONResponse({"csv": body.value.csv is not None})

    @app.post("/upload")
    def upload(body: Annotated[Upload, Depends(telemetry_upload)]) -> Response:
        return JSONResponse({"sha256": body.sha256, "size": body.size, "read": sum(len(chunk) for chunk in body.chunks())})

    @app.get("/error")
    def fail() -> Response:
        raise error or IntegrityError("nothing to raise")

    @app.get("/typed")
    def typed(limit: int) -> Response:
        return JSONResponse({"limit": limit})

    return app


def every_ledger_error() -> set[type[LedgerError]]:
    """Return every error class of the house that is imported now."""
    found: set[type[LedgerError]] = set()
    waiting: list[type[LedgerError]] = [LedgerError]
    while waiting:
        error_class = waiting.pop()
        found.add(error_class)
        waiting += error_class.__subclasses__()
    return found
