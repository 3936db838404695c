"""MQTT 5 through a real mosquitto with TLS and an ACL per device: what is acknowledged is stored, and stored once, whatever is killed."""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ledger.edge.answer import LinkDown
from ledger.edge.http_link import HttpLink
from ledger.edge.listener import Listener
from ledger.edge.mqtt_link import Broker as Place
from ledger.edge.mqtt_link import Message, MqttLink, Session, read_broker
from ledger.edge.queue import QueuedBody
from ledger.errors import ConfigurationError
from scripts import fleet_mqtt
from scripts.with_mosquitto import LISTENER, Broker, broker
from tests.child import Child
from tests.edge import listener_child
from tests.edge.fleet import SLOTS, Gateway, now_ms, run_all
from tests.edge.ledger_server import BANK, SITE, LedgerServer
from tests.edge.queues import DEVICE, bodies_of, open_queue, register
from tests.edge.simulated_server import Server, serving

pytestmark = pytest.mark.mqtt
OTHER = "gateway-2"


@pytest.fixture
def mosquitto() -> Iterator[Broker]:
    with broker() as made:
        for name in (DEVICE, OTHER, LISTENER):
            made.authority.issue(name)
        yield made


def place(made: Broker, name: str) -> Place:
    files = {"ca": made.authority.file, "certificate": made.folder / f"{name}.crt", "key": made.folder / f"{name}.key"}
    return read_broker(made.url, **files)


def link_of(made: Broker, device: str = DEVICE, *, user: str | None = None, site: str = SITE, seconds: float = 10) -> MqttLink:
    return MqttLink(place(made, user or device), institution=BANK, site=site, device=device, now_ms=now_ms, seconds=seconds)


@contextmanager
def listening(made: Broker, url: str, name: str = "one", institution: str = BANK) -> Iterator[Listener]:
    told: list[str] = []
    server = HttpLink(url, "a-token", now_ms=now_ms)
    listener = Listener(
        place(made, LISTENER), server, institution=institution, name=name, uniform=lambda least, most: 0.05, tell=told.append
    )
    listener.start()
    try:
        assert listener.wait_ready(15), told
        yield listener
    finally:
        listener.close()


@contextmanager
def session_of(made: Broker, user: str, subscription: str, seen: list[Message], client: str = "", expiry: int = 0) -> Iterator[Session]:
    session = Session(
        place(made, user),
        client_id=client or f"test-{user}",
        subscription=subscription,
        on_message=seen.append,
        expiry_seconds=expiry,
        receive_maximum=16,
    )
    try:
        assert session.wait_ready(10), session.last_trouble
        yield session
    finally:
        session.close()


def queued(folder: Path, count: int = 1) -> list[QueuedBody]:
    queue = open_queue(folder / "queue.sqlite")
    bodies = []
    for number in range(count):
        queue.put([register(number)])
        body = queue.find_next(newest=True)
        assert body is not None
        bodies.append(body)
    queue.close()
    return bodies


def wait_for(condition: Any, limit: float = 20.0) -> None:
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


def test_a_body_goes_through_the_broker_and_its_answer_comes_back(mosquitto: Broker, tmp_path: Path) -> None:
    body = queued(tmp_path)[0]
    with serving(Server()) as server, listening(mosquitto, server.url):
        link = link_of(mosquitto)
        answer = link.send(body)
        again = link.send(body)
        link.close()
    assert (answer.status, answer.document["sha256"], answer.document["seq"]) == (200, body.sha256, 1)
    assert again.document["sha256"] == body.sha256
    assert list(server.kept.values()) == [body.body]
    assert answer.offset_ms is not None


def test_the_message_carries_what_the_guide_says(mosquitto: Broker, tmp_path: Path) -> None:
    body = queued(tmp_path)[0]
    seen: list[Message] = []
    with session_of(mosquitto, LISTENER, f"lingtan/v1/{BANK}/+/+/readings", seen):
        link = link_of(mosquitto, seconds=0.5)
        with pytest.raises(LinkDown, match="nobody answers"):
            link.send(body)
        wait_for(lambda: seen)
    message = seen[0]
    assert (message.topic, message.payload) == (f"lingtan/v1/{BANK}/{SITE}/{DEVICE}/readings", body.body)
    assert message.content_type == "application/vnd.lingtan.readings+json"
    assert message.correlation == f"1-{body.sha256[:16]}".encode()


