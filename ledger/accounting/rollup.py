"""Add lines up the tree of the period, each unit once (spec: method-operational-1 §8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ledger.records.statement import Line, Measures, Rollup
from ledger.records.tree import Tree

_NOTHING = Measures()


def roll_up(tree: Tree, lines: Iterable[Line]) -> tuple[Rollup, ...]:
    """Return own and total of every unit of the tree, by unit id. Every line's unit must be one of them."""
    return roll_up_measures(tree, ((line.unit, line.measures) for line in lines))


def roll_up_measures(tree: Tree, measured: Iterable[tuple[str, Measures]]) -> tuple[Rollup, ...]:
    """Return own and total of every unit of the tree, by unit id, of the grams that units have, in any order."""
    order = tree.depth_order()
    # Four integers in a list: an object per addition would cost more than all the rest.
    sums = {unit.id: [0, 0, 0, 0] for unit in order}
    for unit, measures in measured:
        _add(sums[unit], measures.as_tuple())
    own = {unit: _freeze(columns) for unit, columns in sums.items()}
    total: dict[str, Measures] = {}
    for above in order:
        children = tree.children(above.id)
        for child in children:
            _add(sums[above.id], sums[child.id])
        total[above.id] = _freeze(sums[above.id]) if children else own[above.id]
    return tuple(Rollup(unit, own[unit], total[unit]) for unit in sorted(total, key=str.encode))


def _add(columns: list[int], more: Sequence[int]) -> None:
    columns[0] += more[0]
    columns[1] += more[1]
    columns[2] += more[2]
    columns[3] += more[3]


def _freeze(columns: list[int]) -> Measures:
    return Measures(*columns) if any(columns) else _NOTHING
