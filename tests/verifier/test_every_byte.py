"""Every byte of a small bundle, changed one after the other: a policy that names every witness lets none of them pass."""

from __future__ import annotations

import pytest

from tests.verifier import bundle_world as bw
from tests.verifier.bank import jcs
from tests.verifier.bundle_corpus import KEY, Case
from tests.verifier.differential import python_answer, remembering

PARTS = 8  # each well within the limit of a test, also on a busy machine


def changed(byte: int, at: int) -> int:
    """Another byte; a hex digit becomes another hex digit, so that the change gets past the reader."""
    digits = b"0123456789abcdef"
    return digits[(digits.index(byte) + 1 + at % 15) % 16] if byte in digits else byte ^ (1 << at % 7)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_no_byte_of_a_leaf_s_bundle_can_be_changed(part: int) -> None:
    world = bw.World(bw.Options(witnesses=3))
    data, policy = jcs(bw.make_meter(world)), jcs(bw.sign_policy(world.policy()))
    codes = {1: 0, 3: 0, 6: 0}
    with remembering():
        assert python_answer(Case("as it is", data, policy, KEY))["exit"] == 0
        for at in range(part, len(data), PARTS):
            byte = data[at]
            spoiled = data[:at] + bytes([changed(byte, at)]) + data[at + 1 :]
            code = python_answer(Case(f"byte {at}", spoiled, policy, KEY))["exit"]
            assert code in codes, f"byte {at} of …{data[max(0, at - 30) : at + 10]!r}… gives {code}"
            codes[code] += 1
    assert sum(codes.values()) == len(range(part, len(data), PARTS))
    assert codes[1] > sum(codes.values()) / 2
