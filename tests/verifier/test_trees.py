"""Trees and checkpoints against published vectors and every mutation that the design names."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier import evidence as ev
from verifier import rfc9162, sum_tree
from verifier.checkpoint import read_vkey, verify_checkpoint
from verifier.errors import Malformed, Refused
from verifier.sum_tree import Context, Node


def b64(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def test_all_98_inclusion_cases_give_the_wanted_result(shared: Path) -> None:
    cases = json.loads((shared / "vectors/rfc9162.json").read_text())["inclusion"]
    assert len(cases) == 98
    for case in cases:
        arguments = (
            case["leafIdx"],
            case["treeSize"],
            b64(case["leafHash"]),
            [b64(item) for item in case["proof"] or []],
            b64(case["root"]),
        )
        if case["wantErr"]:
            with pytest.raises(Refused):
                rfc9162.verify_inclusion(*arguments)
        else:
            rfc9162.verify_inclusion(*arguments)


def test_all_98_consistency_cases_give_the_wanted_result(shared: Path) -> None:
    cases = json.loads((shared / "vectors/rfc9162.json").read_text())["consistency"]
    assert len(cases) == 98
    for case in cases:
        arguments = (case["size1"], case["size2"], [b64(item) for item in case["proof"] or []], b64(case["root1"]), b64(case["root2"]))
        if case["wantErr"]:
            with pytest.raises(Refused):
                rfc9162.verify_consistency(*arguments)
        else:
            rfc9162.verify_consistency(*arguments)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.data())
def test_plain_trees_agree_with_the_recursive_definition(size: int, data: st.DataObject) -> None:
    hashes = [hashlib.sha256(bytes([i])).digest() for i in range(size)]
    index = data.draw(st.integers(0, size - 1))
    assert rfc9162.root_of(hashes) == ev.plain_root(hashes)
    rfc9162.verify_inclusion(index, size, hashes[index], ev.plain_path(index, hashes), ev.plain_root(hashes))


def test_a_consistency_proof_binds_the_older_root_too() -> None:
    hashes = [hashlib.sha256(bytes([i])).digest() for i in range(5)]
    proof = [hashes[2], hashes[3], ev.plain_root(hashes[:2]), hashes[4]]  # from 3 of 5, by the definition in RFC 9162 §2.1.4.1
    rfc9162.verify_consistency(3, 5, proof, ev.plain_root(hashes[:3]), ev.plain_root(hashes))
    with pytest.raises(Refused, match="first root"):
        rfc9162.verify_consistency(3, 5, proof, bytes(32), ev.plain_root(hashes))


VECTOR = Context(1, 2, 1337, bytes(19) + b"\xaa", ev.sha(b"org"), ev.sha(b"dataset"), 1767225600, 1769904000, 1, ev.sha(b"schema"))


def vector_trees(shared: Path) -> list[tuple[Context, Any]]:
    trees = json.loads((shared / "vectors/merkle_sum.json").read_text())["trees"]
    return [(Context(tree["alg"], *[getattr(VECTOR, name) for name in Context.__slots__[1:]]), tree) for tree in trees]


def test_the_14_sum_tree_vectors_are_built_and_every_proof_verifies(shared: Path) -> None:
    trees = vector_trees(shared)
    assert len(trees) == 14
    for context, tree in trees:
        ctx = context.digest()
        assert ctx.hex() == tree["ctx"]
        nodes = []
        for i, leaf in enumerate(tree["leaves"]):
            salt = ev.sha(b"salt" + i.to_bytes(4, "big"))
            rec = sum_tree.record_hash(salt, b"record-%d" % i, context.alg)
            values = tuple(int(value) for value in leaf["v"])
            digest = sum_tree.leaf_hash(context.alg, ctx, bytes.fromhex(leaf["key"]), values, rec)
            assert (rec.hex(), digest.hex()) == (leaf["rec"], leaf["leaf"])
            nodes.append(Node(1, values, digest))
        root = sum_tree.build(context.alg, 2, nodes)
        totals = tuple(int(total) for total in tree["totals"])
        assert (root.count, root.sums, root.hash.hex()) == (tree["n"], totals, tree["root_hash"])
        committed = sum_tree.commitment_root(context.alg, ctx, root.count, totals, root.hash)
        assert committed.hex() == tree["R"]
        for i, proof in enumerate(tree["proofs"]):
            path = [(tuple(int(value) for value in step["sums"]), bytes.fromhex(step["hash"])) for step in proof]
            sum_tree.verify_proof(context, i, nodes[i], path, root.count, totals, root.hash, committed)


def proof_arguments(n: int = 7, index: int = 4) -> dict[str, Any]:
    tree = ev.Tree(VECTOR.digest(), [])
    tree.ctx = Context(1, 4, *[getattr(VECTOR, name) for name in Context.__slots__[2:]]).digest()
    tree.leaves = [(ev.sha(bytes([i])), bytes(32), [i + 1, 1000 + i, 5, 0], b"r%d" % i, "") for i in range(n)]
    _, totals, tree_root = tree.node(0, n)
    count, values, digest = tree.node(index, index + 1)
    path = [([int(value) for value in step["sums"]], bytes.fromhex(step["hash"])) for step in tree.path(index)]
    context = Context(1, 4, *[getattr(VECTOR, name) for name in Context.__slots__[2:]])
    return {
        "context": context,
        "index": index,
        "leaf": Node(count, tuple(values), digest),
        "path": path,
        "n": n,
        "totals": totals,
        "tree_root": tree_root,
        "root": tree.root(),
    }


def move_between_siblings(a: dict[str, Any]) -> None:
    a["path"][0][0][0] += 1
    a["path"][1][0][0] -= 1


def move_between_measures(a: dict[str, Any]) -> None:
    a["path"][0][0][0] += 1
    a["path"][0][0][1] -= 1


def swap(a: dict[str, Any]) -> None:
    a["path"][0], a["path"][1] = a["path"][1], a["path"][0]


MUTATIONS: dict[str, Any] = {
    "index + 1": lambda a: a.update(index=a["index"] + 1),
    "index - 1": lambda a: a.update(index=a["index"] - 1),
    "index at n": lambda a: a.update(index=a["n"]),
    "index below zero": lambda a: a.update(index=-1),
    "size doubled": lambda a: a.update(n=a["n"] * 2),
    "size + 1": lambda a: a.update(n=a["n"] + 1),
    "size beyond u32": lambda a: a.update(n=2**32),
    "no leaves": lambda a: a.update(n=0),
    "path truncated": lambda a: a["path"].pop(),
    "path without its first step": lambda a: a["path"].pop(0),
    "path extended": lambda a: a["path"].append(a["path"][0]),
    "steps swapped": swap,
    "a sum moved between siblings": move_between_siblings,
    "a sum moved between measures": move_between_measures,
    "a sum at its limit": lambda a: a["path"][0][0].__setitem__(0, 2**96),
    "a sum at 2^128": lambda a: a["path"][2][0].__setitem__(0, 2**128),
    "a sum below zero": lambda a: a["path"][0][0].__setitem__(0, -1),
    "a measure missing": lambda a: a["path"][0][0].pop(),
    "a hash changed": lambda a: a["path"].__setitem__(1, (a["path"][1][0], bytes(32))),
    "a hash shortened": lambda a: a["path"].__setitem__(1, (a["path"][1][0], bytes(31))),
    "totals smaller": lambda a: a["totals"].__setitem__(0, a["totals"][0] - 1),
    "totals at 2^128": lambda a: a["totals"].__setitem__(0, 2**128),
    "totals without a measure": lambda a: a["totals"].pop(),
    "another tree root": lambda a: a.update(tree_root=bytes(32)),
    "another R": lambda a: a.update(root=bytes(32)),
    "another revision": lambda a: a.update(context=replace(a["context"], revision=2)),
    "an unknown alg": lambda a: a.update(context=replace(a["context"], alg=3)),
    "the leaf's values changed": lambda a: a.update(leaf=Node(1, (9, *a["leaf"].sums[1:]), a["leaf"].hash)),
}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_a_sum_proof_is_refused_after(mutation: str) -> None:
    arguments = proof_arguments()
    sum_tree.verify_proof(**copy.deepcopy(arguments))
    MUTATIONS[mutation](arguments)
    with pytest.raises(Refused):
        sum_tree.verify_proof(**arguments)


def test_a_leaf_value_of_2_to_the_96_is_refused_and_one_below_passes() -> None:
    assert len(sum_tree.leaf_hash(1, bytes(32), bytes(32), [2**96 - 1, 0, 0, 0], bytes(32))) == 32
    with pytest.raises(Refused):
        sum_tree.leaf_hash(1, bytes(32), bytes(32), [2**96, 0, 0, 0], bytes(32))


def test_an_r_made_over_smaller_totals_and_the_true_tree_is_refused() -> None:
    """The contract computes R from the totals that it is given; that they are the tree's is for the path to show."""
    arguments = proof_arguments()
    arguments["totals"][0] -= 1
    arguments["root"] = sum_tree.commitment_root(
        1, arguments["context"].digest(), arguments["n"], arguments["totals"], arguments["tree_root"]
    )
    with pytest.raises(Refused) as caught:
        sum_tree.verify_proof(**arguments)
    assert caught.value.code == "TOTALS"


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 33), st.data())
def test_sum_trees_agree_with_the_recursive_definition(n: int, data: st.DataObject) -> None:
    arguments = proof_arguments(n, data.draw(st.integers(0, n - 1)))
    sum_tree.verify_proof(**arguments)


