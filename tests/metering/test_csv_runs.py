"""Runs of lines, read by comparing with what is expected: the same lines accepted with the same values as without runs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.clock import format_instant, parse_instant
from ledger.metering.csv_block import _read_lines, read_block
from ledger.metering.csv_line import Dialect
from ledger.metering.csv_runs import MAX_RUNS, SHORTEST, read_run
from ledger.metering.csv_values import read_long, read_short

NOW = parse_instant("2025-06-01T00:00:00Z")
NUMBERS = {b"M1": 0, b"M2": 1, b"M11": 2}
START = parse_instant("2025-03-01T00:00:00Z") // 900
TEXT = st.text(alphabet="0123456789.", min_size=1, max_size=10)
VALUE = st.integers(0, 10**7).map(lambda value: f"{value // 1000}.{value % 1000:03d}") | st.sampled_from(
    ["0", "0.5", "12345678", "123456789.5"]
)
DAMAGE = st.sampled_from(["value", "time", "meter", "cut", "twice", "swap", "quality", "cr", "column", "blank"])


def line(meter: str, slot: int, value: str, offset: str, has_quality: bool) -> str:
    hours = 0 if offset == "Z" else int(offset[:3])
    return f"{meter},{format_instant(slot * 900 + hours * 3600)[:-1]}{offset},{value}{',A' if has_quality else ''}"


@st.composite
def files(draw: st.DrawFn) -> tuple[list[str], bool]:
    has_quality, lines = draw(st.booleans()), list[str]()
    for _ in range(draw(st.integers(1, 3))):
        meter, offset = draw(st.sampled_from(["M1", "M11", "M3"])), draw(st.sampled_from(["Z", "+08:00", "-03:00"]))
        first, count = START + draw(st.integers(0, 9_000)), draw(st.integers(1, 120))
        values = draw(st.lists(VALUE, min_size=1, max_size=5))
        lines += [line(meter, first + at, values[at % len(values)], offset, has_quality) for at in range(count)]
    for kind in draw(st.lists(DAMAGE, max_size=4)):
        if not lines:  # a file of one line whose line was cut out
            break
        at = draw(st.integers(0, len(lines) - 1))
        lines[at : at + 1] = damaged(lines[at], kind, draw(TEXT))
    return lines, has_quality


def damaged(text: str, kind: str, other: str) -> list[str]:
    fields = text.split(",")
    if len(fields) < 3:
        return [text]
    return {
        "value": [",".join([*fields[:2], other, *fields[3:]])],
        "time": [text.replace("T0", "T1", 1)],
        "meter": [text.replace("M1", "M2", 1)],
        "cut": [text[: len(text) // 2]],
        "twice": [text, text],
        "swap": [],
        "quality": [text.removesuffix(",A") + ",E"],
        "cr": [text + "\r"],
        "column": [text + ",1"],
        "blank": ["", text],
    }[kind]


@given(file=files(), unit=st.sampled_from(["kW", "kWh", "Wh", "MWh"]))
@settings(max_examples=300, deadline=None)
def test_a_block_read_by_runs_gives_what_it_gives_without(file: tuple[list[str], bool], unit: str) -> None:
    lines, has_quality = file
    data, dialect = ("\n".join(lines) + "\n").encode(), Dialect(unit, has_quality)
    block = read_block(data, dialect, NUMBERS, NOW)
    raw = np.frombuffer(data, dtype=np.uint8)
    plain = _read_lines(data, raw, block.first, block.last, dialect, NUMBERS, NOW)
    assert block.accepted.tolist() == plain.accepted.tolist()
    for name in ("meter", "slot", "value", "quality"):
        assert getattr(block, name)[plain.accepted].tolist() == getattr(plain, name)[plain.accepted].tolist(), name


@given(texts=st.lists(TEXT | st.text(alphabet="0123456789.+-e,:/A", min_size=1, max_size=9), min_size=1, max_size=60))
@settings(max_examples=300, deadline=None)
def test_a_word_of_eight_characters_is_read_as_character_by_character(texts: list[str]) -> None:
    raw = np.frombuffer(("x" * 8 + "\n".join(texts) + "\n").encode(), dtype=np.uint8)
    after = np.flatnonzero(raw == 10)
    first = np.concatenate((np.array([8]), after[:-1] + 1))
    short = after - first <= 8
    for unit in (250_000, 1_000_000, 1_000, 1_000_000_000):
        (value, good), (wanted, right) = read_short(raw, first, after, unit), read_long(raw, first, after, unit)
        assert good.tolist() == (right & short).tolist()
        assert value[good].tolist() == wanted[good].tolist()


def run_of(lines: list[str], now: int = NOW) -> int:
    data = ("\n".join(lines) + "\n").encode()
    raw = np.frombuffer(data, dtype=np.uint8)
    last = np.flatnonzero(raw == 10)
    first = np.concatenate((np.zeros(1, dtype=np.int64), last[:-1] + 1))
    run = read_run(data, raw, first, last, Dialect("kWh", False), NUMBERS, now)
    return 0 if run is None else run.count


def test_a_run_ends_at_a_gap_a_repeat_another_meter_and_the_future() -> None:
    lines = [line("M1", START + at, "1.5", "Z", False) for at in range(200)]
    assert run_of(lines) == 200
    assert run_of([*lines[:60], *lines[61:]]) == 60
    assert run_of([*lines[:60], *lines[59:]]) == 60
    assert run_of([*lines[:60], *(text.replace("M1", "M2") for text in lines[60:])]) == 60
    assert run_of(lines, now=(START + 80) * 900) == 81
    assert run_of(lines[:SHORTEST]) == SHORTEST
    assert run_of(lines[: SHORTEST - 1]) == 0


@pytest.mark.parametrize("step", [SHORTEST, SHORTEST + 1])
def test_more_runs_than_a_block_may_have_are_read_all_the_same(step: int) -> None:
    lines = [line("M1", START + at + at // step, "1.5", "Z", True) for at in range(3 * MAX_RUNS * step)]
    block = read_block(("\n".join(lines) + "\n").encode(), Dialect("kWh", True), NUMBERS, NOW)
    assert block.accepted.all()
    assert (block.slot - START).tolist() == [at + at // step for at in range(len(lines))]
