"""Binary batches `LTB1`: interval days of many meters under one signature, written and strictly read (spec: metering §4).

Reading looks at all blocks as arrays over the body's own bytes; no reading becomes an object.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray

from ledger.errors import InputError
from ledger.identifiers import sid
from ledger.metering.csv_block import Ints, Mask
from ledger.metering.csv_line import MAX_READING
from ledger.metering.device_signature import SIGNATURE_BYTES, key_id_of
from ledger.metering.envelope import DeviceClock, Identity
from ledger.metering.finding_list import LISTED_PER_CODE, FindingList
from ledger.metering.meter_day import DAY_SLOTS, MeterDay
from ledger.metering.reading_values import CLOCK_SOURCES
from ledger.records.canonical import MAX_INTEGER
from ledger.records.findings import Finding
from ledger.records.meter_record import MAX_INSTANT, Quality, Quantity

MEDIA_TYPE = "application/vnd.lingtan.batch"
MAGIC = b"LTB1"
VERSION = 1
HEADER_BYTES = 96
BLOCK_BYTES = 912
MAX_BLOCKS = 2000
MAX_BYTES = HEADER_BYTES + BLOCK_BYTES * MAX_BLOCKS + SIGNATURE_BYTES
HIST = 1
_CONTEXT = b"lingtan/batch/1\x00"
_HEADER = struct.Struct("<4sHHQ16sqiB3s32s8s8s")
_BLOCK_HEAD = struct.Struct("<32siBB10s")
_BLOCK = np.dtype(
    [
        ("meter", "V32"),
        ("day", "<i4"),
        ("quantity", "u1"),
        ("flags", "u1"),
        ("zero", "u1", (10,)),
        ("values", "<i8", (DAY_SLOTS,)),
        ("quality", "u1", (DAY_SLOTS,)),
    ]
)


@dataclass(frozen=True)
class BatchDay:
    """One meter's UTC day for a batch; `hist` says that it waited in a queue."""

    day: MeterDay
    quantity: Quantity = Quantity.EL_IMPORT
    hist: bool = False


@dataclass(frozen=True)
class Batch:
    """A batch that was read: its identity, and one entry per block in each column; `values` and `quality` have 96 per block.

    `meters` are the 32-byte names of the meters. The arrays look at the body and cannot be written to.
    """

    identity: Identity
    meters: tuple[bytes, ...] = field(repr=False)
    days: Ints = field(repr=False)
    quantities: tuple[Quantity, ...] = field(repr=False)
    values: NDArray[np.int64] = field(repr=False)
    quality: NDArray[np.uint8] = field(repr=False)


def meter_name(institution: str, meter: str) -> bytes:
    """Return the 32 bytes that stand for a meter in a batch."""
    return sid("meter", f"{institution}/{meter}")


def write_batch(
    key: Ed25519PrivateKey,
    institution: str,
    days: Sequence[BatchDay],
    *,
    boot: str,
    seq: int,
    prev: str | None,
    sent_at_ms: int,
    clock: DeviceClock,
) -> bytes:
    """Return the signed bytes of a batch of 1 to 2,000 meter-days; `boot` is 32 hex.

    Raises:
        InputError: no day or too many, or a boot that is not 32 hex.
    """
    if not 1 <= len(days) <= MAX_BLOCKS:
        raise InputError(f"a batch of {len(days)} meter-days, expected 1 to {MAX_BLOCKS}")
    try:
        boot_bytes = bytes.fromhex(boot)
    except ValueError:
        boot_bytes = b""
    if len(boot_bytes) != 16 or boot_bytes.hex() != boot:
        raise InputError("the boot of a batch is 32 lower-case hex")
    head = _HEADER.pack(
        MAGIC,
        VERSION,
        len(days),
        seq,
        boot_bytes,
        sent_at_ms,
        clock.offset_ms,
        CLOCK_SOURCES.index(clock.source),
        bytes(3),
        bytes(32) if prev is None else bytes.fromhex(prev),
        bytes.fromhex(key_id_of(key)),
        bytes(8),
    )
    parts = [head]
    for item in days:
        name = meter_name(institution, item.day.meter)
        parts += (_BLOCK_HEAD.pack(name, item.day.day, item.quantity.code, HIST * item.hist, bytes(10)), item.day.values, item.day.quality)
    unsigned = b"".join(parts)
    return unsigned + key.sign(_message(unsigned))


def _message(unsigned: bytes | memoryview) -> bytes:
    return _CONTEXT + hashlib.sha256(unsigned).digest()


def read_batch(body: bytes) -> tuple[Batch | None, tuple[Finding, ...]]:
    """Return the batch of these bytes, or None, and everything that is wrong with them."""
    findings = FindingList("batch")
    blocks = _blocks(body, findings)
    if blocks is None:
        return None, findings.close()
    identity = _read_identity(body, findings)
    _check_blocks(blocks, findings)
    if identity is None or findings.errors:
        return None, findings.close()
    meters = tuple(blocks["meter"].tolist())
    quantities = tuple(Quantity.of_code(code) for code in blocks["quantity"].tolist())
    return Batch(identity, meters, blocks["day"].astype(np.int64), quantities, blocks["values"], blocks["quality"]), findings.close()


