"""A simulated fleet through MQTT: every meter's day, signed by gateways, through a private mosquitto with TLS and two listeners into a
server of its own; then every acknowledgement is held against what is stored.

Run: `make fleet-mqtt` or `python -m scripts.fleet_mqtt [--meters 1000] [--days 30] [--gateways 40] [--form batch|envelope|both]`.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import random
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from ledger.edge.answer import LinkDown
from ledger.edge.http_link import HttpLink
from ledger.edge.listener import Listener
from ledger.edge.mqtt_link import Broker as Place
from ledger.edge.mqtt_link import MqttLink, read_broker
from ledger.edge.queue import QueuedBody
from ledger.metering.meter_day import DAY_SLOTS, MeterDay
from scripts.fleet import FIRST_DAY, READY_SECONDS, Server, check_stored, count_stored, make_bodies, make_gateways
from scripts.fleet_house import BANK, FleetGateway, found_house
from scripts.with_mosquitto import LISTENER, Broker, broker, find_missing

LISTENERS = ("first", "second")
SITE = "city"
ATTEMPTS = 20


@dataclass(frozen=True)
class Outcome:
    """What a run came to: bodies sent and acknowledged, readings expected and stored, what fsck found, seconds of the sending."""

    bodies: int
    acknowledged: int
    expected: int
    stored: int
    fsck: tuple[str, ...]
    seconds: float

    @property
    def is_whole(self) -> bool:
        """Whether everything was acknowledged, and everything acknowledged is stored, once and as it was sent."""
        return self.bodies == self.acknowledged and self.expected == self.stored and not self.fsck


def run(folder: Path, *, meters: int, days: int, gateways: int, form: str) -> Outcome:
    """Send a fleet's days over MQTT into a house in an empty folder, and count.

    Raises:
        SystemExit: something stored was never sent, or is stored otherwise, or stands there twice.
    """
    now = (FIRST_DAY + days + 1) * 86_400
    made, sent = make_gateways(meters, gateways), dict[tuple[str, int], MeterDay]()
    house = found_house(folder, made, now)
    bodies = [make_bodies(gateway, days, form, sent) for gateway in made]
    with ExitStack() as stack:
        mosquitto = stack.enter_context(broker())
        for name in (LISTENER, *(gateway.id for gateway in made)):
            mosquitto.authority.issue(name)
        server = stack.enter_context(Server(house, now))
        for name in LISTENERS:
            stack.enter_context(_listener(place(mosquitto, LISTENER), f"http://127.0.0.1:{server.port}", house.token, name))
        begin = time.perf_counter()
        acknowledged = _send_all(mosquitto, made, bodies)
        seconds = time.perf_counter() - begin
    stored = count_stored(house, sent, days)
    return Outcome(sum(map(len, bodies)), acknowledged, meters * days * DAY_SLOTS, stored, tuple(check_stored(house)), seconds)


def place(mosquitto: Broker, name: str) -> Place:
    """Return the broker as somebody with a certificate reaches it."""
    folder = mosquitto.folder
    return read_broker(mosquitto.url, ca=mosquitto.authority.file, certificate=folder / f"{name}.crt", key=folder / f"{name}.key")


def now_ms() -> int:
    """Return the machine's time in Unix milliseconds."""
    return time.time_ns() // 1_000_000


def _send_all(mosquitto: Broker, gateways: list[FleetGateway], bodies: list[list[bytes]]) -> int:
    """Send every gateway's bodies in order, all gateways at once; return how many were acknowledged."""
    acknowledged = [0] * len(gateways)

    def work(at: int) -> None:
        link = MqttLink(place(mosquitto, gateways[at].id), institution=BANK, site=SITE, device=gateways[at].id, now_ms=now_ms)
        for seq, body in enumerate(bodies[at], start=1):
            sha256 = hashlib.sha256(body).hexdigest()
            for _ in range(ATTEMPTS):
                try:
                    answer = link.send(QueuedBody(seq, body, sha256))
                except LinkDown:
                    continue
                acknowledged[at] += answer.status == 200 and answer.document.get("sha256") == sha256
                break
        link.close()

    threads = [threading.Thread(target=work, args=(at,), daemon=True) for at in range(len(gateways))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(acknowledged)


@contextmanager
def _listener(where: Place, url: str, token: str, name: str) -> Iterator[None]:
    context = multiprocessing.get_context("spawn")
    said, out = context.Pipe(duplex=False)
    process = context.Process(target=_listen, args=(out, where, url, token, name), daemon=True)
    process.start()
    try:
        if not said.poll(READY_SECONDS) or said.recv() != "ready":
            raise SystemExit("a listener did not start")
        yield
    finally:
        process.terminate()
        process.join(READY_SECONDS)


def _listen(out: Connection, where: Place, url: str, token: str, name: str) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=stop.set).start())
    server = HttpLink(url, token, now_ms=now_ms)
    listener = Listener(where, server, institution=BANK, name=name, uniform=random.uniform)
    listener.start()
    out.send("ready" if listener.wait_ready(READY_SECONDS) else "not ready")
    stop.wait()
    listener.close()
    server.close()


def main() -> None:
    """Run the fleet and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=1000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--gateways", type=int, default=40)
    parser.add_argument("--form", choices=("batch", "envelope", "both"), default="both")
    options = parser.parse_args()
    missing = find_missing()
    if missing:
        raise SystemExit(f"error: {missing}")
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(Path(folder), meters=options.meters, days=options.days, gateways=options.gateways, form=options.form)
    print(f"{options.meters} meters × {options.days} days = {outcome.expected:,} readings in {outcome.bodies:,} signed bodies over MQTT")
    print(f"acknowledged {outcome.acknowledged:,} bodies in {outcome.seconds:.1f} s ({outcome.expected / outcome.seconds:,.0f} readings/s)")
    print(f"stored {outcome.stored:,} readings as they were sent; fsck: {', '.join(outcome.fsck) or 'nothing wrong'}")
    if not outcome.is_whole:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
