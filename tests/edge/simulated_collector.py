"""A building's collector over a real socket: it logs in, reports, keeps what is not acknowledged and sends it again."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field

from defusedxml.ElementTree import fromstring

from ledger.edge.collector_frame import HEAD, BlockCipher, FrameType, pack, read_content, read_head
from ledger.edge.collector_report import login_digest

BUILDING, GATEWAY = "330500A001", "01"
LIMIT = 10.0


def document(inner: str, kind: str = "report", building: str = BUILDING, gateway: str = GATEWAY) -> bytes:
    common = f"<building_id>{building}</building_id><gateway_id>{gateway}</gateway_id><type>{kind}</type>"
    return f'<?xml version="1.0" encoding="UTF-8"?><root><common>{common}</common>{inner}</root>'.encode()


def report(values: dict[tuple[str, str], str], time: str, sequence: str = "1", error: str = "192", operation: str = "report") -> bytes:
    meters = "".join(
        f'<meter id="{meter}"><function id="{function}" coding="01000" error="{error}">{value}</function></meter>'
        for (meter, function), value in values.items()
    )
    head = f"<sequence>{sequence}</sequence><parser>yes</parser><time>{time}</time>"
    return document(f'<data operation="{operation}">{head}{meters}</data>', operation)


@dataclass
class Collector:
    port: int
    key: bytes
    cipher: BlockCipher | None = None
    building: str = BUILDING
    gateway: str = GATEWAY
    waiting: list[bytes] = field(default_factory=list)

    def connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), LIMIT)

    def close(self) -> None:
        self.socket.close()

    def exchange(self, kind: FrameType, content: bytes) -> bytes:
        self.socket.sendall(pack(kind, content, self.cipher))
        return self.receive()

    def receive(self) -> bytes:
        kind, length = read_head(self._read(HEAD.size), 1 << 20)
        return read_content(kind, self._read(length), self.cipher)

    def log_in(self) -> str:
        asked = document('<id_validate operation="request"/>', "request", self.building, self.gateway)
        sequence = fromstring(self.exchange(FrameType.LOGIN, asked)).findtext("id_validate/sequence")
        return self.answer(login_digest(self.key, sequence))

    def answer(self, digest: str) -> str:
        told = document(f'<id_validate operation="md5"><md5>{digest}</md5></id_validate>', "md5", self.building, self.gateway)
        return str(fromstring(self.exchange(FrameType.LOGIN, told)).findtext("id_validate/result"))

    def send(self, content: bytes) -> str:
        return str(fromstring(self.exchange(FrameType.DATA, content)).findtext("data/ack"))

    def flush(self) -> int:
        """Send what waits until one is not acknowledged; return how many were."""
        done = 0
        while self.waiting and self.send(self.waiting[0]) == "OK":
            self.waiting.pop(0)
            done += 1
        return done

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            block = self.socket.recv(size - len(data))
            if not block:
                raise ConnectionResetError("the listener hung up")
            data += block
        return data
