"""All of an edge together: its sources, its queue and its sender, until it is told to stop (spec: metering §10)."""

from __future__ import annotations

import fcntl
import os
import random
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ledger.clock import SystemClock
from ledger.edge.answer import Link
from ledger.edge.collector import CollectorListener
from ledger.edge.collector_report import Message
from ledger.edge.config import CollectorSource, EdgeConfig, FolderSource, LineSource
from ledger.edge.dlt645_meter import Line, LineDown, open_line, poll_energy
from ledger.edge.folder import WatchedFolder
from ledger.edge.http_link import HttpLink
from ledger.edge.mqtt_link import MqttLink
from ledger.edge.queue import Queue, QueueFull
from ledger.edge.reading import NewReading
from ledger.edge.sender import Sender
from ledger.errors import Conflict, LedgerError
from ledger.metering.device_key_file import load_device_key

GRACE_SECONDS = 30
"""A register read within so many seconds after its quarter-hour is told as of the quarter-hour: polling a line takes a while."""
FOLDER_SECONDS = 5.0
STOP_SECONDS = 30.0

Tell = Callable[[str], None]


def now_ms() -> int:
    """Return the machine's time in Unix milliseconds."""
    return time.time_ns() // 1_000_000


def open_queue(config: EdgeConfig) -> Queue:
    """Open the queue of a configuration with the device's key."""
    return Queue(
        config.queue,
        device=config.device,
        key=load_device_key(config.key),
        new_boot=lambda: uuid.uuid4().hex,
        now_ms=now_ms,
        limits=config.limits,
        source=config.clock_source,
    )


def open_link(config: EdgeConfig) -> Link:
    """Return the way to the server that a configuration names."""
    if config.broker is not None:
        return MqttLink(config.broker, institution=config.institution, site=config.site, device=config.device, now_ms=now_ms)
    return HttpLink(str(config.url), config.read_token(), now_ms=now_ms, ca=str(config.ca) if config.ca else None)


def run_edge(config: EdgeConfig, stop: threading.Event, tell: Tell, ready: Callable[[], None]) -> None:
    """Run until `stop` is set; what was taken by then is in the queue.

    Raises:
        Conflict: another process runs on this queue.
    """
    with ExitStack() as stack:
        stack.enter_context(_alone(config.queue))
        queue = open_queue(config)
        stack.callback(queue.close)
        link = open_link(config)
        stack.callback(link.close)
        # Jitter needs no secrecy.
        sender = Sender(queue, link, now_ms=now_ms, uniform=random.uniform, tell=tell)
        works: list[Callable[[], None]] = [lambda: sender.run(stop)]
        works += [_line_work(source, queue, sender, stop, tell) for source in config.lines]
        works += [_folder_work(source, queue, sender, stop, tell) for source in config.folders]
        for source in config.collectors:
            listener = open_collector(source, queue, sender, tell)
            listener.start()
            stack.callback(listener.close)
        failures: list[Exception] = []
        threads = [threading.Thread(target=_guarded(work, stop, failures), daemon=True) for work in works]
        for thread in threads:
            thread.start()
        ready()
        stop.wait()
        sender.wake()
        for thread in threads:
            thread.join(STOP_SECONDS)
        if failures:
            raise failures[0]


def _guarded(work: Callable[[], None], stop: threading.Event, failures: list[Exception]) -> Callable[[], None]:
    def run() -> None:
        try:
            work()
        except Exception as error:
            # A part that fails in a way nobody foresaw must not leave the rest running as if all were well.
            failures.append(error)
            stop.set()

    return run


