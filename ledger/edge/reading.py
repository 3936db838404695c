"""What an adapter brings to the queue: one reading of one meter, before it is signed (spec: metering §3)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from ledger.clock import format_instant
from ledger.metering.envelope import interval_reading, register_reading

HISTORIC_SECONDS = 3600
"""A reading that is older when it is queued has waited somewhere: `hist` says so."""


@dataclass(frozen=True)
class NewReading:
    """A reading: `at` is the start of an interval or the instant of a register, in Unix seconds; `value` a decimal string in `unit`."""

    kind: Literal["interval", "register"]
    quantity: str
    at: int
    value: str
    unit: str
    meter: str | None = None
    quality: str = "A"

    def to_object(self, now: int) -> dict[str, object]:
        """Return the object of an envelope; `now` decides whether it waited."""
        write = interval_reading if self.kind == "interval" else register_reading
        made = write(self.quantity, format_instant(self.at), self.value, self.unit, meter=self.meter, quality=self.quality)
        return {**made, "hist": True} if now - self.at > HISTORIC_SECONDS else made

    def digest(self) -> bytes:
        """Return 16 bytes that are alike for readings that say the same, however often they are brought."""
        parts = (self.kind, self.quantity, str(self.at), self.value, self.unit, self.meter or "", self.quality)
        return hashlib.sha256("\x00".join(parts).encode()).digest()[:16]
