"""Small committed books for tests: loans with records, groups under a fixed book key, and the tree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ledger.accounting.commit import CommittedDataset, dataset_context
from ledger.accounting.financed.compute import compute_book
from ledger.accounting.financed.groups import Groups, commit_groups, make_groups
from ledger.accounting.financed.records import BookRecords
from ledger.accounting.methods import pcaf_2
from ledger.loans.book import Book
from ledger.loans.exposure import Exposure
from ledger.loans.pseudonyms import PseudonymKey
from ledger.merkle.keys import CommitmentKeys
from ledger.records.period import Period
from tests.accounting.financed.scene import loan

PSEUDONYMS = PseudonymKey(b"p" * 32)
KEYS = CommitmentKeys(b"k" * 32)
BOOK_KEY = bytes(range(32))
PERIOD = Period.of_dates("2025", date(2025, 1, 1), date(2025, 12, 31), "Asia/Shanghai")
CONTEXT = dataset_context("bank-1", PERIOD, 1, "FINANCED_PCAF", 1337, bytes(19) + b"\xaa")


def loans(n: int) -> list[Exposure]:
    """So many business loans, every tenth with S3 unknown."""
    made = []
    for at in range(n):
        s3 = None if at % 10 == 0 else 10 * at
        figures = {"total_equity": 50_000 + at, "total_debt": 40_000, "s1_t": 3 * at, "s2_t": at, "s3_t": s3}
        made.append(loan(1000 + at, exposure=f"L{at}", borrower=f"borrower {at % 37}", sector=f"C{30 + at % 9}", **figures))
    return made


def records_of(rows: Sequence[Exposure]) -> BookRecords:
    """The records of a book by pcaf_2."""
    book = Book.of(rows)
    return BookRecords.of(book, compute_book(book, pcaf_2.Policies()).attribution, PSEUDONYMS)


class Kept:
    """Keeps what make_groups hands to the vault."""

    def __init__(self) -> None:
        self.salts, self.records, self.leaves = b"", list[bytes](), b""

    def __call__(self, salts: bytes, records: Sequence[bytes], leaves: bytes) -> None:
        self.salts += salts
        self.records += records
        self.leaves += leaves


def commit_rows(rows: Sequence[Exposure], book_key: bytes = BOOK_KEY) -> tuple[Groups, CommittedDataset, Kept]:
    """Groups, tree and what the vault gets of a book."""
    kept = Kept()
    groups = make_groups(records_of(rows), book_key, keep=kept)
    return groups, commit_groups(groups, "FINANCED_PCAF", CONTEXT, KEYS), kept
