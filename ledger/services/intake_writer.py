"""Group commit: one thread takes what has queued up into one transaction, then answers all of it.

A commit waits for the disk however little is in it. While one waits the next bodies gather, so a group grows with the load. Where the group
before had several bodies, the senders just answered get two milliseconds to come again; a lone body waits for nobody.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import TypeAlias

from ledger.clock import Clock
from ledger.errors import LedgerError
from ledger.services.intake import Intake, Offer, Outcome, Prepared
from ledger.store.database import Database
from ledger.store.errors import StoreBusy, StoreUnavailable

log = logging.getLogger("lingtan.intake")

MAX_BODIES = 128
MAX_BYTES = 8 * 1024 * 1024
LINGER_SECONDS = 0.002
STOP_SECONDS = 60.0
Answer: TypeAlias = "Callable[[Outcome | Exception], object]"


class IntakeWriter:
    """The one writer of signed bodies of this process."""

    def __init__(
        self, database: Database, clock: Clock, intake: Intake | None = None, *, answered: Callable[[], object] = lambda: None
    ) -> None:
        """Take bodies into this database.

        Args:
            answered: called from the writer's thread when all bodies of a group have their answers.
        """
        self._database, self._clock, self._answered = database, clock, answered
        self._intake = intake or Intake(database)
        self._queue: queue.SimpleQueue[tuple[Offer, Answer] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="lingtan-intake", daemon=True)
        self._lock = threading.Lock()
        self._open = False
        self._last = 1

    def start(self) -> None:
        """Start taking."""
        with self._lock:
            self._open = True
        self._thread.start()

    def stop(self) -> None:
        """Take what was submitted, answer it, and end."""
        with self._lock:
            self._open = False
            self._queue.put(None)
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            log.error("the intake did not stop within %d seconds", STOP_SECONDS)

    def submit(self, offer: Offer, answer: Answer) -> None:
        """Queue a body. `answer` is called from the writer's thread: with the outcome once it is committed, or with what went wrong.

        Raises:
            StoreUnavailable: the writer was stopped or never started.
        """
        with self._lock:
            if not self._open:
                raise StoreUnavailable("the intake is closed", hint="send the body again to a server that runs")
            self._queue.put((offer, answer))

    def _run(self) -> None:
        while True:
            group = self._gather()
            if group:
                self._take_group([item for item in group if item is not None])
                _call(self._answered)
            if None in group:
                return

    def _gather(self) -> list[tuple[Offer, Answer] | None]:
        """Wait for a body and return it with what stands behind it in the queue."""
        first = self._queue.get()
        group, size = [first], 0 if first is None else len(first[0].body)
        until = time.monotonic() + LINGER_SECONDS
        while group[-1] is not None and len(group) < MAX_BODIES and size < MAX_BYTES:
            patience = until - time.monotonic() if len(group) < self._last else 0
            try:
                item = self._queue.get(timeout=patience) if patience > 0 else self._queue.get_nowait()
            except queue.Empty:
                break
            group.append(item)
            size += 0 if item is None else len(item[0].body)
        self._last = len(group)
        return group

    def _take_group(self, group: list[tuple[Offer, Answer]]) -> None:
        waiting: list[tuple[Prepared, Answer]] = []
        for offer, answer in group:
            try:
                prepared = self._intake.prepare(offer)
            except Exception as error:
                _answer(answer, _logged(error))
                continue
            if isinstance(prepared, Prepared):
                waiting.append((prepared, answer))
            else:
                _answer(answer, prepared)
        if waiting:
            self._write(waiting)

    def _write(self, waiting: list[tuple[Prepared, Answer]]) -> None:
        try:
            with self._database.unit_of_work() as session:
                took = self._intake.take(session, [prepared for prepared, _ in waiting], self._clock.now())
        except Exception as error:
            if len(waiting) > 1 and not isinstance(error, StoreBusy | StoreUnavailable):
                # One body that the database refuses must not keep the others of its group out.
                for item in waiting:
                    self._write([item])
                return
            for _, answer in waiting:
                _answer(answer, _logged(error))
            return
        self._intake.remember(took)
        for (_, answer), outcome in zip(waiting, took.outcomes, strict=True):
            _answer(answer, outcome)


def _answer(answer: Answer, outcome: Outcome | Exception) -> None:
    _call(lambda: answer(outcome))


def _call(give: Callable[[], object]) -> None:
    try:
        give()
    except Exception:  # whoever asked is gone, which must not end the writer
        log.exception("an answer could not be given")


def _logged(error: Exception) -> Exception:
    if not isinstance(error, LedgerError):
        log.error("a group of bodies failed", exc_info=error)
    return error
