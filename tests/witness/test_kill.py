"""SIGKILL at every step of a request: what was cosigned is never forgotten, and the state never goes back."""

from __future__ import annotations

import http.client
import random
import shutil
from pathlib import Path

from ledger.clock import FixedClock
from ledger.witness.request import write_request
from tests.child import Child
from tests.witness.logs import NOW, Log, open_witness, post
from tests.witness.witness_child import serve_and_die, serve_until_killed

LOG, FORK = Log(), Log("forged", common=6)
BROKEN = (OSError, http.client.HTTPException)


def test_a_kill_between_any_two_steps_leaves_the_old_state_or_the_new_one(tmp_path: Path) -> None:
    """The request grows the log from 6 to 9. Afterwards the witness has 6 or 9, and 9 wherever a cosignature left it."""
    start = tmp_path / "start"
    open_witness(start, FixedClock(NOW)).add_checkpoint(LOG.request(0, 6))
    living = Child(serve_and_die, _copy(start, tmp_path / "living"), 0)
    assert post(int(living.read() or 0), LOG.request(6, 9)).status == 200
    steps = int(living.read() or 0)
    living.kill()
    living.wait()
    assert steps > 10
    seen = set()
    for step in range(1, steps + 1):
        folder = _copy(start, tmp_path / f"step-{step}")
        child = Child(serve_and_die, folder, step)
        port = int(child.read() or 0)
        try:
            answered = post(port, LOG.request(6, 9)).status
        except BROKEN:
            answered = None
        assert child.wait() == -9
        again = open_witness(folder, FixedClock(NOW))
        size = again.state.list_known()[0].size
        seen.add((answered, size))
        assert size in (6, 9)
        assert answered is None or size == 9
        # Asked again it goes on from what it has; the fork that was offered meanwhile is refused from 9.
        assert again.add_checkpoint(LOG.request(size, 9)).status == 200
        assert again.add_checkpoint(write_request(9, (), FORK.note(9))).status == 422
    assert {(None, 6), (None, 9)} <= seen


def test_a_kill_at_any_moment_under_load_forgets_no_cosignature(tmp_path: Path) -> None:
    """Ten random kills while the log grows: after each, the witness has at least what it answered for, on the same history."""
    chance, size = random.Random(6), 0
    for _ in range(10):
        child = Child(serve_until_killed, tmp_path / "state")
        port = int(child.read() or 0)
        last = chance.randint(1, 6)
        for round_number in range(100):
            if round_number == last:
                child.kill()
            try:
                reply = post(port, LOG.request(size, size + 1))
            except BROKEN:
                break
            if reply.status == 409:
                # The kill before came between the write and the answer.
                assert int(reply.body) == size + 1
                size = int(reply.body)
                continue
            assert reply.status == 200
            size += 1
        else:
            raise AssertionError("the child outlived its kill")
        assert child.wait() == -9
        (known,) = open_witness(tmp_path / "state", FixedClock(NOW)).state.list_known()
        assert known.size in (size, size + 1)
        assert known.root == LOG.root(known.size)


def _copy(source: Path, target: Path) -> Path:
    shutil.copytree(source, target)
    return target
