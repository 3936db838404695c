"""Tie published figures out with the statement (documents.md §2)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from typing import Any

from verifier.exact import shortest_decimal
from verifier.finding import Finding
from verifier.library import Library
from verifier.organisation import Tree

_SUMS = {
    "scope1_g": ("scope1_g",),
    "scope2_location_g": ("scope2_location_g",),
    "scope2_market_g": ("scope2_market_g",),
    "scope3_g": ("scope3_g",),
    "scope1_scope2_location_g": ("scope1_g", "scope2_location_g"),
    "scope1_scope2_market_g": ("scope1_g", "scope2_market_g"),
    "all_location_g": ("scope1_g", "scope2_location_g", "scope3_g"),
    "all_market_g": ("scope1_g", "scope2_market_g", "scope3_g"),
}
_OF_INDICATOR = "indicator/"
_LINE_GRAMS = ("scope1_g", "scope2_location_g", "scope3_g")  # each line has one of them; market-based is the same emission again


class StatedFigures:
    """Look up what the statement says of a unit with all below it; rollup.recompute and lines.recompute hold it to its sources."""

    def __init__(self, statement: Any, tree: Tree) -> None:
        self._tree = tree
        self._totals = {item["unit"]: item["total"] for item in statement["rollup"]} | {tree.root: statement["totals"]}
        by_indicator: dict[str, list[tuple[int, int]]] = {}
        for line in statement["lines"]:
            if line["unit"] in tree.start:
                grams = sum(int(line[name]) for name in _LINE_GRAMS)
                by_indicator.setdefault(line["indicator"], []).append((tree.start[line["unit"]], grams))
        # By indicator: the places of its lines in the tree, ascending, and the running sum before each.
        self._places: dict[str, list[int]] = {}
        self._sums: dict[str, list[int]] = {}
        for indicator, pairs in by_indicator.items():
            pairs.sort()
            self._places[indicator] = [place for place, _ in pairs]
            self._sums[indicator] = [0, *accumulate(grams for _, grams in pairs)]

    def grams(self, measure: str, at: str | None) -> int:
        """Return the grams of a measure of documents.md §2 at a unit of the tree, None the root."""
        unit = self._tree.root if at is None else at
        if measure in _SUMS:
            totals = self._totals.get(unit, {})
            return sum(int(totals.get(name, "0")) for name in _SUMS[measure])
        indicator = measure.removeprefix(_OF_INDICATOR)
        first, end = self._tree.slice_below(unit, self._places.get(indicator, []))
        sums = self._sums.get(indicator, [0])
        return sums[end] - sums[first]


def errors_of_totals(totals: Sequence[Any], statement: Any, library: Library, tree: Tree) -> list[Finding]:
    """Compare published figures with the stated ones: one ties out when |computed − value| ≤ tolerance.

    A figure for another period is not tied out, but its unit, measure and unit of measure must be known all the same.
    """
    figures = StatedFigures(statement, tree)
    found = [
        _error_of_total(f"/declared_totals/{index}", total, figures, statement["period"]["id"], library, tree)
        for index, total in enumerate(totals)
    ]
    return [finding for finding in found if finding is not None]


def _error_of_total(place: str, total: Any, figures: StatedFigures, period: str, library: Library, tree: Tree) -> Finding | None:
    unit, measure = library.units.get(total["unit"]), total["measure"]
    if unit is None or unit.dimension != "emissions":
        return Finding("MEASURE_UNKNOWN", f"{place}/unit", total["unit"], "a unit of emissions")
    if total["at"] is not None and total["at"] not in tree.start:
        return Finding("UNIT_UNKNOWN", f"{place}/at", total["at"], "a unit of the organisation")
    if measure not in _SUMS and not measure.startswith(_OF_INDICATOR):
        return Finding("FIELD_INVALID", f"{place}/measure", measure, " | ".join((*_SUMS, _OF_INDICATOR + "<indicator id>")))
    if measure not in _SUMS and measure.removeprefix(_OF_INDICATOR) not in library.indicators:
        return Finding("INDICATOR_UNKNOWN", f"{place}/measure", measure, "an indicator of the release")
    if total["period"] not in (None, period):
        return None
    computed = Fraction(figures.grams(measure, total["at"]), 1000) / unit.base
    if abs(computed - Fraction(total["value"])) <= Fraction(total["tolerance"]):
        return None
    stated = f"{total['value']} ± {total['tolerance']} {total['unit']}"
    return Finding("TOTAL_MISMATCH", place, f"{shortest_decimal(computed)} {total['unit']}", stated)
