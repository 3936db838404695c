"""Plain trees: the published RFC 9162 cases, every small tree by brute force, and every way to spoil a proof."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import InputError
from ledger.merkle import plain

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "rfc9162.json"
CASES: dict[str, list[dict[str, Any]]] = json.loads(VECTORS.read_text()) if VECTORS.is_file() else {"inclusion": [], "consistency": []}


def leaves(n: int) -> list[bytes]:
    return [plain.leaf_hash(b"entry %d" % at) for at in range(n)]


def recursive_root(entries: list[bytes]) -> bytes:
    """The definition of §2.1.1, word for word; `entries` are leaf hashes."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return entries[0]
    split = 1
    while split * 2 < len(entries):
        split *= 2
    return hashlib.sha256(b"\x01" + recursive_root(entries[:split]) + recursive_root(entries[split:])).digest()


def unpack(proof: list[str] | None) -> list[bytes]:
    return [base64.b64decode(item) for item in proof or []]


def refused(call: Any, *arguments: Any) -> bool:
    try:
        call(*arguments)
    except plain.ProofRefused:
        return True
    return False


def test_the_published_cases_are_all_there(shared: Path) -> None:
    assert (len(CASES["inclusion"]), len(CASES["consistency"])) == (98, 98)


@pytest.mark.parametrize("case", CASES["inclusion"], ids=lambda case: case["file"].removeprefix("testdata/inclusion/"))
def test_a_published_inclusion_case_has_the_published_result(case: dict[str, Any]) -> None:
    leaf, root = base64.b64decode(case["leafHash"]), base64.b64decode(case["root"])
    assert refused(plain.verify_inclusion, case["leafIdx"], case["treeSize"], leaf, unpack(case["proof"]), root) is case["wantErr"]


@pytest.mark.parametrize("case", CASES["consistency"], ids=lambda case: case["file"].removeprefix("testdata/consistency/"))
def test_a_published_consistency_case_has_the_published_result(case: dict[str, Any]) -> None:
    old, new = base64.b64decode(case["root1"]), base64.b64decode(case["root2"])
    assert refused(plain.verify_consistency, case["size1"], case["size2"], unpack(case["proof"]), old, new) is case["wantErr"]


@pytest.mark.parametrize("n", range(40))
def test_the_root_equals_the_recursive_definition(n: int) -> None:
    assert plain.root(leaves(n)) == recursive_root(leaves(n))


def test_a_frontier_has_the_root_of_every_prefix_and_can_be_continued() -> None:
    frontier, entries = plain.Frontier(), leaves(70)
    assert frontier.root() == plain.root([])
    for n, leaf in enumerate(entries, start=1):
        frontier = plain.Frontier(frontier.size, list(frontier.peaks))
        frontier.append(leaf)
        assert (frontier.size, frontier.root()) == (n, plain.root(entries[:n]))


@pytest.mark.parametrize(("size", "peaks"), [(1, []), (2, [bytes(32), bytes(32)]), (1, [bytes(31)]), (-1, [bytes(32)])])
def test_a_frontier_whose_peaks_do_not_fit_its_size_is_refused(size: int, peaks: list[bytes]) -> None:
    with pytest.raises(InputError):
        plain.Frontier(size, peaks)


@pytest.mark.parametrize("n", range(1, 34))
def test_every_leaf_of_every_small_tree_is_proven_at_its_place_and_nowhere_else(n: int) -> None:
    entries = leaves(n)
    root = plain.root(entries)
    for index, leaf in enumerate(entries):
        proof = plain.inclusion_proof(entries, index)
        plain.verify_inclusion(index, n, leaf, proof, root)
        for other in (index - 1, index + 1, n):
            assert refused(plain.verify_inclusion, other, n, leaf, proof, root)
        assert refused(plain.verify_inclusion, index, n, leaf, [*proof, bytes(32)], root)
        assert refused(plain.verify_inclusion, index, n, plain.leaf_hash(b"another"), proof, root)
        if proof:
            assert refused(plain.verify_inclusion, index, n, leaf, proof[:-1], root)
        if len(proof) > 1:
            assert refused(plain.verify_inclusion, index, n, leaf, proof[::-1], root)


@pytest.mark.parametrize("n", range(1, 26))
def test_every_prefix_of_every_small_tree_is_consistent_and_no_spoilt_proof_is(n: int) -> None:
    entries = leaves(n)
    new = plain.root(entries)
    for m in range(1, n + 1):
        old, proof = plain.root(entries[:m]), plain.consistency_proof(entries, m, n)
        plain.verify_consistency(m, n, proof, old, new)
        assert refused(plain.verify_consistency, m, n, [*proof, bytes(32)], old, new)
        assert refused(plain.verify_consistency, m, n, proof, plain.leaf_hash(b"x"), new)
        assert refused(plain.verify_consistency, m, n, proof, old, plain.leaf_hash(b"x"))
        assert refused(plain.verify_consistency, m, 2 * n + 1, proof, old, new)
        if proof:
            assert refused(plain.verify_consistency, m, n, proof[:-1], old, new)
            flipped = [proof[0][:-1] + bytes([proof[0][-1] ^ 1]), *proof[1:]]
            assert refused(plain.verify_consistency, m, n, flipped, old, new)
        if m < n:
            assert refused(plain.verify_consistency, m + 1, n, proof, old, new)
            assert refused(plain.verify_consistency, n, m, proof, new, old)


@given(st.integers(1, 300), st.data())
def test_a_changed_entry_anywhere_breaks_consistency(n: int, data: st.DataObject) -> None:
    m = data.draw(st.integers(1, n))
    entries = leaves(n)
    proof = plain.consistency_proof(entries, m, n)
    plain.verify_consistency(m, n, proof, plain.root(entries[:m]), plain.root(entries))
    changed = list(entries)
    changed[data.draw(st.integers(0, m - 1))] = plain.leaf_hash(b"changed afterwards")
    assert refused(plain.verify_consistency, m, n, proof, plain.root(entries[:m]), plain.root(changed))


@pytest.mark.parametrize("size", [0, -1, 2**63])
def test_a_tree_of_no_size_never_verifies(size: int) -> None:
    assert refused(plain.verify_inclusion, 0, size, bytes(32), [], bytes(32))
    assert refused(plain.verify_consistency, size, size, [], bytes(32), bytes(32))


def test_what_lies_outside_the_tree_cannot_be_proven() -> None:
    for index in (-1, 3):
        with pytest.raises(InputError):
            plain.inclusion_proof(leaves(3), index)
    for old, new in ((0, 3), (2, 1), (1, 4)):
        with pytest.raises(InputError):
            plain.consistency_proof(leaves(3), old, new)


def test_a_refusal_carries_got_and_expected() -> None:
    with pytest.raises(plain.ProofRefused, match="another root") as caught:
        plain.verify_inclusion(0, 1, plain.leaf_hash(b"a"), [], plain.leaf_hash(b"b"))
    assert caught.value.facts["expected"] == plain.leaf_hash(b"b").hex()
    assert caught.value.code == "proof.refused"
