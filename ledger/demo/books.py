"""The loan books of the demo's banks: who has which, and the borrowers who owe several banks more than they are worth. All invented."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.demo.banks import MOGAN, TAIHU, TIAOXI
from ledger.demo.seeds import BankSeed
from ledger.loans.synthetic_bank import Planted

ROWS = 20_000
WORTH = 80_000_000


@dataclass(frozen=True)
class BookSeed:
    """A bank's book: seed of its rows, methods it is computed by, whether the bank shows it whole to the verifier."""

    bank: BankSeed
    seed: int
    methods: tuple[str, ...] = ("pcaf_2",)
    disclosed: bool = False


@dataclass(frozen=True)
class SharedBorrower:
    """A borrower with a loan at several banks, each in thousandths of what it is worth; together more than 1000."""

    name: str
    thousandths: tuple[tuple[str, int], ...]


BOOKS = (
    BookSeed(TAIHU, 101, disclosed=True),
    BookSeed(TIAOXI, 102, methods=("pcaf_2", "pboc_2021")),
    BookSeed(MOGAN, 103),
)
SHARED = (
    SharedBorrower("天目印染厂", ((TAIHU.id, 625), (TIAOXI.id, 500))),
    SharedBorrower("莫干竹业公司", ((TAIHU.id, 450), (MOGAN.id, 600))),
    SharedBorrower("苕溪水泥公司", ((TAIHU.id, 400), (TIAOXI.id, 400), (MOGAN.id, 400))),
)


def planted_at(bank: str) -> tuple[Planted, ...]:
    """Return the shared borrowers of a bank with their loans there."""
    return tuple(Planted(item.name, WORTH, share) for item in SHARED for id, share in item.thousandths if id == bank)
