"""The sender against a server over a real socket that answers, refuses, lies, hangs up and comes back."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from ledger.edge.answer import Answer, LinkDown, judge, measure_offset
from ledger.edge.http_link import HttpLink
from ledger.edge.problem_codes import codes_of
from ledger.edge.queue import Queue, QueuedBody, QueueFull
from ledger.edge.sender import Sender
from ledger.errors import ConfigurationError
from tests.edge.queues import BOOT, NOW, Moment, bodies_of, full_disk, open_queue, register
from tests.edge.simulated_server import Server, serving

MINUTE = 60


class Edge:
    """A queue and its sender; every wait moves the clock instead of waiting."""

    def __init__(self, path: Path, url: str) -> None:
        self.moment = Moment()
        self.path = path
        self.queue: Queue = open_queue(path, self.moment)
        self.link = HttpLink(url, "a-token", now_ms=self.moment, timeout=5)
        self.told: list[str] = []
        self.waits: list[float] = []
        self.sender = Sender(self.queue, self.link, now_ms=self.moment, uniform=lambda least, most: most, tell=self.told.append)

    def bring(self, count: int, first: int = 0) -> None:
        for number in range(first, first + count):
            self.queue.put([register(number)])

    def run(self, steps: int = 1000) -> None:
        for _ in range(steps):
            wait = self.sender.step()
            if wait is None:
                return
            self.waits.append(wait)
            self.moment.advance(wait)
        raise AssertionError("the sender does not come to an end")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queue.sqlite"


def sent(server: Server) -> list[int]:
    return [json.loads(body)["seq"] for body in server.received]


def test_everything_is_sent_in_order_and_acknowledged(path: Path) -> None:
    with serving(Server()) as server:
        edge = Edge(path, server.url)
        edge.bring(5)
        edge.run()
    assert sent(server) == [1, 2, 3, 4, 5]
    status = edge.queue.status()
    assert (status.waiting, status.kept, status.contiguous, status.trouble) == (0, 5, 5, "")
    assert list(server.kept.values()) == [body for _, body, _ in bodies_of(path)]
    header = server.headers[0]
    # What the log of an edge says is English; without this a refusal came in the language of the bank.
    assert header["Accept-Language"] == "en"
    assert header["Authorization"] == "Bearer a-token"
    assert header["Content-Type"] == "application/vnd.lingtan.readings+json"
    assert header["Content-Digest"].startswith("sha-256=:")


def test_the_newest_goes_first_every_five_minutes_while_an_outage_is_worked_off(path: Path) -> None:
    with serving(Server()) as server:
        edge = Edge(path, server.url)
        edge.bring(6)
        edge.moment.advance(5 * MINUTE)
        edge.sender.step()
        edge.sender.step()
        edge.moment.advance(5 * MINUTE)
        edge.run()
    assert sent(server) == [6, 1, 5, 2, 3, 4]
    assert edge.queue.status().contiguous == 6


@pytest.mark.parametrize(
    "mood",
    [
        "hang up",
        "lose",
        (503, {"code": "server.not_ready"}),
        (500, b"<html>"),
        (404, {}),
        (200, {"ok": True}),
        (201, b"<html>welcome to the guest network</html>"),
    ],
)
def test_the_same_bytes_are_sent_until_they_are_acknowledged(path: Path, mood: object) -> None:
    with serving(Server(moods=[mood] * 3)) as server:
        edge = Edge(path, server.url)
        edge.bring(2)
        edge.run()
    assert sent(server) == [1, 1, 1, 1, 2]
    assert len(set(server.received)) == 2
    assert len(server.kept) == 2
    assert edge.queue.status().waiting == 0
    assert len(edge.told) == 1


def test_waits_grow_from_a_second_to_five_minutes_and_begin_anew_after_a_success(path: Path) -> None:
    with serving(Server(moods=[(503, {})] * 12)) as server:
        edge = Edge(path, server.url)
        edge.bring(1)
        edge.run()
        assert edge.waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 0]
        server.moods = [(503, {})]
        edge.bring(1, 1)
        edge.waits.clear()
        edge.run()
    assert edge.waits == [1, 0]


def test_jitter_takes_up_to_half_of_a_wait(path: Path) -> None:
    with serving(Server(moods=[(503, {})] * 2)) as server:
        edge = Edge(path, server.url)
        asked: list[tuple[float, float]] = []
        edge.sender._uniform = lambda least, most: asked.append((least, most)) or least  # type: ignore[func-returns-value]
        edge.bring(1)
        edge.run()
    assert asked == [(0.5, 1), (1, 2)]


def test_a_server_that_names_a_time_is_given_it(path: Path) -> None:
    with serving(Server(moods=[(429, {"code": "rate.exceeded"}, {"Retry-After": "77"}), (429, {}, {"Retry-After": "99999"})])) as server:
        edge = Edge(path, server.url)
        edge.bring(1)
        edge.run()
    assert edge.waits == [77, 300, 0]


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (422, {"code": "findings", "errors": [{"code": "METER_UNKNOWN", "pointer": "/readings/0/m"}]}),
        (409, {"code": "conflict", "errors": [{"code": "EQUIVOCATION"}]}),
        (400, {"code": "input.malformed"}),
        (413, {"code": "body.too_large"}),
        (403, {"code": "signature.refused", "errors": [{"code": "KEY_REVOKED"}]}),
        (401, {"code": "SIGNATURE_WRONG"}),
    ],
)
def test_what_is_refused_for_good_is_set_aside_and_blocks_nothing(path: Path, status: int, problem: dict[str, object]) -> None:
    with serving(Server(moods=[(status, problem)])) as server:
        edge = Edge(path, server.url)
        edge.bring(3)
        edge.run()
    assert sent(server) == [1, 2, 3]
    state = edge.queue.status()
    assert (state.waiting, state.kept, [item.seq for item in state.aside]) == (0, 2, [1])
    assert (state.aside[0].status, state.aside[0].problem) == (status, problem)
    assert bodies_of(path)[0][1] == server.received[0]
    assert "body 1 is refused for good" in edge.told[0]


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (401, {"code": "token.expired"}),
        (403, {"code": "forbidden"}),
        (403, {"code": "signature.refused", "errors": [{"code": "SIGNATURE_UNKNOWN"}]}),
        (409, {"code": "idempotency.in_progress", "retryable": True}),
        (429, {"code": "rate.exceeded"}),
    ],
)
def test_what_may_change_is_tried_again_and_shown(path: Path, status: int, problem: dict[str, object]) -> None:
    with serving(Server(moods=[(status, problem)])) as server:
        edge = Edge(path, server.url)
        edge.bring(1)
        edge.sender.step()
        assert edge.queue.status().trouble.startswith(str(status))
        edge.run()
    assert edge.queue.status().kept == 1
    assert edge.queue.status().trouble == ""


def test_a_server_that_is_away_and_comes_back_gets_everything_once(path: Path) -> None:
    server = Server()
    with serving(server):
        port = server.port
    edge = Edge(path, f"http://127.0.0.1:{port}")
    edge.bring(3)
    for _ in range(4):
        edge.moment.advance(edge.sender.step() or 0)
    assert edge.queue.status().waiting == 3
    assert "does not answer" in edge.told[0]
    with serving(server, port):
        edge.run()
    assert len(server.kept) == 3


def test_a_server_restored_from_a_backup_is_given_again_what_it_lost(path: Path) -> None:
    with serving(Server()) as server:
        edge = Edge(path, server.url)
        edge.bring(4)
        edge.run()
        lost = [name for name in server.kept if name[2] in (2, 3)]
        for name in lost:
            del server.kept[name]
        edge.moment.advance(20 * MINUTE)
        edge.bring(1, 4)
        edge.run()
    assert sorted(name[2] for name in server.kept) == [1, 2, 3, 4, 5]
    assert edge.queue.status().contiguous == 5


def test_the_clock_is_measured_against_the_server(path: Path) -> None:
    with serving(Server(time=NOW + 90)) as server:
        edge = Edge(path, server.url)
        edge.bring(1)
        edge.run()
    assert edge.queue.status().offset_ms == -90_500
    assert measure_offset("2026-11-22T00:00:00.250Z", NOW * 1000, NOW * 1000 + 500) == 0
    assert measure_offset("yesterday", 0, 0) is None
    assert measure_offset(None, 0, 0) is None


def test_the_sender_runs_until_it_is_stopped_and_is_woken_by_readings(path: Path) -> None:
    with serving(Server()) as server:
        edge = Edge(path, server.url)
        stop = threading.Event()
        thread = threading.Thread(target=edge.sender.run, args=(stop,), daemon=True)
        thread.start()
        edge.bring(3)
        edge.sender.wake()
        for _ in range(200):
            if edge.queue.status().kept == 3:
                break
            stop.wait(0.05)
        stop.set()
        edge.sender.wake()
        thread.join(10)
    assert not thread.is_alive()
    assert edge.queue.status().kept == 3


def test_an_answer_to_another_body_is_no_acknowledgement() -> None:
    body = QueuedBody(7, b"{}", "ab")
    good = {"sha256": "ab", "boot": BOOT, "seq": 7}
    assert judge(Answer(201, good), body, BOOT) == "acknowledged"
    for other in ({"sha256": "cd"}, {"boot": "other"}, {"seq": 8}):
        assert judge(Answer(201, {**good, **other}), body, BOOT) == "later"


def test_codes_are_found_wherever_a_problem_has_them() -> None:
    assert codes_of({"code": "a", "findings": {"items": [{"code": "b", "params": {"code": 1}}]}, "errors": [{"code": "c"}, 5]}) == {
        "a",
        "b",
        "c",
    }


def test_a_deep_problem_does_no_harm() -> None:
    deep: dict[str, object] = {"code": "x"}
    for _ in range(50):
        deep = {"inner": deep}
    assert codes_of(deep) == frozenset()


def test_what_is_no_url_is_said() -> None:
    with pytest.raises((ConfigurationError, LinkDown)):
        HttpLink("no url", "t", now_ms=Moment()).post(b"{}")
    with pytest.raises(ConfigurationError):
        HttpLink("https://localhost", "t", now_ms=Moment(), ca="/no/such/file")


class Stubborn(Server):
    """A server that has an error of its own with some bodies, always."""

    def __init__(self, seqs: set[int], status: int = 500) -> None:
        super().__init__()
        self.seqs, self.status = seqs, status

    def take(self, body: bytes) -> tuple[int, dict[str, object]]:
        return (self.status, {"code": "server.error"}) if json.loads(body)["seq"] in self.seqs else super().take(body)  # type: ignore[return-value]


def test_a_body_that_the_server_fails_on_is_passed_by_the_others_and_tried_again(path: Path) -> None:
    with serving(Stubborn({1, 4})) as server:
        edge = Edge(path, server.url)
        edge.bring(30)
        edge.run()
        # Nothing but the two is left, within minutes, and they wait for their time.
        assert sorted(name[2] for name in server.kept) == [number for number in range(1, 31) if number not in (1, 4)]
        assert edge.moment.ms < (NOW + 3 * MINUTE) * 1000
        assert sum("others pass it" in text for text in edge.told) == 2
        tried = len(server.received)
        for _ in range(24 * 60):
            edge.moment.advance(MINUTE)
            edge.sender.step()
        assert 30 < len(server.received) - tried < 80
        edge.bring(1, 30)
        edge.run()
        assert edge.queue.status().waiting == 2
        server.seqs = set()
        edge.moment.advance(60 * MINUTE)
        edge.run()
    assert len(server.kept) == 31
    assert edge.queue.status().waiting == 0


def test_after_an_outage_of_the_whole_server_nothing_is_held_back(path: Path) -> None:
    with serving(Stubborn(set(range(1, 100)), 503)) as server:
        edge = Edge(path, server.url)
        edge.bring(20)
        for _ in range(60):
            edge.moment.advance(edge.sender.step() or 0)
        server.seqs = set()
        edge.waits.clear()
        edge.run()
    assert len(server.kept) == 20
    assert sum(edge.waits) == 0


@pytest.mark.parametrize("status", [400, 409, 413, 415, 422])
@pytest.mark.parametrize(
    ("document", "header"),
    [
        (b"<html>Request Entity Too Large</html>", {"Content-Type": "text/html"}),
        ({"message": "too large"}, {"Content-Type": "application/json"}),
        ({"code": "TooLarge", "retryable": False}, {"Content-Type": "application/json"}),
        ({"title": "too large"}, {"Content-Type": "application/problem+json"}),
    ],
)
def test_a_proxy_that_refuses_decides_nothing(path: Path, status: int, document: object, header: dict[str, str]) -> None:
    with serving(Server(moods=[(status, document, header)])) as server:
        edge = Edge(path, server.url)
        edge.bring(1)
        edge.run()
    assert sent(server) == [1, 1]
    assert (edge.queue.status().kept, edge.queue.status().aside) == (1, ())


def test_a_full_disk_stops_no_sending_and_what_was_settled_is_written_when_there_is_room(path: Path) -> None:
    with serving(Server(moods=["hang up", (422, {"code": "telemetry.refused"})])) as server:
        edge = Edge(path, server.url)
        edge.bring(4)
        with full_disk(edge.queue):
            with pytest.raises(QueueFull):
                edge.queue.note_trouble("x" * 400)
            edge.run()
            assert edge.queue.status().waiting == 4
            assert sum("cannot be written" in text for text in edge.told) == 1
        assert edge.sender.step() is None
    assert sent(server) == [1, 1, 2, 3, 4]
    status = edge.queue.status()
    assert (status.waiting, status.kept, [item.seq for item in status.aside]) == (0, 3, [1])
