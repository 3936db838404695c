"""A server of ours in small, over a real socket: it keeps bodies once, tells what it misses, and has bad days on request."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ledger.clock import format_instant
from tests.edge.queues import NOW


@dataclass
class Server:
    """`moods` are taken one per request: a status with a document instead of the answer, or "hang up" before or "lose" after keeping."""

    moods: list[Any] = field(default_factory=list)
    kept: dict[tuple[str, str, int], bytes] = field(default_factory=dict)
    received: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    time: int = NOW
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def take(self, body: bytes) -> tuple[int, dict[str, Any]]:
        document = json.loads(body)
        name = (document["device"], document["boot"], document["seq"])
        earlier = self.kept.setdefault(name, body)
        if earlier != body:
            return 409, {"code": "conflict", "status": 409, "errors": [{"code": "EQUIVOCATION"}]}
        seqs = {seq for device, boot, seq in self.kept if (device, boot) == name[:2]}
        contiguous = next(number for number in range(len(seqs) + 2) if number + 1 not in seqs)
        gaps = sorted(set(range(1, max(seqs) + 1)) - seqs)
        return 201, {
            "id": str(len(self.kept)),
            "duplicate": False,
            "sha256": hashlib.sha256(body).hexdigest(),
            "device": name[0],
            "boot": name[1],
            "seq": name[2],
            "contiguous": contiguous,
            "missing": [[gaps[0], gaps[-1]]] if gaps else [],
            "server_time": format_instant(self.time),
            "findings": [],
        }


@contextmanager
def serving(server: Server, port: int = 0) -> Iterator[Server]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                server.received.append(body)
                server.headers.append(dict(self.headers))
                mood = server.moods.pop(0) if server.moods else None
                status, document = (0, {}) if mood == "hang up" else server.take(body) if not isinstance(mood, tuple) else mood[:2]
            if mood in ("hang up", "lose"):
                self.close_connection = True
                return
            data = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            given = mood[2] if isinstance(mood, tuple) and len(mood) > 2 else {}
            if "Content-Type" not in given and not isinstance(document, bytes):
                self.send_header("Content-Type", "application/problem+json" if status >= 400 else "application/json")
            for name, value in given.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        allow_reuse_address = True

    http = Quiet(("127.0.0.1", port), Handler)
    server.port = http.server_address[1]
    thread = threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join(10)
