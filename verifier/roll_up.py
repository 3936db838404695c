"""Add lines up over the tree of the period (method §8)."""

from __future__ import annotations

from collections.abc import Sequence

from verifier.errors import Refused
from verifier.organisation import Tree

MEASURES = ("scope1_g", "scope2_location_g", "scope2_market_g", "scope3_g")
Totals = dict[str, int]


def compute_rollup(tree: Tree, lines: Sequence[tuple[str, Totals]]) -> dict[str, tuple[Totals, Totals]]:
    """Return (own, total) of every unit from (unit, grams) of the lines.

    Raises:
        Refused: a line names a unit that is not in the tree.
    """
    own = {unit: dict.fromkeys(MEASURES, 0) for unit in tree.order}
    for unit, grams in lines:
        if unit not in own:
            raise Refused("UNIT_UNKNOWN", f"unit {unit} is not in the organisation", unit=unit)
        for measure in MEASURES:
            own[unit][measure] += grams[measure]
    total = {unit: dict(values) for unit, values in own.items()}
    for unit in reversed(tree.order):
        parent = tree.parents[unit]
        if parent is not None:
            for measure in MEASURES:
                total[parent][measure] += total[unit][measure]
    return {unit: (own[unit], total[unit]) for unit in sorted(own)}
