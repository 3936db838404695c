"""Meter records (LTM1): a meter's period as fixed-width little-endian bytes, stored as they are hashed (spec: commitments §6).

A missing slot is a flag, never a dropped slot; a reading of 0 is a reading. Values are integers in the quantity's smallest unit
(electricity mWh, gas and water mL·1000, heat kJ) and never negative. Checks run over whole arrays; sums are taken in int64 only
where the range check shows that they fit. numpy is imported on first use, so that commands which touch no meter start fast.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import NamedTuple

from ledger.clock import format_instant
from ledger.errors import MalformedDocument

MAGIC = b"LTM1"
VERSION = 1
HEADER_BYTES = 96
SLOT_BYTES = 9
MAX_VALUE = 2**63 - 1
MAX_SLOTS = 2**32 - 1
MAX_INSTANT = 253_402_300_799  # 9999-12-31T23:59:59Z, the last instant that a document can write
_HEADER = struct.Struct("<4sHH32sqIB3sqIIII16s")


class Quality(IntEnum):
    """How a slot's value came about."""

    MISSING = 0
    ACTUAL = 1
    ESTIMATED = 2
    MANUAL = 3
    SUBSTITUTED = 4
    SUSPECT = 5


class Quantity(StrEnum):
    """What a meter measures, by the name used in documents."""

    EL_IMPORT = "el.import"
    EL_EXPORT = "el.export"
    PV_GENERATION = "pv.generation"
    GAS_VOLUME = "gas.volume"
    WATER_VOLUME = "water.volume"
    HEAT_ENERGY = "heat.energy"

    @property
    def code(self) -> int:
        """Return the code in the record's header, from 1."""
        return _QUANTITIES.index(self) + 1

    @classmethod
    def of_code(cls, code: int) -> Quantity:
        """Return the quantity with this header code.

        Raises:
            MalformedDocument: no quantity has it.
        """
        if not 1 <= code <= len(_QUANTITIES):
            raise MalformedDocument(f"quantity code {code}, expected 1 to {len(_QUANTITIES)}")
        return _QUANTITIES[code - 1]


_QUANTITIES = tuple(Quantity)
_QUALITIES = len(Quality)


class Counts(NamedTuple):
    """Slots by origin: measured (actual, suspect), estimated (estimated, substituted), manual, missing. They add up to n."""

    measured: int
    estimated: int
    manual: int
    missing: int

    def measures(self, total: int) -> tuple[int, int, int, int]:
        """Return the measures of a METERS leaf: total, measured, estimated + manual, missing."""
        return (total, self.measured, self.estimated + self.manual, self.missing)


