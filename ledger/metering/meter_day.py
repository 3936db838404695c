"""Meter-days: 96 quarter-hours of one meter on one UTC day, the unit of storage and of merging.

Days are UTC so that every day has 96 slots, also where clocks change; a record cuts its period out of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ledger.clock import format_instant
from ledger.errors import InputError, MalformedDocument
from ledger.metering.finding_list import FindingList
from ledger.records.findings import Finding
from ledger.records.meter_record import MeterRecord, Quality, Quantity
from ledger.records.period import DAY_SECONDS, Period

INTERVAL_MINUTES = 15
SLOT_SECONDS = 60 * INTERVAL_MINUTES
DAY_SLOTS = DAY_SECONDS // SLOT_SECONDS
_NO_VALUE = bytes(8)


@dataclass(frozen=True)
class MeterDay:
    """One meter's UTC day (Unix seconds ÷ 86,400): `values` is 96 × i64 little-endian, `quality` 96 bytes.

    Raises on construction:
        MalformedDocument: wrong lengths, an unknown quality, a missing slot with a value, a negative value.
    """

    meter: str
    day: int
    values: bytes = field(repr=False)
    quality: bytes = field(repr=False)

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
    """Return `existing` with its missing slots filled from `incoming`, and a finding for every slot that says something else.

    A slot that both have alike changes nothing. A slot whose value or quality differs is kept as it was and found as
    EQUIVOCATION (error): nothing is overwritten.

    Raises:
        InputError: the days are of different meters or dates.
    """
    if existing is None:
        return incoming, ()
    if (existing.meter, existing.day) != (incoming.meter, incoming.day):
        raise InputError(f"day {incoming.day} of {incoming.meter} does not merge into day {existing.day} of {existing.meter}")
    if (existing.values, existing.quality) == (incoming.values, incoming.quality):
        return existing, ()
    values, quality, findings = bytearray(existing.values), bytearray(existing.quality), FindingList(f"meter {existing.meter}")
    for slot in range(DAY_SLOTS):
        if incoming.quality[slot] == Quality.MISSING:
            continue
        if existing.quality[slot] == Quality.MISSING:
            values[8 * slot : 8 * slot + 8] = incoming.values[8 * slot : 8 * slot + 8]
            quality[slot] = incoming.quality[slot]
        elif existing.get_reading(slot) != incoming.get_reading(slot):
            (kept, kept_quality), (value, value_quality) = existing.get_reading(slot), incoming.get_reading(slot)
            findings.add(
                "EQUIVOCATION",
                "error",
                existing.place(slot),
                "find out which reading is right; a recorded reading is corrected by a revision, never overwritten",
                f"{value} {value_quality.name}",
                f"{kept} {kept_quality.name}",
                meter=existing.meter,
                slot=str(slot),
            )
    return MeterDay(existing.meter, existing.day, bytes(values), bytes(quality)), findings.close()


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
