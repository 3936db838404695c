"""The witness's HTTP: status and types on the wire, what people see, and what it does not put up with."""

from __future__ import annotations

import http.client
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.clock import FixedClock
from ledger.witness import server as server_module
from ledger.witness.request import write_request
from ledger.witness.service import Witness
from tests.child import run_together
from tests.witness.logs import NOTE_KEY, NOW, ORIGIN, Log, cosigned_at, open_witness, post, serving

LOG = Log()


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return open_witness(tmp_path, FixedClock(NOW))


@pytest.fixture
def port(witness: Witness) -> Iterator[int]:
    with serving(witness, request_seconds=1.0) as port:
        yield port


def test_every_status_and_type_is_on_the_wire(port: int) -> None:
    answer = post(port, LOG.request(0, 5))
    assert cosigned_at(answer, LOG.note(5)) == NOW
    assert answer.content_type.startswith("text/plain")
    conflict = post(port, LOG.request(0, 9))
    assert (conflict.status, conflict.body, conflict.content_type) == (409, "5\n", "text/x.tlog.size")
    assert post(port, write_request(5, (), LOG.note(9))).status == 422
    assert post(port, b"nonsense").status == 400
    assert post(port, Log(origin="other.example/log").request(0, 1)).status == 404
    assert post(port, LOG.request(0, 5), path="/add-something").status == 404


def test_one_connection_serves_many_requests(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for size in range(1, 6):
        connection.request("POST", "/add-checkpoint", LOG.request(size - 1, size))
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (200, True)
    connection.request("GET", "/state")
    assert json.loads(connection.getresponse().read())["logs"][0]["size"] == "5"
    connection.close()


def test_people_see_logs_sizes_times_and_evidence_and_no_secret(port: int) -> None:
    for path in ("/", "/state"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", path)
        document = json.loads(connection.getresponse().read())
        connection.close()
        assert document["vkey"] == NOTE_KEY.vkey
    empty = {"origin": ORIGIN, "followed": True, "size": None, "root": None, "cosigned": None, "evidence": 0}
    assert document["logs"] == [empty]
    post(port, LOG.request(0, 5))
    post(port, write_request(5, (), Log("forged").note(5)))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/")
    (log,) = json.loads(connection.getresponse().read())["logs"]
    connection.close()
    assert log == empty | {"size": "5", "root": LOG.root(5).hex(), "cosigned": "2026-05-28T20:26:40Z", "evidence": 1}


def test_two_posts_at_once_from_one_size_give_one_cosignature_and_one_conflict(port: int) -> None:
    post(port, LOG.request(0, 4))
    statuses: list[int] = []
    bodies = [LOG.request(4, 5), LOG.request(4, 6)]
    run_together([threading.Thread(target=lambda body=body: statuses.append(post(port, body).status)) for body in bodies])
    assert sorted(statuses) == [200, 409]


def raw(port: int, *sent: bytes, pause: float = 0.0) -> bytes:
    """Send bytes as they are and return everything that comes back until the other side hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for part in sent:
            try:
                connection.sendall(part)
            except OSError:
                break
            time.sleep(pause)
        received = b""
        try:
            while part := connection.recv(65_536):
                received += part
        except ConnectionResetError:
            pass
        return received


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n\r\n", 411),
        (b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: -5\r\n\r\n", 411),
        (b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 65537\r\n\r\n", 413),
        (b"PUT /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 1\r\n\r\nx", 501),
        (b"GET /../etc HTTP/1.1\r\nHost: w\r\n\r\n", 404),
        (b"\x01\x02\x03\r\n\r\n", 400),
        (b"GET " + b"/" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
    ],
)
def test_what_it_does_not_read_it_says_and_hangs_up(port: int, head: bytes, status: int) -> None:
    received = raw(port, head)
    assert received.startswith((b"HTTP/1.", b"the request cannot be read"))
    if received.startswith(b"HTTP"):
        assert int(received.split(b" ")[1]) == status


def test_who_sends_a_byte_at_a_time_is_cut_off(port: int) -> None:
    begun = time.monotonic()
    head = b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 400\r\n\r\n"
    assert raw(port, head, *[b"x"] * 12, pause=0.2) == b""
    assert raw(port, *[b"G"] * 12, pause=0.2) == b""
    assert time.monotonic() - begun < 8
    assert post(port, LOG.request(0, 1)).status == 200


def test_more_connections_than_it_holds_are_hung_up_on_and_it_goes_on(witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "MAX_CONNECTIONS", 3)
    with serving(witness, request_seconds=1.0) as port:
        held = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(3)]
        time.sleep(0.2)
        assert raw(port, b"GET / HTTP/1.1\r\nHost: w\r\n\r\n") == b""
        time.sleep(1.2)
        assert post(port, LOG.request(0, 1)).status == 200
        for connection in held:
            connection.close()


def test_the_log_holds_origins_and_sizes_and_nothing_that_a_stranger_sent(port: int, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        post(port, LOG.request(0, 2))
        raw(port, b"GET /\x1b[31mred HTTP/1.1\r\nHost: w\r\nAuthorization: secret\r\n\r\n")
        post(port, b"old 0\n\nsecret words")
    assert [record.getMessage() for record in caplog.records] == [f"200 {ORIGIN} old 0 size 2"]
