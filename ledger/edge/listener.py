"""The server's side of MQTT: a body off the broker, to the server, its answer back, and only then the broker's acknowledgement.

Killed anywhere in between, the broker sends the body again, the server answers it with its first answer, and nothing counts twice.
The institution is that of the token; a body on another institution's topic, or of another device than its topic says, gets a problem.
The answer goes to the ack topic beside the topic of the body, never where a message asks for it (spec: metering §9).
"""

from __future__ import annotations

import hashlib
import json
import queue
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ledger.edge.answer import Answer, LinkDown, describe, is_for_good
from ledger.edge.mqtt_link import PROBLEM_TYPE, Broker, Message, Session
from ledger.edge.problem_codes import codes_of
from ledger.metering import batch

SESSION_SECONDS = 120
"""How long the broker keeps a listener's share for it. Long enough to be started again; then the other listeners get everything. What the
broker drops meanwhile its device sends again."""
IN_FLIGHT = 32
WORKERS = 4
FIRST_WAIT = 1.0
LONGEST_WAIT = 10.0
ANSWER_SECONDS = 15.0
_TOPIC = re.compile(r"lingtan/v1/([^/]+)/([^/]+)/([^/]+)/readings")
_SIGNATURE_CODES = frozenset({"SIGNATURE_UNKNOWN", "SIGNATURE_WRONG", "KEY_REVOKED"})


class Server(Protocol):
    """Whoever takes bodies for good."""

    def post(self, body: bytes) -> Answer:
        """Return the answer to the bytes of a body, or raise LinkDown."""


class Listener:
    """One listener of one institution; several share the work under different names."""

    def __init__(
        self,
        broker: Broker,
        server: Server,
        *,
        institution: str,
        name: str,
        uniform: Callable[[float, float], float],
        tell: Callable[[str], None] = lambda _: None,
        group: str = "lingtan",
    ) -> None:
        self._broker, self._server, self._institution = broker, server, institution
        self._uniform, self._tell = uniform, tell
        self._name, self._group = name, group
        self._inbox: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._session: Session | None = None
        self.taken = 0

    def start(self) -> None:
        """Connect and take messages in threads of its own."""
        self._session = Session(
            self._broker,
            client_id=f"lingtan-listener-{self._name}",
            subscription=f"$share/{self._group}/lingtan/v1/{self._institution}/+/+/readings",
            on_message=self._inbox.put,
            expiry_seconds=SESSION_SECONDS,
            receive_maximum=IN_FLIGHT,
            on_trouble=self._tell,
        )
        self._threads = [threading.Thread(target=self._work, args=(self._session,), name=f"listener-{at}") for at in range(WORKERS)]
        for thread in self._threads:
            thread.daemon = True
            thread.start()

    def wait_ready(self, seconds: float) -> bool:
        """Return whether it is connected and subscribed, at the latest after so many seconds."""
        return self._session is not None and self._session.wait_ready(seconds)

    def close(self) -> None:
        """End; a body that is under way is brought to its end, the others stay with the broker."""
        self._stop.set()
        for _ in self._threads:
            self._inbox.put(None)
        for thread in self._threads:
            thread.join(ANSWER_SECONDS + 5)
        if self._session is not None:
            self._session.close()

    def _work(self, session: Session) -> None:
        while (message := self._inbox.get()) is not None and not self._stop.is_set():
            try:
                self._handle(session, message)
            except LinkDown as error:
                self._tell(f"{message.topic}: {error}; the broker sends it again")

    def _handle(self, session: Session, message: Message) -> None:
        answer = self._check_topic(message) or self._forward(message)
        if answer is None:
            return
        is_good = 200 <= answer.status < 300
        document = answer.document if is_good else {**answer.document, "status": answer.status}
        session.publish(
            message.topic.removesuffix("/readings") + "/ack",
            json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(),
            content_type="application/json" if is_good else PROBLEM_TYPE,
            correlation=message.correlation,
            seconds=ANSWER_SECONDS,
        )
        session.acknowledge(message)
        self.taken += 1

    def _check_topic(self, message: Message) -> Answer | None:
        """Return the problem of a message that is not what its topic says."""
        match = _TOPIC.fullmatch(message.topic)
        if match is None or match[1] != self._institution:
            return _problem(422, "TOPIC_DIFFERS", f"the topic is not of {self._institution}")
        if len(message.payload) > batch.MAX_BYTES:
            return _problem(413, "BODY_TOO_LARGE", f"{len(message.payload)} bytes, expected at most {batch.MAX_BYTES}")
        device = find_device(message.payload)
        if device is not None and device != match[3]:
            return _problem(422, "TOPIC_DIFFERS", f"the topic is of device {match[3]}, the body of {device}")
        return None

    def _forward(self, message: Message) -> Answer | None:
        """Return the server's last word on a body; None where we stop before there is one."""
        failures = 0
        while not self._stop.is_set():
            try:
                answer = self._server.post(message.payload)
                if _is_last_word(answer, message.payload):
                    return self._check_device(answer, message)
                text = describe(answer)
            except LinkDown as error:
                answer, text = None, str(error)
            if failures == 0:
                self._tell(f"{message.topic}: {text}; trying again")
            longest = min(FIRST_WAIT * 2**failures, LONGEST_WAIT)
            failures = min(failures + 1, 20)
            asked = answer.retry_after if answer is not None and answer.retry_after is not None else 0.0
            self._stop.wait(max(self._uniform(longest / 2, longest), min(asked, LONGEST_WAIT)))
        return None

    def _check_device(self, answer: Answer, message: Message) -> Answer:
        # A batch names its device by its key: only the server knows whose it is. It is stored for that one and acknowledged to no other.
        device = answer.document.get("device")
        if 200 <= answer.status < 300 and device != message.topic.split("/")[-2]:
            return _problem(422, "TOPIC_DIFFERS", f"the body is of device {device}, the topic is of another")
        return answer


def find_device(payload: bytes) -> str | None:
    """Return the device that an envelope names; None for a batch, and for what the server will refuse anyway."""
    if payload.startswith(batch.MAGIC):
        return None
    try:
        document = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    device = document.get("device") if isinstance(document, dict) else None
    return device if isinstance(device, str) else None


def _is_last_word(answer: Answer, payload: bytes) -> bool:
    """Tell whether an answer is about the body, and not about our token or the server's bad day."""
    if 200 <= answer.status < 300:
        return bool(answer.document.get("sha256") == hashlib.sha256(payload).hexdigest())
    return is_for_good(answer) or (answer.status in (401, 403) and not _SIGNATURE_CODES.isdisjoint(codes_of(answer.document)))


def _problem(status: int, code: str, detail: str) -> Answer:
    document: Mapping[str, Any] = {"code": code, "detail": detail, "retryable": False, "status": status, "title": "not taken"}
    return Answer(status, document)
