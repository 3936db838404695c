"""How the application is put together. There are no globals: everything hangs on the house that is handed in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from api import health
from api.auth.tokens import TokenCache
from api.background import DriftWorker, ProjectionWorker, RelayWorker, WitnessWorker, Worker
from api.docs_page import install_docs
from api.middleware import ExchangeMiddleware
from api.openapi import DESCRIPTION, TITLE, VERSION, install_openapi
from api.problems import pages
from api.problems.handlers import install_handlers
from api.rate import FixedWindow
from api.routes import ROUTERS, intake
from api.routes.intake import Mailbox, Shortcut
from ledger.services.context import House
from ledger.services.intake_writer import IntakeWriter
from ledger.services.witnessing import open_witnessing

PUBLIC_QUOTA = 20
TELEMETRY_QUOTA = 60_000


def create_app(
    house: House,
    *,
    rate: FixedWindow | None = None,
    public_rate: FixedWindow | None = None,
    telemetry_rate: FixedWindow | None = None,
) -> FastAPI:
    """Return the application of this house.

    While it runs, a relay thread works beside it if the settings say so, and one that asks witnesses where there are any; the house is
    opened and closed by the caller.

    Args:
        rate: the limit per token; 1200 requests a minute without it.
        public_rate: the limit per address of what needs no token; 20 requests a minute without it.
        telemetry_rate: the limit per token of signed bodies; 60,000 a minute without it.
    """
    app = _assemble()
    app.state.house = house
    app.state.rate = rate or FixedWindow()
    app.state.public_rate = public_rate or FixedWindow(PUBLIC_QUOTA, 60)
    app.state.telemetry_rate = telemetry_rate or FixedWindow(TELEMETRY_QUOTA, 60)
    app.state.tokens = TokenCache()
    app.state.mailbox = Mailbox()
    app.state.intake = IntakeWriter(house.database, house.clock, answered=app.state.mailbox.deliver)
    app.state.relay = None
    app.state.witnessing = None
    app.state.drift = None
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
    app.router.routes.append(Shortcut("/v1/telemetry", intake.router.routes[0]))
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
    witnessing = open_witnessing(house)
    app.state.witnessing = WitnessWorker(witnessing) if witnessing is not None else None
    app.state.relay = RelayWorker(house) if house.settings.run_relay else None
    # Witnesses are heard first: what the relay adds to a restored old copy would be lost, or make a fork.
    projection = ProjectionWorker(house) if house.settings.run_relay else None
    app.state.drift = DriftWorker(house) if house.settings.drift_seconds else None
    workers: list[Worker] = [
        worker for worker in (app.state.witnessing, app.state.relay, projection, app.state.drift) if worker is not None
    ]
    writer: IntakeWriter = app.state.intake
    writer.start()
    for worker in workers:
        await run_in_threadpool(worker.start)
    try:
        yield
    finally:
        await run_in_threadpool(writer.stop)
        for worker in workers:
            await run_in_threadpool(worker.stop)