def _blocks(body: bytes, findings: FindingList) -> NDArray[np.void] | None:
    """Return the blocks as an array over the body, or None where the frame is not that of a batch."""
    if len(body) > MAX_BYTES:
        got = f"{len(body)} bytes"
        findings.add("BODY_TOO_LARGE", "error", "batch", "send fewer meter-days in one batch", got, f"at most {MAX_BYTES} bytes")
        return None
    if len(body) < HEADER_BYTES:
        findings.add("BATCH_LENGTH", "error", "batch", "send the whole batch", f"{len(body)} bytes", f"at least {HEADER_BYTES} bytes")
        return None
    magic, version, n, *_ = _HEADER.unpack_from(body)
    if magic != MAGIC or version != VERSION:
        got, expected = f"{magic.hex()} version {version}", f"{MAGIC.hex()} (LTB1) version {VERSION}"
        findings.add("BATCH_FORM", "error", "byte 0", "send a batch of this version", got, expected)
        return None
    if not 1 <= n <= MAX_BLOCKS:
        findings.add("BATCH_FORM", "error", "byte 6", "send 1 to 2,000 meter-days in a batch", f"{n} blocks", f"1 to {MAX_BLOCKS} blocks")
        return None
    expected_size = HEADER_BYTES + BLOCK_BYTES * n + SIGNATURE_BYTES
    if len(body) != expected_size:
        got, expected = f"{len(body)} bytes", f"{expected_size} bytes for {n} blocks"
        findings.add("BATCH_LENGTH", "error", "batch", "send the whole batch and nothing after it", got, expected)
        return None
    return np.frombuffer(body, dtype=_BLOCK, count=n, offset=HEADER_BYTES)


def _read_identity(body: bytes, findings: FindingList) -> Identity | None:
    _, _, _, seq, boot, sent_at, offset, source, zero, prev, kid, zeros = _HEADER.unpack_from(body)
    before = findings.errors
    faults = (
        (1 <= seq <= MAX_INTEGER, 8, f"seq {seq}", "1 to 2^53 - 1"),
        (0 <= sent_at <= 1000 * MAX_INSTANT, 32, f"sent_at {sent_at}", "Unix milliseconds since 1970"),
        (source < len(CLOCK_SOURCES), 44, f"clock source {source}", f"0 to {len(CLOCK_SOURCES) - 1}"),
        (not any(zero), 45, "a byte that is not zero", "zero"),
        (not any(zeros), 88, "a byte that is not zero", "zero"),
    )
    for good, at, got, expected in faults:
        if not good:
            findings.add("BATCH_FORM", "error", f"byte {at}", "write the header as the specification says", got, expected)
    if findings.errors > before:
        return None
    return Identity(
        device=None,
        boot=boot.hex(),
        seq=seq,
        prev=prev.hex() if any(prev) else None,
        kid=kid.hex(),
        sent_at_ms=sent_at,
        clock=DeviceClock(CLOCK_SOURCES[source], offset),
        signature=body[-SIGNATURE_BYTES:],
        message=_message(memoryview(body)[:-SIGNATURE_BYTES]),
    )


def _check_blocks(blocks: NDArray[np.void], findings: FindingList) -> None:
    values, quality = blocks["values"], blocks["quality"]
    action = "write the block as the specification says"
    quantity, flags, zero, day = blocks["quantity"], blocks["flags"], blocks["zero"], blocks["day"]
    form = (
        ((quantity < 1) | (quantity > len(Quantity)), "a quantity code", f"1 to {len(Quantity)}"),
        (flags > HIST, "flags", "0 or 1"),
        (np.asarray(zero.any(axis=1)), "a byte that is not zero", "ten zero bytes"),
        ((day < 0) | (day > MAX_INSTANT // 86_400), "a day", "days since 1970-01-01"),
    )
    for wrong, got, expected in form:
        _find(wrong, findings, "BATCH_FORM", action, got, expected)
    if len(blocks) > 1:
        _, first = np.unique(_keys(blocks), return_index=True)
        again = np.ones(len(blocks), dtype=np.bool_)
        again[first] = False
        _find(again, findings, "BATCH_DAY_TWICE", "send each day of a meter once in a batch", "a meter's day again", "each day once")
    bad_quality = quality > max(Quality)
    _find_slots(bad_quality, findings, "QUALITY_UNKNOWN", "write a quality of the specification", "an unknown quality", "0 to 5")
    _find_slots(values < 0, findings, "VALUE_NEGATIVE", "report export on its own meter", "a negative value", "0 or more")
    limit = MAX_READING
    _find_slots(values > limit, findings, "VALUE_TOO_LARGE", "check the unit: mWh, L or kJ", "a value beyond the limit", f"at most {limit}")
    _find_slots((quality == 0) & (values > 0), findings, "VALUE_OF_MISSING", "write 0 in a missing slot", "a value in a missing slot", "0")


def _keys(blocks: NDArray[np.void]) -> NDArray[np.bytes_]:
    """Return meter ‖ day of each block as one sortable item."""
    joined = np.zeros((len(blocks), 37), dtype=np.uint8)
    joined[:, :32] = np.ascontiguousarray(blocks["meter"]).view(np.uint8).reshape(-1, 32)
    joined[:, 32:36] = np.ascontiguousarray(blocks["day"]).view(np.uint8).reshape(-1, 4)
    joined[:, 36] = 1  # numpy drops zeros at the end of a byte string
    return joined.view("S37").reshape(-1)


def _find(wrong: Mask, findings: FindingList, code: str, action: str, got: str, expected: str) -> None:
    if not wrong.any():
        return
    at = np.flatnonzero(wrong)
    for block in at[:LISTED_PER_CODE].tolist():
        findings.add(code, "error", f"block {block}", action, got, expected)
    findings.add_uncounted(code, len(at) - LISTED_PER_CODE)


def _find_slots(wrong: NDArray[np.bool_], findings: FindingList, code: str, action: str, got: str, expected: str) -> None:
    if not wrong.any():
        return
    at = np.argwhere(wrong)
    for block, slot in at[:LISTED_PER_CODE].tolist():
        findings.add(code, "error", f"block {block} slot {slot}", action, got, expected)
    findings.add_uncounted(code, len(at) - LISTED_PER_CODE)
