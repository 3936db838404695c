"""A real ledger in a process of its own: set up once with a bank, its devices and meters, then served, stopped, killed, served again."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import httpx2
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.clock import SystemClock
from ledger.config import Settings, read_settings
from ledger.metering.enrolment import find_code_hash, prove
from ledger.records.names import Name
from ledger.services import devices, institutions, meters, organisation, tokens
from ledger.services.context import Actor, House
from ledger.services.house import init_house, open_house
from ledger.services.projection import bring_up_to_date
from ledger.store.database import Database, open_database
from ledger.store.repositories import metering
from tests.api.scene import organisation as tree
from tests.child import started

BANK = "bank-a"
SITE = "hq"
ADMIN = "0x" + "11" * 20
LIMIT = 60.0


def device_key(device: str) -> Ed25519PrivateKey:
    """The key of a device: fixed, so that a failure repeats."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"device key of {device}".encode()).digest())


class LedgerServer:
    """One house in a folder; `fleet` says which device speaks for which el.import meters."""

    def __init__(self, folder: Path, fleet: Mapping[str, Sequence[str]]) -> None:
        self.folder, self.fleet = folder, fleet
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("LINGTAN_")}
        self.environment |= {"LINGTAN_PASSPHRASE": "only for this test", "LINGTAN_LIGHT_KEYS": "1", "LINGTAN_DATA": str(folder)}
        self.token = self._found()
        self._running = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> Settings:
        return read_settings(self.environment)

    def start(self) -> None:
        words = [sys.executable, "-m", "ledger.cli", "serve", "--port", str(self.port)]
        with (self.folder / "server.log").open("ab") as log:
            self._process = self._running.enter_context(started(words, env=self.environment, stdout=log, stderr=log))
        end = time.monotonic() + LIMIT
        while True:
            with suppress(httpx2.HTTPError):
                httpx2.get(f"{self.url}/livez", timeout=2, trust_env=False)
                return
            assert self._process.poll() is None, (self.folder / "server.log").read_text()
            assert time.monotonic() < end, "the server does not answer"
            time.sleep(0.1)

    def stop(self, number: int = signal.SIGTERM) -> None:
        with self._running.pop_all():
            if self._process is not None and self._process.poll() is None:
                self._process.send_signal(number)
                self._process.wait(LIMIT)

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def stored(self) -> list[str]:
        """The hashes of the envelope log in its order, read behind the stopped server's back."""
        with closing(sqlite3.connect(self.folder / "ledger.sqlite")) as db:
            return [str(row[0]) for row in db.execute("SELECT sha256 FROM telemetry_body ORDER BY log_index")]

    def stored_readings(self) -> dict[str, int]:
        """How many slots of each meter hold a reading, after everything was derived that the log brings."""
        with self._database() as database:
            with database.unit_of_work() as session:
                bring_up_to_date(session, SystemClock(), BANK)
            found = {}
            with database.reading() as session:
                for names in self.fleet.values():
                    for meter in names:
                        days = metering.iterate_meter_days(session, BANK, meter, 0, 60_000)
                        found[meter] = sum(int(np.count_nonzero(np.frombuffer(day.quality, dtype=np.uint8))) for day in days)
            return found

    @contextmanager
    def _database(self) -> Iterator[Database]:
        with closing(open_database(self.settings.database_url)) as database:
            yield database

    def _found(self) -> str:
        self.folder.mkdir(parents=True, exist_ok=True)
        init_house(self.settings, ADMIN)
        with closing(open_house(self.settings)) as house:
            operator, admin = Actor("operator", None, frozenset({"operator"})), Actor("admin", None, frozenset({"admin"}))
            with house.work(admin) as work:
                institutions.create_institution(
                    work, id=BANK, kind="bank", name=Name(BANK, "银行"), timezone="Asia/Shanghai", region="CN-ZJ"
                )
            self._register(house)
            with house.work(operator) as work:
                return tokens.issue_token(work, subject="listener", institution=BANK, roles=["meter"], days=2)

    def _register(self, house: House) -> None:
        preparer = Actor("preparer", BANK, frozenset({"preparer"}))
        with house.work(preparer) as work:
            taken = organisation.submit_organisation(work, BANK, tree(BANK))
            assert taken.version, taken.findings
        for device, names in self.fleet.items():
            key = device_key(device)
            with house.work(preparer) as work:
                devices.register_device(work, BANK, id=device, kind="gateway", site=SITE, serial=f"SN-{device}")
                code = devices.issue_enrolment_code(work, BANK, device).code
                digest = find_code_hash(code)
                assert digest is not None
                public = key.public_key().public_bytes_raw()
                assert devices.enrol_device(work, code=code, public_key=public, serial="SN", proof=prove(digest, key)) is not None
                for meter in names:
                    meters.register_meter(work, BANK, id=meter, unit="hq", quantity="el.import", interval_minutes=15, device=device)
