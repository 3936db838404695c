"""Gateways of a small fleet: each fills its queue with days of quarter-hours, and sends it to the end."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from ledger.edge.answer import Link
from ledger.edge.queue import Queue
from ledger.edge.reading import NewReading
from ledger.edge.sender import Sender
from tests.edge.ledger_server import device_key
from tests.edge.queues import bodies_of

FIRST_DAY = 1_740_787_200  # 2025-03-01T00:00:00Z
SLOTS = 96


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def day_of(meter: str, day: int) -> list[NewReading]:
    """A day of quarter-hours of a meter, in Wh that name the slot."""
    start = FIRST_DAY + day * 86_400
    return [NewReading("interval", "el.import", start + slot * 900, f"{day * SLOTS + slot}", "Wh", meter) for slot in range(SLOTS)]


@dataclass
class Gateway:
    """A device with a real queue and a real link; it sends in a thread of its own until everything is acknowledged."""

    device: str
    path: Path
    link: Link
    queue: Queue = field(init=False)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        boot = hashlib.sha256(self.device.encode()).hexdigest()[:32]
        self.queue = Queue(self.path, device=self.device, key=device_key(self.device), new_boot=lambda: boot, now_ms=now_ms)

    def bring(self, meters: list[str], days: int) -> None:
        for day in range(days):
            for meter in meters:
                self.queue.put(day_of(meter, day))

    def run(self, stop: threading.Event) -> None:
        def uniform(least: float, most: float) -> float:
            return min(random.uniform(least, most), 0.5)

        sender = Sender(self.queue, self.link, now_ms=now_ms, uniform=uniform, tell=self.told.append)
        with closing(self.link):
            while not stop.is_set():
                wait = sender.step()
                if wait is None:
                    return
                stop.wait(wait)

    def acknowledged(self) -> list[str]:
        return [hashlib.sha256(body).hexdigest() for _, body, state in bodies_of(self.path) if state == 1]


def run_all(gateways: list[Gateway], limit: float, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Let all gateways send to the end while something happens; fail when that is not done in `limit` seconds."""
    stop = threading.Event()
    threads = [threading.Thread(target=gateway.run, args=(stop,), daemon=True) for gateway in gateways]
    for thread in threads:
        thread.start()
    meanwhile()
    end = time.monotonic() + limit
    for thread in threads:
        thread.join(max(end - time.monotonic(), 0))
    stop.set()
    alive = [gateway.device for gateway, thread in zip(gateways, threads, strict=True) if thread.is_alive()]
    assert not alive, (alive, [gateway.told[-1:] for gateway in gateways])
