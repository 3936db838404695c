"""Samples: sizes from exact arithmetic, draws that anyone can repeat, every item equally likely."""

from __future__ import annotations

import hashlib
import math
import struct
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier import evidence as ev
from tests.verifier.running import run
from verifier import sampling
from verifier.errors import Refused


def test_one_percent_at_95_percent_needs_299_items() -> None:
    assert sampling.sample_size(Fraction(1, 100), Fraction(95, 100)) == 299


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 60), st.integers(50, 99))
def test_the_size_is_the_formula_of_the_specification(share: int, confidence: int) -> None:
    wanted = math.ceil(math.log(1 - confidence / 100) / math.log(1 - share / 100) - 1e-9)
    assert sampling.sample_size(Fraction(share, 100), Fraction(confidence, 100)) == wanted


@pytest.mark.parametrize(("share", "confidence"), [(0, 95), (100, 95), (1, 0), (1, 100)])
def test_a_share_or_confidence_of_0_or_1_is_refused(share: int, confidence: int) -> None:
    with pytest.raises(Refused):
        sampling.sample_size(Fraction(share, 100), Fraction(confidence, 100))


def test_a_draw_is_the_stream_masked_and_rejected() -> None:
    seed, limit = bytes(range(32)), 5
    for j in range(50):
        counter = 0
        while True:
            block = hashlib.sha256(b"\x21" + seed + struct.pack(">II", j, counter)).digest()
            if block[-1] & 7 < limit:
                break
            counter += 1
        assert sampling.draw(seed, j, limit) == block[-1] & 7


def test_draws_are_even_over_items_and_proportional_over_a_measure() -> None:
    seed = bytes(32)
    counts = Counter(sampling.draw_items(seed, 6000, 6))
    assert all(850 < counts[i] < 1150 for i in range(6))
    weighted = Counter(sampling.draw_by_measure(seed, 6000, [0, 1, 2, 3]))
    assert weighted[0] == 0
    assert all(abs(weighted[i] - 1000 * i) < 200 for i in (1, 2, 3))


def test_a_single_item_is_always_drawn_and_nothing_cannot_be() -> None:
    assert sampling.draw_items(bytes(32), 3, 1) == [0, 0, 0]
    with pytest.raises(Refused):
        sampling.draw_items(bytes(32), 1, 0)


def test_seed_and_commitment_are_hashed_with_their_tags() -> None:
    assert sampling.commitment_of(b"n" * 32) == hashlib.sha256(b"\x20" + b"n" * 32).digest()
    assert sampling.seed_of(b"r" * 32, b"n" * 32, b"b" * 32) == hashlib.sha256(b"\x22" + b"r" * 32 + b"n" * 32 + b"b" * 32).digest()


def test_the_command_draws_the_same_sample_again(tmp_path: Path) -> None:
    (tmp_path / "e.zip").write_bytes(ev.evidence().package())
    arguments = ("sample", tmp_path / "e.zip", "--seed", "ab" * 32, "--size", "4", "--json")
    first, again = run(*arguments), run(*arguments)
    assert first.code == 0
    assert first.document == again.document
    assert first.document["draws"] == sampling.draw_items(bytes.fromhex("ab" * 32), 4, 9)
    measured = run(*arguments, "--measure", "1").document
    lines = {f"line/{line['unit']}/{line['indicator']}": line for line in ev.evidence().json("statement.json")["lines"]}
    assert all(lines[item["asset"]]["scope2_location_g"] != "0" for item in measured["items"])
