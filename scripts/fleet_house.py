"""A house for fleets: one bank, its meters, gateways with enrolled keys; a server of it in a process of its own; and a lean sender.

For `make fleet`, the benches of ingest and storage, and their small versions in the test suite.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.app import create_app
from api.rate import FixedWindow
from api.serve import serve_app
from ledger.clock import Clock, FixedClock, format_instant
from ledger.config import Settings
from ledger.metering.batch import BatchDay, write_batch
from ledger.metering.body import BATCH, ENVELOPE
from ledger.metering.envelope import DeviceClock, interval_reading, write_envelope
from ledger.metering.meter_day import DAY_SLOTS, SLOT_SECONDS, MeterDay
from ledger.services.context import House
from ledger.services.house import init_house, open_house
from ledger.store.repositories import devices, institutions, metering
from ledger.store.tokens import create_token

BANK = "fleet-bank"
CLOCK = DeviceClock("ntp", 4)
CHAIN_ID = 7_001
_ADMIN = "0xAb5801a7D398351b8bE11C439e05C5B3259aeC9B"


@dataclass
class FleetGateway:
    """A gateway: its key, the meters that it speaks for, its count and the hash of what it signed last."""

    id: str
    meters: tuple[str, ...]
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate, repr=False)
    boot: str = field(default_factory=lambda: secrets.token_hex(16))
    seq: int = 0
    prev: str | None = None

    def batch(self, days: list[MeterDay], sent_at: int) -> bytes:
        """Return the next batch."""
        return self._next(lambda **facts: write_batch(self.key, BANK, [BatchDay(day) for day in days], **facts), sent_at)

    def envelope(self, day: MeterDay, sent_at: int) -> bytes:
        """Return the next envelope: the whole day of one meter, in watt-hours."""
        start = day.day * DAY_SLOTS
        readings = [
            interval_reading("el.import", format_instant((start + at) * SLOT_SECONDS), _kwh(day.get_reading(at)[0]), "kWh", meter=day.meter)
            for at in range(DAY_SLOTS)
        ]
        return self._next(lambda **facts: write_envelope(self.key, device=self.id, readings=readings, **facts), sent_at)

    def _next(self, write: Callable[..., bytes], sent_at: int) -> bytes:
        self.seq += 1
        body = write(boot=self.boot, seq=self.seq, prev=self.prev, sent_at_ms=1000 * sent_at, clock=CLOCK)
        self.prev = hashlib.sha256(body).hexdigest()
        return body


def _kwh(mwh: int) -> str:
    return f"{mwh // 10**6}.{mwh % 10**6:06d}"


def made_up_day(meter: str, number: int, generator: np.random.Generator) -> MeterDay:
    """Return a day of an outlet's load, to the watt-hour: low at night, high in office hours, never twice the same."""
    hours = np.arange(DAY_SLOTS) / 4
    load = 2_000 + 9_000 * np.exp(-(((hours - 13) / 4) ** 2)) * generator.uniform(0.7, 1.3)
    watt_hours = (load / 4 * generator.normal(1, 0.05, DAY_SLOTS)).clip(1).astype(np.int64)
    return MeterDay(meter, number, (watt_hours * 1000).astype("<i8").tobytes(), b"\x01" * DAY_SLOTS)


@dataclass(frozen=True)
class FleetHouse:
    """A folder with a house in it, and the token of its bank's gateways."""

    folder: Path
    token: str = ""

    @property
    def settings(self) -> Settings:
        """Return the settings of the house; LINGTAN_FLEET_DATABASE names another database than SQLite in the folder."""
        return Settings(
            data=self.folder,
            database_url=os.environ.get("LINGTAN_FLEET_DATABASE", f"sqlite:///{self.folder / 'ledger.sqlite'}"),
            chain_url=f"embedded://{self.folder / 'chain.sqlite'}",
            chain_id=CHAIN_ID,
            passphrase="made for this run",  # noqa: S106
            light_keys=True,
        )

    def open(self, clock: Clock | None = None) -> House:
        """Open the house in this process."""
        return open_house(self.settings, clock=clock)


def found_house(folder: Path, gateways: list[FleetGateway], now: int) -> FleetHouse:
    """Set up a house in an empty folder with one bank, the gateways and their meters."""
    house = FleetHouse(folder)
    init_house(house.settings, _ADMIN)
    opened = house.open(FixedClock(now))
    try:
        with opened.database.unit_of_work() as session:
            institutions.add_institution(
                session, id=BANK, kind="bank", name_en=BANK, name_zh=BANK, timezone="Asia/Shanghai", region="CN", created_by="fleet", at=now
            )
            facts: dict[str, Any] = {"institution_id": BANK, "created_by": "fleet", "at": now}
            for gateway in gateways:
                devices.add_device(session, id=gateway.id, kind="gateway", site="city", serial=gateway.id, **facts)
                public = gateway.key.public_key().public_bytes_raw()
                digest = hashlib.sha256(public).hexdigest()
                code = devices.add_enrolment_code(
                    session, hash=digest, institution_id=BANK, device_id=gateway.id, created_by="fleet", created_at=now, expires_at=now + 9
                )
                devices.add_key(session, code, public, serial=gateway.id, at=now)
                for meter in gateway.meters:
                    metering.add_meter(session, id=meter, unit="city", quantity="el.import", interval_minutes=15, valid_from=0, **facts)
                    devices.set_meter_device(session, BANK, meter, gateway.id, by="fleet", at=now)
            secret, _ = create_token(
                session, subject="fleet", institution_id=BANK, roles=["meter"], expires_at=None, created_by="fleet", at=now
            )
    finally:
        opened.close()
    return FleetHouse(folder, secret)


def serve_fleet(
    tell: Callable[[str], object], house: FleetHouse, port: int, now: int, cores: tuple[int, ...] = (), derive: bool = True
) -> None:
    """Serve the house on a port of 127.0.0.1 at a clock that stands still, on these cores alone if any are named; tell when ready."""
    if cores:
        os.sched_setaffinity(0, cores)
    opened = open_house(replace(house.settings, run_relay=derive), clock=FixedClock(now))
    try:
        app = create_app(opened, telemetry_rate=FixedWindow(10**9, 60))
        serve_app(app, port=port, ready=lambda: tell("ready"))
    finally:
        opened.close()


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Sender:
    """One connection to the server that posts bodies one after the other."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._headers = {"Authorization": f"Bearer {token}"}

    def send(self, body: bytes, *, path: str = "/v1/telemetry") -> tuple[int, dict[str, Any]]:
        """Post a body; return status and answer.

        Raises:
            OSError, http.client.HTTPException: no whole answer came.
        """
        kind = BATCH if body.startswith(b"LTB1") else ENVELOPE
        self._connection.request("POST", path, body, {**self._headers, "Content-Type": kind})
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def stored_readings(house: FleetHouse, meters: list[str], first_day: int, last_day: int) -> Iterator[tuple[str, int, bytes, bytes]]:
    """Yield (meter, day, values, quality) of every stored meter-day, from a house that nobody serves."""
    opened = house.open()
    try:
        with opened.database.reading() as session:
            for meter in meters:
                for day in metering.iterate_meter_days(session, BANK, meter, first_day, last_day):
                    yield meter, day.day, day.values, day.quality
    finally:
        opened.close()
