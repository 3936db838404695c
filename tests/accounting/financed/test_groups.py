"""Groups of exposures: sizes, salts, roots and sums as the specification has them; the order of rows leaves no trace."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from hypothesis import given
from hypothesis import strategies as st

from ledger.accounting.commit import dataset_context
from ledger.accounting.financed import groups as groups_module
from ledger.accounting.financed.groups import Column, Groups, commit_groups, group_sizes, make_groups, new_book_key
from ledger.accounting.financed.records import read_record
from ledger.errors import InputError, NotFound
from ledger.merkle import plain
from ledger.merkle.sums import Leaf, SumTree, record_hash, verify_sum_proof
from ledger.records import canonical
from tests.accounting.financed.committed import BOOK_KEY, CONTEXT, KEYS, PERIOD, Kept, commit_rows, loans, records_of


@dataclass(frozen=True)
class Plain:
    """Exposures that are nothing but numbers."""

    columns: tuple[list[int], list[int], list[int], list[int]]
    kind: type = np.int64

    @property
    def n(self) -> int:
        return len(self.columns[0])

    def measures(self) -> tuple[Column, Column, Column, Column]:
        a, b, c, d = (np.array(column, self.kind) for column in self.columns)
        return a, b, c, d

    def records(self, first: int, last: int) -> list[bytes]:
        return [b"%d" % at for at in range(first, last)]


@pytest.mark.parametrize(
    ("n", "sizes"),
    [
        (0, []),
        (1, [1]),
        (49, [49]),
        (50, [50]),
        (99, [99]),
        (100, [50, 50]),
        (149, [75, 74]),
        (150, [50, 50, 50]),
        (1_000_007, [51] * 7 + [50] * 19_993),
    ],
)
def test_groups_have_the_sizes_of_the_specification(n: int, sizes: list[int]) -> None:
    assert group_sizes(n) == sizes


@given(st.integers(50, 20_000))
def test_groups_are_of_50_to_99_and_differ_by_one_at_most(n: int) -> None:
    sizes = group_sizes(n)
    assert sum(sizes) == n
    assert 50 <= min(sizes) <= max(sizes) <= 99
    assert max(sizes) - min(sizes) <= 1
    assert sizes == sorted(sizes, reverse=True)


def test_salts_are_the_aes_256_counter_stream_and_roots_are_those_of_rfc_9162() -> None:
    groups, _, kept = commit_rows(loans(333))
    # CTR by its definition: the counter, enciphered block by block.
    block = Cipher(AES(BOOK_KEY), ECB()).encryptor()  # noqa: S305  (one block at a time is what CTR is)
    stream = b"".join(block.update(counter.to_bytes(16, "big")) for counter in range(2 * 333))
    assert kept.salts == stream
    assert [group.n for group in groups.groups] == group_sizes(333)
    first = 0
    for group in groups.groups:
        last = first + group.n
        leaves = [plain.leaf_hash(stream[32 * at : 32 * at + 32] + kept.records[at]) for at in range(first, last)]
        assert group.root == plain.root(leaves)
        assert kept.leaves[32 * first : 32 * last] == b"".join(leaves)
        measures = [read_record(record).measures for record in kept.records[first:last]]
        assert group.values == tuple(map(sum, zip(*measures, strict=True)))
        first = last
    assert first == 333


def test_the_tree_has_one_leaf_per_group_and_proves_each() -> None:
    groups, committed, _ = commit_rows(loans(333))
    assert len(committed.openings) == len(groups.groups) == 6
    tree = SumTree.build(CONTEXT, [opening.leaf(1) for opening in committed.openings])
    totals = tuple(map(sum, zip(*(group.values for group in groups.groups), strict=True)))
    assert (committed.tree.root, committed.tree.totals) == (tree.root, totals)
    for group in groups.groups:
        index, opening = committed.opening(f"group/{group.number:06d}")
        document = {"schema": "lingtan.group/1", "group": group.number, "n": group.n, "root": group.root.hex()}
        assert opening.record == canonical.dump(document)
        assert opening.key == KEYS.leaf_key(f"group/{group.number:06d}", PERIOD.start, PERIOD.end)
        assert opening.salt == KEYS.salt(CONTEXT.digest(), opening.key)
        leaf = Leaf(opening.key, group.values, record_hash(opening.salt, opening.record))
        verify_sum_proof(CONTEXT, leaf, committed.tree.prove(index), committed.tree.n, committed.tree.totals, committed.tree.root)
    with pytest.raises(NotFound):
        committed.opening("group/000006")


def test_the_order_of_rows_changes_no_byte() -> None:
    rows = loans(222)
    groups, committed, kept = commit_rows(rows)
    again, recommitted, rekept = commit_rows(random.Random(5).sample(rows, len(rows)))
    assert again == groups
    assert recommitted.to_document() == committed.to_document()
    assert (rekept.salts, rekept.records, rekept.leaves) == (kept.salts, kept.records, kept.leaves)


def test_another_book_key_changes_every_salt_and_root_and_no_sum() -> None:
    groups, _, kept = commit_rows(loans(120))
    others, _, rekept = commit_rows(loans(120), new_book_key())
    assert not {group.root for group in groups.groups} & {group.root for group in others.groups}
    assert [group.values for group in groups.groups] == [group.values for group in others.groups]
    assert not {kept.salts[at : at + 32] for at in range(0, 3840, 32)} & {rekept.salts[at : at + 32] for at in range(0, 3840, 32)}


def test_runs_join_without_a_seam_and_progress_ends_with_all(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, heard = make_groups(records_of(loans(420)), BOOK_KEY), list[int]()
    monkeypatch.setattr(groups_module, "RUN", 60)
    kept = Kept()
    assert make_groups(records_of(loans(420)), BOOK_KEY, keep=kept, progress=heard.append) == whole
    assert heard == [106, 212, 316, 420]
    assert len(kept.records) == 420


def test_sums_beyond_64_bits_are_exact() -> None:
    most = 2**63 - 1
    groups = make_groups(Plain(([most] * 99, [most] * 99, [0] * 99, [5] * 99)), BOOK_KEY)
    assert groups.groups[0].values == (99 * most, 99 * most, 0, 5 * 99 * most)


@given(st.lists(st.tuples(*[st.integers(0, 2**63 - 1)] * 3, st.integers(1, 5)), min_size=1, max_size=120))
def test_sums_of_any_exposures_are_those_of_integers(rows: list[tuple[int, int, int, int]]) -> None:
    columns = tuple(map(list, zip(*rows, strict=True)))
    groups = make_groups(Plain(columns), BOOK_KEY)  # type: ignore[arg-type]
    totals = tuple(map(sum, zip(*((a, b, c, a * d) for a, b, c, d in rows), strict=True)))
    assert tuple(map(sum, zip(*(group.values for group in groups.groups), strict=True))) == totals


@pytest.mark.parametrize(
    ("value", "score", "measure"), [(2**96 - 1, 1, None), (2**96, 1, "exposure"), (2**94, 5, "exposure × score"), (-1, 1, "exposure")]
)
def test_a_sum_of_2_to_the_96_or_below_0_is_refused_before_anything_is_kept(value: int, score: int, measure: str | None) -> None:
    exposures = Plain(([1] * 60 + [0] * 59 + [value], [0] * 120, [0] * 120, [1] * 119 + [score]), object)
    kept = Kept()
    if measure is None:
        assert make_groups(exposures, BOOK_KEY, keep=kept).groups[1].values[0] == value
        return
    with pytest.raises(InputError, match=f"{measure} of group/000001 adds up to") as refused:
        make_groups(exposures, BOOK_KEY, keep=kept)
    (finding, *_) = refused.value.facts["findings"]  # type: ignore[misc]
    assert (finding.code, finding.severity, finding.place, finding.params) == (
        *("SUM_OUT_OF_RANGE", "error", "group/000001"),
        {"group": "1", "measure": measure},
    )
    assert kept.records == []


def test_what_cannot_be_committed_is_refused() -> None:
    with pytest.raises(InputError, match="book key of 16 bytes"):
        make_groups(records_of(loans(1)), bytes(16))
    with pytest.raises(InputError, match="no calculated exposure"):
        commit_groups(Groups(0, ()), "FINANCED_PCAF", CONTEXT, KEYS)
    with pytest.raises(InputError, match="not a leaf of OPERATIONAL"):
        commit_groups(make_groups(records_of(loans(1)), BOOK_KEY), "OPERATIONAL", CONTEXT, KEYS)


def test_the_two_methods_never_share_a_tree() -> None:
    other = dataset_context("bank-1", PERIOD, 1, "FINANCED_PBOC", 1337, CONTEXT.contract)
    groups = make_groups(records_of(loans(60)), BOOK_KEY)
    pcaf, pboc = commit_groups(groups, "FINANCED_PCAF", CONTEXT, KEYS), commit_groups(groups, "FINANCED_PBOC", other, KEYS)
    assert other.schema_hash != CONTEXT.schema_hash
    assert pcaf.tree.root != pboc.tree.root
