"""The tree of a period: where each unit stands in it, each exactly once (spec: documents §1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from ledger.errors import NotFound
from ledger.records.unit import Unit


@dataclass(frozen=True)
class Tree:
    """The units of an organisation as they stood on `day`, the last one of a period.

    One that closed before stands where it stood on its last day, one that opens later under its first parent. For the units of a
    checked organisation this is one tree: every unit is in it once, and every chain of parents ends at the root.
    """

    units: tuple[Unit, ...]
    day: date

    @cached_property
    def _by_id(self) -> dict[str, Unit]:
        return {unit.id: unit for unit in self.units}

    @cached_property
    def _children(self) -> dict[str, tuple[Unit, ...]]:
        found: dict[str, list[Unit]] = {}
        for unit in sorted(self.units, key=lambda unit: unit.id):
            parent = unit.parent_on(self.day)
            if parent is not None:
                found.setdefault(parent, []).append(unit)
        return {parent: tuple(children) for parent, children in found.items()}

    @cached_property
    def _depths(self) -> dict[str, int]:
        # In the order of this dictionary parents come before their children.
        depths, waiting = {self.root.id: 0}, [self.root]
        while waiting:
            unit = waiting.pop()
            for child in self.children(unit.id):
                depths[child.id] = depths[unit.id] + 1
                waiting.append(child)
        return depths

    @cached_property
    def root(self) -> Unit:
        """Return the unit without a parent: the institution itself.

        Raises:
            NotFound: there is none.
        """
        return get_root(self.units)

    def parent(self, id: str) -> Unit | None:
        """Return the unit right above `id`, None above the root.

        Raises:
            NotFound: no such unit, or its parent is none.
        """
        parent = self._unit(id).parent_on(self.day)
        return None if parent is None else self._unit(parent)

    def children(self, id: str) -> tuple[Unit, ...]:
        """Return the units directly below `id`, by id."""
        return self._children.get(id, ())

    def depth(self, id: str) -> int:
        """Return how many units stand above `id`: 0 for the root.

        Raises:
            NotFound: no such unit.
        """
        return self._depths[self._unit(id).id]

    def depth_order(self) -> tuple[Unit, ...]:
        """Return every unit, each after all its children; the root comes last."""
        return tuple(self._by_id[id] for id in reversed(self._depths))

    def below(self, id: str) -> frozenset[str]:
        """Return the ids of `id` itself and of all units below it.

        Raises:
            NotFound: no such unit.
        """
        found, waiting = {self._unit(id).id}, [id]
        while waiting:
            for child in self.children(waiting.pop()):
                found.add(child.id)
                waiting.append(child.id)
        return frozenset(found)

    def _unit(self, id: str) -> Unit:
        unit = self._by_id.get(id)
        if unit is None:
            raise NotFound(f"the tree has no unit {id[:64]!r}", unit=id)
        return unit


def get_root(units: tuple[Unit, ...]) -> Unit:
    """Return the unit without a placement.

    Raises:
        NotFound: there is none.
    """
    for unit in units:
        if not unit.placements:
            return unit
    raise NotFound("the organisation has no root unit", hint="one unit, the institution, must have no placement")
