"""Attribute a whole book exactly, in columns: every row equals the reference of the method (spec: method-pcaf-2, method-pboc-2021).

| step | file | in → out |
|---|---|---|
| 1 | columns.py | book → range-checked integer arrays, cut into runs of rows |
| 2 | balances.py | numerators; the policies' exclusions |
| 3 | option_tables.py | scores and sources |
| 4 | emissions.py, denominators.py | E and D |
| 5 | here, division.py | attributed grams, each rounded once |
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ledger.accounting.financed.attributions import LEDGER_COLUMNS, BookAttribution, Run
from ledger.accounting.financed.balances import EXCLUSIONS, KEPT, Balances, mean_balance, outstanding
from ledger.accounting.financed.columns import CHUNK, Codes, Rows, Table
from ledger.accounting.financed.denominators import NAMES, Denominators, of_pboc, of_pcaf
from ledger.accounting.financed.division import Bool, Int64, Quotient, divide_half_even, multiply_divide
from ledger.accounting.financed.emissions import GramColumns, find_emissions
from ledger.accounting.financed.methods import Policies
from ledger.accounting.financed.option_tables import ASSETS, TURNOVER, choose
from ledger.accounting.financed.said import Notices, Said
from ledger.accounting.methods import pboc_2021
from ledger.accounting.methods.attribution import LIMIT
from ledger.loans.book import Book

REDUCTION = "project_reduction_t"
SPARSE = 3  # a figure of fewer than one row in three is computed for those rows alone


def attribute_book(book: Book, policies: Policies, *, progress: Callable[[int], None] | None = None) -> tuple[BookAttribution, Notices]:
    """Return the attribution of every row of a book and what there is to say of its rows; `progress` hears rows done.

    The kind of `policies` decides the method.

    Raises:
        InputError: a figure below 0 where none can be, which reading a file would have found.
    """
    return attribute_table(table_of(book, policies), policies, progress=progress)


def table_of(book: Book, policies: Policies) -> Table:
    """Return the columns of a book that the method of these policies takes.

    Raises:
        InputError: a figure below 0 where none can be.
    """
    return Table.of(book, months=isinstance(policies, pboc_2021.Policies))


def attribute_table(table: Table, policies: Policies, *, progress: Callable[[int], None] | None = None) -> tuple[BookAttribution, Notices]:
    """Return the same of a table of a book."""
    reasons, names = table.codes("exclude_reason")
    given = tuple(name for name in names if name)
    own_reason = np.array([given.index(name) if name else KEPT for name in names], np.intp)[reasons] if names else np.zeros(0, np.intp)
    result = BookAttribution.empty(table.rows, (*given, *EXCLUSIONS))
    runs: list[tuple[int, Said]] = []
    for start in range(0, table.rows, CHUNK):
        stop = min(start + CHUNK, table.rows)
        rows, said = table.run(start, stop), Said.of(stop - start)
        result.write(start, attribute_run(rows, table.book.months, policies, own_reason[start:stop], len(given), said))
        runs.append((start, said))
        if progress is not None:
            progress(stop)
    return result, Notices.joined(runs)


def attribute_run(rows: Rows, months: tuple[str, ...], policies: Policies, own_reason: Codes, given: int, said: Said) -> Run:
    """Return the attribution of one run of rows. Reasons are numbered: the book's own first, then the policies' from `given`."""
    pboc = isinstance(policies, pboc_2021.Policies)
    kept = own_reason == KEPT
    if isinstance(policies, pboc_2021.Policies):
        balances = mean_balance(rows, months, policies, kept, said)
    else:
        balances = outstanding(rows, kept, said)
    excluded = np.where(kept, np.where(balances.excluded == KEPT, KEPT, balances.excluded + given), own_reason)
    live = (excluded == KEPT) & balances.known
    chosen = choose(rows, live, said, pboc=pboc)
    live &= ~said.errors
    needed = live & (balances.total > 0)
    emissions = find_emissions(rows, chosen, balances.exposure, needed, said)
    without = (chosen.source == ASSETS) | (chosen.source == TURNOVER)
    if pboc:
        denominators = of_pboc(rows, balances.parts, needed, said)
    else:
        denominators = of_pcaf(rows, needed & ~without, said)
        denominators.cents[without], denominators.name[without] = 0, 0
        for column in LEDGER_COLUMNS:
            if rows.has(column):
                said.add("FIGURE_UNUSED", column, needed & without & rows.known(column))
    reduction = _reductions(rows, balances, live, said)
    calculated = live & ~said.errors
    _say_clipped(balances, denominators, calculated, said)
    attributed = _attribute(rows, balances, denominators, emissions, calculated, without)
    return Run(calculated, excluded, balances, denominators, emissions, attributed, chosen, reduction, calculated & rows.known(REDUCTION))


def _say_clipped(balances: Balances, denominators: Denominators, calculated: Bool, said: Said) -> None:
    clipped = calculated & (denominators.cents > 0) & (balances.total > denominators.cents)
    if clipped.any():
        for code, name in enumerate(NAMES):
            said.add("ATTRIBUTION_CLIPPED", name, clipped & (denominators.name == code))


def _attribute(
    rows: Rows, balances: Balances, denominators: Denominators, emissions: GramColumns, calculated: Bool, without: Bool
) -> dict[str, Int64]:
    whole = denominators.cents == 0  # attribution is 100 %, unless there is no balance
    part = np.where(whole, balances.total > 0, np.minimum(balances.total, denominators.cents))
    part = np.where(calculated, part, 0)
    divisor = np.where(whole, 1, denominators.cents)
    factor = Quotient(part, divisor)
    figures = [("s1_t", emissions.s1), ("s2_t", emissions.s2), ("s12_t", emissions.s12), ("s3_t", emissions.s3)]
    figures += [(name, np.where(without, 0, rows.values(name))) for name in LEDGER_COLUMNS if rows.has(name)]
    found: dict[str, Int64] = {}
    for name, grams in figures:
        at = np.flatnonzero(grams)
        if at.size > rows.size // SPARSE:
            found[name] = factor.times(grams)
        elif at.size:
            found[name] = np.zeros(rows.size, np.int64)
            found[name][at] = multiply_divide(part[at], grams[at], divisor[at])
    return found


def _reductions(rows: Rows, balances: Balances, live: Bool, said: Said) -> Int64 | None:
    """Return the part of each green project's reduction, or None where the book has none."""
    if not rows.has(REDUCTION):
        return None
    has = live & rows.known(REDUCTION)
    investment, total, parts = rows.values("total_investment"), balances.total, balances.parts
    missing, wide = investment <= 0, investment > (LIMIT - 1) // parts
    said.add("DENOMINATOR_MISSING", "total_investment", has & missing & (total > 0))
    usable = has & ~missing
    whole = np.where(usable & ~wide, investment * parts, 1)
    above = usable & ~wide & (total > whole)
    said.add("ATTRIBUTION_CLIPPED", "total_investment", above)
    reduction = np.where(usable, rows.values(REDUCTION), 0)
    found = Quotient(np.minimum(np.where(usable, total, 0), whole), whole).times(reduction)
    for row in np.flatnonzero(usable & wide).tolist():
        found[row] = divide_half_even(int(reduction[row]) * int(total[row]), int(investment[row]) * int(parts[row]))
    return found
