"""A gateway of oak with a key, and the bodies that it signs: for tests of the intake."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.metering.batch import BatchDay, write_batch
from ledger.metering.envelope import DeviceClock, write_envelope
from ledger.metering.meter_day import MeterDay
from ledger.store.repositories import devices, metering
from ledger.store.session import Session

BOOT = "00112233445566778899aabbccddeeff"
GOOD_CLOCK = DeviceClock("ntp", 3)


@dataclass
class Gateway:
    """A device with its key, its count and the hash of what it sent last."""

    institution: str
    id: str
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    boot: str = BOOT
    seq: int = 0
    prev: str | None = None

    def enrol(self, session: Session, at: int, meters: tuple[str, ...] = (), unit: str = "outlet") -> None:
        """Add the device, its key and the meters that it speaks for."""
        facts = {"institution_id": self.institution, "created_by": "test", "at": at}
        devices.add_device(session, id=self.id, kind="gateway", site="hq", serial="S", **facts)
        self.add_key(session, at)
        for meter in meters:
            if metering.find_meter(session, self.institution, meter) is None:
                metering.add_meter(session, id=meter, unit=unit, quantity="el.import", interval_minutes=15, valid_from=0, **facts)
            devices.set_meter_device(session, self.institution, meter, self.id, by="test", at=at)

    def add_key(self, session: Session, at: int) -> str:
        """Enrol the key that the gateway has now; return its kid."""
        public = self.key.public_key().public_bytes_raw()
        code = devices.add_enrolment_code(
            session,
            hash=hashlib.sha256(public).hexdigest(),
            institution_id=self.institution,
            device_id=self.id,
            created_by="test",
            created_at=at,
            expires_at=at + 10,
        )
        return devices.add_key(session, code, public, serial="S", at=at).kid

    def batch(self, *days: MeterDay, sent_at: int, **other: Any) -> bytes:
        """Return the next batch."""
        return self._sent(
            lambda **fields: write_batch(self.key, self.institution, [BatchDay(day) for day in days], **fields), sent_at, other
        )

    def envelope(self, *readings: dict[str, object], sent_at: int, **other: Any) -> bytes:
        """Return the next envelope."""
        fixed = {"device": self.id, "readings": readings}
        return self._sent(lambda **fields: write_envelope(self.key, **{**fixed, **fields}), sent_at, other)

    def _sent(self, write: Any, sent_at: int, other: dict[str, Any]) -> bytes:
        self.seq += 1
        fields = {"boot": self.boot, "seq": self.seq, "prev": self.prev, "sent_at_ms": 1000 * sent_at, "clock": GOOD_CLOCK}
        body: bytes = write(**{**fields, **other})
        self.prev = hashlib.sha256(body).hexdigest()
        return body


def meter_day(meter: str, number: int, first: int = 1_000_000, *, slots: range = range(96), quality: int = 1) -> MeterDay:
    """Return a day with rising values in these slots."""
    values, flags = np.zeros(96, dtype="<i8"), np.zeros(96, dtype=np.uint8)
    chosen = np.array(slots)
    values[chosen], flags[chosen] = first + chosen, quality
    return MeterDay(meter, number, values.tobytes(), flags.tobytes())
