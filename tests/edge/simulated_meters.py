"""Meters that answer DL/T 645 over a real socket, as an RS-485 converter shows them: with the faults that lines have."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from ledger.edge.dlt645 import READ, READ_ERROR, Frame, Framer, encode, energy_reply

Fault = Callable[[bytes], bytes]


@dataclass
class MeterLine:
    """Registers by (address, DI) in hundredths of a kWh; `faults` are applied to the next answers, one each, then it is well again."""

    registers: dict[tuple[str, str], int]
    faults: list[Fault] = field(default_factory=list)
    echo: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def answer(self, frame: Frame) -> bytes:
        identifier = frame.data[3::-1].hex().upper()
        self.asked.append((frame.address, identifier))
        if not any(address == frame.address for address, _ in self.registers):
            return b""
        if (frame.address, identifier) not in self.registers:
            reply = encode(Frame(frame.address, READ_ERROR, b"\x02"))
        else:
            reply = b"\xfe\xfe\xfe\xfe" + energy_reply(frame.address, identifier, self.registers[frame.address, identifier])
        return self.faults.pop(0)(reply) if self.faults else reply

    def take(self, framer: Framer, data: bytes) -> bytes:
        """Return what comes back on the line for bytes that were put on it."""
        answers = b"".join(self.answer(frame) for frame in framer.feed(data) if frame.control == READ)
        return (data if self.echo else b"") + answers


@contextmanager
def served(line: MeterLine) -> Iterator[MeterLine]:
    """Serve the line on a free port of 127.0.0.1, one connection after the other."""
    server = socket.create_server(("127.0.0.1", 0))
    line.port = server.getsockname()[1]
    connections: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            connections.append(connection)
            framer = Framer()
            with connection:
                while True:
                    try:
                        data = connection.recv(4096)
                        if not data:
                            break
                        connection.sendall(line.take(framer, data))
                    except OSError:
                        break

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield line
    finally:
        server.shutdown(socket.SHUT_RDWR)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(10)
