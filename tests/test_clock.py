"""Instants as text and as seconds."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.clock import FixedClock, SystemClock, format_instant, parse_instant
from ledger.errors import InputError


@given(st.integers(0, 253_402_300_799))
def test_an_instant_survives_writing_and_reading(seconds: int) -> None:
    assert parse_instant(format_instant(seconds)) == seconds


@pytest.mark.parametrize("text", ["2025-01-01T08:00:00+08:00", "2024-12-31T19:00:00-05:00", "2025-01-01T00:00:00Z"])
def test_an_offset_is_honoured(text: str) -> None:
    assert format_instant(parse_instant(text)) == "2025-01-01T00:00:00Z"


@pytest.mark.parametrize("text", ["2025-01-01T00:00:00", "2025-01-01T00:00:00.5Z", "2025-02-30T00:00:00Z", "", "yesterday", "2025-01-01"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_instant(text)


def test_a_fixed_clock_moves_only_when_told() -> None:
    clock = FixedClock(100)
    clock.advance(5)
    assert clock.now() == 105
    assert abs(SystemClock().now() - time.time()) < 2
