"""SIGKILL of the whole house: at every durable step of an anchor run, and at any moment of a loaded one.

The child opens a real house (SQLite and the embedded chain) and relays what people queued. What it was told to do before its last breath
is done once by whoever opens the house next: one anchor per attestation, no nonce left out, nothing torn, nothing acknowledged lost.
"""

from __future__ import annotations

import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.services.relay import build_relay
from ledger.services.telemetry import list_telemetry
from tests.child import Child
from tests.product import preparer
from tests.towns import Template
from tests.whole.closed_house import BANK, ClosedHouse, build_house, check_whole, drain, fingerprint, queue_work
from tests.whole.kill_child import relay_and_die, relay_under_load

KILLS = int(os.environ.get("LINGTAN_KILLS", "10"))
STATEMENTS, KEYS = 4, 8  # of the loaded run: eight attestations in the outbox, and eight keys
LOADED_SECONDS = 1.5  # about how long a loaded run lasts; kills fall within


@pytest.fixture(scope="module")
def prepared(centre: Template, tmp_path_factory: pytest.TempPathFactory) -> ClosedHouse:
    return build_house(centre, tmp_path_factory.mktemp("prepared") / "house", periods=STATEMENTS)


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
        said, code = run_with_fuse(house, at + 1)
        assert code == -signal.SIGKILL, f"step {at} ({steps[at]}): the child ended with {code}: {said}"
        try:
            check_after_restart(house, anchors=2, keys=1)
        except BaseException as error:
            error.add_note(f"killed {steps[at]}, step {at} of {len(steps)}")
            raise


def run_with_fuse(house: ClosedHouse, step: int) -> tuple[list[str], int]:
    """Relay all in a child that dies at `step`; return the steps it told of where it lived, and its exit code."""

    child = Child(relay_and_die, house, step)
    said = "\n".join(child.read_all())
    code = child.wait()
    assert code in (0, -signal.SIGKILL), said
    return said.splitlines(), code


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
        """Run a child for `seconds` (counted from its opening, or from its very start), kill it; return its exit code."""
        self.turn += 1
        child = Child(relay_under_load, self.house, self.turn * 1_000)
        if not from_the_start:
            assert (said := child.read()) == "ready", said
        time.sleep(seconds)
        child.kill()
        for line in child.read_all():
            if line != "ready":
                assert line.startswith("taken "), line
                self.acknowledged = max(self.acknowledged, int(line.split()[1]) + 1)
        return child.wait()


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
            code = loaded.live(chance.uniform(0, LOADED_SECONDS), from_the_start=chance.random() < 0.25)
            assert code == -signal.SIGKILL, f"seed {seed}, run {run}: the child ended by itself with {code}"
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
