"""LTM1 records: numpy and plain Python count alike, and what is not a record is refused with its place."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier import evidence as ev
from tests.verifier.running import run
from verifier import meter
from verifier.errors import Disagreement, Malformed

SLOT = st.tuples(st.integers(-(2**63), 2**63 - 1) | st.integers(0, 10**7), st.integers(0, 5))


def record(slots: list[tuple[int, int]], **changes: Any) -> bytes:
    counts = [sum(flag in kinds for _, flag in slots) for kinds in ((1, 5), (2, 4), (3,), (0,))]
    total = changes.get("total", sum(value for value, _ in slots))
    header = struct.pack("<4sHH32sqIB3xqIIII16x", b"LTM1", 1, 15, bytes(32), 0, len(slots), 1, total, *counts)
    return header + struct.pack(f"<{len(slots)}q", *(value for value, _ in slots)) + bytes(flag for _, flag in slots)


@settings(max_examples=150, deadline=None)
@given(st.lists(SLOT, max_size=40))
def test_every_record_is_counted_exactly_with_and_without_numpy(slots: list[tuple[int, int]]) -> None:
    total = sum(value for value, _ in slots)
    data = record(slots, total=total if abs(total) < 2**63 else 0)
    counts = meter.read_record(data, thorough=True).counts
    assert counts.total == total
    assert counts.missing == sum(1 for _, flag in slots if flag == 0)
    assert counts.missing_not_zero == sum(1 for value, flag in slots if flag == 0 and value)
    assert counts.smallest == min((value for value, _ in slots), default=0)
    assert counts.measured + counts.estimated + counts.manual + counts.missing == len(slots)


def test_digests_are_those_of_the_specification() -> None:
    data = ev.meter_record("M1")
    read = meter.read_record(data)
    assert read.digest == hashlib.sha256(data).hexdigest()
    assert read.leaf_record == data[:96] + hashlib.sha256(b"\x02" + data[96:]).digest()
    assert read.header.quantity == "el.import"


@pytest.mark.parametrize(
    ("at", "data", "code"),
    [
        (0, b"LTM2", "METER_MAGIC"),
        (4, b"\x02", "METER_MAGIC"),
        (6, b"\x1e", "METER_INTERVAL"),
        (48, b"\xff\xff\xff\xff", "METER_SLOTS"),
        (48, b"\x01\x00\x00\x00", "METER_LENGTH"),
        (52, b"\x00", "METER_QUANTITY"),
        (52, b"\x07", "METER_QUANTITY"),
        (54, b"\x01", "METER_RESERVE"),
        (95, b"\x01", "METER_RESERVE"),
        (96 + 8 * ev.SLOTS, b"\x06", "METER_QUALITY"),
    ],
)
def test_what_is_not_a_record_is_malformed(at: int, data: bytes, code: str) -> None:
    bent = bytearray(ev.meter_record("M1"))
    bent[at : at + len(data)] = data
    with pytest.raises(Malformed) as caught:
        meter.read_record(bytes(bent))
    assert caught.value.code == code


@pytest.mark.parametrize("length", [0, 95, 96, 5000])
def test_a_record_of_another_length_is_malformed(length: int) -> None:
    with pytest.raises(Malformed):
        meter.read_record(ev.meter_record("M1")[:length])


def test_a_count_on_which_numpy_differs_is_an_internal_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter, "_count_fast", lambda *_: meter.Counts(1, 2, 3, 4, 5, 6, 7))
    with pytest.raises(Disagreement):
        meter.read_record(ev.meter_record("M1"))


def test_a_record_is_shown_with_units_and_instants_in_the_language_named_before_or_after_the_command(tmp_path: Path) -> None:
    (tmp_path / "m.ltm").write_bytes(record([(1_500_000, 1), (250, 2)]))
    before, after = run("--lang", "zh", "meter", tmp_path / "m.ltm"), run("meter", tmp_path / "m.ltm", "--lang", "zh")
    assert (before.code, before.err) == (0, after.err)
    assert "合计: 1.500250 kWh" in before.err
    assert "至: 1970-01-01T00:30:00Z" in before.err
    both = run("--lang", "zh", "--json", "meter", tmp_path / "m.ltm", "--lang", "en")
    assert "total: 1.500250 kWh" in both.err
    assert both.document["header"]["total"] == "1500250"
