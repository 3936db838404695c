"""A loopback HTTP node for tests: it answers as it is told, or hands requests to a provider."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# What to answer: a JSON-RPC result or error object, raw bytes, an HTTP status, or None to cut the connection without a word.
Answer = dict[str, Any] | bytes | int | None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    reply: Callable[[dict[str, Any]], Answer]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = self.server.reply(request)  # type: ignore[attr-defined]
        if answer is None:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        status, body = (answer, b"") if isinstance(answer, int) else (200, answer)
        if isinstance(body, dict):
            body = json.dumps({"jsonrpc": "2.0", "id": request["id"], **body}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def serve(reply: Callable[[dict[str, Any]], Answer]) -> Iterator[str]:
    """Serve answers on a free loopback port; yield the URL."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.reply = reply
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(30)


def from_provider(provider: Any) -> Callable[[dict[str, Any]], Answer]:
    """Return the reply that hands every request to a web3 provider of this process."""

    def reply(request: dict[str, Any]) -> Answer:
        response = provider.make_request(request["method"], request["params"])
        return {key: value for key, value in response.items() if key in ("result", "error")}

    return reply
