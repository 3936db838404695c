"""The server of the demo: the same application as `lingtan serve`, in a thread of this process, on loopback."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from api.app import create_app
from ledger.errors import ConfigurationError
from ledger.services.context import House

START_SECONDS = 30


@contextmanager
def serving(house: House, port: int) -> Iterator[str]:
    """Serve the house on 127.0.0.1 while the block runs; yield the URL.

    Raises:
        ConfigurationError: the port is taken.
    """
    listener = _listen(port)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(create_app(house), log_level="warning", access_log=False, server_header=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="server", daemon=True)
    thread.start()
    end = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > end:
            raise ConfigurationError("the server did not start", hint="run `lingtan serve` to see why")
        time.sleep(0.02)
    try:
        yield url
    finally:
        server.should_exit = True
        thread.join(timeout=START_SECONDS)
        listener.close()


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(f"port {port} of 127.0.0.1 is taken", hint="choose another: make demo PORT=8058") from error
    return listener
