"""Sum trees: the 14 published trees, every small tree, and what a forger would try."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import InputError
from ledger.merkle import sum_nodes
from ledger.merkle.plain import ProofRefused
from ledger.merkle.sums import Context, Leaf, SumProof, SumTree, record_hash, verify_sum_proof

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "merkle_sum.json"
TREES: list[dict[str, Any]] = json.loads(VECTORS.read_text())["trees"] if VECTORS.is_file() else []


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def context(alg: int = 1, measures: int = 4) -> Context:
    contract = bytes(19) + b"\xaa"
    return Context(alg, measures, 1337, contract, sha(b"org"), sha(b"dataset"), 1767225600, 1769904000, 1, sha(b"schema"))


def sample_leaves(n: int, measures: int = 4) -> list[Leaf]:
    made = [Leaf(sha(b"k%d" % at), tuple(at * 7 + measure for measure in range(measures)), sha(b"r%d" % at)) for at in range(n)]
    return sorted(made, key=lambda leaf: leaf.key)


def refused(ctx: Context, leaf: Leaf, proof: SumProof, n: int, totals: tuple[int, ...], root: bytes) -> bool:
    try:
        verify_sum_proof(ctx, leaf, proof, n, totals, root)
    except ProofRefused:
        return True
    return False


def test_fourteen_published_trees_are_there(shared: Path) -> None:
    assert [tree["n"] for tree in TREES] == [0, 1, 2, 3, 5, 7, 8] * 2


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: f"{tree['hash']}-{tree['n']}")
def test_a_published_tree_has_the_published_leaves_proofs_and_root(tree: dict[str, Any]) -> None:
    alg = tree["alg"]
    if alg == 2 and "sm3" not in hashlib.algorithms_available:
        pytest.skip("this OpenSSL has no SM3")
    ctx = context(alg, tree["M"])
    assert ctx.digest().hex() == tree["ctx"]
    leaves = []
    for at in range(tree["n"]):
        number = at.to_bytes(4, "big")
        record = record_hash(sha(b"salt" + number), b"record-%d" % at, alg)
        leaves.append(Leaf(sha(b"key" + number), (at + 1, 1000 * (at + 1)), record))
    nodes = [leaf.node(alg, ctx.digest()) for leaf in leaves]
    # The published leaves are in order of their number, not of their key: the shape is tested below the rule of order.
    levels = sum_nodes.build_levels(alg, nodes)
    totals = tuple(int(total) for total in tree["totals"])
    tree_root = levels[-1][0].hash if levels else sum_nodes.digest(alg, b"")
    assert tree_root.hex() == tree["root_hash"]
    assert sum_nodes.seal(alg, ctx.digest(), len(leaves), totals, tree_root).hex() == tree["R"]
    for at, (leaf, node, published, path) in enumerate(zip(leaves, nodes, tree["leaves"], tree["proofs"], strict=True)):
        assert (leaf.key.hex(), leaf.record_hash.hex(), node.hash.hex()) == (published["key"], published["rec"], published["leaf"])
        ours = sum_nodes.sibling_path(levels, at)
        assert [{"sums": [str(value) for value in sums], "hash": hashed.hex()} for sums, hashed in ours] == path
        verify_sum_proof(ctx, leaf, SumProof(at, ours), tree["n"], totals, bytes.fromhex(tree["R"]))


@pytest.mark.parametrize("n", range(1, 34))
def test_every_leaf_of_every_small_tree_is_proven_and_no_mutation_is(n: int) -> None:
    ctx, leaves = context(), sample_leaves(n)
    tree = SumTree.build(ctx, leaves)
    assert tree.totals == tuple(sum(leaf.values[measure] for leaf in leaves) for measure in range(4))
    for at, leaf in enumerate(leaves):
        proof = tree.prove(at)
        verify_sum_proof(ctx, leaf, proof, n, tree.totals, tree.root)
        assert tree.find_index(leaf.key) == at
        longer = SumProof(at, (*proof.path, ((0, 0, 0, 0), bytes(32))))
        mutants = [
            (ctx, leaf, SumProof(at + 1, proof.path), n, tree.totals, tree.root),
            (ctx, leaf, SumProof(at - 1, proof.path), n, tree.totals, tree.root),
            (ctx, leaf, proof, 2 * n, tree.totals, tree.root),
            (ctx, leaf, proof, n + 1, tree.totals, tree.root),
            (ctx, leaf, longer, n, tree.totals, tree.root),
            (ctx, leaf, proof, n, (tree.totals[0] - 1, *tree.totals[1:]), tree.root),
            (ctx, leaf, proof, n, tree.totals[:3], tree.root),
            (ctx, leaf, proof, n, tree.totals, tree.tree_root),
            (ctx, replace(leaf, values=(leaf.values[0] + 1, *leaf.values[1:])), proof, n, tree.totals, tree.root),
            (ctx, replace(leaf, values=leaf.values[:3]), proof, n, tree.totals, tree.root),
            (ctx, replace(leaf, key=sha(b"other")), proof, n, tree.totals, tree.root),
            (ctx, replace(leaf, record_hash=sha(b"other")), proof, n, tree.totals, tree.root),
            (replace(ctx, revision=2), leaf, proof, n, tree.totals, tree.root),
            (replace(ctx, chain_id=1), leaf, proof, n, tree.totals, tree.root),
        ]
        if proof.path:
            mutants.append((ctx, leaf, SumProof(at, proof.path[:-1]), n, tree.totals, tree.root))
        if len(proof.path) > 1:
            mutants.append((ctx, leaf, SumProof(at, proof.path[::-1]), n, tree.totals, tree.root))
        for mutant in mutants:
            assert refused(*mutant), mutant


def test_a_sum_moved_between_siblings_is_refused_though_the_total_stays() -> None:
    ctx, leaves = context(), sample_leaves(8)
    tree = SumTree.build(ctx, leaves)
    proof = tree.prove(3)
    (first_sums, first_hash), (second_sums, second_hash), third = proof.path
    moved = ((first_sums[0] + 1, *first_sums[1:]), first_hash), ((second_sums[0] - 1, *second_sums[1:]), second_hash), third
    assert refused(ctx, leaves[3], SumProof(3, moved), 8, tree.totals, tree.root)
    lighter = replace(leaves[3], values=(leaves[3].values[0] - 1, *leaves[3].values[1:]))
    heavier = ((first_sums[0] + 1, *first_sums[1:]), first_hash), *proof.path[1:]
    assert refused(ctx, lighter, SumProof(3, heavier), 8, tree.totals, tree.root)


def test_a_value_is_at_most_two_to_the_96_minus_1_and_the_tree_still_adds_up() -> None:
    top = 2**96 - 1
    ctx = context()
    leaves = [replace(leaf, values=(top,) * 4) for leaf in sample_leaves(5)]
    tree = SumTree.build(ctx, leaves)
    assert tree.totals == (5 * top,) * 4
    verify_sum_proof(ctx, leaves[4], tree.prove(4), 5, tree.totals, tree.root)
    for value in (2**96, 2**128, -1):
        with pytest.raises(InputError):
            replace(leaves[0], values=(value, 0, 0, 0))


def forged(total: int, sibling: int) -> tuple[Context, Leaf, SumProof, int, tuple[int, ...], bytes]:
    """A proof that is right in every hash and wrong in range: what a careless verifier would let through."""
    ctx, leaf = context(measures=1), Leaf(sha(b"k"), (1,), sha(b"r"))
    node = leaf.node(1, ctx.digest())
    other = sum_nodes.SumNode(1, (sibling,), sha(b"forged"))
    top = sum_nodes.join(1, node, other)
    return ctx, leaf, SumProof(0, (((sibling,), other.hash),)), 2, (total,), sum_nodes.seal(1, ctx.digest(), 2, (total,), top.hash)


def test_a_sibling_sum_of_two_to_the_96_per_leaf_or_more_is_refused() -> None:
    verify_sum_proof(*forged(2**96, 2**96 - 1))
    for sibling in (2**96, 2**97 - 2):
        ctx, leaf, proof, n, totals, root = forged(1 + sibling, sibling)
        with pytest.raises(ProofRefused, match="sibling sum"):
            verify_sum_proof(ctx, leaf, proof, n, totals, root)


def test_sums_beyond_128_bits_or_below_zero_are_refused_before_they_are_hashed() -> None:
    ctx, leaf, proof, n, _, root = forged(2**96, 2**96 - 1)
    for sum_ in (2**128, 2**128 - 1, -1):
        assert refused(ctx, leaf, replace(proof, path=(((sum_,), proof.path[0][1]),)), n, (2**96,), root)
        assert refused(ctx, leaf, proof, n, (sum_,), root)
    assert refused(ctx, leaf, replace(proof, path=(((1, 1), proof.path[0][1]),)), n, (2**96,), root)
    assert refused(ctx, leaf, replace(proof, path=(((2**96 - 1,), bytes(31)),)), n, (2**96,), root)


@pytest.mark.parametrize("n", [0, 2**32, -1])
def test_a_tree_of_an_impossible_size_proves_nothing(n: int) -> None:
    tree = SumTree.build(context(), sample_leaves(1))
    assert refused(context(), tree.leaves[0], tree.prove(0), n, tree.totals, tree.root)


def test_leaves_twice_or_out_of_order_are_refused() -> None:
    leaves = sample_leaves(4)
    with pytest.raises(InputError, match="stands twice"):
        SumTree.build(context(), [leaves[0], leaves[0]])
    with pytest.raises(InputError, match="out of order"):
        SumTree.build(context(), leaves[::-1])
    with pytest.raises(InputError, match="measures"):
        SumTree.build(context(), sample_leaves(2, measures=3))


def test_an_empty_tree_has_zero_totals_and_no_proofs() -> None:
    tree = SumTree.build(context(), [])
    assert (tree.n, tree.totals, tree.tree_root) == (0, (0, 0, 0, 0), sha(b""))
    assert tree.find_index(bytes(32)) is None
    with pytest.raises(InputError):
        tree.prove(0)


@given(st.dictionaries(st.binary(min_size=32, max_size=32), st.integers(0, 2**96 - 1), min_size=1, max_size=40))
def test_any_leaves_add_up_and_each_is_proven(drawn: dict[bytes, int]) -> None:
    ctx = context(measures=1)
    leaves = [Leaf(key, (value,), sha(key)) for key, value in sorted(drawn.items())]
    tree = SumTree.build(ctx, leaves)
    assert tree.totals == (sum(drawn.values()),)
    for at, leaf in enumerate(leaves):
        verify_sum_proof(ctx, leaf, tree.prove(at), len(leaves), tree.totals, tree.root)


def change_context() -> list[tuple[str, object]]:
    return [
        ("alg", 3), ("measures", 0), ("measures", 256), ("chain_id", 2**64), ("chain_id", -1), ("contract", bytes(19)), ("org", b""),
        ("dataset", bytes(33)), ("schema_hash", bytes(31)), ("period_start", 1769904000), ("period_end", 2**64), ("revision", 2**32),
    ]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), change_context())
def test_a_context_out_of_range_is_refused(field: str, value: object) -> None:
    with pytest.raises(InputError):
        replace(context(), **{field: value})  # type: ignore[arg-type]


def test_every_field_of_the_context_changes_its_digest() -> None:
    base = context()
    others = [
        replace(base, measures=3), replace(base, chain_id=1), replace(base, contract=bytes(20)), replace(base, org=bytes(32)),
        replace(base, dataset=bytes(32)), replace(base, period_start=0), replace(base, period_end=1769904001), replace(base, revision=2),
        replace(base, schema_hash=bytes(32)),
    ]  # fmt: skip
    assert len({ctx.digest() for ctx in [base, *others]}) == 10


def test_a_record_hash_needs_a_whole_salt() -> None:
    with pytest.raises(InputError):
        record_hash(bytes(31), b"record")
    assert record_hash(bytes(32), b"record") != record_hash(bytes(31) + b"\x01", b"record")
