"""Read and recompute LTM1 meter records (commitments.md §6)."""

from __future__ import annotations

import hashlib
import struct
import sys
from array import array
from dataclasses import dataclass

from verifier.errors import Disagreement, Malformed

HEADER_SIZE = 96
QUANTITIES = ("", "el.import", "el.export", "pv.generation", "gas.volume", "water.volume", "heat.energy")
_HEADER = struct.Struct("<4sHH32sqIB3sqIIII16s")
MAX_SLOTS = 4_000_000


@dataclass(frozen=True, slots=True)
class Header:
    """Hold the header's fields as written."""

    interval_minutes: int
    key: bytes
    start: int
    slots: int
    quantity: str
    total: int
    measured: int
    estimated: int
    manual: int
    missing: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Hold what the slots themselves say."""

    total: int
    measured: int
    estimated: int
    manual: int
    missing: int
    smallest: int
    missing_not_zero: int


@dataclass(frozen=True, slots=True)
class MeterRecord:
    """Hold a record that was read: the header, what its slots add up to, and the two digests."""

    header: Header
    counts: Counts
    digest: str
    leaf_record: bytes
    readings: tuple[int, int] | None  # the first and last slot that is not missing


def read_header(data: bytes) -> Header:
    """Return the header's fields. Raises: Malformed for another magic, version, interval, quantity or filled reserve."""
    if len(data) < HEADER_SIZE:
        raise Malformed("METER_SHORT", f"byte {len(data)}", f"a meter record has at least {HEADER_SIZE} bytes")
    magic, version, interval, key, start, slots, code, zero, total, measured, estimated, manual, missing, rest = _HEADER.unpack_from(data)
    if magic != b"LTM1" or version != 1:
        raise Malformed("METER_MAGIC", "byte 0", "not an LTM1 version 1 record", found=magic.hex())
    if interval != 15:
        raise Malformed("METER_INTERVAL", "byte 6", f"the interval is 15 minutes, not {interval}", found=str(interval))
    if not 1 <= code < len(QUANTITIES):
        raise Malformed("METER_QUANTITY", "byte 52", f"quantity code {code} is unknown", found=str(code))
    if any(zero) or any(rest):
        raise Malformed("METER_RESERVE", "byte 53" if any(zero) else "byte 80", "reserved bytes are zero")
    if slots > MAX_SLOTS:
        raise Malformed("METER_SLOTS", "byte 48", f"{slots} slots are more than a record may hold")
    return Header(interval, key, start, slots, QUANTITIES[code], total, measured, estimated, manual, missing)


def read_record(data: bytes, *, thorough: bool = False) -> MeterRecord:
    """Return the record with its slots counted.

    numpy counts when it is installed; plain Python counts as well where `thorough` is set or the header disagrees.

    Raises:
        Malformed: the form is wrong.
        Disagreement: numpy counts otherwise than plain Python.
    """
    header = read_header(data)
    if len(data) != HEADER_SIZE + 9 * header.slots:
        raise Malformed(
            "METER_LENGTH", f"byte {len(data)}", f"{header.slots} slots need {HEADER_SIZE + 9 * header.slots} bytes, {len(data)} are there"
        )
    slots = memoryview(data)[HEADER_SIZE:]
    values, quality = slots[: 8 * header.slots], bytes(slots[8 * header.slots :])
    if quality and max(quality) > 5:
        at = next(i for i, flag in enumerate(quality) if flag > 5)
        raise Malformed("METER_QUALITY", f"slot {at}", f"quality {quality[at]} is unknown", found=str(quality[at]))
    counts = _count_fast(values, quality)
    if counts is None or thorough or not _agrees(header, counts):
        plain = _count(values, quality)
        if counts is not None and counts != plain:
            raise Disagreement("METER", f"numpy counts {counts}, plain Python {plain}")
        counts = plain
    leaf = data[:HEADER_SIZE] + hashlib.sha256(b"\x02" + slots).digest()
    return MeterRecord(header, counts, hashlib.sha256(data).hexdigest(), leaf, _readings(quality))


def _readings(quality: bytes) -> tuple[int, int] | None:
    last = len(quality.rstrip(b"\x00")) - 1
    return (len(quality) - len(quality.lstrip(b"\x00")), last) if last >= 0 else None


def _agrees(header: Header, counts: Counts) -> bool:
    return (header.total, header.measured, header.estimated, header.manual, header.missing) == (
        counts.total,
        counts.measured,
        counts.estimated,
        counts.manual,
        counts.missing,
    )


def _count(values: memoryview, quality: bytes) -> Counts:
    numbers = array("q")
    numbers.frombytes(values)
    if sys.byteorder == "big":
        numbers.byteswap()
    empty = quality.count(0)
    not_zero = sum(1 for value, flag in zip(numbers, quality, strict=True) if not flag and value) if empty else 0
    return Counts(
        total=sum(numbers),
        measured=quality.count(1) + quality.count(5),
        estimated=quality.count(2) + quality.count(4),
        manual=quality.count(3),
        missing=empty,
        smallest=min(numbers, default=0),
        missing_not_zero=not_zero,
    )


def _count_fast(values: memoryview, quality: bytes) -> Counts | None:
    """Return numpy's answer, or None without numpy or where 64 bits might not hold the sum."""
    try:
        import numpy
    except ImportError:
        return None
    if not quality:
        return None
    numbers = numpy.frombuffer(values, dtype="<i8")
    flags = numpy.frombuffer(quality, dtype="u1")
    smallest, largest = int(numbers.min()), int(numbers.max())
    if max(abs(smallest), abs(largest)) * len(quality) >= 2**63:
        return None
    by_flag = [int(count) for count in numpy.bincount(flags, minlength=6)]
    not_zero = int(numpy.count_nonzero(numbers[flags == 0])) if by_flag[0] else 0
    return Counts(int(numbers.sum()), by_flag[1] + by_flag[5], by_flag[2] + by_flag[4], by_flag[3], by_flag[0], smallest, not_zero)
