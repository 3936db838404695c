"""A telemetry body of whatever media type, from bytes to readings of meters: one way for all that comes in (spec: metering §5).

Three steps, because taking a body needs the first two before its answer and the last one behind it: `read_form` reads what needs nothing
but the bytes, `judge` compares it with the meters and the time, `extract` gives the readings. `read_body` does all three.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ledger.metering import batch as batch_form
from ledger.metering import envelope as envelope_form
from ledger.metering.batch import Batch, meter_name, read_batch
from ledger.metering.body_checks import check_clock, check_future_slots, check_future_times, check_meters, check_repeats
from ledger.metering.csv_block import Bytes, Ints
from ledger.metering.csv_line import MeterFacts
from ledger.metering.csv_source import MeterReadings, read_meter_csv
from ledger.metering.envelope import Envelope, Identity, read_envelope
from ledger.metering.finding_list import FindingList
from ledger.metering.meter_day import DAY_SLOTS, SLOT_SECONDS
from ledger.metering.reading_values import point_scale
from ledger.records.findings import Finding, has_errors
from ledger.records.meter_record import Quality, Quantity

CSV = "text/csv"
ENVELOPE = envelope_form.MEDIA_TYPE
BATCH = batch_form.MEDIA_TYPE
SIGNED = (ENVELOPE, BATCH)
MAX_SIGNED_BYTES = max(batch_form.MAX_BYTES, envelope_form.MAX_BYTES)
Form: TypeAlias = "Envelope | Batch"


@dataclass(frozen=True)
class MeterBook:
    """The meters of an institution by id, and which device speaks for which of them."""

    institution: str
    meters: Mapping[str, MeterFacts] = field(repr=False)
    device_of: Mapping[str, str] = field(repr=False)

    @cached_property
    def by_name(self) -> dict[bytes, str]:
        """Return the meters by the 32 bytes that stand for them in a batch."""
        return {meter_name(self.institution, meter): meter for meter in self.meters}

    @cached_property
    def of_device(self) -> dict[tuple[str, Quantity], list[str]]:
        """Return the meters that a device speaks for, by quantity."""
        found: dict[tuple[str, Quantity], list[str]] = {}
        for meter, device in self.device_of.items():
            if meter in self.meters:
                found.setdefault((device, self.meters[meter].quantity), []).append(meter)
        return found


@dataclass(frozen=True)
class RegisterReadings:
    """What one meter's display showed: strictly ascending instants (Unix seconds), values in millionths of its unit (kWh, m3, GJ)."""

    meter: str
    times: Ints = field(repr=False)
    values: Ints = field(repr=False)
    quality: Bytes = field(repr=False)

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True)
class Judged:
    """What is to be said of a body against meters and time, and how many readings of how many meters it has."""

    findings: tuple[Finding, ...]
    readings: int
    meters: int


@dataclass(frozen=True)
class BodyReading:
    """What a body gave, by meter; nothing where a finding is an error. `identity` is None where nobody signed it."""

    intervals: Mapping[str, MeterReadings] = field(repr=False)
    registers: Mapping[str, RegisterReadings] = field(repr=False)
    findings: tuple[Finding, ...]
    readings: int
    identity: Identity | None = None


def read_form(media_type: str, body: bytes) -> tuple[Form | None, tuple[Finding, ...]]:
    """Return the signed body of these bytes, or None, and everything that is wrong with its form."""
    return read_batch(body) if media_type == BATCH else read_envelope(body)


def judge(form: Form, book: MeterBook, device: str, now: int) -> Judged:
    """Compare a body of a device, received at Unix second `now`, with the meters as they are known."""
    findings = FindingList("body")
    check_clock(form.identity, now, findings)
    if isinstance(form, Batch):
        names = [(book.by_name.get(name), quantity) for name, quantity in zip(form.meters, form.quantities, strict=True)]
        places = [f"block {at}" for at in range(len(names))]
        shown = [name.hex()[:16] for name in form.meters]
        check_meters(names, places, shown, book.meters, book.device_of, device, findings)
        present = form.quality != 0
        check_future_slots(form.days, present, now, findings)
        return Judged(findings.close(), int(np.count_nonzero(present)), len(set(form.meters)))
    resolved = _resolve(form, book, device)
    firsts = [0] if len(form.names) == 1 else np.unique(form.name, return_index=True)[1].tolist()
    places = [f"/readings/{at}/m" for at in firsts]
    shown = [meter or f"no m, and not exactly one {quantity.value} meter" for meter, quantity in form.names]
    known = [(meter, quantity) for meter, (_, quantity) in zip(resolved, form.names, strict=True)]
    check_meters(known, places, shown, book.meters, book.device_of, device, findings)
    check_future_times(form.times, now, findings)
    # Readings in the order of their instants, each another one, repeat nothing.
    if not bool((form.times[1:] > form.times[:-1]).all()):
        numbers = _numbers(resolved)
        check_repeats(numbers[form.name] * 2 + form.register, form.times, form.values, form.quality, findings)
    return Judged(findings.close(), len(form.times), len(set(resolved)))