def test_a_checkpoint_signed_by_the_key_is_read_also_with_other_signers_beside() -> None:
    text, key = ev.note(5, bytes(32)), read_vkey(ev.vkey(ev.LOG_KEY, ev.ORIGIN)[0])
    checkpoint = verify_checkpoint(text + "— witness.example " + base64.b64encode(bytes(76)).decode() + "\n", key, ev.ORIGIN)
    assert (checkpoint.size, checkpoint.root) == (5, bytes(32))


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("\n5\n", "\n6\n", "CHECKPOINT_SIGNATURE"),
        ("\n5\n", "\n05\n", "CHECKPOINT"),
        ("\n5\n", "\n5\nextension\n", "CHECKPOINT"),
        ("AAAA=", "AAAB=", "BASE64"),
        ("lingtan/", "elsewhere/", "CHECKPOINT_ORIGIN"),
        ("— ", "- ", "NOTE"),
        ("— lingtan", "— lingtam", "CHECKPOINT_UNSIGNED"),
        ("\n\n", "\n", "NOTE"),
    ],
)
def test_a_changed_checkpoint_is_refused(old: str, new: str, code: str) -> None:
    text, key = ev.note(5, bytes(32)), read_vkey(ev.vkey(ev.LOG_KEY, ev.ORIGIN)[0])
    assert old in text
    with pytest.raises((Refused, Malformed)) as caught:
        verify_checkpoint(text.replace(old, new, 1), key, ev.ORIGIN)
    assert caught.value.code == code


