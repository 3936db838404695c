"""Published figures in exact grams, and what an inventory says for the same measure (spec: documents §2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from ledger.errors import InputError
from ledger.indicators.release import Release
from ledger.records.activity import DeclaredTotal
from ledger.records.findings import Finding
from ledger.records.organisation import Organisation
from ledger.records.statement import Line, Measures, Statement
from ledger.records.tree import Tree
from ledger.units import format_decimal, parse_decimal

GRAMS_PER_KG = 1000
GRAMS_PER_TONNE = 1_000_000

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "scope1_g": ("scope1_g",),
    "scope2_location_g": ("scope2_location_g",),
    "scope2_market_g": ("scope2_market_g",),
    "scope3_g": ("scope3_g",),
    "scope1_scope2_location_g": ("scope1_g", "scope2_location_g"),
    "scope1_scope2_market_g": ("scope1_g", "scope2_market_g"),
    "all_location_g": ("scope1_g", "scope2_location_g", "scope3_g"),
    "all_market_g": ("scope1_g", "scope2_market_g", "scope3_g"),
}
"""The columns that a measure adds up."""
OWN_COLUMN: Mapping[int, str] = {1: "scope1_g", 2: "scope2_location_g", 3: "scope3_g"}
"""The column of a line of each scope; Scope 2 is location-based where a figure is about an indicator."""


@dataclass(frozen=True)
class DeclaredFigure:
    """A published figure in exact grams, with its index in document order."""

    index: int
    total: DeclaredTotal
    grams: Fraction
    tolerance: Fraction

    @property
    def place(self) -> str:
        """Return the JSON pointer of the figure's value."""
        return f"/declared_totals/{self.index}/value"

    @property
    def key(self) -> tuple[str, str]:
        """Return what the figure is of: (measure, unit or nothing for the root)."""
        return (self.total.measure, self.total.at or "")

    @property
    def params(self) -> dict[str, str]:
        """Return the facts that every finding about the figure carries."""
        named = {"total": self.total.id, "measure": self.total.measure, "reference": self.total.reference}
        return named | ({"at": self.total.at} if self.total.at else {}) | ({"period": self.total.period} if self.total.period else {})

    @property
    def text(self) -> str:
        """Return the figure as it is printed, with its unit."""
        return f"{self.total.value} {self.total.unit}"

    @property
    def grams_per_unit(self) -> Fraction:
        """Return the grams of one of the figure's unit."""
        value = parse_decimal(self.total.value)
        return self.grams / value if value else Fraction(GRAMS_PER_TONNE)

    def is_of(self, period: str) -> bool:
        """Tell whether the figure is printed for the period with this id, whose report it is in."""
        return self.total.period in (None, period)

    def ties_out(self, grams: Fraction | int) -> bool:
        """Tell whether computed grams are within the tolerance."""
        return abs(grams - self.grams) <= self.tolerance


def tonnes(grams: Fraction | int) -> str:
    """Return grams as exact tonnes to the gram, as `12.345678`."""
    return format_decimal(Fraction(round(grams), GRAMS_PER_TONNE))


def read_declared(
    declared: Iterable[DeclaredTotal], release: Release, organisation: Organisation | None = None
) -> tuple[tuple[DeclaredFigure, ...], tuple[Finding, ...]]:
    """Return the published figures in grams, and findings about units and indicators that do not exist.

    Without an organisation the units they are about are not looked at.
    """
    figures, findings = [], []
    for index, total in enumerate(sorted(declared, key=lambda total: total.id.encode())):
        place, params = f"/declared_totals/{index}", {"total": total.id, "measure": total.measure}
        unit = release.find_unit(total.unit)
        if total.indicator is not None and release.find_indicator(total.indicator) is None:
            action, expected = "use an indicator of the library", "an indicator of the library release"
            findings.append(Finding("INDICATOR_UNKNOWN", "error", f"{place}/measure", action, total.indicator, expected, params))
        if total.at is not None and organisation is not None and organisation.find_unit(total.at) is None:
            action, expected = "name a unit of the organisation", "a unit of the organisation"
            findings.append(Finding("UNIT_UNKNOWN", "error", f"{place}/at", action, total.at, expected, params))
            continue
        if unit is None or unit.dimension != "emissions":
            action = "give the figure in tCO2e"
            findings.append(Finding("MEASURE_UNKNOWN", "error", f"{place}/unit", action, total.unit, "an emissions unit, as tCO2e", params))
            continue
        try:
            value, tolerance = parse_decimal(total.value), parse_decimal(total.tolerance)
        except InputError:
            action = "write decimal strings, as 123.456"
            findings.append(Finding("QUANTITY_INVALID", "error", f"{place}/value", action, total.value[:80], "a decimal string", params))
            continue
        grams = unit.base_units * GRAMS_PER_KG
        figures.append(DeclaredFigure(index, total, value * grams, tolerance * grams))
    return tuple(figures), tuple(findings)


def lines_of(total: DeclaredTotal, statement: Statement, tree: Tree) -> tuple[Line, ...]:
    """Return the lines that a figure's measure adds up, at or below its unit."""
    units = tree.below(total.at or tree.root.id)
    if total.indicator is not None:
        return tuple(line for line in statement.lines if line.indicator == total.indicator and line.unit in units)
    scopes = scopes_of(total.measure)
    return tuple(line for line in statement.lines if line.scope in scopes and line.unit in units)


def scopes_of(measure: str) -> frozenset[int]:
    """Return the scopes that a measure other than an indicator's adds up."""
    return frozenset(int(column.removeprefix("scope")[0]) for column in COLUMNS[measure])


def computed_grams(total: DeclaredTotal, statement: Statement, tree: Tree) -> int:
    """Return the grams of an inventory for the measure of a figure."""
    if total.indicator is not None:
        return sum(_column(line.measures, OWN_COLUMN[line.scope]) for line in lines_of(total, statement, tree))
    at = total.at or tree.root.id
    measures = next(item.total for item in statement.rollup if item.unit == at)
    return sum(_column(measures, column) for column in COLUMNS[total.measure])


def _column(measures: Measures, name: str) -> int:
    return int(getattr(measures, name))
