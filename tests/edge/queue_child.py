"""Works on a queue and dies at a statement of the database, by SIGKILL: before it, or in the middle of it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.child import Tell
from tests.edge.queues import Moment, open_queue, register


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def work(tell: Tell, path: Path, step: int, middle: bool) -> None:
    """Bring readings, acknowledge, set aside, prune; tell what was promised; die at statement `step`, or a moment into it."""
    moment = Moment()
    queue = open_queue(path, moment, keep_days=1)
    count = 0

    def traced(_: str) -> None:
        nonlocal count
        count += 1
        if count == step:
            if not middle:
                die()
            queue._db.set_progress_handler(die, 3)  # type: ignore[arg-type]

    queue._db.set_trace_callback(traced)
    for number in range(0, 40, 4):
        kept = queue.put([register(number + each) for each in range(4)])
        tell(f"kept {number} {kept.seqs[0]}")
        body = queue.find_next()
        if body is not None and number % 3 == 0:
            queue.acknowledge(body.seq, {"contiguous": body.seq, "missing": []}, 5)
            tell(f"acknowledged {body.seq}")
        elif body is not None and number % 5 == 0:
            queue.set_aside(body.seq, 422, {"code": "X"})
        moment.advance(900)
    moment.advance(2 * 86_400)
    queue.prune()
    tell(f"done {count}")
