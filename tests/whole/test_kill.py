"""SIGKILL of the whole house: at every durable step of an anchor run, and at any moment of a loaded one.

The child opens a real house (SQLite and the embedded chain) and relays what people queued. What it was told to do before its last breath
is done once by whoever opens the house next: one anchor per attestation, no nonce left out, nothing torn, nothing acknowledged lost.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.embedded import checkpoint
from ledger.chain.embedded.store import SqliteStore
from ledger.services.relay import build_relay
from ledger.services.telemetry import list_telemetry
from ledger.store.database import Database
from ledger.store.session import Session
from tests.chain.crash import Fuse, kill_process
from tests.product import Town, preparer, take_telemetry
from tests.whole.closed_house import BANK, ClosedHouse, build_house, check_whole, day_csv, drain, fingerprint, queue_work

KILLS = int(os.environ.get("LINGTAN_KILLS", "10"))
STATEMENTS, KEYS = 4, 8  # of the loaded run: eight attestations in the outbox, and eight keys
LOADED_SECONDS = 1.5  # about how long a loaded run lasts; kills fall within
DAY = date(2025, 4, 1)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> ClosedHouse:
    return build_house(tmp_path_factory.mktemp("prepared") / "house", periods=STATEMENTS)


# What stands between a commit and whoever wanted it.
_BETWEEN = frozenset({"count", "counted_unit", "run", "__enter__", "__exit__", "_step", "work", "unit_of_work", "write"})


class Steps(Fuse):
    """A fuse that notes what each step was: who committed, and which side of the commit it is."""

    def __init__(self, step: int) -> None:
        super().__init__(step, kill_process)
        self.names: list[str] = []

    def count(self, side: str = "") -> None:
        frame = sys._getframe(1)
        while frame.f_code.co_name in _BETWEEN and frame.f_back is not None:
            frame = frame.f_back
        self.names.append(f"{side} {frame.f_code.co_name}")
        super().count()


def count_durable_steps(fuse: Steps) -> None:
    """Count, in this process for good, the moment before and after every commit: of the database, of a block, of a checkpoint's file."""
    unit_of_work, write, publish = Database.unit_of_work, SqliteStore.write, checkpoint._write_synced

    @contextmanager
    def counted_unit(database: Database) -> Iterator[Session]:
        with unit_of_work(database) as session:
            yield session
            session.flush()
            fuse.count("before")
        fuse.count("after")

    def counted(do: Callable[..., None]) -> Callable[..., None]:
        def run(*arguments: Any, **named: Any) -> None:
            fuse.count("before")
            do(*arguments, **named)
            fuse.count("after")

        return run

    Database.unit_of_work = counted_unit  # type: ignore[method-assign]
    SqliteStore.write = counted(write)  # type: ignore[method-assign]
    checkpoint._write_synced = counted(publish)


