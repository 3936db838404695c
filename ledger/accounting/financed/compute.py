"""A book, a method and its policies → figures of the statement, one attribution per row, and every finding (spec: documents §14)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from ledger.accounting.financed.attributions import BookAttribution
from ledger.accounting.financed.blocks import Block, make_cells
from ledger.accounting.financed.columns import Table
from ledger.accounting.financed.methods import Method, Policies, method_of
from ledger.accounting.financed.portfolio import Waci, compute_waci
from ledger.accounting.financed.reductions import sum_reductions
from ledger.accounting.financed.said import Notices
from ledger.accounting.financed.sums import total
from ledger.accounting.financed.vectorised import attribute_table, table_of
from ledger.loans.book import Book
from ledger.records.findings import Finding


@dataclass(frozen=True)
class Excluded:
    """Rows left out for one reason; they count against coverage."""

    reason: str
    rows: int
    exposure_cents: int


@dataclass(frozen=True)
class TieOut:
    """A figure of the general ledger, and the sum of outstanding balances that must meet it."""

    id: str
    asset_class: str | None
    declared_cents: int
    computed_cents: int


@dataclass(frozen=True)
class BookFigures:
    """Everything of the statement that sums or ratios of rows give. Blocks are by name, in order of its bytes.

    `options` and `uses` are blocks too; the statement shows rows and exposure of options, and uses for pboc_2021 only.
    `covered_cents` ÷ `total_cents` is coverage; `unknown_exposure` rows are excluded without a known balance.
    """

    rows: int
    total: Block
    classes: dict[str, Block]
    sectors: dict[str, Block]
    branches: dict[str, Block]
    high_carbon: dict[str, Block]
    options: dict[str, Block]
    uses: dict[str, Block]
    excluded: tuple[Excluded, ...]
    reductions_g: int
    reduction_rows: int
    waci: Waci | None
    covered_cents: int
    total_cents: int
    unknown_exposure: int
    tie_out: tuple[TieOut, ...]


@dataclass(frozen=True)
class BookComputation:
    """The result for a book. Where a notice is an error there are no figures; `attribution` then still has the rows without one."""

    method: Method
    policies: Policies
    attribution: BookAttribution
    notices: Notices
    figures: BookFigures | None

    def findings(self, book: Book) -> tuple[Finding, ...]:
        """Return what there is to say of the rows of `book`, in their order; at most 1,000 of one code, then how many there are."""
        return tuple(self.notices.findings(book))


def compute_book(book: Book, policies: Policies, *, progress: Callable[[int], None] | None = None) -> BookComputation:
    """Return the attribution and figures of a book; the kind of `policies` decides the method, `progress` hears rows done.

    Raises:
        InputError: a figure below 0 where none can be; reading a file finds it first, with its row.
    """
    table = table_of(book, policies)
    attribution, notices = attribute_table(table, policies, progress=progress)
    figures = None if notices.has_errors else compute_figures(table, attribution)
    return BookComputation(method_of(policies), policies, attribution, notices, figures)


def compute_figures(table: Table, attribution: BookAttribution) -> BookFigures:
    """Return the figures of a book whose rows are all calculated or excluded."""
    cells = make_cells(table, attribution)
    of_all = cells.total()
    reductions, reduction_rows = sum_reductions(attribution)
    return BookFigures(
        rows=table.rows,
        total=of_all,
        classes=cells.by("asset_class"),
        sectors=cells.by("sector"),
        branches=cells.by("branch"),
        high_carbon=cells.by("high_carbon"),
        options=cells.by("option"),
        uses=cells.by("use"),
        excluded=_excluded(attribution),
        reductions_g=reductions,
        reduction_rows=reduction_rows,
        waci=compute_waci(table, attribution),
        covered_cents=of_all.exposure_cents,
        total_cents=total(attribution.exposure),
        unknown_exposure=int((~attribution.has_exposure).sum()),
        tie_out=_tie_out(table.book),
    )


def _excluded(attribution: BookAttribution) -> tuple[Excluded, ...]:
    found: dict[str, Excluded] = {}
    for number, reason in enumerate(attribution.reasons):
        rows = np.flatnonzero(attribution.excluded == number)
        if rows.size:
            # A bank may write a policy's own reason.
            known = found.get(reason, Excluded(reason, 0, 0))
            found[reason] = Excluded(reason, known.rows + int(rows.size), known.exposure_cents + total(attribution.exposure[rows]))
    return tuple(found[reason] for reason in sorted(found, key=str.encode))


def _tie_out(book: Book) -> tuple[TieOut, ...]:
    outstanding, asset_class = book.series("outstanding").fill_null(0), book.series("asset_class").cast(pl.String)
    found = []
    for figure in book.head.general_ledger:
        chosen = outstanding if figure.asset_class is None else outstanding.filter(asset_class == figure.asset_class)
        found.append(TieOut(figure.id, figure.asset_class, figure.cents, total(chosen.to_numpy())))
    return tuple(sorted(found, key=lambda item: item.id.encode()))
