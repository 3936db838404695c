"""Group a book's exposures and commit to the groups: one leaf of the sum tree per group (spec: commitments §5).

Exposures come in the order of their pseudonyms. The salts are made here and handed to `keep` alone, which is the bank's vault: nothing
else of what this module returns opens a leaf.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from numpy.typing import NDArray

from ledger.accounting.commit import CommittedDataset, Opening
from ledger.errors import InputError
from ledger.merkle.bulk import SALT_BYTES, hash_plain_leaves, plain_roots
from ledger.merkle.dataset_schema import FINANCED_DATASETS
from ledger.merkle.keys import CommitmentKeys, group_asset
from ledger.merkle.sum_nodes import VALUE_LIMIT
from ledger.merkle.sums import Context
from ledger.records import canonical
from ledger.records.findings import Finding

SCHEMA = "lingtan.group/1"
GROUP_LEAST = 50
BOOK_KEY_BYTES = 32
RUN = 8_192
"""Exposures whose records are in memory at once, at least: whole groups are taken."""

Column = NDArray[np.int64] | NDArray[np.object_]
Keep = Callable[[bytes, Sequence[bytes], bytes], None]
"""Takes salts, records and leaf hashes of the next exposures, in order."""


class Exposures(Protocol):
    """What is grouped: n exposures ascending by pseudonym."""

    @property
    def n(self) -> int:
        """How many there are."""

    def measures(self) -> tuple[Column, Column, Column, Column]:
        """Exposure in cents, attributed S1+2 and S3 in grams, and the data-quality score of each."""

    def records(self, first: int, last: int) -> Sequence[bytes]:
        """The canonical records from `first` to before `last`."""


@dataclass(frozen=True)
class Group:
    """One group: its number from 0, how many exposures, the RFC 9162 root over them, and its four measures."""

    number: int
    n: int
    root: bytes
    values: tuple[int, ...]

    @property
    def asset(self) -> str:
        """Return the asset name of its leaf."""
        return group_asset(self.number)

    def to_bytes(self) -> bytes:
        """Return the canonical bytes of its `lingtan.group/1` record."""
        return canonical.dump({"schema": SCHEMA, "group": self.number, "n": self.n, "root": self.root.hex()})


@dataclass(frozen=True)
class Groups:
    """The groups of a book, by number; `n` is the number of exposures in them."""

    n: int
    groups: tuple[Group, ...]


def new_book_key() -> bytes:
    """Return a fresh book key B; it is used for one computation and never kept."""
    return secrets.token_bytes(BOOK_KEY_BYTES)


def group_sizes(n: int) -> list[int]:
    """Return how many of n exposures each group has: ⌊n/50⌋ groups as even as can be, the first ones one larger; fewer than 100 are one."""
    if n == 0:
        return []
    size, larger = divmod(n, count := max(1, n // GROUP_LEAST))
    return [size + 1] * larger + [size] * (count - larger)


def make_groups(
    exposures: Exposures, book_key: bytes, *, keep: Keep | None = None, progress: Callable[[int], None] | None = None
) -> Groups:
    """Return the groups of a book whose exposures are salted under `book_key`; equal books and keys give equal groups.

    Args:
        keep: takes salts, records and leaf hashes as they are made: the vault.
        progress: hears how many exposures are done, after each run.

    Raises:
        InputError: a key of other than 32 bytes; the measures of a group reach 2^96 or fall below 0 (facts: `findings`).
    """
    if len(book_key) != BOOK_KEY_BYTES:
        raise InputError(f"a book key of {len(book_key)} bytes, expected {BOOK_KEY_BYTES}", hint="take new_book_key()")
    sizes = group_sizes(exposures.n)
    # Before anything is written: a sum that does not fit must not leave half a vault.
    values = _sum_groups(exposures.measures(), sizes)
    _check_values(values)
    salting = Cipher(AES(book_key), CTR(bytes(16))).encryptor()
    roots: list[bytes] = []
    for first, last, run in _runs(sizes):
        records, salts = exposures.records(first, last), salting.update(bytes(SALT_BYTES * (last - first)))
        hashes = hash_plain_leaves(salts, records)
        roots += plain_roots(hashes, run)
        if keep is not None:
            keep(salts, records, hashes)
        if progress is not None:
            progress(last)
    made = (Group(number, *facts) for number, facts in enumerate(zip(sizes, roots, values, strict=True)))
    return Groups(exposures.n, tuple(made))


def commit_groups(groups: Groups, dataset: str, context: Context, keys: CommitmentKeys) -> CommittedDataset:
    """Return the committed dataset of a book's groups; keys and salts of its leaves come from the institution's commitment key.

    Raises:
        InputError: another dataset, or no groups: a dataset without leaves is not attested.
    """
    if dataset not in FINANCED_DATASETS:
        raise InputError(f"groups of exposures are not a leaf of {dataset[:40]}", hint=f"expected {' or '.join(FINANCED_DATASETS)}")
    if not groups.groups:
        raise InputError("the book has no calculated exposure: there is nothing to commit to", hint="look at why every row is excluded")
    digest = context.digest()
    openings = []
    for group in groups.groups:
        key = keys.leaf_key(group.asset, context.period_start, context.period_end)
        openings.append(Opening(group.asset, key, keys.salt(digest, key), group.values, group.to_bytes()))
    return CommittedDataset(dataset, context, tuple(sorted(openings, key=lambda opening: opening.key)))


def published_leaves(committed: CommittedDataset) -> list[dict[str, object]]:
    """Return what is handed in and kept in a package of each leaf, ascending by key: key, record hash and values, and no salt."""
    return [
        {
            "key": opening.key.hex(),
            "record_hash": leaf.record_hash.hex(),
            "values": [str(value) for value in opening.values],
        }
        for opening, leaf in zip(committed.openings, committed.tree.leaves, strict=True)
    ]


def _runs(sizes: Sequence[int]) -> Iterator[tuple[int, int, list[int]]]:
    """Yield (first exposure, exposure after the last, sizes of the groups) of runs of whole groups."""
    first, run = 0, list[int]()
    for size in sizes:
        run.append(size)
        if sum(run) >= RUN:
            yield first, first + sum(run), run
            first, run = first + sum(run), []
    if run:
        yield first, first + sum(run), run


def _sum_groups(measures: tuple[Column, Column, Column, Column], sizes: Sequence[int]) -> list[tuple[int, ...]]:
    if not sizes:
        return []
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.intp)
    exposure, s12, s3, score = measures
    ones = np.ones_like(score)
    columns = [_sum_products(column, weight, starts) for column, weight in ((exposure, ones), (s12, ones), (s3, ones), (exposure, score))]
    return list(zip(*columns, strict=True))


def _sum_products(column: Column, weight: Column, starts: NDArray[np.intp]) -> list[int]:
    """Return Σ column × weight of each group, exactly; weights are scores of 1 to 5, so halves of 32 bits cannot wrap."""
    if column.dtype == np.object_ or weight.dtype == np.object_:
        return [int(value) for value in np.add.reduceat(column * weight, starts).tolist()]
    upper, lower = np.add.reduceat((column >> 32) * weight, starts), np.add.reduceat((column & 0xFFFFFFFF) * weight, starts)
    return [(high << 32) + low for high, low in zip(upper.tolist(), lower.tolist(), strict=True)]


def _check_values(values: Sequence[tuple[int, ...]]) -> None:
    findings = []
    for number, sums in enumerate(values):
        for at, value in enumerate(sums):
            if not 0 <= value < VALUE_LIMIT:
                place, measure = group_asset(number), ("exposure", "S1+2", "S3", "exposure × score")[at]
                params = {"group": str(number), "measure": measure}
                action = "check the units of the group's exposures"
                findings.append(Finding("SUM_OUT_OF_RANGE", "error", place, action, str(value), "0 … 2^96 − 1", params))
    if findings:
        first = findings[0]
        raise InputError(
            f"{first.params['measure']} of {first.place} adds up to {first.got}, expected {first.expected}",
            hint=first.action,
            findings=tuple(findings),
        )
