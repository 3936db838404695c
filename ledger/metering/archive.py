"""Meter records packed for keeping, without loss: under two bytes a reading, standard library and numpy alone (spec: meter-archive).

A record's values are divided by their greatest common divisor (a meter counts in steps), become differences, and are laid down byte by
byte in planes, because high bytes of differences are nearly all alike; zlib packs planes and qualities. Every record carries the SHA-256
of its LTM1 bytes, and unpacking compares it: what comes back is what went in, or an error names the record.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from ledger.errors import IntegrityError, MalformedDocument
from ledger.records.meter_record import HEADER_BYTES, MAX_SLOTS, MeterRecord

MAGIC = b"LTA1"
VERSION = 1
LEVEL = 9
MAX_NAME = 255
_HEAD = struct.Struct("<4sHHI")
_ENTRY = struct.Struct("<B32sQBII")
_SLOTS = struct.Struct("<I")
_SLOTS_AT = 48  # of an LTM1 header, its u32 number of slots


@dataclass(frozen=True)
class ArchivedRecord:
    """A record of an archive: the name it was put in under (empty for none), its SHA-256 in hex, the record."""

    name: str
    sha256: str
    record: MeterRecord = field(repr=False)


def pack(records: Iterable[MeterRecord], names: Sequence[str] | None = None) -> bytes:
    """Return the archive of records, in their order.

    Args:
        names: one for each record, as many as there are; without them records have none.

    Raises:
        MalformedDocument: a name of more than 255 bytes of UTF-8.
    """
    entries = [_pack_record(record, "" if names is None else names[at]) for at, record in enumerate(records)]
    body = b"".join((_HEAD.pack(MAGIC, VERSION, 0, len(entries)), *entries))
    return body + hashlib.sha256(body).digest()


def unpack(data: bytes) -> tuple[MeterRecord, ...]:
    """Return the records of an archive, each compared with its SHA-256.

    Raises:
        MalformedDocument: no archive, or one that is cut or changed.
        IntegrityError: a record does not come back as it was packed.
    """
    return tuple(item.record for item in iterate(data))


def iterate(data: bytes) -> Iterator[ArchivedRecord]:
    """Yield the records of an archive one after the other; errors as of `unpack`, before the first record where the whole is damaged."""
    if len(data) < _HEAD.size + 32 or data[:4] != MAGIC:
        raise MalformedDocument("this is no archive of meter records (LTA1)", hint="name a file that `lingtan meter archive` wrote")
    if hashlib.sha256(data[:-32]).digest() != data[-32:]:
        raise MalformedDocument(
            "the archive is cut or changed: its last 32 bytes are not the SHA-256 of the rest", hint="take another copy"
        )
    _, version, reserved, count = _HEAD.unpack_from(data)
    if version != VERSION or reserved:
        raise MalformedDocument(f"an archive of version {version}, expected {VERSION}", hint="use a newer lingtan")
    at, end = _HEAD.size, len(data) - 32
    for number in range(1, count + 1):
        item, at = _unpack_record(data, at, end, number)
        yield item
    if at != end:
        raise MalformedDocument(f"{end - at} bytes stand behind the last record of the archive")


def _pack_record(record: MeterRecord, name: str) -> bytes:
    text = name.encode()
    if len(text) > MAX_NAME:
        raise MalformedDocument(f"a name of {len(text)} bytes, expected at most {MAX_NAME}")
    values = np.frombuffer(record.values, dtype="<i8").astype(np.int64)
    unit = int(np.gcd.reduce(values)) or 1
    steps = np.diff(values // unit, prepend=np.int64(0))
    # Zigzag: 0, −1, 1, −2, … as 0, 1, 2, 3, …; a step of two values that are 0 or more fits.
    folded = ((steps << 1) ^ (steps >> 63)).astype("<u8")
    planes = (int(folded.max()).bit_length() + 7) // 8
    laid = folded.view(np.uint8).reshape(-1, 8)[:, :planes].T.tobytes()
    packed, quality = zlib.compress(laid, LEVEL), zlib.compress(record.quality, LEVEL)
    head = _ENTRY.pack(len(text), bytes.fromhex(record.digest()), unit, planes, len(packed), len(quality))
    return head + text + record.header() + packed + quality


def _unpack_record(data: bytes, at: int, end: int, number: int) -> tuple[ArchivedRecord, int]:
    place = f"record {number} of the archive"
    if at + _ENTRY.size > end:
        raise MalformedDocument(f"{place} is cut")
    name_bytes, digest, unit, planes, packed_bytes, quality_bytes = _ENTRY.unpack_from(data, at)
    at += _ENTRY.size
    stop = at + name_bytes + HEADER_BYTES + packed_bytes + quality_bytes
    if stop > end:
        raise MalformedDocument(f"{place} is cut")
    try:
        name = data[at : at + name_bytes].decode()
    except UnicodeDecodeError as error:
        raise MalformedDocument(f"{place} has a name that is no UTF-8") from error
    at += name_bytes
    header = data[at : at + HEADER_BYTES]
    (slots,) = _SLOTS.unpack_from(header, _SLOTS_AT)
    if not 0 < slots <= MAX_SLOTS or planes > 8 or unit == 0:
        raise MalformedDocument(f"{place} has {slots} slots in {planes} planes of unit {unit}")
    at += HEADER_BYTES
    laid = _inflate(data[at : at + packed_bytes], slots * planes, place)
    quality = _inflate(data[at + packed_bytes : stop], slots, place)
    folded = np.zeros((slots, 8), dtype=np.uint8)
    folded[:, :planes] = np.frombuffer(laid, dtype=np.uint8).reshape(planes, slots).T
    numbers = folded.reshape(-1).view("<u8")
    steps = (numbers >> np.uint64(1)).astype(np.int64) ^ -(numbers & np.uint64(1)).astype(np.int64)
    values = (np.cumsum(steps) * np.int64(unit & (2**63 - 1))).astype("<i8").tobytes()
    data_of_record = header + values + quality
    if hashlib.sha256(data_of_record).digest() != digest:
        raise IntegrityError(
            f"{place} ({name or 'without a name'}) does not come back with its SHA-256", hint="take another copy of the archive"
        )
    return ArchivedRecord(name, digest.hex(), MeterRecord.from_bytes(data_of_record)), stop


def _inflate(packed: bytes, size: int, place: str) -> bytes:
    inflater = zlib.decompressobj()
    try:
        # One byte more than there may be shows a stream that holds more; nothing unpacks without bound.
        made = inflater.decompress(packed, size + 1) if size else inflater.decompress(packed, 1)
    except zlib.error as error:
        raise MalformedDocument(f"{place} cannot be unpacked: {error}") from error
    if len(made) != size or not inflater.eof or inflater.unused_data:
        raise MalformedDocument(f"{place} unpacks to {len(made)} bytes, expected {size}")
    return made
