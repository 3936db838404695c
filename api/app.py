"""How the application is put together. There are no globals: everything hangs on the house that is handed in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from api import health
from api.background import RelayWorker
from api.docs_page import install_docs
from api.middleware import ExchangeMiddleware
from api.openapi import DESCRIPTION, TITLE, VERSION, install_openapi
from api.problems import pages
from api.problems.handlers import install_handlers
from api.rate import FixedWindow
from api.routes import ROUTERS
from ledger.services.house import House


def create_app(house: House, *, rate: FixedWindow | None = None) -> FastAPI:
    """Return the application of this house.

    While it runs, a relay thread works beside it if the settings say so; the house is opened and closed by the caller.

    Args:
        rate: the limit per token; 1200 requests a minute without it.
    """
    app = _assemble()
    app.state.house = house
    app.state.rate = rate or FixedWindow()
    app.state.relay = None
    return app


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document; it depends on the routes alone."""
    return _assemble().openapi()


def _assemble() -> FastAPI:
    app = FastAPI(
        title=TITLE,
        version=VERSION,
        description=DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False},
        lifespan=_lifespan,
    )
    app.add_middleware(ExchangeMiddleware)
    install_handlers(app)
    app.include_router(health.router)
    app.include_router(pages.router)
    for router in ROUTERS:
        app.include_router(router, prefix="/v1")
    install_docs(app)
    install_openapi(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    house: House = app.state.house
    worker = RelayWorker(house) if house.settings.run_relay else None
    app.state.relay = worker
    if worker is not None:
        worker.start()
    try:
        yield
    finally:
        if worker is not None:
            await run_in_threadpool(worker.stop)
