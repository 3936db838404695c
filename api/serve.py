"""Serve the application from a command, and come back when told to stop."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from ledger.services.context import House

GRACE_SECONDS = 30


def serve(house: House, *, host: str = "127.0.0.1", port: int = 8057, ready: Callable[[], None] = lambda: None) -> None:
    """Serve until SIGTERM or SIGINT, finish what is under way, and return: the caller then closes the house.

    The server raises the signal again when it has stopped; without a handler of ours SIGTERM would end the process there, before the
    embedded chain published its last checkpoint. To be called from the main thread.

    Args:
        ready: called when requests are answered.
    """
    serve_app(create_app(house), host=host, port=port, ready=ready)


def serve_app(app: FastAPI, *, host: str = "127.0.0.1", port: int = 8057, ready: Callable[[], None] = lambda: None) -> None:
    """Serve an application as `serve` does that of a house."""
    config = uvicorn.Config(
        app, host=host, port=port, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=GRACE_SECONDS
    )
    previous = {number: signal.signal(number, _stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        _Server(config, ready).run()
    except SystemExit as stop:
        if stop.code:
            raise
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, *args: object, **kwargs: object) -> None:
        """Listen, then tell."""
        await super().startup(*args, **kwargs)  # type: ignore[arg-type]
        if self.started:
            self._ready()


def _stop(number: int, frame: FrameType | None) -> None:
    sys.exit(0)