@dataclass(frozen=True)
class MeterRecord:
    """One meter and quantity over whole intervals: `values` is n × i64 little-endian, `quality` n bytes, `key` 32 bytes.

    Raises on construction:
        MalformedDocument: lengths disagree, a value is negative, a missing slot has a value, a quality is unknown, the total
            does not fit in an i64; the message names the slot and its instant.
    """

    key: bytes
    start: int
    interval_minutes: int
    quantity: Quantity
    values: bytes = field(repr=False)
    quality: bytes = field(repr=False)
    _summary: tuple[int, Counts] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.key) != 32:
            raise MalformedDocument(f"a meter key of {len(self.key)} bytes, expected 32")
        _check_grid(self.start, self.interval_minutes, len(self.quality))
        if not 0 < len(self.quality) <= MAX_SLOTS or len(self.values) != 8 * len(self.quality):
            raise MalformedDocument(f"{len(self.values)} value bytes for {len(self.quality)} slots, expected 8 for each of at least 1 slot")
        # The summary is computed here once: a record that exists is one whose slots were checked.
        object.__setattr__(self, "_summary", _summarise(self.values, self.quality, self.start, self.interval_minutes))

    @property
    def n(self) -> int:
        """Return the number of slots."""
        return len(self.quality)

    @property
    def end(self) -> int:
        """Return the Unix second at which the last slot ends."""
        return self.start + self.n * 60 * self.interval_minutes

    @property
    def total(self) -> int:
        """Return the exact sum of the values, in the quantity's smallest unit."""
        return self._summary[0]

    @property
    def counts(self) -> Counts:
        """Return the slots by origin."""
        return self._summary[1]

    @property
    def measures(self) -> tuple[int, int, int, int]:
        """Return the measures of a METERS leaf: total, measured, estimated + manual, missing."""
        return self.counts.measures(self.total)

    def header(self) -> bytes:
        """Return the 96-byte header."""
        head = (MAGIC, VERSION, self.interval_minutes, self.key, self.start, self.n, self.quantity.code)
        return _HEADER.pack(*head, bytes(3), self.total, *self.counts, bytes(16))

    def to_bytes(self) -> bytes:
        """Return header ‖ values ‖ quality, as stored and as the statement's digest is taken of."""
        return self.header() + self.values + self.quality

    def leaf_record(self) -> bytes:
        """Return the 128 bytes that a METERS leaf commits to: header ‖ SHA-256(0x02 ‖ slots). It shows no load curve."""
        hasher = hashlib.sha256(b"\x02")
        hasher.update(self.values)
        hasher.update(self.quality)
        return self.header() + hasher.digest()

    def digest(self) -> str:
        """Return the lower-case hex SHA-256 of the whole record."""
        hasher = hashlib.sha256(self.header())
        hasher.update(self.values)
        hasher.update(self.quality)
        return hasher.hexdigest()

    @classmethod
    def from_bytes(cls, data: bytes) -> MeterRecord:
        """Return the record of LTM1 bytes.

        Raises:
            MalformedDocument: a header field is wrong, the length does not fit, or header and slots disagree.
        """
        facts = read_header(data)
        values = data[HEADER_BYTES : HEADER_BYTES + 8 * facts.n]
        record = cls(facts.key, facts.start, facts.interval_minutes, facts.quantity, values, data[HEADER_BYTES + 8 * facts.n :])
        _check_agreement(facts, record.total, record.counts)
        return record


class HeaderFacts(NamedTuple):
    """The fields of an LTM1 header, not yet compared with the slots."""

    key: bytes
    start: int
    interval_minutes: int
    n: int
    quantity: Quantity
    total: int
    counts: Counts

    @property
    def measures(self) -> tuple[int, int, int, int]:
        """Return the measures of a METERS leaf: total, measured, estimated + manual, missing."""
        return self.counts.measures(self.total)


def read_header(data: bytes | memoryview) -> HeaderFacts:
    """Return the header fields of LTM1 bytes, after checking them against the length of `data`.

    Raises:
        MalformedDocument: too short, wrong magic, version, quantity, padding or length.
    """
    if len(data) < HEADER_BYTES:
        raise MalformedDocument(f"a meter record of {len(data)} bytes, expected at least {HEADER_BYTES + SLOT_BYTES}")
    magic, version, interval, key, start, n, code, pad3, total, measured, estimated, manual, missing, pad16 = _HEADER.unpack_from(data)
    if magic != MAGIC or version != VERSION:
        raise MalformedDocument(f"magic {magic.hex()} version {version}, expected {MAGIC.hex()} (LTM1) version {VERSION}")
    if pad3 != bytes(3) or pad16 != bytes(16):
        raise MalformedDocument("the header's reserved bytes 53–55 and 80–95 must be zero")
    if n == 0 or len(data) != HEADER_BYTES + SLOT_BYTES * n:
        raise MalformedDocument(
            f"{len(data)} bytes for {n} slots, expected {HEADER_BYTES} and {SLOT_BYTES} for each of at least one slot",
            hint="the file is cut or padded: fetch it again",
        )
    return HeaderFacts(key, start, interval, n, Quantity.of_code(code), total, Counts(measured, estimated, manual, missing))


def verify_stored(data: bytes | memoryview) -> tuple[HeaderFacts, bytes]:
    """Check stored LTM1 bytes in place and return their header facts and leaf record (128 bytes), hashing the slots once.

    The same checks as `MeterRecord.from_bytes` without copying the slots: for recomputing a whole bank.

    Raises:
        MalformedDocument: as `MeterRecord.from_bytes`.
    """
    facts, view = read_header(data), memoryview(data)
    _check_grid(facts.start, facts.interval_minutes, facts.n)
    # Hashing first brings the slots into the cache at no extra time; the sums then read them from there.
    hasher = hashlib.sha256(b"\x02")
    hasher.update(view[HEADER_BYTES:])
    cut = HEADER_BYTES + 8 * facts.n
    total, counts = _summarise(view[HEADER_BYTES:cut], view[cut:], facts.start, facts.interval_minutes)
    _check_agreement(facts, total, counts)
    return facts, bytes(view[:HEADER_BYTES]) + hasher.digest()


