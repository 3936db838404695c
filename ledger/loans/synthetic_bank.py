"""Fit a made-up book to one bank: its own branches, nobody's loans above what the borrower is worth, and borrowers shared with other banks.

In the book of the generator a firm has many loans, together often above its worth; here its further loans go to companies of its group.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from ledger.loans.exposure import MONTHS

_SHARES = ("business_loan", "corporate_bond", "listed_equity", "unlisted_equity")


@dataclass(frozen=True)
class Planted:
    """A borrower by name, worth so much in yuan (three quarters of it debt), and its loan in thousandths of that."""

    name: str
    worth: int
    thousandths: int


def fit_to_bank(frame: pl.DataFrame, bank: str, branches: Sequence[str], planted: Iterable[Planted]) -> pl.DataFrame:
    """Return the book with these branches in turn, further loans to companies of a group named after the bank, and planted borrowers.

    A planted borrower takes the place of a plain loan to a firm that is known by its revenue, in the order of the rows.
    """
    known = frame["branch"].unique().sort().to_list()
    names = {branch: branches[place % len(branches)] for place, branch in enumerate(known)}
    loan = pl.col("exposure").cum_count().over("borrower")
    further = pl.concat_str(pl.col("borrower"), pl.lit(f"-{bank}-"), loan.cast(pl.String))
    fitted = frame.with_columns(
        pl.col("branch").replace_strict(names, return_dtype=pl.String),
        pl.when(pl.col("asset_class").is_in(list(_SHARES)) & (loan > 1)).then(further).otherwise(pl.col("borrower")).alias("borrower"),
    )
    plain = (pl.col("asset_class") == "business_loan") & (pl.col("option") == "3a") & pl.col("total_debt").is_not_null()
    plain &= pl.all_horizontal(pl.col("currency", "instrument", "listed", "exclude_reason").is_null())
    places = fitted.with_row_index("row").filter(plain)["row"].to_list()
    for row, borrower in zip(places, planted, strict=False):
        fitted = _plant(fitted, row, borrower)
    return fitted


def exposures_of(frame: pl.DataFrame, borrowers: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of the exposures to these borrowers, in the order of the rows."""
    return tuple(frame.filter(pl.col("borrower").is_in(list(borrowers)))["exposure"].to_list())


def _plant(frame: pl.DataFrame, row: int, borrower: Planted) -> pl.DataFrame:
    worth = Decimal(borrower.worth)
    values: dict[str, object] = dict.fromkeys(("outstanding", *MONTHS[1:]), worth * borrower.thousandths / 1000)
    values |= {"borrower": borrower.name, "total_debt": worth * 3 / 4, "total_equity": worth / 4, "revenue": worth * 3 / 2}
    here = pl.int_range(pl.len()) == row
    return frame.with_columns(
        pl.when(here).then(pl.lit(value).cast(frame.schema[name])).otherwise(pl.col(name)).alias(name) for name, value in values.items()
    )
