"""The bulk path gives what the trees of objects give: the published trees, any leaves at all, and thousands of them."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import InputError
from ledger.merkle import bulk, plain
from ledger.merkle.bulk import hash_plain_leaves, hash_records, pack_values, plain_roots, seal_columns
from ledger.merkle.sum_nodes import VALUE_LIMIT, pack_sums
from ledger.merkle.sums import Context, Leaf, SumTree, record_hash

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "merkle_sum.json"
TREES: list[dict[str, Any]] = json.loads(VECTORS.read_text())["trees"] if VECTORS.is_file() else []


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def context(alg: int = 1, measures: int = 4) -> Context:
    contract = bytes(19) + b"\xaa"
    return Context(alg, measures, 1337, contract, sha(b"org"), sha(b"dataset"), 1767225600, 1769904000, 1, sha(b"schema"))


def columns(leaves: list[Leaf]) -> tuple[bytes, bytes, bytes]:
    values = b"".join(pack_sums(leaf.values) for leaf in leaves)
    return b"".join(leaf.key for leaf in leaves), values, b"".join(leaf.record_hash for leaf in leaves)


def sample_leaves(n: int, measures: int = 4) -> list[Leaf]:
    made = [Leaf(sha(b"k%d" % at), tuple(at * 7 + measure for measure in range(measures)), sha(b"r%d" % at)) for at in range(n)]
    return sorted(made, key=lambda leaf: leaf.key)


def assert_equal(ctx: Context, leaves: list[Leaf]) -> None:
    tree, sealed = SumTree.build(ctx, leaves), seal_columns(ctx, *columns(leaves))
    assert (sealed.n, sealed.totals, sealed.tree_root, sealed.root) == (tree.n, tree.totals, tree.tree_root, tree.root)


def test_fourteen_published_trees_are_there(shared: Path) -> None:
    assert len(TREES) == 14


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: f"{tree['hash']}-{tree['n']}")
def test_a_published_tree_has_the_published_root_or_is_refused_for_its_algorithm(tree: dict[str, Any]) -> None:
    ctx, numbers = context(tree["alg"], tree["M"]), [at.to_bytes(4, "big") for at in range(tree["n"])]
    if tree["alg"] == 2:
        with pytest.raises(InputError, match="no bulk path"):
            seal_columns(ctx, b"", b"", b"")
        return
    records = hash_records(b"".join(sha(b"salt" + number) for number in numbers), [b"record-%d" % at for at in range(tree["n"])])
    keys = b"".join(sha(b"key" + number) for number in numbers)
    values = b"".join(pack_sums((at + 1, 1000 * (at + 1))) for at in range(tree["n"]))
    # The published leaves are in order of their number, not of their key.
    sealed = bulk._seal(ctx, keys, values, records)
    assert sealed.root.hex() == tree["R"]
    assert sealed.tree_root.hex() == tree["root_hash"]
    assert list(sealed.totals) == [int(total) for total in tree["totals"]]


@given(st.lists(st.tuples(*[st.integers(0, 2**64 - 1)] * 4), max_size=9))
def test_values_are_packed_as_those_of_leaves(rows: list[tuple[int, ...]]) -> None:
    assert pack_values(rows) == b"".join(map(pack_sums, rows))


@pytest.mark.parametrize("value", [-1, 2**64])
def test_a_value_beyond_64_bits_is_not_packed(value: int) -> None:
    with pytest.raises(InputError, match="outside"):
        pack_values([(0, 1), (value, 2)])


@pytest.mark.parametrize("n", [*range(34), 2047, 2048, 2049, 6145])
def test_a_tree_of_any_size_is_the_sum_tree(n: int) -> None:
    assert_equal(context(), sample_leaves(n))


@given(
    st.lists(st.binary(min_size=32, max_size=32), unique=True, max_size=40),
    st.integers(1, 5),
    st.sampled_from([1, 2, 4, 16]),
    st.data(),
)
@settings(max_examples=150)
def test_any_leaves_in_chunks_of_any_size_give_the_sum_tree(keys: list[bytes], measures: int, chunk: int, data: st.DataObject) -> None:
    value = st.one_of(st.integers(0, VALUE_LIMIT - 1), st.sampled_from([0, 2**64 - 1, 2**64, VALUE_LIMIT - 1]))
    leaves = [Leaf(key, tuple(data.draw(value) for _ in range(measures)), sha(key)) for key in sorted(keys)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "CHUNK", chunk)
        assert_equal(context(measures=measures), leaves)


def test_sums_carry_from_word_to_word() -> None:
    most = tuple([VALUE_LIMIT - 1] * 4)
    leaves = [Leaf(leaf.key, most, leaf.record_hash) for leaf in sample_leaves(5000)]
    sealed = seal_columns(context(), *columns(leaves))
    assert sealed.totals == tuple([5000 * (VALUE_LIMIT - 1)] * 4)
    assert_equal(context(), leaves)


@given(st.lists(st.tuples(st.binary(min_size=32, max_size=32), st.binary(max_size=300)), max_size=30), st.sampled_from([1, 4, 2048]))
def test_records_and_plain_leaves_are_hashed_as_one_by_one(items: list[tuple[bytes, bytes]], chunk: int) -> None:
    salts, records = b"".join(salt for salt, _ in items), [record for _, record in items]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "CHUNK", chunk)
        assert hash_records(salts, records) == b"".join(record_hash(salt, record) for salt, record in items)
        assert hash_plain_leaves(salts, records) == b"".join(plain.leaf_hash(salt + record) for salt, record in items)


@given(st.lists(st.integers(0, 9), max_size=12), st.sampled_from([1, 8, 2048]))
def test_the_roots_of_trees_side_by_side_are_those_of_each_alone(sizes: list[int], chunk: int) -> None:
    hashes = [sha(b"%d" % at) for at in range(sum(sizes))]
    starts = [sum(sizes[:at]) for at in range(len(sizes))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "CHUNK", chunk)
        found = plain_roots(b"".join(hashes), sizes)
    assert found == [plain.root(hashes[start : start + size]) for start, size in zip(starts, sizes, strict=True)]


@pytest.mark.parametrize("at", [1, 2048, 2049, 4000])
def test_a_key_twice_or_out_of_order_is_named_with_its_leaf(at: int) -> None:
    leaves = sample_leaves(4500)
    twice = [*leaves[:at], leaves[at - 1], *leaves[at + 1 :]]
    with pytest.raises(InputError, match=f"leaf {at} stands twice"):
        seal_columns(context(), *columns(twice))
    swapped = [*leaves[: at - 1], leaves[at], leaves[at - 1], *leaves[at + 1 :]]
    with pytest.raises(InputError, match=f"leaf {at} is out of order"):
        seal_columns(context(), *columns(swapped))


@pytest.mark.parametrize("value", [VALUE_LIMIT, 2**127])
def test_a_value_of_2_to_the_96_is_refused_with_its_leaf(value: int) -> None:
    keys, values, records = columns(sample_leaves(3000))
    at = 64 * 2500 + 16
    with pytest.raises(InputError, match="leaf 2500 has a value of 2\\^96 or more"):
        seal_columns(context(), keys, values[:at] + value.to_bytes(16, "big") + values[at + 16 :], records)


def test_columns_of_different_length_are_refused() -> None:
    keys, values, records = columns(sample_leaves(3))
    for changed in ((keys[:-1], values, records), (keys, values[:-16], records), (keys, values, records + bytes(32))):
        with pytest.raises(InputError, match="do not belong together"):
            seal_columns(context(), *changed)
    with pytest.raises(InputError, match="salts for 2 records"):
        hash_records(bytes(32), [b"", b""])
    with pytest.raises(InputError, match="salts for 2 records"):
        hash_plain_leaves(bytes(65), [b"", b""])
    with pytest.raises(InputError, match="trees of 3 leaves"):
        plain_roots(bytes(64), [1, 2])


def test_sealing_takes_no_more_memory_for_more_leaves() -> None:
    peaks = []
    for n in (20_000, 80_000):
        keys, zeros = b"".join(at.to_bytes(32, "big") for at in range(n)), bytes(64 * n)
        tracemalloc.start()
        seal_columns(context(), keys, zeros, keys)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] < 8_000_000
