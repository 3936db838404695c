"""What the killed processes of test_kill do: relay everything and die at a step, or relay and send readings until they are killed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from ledger.chain.embedded import checkpoint
from ledger.chain.embedded.store import SqliteStore
from ledger.services.relay import build_relay
from ledger.services.telemetry import list_telemetry
from ledger.store.database import Database
from ledger.store.session import Session
from tests.chain.crash import Fuse, kill_process
from tests.child import Tell
from tests.product import Town, preparer, take_telemetry
from tests.whole.closed_house import BANK, ClosedHouse, day_csv, drain

DAY = date(2025, 4, 1)

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
    unit_of_work, write, publish = Database.unit_of_work, SqliteStore.write, checkpoint.write_synced

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
    checkpoint.write_synced = counted(publish)


def relay_and_die(tell: Tell, house: ClosedHouse, step: int) -> None:
    """Relay all and die at `step`; whoever lives tells the steps, one a line."""
    fuse = Steps(step)
    with house.open() as town:
        count_durable_steps(fuse)
        drain(town)
    tell("\n".join(fuse.names))


def relay_under_load(tell: Tell, house: ClosedHouse, seconds_later: int) -> None:
    """Tell `ready`, then relay beside a meter that sends day after day, until the end comes."""
    with house.open(seconds_later=seconds_later) as town:
        tell("ready")
        sender = threading.Thread(target=send_days, args=(town, tell), daemon=True)
        sender.start()
        drain(town)
        # Everything is final: go on until the end comes.
        while True:
            build_relay(town.house).step(town.clock.now())
            town.clock.advance(1)


def send_days(town: Town, tell: Tell) -> None:
    """Send one day of readings after another, as a meter does beside the relay; tell of each when it is taken."""
    while True:
        with town.work(preparer(BANK)) as work:
            day = len(list_telemetry(work, BANK, 500, None).items)
            taken = take_telemetry(work, BANK, [day_csv(DAY + timedelta(days=day))])
        tell(f"taken {taken.id}")
