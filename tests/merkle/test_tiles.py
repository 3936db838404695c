"""Proofs of a tiled log are those of the plain tree, at sizes around the edges of tiles and in random ones."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import InputError
from ledger.merkle import plain
from ledger.merkle.tiles import TILE, TiledLog

LEAVES = [hashlib.sha256(b"%d" % number).digest() for number in range(5 * TILE)]
EDGES = [1, 2, 3, TILE - 1, TILE, TILE + 1, 2 * TILE, 2 * TILE + 1, 3 * TILE - 1, 4 * TILE, 4 * TILE + 77, 5 * TILE]


def read(start: int, end: int) -> Sequence[bytes]:
    return LEAVES[start:end]


def log_of(size: int) -> TiledLog:
    log = TiledLog()
    log.extend(size, read)
    return log


@pytest.mark.parametrize("size", EDGES)
def test_the_root_is_that_of_the_plain_tree(size: int) -> None:
    assert log_of(size).root(size, read) == plain.root(LEAVES[:size])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_proof_is_that_of_the_plain_tree_for_every_index_and_earlier_size(data: st.DataObject) -> None:
    size = data.draw(st.one_of(st.sampled_from(EDGES), st.integers(1, len(LEAVES))))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    log, leaves = log_of(len(LEAVES)), LEAVES[:size]
    assert log.inclusion_proof(index, size, read) == plain.inclusion_proof(leaves, index)
    proof = log.consistency_proof(old, size, read)
    assert proof == plain.consistency_proof(leaves, old, size)
    plain.verify_consistency(old, size, proof, plain.root(leaves[:old]), plain.root(leaves))


def test_a_log_that_grew_reads_its_new_tiles_and_the_leaves_of_two_at_most() -> None:
    reads: list[tuple[int, int]] = []

    def noted(start: int, end: int) -> Sequence[bytes]:
        reads.append((start, end))
        return LEAVES[start:end]

    log = log_of(3 * TILE)
    log.extend(4 * TILE + 10, noted)
    assert reads == [(3 * TILE, 4 * TILE)]
    reads.clear()
    log.inclusion_proof(TILE + 5, 4 * TILE + 10, noted)
    assert sum(end - start for start, end in reads) <= 2 * TILE


def test_an_index_beyond_the_log_a_shrinking_size_and_a_log_with_a_hole_are_refused() -> None:
    log = log_of(10)
    with pytest.raises(InputError):
        log.inclusion_proof(10, 10, read)
    with pytest.raises(InputError):
        log.consistency_proof(0, 10, read)
    with pytest.raises(InputError):
        log.consistency_proof(11, 10, read)
    with pytest.raises(InputError, match="has 255 of the entries"):
        TiledLog().extend(TILE, lambda start, end: LEAVES[start : end - 1])
