"""A telemetry body of whatever media type, from bytes to readings of meters: one way for all that comes in (spec: metering §5).

Three steps, because taking a body needs the first two before its answer and the last one behind it: `read_form` reads what needs nothing
but the bytes, `judge` compares it with the meters and the time, `extract` gives the readings. `read_body` does all three.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ledger.metering import batch as batch_form
from ledger.metering import envelope as envelope_form
from ledger.metering.batch import Batch, meter_name, read_batch
from ledger.metering.body_checks import (
    check_clock,
    check_future_slots,
    check_future_times,
    check_meters,
    check_outdated,
    check_repeats,
    find_outdated,
)
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
Naming: TypeAlias = "tuple[int, str | None]"


@dataclass(frozen=True)
class MeterBook:
    """The meters of an institution by id, and which device speaks for which of them.

    `namings` gives, for each meter, which device was named for it (None: none) at which Unix second, in order.
    """

    institution: str
    meters: Mapping[str, MeterFacts] = field(repr=False)
    device_of: Mapping[str, str] = field(repr=False)
    namings: Mapping[str, tuple[Naming, ...]] = field(default_factory=dict, repr=False)

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

    @cached_property
    def until(self) -> dict[str, dict[str, int]]:
        """Return, by device, the meters that it spoke for and does not any more, and the Unix second at which the last such time ended."""
        found: dict[str, dict[str, int]] = {}
        for meter, namings in self.namings.items():
            for (_, device), (end, _) in pairwise(namings):
                if device is not None and device != self.device_of.get(meter):
                    found.setdefault(device, {})[meter] = end
        return found

    @cached_property
    def changes(self) -> dict[tuple[str, Quantity], list[int]]:
        """Return, by device and quantity, when it changed which meters the device speaks for, ascending; only where that ever did."""
        found: dict[tuple[str, Quantity], set[int]] = {}
        changed: set[tuple[str, Quantity]] = set()
        for meter, namings in self.namings.items():
            for device in {device for _, device in namings if device is not None and meter in self.meters}:
                key = device, self.meters[meter].quantity
                found.setdefault(key, set()).update(at for at, _ in namings)
                changed |= {key} if len(namings) > 1 else set()
        return {key: sorted(found[key]) for key in changed}

    def only_meter(self, device: str, quantity: Quantity, at: int | None = None) -> str | None:
        """Return the one meter of a quantity that a device spoke for at a Unix second, else the one that it speaks for now, or did once."""
        own = self.of_device.get((device, quantity), [])
        once = [meter for meter, end in self.until.get(device, {}).items() if self.meters[meter].quantity is quantity]
        if at is not None:
            then = [meter for meter in {*own, *once} if self._device_at(meter, at) == device]
            once = [meter for meter in once if at < self.until[device][meter]]
            if len(then) == 1:
                return then[0]
        return own[0] if len(own) == 1 else once[0] if len(once) == 1 and not own else None

    def _device_at(self, meter: str, at: int) -> str | None:
        return next((device for since, device in reversed(self.namings.get(meter, ())) if since <= at), None)


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
    once = book.until.get(device, {})
    if isinstance(form, Batch):
        meters = [book.by_name.get(name) for name in form.meters]
        names = list(zip(meters, form.quantities, strict=True))
        places = [f"block {at}" for at in range(len(names))]
        shown = [name.hex()[:16] for name in form.meters]
        check_meters(names, places, shown, book.meters, book.device_of, device, findings, formerly=once)
        present = form.quality != 0
        if once:
            check_outdated(meters, *_slots_of(form, present), places, once, device, findings)
        check_future_slots(form.days, present, now, findings)
        return Judged(findings.close(), int(np.count_nonzero(present)), len(set(form.meters)))
    resolved = _resolve(form, book, device)
    firsts = [0] if len(resolved.meters) == 1 else np.unique(resolved.of, return_index=True)[1].tolist()
    places = [f"/readings/{at}/m" for at in firsts]
    shown = [meter or f"no m, and not exactly one {quantity.value} meter" for meter, quantity in resolved.names]
    known = [(meter, quantity) for meter, (_, quantity) in zip(resolved.meters, resolved.names, strict=True)]
    check_meters(known, places, shown, book.meters, book.device_of, device, findings, formerly=once)
    if once:
        check_outdated(resolved.meters, resolved.of, form.times, places, once, device, findings)
    check_future_times(form.times, now, findings)
    # Readings in the order of their instants, each another one, repeat nothing.
    if not bool((form.times[1:] > form.times[:-1]).all()):
        numbers = _numbers(resolved.meters)
        check_repeats(numbers[resolved.of] * 2 + form.register, form.times, form.values, form.quality, findings)
    return Judged(findings.close(), len(form.times), len(set(resolved.meters)))


def extract(form: Form, book: MeterBook, device: str, now: int) -> tuple[dict[str, MeterReadings], dict[str, RegisterReadings]]:
    """Return interval and register readings by meter of a body that was judged to be right; without those of another device's time."""
    suspect, once = is_clock_off(form.identity, now), book.until.get(device, {})
    if isinstance(form, Batch):
        return _extract_batch(form, book, suspect, once), {}
    resolved = _resolve(form, book, device)
    numbers, taken = _numbers(resolved.meters)[resolved.of], ~find_outdated(resolved.meters, resolved.of, form.times, once)
    quality = np.where(form.quality == int(Quality.ACTUAL), int(Quality.SUSPECT), form.quality) if suspect else form.quality
    intervals: dict[str, MeterReadings] = {}
    registers: dict[str, RegisterReadings] = {}
    for meter in sorted({name for name in resolved.meters if name is not None}):
        mine = taken & (numbers == _numbers(resolved.meters)[resolved.meters.index(meter)])
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