def in_child(work: Callable[[int], None]) -> tuple[int, int]:
    """Run `work` in a forked process; return its process id and the descriptor that it writes to."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            work(write)
        except BaseException as error:  # a child of a fork must not go on as a second pytest
            os.write(write, f"{type(error).__name__}: {error}\n".encode())
            os._exit(1)
        os._exit(0)
    os.close(write)
    return child, read


@pytest.mark.slow
def test_killed_at_every_durable_step_of_an_anchor_run(prepared: ClosedHouse, tmp_path: Path) -> None:
    """One statement (two datasets) and one new key: before and after the first commit of every kind; the long drill dies at all of them."""
    queued = prepared.copy(tmp_path / "queued")
    with queued.open() as town:
        queue_work(town, statements=1, keys=1)
    queued = ClosedHouse(queued.folder, town.clock.now(), town.versions)
    steps, _ = run_with_fuse(queued.copy(tmp_path / "whole"), 0)
    kinds = set(steps)
    for committed in (
        "record_signed",
        "record_sent",
        "record_mined",
        "record_final",
        "keep_evidence",
        "_mirror_keys",
        "_commit",
        "publish",
    ):
        assert {f"before {committed}", f"after {committed}"} <= kinds, sorted(kinds)
    chosen = range(len(steps)) if KILLS >= 50 else sorted(steps.index(kind) for kind in kinds)
    for at in chosen:
        house = queued.copy(tmp_path / f"step{at}")
        _, status = run_with_fuse(house, at + 1)
        assert os.WIFSIGNALED(status), f"step {at} ({steps[at]}): the child ended with {status}"
        assert os.WTERMSIG(status) == signal.SIGKILL
        try:
            check_after_restart(house, anchors=2, keys=1)
        except BaseException as error:
            error.add_note(f"killed {steps[at]}, step {at} of {len(steps)}")
            raise


def run_with_fuse(house: ClosedHouse, step: int) -> tuple[list[str], int]:
    """Relay all in a child that dies at `step`; return the steps it told of where it lived, and its wait status."""

    def work(out: int) -> None:
        fuse = Steps(step)
        with house.open() as town:
            count_durable_steps(fuse)
            drain(town)
        os.write(out, "\n".join(fuse.names).encode())

    child, out = in_child(work)
    with os.fdopen(out) as lines:
        said = lines.read().splitlines()
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, said
    return said, status


def check_after_restart(house: ClosedHouse, *, anchors: int, keys: int) -> None:
    """Open the house again, let the relay finish, and hold everything; a second run then changes nothing."""
    with house.open(seconds_later=1_000) as town:
        rows = drain(town)
        check_whole(town, rows, anchors=anchors, keys=keys)
        before = fingerprint(town)
        build_relay(town.house).step(town.clock.now() + 1_000)
        assert fingerprint(town) == before


@dataclass
class Loaded:
    """A house in the middle of a loaded run: what a killed process had acknowledged of it."""

    house: ClosedHouse
    turn: int = 0
    acknowledged: int = 0

    def live(self, seconds: float, *, from_the_start: bool) -> int:
        """Run a child for `seconds` (counted from its opening, or from its very start), kill it; return its wait status."""
        self.turn += 1
        child, out = in_child(self._work)
        with os.fdopen(out) as lines:
            if not from_the_start:
                assert lines.readline() == "ready\n"
            time.sleep(seconds)
            os.kill(child, signal.SIGKILL)
            for line in lines:
                if line.strip() != "ready" and line.endswith("\n"):
                    assert line.startswith("taken "), line
                    self.acknowledged = max(self.acknowledged, int(line.split()[1]) + 1)
        return os.waitpid(child, 0)[1]

    def _work(self, out: int) -> None:
        with self.house.open(seconds_later=self.turn * 1_000) as town:
            os.write(out, b"ready\n")
            sender = threading.Thread(target=send_days, args=(town, out), daemon=True)
            sender.start()
            drain(town)
            # Everything is final: go on until the end comes.
            while True:
                build_relay(town.house).step(town.clock.now())
                town.clock.advance(1)


def send_days(town: Town, out: int) -> None:
    """Send one day of readings after another, as a meter does beside the relay; acknowledge each on the descriptor."""
    while True:
        with town.work(preparer(BANK)) as work:
            day = len(list_telemetry(work, BANK, 500, None).items)
            taken = take_telemetry(work, BANK, [day_csv(DAY + timedelta(days=day))])
        os.write(out, f"taken {taken.id}\n".encode())


@pytest.mark.slow
def test_killed_at_random_moments_of_a_loaded_anchor_run(prepared: ClosedHouse, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    chance = random.Random(seed)
    kills, run = 0, 0
    while kills < KILLS:
        run += 1
        loaded = Loaded(prepared.copy(tmp_path / f"run{run}"))
        with loaded.house.open() as town:
            queue_work(town, statements=STATEMENTS, keys=KEYS)
            loaded.acknowledged = 1
        # The same house dies a few times over before it may finish.
        deaths = min(chance.randint(2, 5), KILLS - kills)
        for _ in range(deaths):
            status = loaded.live(chance.uniform(0, LOADED_SECONDS), from_the_start=chance.random() < 0.25)
            assert os.WIFSIGNALED(status), f"seed {seed}, run {run}: the child ended by itself with {status}"
            kills += 1
        with loaded.house.open(seconds_later=100_000) as town:
            rows = drain(town)
            check_whole(town, rows, anchors=2 * STATEMENTS, keys=KEYS)
            with town.house.view(preparer(BANK)) as work:
                taken = [int(item.id) for item in list_telemetry(work, BANK, 500, None).items]
            # Committed, and killed before it could say so: one body further at each death at most.
            assert taken == list(range(len(taken))), f"seed {seed}, run {run}"
            assert 0 <= len(taken) - loaded.acknowledged <= deaths, f"seed {seed}, run {run}"
            before = fingerprint(town)
            drain(town)
            assert fingerprint(town) == before
