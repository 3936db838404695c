"""Read the units of an organisation with their dates, and the tree in which a period sees them (documents.md §1)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from verifier.errors import Refused
from verifier.local_time import Days, read_day


@dataclass(frozen=True, slots=True)
class Unit:
    """Hold a unit: the days on which it is open, under whom it stood since when, which share of its building is its own since when."""

    id: str
    kind: str
    days: Days  # opened to closed, date.max while it is open
    placements: tuple[tuple[date, str], ...]
    shares: tuple[tuple[date, Fraction], ...]

    def parent_in(self, last: date) -> str | None:
        """Return the parent in the tree of the period that ends on `last`; None for a unit that never stood under another."""
        if not self.placements:
            return None
        day = min(last, self.days[1])
        return next((parent for since, parent in reversed(self.placements) if since <= day), self.placements[0][1])

    def share_of(self, days: Days) -> Fraction:
        """Return the allocation in force on the first of `days`.

        Raises:
            Refused: there is none, or another one starts within the days.
        """
        after = bisect_right(self.shares, days[0], key=lambda entry: entry[0])
        if not after:
            raise Refused("ALLOCATION_MISSING", f"unit {self.id} has no allocation on {days[0]}", unit=self.id, expected="an allocation")
        if after < len(self.shares) and self.shares[after][0] <= days[1]:
            change = self.shares[after][0]
            raise Refused(
                "ALLOCATION_CHANGES",
                f"unit {self.id} has another allocation from {change}, within {days[0]} to {days[1]}",
                unit=self.id,
                expected="one allocation over the record's days",
                found=str(change),
            )
        return self.shares[after - 1][1]


@dataclass(frozen=True, slots=True)
class Tree:
    """Hold one tree: `order` lists every unit after its parent, so that those at or below a unit follow it without a gap."""

    root: str
    parents: Mapping[str, str | None]
    order: tuple[str, ...]
    depth: Mapping[str, int]
    start: Mapping[str, int]
    end: Mapping[str, int]

    def is_within(self, unit: str, above: str) -> bool:
        """Say whether `unit` is `above` or stands below it."""
        return self.start[above] <= self.start[unit] < self.end[above]

    def slice_below(self, unit: str, starts: list[int]) -> tuple[int, int]:
        """Return where, in an ascending list of `start` numbers, those at or below `unit` stand."""
        return bisect_left(starts, self.start[unit]), bisect_left(starts, self.end[unit])


@dataclass(frozen=True, slots=True)
class Organisation:
    """Hold the units by id and the region whose factors are selected."""

    region: str
    units: dict[str, Unit]

    def tree(self, last: date) -> Tree:
        """Return the tree of the period whose last day is `last`.

        Raises:
            Refused: not one root, a parent that is no unit, or a unit above itself.
        """
        parents = {id: unit.parent_in(last) for id, unit in self.units.items()}
        return build_tree(parents)


def read_organisation(document: Any) -> Organisation:
    """Return the organisation in a document whose shape was checked. Raises: Malformed for a date that no calendar has."""
    units = {}
    for item in document["units"]:
        id, place = item["id"], f"organisation.json unit {item['id']}"
        opened = read_day(item["opened"], f"{place} opened")
        closed = date.max if item["closed"] is None else read_day(item["closed"], f"{place} closed")
        placements = tuple((read_day(entry["since"], f"{place} placements"), entry["parent"]) for entry in item["placements"])
        shares = tuple(
            (read_day(entry["since"], f"{place} allocations"), Fraction(entry["part"]) / Fraction(entry["whole"]))
            for entry in item["allocations"]
        )
        units[id] = Unit(id, item["kind"], (opened, closed), placements, shares)
    return Organisation(document["region"], units)


def build_tree(parents: Mapping[str, str | None]) -> Tree:
    """Return the tree that `parents` (unit to parent, None at the root) describes. Raises: Refused as Organisation.tree does."""
    roots = [unit for unit, parent in parents.items() if parent is None]
    orphan = next((unit for unit, parent in parents.items() if parent is not None and parent not in parents), None)
    if len(roots) != 1 or orphan is not None:
        raise Refused("ORGANISATION_ROOT", "the units have no single root, or a parent is missing", expected="1", found=str(len(roots)))
    children: dict[str, list[str]] = {}
    for unit, parent in parents.items():
        if parent is not None:
            children.setdefault(parent, []).append(unit)
    # Walk down without recursion: a chain of units may be longer than the interpreter's stack.
    order: list[str] = []
    depth = {roots[0]: 0}
    start: dict[str, int] = {}
    end: dict[str, int] = {}
    stack = [roots[0]]
    while stack:
        unit = stack.pop()
        start[unit] = len(order)
        order.append(unit)
        for child in children.get(unit, ()):
            depth[child] = depth[unit] + 1
            stack.append(child)
    if len(order) != len(parents):
        looped = min(set(parents) - set(start))
        raise Refused("ORGANISATION_CYCLE", f"unit {looped} is above itself, or below one that is", unit=looped)
    for unit in reversed(order):
        end.setdefault(unit, start[unit] + 1)
        above = parents[unit]
        if above is not None:
            end[above] = max(end.get(above, 0), end[unit])
    return Tree(roots[0], dict(parents), tuple(order), depth, start, end)
