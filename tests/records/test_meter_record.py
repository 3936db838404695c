"""Meter records: the layout field by field, exact sums at the edges, and a clear refusal of every contradiction."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import MalformedDocument
from ledger.records.meter_record import HEADER_BYTES, MeterRecord, Quality, Quantity, verify_stored

START = 1_735_660_800  # 2025-01-01T00:00+08:00
KEY = bytes(range(32))


def record(values: list[int], quality: list[int], quantity: Quantity = Quantity.EL_IMPORT) -> MeterRecord:
    return MeterRecord(KEY, START, 15, quantity, struct.pack(f"<{len(values)}q", *values), bytes(quality))


def spoilt(data: bytes, offset: int, new: bytes) -> bytes:
    return data[:offset] + new + data[offset + len(new) :]


SAMPLE = record([100, 0, 0, 7, 8, 9], [1, 1, 0, 2, 3, 5])


def test_the_bytes_are_those_of_the_spec_field_by_field() -> None:
    data = SAMPLE.to_bytes()
    expected = b"LTM1" + (1).to_bytes(2, "little") + (15).to_bytes(2, "little") + KEY + START.to_bytes(8, "little")
    expected += (6).to_bytes(4, "little") + b"\x01" + bytes(3) + (124).to_bytes(8, "little")
    expected += b"".join(count.to_bytes(4, "little") for count in (3, 1, 1, 1)) + bytes(16)
    assert data[:HEADER_BYTES] == expected
    slots = b"".join(value.to_bytes(8, "little") for value in (100, 0, 0, 7, 8, 9)) + bytes([1, 1, 0, 2, 3, 5])
    assert data[HEADER_BYTES:] == slots
    assert SAMPLE.leaf_record() == expected + hashlib.sha256(b"\x02" + slots).digest()
    assert SAMPLE.digest() == hashlib.sha256(data).hexdigest()


def test_a_reading_of_zero_is_a_reading_and_a_missing_slot_is_not() -> None:
    assert SAMPLE.counts == (3, 1, 1, 1)
    assert SAMPLE.measures == (124, 3, 2, 1)
    assert (SAMPLE.n, SAMPLE.total, SAMPLE.end) == (6, 124, START + 6 * 900)


@pytest.mark.parametrize(
    ("quantity", "code"),
    [("el.import", 1), ("el.export", 2), ("pv.generation", 3), ("gas.volume", 4), ("water.volume", 5), ("heat.energy", 6)],
)
def test_each_quantity_has_the_code_of_the_spec(quantity: str, code: int) -> None:
    made = record([1], [1], Quantity(quantity))
    assert made.header()[52] == code
    assert MeterRecord.from_bytes(made.to_bytes()).quantity == quantity


def test_a_year_of_real_size_is_read_back_equal_and_hashed_without_copying() -> None:
    n = 35_040
    made = record([(at * 7919) % 1_000_000 for at in range(n)], [1] * n)
    data = made.to_bytes()
    assert MeterRecord.from_bytes(data) == made
    facts, leaf = verify_stored(memoryview(data))
    assert (facts.total, facts.counts, leaf) == (made.total, made.counts, made.leaf_record())


@given(st.lists(st.tuples(st.integers(0, 2**56), st.integers(0, 5)), min_size=1, max_size=64))
def test_totals_and_counts_are_exact_and_bytes_round_trip(slots: list[tuple[int, int]]) -> None:
    values, quality = [value if flag else 0 for value, flag in slots], [flag for _, flag in slots]
    made = record(values, quality)
    assert made.total == sum(values)
    in_words = [sum(flag in group for flag in quality) for group in ((1, 5), (2, 4), (3,), (0,))]
    assert list(made.counts) == in_words
    assert MeterRecord.from_bytes(made.to_bytes()) == made


def test_the_total_is_exact_up_to_the_last_i64_and_refused_beyond() -> None:
    top = 2**63 - 1
    assert record([top], [1]).total == top
    assert record([top - 5, 0, 5], [1, 1, 2]).total == top
    # Three times 2^62 wraps round in int64 and even 2^64 wraps in uint64: neither may pass.
    for values in ([top, 1], [2**62] * 3, [2**62] * 4, [2**62] * 5, [top, top, 2]):
        with pytest.raises(MalformedDocument, match=str(sum(values))):
            record(values, [1] * len(values))


def test_a_negative_value_is_refused_by_slot_and_instant() -> None:
    with pytest.raises(MalformedDocument, match=r"slot 2 \(2024-12-31T16:30:00Z\) holds -3") as caught:
        record([1, 2, -3], [1, 1, 1])
    assert caught.value.facts["slot"] == 2


def test_a_missing_slot_with_a_value_and_an_unknown_quality_are_refused_by_slot() -> None:
    with pytest.raises(MalformedDocument, match=r"slot 1 \(2024-12-31T16:15:00Z\) is missing but holds 5"):
        record([1, 5], [1, 0])
    with pytest.raises(MalformedDocument, match=r"slot 1 .* has quality 6"):
        record([1, 5], [1, 6])


@pytest.mark.parametrize(
    ("offset", "new", "message"),
    [
        (0, b"LTM2", "magic"),
        (4, b"\x02", "version 2"),
        (6, b"\x00\x00", "grid of 0"),
        (6, b"\x11\x00", "grid of 17"),
        (40, (START + 1).to_bytes(8, "little"), "grid"),
        (40, (-900).to_bytes(8, "little", signed=True), "1970"),
        (40, (2**62 // 900 * 900).to_bytes(8, "little"), "9999"),
        (48, b"\x05", "for 5 slots"),
        (48, b"\x07", "for 7 slots"),
        (48, b"\xff\xff\xff\xff", "for 4294967295 slots"),
        (52, b"\x00", "quantity code 0"),
        (52, b"\x07", "quantity code 7"),
        (53, b"\x01", "reserved"),
        (80, b"\x01", "reserved"),
        (95, b"\x01", "reserved"),
        (56, b"\x7d", "total is 125, its values add up to 124"),
        (64, b"\x04", "counts"),
        (68, b"\x00", "counts"),
        (72, b"\x02", "counts"),
        (76, b"\x00", "counts"),
        (HEADER_BYTES + 15, b"\x80", "slot 1 .* holds -"),
        (HEADER_BYTES + 16, b"\x01", "slot 2 .* is missing but holds 1"),
        (HEADER_BYTES + 48, b"\x09", "slot 0 .* has quality 9"),
        (HEADER_BYTES + 48, b"\x03", "counts"),
    ],
)
def test_every_contradiction_in_the_bytes_is_refused(offset: int, new: bytes, message: str) -> None:
    data = spoilt(SAMPLE.to_bytes(), offset, new)
    with pytest.raises(MalformedDocument, match=message):
        MeterRecord.from_bytes(data)
    with pytest.raises(MalformedDocument, match=message):
        verify_stored(data)


def test_any_single_changed_byte_is_refused_or_changes_the_digest() -> None:
    data = SAMPLE.to_bytes()
    for offset in range(len(data)):
        changed = spoilt(data, offset, bytes([data[offset] ^ 0x40]))
        try:
            read = MeterRecord.from_bytes(changed)
        except MalformedDocument:
            continue
        assert read.digest() != SAMPLE.digest()
        assert read.leaf_record() != SAMPLE.leaf_record()


@pytest.mark.parametrize("cut", [0, 1, 95, 96, 100, 149])
def test_a_cut_or_padded_record_is_refused(cut: int) -> None:
    data = SAMPLE.to_bytes()
    with pytest.raises(MalformedDocument):
        MeterRecord.from_bytes(data[:cut])
    with pytest.raises(MalformedDocument):
        MeterRecord.from_bytes(data + bytes(cut + 1))


def test_parts_that_do_not_fit_are_refused() -> None:
    spoils: tuple[Callable[[], MeterRecord], ...] = (
        lambda: replace(SAMPLE, key=bytes(31)),
        lambda: replace(SAMPLE, values=bytes(40)),
        lambda: replace(SAMPLE, quality=b""),
        lambda: replace(SAMPLE, values=b"", quality=b""),
        lambda: replace(SAMPLE, interval_minutes=0),
    )
    for spoil in spoils:
        with pytest.raises(MalformedDocument):
            spoil()


def test_quality_numbers_are_those_of_the_spec() -> None:
    assert [(flag.name, int(flag)) for flag in Quality] == [
        ("MISSING", 0), ("ACTUAL", 1), ("ESTIMATED", 2), ("MANUAL", 3), ("SUBSTITUTED", 4), ("SUSPECT", 5),
    ]  # fmt: skip


@pytest.mark.parametrize("n", [1, 7, 8, 9, 16, 23])
def test_one_slot_that_was_not_read_is_counted_wherever_it_stands(n: int) -> None:
    assert record([0] * n, [1] * n).counts == (n, 0, 0, 0)
    for slot in range(n):
        quality = [1] * n
        quality[slot] = 3
        assert record([0] * n, quality).counts == (n - 1, 0, 1, 0)