def test_a_problem_comes_back_with_its_status(mosquitto: Broker, tmp_path: Path) -> None:
    body = queued(tmp_path)[0]
    problem = {"code": "telemetry.refused", "findings": [{"code": "METER_UNKNOWN"}]}
    with serving(Server(moods=[(422, problem)])) as server, listening(mosquitto, server.url):
        link = link_of(mosquitto)
        answer = link.send(body)
        link.close()
    assert (answer.status, answer.document["code"]) == (422, "telemetry.refused")


def test_a_device_may_not_publish_as_another(mosquitto: Broker, tmp_path: Path) -> None:
    body = queued(tmp_path)[0]
    refused = pytest.raises(LinkDown, match=r"refuses the message.*reason 87")
    with serving(Server()) as server, listening(mosquitto, server.url), refused:
        link_of(mosquitto, DEVICE, user=OTHER).send(body)
    assert server.received == []


def test_a_device_does_not_read_the_answers_to_another(mosquitto: Broker) -> None:
    seen: list[Message] = []
    own: list[Message] = []
    ack = f"lingtan/v1/{BANK}/{SITE}/{DEVICE}/ack"
    with (
        session_of(mosquitto, OTHER, "lingtan/v1/#", seen),
        session_of(mosquitto, DEVICE, ack, own),
        session_of(mosquitto, LISTENER, ack, []) as writer,
    ):
        writer.publish(ack, b"{}", content_type="application/json", correlation=b"x", seconds=5)
        wait_for(lambda: own)
        time.sleep(0.2)
    assert seen == []


def test_without_a_certificate_or_with_one_of_another_authority_nobody_comes_in(mosquitto: Broker, tmp_path: Path) -> None:
    body = queued(tmp_path)[0]
    with broker() as other:
        other.authority.issue(DEVICE)
        stolen = read_broker(
            mosquitto.url, ca=mosquitto.authority.file, certificate=other.folder / f"{DEVICE}.crt", key=other.folder / f"{DEVICE}.key"
        )
        bare = read_broker(mosquitto.url, ca=mosquitto.authority.file)
        mistrusted = read_broker(
            mosquitto.url, ca=other.authority.file, certificate=mosquitto.folder / f"{DEVICE}.crt", key=mosquitto.folder / f"{DEVICE}.key"
        )
        for wrong in (stolen, bare, mistrusted):
            session = Session(wrong, client_id="x", subscription="x", on_message=lambda _: None, expiry_seconds=0, receive_maximum=1)
            assert not session.wait_ready(1.5)
            session.close()
    assert body.seq == 1


