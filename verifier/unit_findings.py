"""Find what would let a unit escape the question for its data: its place in the tree, its dates, no data of its own or below it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from verifier.finding import Finding, shown
from verifier.local_time import Days
from verifier.organisation import Organisation, Tree, Unit


def errors_of_units(organisation: Organisation) -> list[Finding]:
    """Return errors of kinds, dates and parents. A tree with two roots or with a cycle is named by rollup.recompute."""
    found = []
    for unit in organisation.units.values():
        place = f"unit {unit.id}"
        if unit.kind == "institution" and unit.placements:
            found.append(Finding("ROOT_KIND", place, unit.kind, "kind institution at the root and nowhere else"))
        if unit.kind != "institution" and not unit.placements:
            found.append(Finding("PLACEMENT_MISSING", place, "no placement", "a parent since the opening"))
        if unit.days[1] < unit.days[0]:
            found.append(Finding("UNIT_CLOSED_BEFORE_OPENED", place, str(unit.days[1]), f"{unit.days[0]} or later"))
        found += _errors_of_parents(place, unit, organisation)
    return found


def _errors_of_parents(place: str, unit: Unit, organisation: Organisation) -> list[Finding]:
    found = []
    for index, (since, name) in enumerate(unit.placements):
        until = unit.placements[index + 1][0] - timedelta(days=1) if index + 1 < len(unit.placements) else unit.days[1]
        parent = organisation.units.get(name)
        if parent is None:
            found.append(Finding("PARENT_UNKNOWN", place, name, "a unit of the organisation"))
        elif since <= until and not (parent.days[0] <= since and until <= parent.days[1]):
            stood = since, until
            found.append(Finding("PARENT_NOT_OPEN", place, f"under {name} {shown(stood)}", f"{name} open, {shown(parent.days)}"))
    return found


def units_without_data(lines: Sequence[Any], organisation: Organisation, tree: Tree, period: Days, silent: set[str]) -> list[Finding]:
    """Return the branches, sub-branches and outlets open in the period with no line of their own nor below them.

    `lines` are the stated ones; a line that rests on meters in `silent` (without a reading) alone is no data.
    """
    covered: set[str] = set()
    for line in lines:
        if all(source["kind"] == "meter" and source["id"] in silent for source in line["sources"]):
            continue
        at: str | None = line["unit"] if line["unit"] in tree.start else None
        while at is not None and at not in covered:
            covered.add(at)
            at = tree.parents[at]
    return [
        Finding("UNIT_WITHOUT_DATA", f"unit {unit.id}", "no line", "a line of its own or below it")
        for unit in organisation.units.values()
        if unit.kind != "institution" and _is_open_in(unit.days, period) and unit.id not in covered
    ]


def _is_open_in(days: tuple[date, date], period: Days) -> bool:
    return days[0] <= period[1] and days[1] >= period[0]
