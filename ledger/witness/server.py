"""The witness's HTTP: one call for logs, one small page of facts for people; bounded in bytes, seconds and connections."""

from __future__ import annotations

import io
import json
import logging
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ledger.clock import format_instant
from ledger.witness.request import MAX_BODY, PATH
from ledger.witness.service import PLAIN, Reply, Witness

log = logging.getLogger("lingtan.witness")

REQUEST_SECONDS = 15.0
MAX_CONNECTIONS = 32


class WitnessServer(ThreadingHTTPServer):
    """A server of one witness. `serve_forever` until `shutdown`; close it afterwards."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], witness: Witness) -> None:
        self.witness = witness
        self.request_seconds = REQUEST_SECONDS
        self._free = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own, or hang up where too many are open."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection and make room for the next."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Write a failure to the log, without what was sent."""
        log.exception("a request of %s failed", client_address[0])


class _TimedSocket(io.RawIOBase):
    """Reads from a socket until a moment that is set anew for every request: who sends a byte at a time does not hold a thread."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.deadline = 0.0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the request took too long")
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer
    protocol_version = "HTTP/1.1"
    server_version = "lingtan-witness"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        self._timed = _TimedSocket(self.connection)
        self.rfile = io.BufferedReader(self._timed)

    def handle_one_request(self) -> None:
        self._timed.deadline = time.monotonic() + self.server.request_seconds
        super().handle_one_request()

    def do_POST(self) -> None:
        if self.path != PATH:
            self._answer(Reply(404, f"a witness knows POST {PATH} and GET /state\n"), close=True)
            return
        length = self.headers.get("Content-Length", "")
        if self.headers.get("Transfer-Encoding") or not (length.isascii() and length.isdigit() and len(length) < 10):
            self._answer(Reply(411, "a request needs a Content-Length\n"), close=True)
            return
        if int(length) > MAX_BODY:
            self._answer(Reply(413, f"at most {MAX_BODY} bytes are read\n"), close=True)
            return
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return
        self._answer(self.server.witness.add_checkpoint(body))

    def do_GET(self) -> None:
        if self.path not in ("/", "/state"):
            self._answer(Reply(404, f"a witness knows POST {PATH} and GET /state\n"), close=True)
            return
        text = json.dumps(describe(self.server.witness), ensure_ascii=False, indent=1) + "\n"
        self._answer(Reply(200, text, "application/json"), close=bool(self.headers.get("Content-Length")))

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what a stranger sent does not go into the log; the witness writes its own line."""

    def _answer(self, reply: Reply, *, close: bool = False) -> None:
        data = reply.body.encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        if close:
            # What follows may be a body that nobody read.
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(data)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer in plain text where http.server itself refuses; nothing that was sent is repeated."""
        self._answer(Reply(code, "the request cannot be read\n", PLAIN), close=True)


def describe(witness: Witness) -> dict[str, Any]:
    """Return what people may want to see: who this is, which logs it follows, how far, and how much speaks against them."""
    known = {item.origin: item for item in witness.state.list_known()}
    evidence = witness.state.list_evidence()
    logs = []
    for origin in sorted({*witness.logs, *known}):
        item = known.get(origin)
        logs.append(
            {
                "origin": origin,
                "followed": origin in witness.logs,
                "size": str(item.size) if item else None,
                "root": item.root.hex() if item else None,
                "cosigned": format_instant(item.time) if item else None,
                "evidence": sum(one.origin == origin for one in evidence),
            }
        )
    return {"schema": "lingtan.witness/1", "name": witness.name, "vkey": witness.verifier_key, "logs": logs}