def test_the_connection_is_tls_with_the_brokers_name_checked(mosquitto: Broker) -> None:
    context = ssl.create_default_context(cafile=str(mosquitto.authority.file))
    context.load_cert_chain(mosquitto.folder / f"{DEVICE}.crt", mosquitto.folder / f"{DEVICE}.key")
    with (
        socket.create_connection(("127.0.0.1", mosquitto.port), 5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as wire,
    ):
        assert wire.version() in ("TLSv1.2", "TLSv1.3")
    with socket.create_connection(("127.0.0.1", mosquitto.port), 5) as plain, pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(plain, server_hostname="another.example")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        Session(
            Place("127.0.0.1", 1, True, mosquitto.folder / "none"),
            client_id="x",
            subscription="x",
            on_message=print,
            expiry_seconds=0,
            receive_maximum=1,
        )


def test_a_body_on_the_topic_of_another_device_gets_a_problem_and_is_not_forwarded(mosquitto: Broker, tmp_path: Path) -> None:
    body = queued(tmp_path)[0]  # of DEVICE
    with serving(Server()) as server, listening(mosquitto, server.url):
        link = link_of(mosquitto, OTHER)
        answer = link.send(body)
        link.close()
    assert (answer.status, answer.document["code"]) == (422, "TOPIC_DIFFERS")
    assert server.received == []


def test_a_batch_of_another_device_is_acknowledged_to_nobody_else(mosquitto: Broker) -> None:
    body = QueuedBody(1, b"LTB1 of another device", "00")
    taken = {"sha256": hashlib.sha256(body.body).hexdigest(), "device": DEVICE, "boot": "b", "seq": 1}
    with serving(Server(moods=[(201, taken)])) as server, listening(mosquitto, server.url):
        link = link_of(mosquitto, OTHER)
        answer = link.send(body)
        link.close()
    assert (answer.status, answer.document["code"]) == (422, "TOPIC_DIFFERS")
    assert server.headers[0]["Content-Type"] == "application/vnd.lingtan.batch"


def test_what_is_no_body_is_judged_by_the_server_and_a_giant_by_nobody(mosquitto: Broker) -> None:
    with serving(Server(moods=[(422, {"code": "telemetry.refused"})])) as server, listening(mosquitto, server.url):
        link = link_of(mosquitto)
        assert link.send(QueuedBody(1, b"[[[[", "00")).status == 422
        assert link.send(QueuedBody(2, b"x" * (2000 * 912 + 1000), "00")).status == 413
        link.close()
    assert len(server.received) == 1


def test_the_listener_asks_again_while_the_server_has_a_bad_day_and_does_not_blame_the_device(mosquitto: Broker, tmp_path: Path) -> None:
    body = queued(tmp_path)[0]
    moods = ["hang up", (503, {}), (500, b"<html>"), (401, {"code": "token.expired"}), (404, {}), (200, b"<html>hello"), "lose"]
    with serving(Server(moods=list(moods))) as server, listening(mosquitto, server.url):
        link = link_of(mosquitto)
        answer = link.send(body)
        link.close()
    assert answer.status == 200
    assert len(server.received) == len(moods) + 1
    assert len(server.kept) == 1


def test_what_concerns_the_devices_key_is_told_to_the_device(mosquitto: Broker, tmp_path: Path) -> None:
    body = queued(tmp_path)[0]
    problem = {"code": "device_key.refused", "errors": [{"code": "SIGNATURE_UNKNOWN"}]}
    with serving(Server(moods=[(401, problem)])) as server, listening(mosquitto, server.url):
        link = link_of(mosquitto)
        answer = link.send(body)
        link.close()
    assert answer.status == 401


def test_the_broker_keeps_what_comes_while_no_listener_runs(mosquitto: Broker, tmp_path: Path) -> None:
    bodies = queued(tmp_path, 3)
    with serving(Server()) as server:
        with listening(mosquitto, server.url, "keeper"):
            pass
        seen: list[Message] = []
        base = f"lingtan/v1/{BANK}/{SITE}/{DEVICE}"
        with session_of(mosquitto, DEVICE, f"{base}/ack", seen) as device:
            for body in bodies:
                device.publish(f"{base}/readings", body.body, content_type="x", correlation=body.sha256.encode(), seconds=5)
            with listening(mosquitto, server.url, "keeper"):
                wait_for(lambda: len(seen) == 3)
    assert {message.correlation.decode() for message in seen} == {body.sha256 for body in bodies}
    assert {json.loads(message.payload)["sha256"] for message in seen} == {body.sha256 for body in bodies}
    assert {message.content_type for message in seen} == {"application/json"}


def test_two_listeners_share_the_work(mosquitto: Broker, tmp_path: Path) -> None:
    bodies = queued(tmp_path, 20)
    with serving(Server()) as server, listening(mosquitto, server.url, "left") as left, listening(mosquitto, server.url, "right") as right:
        link = link_of(mosquitto)
        for body in bodies:
            assert link.send(body).status == 200
        link.close()
        wait_for(lambda: left.taken + right.taken == 20)
        assert left.taken > 0
        assert right.taken > 0
    assert len(server.received) == 20


def test_an_answer_to_an_earlier_question_is_not_taken_for_this_one(mosquitto: Broker, tmp_path: Path) -> None:
    first, second = queued(tmp_path, 2)
    base = f"lingtan/v1/{BANK}/{SITE}/{DEVICE}"
    with session_of(mosquitto, LISTENER, f"{base}/readings", []) as writer:
        link = link_of(mosquitto, seconds=1.5)

        def answer_late() -> None:
            time.sleep(0.5)
            late = json.dumps({"sha256": first.sha256, "seq": 1}).encode()
            writer.publish(f"{base}/ack", late, content_type="application/json", correlation=f"1-{first.sha256[:16]}".encode(), seconds=5)

        thread = threading.Thread(target=answer_late, daemon=True)
        thread.start()
        with pytest.raises(LinkDown, match="nobody answers"):
            link.send(second)
        thread.join(10)


@pytest.mark.slow
def test_a_broker_that_is_killed_and_comes_back_costs_nothing(tmp_path: Path) -> None:
    with broker() as made, serving(Server()) as server:
        for name in (DEVICE, LISTENER):
            made.authority.issue(name)
        gateway = Gateway(DEVICE, tmp_path / "queue.sqlite", link_of(made, seconds=3))
        gateway.bring(["em-1"], 30)

        def break_it() -> None:
            for how in (made.kill, made.stop):
                count = len(server.kept)
                wait_for(lambda count=count: len(server.kept) > count + 5)
                how()
                time.sleep(0.3)
                made.start()

        with listening(made, server.url):
            run_all([gateway], 120, break_it)
    assert len(gateway.acknowledged()) == 30
    assert sorted(server.kept.values()) == sorted(body for _, body, _ in bodies_of(gateway.path))


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> LedgerServer:
    fleet = {f"gateway-{number}": [f"em-{number}-{each}" for each in range(5)] for number in range(1, 9)}
    return LedgerServer(tmp_path_factory.mktemp("ledger"), fleet)


@pytest.mark.slow
def test_a_fleet_over_mqtt_with_listener_server_and_broker_killed_is_stored_whole_and_once(
    mosquitto: Broker, ledger: LedgerServer, tmp_path: Path
) -> None:
    days = 4
    for device in ledger.fleet:
        mosquitto.authority.issue(device)
    gateways = [Gateway(device, tmp_path / f"{device}.sqlite", link_of(mosquitto, device, seconds=4)) for device in ledger.fleet]
    for gateway in gateways:
        gateway.bring(list(ledger.fleet[gateway.device]), days)
    words = (mosquitto.url, mosquitto.folder, ledger.url, ledger.token, BANK)
    ledger.start()
    listeners = [Child(listener_child.listen, *words, name) for name in ("a", "b")]
    for listener in listeners:
        assert listener.read() == "ready"

    def acknowledged() -> int:
        return sum(gateway.queue.status().kept for gateway in gateways)

    def break_everything() -> None:
        wait_for(lambda: acknowledged() > 15, 60)
        listeners[0].kill()
        listeners[0].wait()
        wait_for(lambda: acknowledged() > 30, 60)
        ledger.kill()
        listeners[0] = Child(listener_child.listen, *words, "a")
        ledger.start()
        wait_for(lambda: acknowledged() > 60, 60)
        mosquitto.kill()
        mosquitto.start()

    try:
        run_all(gateways, 200, break_everything)
    finally:
        for listener in listeners:
            listener.kill()
        ledger.stop()
    stored = ledger.stored()
    promised = [sha256 for gateway in gateways for sha256 in gateway.acknowledged()]
    assert len(promised) == len(gateways) * 5 * days
    assert sorted(stored) == sorted(promised)
    assert max(Counter(stored).values()) == 1
    assert set(ledger.stored_readings().values()) == {days * SLOTS}
    assert [gateway.queue.status().aside for gateway in gateways] == [()] * len(gateways)


@pytest.mark.slow
def test_a_small_fleet_of_batches_and_envelopes_is_acknowledged_and_stored_to_the_reading(tmp_path: Path) -> None:
    outcome = fleet_mqtt.run(tmp_path, meters=30, days=6, gateways=3, form="both")
    assert outcome.is_whole, outcome
    assert outcome.expected == 30 * 6 * SLOTS
