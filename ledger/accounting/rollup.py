"""Add lines up the tree of the period, each unit once (spec: method-operational-1 §8)."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.records.statement import Line, Measures, Rollup
from ledger.records.tree import Tree


def roll_up(tree: Tree, lines: Iterable[Line]) -> tuple[Rollup, ...]:
    """Return own and total of every unit of the tree, by unit id. Every line's unit must be one of them."""
    order = tree.depth_order()
    own: dict[str, Measures] = {unit.id: Measures() for unit in order}
    for line in lines:
        own[line.unit] += line.measures
    total: dict[str, Measures] = {}
    for unit in order:
        total[unit.id] = own[unit.id] + Measures.sum(total[child.id] for child in tree.children(unit.id))
    return tuple(Rollup(unit, own[unit], total[unit]) for unit in sorted(total, key=str.encode))