def _check_grid(start: int, minutes: int, n: int) -> None:
    if minutes == 0 or 1440 % minutes or start % (60 * minutes):
        raise MalformedDocument(f"start {start} is not on the grid of {minutes} minutes")
    if not 0 <= start <= MAX_INSTANT - n * minutes * 60:
        raise MalformedDocument(f"{n} slots from {start} do not lie between 1970 and 9999")


def _check_agreement(facts: HeaderFacts, total: int, counts: Counts) -> None:
    if facts.total != total:
        raise MalformedDocument(f"the header's total is {facts.total}, its values add up to {total}", got=facts.total, expected=total)
    if facts.counts != counts:
        got, expected = tuple(facts.counts), tuple(counts)
        raise MalformedDocument(f"the header counts {got} measured, estimated, manual, missing slots; its quality bytes {expected}")


def _summarise(values: bytes | memoryview, quality: bytes | memoryview, start: int, minutes: int) -> tuple[int, Counts]:
    import numpy as np

    # Read as unsigned, a negative value is at least 2^63: one maximum answers both "negative?" and "can the sum overflow?".
    unsigned = np.frombuffer(values, dtype="<u8")
    n = len(unsigned)
    largest = int(np.maximum.reduce(unsigned))
    if largest > MAX_VALUE:
        slot = int(np.argmax(unsigned > MAX_VALUE))
        raise MalformedDocument(f"{_place(slot, start, minutes)} holds {int(unsigned[slot]) - 2**64}, expected 0 or more", slot=slot)
    if largest * n <= MAX_VALUE:
        total = int(np.add.reduce(unsigned))
    else:
        # Halves of 32 bits each add up in 64 bits for any n < 2^32.
        total = (int((unsigned >> np.uint64(32)).sum(dtype=np.uint64)) << 32) + int((unsigned & np.uint64(0xFFFFFFFF)).sum(dtype=np.uint64))
        if total > MAX_VALUE:
            raise MalformedDocument(f"the values add up to {total}, beyond an i64", hint="use shorter periods")
    # Most meters have actual slots alone, which a comparison of bytes shows fastest; one of views would go item by item.
    if bytes(quality) == _actual(n):
        return total, Counts(n, 0, 0, 0)
    flags = np.frombuffer(quality, dtype=np.uint8)
    # Else looking at the others alone is several times faster than counting all. Plain ints, because numpy widens the whole
    # array to int64 when it is compared with an IntEnum: 30 times the cost.
    slots = np.flatnonzero(flags != int(Quality.ACTUAL))
    others = flags[slots]
    by_quality = np.bincount(others, minlength=_QUALITIES).tolist()
    if len(by_quality) > _QUALITIES:
        slot = int(slots[np.argmax(others >= _QUALITIES)])
        raise MalformedDocument(f"{_place(slot, start, minutes)} has quality {int(flags[slot])}, expected 0 to 5", slot=slot)
    missing, _, estimated, manual, substituted, suspect = by_quality
    if missing:
        missing_slots = slots[others == int(Quality.MISSING)]
        wrong = missing_slots[unsigned[missing_slots] != 0]
        if len(wrong):
            slot = int(wrong[0])
            raise MalformedDocument(f"{_place(slot, start, minutes)} is missing but holds {int(unsigned[slot])}, expected 0", slot=slot)
    return total, Counts(len(flags) - len(others) + suspect, estimated + substituted, manual, missing)


@lru_cache(maxsize=8)
def _actual(n: int) -> bytes:
    return bytes([Quality.ACTUAL]) * n


def _place(slot: int, start: int, minutes: int) -> str:
    return f"slot {slot} ({format_instant(start + slot * minutes * 60)})"
