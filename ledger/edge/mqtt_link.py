"""MQTT 5: the one place that knows paho (spec: metering §9).

`Session` is a connection that comes back by itself; `MqttLink` is the device's way to the server through a broker. What the broker
acknowledges is not acknowledged: a body is settled when its answer came on the ack topic, with the correlation data of the question.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from ledger.edge.answer import Answer, LinkDown, measure_offset, media_type_of
from ledger.edge.queue import QueuedBody
from ledger.errors import ConfigurationError

PROBLEM_TYPE = "application/problem+json"
CONNECT_SECONDS = 15.0
ANSWER_SECONDS = 30.0
EXPIRY_SECONDS = 600
"""How long the broker may hold a body that nobody took: its device sends it again by then."""
KEEPALIVE = 30
MAX_RECONNECT_SECONDS = 60


@dataclass(frozen=True)
class Broker:
    """Where the broker is, and whose certificate opens it; without `ca` the system's authorities are trusted."""

    host: str
    port: int
    tls: bool
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True)
class Message:
    """A message as it came. `session` tells of which connection: an acknowledgement is good for that one alone."""

    topic: str
    payload: bytes = field(repr=False)
    content_type: str
    correlation: bytes
    mid: int
    session: int


def read_broker(url: str, *, ca: Path | None = None, certificate: Path | None = None, key: Path | None = None) -> Broker:
    """Return the broker of a URL; without TLS only on this machine.

    Raises:
        ConfigurationError: not `mqtts://host[:port]`, or files of a certificate that do not go together.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in ("mqtts", "mqtt") or not parts.hostname or port == 0 or parts.path not in ("", "/") or parts.username:
        raise ConfigurationError(f"not a broker: got {url!r}", hint="expected mqtts://host:8883; the certificate says who you are")
    if parts.scheme == "mqtt" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise ConfigurationError(f"{url} would send readings in the clear", hint="use mqtts:// beyond this machine")
    if (certificate is None) != (key is None):
        raise ConfigurationError("a certificate and its key belong together", hint="name both files or none")
    return Broker(parts.hostname, port or (8883 if parts.scheme == "mqtts" else 1883), parts.scheme == "mqtts", ca, certificate, key)


class Session:
    """A connection to a broker with one subscription; it reconnects until it is closed. Callbacks run in its network thread."""

    def __init__(
        self,
        broker: Broker,
        *,
        client_id: str,
        subscription: str,
        on_message: Callable[[Message], None],
        expiry_seconds: int,
        receive_maximum: int,
        on_trouble: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Start connecting. With `expiry_seconds` the broker keeps what comes while we are away, for so long.

        Raises:
            ConfigurationError: the files of the certificate cannot be used.
        """
        self._subscription, self._take, self._trouble = subscription, on_message, on_trouble
        self._generation = 0
        self._results: dict[int, int] = {}
        self._changed = threading.Condition()
        self._ready = False
        self.last_trouble = "not connected yet"
        # The versions make the callbacks and the packets those of MQTT 5.
        self._client = Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True)
        if broker.tls:
            self._client.tls_set_context(_tls_context(broker))
        self._client.reconnect_delay_set(1, MAX_RECONNECT_SECONDS)
        self._client.connect_timeout = CONNECT_SECONDS
        self._client.on_connect, self._client.on_disconnect = self._connected, self._disconnected
        self._client.on_subscribe, self._client.on_publish = self._subscribed, self._published
        self._client.on_connect_fail = lambda *_: self._note("the broker cannot be reached")
        self._client.on_message = self._received
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = expiry_seconds
        properties.ReceiveMaximum = receive_maximum
        self._client.connect_async(broker.host, broker.port, keepalive=KEEPALIVE, clean_start=expiry_seconds == 0, properties=properties)
        self._client.loop_start()

    def wait_ready(self, seconds: float) -> bool:
        """Return whether the session is connected and subscribed, at the latest after so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._ready, seconds)

    def publish(
        self, topic: str, payload: bytes, *, content_type: str, correlation: bytes, seconds: float, expiry: int = EXPIRY_SECONDS
    ) -> None:
        """Publish with QoS 1 and return when the broker has it.

        Raises:
            LinkDown: it has not in time, or it refuses.
        """
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ContentType = content_type
        properties.MessageExpiryInterval = expiry
        if correlation:
            properties.CorrelationData = correlation
        info = self._client.publish(topic, payload, qos=1, properties=properties)
        if info.rc not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN):
            raise LinkDown(f"the message to {topic} cannot be published: {info.rc.name}")
        with self._changed:
            if not self._changed.wait_for(lambda: info.mid in self._results, seconds):
                raise LinkDown(f"the broker does not take the message to {topic}: {self.last_trouble or 'no answer'}")
            reason = self._results.pop(info.mid)
        if reason >= 0x80:
            raise LinkDown(f"the broker refuses the message to {topic}: reason {reason:02X}", hint="does the ACL allow this topic?")

    def acknowledge(self, message: Message) -> None:
        """Take a message off the broker. One of an earlier connection is not: the broker sends it again."""
        if message.session == self._generation:
            self._client.ack(message.mid, 1)

    def close(self) -> None:
        """Disconnect; what was not acknowledged stays with the broker."""
        self._client.disconnect()
        self._client.loop_stop()

    def _note(self, text: str) -> None:
        if text != self.last_trouble:
            self._trouble(text)
        self.last_trouble = text

    def _connected(self, client: Client, _: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None) -> None:
        if reason.is_failure:
            self._note(f"the broker refuses the connection: {reason}")
            return
        self._generation += 1
        client.subscribe(self._subscription, options=SubscribeOptions(qos=1))

    def _subscribed(self, client: Client, _: Any, mid: int, reasons: list[ReasonCode], properties: Properties | None) -> None:
        refused = [reason for reason in reasons if reason.is_failure]
        if refused:
            self._note(f"the broker refuses the subscription {self._subscription}: {refused[0]}")
            return
        self.last_trouble = ""
        with self._changed:
            self._ready = True
            self._changed.notify_all()

    def _disconnected(self, client: Client, _: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None) -> None:
        with self._changed:
            self._ready = False
            self._generation += 1
        if reason.is_failure:
            self._note(f"the connection to the broker ended: {reason}")

    def _published(self, client: Client, _: Any, mid: int, reason: ReasonCode, properties: Properties | None) -> None:
        with self._changed:
            self._results[mid] = int(reason.value)
            self._changed.notify_all()

    def _received(self, client: Client, _: Any, message: MQTTMessage) -> None:
        properties = message.properties
        content_type = getattr(properties, "ContentType", "")
        correlation = getattr(properties, "CorrelationData", b"")
        self._take(Message(message.topic, bytes(message.payload), content_type, correlation, message.mid, self._generation))


class MqttLink:
    """The device's way to the server: a body on `…/readings`, its answer on `…/ack`."""

    def __init__(
        self, broker: Broker, *, institution: str, site: str, device: str, now_ms: Callable[[], int], seconds: float = ANSWER_SECONDS
    ) -> None:
        """Prepare; the connection is made by the first body."""
        self._broker, self._device, self._seconds, self._now_ms = broker, device, seconds, now_ms
        self._base = f"lingtan/v1/{institution}/{site}/{device}"
        self._session: Session | None = None
        self._answers: dict[bytes, bytes] = {}
        self._asked: bytes | None = None
        self._changed = threading.Condition()

    def send(self, body: QueuedBody) -> Answer:
        """Publish a body and return the answer that came for it.

        Raises:
            LinkDown: the broker or the answer did not come.
        """
        if self._session is None:
            self._session = Session(
                self._broker,
                client_id=f"lingtan-{self._device}",
                subscription=f"{self._base}/ack",
                on_message=self._take,
                expiry_seconds=0,
                receive_maximum=16,
            )
        try:
            return self._exchange(self._session, body)
        except LinkDown:
            # A new connection next time: what paho still holds of this one would be sent beside it.
            self.close()
            raise

    def _exchange(self, session: Session, body: QueuedBody) -> Answer:
        if not session.wait_ready(CONNECT_SECONDS):
            raise LinkDown(f"{self._broker.host}:{self._broker.port}: {session.last_trouble}")
        correlation = f"{body.seq}-{body.sha256[:16]}".encode("ascii")
        with self._changed:
            self._answers.clear()
            self._asked = correlation
        sent_ms, end = self._now_ms(), time.monotonic() + self._seconds
        session.publish(
            f"{self._base}/readings", body.body, content_type=media_type_of(body.body), correlation=correlation, seconds=self._seconds
        )
        with self._changed:
            if not self._changed.wait_for(lambda: correlation in self._answers, max(end - time.monotonic(), 0)):
                raise LinkDown("the broker has the body, but nobody answers", hint="is `lingtan meter listen` running?")
            payload = self._answers.pop(correlation)
        return read_answer(payload, sent_ms, self._now_ms())

    def close(self) -> None:
        """Let go of the connection."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _take(self, message: Message) -> None:
        with self._changed:
            # An answer that came too late for its question is dropped: the question is asked again.
            if message.correlation == self._asked:
                self._answers[message.correlation] = message.payload
                self._changed.notify_all()
        session = self._session
        if session is not None:
            session.acknowledge(message)


def read_answer(payload: bytes, sent_ms: int, received_ms: int) -> Answer:
    """Return the answer in a message: a document with `status` is a problem, another one an acknowledgement."""
    document: object = None
    with suppress(ValueError):
        document = json.loads(payload)
    if not isinstance(document, dict):
        return Answer(502, {"title": "an answer that is no JSON object"})
    status = document.get("status")
    if type(status) is int:
        return Answer(status, document)
    return Answer(200, document, None, measure_offset(document.get("server_time"), sent_ms, received_ms))


def _tls_context(broker: Broker) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=broker.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if broker.certificate is not None:
            context.load_cert_chain(broker.certificate, broker.key)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"the certificates for the broker cannot be used: {error}", hint="check ca, certificate and key"
        ) from error
    return context