@dataclass(frozen=True)
class _Resolved:
    """The meters that an envelope's readings are of: `of` has, for each reading, a place in `meters` and in `names`, as it was written."""

    meters: list[str | None]
    names: list[tuple[str | None, Quantity]]
    of: Ints


def _resolve(form: Envelope, book: MeterBook, device: str) -> _Resolved:
    """Return the meter of each of the envelope's names: the one it says, or the only one of the quantity that the device spoke for then."""
    if not any(meter is None and (device, quantity) in book.changes for meter, quantity in form.names):
        own = [book.only_meter(device, quantity) if meter is None else meter for meter, quantity in form.names]
        return _Resolved(own, list(form.names), form.name)
    meters: list[str | None] = []
    names: list[tuple[str | None, Quantity]] = []
    of = np.zeros(len(form.name), dtype=np.int64)
    for number, (meter, quantity) in enumerate(form.names):
        mine = np.flatnonzero(form.name == number)
        changes = [] if meter is not None else book.changes.get((device, quantity), [])
        spells = np.searchsorted(np.array(changes, dtype=np.int64), form.times[mine], side="right")
        for spell in np.unique(spells).tolist():
            of[mine[spells == spell]] = len(meters)
            at = None if not changes else changes[spell - 1] if spell else changes[0] - 1
            meters.append(book.only_meter(device, quantity, at) if meter is None else meter)
            names.append((meter, quantity))
    return _Resolved(meters, names, of)


def _slots_of(form: Batch, present: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Return, for each reading of a batch, its block and its Unix second."""
    blocks, slots = np.nonzero(present)
    return blocks, (form.days[blocks] * DAY_SLOTS + slots) * SLOT_SECONDS


def _numbers(resolved: list[str | None]) -> Ints:
    """Return one number per meter, the same for two names of one meter."""
    order = {meter: at for at, meter in enumerate(dict.fromkeys(resolved))}
    return np.array([order[meter] for meter in resolved], dtype=np.int64)


def _extract_batch(form: Batch, book: MeterBook, suspect: bool, once: Mapping[str, int]) -> dict[str, MeterReadings]:
    taken = form.quality != 0
    if once:
        of, times = _slots_of(form, taken)
        taken[taken] = ~find_outdated([book.by_name[name] for name in form.meters], of, times, once)
    blocks: dict[str, list[int]] = {}
    for at, name in enumerate(form.meters):
        blocks.setdefault(book.by_name[name], []).append(at)
    made = {}
    for meter, own in blocks.items():
        chosen = np.array(sorted(own, key=lambda block: int(form.days[block])))
        quality: NDArray[np.uint8] = form.quality[chosen].reshape(-1)
        slots = (form.days[chosen, None] * DAY_SLOTS + np.arange(DAY_SLOTS)).reshape(-1)
        present = taken[chosen].reshape(-1)
        if not present.any():
            continue
        flags = quality[present]
        if suspect:
            flags = np.where(flags == int(Quality.ACTUAL), np.uint8(Quality.SUSPECT), flags)
        made[meter] = MeterReadings(meter, slots[present], form.values[chosen].reshape(-1)[present], flags)
    return made
