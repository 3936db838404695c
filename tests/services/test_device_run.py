"""How far a device has counted: the same as a plain look at all numbers, and as fast after a hole that is never filled."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from ledger.services.device_run import MISSING_LISTED, Run
from ledger.store.repositories.envelopes import StoredEnvelope


def body(seq: int) -> StoredEnvelope:
    return StoredEnvelope("GW-1", "boot", seq, 0, seq, bytes(32), None)


def plain(numbers: set[int]) -> tuple[int, tuple[tuple[int, int], ...]]:
    """The floor and the missing stretches, from all numbers."""
    floor = next(seq for seq in range(len(numbers) + 1) if seq + 1 not in numbers)
    gaps, before = [], floor
    for seq in sorted(seq for seq in numbers if seq > floor):
        if seq > before + 1:
            gaps.append((before + 1, seq - 1))
        before = seq
    return floor, tuple(gaps[:MISSING_LISTED])


def stretches_of(numbers: set[int]) -> list[tuple[int, int]]:
    """The stretches without a gap."""
    firsts = sorted(seq for seq in numbers if seq - 1 not in numbers)
    return list(zip(firsts, sorted(seq for seq in numbers if seq + 1 not in numbers), strict=True))


@given(st.lists(st.integers(min_value=1, max_value=70), max_size=80))
def test_floor_and_gaps_are_those_of_all_numbers(numbers: list[int]) -> None:
    run, seen = Run(0), set[int]()
    for seq in numbers:
        run.add(body(seq))
        seen.add(seq)
        assert (run.floor, run.missing()) == plain(seen)
        assert all(run.has(item) == (item in seen) for item in range(1, 75))
        assert run.last == max(seen)
        assert set(run.tail) <= {item for item in seen if item >= run.floor}
    stretches = Run.of_stretches(stretches_of(seen))
    assert (stretches.floor, stretches.missing(), stretches.last) == (run.floor, run.missing(), run.last)
    run.settle()
    assert len(run.tail) <= 2


@given(st.integers(min_value=1, max_value=50), st.sets(st.integers(min_value=1, max_value=70)))
def test_a_run_that_is_read_from_its_floor_on_is_the_run_that_was_there(floor: int, above: set[int]) -> None:
    numbers = {*range(1, floor + 1), *above}
    whole, again = Run(0), Run(floor)
    for seq in sorted(numbers):
        whole.add(body(seq))
        if seq >= floor:
            again.add(body(seq))
    assert (whole.floor, whole.missing(), whole.last) == (again.floor, again.missing(), again.last)


def test_a_body_after_a_hole_costs_the_same_whatever_was_sent_since() -> None:
    run = Run(0)

    def send(first: int, last: int, step: int = 1) -> float:
        began = time.process_time()
        for seq in range(first, last, step):
            run.add(body(seq))
            assert run.missing()[0] == (1, 1)
        return (time.process_time() - began) / ((last - first) // step)

    send(2, 35_002)
    assert run.missing() == ((1, 1),)
    # 44 ms each it was when every answer sorted what was kept; a quarter of a millisecond leaves room for a slow machine.
    assert send(35_002, 36_002) < 0.000_25
    # And where every second number is lost, 16 gaps are named of thousands.
    assert send(36_003, 76_003, 2) < 0.000_25
    assert len(run.missing()) == MISSING_LISTED
    run.add(body(1))
    assert (run.floor, run.missing()[0], run.last) == (36_001, (36_002, 36_002), 76_001)
