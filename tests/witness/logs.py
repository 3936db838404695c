"""A log of a test: leaves, its key, and what it sends to a witness."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.clock import Clock
from ledger.merkle import plain
from ledger.records.checkpoint import Checkpoint, log_key, sign_checkpoint
from ledger.records.signed_note import COSIGNATURE, NoteKey, read_note, verify_note
from ledger.witness.request import write_request
from ledger.witness.server import WitnessServer
from ledger.witness.service import Reply, Witness
from ledger.witness.state import WitnessState

ORIGIN = "lingtan/3305/00112233445566aa"
LOG_KEY = Ed25519PrivateKey.from_private_bytes(b"\x11" * 32)
WITNESS_KEY = Ed25519PrivateKey.from_private_bytes(b"\x12" * 32)
WITNESS_NAME = "regulator.example/witness"
NOTE_KEY = NoteKey(WITNESS_NAME, COSIGNATURE, WITNESS_KEY.public_key().public_bytes_raw())
NOW = 1_780_000_000


@dataclass(frozen=True)
class Log:
    """A log whose leaf i is its name and i; another name is another history, which is the true one below `common`."""

    name: str = "true"
    common: int = 0
    origin: str = ORIGIN
    key: Ed25519PrivateKey = LOG_KEY

    def leaves(self, size: int) -> list[bytes]:
        return [plain.leaf_hash(f"{'true' if index < self.common else self.name} {index}".encode()) for index in range(size)]

    def root(self, size: int) -> bytes:
        return plain.root(self.leaves(size))

    def note(self, size: int) -> str:
        return sign_checkpoint(Checkpoint(self.origin, size, self.root(size)), self.key)

    def proof(self, old: int, size: int) -> tuple[bytes, ...]:
        return plain.consistency_proof(self.leaves(size), old, size) if old else ()

    def request(self, old: int, size: int) -> bytes:
        return write_request(old, self.proof(old, size), self.note(size))


def open_witness(folder: Path, clock: Clock, *logs: Log) -> Witness:
    keys = [log_key(log.origin, log.key.public_key()) for log in logs or (Log(),)]
    return Witness(WITNESS_NAME, WITNESS_KEY, keys, WitnessState(folder), clock)


def cosigned_at(reply: Reply, note: str) -> int:
    """The time of the cosignature in an answer, verified as any reader would: put under the note."""
    assert reply.status == 200, reply
    (signed,) = verify_note(read_note(note + reply.body), [NOTE_KEY])
    assert signed.time is not None
    return signed.time


@contextmanager
def serving(witness: Witness, request_seconds: float = 15.0) -> Iterator[int]:
    """Serve a witness on a free port of this machine and yield the port."""
    server = WitnessServer(("127.0.0.1", 0), witness)
    server.request_seconds = request_seconds
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def post(port: int, body: bytes, path: str = "/add-checkpoint") -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path, body)
        answer = connection.getresponse()
        return Reply(answer.status, answer.read().decode(), answer.headers["Content-Type"])
    finally:
        connection.close()
