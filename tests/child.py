"""Processes that end: one of its own for what a test lets die, from a fork server, and programs that do not outlive their test.

A plain fork of a test process copies the locks of every thread that serves or relays beside the test, as they stand at that moment: a
child that needs one which another thread held waits for ever, and with it whoever reads what it has to say. The fork server has imported
what the children need, has no other thread, and has opened nothing.
"""

from __future__ import annotations

import multiprocessing
import subprocess
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

LIMIT = 120.0  # seconds; what a child does takes two or three
# What is not named here is imported by every child anew.
WORK = (
    "tests.whole.kill_child",
    "tests.whole.node_process",
    "tests.whole.intake_child",
    "tests.chain.relay_child",
    "tests.chain.embedded.crash_child",
    "tests.client.vault_child",
    "tests.edge.queue_child",
    "tests.witness.witness_child",
)

Tell = Callable[[str], None]


class Child:
    """A running process: what it tells, and how it ends."""

    def __init__(self, work: Callable[..., None], *arguments: Any) -> None:
        """Start `work(tell, *arguments)`; both must be importable by name and picklable. `tell` hands a text to `read`."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(WORK))
        self._said, out = context.Pipe(duplex=False)
        self._process = context.Process(target=_run, args=(out, work, *arguments), daemon=True)
        self._process.start()
        out.close()

    def read(self, limit: float = LIMIT) -> str | None:
        """Return the next thing it tells, None when it has ended; fail and kill it when neither happens in `limit` seconds."""
        if not self._said.poll(max(limit, 0)):
            self.kill()
            raise AssertionError(f"the child neither said anything nor ended within {limit:.0f} seconds")
        try:
            return str(self._said.recv())
        except (EOFError, OSError):  # killed, perhaps in the middle of a word
            return None

    def read_all(self, limit: float = LIMIT) -> Iterator[str]:
        """Yield what it still tells until it ends, which must be within `limit` seconds."""
        end = time.monotonic() + limit
        while (text := self.read(end - time.monotonic())) is not None:
            yield text

    def kill(self) -> None:
        """Send SIGKILL."""
        self._process.kill()

    def wait(self, limit: float = LIMIT) -> int:
        """Return its exit code, negative for the signal that it died of; fail and kill it when it outlives `limit` seconds."""
        self._process.join(limit)
        code = self._process.exitcode
        if code is None:
            self.kill()
            raise AssertionError(f"the child lives on after {limit:.0f} seconds")
        self._said.close()
        return code


@contextmanager
def started(words: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Start a program and yield it; kill it where it still runs when the block ends. `with Popen` alone would wait, even for ever."""
    with subprocess.Popen(words, **options) as program:
        try:
            yield program
        finally:
            if program.poll() is None:
                program.kill()


def run_together(threads: Sequence[threading.Thread], limit: float = LIMIT) -> None:
    """Start threads and wait until all have ended; fail when one has not in `limit` seconds."""
    for thread in threads:
        thread.daemon = True  # one that hangs must not keep the interpreter from its end
        thread.start()
    end = time.monotonic() + limit
    for thread in threads:
        thread.join(max(end - time.monotonic(), 0))
    alive = [thread.name for thread in threads if thread.is_alive()]
    assert not alive, f"still running after {limit:.0f} seconds: {alive}"


def _run(out: Connection, work: Callable[..., None], *arguments: Any) -> None:
    try:
        work(out.send, *arguments)
    except BaseException:
        out.send(traceback.format_exc())
        raise SystemExit(1) from None
