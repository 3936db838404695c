"""An external node for tests: a process of its own that serves a chain file over loopback HTTP, and can be made to die mid-anchor."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from ledger.chain.embedded.engine import Engine
from ledger.chain.embedded.rpc import EmbeddedProvider
from ledger.chain.embedded.store import SqliteStore
from tests.child import Child, Tell
from tests.product import CHAIN_ID

# At the first eth_sendRawTransaction: before it is read, between two rows of its block's transaction, after its block is in the file; or
# alive, with the answer cut off.
MOMENTS = ("received", "committing", "mined", "silent")


@dataclass
class StepClock:
    """A clock that moves a second with every transaction, so that each seals a block."""

    at: int

    def now(self) -> int:
        return self.at


@dataclass
class Node:
    """A node on one port over one chain file; stopped and started as a test likes."""

    chain: Path
    port: int = 0
    child: Child | None = None
    url: str = field(default="", init=False)

    def __post_init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", self.port))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self, at: int, moment: str = "") -> None:
        """Serve in a child process from chain time `at`; with a moment, die (or fall silent once) at the first transaction."""
        self.child = Child(serve, self.chain, self.port, at, moment)
        assert (said := self.child.read()) == "ready", said

    def wait(self) -> int:
        """Wait for its death; return the signal that it died of."""
        assert self.child is not None
        child, self.child = self.child, None
        return -child.wait()

    def stop(self) -> None:
        """End it where it still runs."""
        if self.child is not None:
            self.child.kill()
            self.wait()


class _DyingConnection:
    """Kills its own process after the third row of a block's transaction."""

    def __init__(self, connection: Any) -> None:
        self._connection, self._seen = connection, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, sql: str, values: Any = ()) -> Any:
        result = self._connection.execute(sql, values)
        self._seen += bool(self._connection.in_transaction)
        if self._seen == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return result


def serve(tell: Tell, chain: Path, port: int, at: int, moment: str) -> None:
    """Tell `ready`, then serve the chain for ever; `moment` is one of MOMENTS or empty."""
    clock = StepClock(at)
    engine = Engine(chain, CHAIN_ID, clock=clock)
    provider = EmbeddedProvider(engine)
    clock.at = max(clock.at, engine.head.timestamp + 1)
    left = [moment]

    def reply(request: dict[str, Any]) -> dict[str, Any] | None:
        sending = request["method"] == "eth_sendRawTransaction"
        now = left.pop() if sending and left else ""
        if now == "received":
            os.kill(os.getpid(), signal.SIGKILL)
        if now == "committing":
            store: SqliteStore = engine._store
            store._live = _DyingConnection(store._connection)  # type: ignore[assignment]
        answer = dict(provider.make_request(request["method"], request["params"]))
        if sending:
            clock.at += 1
        if now == "mined":
            os.kill(os.getpid(), signal.SIGKILL)
        return None if now == "silent" else {**answer, "id": request["id"]}

    server = HTTPServer(("127.0.0.1", port), _handler(reply))
    tell("ready")
    server.serve_forever()


def _handler(reply: Callable[[dict[str, Any]], dict[str, Any] | None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer = reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if answer is None:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    return Handler
