"""Batches: what is written is read again, and no bit of one can flip unseen."""

from __future__ import annotations

import hashlib
import struct
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import InputError
from ledger.metering.batch import BatchDay, meter_name, read_batch, write_batch
from ledger.metering.device_signature import is_signed_by, key_id_of
from ledger.metering.envelope import DeviceClock
from ledger.metering.meter_day import MeterDay
from ledger.records.meter_record import Quantity

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
BOOT = "00112233445566778899aabbccddeeff"


def day(meter: str, number: int, first: int = 1_000_000) -> MeterDay:
    values = np.arange(first, first + 96, dtype="<i8")
    quality = np.full(96, 1, dtype=np.uint8)
    values[95], quality[95] = 0, 0
    return MeterDay(meter, number, values.tobytes(), quality.tobytes())


DAYS = (BatchDay(day("M-1", 20_000)), BatchDay(day("M-1", 20_001), hist=True), BatchDay(day("G-1", 20_000), Quantity.GAS_VOLUME))


def batch(days: Any = DAYS, **other: Any) -> bytes:
    fields: dict[str, Any] = {"boot": BOOT, "seq": 3, "prev": "ab" * 32, "sent_at_ms": 1_772_323_200_123, "clock": DeviceClock("gps", -5)}
    return write_batch(KEY, "oak", days, **{**fields, **other})


def resign(unsigned: bytes) -> bytes:
    return unsigned + KEY.sign(b"lingtan/batch/1\x00" + hashlib.sha256(unsigned).digest())


def patched(at: int, data: bytes) -> bytes:
    body = batch()
    return resign(body[:at] + data + body[at + len(data) : -64])


def codes(body: bytes) -> list[tuple[str, str]]:
    read, findings = read_batch(body)
    assert (read is None) == bool(findings)
    return [(finding.code, finding.place) for finding in findings]


def test_what_is_written_is_read_as_arrays() -> None:
    body = batch()
    assert len(body) == 96 + 3 * 912 + 64
    read, findings = read_batch(body)
    assert findings == ()
    assert read is not None
    assert read.meters == (meter_name("oak", "M-1"), meter_name("oak", "M-1"), meter_name("oak", "G-1"))
    assert read.days.tolist() == [20_000, 20_001, 20_000]
    assert [quantity.value for quantity in read.quantities] == ["el.import", "el.import", "gas.volume"]
    assert [values.tobytes() for values in read.values] == [item.day.values for item in DAYS]
    assert [quality.tobytes() for quality in read.quality] == [item.day.quality for item in DAYS]
    identity = read.identity
    assert (identity.device, identity.boot, identity.seq, identity.prev, identity.kid) == (None, BOOT, 3, "ab" * 32, key_id_of(KEY))
    assert (identity.sent_at_ms, identity.clock) == (1_772_323_200_123, DeviceClock("gps", -5))
    assert is_signed_by(PUBLIC, identity.signature, identity.message)


def test_the_bytes_stand_where_the_specification_says() -> None:
    body = batch(DAYS[:1], prev=None)
    assert body[:8] == b"LTB1\x01\x00\x01\x00"
    assert body[8:16] == (3).to_bytes(8, "little")
    assert body[16:32].hex() == BOOT
    assert body[32:44] == struct.pack("<qi", 1_772_323_200_123, -5)
    assert body[44:80] == b"\x02" + bytes(35)
    assert body[80:88].hex() == key_id_of(KEY)
    assert body[96:128] == hashlib.sha256(b"lingtan/meter/oak/M-1").digest()
    assert body[128:144] == struct.pack("<iBB10s", 20_000, 1, 0, bytes(10))
    assert body[144:912] == DAYS[0].day.values
    assert body[912:1008] == DAYS[0].day.quality


def test_a_cut_or_padded_batch_is_refused() -> None:
    body = batch()
    for size in (0, 95, 96, 500, len(body) - 1):
        assert codes(body[:size]) == [("BATCH_LENGTH", "batch")]
    assert codes(body + b"\x00") == [("BATCH_LENGTH", "batch")]
    assert codes(bytes(96 + 912 * 2001)) == [("BODY_TOO_LARGE", "batch")]
    with pytest.raises(InputError, match="1 to 2000"):
        batch([])


@pytest.mark.parametrize(
    ("at", "data", "expected"),
    [
        (0, b"LTB2", [("BATCH_FORM", "byte 0")]),
        (4, b"\x02", [("BATCH_FORM", "byte 0")]),
        (6, bytes(2), [("BATCH_FORM", "byte 6")]),
        (8, bytes(8), [("BATCH_FORM", "byte 8")]),
        (8, b"\xff" * 8, [("BATCH_FORM", "byte 8")]),
        (32, b"\xff" * 8, [("BATCH_FORM", "byte 32")]),
        (44, b"\x05", [("BATCH_FORM", "byte 44")]),
        (46, b"\x01", [("BATCH_FORM", "byte 45")]),
        (95, b"\x01", [("BATCH_FORM", "byte 88")]),
        (96 + 32, b"\xff" * 4, [("BATCH_FORM", "block 0")]),
        (96 + 36, b"\x07", [("BATCH_FORM", "block 0")]),
        (96 + 37, b"\x02", [("BATCH_FORM", "block 0")]),
        (96 + 912 + 47, b"\x01", [("BATCH_FORM", "block 1")]),
        (96 + 48 + 7, b"\x80", [("VALUE_NEGATIVE", "block 0 slot 0")]),
        (96 + 48 + 8 + 6, b"\x7f", [("VALUE_TOO_LARGE", "block 0 slot 1")]),
        (96 + 48 + 95 * 8, b"\x01", [("VALUE_OF_MISSING", "block 0 slot 95")]),
        (96 + 912 - 96, b"\x06", [("QUALITY_UNKNOWN", "block 0 slot 0")]),
    ],
)
def test_every_wrong_field_is_named(at: int, data: bytes, expected: list[tuple[str, str]]) -> None:
    assert codes(patched(at, data)) == expected


def test_a_day_that_stands_twice_is_refused() -> None:
    assert codes(batch([DAYS[0], DAYS[2], DAYS[0]])) == [("BATCH_DAY_TWICE", "block 2")]


def test_no_bit_of_a_batch_can_flip_unseen() -> None:
    body = batch(DAYS[:1])
    for at in range(len(body)):
        for bit in (0, 7):
            flipped = body[:at] + bytes([body[at] ^ (1 << bit)]) + body[at + 1 :]
            read, findings = read_batch(flipped)
            seen = findings or read is None or read.identity.kid != key_id_of(KEY)
            assert seen or not is_signed_by(PUBLIC, read.identity.signature, read.identity.message), (at, bit)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=1200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    read_batch(data)
    read_batch(b"LTB1\x01\x00\x01\x00" + data)
