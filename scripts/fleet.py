"""A simulated fleet: every meter's day, signed by gateways, through HTTP into a server of its own; then every acknowledgement is held
against what is stored.

Run: `make fleet` or `python -m scripts.fleet [--meters 1000] [--days 30] [--gateways 40] [--form batch|envelope|both]`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from ledger.metering.meter_day import DAY_SLOTS, MeterDay
from ledger.services.context import Actor
from ledger.services.fsck import check_house
from ledger.services.projection import bring_house_up_to_date
from scripts.fleet_house import BANK, FleetGateway, FleetHouse, Sender, found_house, free_port, made_up_day, serve_fleet, stored_readings

FIRST_DAY = 20_454  # 2026-01-01
READY_SECONDS = 60.0


@dataclass
class Tally:
    """What was acknowledged, and what was sent, by meter and day."""

    bodies: int = 0
    seconds: float = 0.0
    sent: dict[tuple[str, int], MeterDay] | None = None


def make_gateways(meters: int, gateways: int) -> list[FleetGateway]:
    """Return gateways that share the meters evenly."""
    names = [f"M-{number:05d}" for number in range(meters)]
    return [FleetGateway(f"GW-{at:03d}", tuple(names[at::gateways])) for at in range(gateways)]


def make_bodies(gateway: FleetGateway, days: int, form: str, sent: dict[tuple[str, int], MeterDay]) -> list[bytes]:
    """Return the gateway's bodies of all days in the order of its count: a batch a day, or an envelope a meter and day."""
    generator, bodies = np.random.default_rng(int(gateway.id[3:]) + 7), []
    for number in range(FIRST_DAY, FIRST_DAY + days):
        made = [made_up_day(meter, number, generator) for meter in gateway.meters]
        sent |= {(day.meter, day.day): day for day in made}
        now = (number + 1) * 86_400 + 60
        as_envelopes = form == "envelope" or (form == "both" and number % 5 == 0)
        bodies += [gateway.envelope(day, now) for day in made] if as_envelopes else [gateway.batch(made, now)]
    return bodies


def send_all(port: int, token: str, bodies: list[list[bytes]], connections: int = 8) -> int:
    """Send every gateway's bodies in order, several gateways at a time; return how many were acknowledged.

    Raises:
        SystemExit: a body was refused or was there already.
    """
    refused: list[object] = []
    acknowledged = [0] * connections

    def work(own: int) -> None:
        sender = Sender(port, token)
        for queue in bodies[own::connections]:
            for body in queue:
                status, answer = sender.send(body)
                if status != 201:
                    refused.append(answer)
                    return
                acknowledged[own] += 1
        sender.close()

    threads = [threading.Thread(target=work, args=(own,)) for own in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if refused:
        raise SystemExit(f"refused: {refused[0]}")
    return sum(acknowledged)


def count_stored(house: FleetHouse, sent: dict[tuple[str, int], MeterDay], days: int) -> int:
    """Return how many sent readings are stored as they were sent; derive what waits first.

    Raises:
        SystemExit: something stored was never sent, or is stored otherwise, or stands there twice.
    """
    opened = house.open()
    try:
        bring_house_up_to_date(opened)
    finally:
        opened.close()
    meters = sorted({meter for meter, _ in sent})
    seen: set[tuple[str, int]] = set()
    for meter, number, values, quality in stored_readings(house, meters, FIRST_DAY, FIRST_DAY + days):
        day = sent.get((meter, number))
        if day is None or (day.values, day.quality) != (values, quality) or (meter, number) in seen:
            raise SystemExit(f"meter {meter} day {number} is not what was sent")
        seen.add((meter, number))
    return DAY_SLOTS * len(seen)


def check_stored(house: FleetHouse) -> list[str]:
    """Return the codes of what `lingtan fsck` finds wrong in the house."""
    opened = house.open()
    try:
        with opened.view(Actor("fleet", None, frozenset({"operator"}))) as work:
            return [finding.code for finding in check_house(work) if finding.severity == "error"]
    finally:
        opened.close()


def _serve(out: Connection, house: FleetHouse, port: int, now: int, cores: tuple[int, ...], derive: bool) -> None:
    serve_fleet(out.send, house, port, now, cores, derive)


class Server:
    """The house's server in a process of its own, from `with` to the end of its block."""

    def __init__(self, house: FleetHouse, now: int, *, cores: tuple[int, ...] = (), derive: bool = True) -> None:
        self.port = free_port()
        context = multiprocessing.get_context("spawn")
        self._said, out = context.Pipe(duplex=False)
        self._process = context.Process(target=_serve, args=(out, house, self.port, now, cores, derive), daemon=True)

    @property
    def pid(self) -> int | None:
        """Return the server's process id."""
        return self._process.pid

    def __enter__(self) -> Server:
        self._process.start()
        if not self._said.poll(READY_SECONDS):
            self._process.kill()
            raise SystemExit("the server did not start")
        self._said.recv()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join(READY_SECONDS)


def main() -> None:
    """Run the fleet and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=1000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--gateways", type=int, default=40)
    parser.add_argument("--form", choices=("batch", "envelope", "both"), default="both")
    options = parser.parse_args()
    now = (FIRST_DAY + options.days + 1) * 86_400
    gateways, sent = make_gateways(options.meters, options.gateways), dict[tuple[str, int], MeterDay]()
    with tempfile.TemporaryDirectory() as folder:
        house = found_house(Path(folder), gateways, now)
        bodies = [make_bodies(gateway, options.days, options.form, sent) for gateway in gateways]
        expected = options.meters * options.days * DAY_SLOTS
        print(f"{BANK}: {options.meters} meters × {options.days} days = {expected:,} readings in {sum(map(len, bodies)):,} signed bodies")
        begin = time.perf_counter()
        with Server(house, now) as server:
            acknowledged = send_all(server.port, house.token, bodies)
        seconds = time.perf_counter() - begin
        stored = count_stored(house, sent, options.days)
        total = time.perf_counter() - begin
        print(f"acknowledged {acknowledged:,} bodies in {seconds:.1f} s ({expected / seconds:,.0f} readings/s with derivation beside it)")
        print(f"stored {stored:,} readings as they were sent, {total:.1f} s after the first was sent")
        if stored != expected or acknowledged != sum(map(len, bodies)):
            raise SystemExit(f"expected {expected:,} readings of {sum(map(len, bodies)):,} bodies")
        found = check_stored(house)
        print("fsck:", ", ".join(found) or "nothing wrong")
        if found:
            raise SystemExit(1)


if __name__ == "__main__":
    main()
