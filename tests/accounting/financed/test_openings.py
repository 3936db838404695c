"""Opened groups: they hold for what was committed and for nothing else, and tell nothing of other groups."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from ledger.accounting.commit import CommittedDataset
from ledger.accounting.financed.groups import Groups
from ledger.accounting.financed.openings import (
    ErasedExposure,
    GroupOpening,
    OpenExposure,
    Shown,
    make_opening,
    read_opening,
    verify_opening,
)
from ledger.accounting.financed.records import read_record
from ledger.errors import LedgerError, MalformedDocument, NotFound
from ledger.merkle import plain
from ledger.merkle.plain import ProofRefused
from ledger.records import canonical
from tests.accounting.financed.committed import Kept, commit_rows, loans

NUMBER = 2


@cache
def book() -> tuple[Groups, CommittedDataset, Kept]:
    return commit_rows(loans(333))


def shown(number: int) -> list[Shown]:
    groups, _, kept = book()
    first = sum(group.n for group in groups.groups[:number])
    return [OpenExposure(kept.salts[32 * at : 32 * at + 32], kept.records[at]) for at in range(first, first + groups.groups[number].n)]


def opening(number: int = NUMBER) -> GroupOpening:
    return make_opening(book()[1], number, shown(number))


def test_every_group_opens_and_holds_after_reading() -> None:
    groups, committed, _ = book()
    for number in range(len(groups.groups)):
        data = opening(number).to_bytes()
        read = read_opening(data)
        assert read.to_bytes() == data
        assert len(read.exposures) == groups.groups[number].n
        verify_opening(read, root=committed.tree.root)


def test_an_opening_tells_nothing_of_another_group() -> None:
    groups, committed, kept = book()
    data = opening().to_bytes()
    first = sum(group.n for group in groups.groups[:NUMBER])
    mine = range(first, first + groups.groups[NUMBER].n)
    # Records stand in base64: what they say is searched in the decoded bytes as well.
    decoded = [base64.b64decode(item["record"]) for item in canonical.load(data)["exposures"]]  # type: ignore[index, call-overload]
    everything = data + b"\n".join(decoded)

    def is_told(secret: bytes) -> bool:
        forms = (secret, secret.hex().encode(), base64.b64encode(secret), *(base64.b64encode(bytes(pad) + secret)[4:-4] for pad in (1, 2)))
        return any(form in everything for form in forms)

    for at, record in enumerate(kept.records):
        salt, leaf, read = kept.salts[32 * at : 32 * at + 32], kept.leaves[32 * at : 32 * at + 32], read_record(record)
        assert is_told(salt) == is_told(record) == is_told(bytes.fromhex(read.exposure)) == (at in mine)
        assert not is_told(leaf)
    for group in groups.groups:
        _, leaf_of_group = committed.opening(group.asset)
        for secret in (leaf_of_group.key, leaf_of_group.salt, leaf_of_group.record):
            assert is_told(secret) == (group.number == NUMBER)
        assert (group.root.hex().encode() in base64.b64decode(opening().to_document()["group"]["record"])) == (group.number == NUMBER)  # type: ignore[index, call-overload]
        assert (group.asset.encode() in data) == (group.number == NUMBER)
    # What is there of others: sums and hashes of the path, one per level, each of a subtree that the path needs.
    path = canonical.load(data)["path"]  # type: ignore[index, call-overload]
    assert [sorted(node) for node in path] == [["hash", "sums"]] * len(path)  # type: ignore[union-attr, arg-type]
    assert len(path) <= 3  # type: ignore[arg-type]


def test_erased_exposures_are_shown_as_leaf_hashes_and_the_rest_still_holds() -> None:
    exposures = shown(NUMBER)
    for count in (1, len(exposures)):
        some: list[Shown] = [ErasedExposure(item.leaf()) for item in exposures[:count]] + exposures[count:]
        made = read_opening(make_opening(book()[1], NUMBER, some).to_bytes())
        verify_opening(made, root=book()[1].tree.root)
        assert made.exposures[0] == ErasedExposure(exposures[0].leaf())


def changed(document: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> bytes:
    change(document)
    return canonical.dump(document)


def forge(sums: str) -> Callable[[dict[str, Any]], object]:
    return lambda d: d["path"][0]["sums"].__setitem__(0, sums)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["exposures"].pop(),
        lambda d: d["exposures"].append(d["exposures"][0]),
        lambda d: d["exposures"].reverse(),
        lambda d: d["exposures"][3].update(salt="00" * 32),
        lambda d: d["exposures"].__setitem__(3, {"leaf": "00" * 32}),
        lambda d: d["group"].update(asset="group/000003"),
        lambda d: d["group"].update(asset="group/0000002"),
        lambda d: d["group"].update(key="00" * 32),
        lambda d: d["group"].update(salt="00" * 32),
        lambda d: d["group"]["values"].__setitem__(1, "1"),
        lambda d: d["group"]["values"].__setitem__(1, str(2**96)),
        lambda d: d.update(index=d["index"] ^ 1),
        lambda d: d["path"].pop(),
        forge("1"),
        forge(str(2**128 - 1)),
        lambda d: d["totals"].__setitem__(0, "1"),
        lambda d: d.update(n="7"),
        lambda d: d.update(n="0"),
        lambda d: d.update(tree_root="00" * 32),
        lambda d: d.update(root="00" * 32),
        lambda d: d.update(dataset="FINANCED_PBOC"),
        lambda d: d["context"].update(org="00" * 32),
        lambda d: d["context"].update(revision=2),
        lambda d: d["context"].update(schema_hash="00" * 32),
    ],
)
def test_a_changed_opening_does_not_hold(change: Callable[[dict[str, Any]], object]) -> None:
    data = changed(opening().to_document(), change)
    with pytest.raises(ProofRefused):
        verify_opening(read_opening(data), root=book()[1].tree.root)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("path"),
        lambda d: d.update(more=1),
        lambda d: d.update(schema="lingtan.opening/2"),
        lambda d: d.update(dataset="OPERATIONAL"),
        lambda d: d.update(exposures=[]),
        lambda d: d.update(exposures=d["exposures"] * 2),
        lambda d: d["exposures"][0].update(leaf="00" * 32),
        lambda d: d["exposures"][0].pop("salt"),
        lambda d: d["exposures"][0].update(record="e30"),
        lambda d: d["exposures"][0].update(record="e31="),
        lambda d: d["exposures"][0].update(record="A" * 40_000),
        lambda d: d["group"].update(asset="line/U1/x"),
        lambda d: d["group"].update(key="AA" * 32),
        lambda d: d["group"]["values"].pop(),
        lambda d: d["group"]["values"].__setitem__(0, "-1"),
        lambda d: d["group"]["values"].__setitem__(0, "01"),
        lambda d: d["group"]["values"].__setitem__(0, 1),
        lambda d: d.update(path=d["path"] * 30),
        lambda d: d.update(index=-1),
        lambda d: d.update(index="1"),
        lambda d: d["context"].update(alg=2),
        lambda d: d["context"].update(measures=2),
        lambda d: d["context"].update(contract="0xAA"),
        lambda d: d["context"].update(period_end="1"),
        lambda d: d["context"].update(chain_id=str(2**64)),
    ],
)
def test_an_opening_of_another_form_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(MalformedDocument):
        read_opening(changed(opening().to_document(), change))


def test_bytes_that_are_not_canonical_are_refused() -> None:
    data = opening().to_bytes()
    for bad in (data + b"\n", data.replace(b'"index"', b' "index"'), b"[]", b"", b"x" * (4 * 1024 * 1024 + 1)):
        with pytest.raises(MalformedDocument):
            read_opening(bad)


def test_an_opening_of_another_tree_or_group_is_not_made() -> None:
    groups, committed, _ = book()
    with pytest.raises(ProofRefused, match="another root"):
        verify_opening(opening(), root=bytes(32))
    with pytest.raises(ProofRefused):
        make_opening(committed, NUMBER, shown(NUMBER + 1))
    with pytest.raises(NotFound):
        make_opening(committed, len(groups.groups), shown(0))


def test_records_that_do_not_add_up_to_the_leaf_are_refused_though_every_hash_holds() -> None:
    """A bank that lies in the leaf: the group's root is over other records than its measures are of."""
    groups, _, kept = commit_rows(loans(60))
    from ledger.accounting.financed.groups import commit_groups
    from tests.accounting.financed.committed import CONTEXT, KEYS

    group = groups.groups[0]
    exposures: list[Shown] = [OpenExposure(kept.salts[32 * at : 32 * at + 32], kept.records[at]) for at in range(60)]
    for part in (-1, 1):
        values = (group.values[0], group.values[1] + part, *group.values[2:])
        lying = commit_groups(replace(groups, groups=(replace(group, values=values),)), "FINANCED_PCAF", CONTEXT, KEYS)
        with pytest.raises(ProofRefused, match="do not add up"):
            make_opening(lying, 0, exposures)
    # With one record erased the rest may be less than the leaf, and never more.
    hidden: list[Shown] = [ErasedExposure(exposures[0].leaf()), *exposures[1:]]
    make_opening(commit_groups(groups, "FINANCED_PCAF", CONTEXT, KEYS), 0, hidden)
    low = commit_groups(replace(groups, groups=(replace(group, values=(0, *group.values[1:])),)), "FINANCED_PCAF", CONTEXT, KEYS)
    with pytest.raises(ProofRefused, match="do not add up"):
        make_opening(low, 0, hidden)


def test_an_exposure_that_stands_twice_in_a_group_is_refused_though_every_hash_holds() -> None:
    from ledger.accounting.financed.groups import commit_groups
    from tests.accounting.financed.committed import CONTEXT, KEYS

    groups, _, kept = commit_rows(loans(1))
    exposures: list[Shown] = [OpenExposure(bytes([at]) * 32, kept.records[0]) for at in range(2)]
    root = plain.root([item.leaf() for item in exposures])
    group = replace(groups.groups[0], n=2, root=root, values=tuple(2 * value for value in groups.groups[0].values))
    committed = commit_groups(replace(groups, groups=(group,)), "FINANCED_PCAF", CONTEXT, KEYS)
    with pytest.raises(LedgerError, match="stands twice"):
        make_opening(committed, 0, exposures)
