"""The sender: what waits in the queue goes to the server until the server has it (spec: metering §10).

The oldest first, and the newest every five minutes, so that who watches sees the device live while an outage is worked off. After a
failure it waits, from one second to five minutes, with jitter so that a thousand gateways do not return at the same moment. The same
bytes are sent until they are acknowledged. A body that the server refuses for good is set aside and blocks nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from ledger.edge.answer import Answer, Link, LinkDown, describe, judge
from ledger.edge.queue import Queue

NEWEST_SECONDS = 300
FIRST_WAIT = 1.0
LONGEST_WAIT = 300.0
IDLE_SECONDS = 5.0
"""How soon a body is noticed that another process let wait again (`edge retry`)."""
PRUNE_SECONDS = 3600


class Sender:
    """Sends one body at a time; `uniform(a, b)` is the source of jitter, `now_ms` the clock."""

    def __init__(
        self,
        queue: Queue,
        link: Link,
        *,
        now_ms: Callable[[], int],
        uniform: Callable[[float, float], float],
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._queue, self._link = queue, link
        self._now_ms, self._uniform, self._tell = now_ms, uniform, tell
        self._failures = 0
        self._newest_at = now_ms() // 1000
        self._pruned_at = 0
        self._woken = threading.Event()

    def wake(self) -> None:
        """Say that readings were queued; a wait after a failure is not cut short by it."""
        self._woken.set()

    def run(self, stop: threading.Event) -> None:
        """Send until `stop` is set."""
        while not stop.is_set():
            self._woken.clear()
            wait = self.step()
            if wait is None:
                # Nothing waits. Stopping must wake this too: whoever sets `stop` calls wake().
                self._woken.wait(IDLE_SECONDS)
            elif wait:
                stop.wait(wait)

    def step(self) -> float | None:
        """Send one body; return the seconds to wait before the next, None where nothing is left to send."""
        now = self._now_ms() // 1000
        if now - self._pruned_at >= PRUNE_SECONDS:
            self._queue.prune()
            self._pruned_at = now
        newest = now - self._newest_at >= NEWEST_SECONDS
        body = self._queue.find_next(newest=newest)
        if body is None:
            return None
        if newest:
            self._newest_at = now
        try:
            answer = self._link.send(body)
        except LinkDown as error:
            return self._fail(str(error), None)
        verdict = judge(answer, body, self._queue.boot)
        if verdict == "acknowledged":
            self._failures = 0
            self._queue.acknowledge(body.seq, answer.document, answer.offset_ms)
            return 0.0
        if verdict == "refused":
            self._failures = 0
            self._queue.set_aside(body.seq, answer.status, answer.document)
            self._tell(f"body {body.seq} is refused for good and set aside: {describe(answer)}")
            return 0.0
        return self._fail(_explain(answer), answer.retry_after)

    def _fail(self, text: str, retry_after: float | None) -> float:
        if self._failures == 0:
            self._tell(text)
        self._queue.note_trouble(text)
        longest = min(FIRST_WAIT * 2**self._failures, LONGEST_WAIT)
        self._failures = min(self._failures + 1, 20)
        wait = self._uniform(longest / 2, longest)
        return wait if retry_after is None else max(wait, min(retry_after, LONGEST_WAIT))


def _explain(answer: Answer) -> str:
    if 200 <= answer.status < 300:
        return f"an answer that is not to this body ({answer.status}): something between us and the server answers in its place"
    return describe(answer)
