"""The columns of a statement and their sums, and ratios in basis points (spec: analysis §1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from ledger.records.line import MEASURES, Measures
from ledger.units import round_half_even

COLUMNS = MEASURES
SCOPE_COLUMNS = {1: ("scope1_g",), 2: ("scope2_location_g", "scope2_market_g"), 3: ("scope3_g",)}
SUMS = {
    "scope1_scope2_location_g": ("scope1_g", "scope2_location_g"),
    "scope1_scope2_market_g": ("scope1_g", "scope2_market_g"),
    "all_location_g": ("scope1_g", "scope2_location_g", "scope3_g"),
    "all_market_g": ("scope1_g", "scope2_market_g", "scope3_g"),
}
COLUMN_NAMES = (*COLUMNS, *SUMS)
WHOLE_COLUMNS = ("all_location_g", "all_market_g")


def parts_of(column: str) -> tuple[str, ...]:
    """Return the columns of a statement that make up one of the eight."""
    return SUMS.get(column, (column,))


def grams_in(measures: Measures, column: str) -> int:
    """Return the grams of one of the eight columns."""
    return sum(getattr(measures, part) for part in parts_of(column))


def difference(minuend: Measures, subtrahend: Measures) -> Measures:
    """Return the column-wise difference, which may be negative."""
    return Measures(*(one - other for one, other in zip(minuend.as_tuple(), subtrahend.as_tuple(), strict=True)))


def columns_document(measures: Measures) -> dict[str, object]:
    """Return all eight columns as decimal strings."""
    return {name: str(grams_in(measures, name)) for name in COLUMN_NAMES}


def basis_points(part: Fraction | int, whole: Fraction | int) -> int | None:
    """Return `part` ÷ `whole` in basis points, rounded half-even; None where the whole is 0."""
    return None if whole == 0 else round_half_even(Fraction(part) * 10_000 / whole)


def sum_by(measures: Iterable[tuple[str, Measures]]) -> Mapping[str, Measures]:
    """Return the sum for every name, by name."""
    found: dict[str, Measures] = {}
    for name, item in measures:
        found[name] = found.get(name, Measures()) + item
    return {name: found[name] for name in sorted(found, key=str.encode)}