def extract(form: Form, book: MeterBook, device: str, now: int) -> tuple[dict[str, MeterReadings], dict[str, RegisterReadings]]:
    """Return interval and register readings by meter of a body that was judged to be right."""
    suspect = is_clock_off(form.identity, now)
    if isinstance(form, Batch):
        return _extract_batch(form, book, suspect), {}
    resolved = _resolve(form, book, device)
    numbers = _numbers(resolved)[form.name]
    quality = np.where(form.quality == int(Quality.ACTUAL), int(Quality.SUSPECT), form.quality) if suspect else form.quality
    intervals: dict[str, MeterReadings] = {}
    registers: dict[str, RegisterReadings] = {}
    for meter in sorted({name for name in resolved if name is not None}):
        mine = numbers == _numbers(resolved)[resolved.index(meter)]
        for register in (False, True):
            at = np.flatnonzero(mine & (form.register == register))
            if not len(at):
                continue
            times, first = np.unique(form.times[at], return_index=True)
            values, flags = form.values[at][first], quality[at][first].astype(np.uint8)
            if register:
                scale = point_scale(book.meters[meter].quantity)
                registers[meter] = RegisterReadings(meter, times, values * scale, flags)
            else:
                intervals[meter] = MeterReadings(meter, times // SLOT_SECONDS, values, flags)
    return intervals, registers


def read_body(media_type: str, body: bytes, book: MeterBook, now: int, device: str | None = None) -> BodyReading:
    """Read a body that was received at Unix second `now`; of a signed one, `device` is the one whose key it was, its own word if None."""
    if media_type == CSV:
        reading = read_meter_csv([body], meters=book.meters, now=now)
        return BodyReading(reading.readings, {}, reading.findings, reading.rows)
    form, findings = read_form(media_type, body)
    if form is None:
        return BodyReading({}, {}, findings, 0)
    device = device or form.identity.device or ""
    judged = judge(form, book, device, now)
    if has_errors(judged.findings):
        return BodyReading({}, {}, judged.findings, judged.readings, form.identity)
    return BodyReading(*extract(form, book, device, now), judged.findings, judged.readings, form.identity)


def is_clock_off(identity: Identity, now: int) -> bool:
    """Tell whether the device's clock is too far off for its readings to be actual ones."""
    findings = FindingList("body")
    check_clock(identity, now, findings)
    return bool(findings.close())


def _resolve(form: Envelope, book: MeterBook, device: str) -> list[str | None]:
    """Return the meter of each of the envelope's names: the one it says, or the device's only one of the quantity."""
    resolved: list[str | None] = []
    for meter, quantity in form.names:
        own = book.of_device.get((device, quantity), []) if meter is None else [meter]
        resolved.append(own[0] if len(own) == 1 else None)
    return resolved


def _numbers(resolved: list[str | None]) -> Ints:
    """Return one number per meter, the same for two names of one meter."""
    order = {meter: at for at, meter in enumerate(dict.fromkeys(resolved))}
    return np.array([order[meter] for meter in resolved], dtype=np.int64)


def _extract_batch(form: Batch, book: MeterBook, suspect: bool) -> dict[str, MeterReadings]:
    blocks: dict[str, list[int]] = {}
    for at, name in enumerate(form.meters):
        blocks.setdefault(book.by_name[name], []).append(at)
    made = {}
    for meter, own in blocks.items():
        chosen = np.array(sorted(own, key=lambda block: int(form.days[block])))
        quality: NDArray[np.uint8] = form.quality[chosen].reshape(-1)
        slots = (form.days[chosen, None] * DAY_SLOTS + np.arange(DAY_SLOTS)).reshape(-1)
        present = quality != 0
        flags = quality[present]
        if suspect:
            flags = np.where(flags == int(Quality.ACTUAL), np.uint8(Quality.SUSPECT), flags)
        made[meter] = MeterReadings(meter, slots[present], form.values[chosen].reshape(-1)[present], flags)
    return made
