"""The listener for building collectors: login, reports, heart-beats, over TCP (spec: metering §10).

A report is answered OK only when `take` has returned, that is, when its values are safe; otherwise the collector keeps and repeats them,
which it may do at any time. Before its login a connection gets little room and little time. The listener is for a network of the house
itself: the challenge shows that a collector has the key, and hides nothing.
"""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from ledger.clock import Clock
from ledger.edge.collector_frame import HEAD, BlockCipher, CollectorRefused, FrameType, pack, read_content, read_head
from ledger.edge.collector_report import (
    Message,
    Party,
    is_login,
    read_message,
    read_time,
    write_challenge,
    write_heart_beat,
    write_receipt,
    write_result,
)
from ledger.errors import LedgerError

MAX_LOGIN_BYTES = 4096
MAX_REPORT_BYTES = 1 << 20
LOGIN_SECONDS = 30.0
IDLE_SECONDS = 900.0
FRAME_SECONDS = 60.0
"""How long a frame may take from its first byte to its last, however its bytes trickle in."""
MAX_CONNECTIONS = 32
MAX_ATTEMPTS = 3


@dataclass(frozen=True)
class CollectorKey:
    """A collector that may report: its names, the key of its login, and the cipher of its data where it has one."""

    party: Party
    login: bytes = field(repr=False)
    cipher: BlockCipher | None = field(default=None, repr=False)


class Take(Protocol):
    """Whoever keeps the values of a report."""

    def __call__(self, message: Message) -> None:
        """Return when the values are safe; raise one of our errors where they cannot be kept."""


class CollectorListener:
    """Serves collectors on one address until it is closed; each connection has a thread."""

    def __init__(
        self,
        host: str,
        port: int,
        keys: tuple[CollectorKey, ...],
        take: Take,
        *,
        clock: Clock,
        challenge: Callable[[], str],
        tell: Callable[[str], None] = lambda _: None,
        idle_seconds: float = IDLE_SECONDS,
        login_seconds: float = LOGIN_SECONDS,
        frame_seconds: float = FRAME_SECONDS,
    ) -> None:
        """Bind; `challenge` returns fresh random letters and digits, `tell` takes what an operator should read."""
        self._keys = {key.party: key for key in keys}
        self._take, self._clock, self._challenge, self._tell = take, clock, challenge, tell
        self._idle, self._login_seconds, self._frame_seconds = idle_seconds, login_seconds, frame_seconds
        self._room = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        listener = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                listener._serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False
            request_queue_size = 2 * MAX_CONNECTIONS

        self._server = Server((host, port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), name="collectors", daemon=True)

    @property
    def port(self) -> int:
        """Return the port that is listened on."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """Stop listening and end every connection; a report that is being kept is kept to its end."""
        self._server.shutdown()
        self._server.server_close()
        with self._lock:
            for connection in self._open:
                _hang_up(connection)
        self._thread.join(10)

    def _serve(self, connection: socket.socket) -> None:
        if not self._room.acquire(blocking=False):
            self._tell(f"more than {MAX_CONNECTIONS} collectors at a time: one was turned away")
            return
        with self._lock:
            self._open.add(connection)
        try:
            _Session(connection, self).run()
        except CollectorRefused as refusal:
            self._tell(str(refusal))
        except OSError:
            pass  # it hung up, or said nothing for too long: it comes again
        finally:
            with self._lock:
                self._open.discard(connection)
            self._room.release()


class _Session:
    """One connection: who it is, once it has shown so."""

    def __init__(self, connection: socket.socket, listener: CollectorListener) -> None:
        self._connection, self._of = connection, listener
        self._sequence: str | None = None
        self._failures = 0
        self._key: CollectorKey | None = None
        self._login_until = time.monotonic() + listener._login_seconds

    def run(self) -> None:
        """Answer frame by frame until the other side hangs up or is turned away."""
        while self._failures < MAX_ATTEMPTS:
            # One deadline for the whole login and one for each frame: a timeout of each read is begun anew by every byte.
            first = self._read(1, self._login_until if self._key is None else time.monotonic() + self._of._idle)
            until = self._login_until if self._key is None else time.monotonic() + self._of._frame_seconds
            rest = self._read(HEAD.size - 1, until) if first else None
            if first is None or rest is None:
                return
            head = first + rest
            kind, length = read_head(head, MAX_LOGIN_BYTES if self._key is None else MAX_REPORT_BYTES)
            if kind is not FrameType.LOGIN and self._key is None:
                raise CollectorRefused("COLLECTOR_LOGIN", "data before the login")
            content = self._read(length, until)
            if content is None:
                return
            answer = self._answer(kind, read_message(read_content(kind, content, self._key.cipher if self._key else None)))
            self._connection.settimeout(self._of._frame_seconds)
            self._connection.sendall(pack(kind, answer, self._key.cipher if self._key else None))

    def _answer(self, kind: FrameType, message: Message) -> bytes:
        now = self._of._clock.now()
        if kind is FrameType.LOGIN and message.operation == "request":
            if self._key is not None:
                self._login_until = time.monotonic() + self._of._login_seconds
            self._key, self._sequence = None, self._of._challenge()
            return write_challenge(message.party, self._sequence)
        if kind is FrameType.LOGIN and message.operation == "md5":
            return write_result(message.party, self._log_in(message), now)
        if self._key is None or message.party != self._key.party:
            raise CollectorRefused("COLLECTOR_LOGIN", "a report for another building or gateway than the one that logged in")
        if kind is FrameType.HEART_BEAT and message.operation == "notify":
            return write_heart_beat(message.party, now)
        if kind is FrameType.DATA and message.operation in ("report", "continuous"):
            return write_receipt(message, self._keep(message))
        raise CollectorRefused("COLLECTOR_FRAME", f"{message.operation} in a frame of type {int(kind)}")

    def _log_in(self, message: Message) -> bool:
        # A challenge is good for one answer: what was overheard once opens nothing.
        sequence, self._sequence = self._sequence, None
        key = self._of._keys.get(message.party)
        if sequence is not None and is_login(key.login if key else b"", sequence, message.digest) and key is not None:
            self._key = key
            return True
        self._failures += 1
        self._of._tell(f"COLLECTOR_LOGIN: building {message.party.building}, gateway {message.party.gateway} was turned away")
        return False

    def _keep(self, message: Message) -> bool:
        at = read_time(message.time)
        if at is None or at > self._of._clock.now() + 300:
            self._of._tell(f"COLLECTOR_CLOCK: {message.party.building}/{message.party.gateway} reports of {message.time}, in the future")
            return False
        try:
            self._of._take(message)
        except LedgerError as error:
            self._of._tell(f"a report of {message.party.building}/{message.party.gateway} is not taken: {error}")
            return False
        return True

    def _read(self, size: int, until: float) -> bytes | None:
        """Return `size` bytes, None where the other side ends before; TimeoutError where they are not there at `until`."""
        data = bytearray()
        while len(data) < size:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError("it took too long")
            self._connection.settimeout(left)
            block = self._connection.recv(min(size - len(data), 65536))
            if not block:
                return None
            data += block
        return bytes(data)


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it did first
