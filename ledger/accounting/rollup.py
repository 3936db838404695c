"""Add lines up the organisation tree, each unit once (spec: method-operational-1 §6)."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.records.organisation import Organisation
from ledger.records.statement import Line, Measures, Rollup


def roll_up(organisation: Organisation, lines: Iterable[Line]) -> tuple[Rollup, ...]:
    """Return own and total of every unit of the organisation, by unit id. Every line's unit must be one of them."""
    own: dict[str, Measures] = {unit.id: Measures() for unit in organisation.units}
    for line in lines:
        own[line.unit] += line.measures
    total: dict[str, Measures] = {}
    for unit in organisation.depth_order():
        total[unit.id] = own[unit.id] + Measures.sum(total[child.id] for child in organisation.children(unit.id))
    return tuple(Rollup(unit, own[unit], total[unit]) for unit in sorted(total, key=str.encode))