def next_round(now: int, every_minutes: int) -> int:
    """Return the next instant at which a line is polled: whole multiples of the interval, in UTC."""
    every = every_minutes * 60
    return (now // every + 1) * every


def poll_round(source: LineSource, line: Line, due: int, now: Callable[[], int]) -> tuple[list[NewReading], list[str]]:
    """Ask every meter of a line once; return the readings, and what went wrong with the others.

    Raises:
        LineDown: the line went away.
    """
    readings, troubles = [], []
    for meter in source.meters:
        try:
            value = poll_energy(line, meter.address, meter.identifier)
        except LineDown:
            raise
        except LedgerError as error:
            troubles.append(f"{meter.meter}: {error}")
            continue
        at = now()
        readings.append(NewReading("register", meter.quantity, due if 0 <= at - due <= GRACE_SECONDS else at, value, "kWh", meter.meter))
    return readings, troubles


def _line_work(source: LineSource, queue: Queue, sender: Sender, stop: threading.Event, tell: Tell) -> Callable[[], None]:
    def work() -> None:
        while not stop.is_set():
            now = now_ms() // 1000
            due = next_round(now, source.every_minutes)
            if stop.wait(due - now_ms() / 1000):
                return
            trouble = ""
            try:
                line = open_line(source.line)
                try:
                    readings, troubles = poll_round(source, line, due, lambda: now_ms() // 1000)
                finally:
                    line.close()
                trouble = "; ".join(troubles)
                if readings and queue.put(readings).seqs:
                    sender.wake()
            except LedgerError as error:
                trouble = str(error)
            note_source(queue, source.name, trouble, tell)

    return work


def note_source(queue: Queue, name: str, trouble: str, tell: Tell) -> None:
    """Keep and tell what a source has to say; a full disk, which keeps it from being kept, is told and ends nothing."""
    if trouble:
        tell(f"{name}: {trouble}")
    try:
        queue.note_source(name, trouble)
    except QueueFull as error:
        tell(f"{name}: its trouble cannot be noted: {error}")


def _folder_work(source: FolderSource, queue: Queue, sender: Sender, stop: threading.Event, tell: Tell) -> Callable[[], None]:
    folder = WatchedFolder(
        source.path, source.meters, queue, now=lambda: now_ms() // 1000, tell=lambda text: tell(f"{source.name}: {text}")
    )

    def work() -> None:
        last: str | None = None
        while not stop.is_set():
            trouble = ""
            try:
                if folder.look():
                    sender.wake()
            except (LedgerError, OSError) as error:
                trouble = str(error)
            if trouble != last:
                note_source(queue, source.name, trouble, tell)
            last = trouble
            stop.wait(FOLDER_SECONDS)

    return work


def open_collector(source: CollectorSource, queue: Queue, sender: Sender, tell: Tell) -> CollectorListener:
    """Return the listener of a source; its reports go into the queue before they are acknowledged."""

    def take(message: Message) -> None:
        readings, unknown = readings_of(source, message)
        if readings and queue.put(readings).seqs:
            sender.wake()
        troubles = [f"{finding.code} at {finding.place}: {finding.got}" for finding in message.findings]
        troubles += [f"METER_UNKNOWN: {name}" for name in unknown]
        note_source(queue, source.name, "; ".join(troubles), tell)

    return CollectorListener(
        source.host,
        source.port,
        source.keys,
        take,
        clock=SystemClock(),
        challenge=lambda: secrets.token_hex(16),
        tell=lambda text: tell(f"{source.name}: {text}"),
    )


def readings_of(source: CollectorSource, message: Message) -> tuple[list[NewReading], list[str]]:
    """Return the registers of a report, and the names of values that no meter of ours is mapped to."""
    readings, unknown = [], []
    for value in message.values:
        ours = source.meters.get((message.party, value.meter, value.function))
        if ours is None:
            unknown.append(f"{message.party.building}/{message.party.gateway}/{value.meter}/{value.function}")
            continue
        text = value.value.lstrip("0")
        readings.append(NewReading("register", ours[1], value.at, f"0{text}" if text[:1] in ("", ".") else text, "kWh", ours[0]))
    return readings, unknown


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock beside a queue's file; it is let go of however the process ends."""
    with path.with_name(path.name + ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Conflict(f"another process runs on {path}", hint="stop it first") from error
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_UN)
