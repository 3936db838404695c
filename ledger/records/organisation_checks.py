"""Check what units say of each other: one root, parents open while units stand under them, no circle on any day (spec: documents §1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from graphlib import CycleError, TopologicalSorter

from ledger.records.findings import Finding
from ledger.records.unit import ROOT_KIND, Unit

ONE_DAY = timedelta(days=1)


def check_units(units: tuple[Unit, ...]) -> tuple[Finding, ...]:
    """Return all findings about units whose fields were well-formed; places are pointers into the organisation document."""
    by_id = {unit.id: unit for unit in units}
    findings = list(_check_root(units))
    for index, unit in enumerate(units):
        place = f"/units/{index}"
        findings.extend(_check_dates(unit, place))
        findings.extend(_check_closing(unit, place, by_id))
        findings.extend(_check_placements(unit, place))
        findings.extend(_check_parents(unit, place, by_id))
    findings.extend(_check_cycles(units, by_id))
    return tuple(findings)


def _error(code: str, place: str, action: str, got: str | None, expected: str | None, unit: Unit) -> Finding:
    return Finding(code, "error", place, action, got, expected, {"unit": unit.id})


def _check_root(units: tuple[Unit, ...]) -> Iterator[Finding]:
    roots = [unit.id for unit in units if unit.kind == ROOT_KIND]
    if len(roots) != 1:
        got, expected = ", ".join(roots[:5]) or "none", f"exactly one unit of kind {ROOT_KIND}"
        yield Finding("ROOT_NOT_ONE", "error", "/units", f"give exactly one unit the kind {ROOT_KIND}", got, expected)


def _check_dates(unit: Unit, place: str) -> Iterator[Finding]:
    if unit.closed is not None and unit.closed < unit.opened:
        expected = f"{unit.opened.isoformat()} or later"
        yield _error("UNIT_CLOSED_BEFORE_OPENED", f"{place}/closed", "correct the dates", unit.closed.isoformat(), expected, unit)


def _check_closing(unit: Unit, place: str, by_id: Mapping[str, Unit]) -> Iterator[Finding]:
    if (unit.closed is None) != (unit.closing is None):
        got = f"closed {_text(unit.closed)}, closing {unit.closing or 'null'}"
        yield _error("CLOSING_WITHOUT_DATE", f"{place}/closing", "give both or neither", got, "closed and closing together", unit)
    if unit.closing == "merged" and unit.merged_into is None:
        action = "name the unit that took this one over"
        yield _error("MERGED_INTO_MISSING", f"{place}/merged_into", action, "null", "the id of a unit", unit)
    if unit.merged_into is None:
        return
    place = f"{place}/merged_into"
    if unit.closing != "merged":
        action = "write closing merged, or merged_into null"
        yield _error("MERGED_INTO_WITHOUT_MERGER", place, action, unit.merged_into, "null where closing is not merged", unit)
    target = by_id.get(unit.merged_into)
    if target is None or target is unit:
        yield _error("MERGED_INTO_UNKNOWN", place, "name another unit of this document", unit.merged_into, "another unit's id", unit)
    elif unit.closed is not None and unit.closed < date.max and not target.is_open(unit.closed + ONE_DAY, unit.closed + ONE_DAY):
        expected = f"a unit open on {(unit.closed + ONE_DAY).isoformat()}"
        got = f"{target.id}, open {target.opened.isoformat()} to {_text(target.closed)}"
        yield _error("MERGED_INTO_NOT_OPEN", place, "name the unit that went on, or correct the dates", got, expected, unit)


def _check_placements(unit: Unit, place: str) -> Iterator[Finding]:
    if unit.kind == ROOT_KIND:
        if unit.placements:
            action = "remove its placements, or correct its kind"
            got = f"under {unit.placements[0].parent}"
            yield _error("ROOT_KIND", f"{place}/placements", action, got, f"no placement of the {ROOT_KIND} itself", unit)
        return
    if not unit.placements:
        action = "say under which unit it stands since its opening"
        yield _error("PLACEMENT_MISSING", f"{place}/placements", action, "none", "at least one placement", unit)
        return
    first = unit.placements[0].since
    if first != unit.opened:
        action, expected = "begin the placements on the day of opening", unit.opened.isoformat()
        yield _error("PLACEMENT_FIRST", f"{place}/placements/0/since", action, first.isoformat(), expected, unit)
    for index, placement in enumerate(unit.placements):
        before = unit.placements[index - 1].since if index else None
        if before is not None and placement.since <= before:
            expected = f"a day after {before.isoformat()}"
        elif unit.closed is not None and placement.since > unit.closed >= unit.opened:
            expected = f"a day up to {unit.closed.isoformat()}, its last one"
        else:
            continue
        got = placement.since.isoformat()
        yield _error("PLACEMENT_ORDER", f"{place}/placements/{index}/since", "sort the placements or correct the day", got, expected, unit)


def _check_parents(unit: Unit, place: str, by_id: Mapping[str, Unit]) -> Iterator[Finding]:
    for index, placement in enumerate(unit.placements):
        here = f"{place}/placements/{index}"
        parent = by_id.get(placement.parent)
        if parent is None:
            action = "name a unit of this document"
            yield _error("PARENT_UNKNOWN", f"{here}/parent", action, placement.parent, "a unit of this document", unit)
            continue
        following = unit.placements[index + 1].since if index + 1 < len(unit.placements) else None
        last = unit.closed if following is None or following == date.min else following - ONE_DAY
        # Where the days of the placements themselves are out of order, that is the finding.
        if last is not None and last < placement.since:
            continue
        if placement.since < parent.opened or (parent.closed is not None and (last is None or last > parent.closed)):
            got = f"{placement.since.isoformat()} to {_text(last)}"
            expected = f"within {parent.opened.isoformat()} to {_text(parent.closed)} of {parent.id}"
            yield _error("PARENT_NOT_OPEN", here, "move the unit or correct the dates", got, expected, unit)


def _check_cycles(units: tuple[Unit, ...], by_id: Mapping[str, Unit]) -> Iterator[Finding]:
    """Yield a finding for each placement that puts a unit below itself on the placement's first day.

    A circle is closed by the latest of its placements, on whose first day all the others are in force: no other day needs a look.
    """
    if not _ever_in_a_circle(units):
        return
    for index, unit in enumerate(units):
        for number, placement in enumerate(unit.placements):
            if _reaches(placement.parent, unit.id, placement.since, by_id):
                expected = f"a parent that is not below {unit.id} on {placement.since.isoformat()}"
                place = f"/units/{index}/placements/{number}/parent"
                yield _error("UNIT_CYCLE", place, "break the circle", placement.parent, expected, unit)


def _ever_in_a_circle(units: tuple[Unit, ...]) -> bool:
    # Most institutions have no circle even when all placements of all days are taken together, which is quickly seen.
    try:
        TopologicalSorter({unit.id: [placement.parent for placement in unit.placements] for unit in units}).prepare()
    except CycleError:
        return True
    return False


def _reaches(start: str, goal: str, day: date, by_id: Mapping[str, Unit]) -> bool:
    """Tell whether the chain of parents from `start` on `day` comes to `goal`; units closed on that day are in no chain."""
    seen: set[str] = set()
    here: str | None = start
    while here is not None and here not in seen:
        if here == goal:
            return True
        seen.add(here)
        unit = by_id.get(here)
        here = None if unit is None or not unit.is_open(day, day) else unit.parent_on(day)
    return False


def _text(day: date | None) -> str:
    return "open" if day is None else day.isoformat()
