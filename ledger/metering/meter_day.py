"""Meter-days: 96 quarter-hours of one meter on one UTC day, the unit of storage and of merging.

Days are UTC so that every day has 96 slots, also where clocks change; a record cuts its period out of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ledger.clock import format_instant
from ledger.errors import InputError, MalformedDocument
from ledger.metering.finding_list import FindingList
from ledger.records.findings import Finding
from ledger.records.meter_record import MeterRecord, Quality, Quantity
from ledger.records.period import DAY_SECONDS, Period

INTERVAL_MINUTES = 15
SLOT_SECONDS = 60 * INTERVAL_MINUTES
DAY_SLOTS = DAY_SECONDS // SLOT_SECONDS
REGISTER_BYTES = DAY_SLOTS // 8
_NO_VALUE = bytes(8)


@dataclass(frozen=True)
class MeterDay:
    """One meter's UTC day (Unix seconds ÷ 86,400): `values` is 96 × i64 little-endian, `quality` 96 bytes.

    `registers` is empty, or has 12 bytes in which bit n % 8 of byte n // 8 says that a register gave the value of slot n.

    Raises on construction:
        MalformedDocument: wrong lengths, an unknown quality, a missing slot with a value, a negative value.
    """

    meter: str
    day: int
    values: bytes = field(repr=False)
    quality: bytes = field(repr=False)
    registers: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        if len(self.values) != 8 * DAY_SLOTS or len(self.quality) != DAY_SLOTS:
            raise MalformedDocument(f"a meter-day of {len(self.values)} value and {len(self.quality)} quality bytes, expected 768 and 96")
        if max(self.quality) > max(Quality):
            raise MalformedDocument(f"{self.place(self.quality.index(max(self.quality)))} has quality {max(self.quality)}, expected 0 to 5")
        if max(self.values[7::8]) > 0x7F:
            slot = next(at for at, top in enumerate(self.values[7::8]) if top > 0x7F)
            raise MalformedDocument(f"{self.place(slot)} is negative, expected 0 or more")
        at = self.quality.find(Quality.MISSING)
        while at >= 0:
            if self.values[8 * at : 8 * at + 8] != _NO_VALUE:
                raise MalformedDocument(f"{self.place(at)} is missing but holds a value, expected 0")
            at = self.quality.find(Quality.MISSING, at + 1)
        if len(self.registers) not in (0, REGISTER_BYTES):
            raise MalformedDocument(f"{len(self.registers)} bytes say which slots a register gave, expected 0 or {REGISTER_BYTES}")

    @property
    def missing(self) -> int:
        """Return how many of the 96 slots are missing."""
        return self.quality.count(Quality.MISSING)

    def place(self, slot: int) -> str:
        """Return the place of slot 0–95 for a finding: `meter M1 2025-03-01T00:15:00Z`."""
        return f"meter {self.meter} {format_instant(self.day * DAY_SECONDS + slot * SLOT_SECONDS)}"

    def get_reading(self, slot: int) -> tuple[int, Quality]:
        """Return (value, quality) of slot 0–95."""
        return int.from_bytes(self.values[8 * slot : 8 * slot + 8], "little"), Quality(self.quality[slot])


def merge(existing: MeterDay | None, incoming: MeterDay) -> tuple[MeterDay, tuple[Finding, ...]]:
    """Return `existing` with what `incoming` adds to it (see `merge_readings`), and what is to be said of that."""
    findings = FindingList(f"meter {incoming.meter}")
    return merge_readings(existing, incoming, findings), findings.close()


def merge_readings(existing: MeterDay | None, incoming: MeterDay, findings: FindingList) -> MeterDay:
    """Return `existing` with the interval readings of `incoming` (spec: metering §6).

    A missing slot is filled, and a slot that a register gave is given by its reading. A slot that both have alike changes nothing. An
    actual reading takes the place of an estimated one (ESTIMATE_REPLACED, info, once a day). Anything else that differs is kept as it
    was: EQUIVOCATION (error).

    Raises:
        InputError: the days are of different meters or dates.
    """
    if existing is None:
        return incoming
    if (existing.meter, existing.day) != (incoming.meter, incoming.day):
        raise InputError(f"day {incoming.day} of {incoming.meter} does not merge into day {existing.day} of {existing.meter}")
    if not existing.registers and (existing.values, existing.quality) == (incoming.values, incoming.quality):
        return existing
    values, quality = np.frombuffer(existing.values, dtype="<i8").copy(), np.frombuffer(existing.quality, dtype=np.uint8).copy()
    new_values, new_quality = np.frombuffer(incoming.values, dtype="<i8"), np.frombuffer(incoming.quality, dtype=np.uint8)
    given = register_slots(existing)
    comes = new_quality != int(Quality.MISSING)
    taken = comes & ((quality == int(Quality.MISSING)) | given)
    differs = comes & ~taken & ((values != new_values) | (quality != new_quality))
    replaced = differs & (new_quality == int(Quality.ACTUAL)) & (quality == int(Quality.ESTIMATED))
    if replaced.any():
        _find_replaced(existing, incoming, np.flatnonzero(replaced).tolist(), findings)
    for slot in np.flatnonzero(differs & ~replaced).tolist():
        (kept, kept_quality), (value, value_quality) = existing.get_reading(slot), incoming.get_reading(slot)
        findings.add(
            "EQUIVOCATION",
            "error",
            existing.place(slot),
            "find out which reading is right; a recorded reading is corrected by an edit, never overwritten",
            f"{value} {value_quality.name}",
            f"{kept} {kept_quality.name}",
            meter=existing.meter,
            slot=str(slot),
        )
    taken |= replaced
    if not taken.any():
        return existing
    values[taken], quality[taken] = new_values[taken], new_quality[taken]
    return MeterDay(existing.meter, existing.day, values.tobytes(), quality.tobytes(), pack_slots(given & ~taken))


def register_slots(day: MeterDay) -> NDArray[np.bool_]:
    """Return which of the 96 slots a register gave."""
    if not day.registers:
        return np.zeros(DAY_SLOTS, dtype=np.bool_)
    return np.unpackbits(np.frombuffer(day.registers, dtype=np.uint8), bitorder="little").astype(np.bool_)


def pack_slots(given: NDArray[np.bool_]) -> bytes:
    """Return the `registers` of a day of which a register gave these slots."""
    return np.packbits(given, bitorder="little").tobytes() if given.any() else b""


def _find_replaced(existing: MeterDay, incoming: MeterDay, slots: list[int], findings: FindingList) -> None:
    (kept, _), (value, _) = existing.get_reading(slots[0]), incoming.get_reading(slots[0])
    action = "nothing to do: an actual reading takes the place of an estimate"
    place, params = existing.place(slots[0]), {"meter": existing.meter, "slots": str(len(slots))}
    findings.add("ESTIMATE_REPLACED", "info", place, action, f"{value} ACTUAL", f"{kept} ESTIMATED", **params)


def assemble(period: Period, key: bytes, quantity: Quantity, days: Iterable[MeterDay]) -> MeterRecord:
    """Return the record of exactly the period's slots from one meter's days, in any order; slots without a day are missing.

    Raises:
        InputError: days of two meters, a day twice, or a day that the period does not touch.
    """
    n, wanted = period.slots(INTERVAL_MINUTES), period.utc_days
    values, quality = bytearray(8 * DAY_SLOTS * len(wanted)), bytearray(DAY_SLOTS * len(wanted))
    seen: set[int] = set()
    meter: str | None = None
    for day in days:
        meter = day.meter if meter is None else meter
        if day.meter != meter:
            raise InputError(f"days of two meters, {meter} and {day.meter}, in one record")
        if day.day not in wanted or day.day in seen:
            raise InputError(f"day {day.day} of {meter} stands twice or lies outside the period {period.id}", hint="select each day once")
        seen.add(day.day)
        at = (day.day - wanted.start) * DAY_SLOTS
        values[8 * at : 8 * (at + DAY_SLOTS)] = day.values
        quality[at : at + DAY_SLOTS] = day.quality
    first = (period.start - wanted.start * DAY_SECONDS) // SLOT_SECONDS
    return MeterRecord(
        key, period.start, INTERVAL_MINUTES, quantity, bytes(values[8 * first : 8 * (first + n)]), bytes(quality[first : first + n])
    )
