"""The archive of meter records: bit for bit back, under two bytes a reading on what meters show, and no damage unnoticed."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.clock import parse_instant
from ledger.errors import LedgerError, MalformedDocument
from ledger.metering.archive import iterate, pack, unpack
from ledger.metering.imports.meter_map import MeterMap
from ledger.metering.imports.reading import import_files
from ledger.records.meter_record import MeterRecord, Quantity


def record(values: list[int], quality: list[int], quantity: Quantity = Quantity.EL_IMPORT, key: bytes = bytes(32)) -> MeterRecord:
    kept = [value if flag else 0 for value, flag in zip(values, quality, strict=True)]
    return MeterRecord(key, 900, 15, quantity, np.array(kept, dtype="<i8").tobytes(), bytes(quality))


SLOTS = st.lists(st.tuples(st.integers(0, 10**13) | st.integers(0, 5) | st.just(2**57), st.integers(0, 5)), min_size=1, max_size=40)
RECORDS = st.lists(
    st.builds(
        lambda slots, quantity, key: record(*map(list, zip(*slots, strict=True)), quantity, key),
        SLOTS,
        st.sampled_from(Quantity),
        st.binary(min_size=32, max_size=32),
    ),
    max_size=4,
)


@given(records=RECORDS)
@settings(max_examples=200, deadline=None)
def test_records_come_back_bit_for_bit_with_their_digests(records: list[MeterRecord]) -> None:
    names = [f"M-{at}" for at in range(len(records))]
    items = list(iterate(pack(records, names)))
    assert [item.record.to_bytes() for item in items] == [item.to_bytes() for item in records]
    assert [item.sha256 for item in items] == [hashlib.sha256(item.to_bytes()).hexdigest() for item in records]
    assert [item.name for item in items] == names
    assert unpack(pack(records)) == tuple(records)


def test_the_largest_values_come_back() -> None:
    for values in ([2**63 - 1, 0], [0, 2**63 - 1], [0, 0], [7]):
        assert unpack(pack([record(values, [1] * len(values))])) == (record(values, [1] * len(values)),)


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7), repaired=st.booleans())
@settings(max_examples=300, deadline=None)
def test_no_changed_bit_passes_even_under_a_new_digest_of_the_whole(at: int, bit: int, repaired: bool) -> None:
    records = [record([5, 5, 7, 0, 12], [1, 1, 2, 0, 1]), record(list(range(0, 960, 10)), [1] * 96)]
    data = bytearray(pack(records, ["A", "B"]))
    data[at % len(data)] ^= 1 << bit
    if repaired:
        data[-32:] = hashlib.sha256(data[:-32]).digest()
    try:
        made = [(item.name, item.record) for item in iterate(bytes(data))]
    except LedgerError:
        return
    # A name is all that its record does not vouch for.
    assert repaired
    assert [item for _, item in made] == records


@pytest.mark.parametrize("data", [b"", b"LTA1", bytes(100), b"LTA2" + bytes(100)])
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedDocument):
        unpack(data)


def test_a_stream_that_unpacks_to_more_than_its_slots_is_refused_without_unpacking_it() -> None:
    data = pack([record([1] * 10, [1] * 10)])
    slots = bytearray(data)
    slots[12 + 53 + 48 : 12 + 53 + 52] = (3).to_bytes(4, "little")
    slots[-32:] = hashlib.sha256(slots[:-32]).digest()
    with pytest.raises(MalformedDocument, match="unpacks to"):
        unpack(bytes(slots))


def test_the_real_meters_take_less_than_a_byte_a_reading(shared: Path) -> None:
    map = MeterMap.of_line("meter=meter,time=timestamp,value=kW,unit=kW")
    done = import_files([shared / "data" / "office_meters_2012_2013.csv.gz"], map, now=parse_instant("2026-01-01T00:00:00Z"))
    records = []
    for meter in done.meters:
        readings = meter.readings
        assert all(second == first + 1 for first, second in pairwise(readings.slots.tolist()))
        start = int(readings.slots[0]) * 900
        records.append(
            MeterRecord(bytes(32), start, 15, Quantity.EL_IMPORT, readings.values.astype("<i8").tobytes(), readings.quality.tobytes())
        )
    data = pack(records)
    assert unpack(data) == tuple(records)
    assert len(data) < sum(item.n for item in records)


@pytest.mark.parametrize("step", [1_000, 2_500, 10_000])
def test_made_up_meters_that_count_in_steps_take_less_than_two_bytes_a_reading(step: int) -> None:
    generator, slots = np.random.default_rng(step), 35_040
    watts = (5_000 + 4_000 * np.sin(np.arange(slots) % 96 / 96 * 3.14) + generator.normal(0, 500, slots)).clip(0)
    values = (watts * 250 / step).astype(np.int64) * step
    quality = np.ones(slots, dtype=np.uint8)
    quality[5_000:5_400] = 0
    values[quality == 0] = 0
    made = MeterRecord(bytes(32), 900, 15, Quantity.EL_IMPORT, values.astype("<i8").tobytes(), quality.tobytes())
    assert len(pack([made])) < 2 * slots