def test_a_vkey_whose_id_does_not_follow_from_its_key_is_refused() -> None:
    good = ev.vkey(ev.LOG_KEY, ev.ORIGIN)[0]
    name, key_id, key = good.split("+", 2)
    with pytest.raises(Malformed, match="key id"):
        read_vkey(f"{name}+00000000+{key}")
    assert read_vkey(good).key_id.hex() == key_id


@pytest.mark.parametrize("value", [2**96, 2**127])
def test_a_tree_that_was_built_over_an_oversized_leaf_is_refused_although_its_hashes_fit(value: int) -> None:
    arguments = proof_arguments(2, 0)
    tree = ev.Tree(arguments["context"].digest(), [])
    tree.leaves = [(ev.sha(bytes([i])), bytes(32), [value if i else 1, 0, 0, 0], b"r", "") for i in range(2)]
    _, totals, tree_root = tree.node(0, 2)
    _, sums, digest = tree.node(1, 2)
    _, own, own_digest = tree.node(0, 1)
    arguments.update(leaf=Node(1, tuple(own), own_digest), path=[(sums, digest)], totals=totals, tree_root=tree_root, root=tree.root())
    with pytest.raises(Refused) as caught:
        sum_tree.verify_proof(**arguments)
    assert caught.value.facts["element"] == "path[0].sums"
