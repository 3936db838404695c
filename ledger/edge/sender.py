"""The sender: what waits in the queue goes to the server until the server has it (spec: metering §10).

The oldest first, and the newest every five minutes, so that who watches sees the device live while an outage is worked off. After a
failure it waits, from one second to five minutes, with jitter so that a thousand gateways do not return at the same moment. The same
bytes are sent until they are acknowledged. A body that the server refuses for good is set aside and blocks nothing, one that it answers
again and again with an error of its own is passed by the others; what was refused for a key that is no longer ours is signed anew. A full
disk stops none of it: what cannot be written is kept in mind.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from ledger.edge.answer import Answer, Link, LinkDown, describe, judge
from ledger.edge.held_back import HeldBack
from ledger.edge.problem_codes import KEY_CODES, codes_of
from ledger.edge.queue import Queue, QueuedBody, QueueFull

NEWEST_SECONDS = 300
FIRST_WAIT = 1.0
LONGEST_WAIT = 300.0
IDLE_SECONDS = 5.0
"""How soon a body is noticed that another process let wait again (`edge retry`)."""
PRUNE_SECONDS = 3600
_OF_ALL_BODIES = (401, 403, 429)
"""Answers to our token, our key or our haste: another body would get the same."""


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
        self._held = HeldBack()
        self._unwritten: dict[int, Callable[[], None]] = {}
        self._disk_full = False
        self._resign_all = True
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
        self._tidy(now)
        newest = now - self._newest_at >= NEWEST_SECONDS
        body = self._find(now, newest)
        if body is None:
            return None
        if newest:
            self._newest_at = now
        try:
            answer = self._link.send(body)
        except LinkDown as error:
            self._hold(body, now, str(error))
            return self._fail(str(error), None)
        verdict = judge(answer, body, self._queue.boot)
        if verdict == "acknowledged":
            self._failures = 0
            self._held.succeed(body.seq)
            self._settle(body.seq, lambda: self._queue.acknowledge(body.seq, answer.document, answer.offset_ms))
            return 0.0
        of_other_key = not KEY_CODES.isdisjoint(codes_of(answer.document)) and self._queue.is_of_other_key(body.body)
        if verdict == "refused" or (answer.status in _OF_ALL_BODIES and of_other_key):
            self._failures = 0
            self._held.forget(body.seq)
            self._settle(body.seq, lambda: self._set_aside(body, answer, resign=of_other_key))
            return 0.0
        if answer.status not in _OF_ALL_BODIES:
            self._hold(body, now, _explain(answer))
        return self._fail(_explain(answer), answer.retry_after)

    def _find(self, now: int, newest: bool) -> QueuedBody | None:
        body = self._queue.find_next(newest=newest, but=self._held.until(now) | self._unwritten.keys())
        # Where nothing else waits, what may be held back for the server's fault alone goes on being tried.
        return body or self._queue.find_next(newest=newest, but=self._held.proven_until(now) | self._unwritten.keys())

    def _hold(self, body: QueuedBody, now: int, text: str) -> None:
        if self._held.fail(body.seq, now):
            self._tell(f"body {body.seq} is not taken, others pass it, and it is tried again: {text}")

    def _set_aside(self, body: QueuedBody, answer: Answer, *, resign: bool) -> None:
        self._queue.set_aside(body.seq, answer.status, answer.document)
        self._tell(f"body {body.seq} is refused for good and set aside: {describe(answer)}")
        if resign and self._queue.resign(body.seq):
            self._tell(f"the readings of body {body.seq} are signed anew with the key in use")

    def _settle(self, seq: int, write: Callable[[], None]) -> None:
        """Write what became of a body; where the disk is full, keep it in mind. Forgotten at a stop, the server answers it once more."""
        if self._write(write):
            self._unwritten.pop(seq, None)
        else:
            self._unwritten[seq] = write

    def _write(self, write: Callable[[], object]) -> bool:
        try:
            write()
        except QueueFull as error:
            if not self._disk_full:
                self._tell(f"the queue's file cannot be written, sending goes on: {error}")
            self._disk_full = True
            return False
        self._disk_full = False
        return True

    def _tidy(self, now: int) -> None:
        for seq, write in list(self._unwritten.items()):
            if not self._write(write):
                break
            del self._unwritten[seq]
        if self._resign_all:
            self._resign_all = not self._write(self._resign)
        if now - self._pruned_at >= PRUNE_SECONDS:
            self._write(self._queue.prune)
            self._pruned_at = now

    def _resign(self) -> None:
        count = self._queue.resign()
        if count:
            self._tell(f"{count} bodies that were set aside for another key are signed anew with the key in use")

    def _fail(self, text: str, retry_after: float | None) -> float:
        if self._failures == 0:
            self._tell(text)
        self._write(lambda: self._queue.note_trouble(text))
        longest = min(FIRST_WAIT * 2**self._failures, LONGEST_WAIT)
        self._failures = min(self._failures + 1, 20)
        wait = self._uniform(longest / 2, longest)
        return wait if retry_after is None else max(wait, min(retry_after, LONGEST_WAIT))


def _explain(answer: Answer) -> str:
    if 200 <= answer.status < 300:
        return f"an answer that is not to this body ({answer.status}): something between us and the server answers in its place"
    return describe(answer)
