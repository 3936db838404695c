"""The attribution of a whole book as columns: what records, sums and tables are made from, row by row in the book's order."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ledger.accounting.financed.balances import KEPT, Balances
from ledger.accounting.financed.columns import Codes, Small
from ledger.accounting.financed.denominators import NAMES, Denominators
from ledger.accounting.financed.division import Bool, Int64
from ledger.accounting.financed.emissions import GramColumns
from ledger.accounting.financed.option_tables import Chosen
from ledger.accounting.methods.attribution import Attributed, Attribution, Emissions
from ledger.accounting.methods.pcaf_2.attribute import LEDGERS

LEDGER_COLUMNS = LEDGERS
FIGURES = ("s1_t", "s2_t", "s12_t", "s3_t", *LEDGER_COLUMNS)


@dataclass(frozen=True)
class Run:
    """What becomes of one run of rows; `attributed` leaves out columns that are 0 throughout."""

    calculated: Bool
    excluded: Codes
    balances: Balances
    denominators: Denominators
    emissions: GramColumns
    attributed: dict[str, Int64]
    chosen: Chosen
    reduction: Int64 | None
    has_reduction: Bool


@dataclass(frozen=True)
class BookAttribution:
    """One attribution per row. Rows that are not calculated are 0 and unknown but for their exposure, where that is known.

    `excluded` numbers `reasons`, -1 where a row is not excluded; a row that is neither calculated nor excluded has an error.
    `denominator` is 0 where there is none, `denominator_name` then numbers "" in NAMES. Figures are grams, 0 where unknown (`has_…`).
    PBOC: `numerator` is the sum of the balances, `denominator` so many times its column, `exposure` the mean balance.
    """

    reasons: tuple[str, ...]
    calculated: Bool
    excluded: Codes
    exposure: Int64
    has_exposure: Bool
    numerator: Int64
    denominator: Int64
    denominator_name: Small
    e_s1: Int64
    e_s2: Int64
    e_s12: Int64
    e_s3: Int64
    has_s1: Bool
    has_s2: Bool
    has_s12: Bool
    has_s3: Bool
    s1: Int64
    s2: Int64
    s12: Int64
    s3: Int64
    removals: Int64
    avoided: Int64
    credits_retired: Int64
    credits_generated: Int64
    score_s12: Small
    score_s3: Small
    reduction: Int64
    has_reduction: Bool

    @classmethod
    def empty(cls, rows: int, reasons: tuple[str, ...]) -> BookAttribution:
        """Return arrays of `rows` rows of which nothing is known yet."""
        kinds: dict[str, type] = {"Int64": np.int64, "Bool": np.bool_, "Small": np.uint8}
        arrays: dict[str, Any] = {item.name: np.zeros(rows, kinds[str(item.type)]) for item in fields(cls) if str(item.type) in kinds}
        return cls(reasons=reasons, excluded=np.full(rows, KEPT, np.intp), **arrays)

    @property
    def rows(self) -> int:
        """Return how many rows the book has."""
        return self.calculated.size

    def write(self, start: int, run: Run) -> None:
        """Put a run's result in its place, from row `start` on."""
        here = slice(start, start + run.calculated.size)
        keep = run.calculated
        self.calculated[here], self.excluded[here] = keep, run.excluded
        self.exposure[here] = np.where(run.balances.known, run.balances.exposure, 0)
        self.has_exposure[here] = run.balances.known
        self.has_reduction[here] = run.has_reduction
        emissions = run.emissions
        # Options without S3 have no score of it.
        score_s3 = np.where(emissions.has_s3, run.chosen.score_s3, 0)
        columns = (
            (self.numerator, run.balances.total),
            (self.denominator, run.denominators.cents),
            (self.denominator_name, run.denominators.name),
            *((self.e_s1, emissions.s1), (self.e_s2, emissions.s2), (self.e_s12, emissions.s12), (self.e_s3, emissions.s3)),
            *((self.has_s1, emissions.has_s1), (self.has_s2, emissions.has_s2)),
            *((self.has_s12, emissions.has_s12), (self.has_s3, emissions.has_s3)),
            *((self.score_s12, run.chosen.score_s12), (self.score_s3, score_s3)),
        )
        for into, values in columns:
            np.copyto(into[here], values, where=keep)
        for name, into in zip(FIGURES, self.attributed_columns(), strict=True):
            if name in run.attributed:
                into[here] = run.attributed[name]
        if run.reduction is not None:
            np.copyto(self.reduction[here], run.reduction, where=run.has_reduction)

    def attributed_columns(self) -> tuple[Int64, ...]:
        """Return the attributed figures in the order of FIGURES."""
        return self.s1, self.s2, self.s12, self.s3, self.removals, self.avoided, self.credits_retired, self.credits_generated

    def attribution(self, index: int) -> Attribution | None:
        """Return one row as the reference gives it, or None where it is not calculated."""
        if not self.calculated[index]:
            return None
        known = [bool(column[index]) for column in (self.has_s1, self.has_s2, self.has_s12, self.has_s3)]
        given = [int(column[index]) for column in (self.e_s1, self.e_s2, self.e_s12, self.e_s3)]
        emissions = Emissions(*(value if has else None for value, has in zip(given, known, strict=True)))
        figures = [int(column[index]) for column in self.attributed_columns()]
        scopes = [value if has else None for value, has in zip(figures[:4], known, strict=True)]
        attributed = Attributed(scopes[0], scopes[1], figures[2], scopes[3], *figures[4:])
        denominator = int(self.denominator[index])
        return Attribution(
            int(self.numerator[index]),
            denominator or None,
            NAMES[self.denominator_name[index]] or None,
            emissions,
            attributed,
            int(self.score_s12[index]),
            int(self.score_s3[index]) or None,
            int(self.exposure[index]),
            int(self.reduction[index]) if self.has_reduction[index] else None,
        )
