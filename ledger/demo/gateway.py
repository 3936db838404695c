"""A bank's gateway in the demo: it enrols its key by a one-time code, signs its meters' days in batches, and sends them.

What it signed is kept in its folder, so that a story told again sends the same bytes.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.client.http import Client
from ledger.demo.people import write_private
from ledger.errors import IntegrityError
from ledger.metering.batch import MAX_BLOCKS, BatchDay, write_batch
from ledger.metering.body import BATCH
from ledger.metering.csv_source import MeterReadings
from ledger.metering.enrolment import find_code_hash, prove
from ledger.metering.envelope import DeviceClock
from ledger.metering.meter_day import MeterDay

GATEWAY = "gateway-1"
SERIAL = "GW-2025-001"
DAYS_PER_BATCH = 31
_CLOCK = DeviceClock("ntp", 0)


@dataclass(frozen=True)
class Gateway:
    """A gateway of a bank, with a folder of its own for key and bodies."""

    bank: str
    folder: Path

    def enrol(self, preparer: Client, device: Client, meters: Iterable[str]) -> None:
        """Have the preparer register the gateway and ask for a code, enrol the key that is made here, let it speak for the meters."""
        root = f"/v1/institutions/{self.bank}"
        preparer.post(f"{root}/devices", {"id": GATEWAY, "kind": "gateway", "site": "head-office", "serial": SERIAL})
        if not list(preparer.get(f"{root}/devices/{GATEWAY}/keys")["items"]):
            code = preparer.post(f"{root}/devices/{GATEWAY}/enrolment-codes", {})["code"]
            digest, key = find_code_hash(code), self._key()
            if digest is None:
                raise IntegrityError("the enrolment code is no code")
            public_key = key.public_key().public_bytes_raw().hex()
            device.post("/v1/enrolments", {"code": code, "public_key": public_key, "serial": SERIAL, "proof": prove(digest, key).hex()})
        for meter in meters:
            preparer.post(f"{root}/meters/{meter}/device", {"device": GATEWAY})

    def sign(self, readings: Mapping[str, MeterReadings], now: int) -> list[Path]:
        """Return the files of the signed batches of these readings, a month of all meters each, made once."""
        files = sorted(self.folder.glob("batch-*.ltb"))
        if files:
            return files
        by_day: dict[int, list[MeterDay]] = {}
        for of_meter in readings.values():
            for day in of_meter.days():
                by_day.setdefault(day.day, []).append(day)
        numbers, boot, prev = sorted(by_day), secrets.token_hex(16), None
        step = max(1, min(DAYS_PER_BATCH, MAX_BLOCKS // max(map(len, by_day.values()))))
        made: list[bytes] = []
        for start in range(0, len(numbers), step):
            days = [BatchDay(day, hist=True) for number in numbers[start : start + step] for day in by_day[number]]
            seq = len(made) + 1
            body = write_batch(self._key(), self.bank, days, boot=boot, seq=seq, prev=prev, sent_at_ms=1000 * now, clock=_CLOCK)
            prev = hashlib.sha256(body).hexdigest()
            made.append(body)
        waiting = []
        for at, body in enumerate(made, start=1):
            temporary = self.folder / f".batch-{at:03d}.new"
            temporary.write_bytes(body)
            waiting.append((temporary, self.folder / f"batch-{at:03d}.ltb"))
        return [temporary.replace(file) for temporary, file in waiting]

    def send(self, device: Client, files: Iterable[Path]) -> tuple[int, int]:
        """Send the bodies in their order; return how many were taken and up to which seq nothing is missing."""
        count = contiguous = 0
        for file in files:
            contiguous = int(device.post_bytes("/v1/telemetry", file.read_bytes(), BATCH)["contiguous"])
            count += 1
        return count, contiguous

    def _key(self) -> Ed25519PrivateKey:
        file = self.folder / "gateway.key"
        if not file.exists():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(file, Ed25519PrivateKey.generate().private_bytes_raw().hex())
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(file.read_text(encoding="utf-8")))
