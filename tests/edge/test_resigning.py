"""A key ends, and the readings it signed last go to the ledger under the next one: once each, in the chain, with the old bodies kept."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.edge.http_link import HttpLink
from ledger.edge.queue import Queue, QueueLimits
from ledger.edge.sender import Sender
from ledger.errors import IntegrityError
from ledger.metering.device_signature import key_id_of
from ledger.metering.envelope import read_envelope
from tests.edge.queues import KEY, Moment, bodies_of, open_queue, register
from tests.edge.simulated_server import Server, serving

NEXT = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
REVOKED = {"code": "signature.refused", "status": 403, "errors": [{"code": "KEY_REVOKED"}]}
UNKNOWN = {"code": "signature.refused", "status": 403, "errors": [{"code": "SIGNATURE_UNKNOWN"}]}
DAY = 86_400


class Ledger(Server):
    """A server that refuses bodies of the kids in `refused`, each with its problem."""

    def __init__(self, refused: dict[str, dict[str, Any]]) -> None:
        super().__init__()
        self.refused = refused

    def take(self, body: bytes) -> tuple[int, dict[str, Any]]:
        problem = self.refused.get(json.loads(body)["sig"]["kid"])
        return super().take(body) if problem is None else (403, problem)

    def values(self) -> list[str]:
        return sorted(reading["v"] for body in self.kept.values() for reading in json.loads(body)["readings"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queue.sqlite"


def send(queue: Queue, url: str, moment: Moment, steps: int = 60) -> list[str]:
    told: list[str] = []
    link = HttpLink(url, "a-token", now_ms=moment, timeout=5)
    sender = Sender(queue, link, now_ms=moment, uniform=lambda least, most: most, tell=told.append)
    for _ in range(steps):
        wait = sender.step()
        if wait is None:
            break
        moment.advance(wait)
    link.close()
    return told


def check_signed(path: Path) -> None:
    """Fail where a body is not whole under its own key, or does not follow the one before."""
    keys = {key_id_of(key): key.public_key() for key in (KEY, NEXT)}
    prev = None
    for number, (seq, body, _) in enumerate(bodies_of(path), start=1):
        envelope, findings = read_envelope(body)
        assert envelope is not None, findings
        assert (seq, envelope.identity.seq, envelope.identity.prev) == (number, number, prev)
        keys[envelope.identity.kid].verify(envelope.identity.signature, envelope.identity.message)
        prev = hashlib.sha256(body).hexdigest()


def test_readings_of_a_revoked_key_reach_the_ledger_once_under_the_next(path: Path) -> None:
    moment = Moment()
    server = Ledger({key_id_of(KEY): REVOKED})
    with serving(server):
        old = open_queue(path, moment)
        for number in range(3):
            old.put([register(number), register(number, "em-2")])
        send(old, server.url, moment)
        assert [item.seq for item in old.status().aside] == [1, 2, 3]
        old.close()
        before = bodies_of(path)
        queue = open_queue(path, moment, key=NEXT)
        told = send(queue, server.url, moment)
        # The source brings them again, as sources do: they are there, and nothing more goes out.
        assert queue.put([register(0), register(1)]).seqs == ()
        send(queue, server.url, moment)
    status = queue.status()
    assert (len(status.aside), status.replaced, status.kept, status.waiting, status.last_seq) == (0, 3, 3, 0, 6)
    assert server.values() == ["0.5", "0.5", "1.5", "1.5", "2.5", "2.5"]
    assert [(seq, body) for seq, body, _ in bodies_of(path)[:3]] == [(seq, body) for seq, body, _ in before]
    assert any("3 bodies that were set aside for another key are signed anew" in text for text in told)
    check_signed(path)


def test_what_still_waits_under_a_key_that_is_refused_is_signed_anew_one_by_one(path: Path) -> None:
    moment = Moment()
    for problem in (REVOKED, UNKNOWN):
        file = path.with_name(problem["errors"][0]["code"])  # type: ignore[index]
        old = open_queue(file, moment)
        for number in range(3):
            old.put([register(number)])
        old.close()
        server = Ledger({key_id_of(KEY): problem})
        with serving(server):
            queue = open_queue(file, moment, key=NEXT)
            queue.put([register(3)])
            send(queue, server.url, moment)
        assert server.values() == ["0.5", "1.5", "2.5", "3.5"]
        assert (queue.status().waiting, len(queue.status().aside), queue.status().replaced) == (0, 0, 3)
        check_signed(file)


def test_a_key_that_is_not_enrolled_yet_waits_for_it(path: Path) -> None:
    moment = Moment()
    server = Ledger({key_id_of(KEY): UNKNOWN})
    with serving(server):
        queue = open_queue(path, moment)
        queue.put([register(1)])
        send(queue, server.url, moment, 5)
        assert (queue.status().waiting, len(queue.status().aside)) == (1, 0)
        server.refused.clear()
        send(queue, server.url, moment)
    assert (queue.status().kept, queue.status().last_seq) == (1, 1)


def test_only_what_was_refused_for_its_key_is_signed_anew_and_never_under_the_same_key(path: Path) -> None:
    old = open_queue(path)
    for number in range(3):
        old.put([register(number)])
    old.set_aside(1, 403, REVOKED)
    old.set_aside(2, 422, {"code": "telemetry.refused", "findings": [{"code": "METER_UNKNOWN"}]})
    assert old.resign() == 0
    old.close()
    queue = open_queue(path, key=NEXT)
    assert (queue.resign(), queue.resign()) == (1, 0)
    assert [item.seq for item in queue.status().aside] == [2]
    assert queue.put([register(0), register(1), register(2)]).repeated == 3
    check_signed(path)


def test_more_bodies_than_one_transaction_takes_are_all_signed_anew(path: Path) -> None:
    old = open_queue(path)
    for number in range(205):
        old.put([register(number)])
        old.set_aside(number + 1, 403, REVOKED)
    old.close()
    queue = open_queue(path, key=NEXT)
    assert queue.resign() == 205
    assert queue.status().waiting == 205
    check_signed(path)


def test_a_full_queue_can_be_signed_anew_and_what_is_replaced_takes_no_room(path: Path) -> None:
    old = open_queue(path)
    for number in range(5):
        old.put([register(number)])
        old.set_aside(number + 1, 403, REVOKED)
    old.close()
    size = sum(len(body) for _, body, _ in bodies_of(path))
    queue = open_queue(path, key=NEXT, bytes=size + 1000)
    assert queue.resign() == 5
    assert queue.put([register(9)]).seqs == (11,)


def test_a_damaged_body_gets_no_new_signature(path: Path) -> None:
    old = open_queue(path)
    old.put([register(1)])
    old.set_aside(1, 403, REVOKED)
    old._db.execute("UPDATE bodies SET body = ?", (bodies_of(path)[0][1].replace(b'"1.5"', b'"9.5"'),))
    old.close()
    queue = open_queue(path, key=NEXT)
    with pytest.raises(IntegrityError, match="body 1 is not what was queued"):
        queue.resign()
    assert queue.status().last_seq == 1


def test_replaced_bodies_go_when_their_replacements_have_gone(path: Path) -> None:
    moment = Moment()
    old = open_queue(path, moment, keep_days=1)
    old.put([register(1)])
    old.set_aside(1, 403, REVOKED)
    old.close()
    middle = open_queue(path, moment, keep_days=1, key=NEXT)
    middle.resign()
    middle.set_aside(2, 403, REVOKED)
    middle.close()
    queue = Queue(path, device="gateway-1", key=KEY, new_boot=lambda: "x", now_ms=moment, limits=QueueLimits(keep_days=1))
    assert queue.resign() == 1
    moment.advance(9 * DAY)
    assert queue.prune() == 0
    queue.acknowledge(3, {}, None)
    moment.advance(DAY + 1)
    assert queue.prune() == 3
    assert bodies_of(path) == []
    assert queue.put([register(2)]).seqs == (4,)
