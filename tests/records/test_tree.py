"""The tree of a period, held against a plain replay of an institution's history, day by day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import NotFound
from ledger.records import canonical
from ledger.records.names import Name
from ledger.records.organisation import Allocation, Organisation, Placement, Tree, Unit, check_organisation

ROOT = "root"
START = date(2000, 1, 1)
DAYS = 14


def day(number: int) -> date:
    """A day of the history."""
    return START + timedelta(days=number)


@dataclass
class History:
    """What happened, and who stood under whom on each day, kept the slow way: one dictionary of open units per day."""

    placements: dict[str, list[Placement]] = field(default_factory=dict)
    closings: dict[str, tuple[date, str, str | None]] = field(default_factory=dict)
    openings: dict[str, date] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    days: list[dict[str, str]] = field(default_factory=list)

    def open_units(self) -> list[str]:
        return [ROOT, *self.parents]

    def is_below(self, unit: str, above: str) -> bool:
        while unit != above and unit != ROOT:
            unit = self.parents[unit]
        return unit == above

    def organisation(self) -> Organisation:
        units = [Unit(ROOT, Name("Root", "总行"), "institution", (), START)]
        for id, placements in self.placements.items():
            closed, closing, into = self.closings.get(id, (None, None, None))
            units.append(Unit(id, Name(id, id), "outlet", tuple(placements), self.openings[id], closed, "opened", closing, into))
        return Organisation("bank", Name("Bank", "银行"), "Asia/Shanghai", "CN-ZJ", tuple(sorted(units, key=lambda unit: unit.id)))


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Histories in which units open, move, close and merge, each of them as the rules allow it."""
    history = History()
    for number in range(DAYS):
        for _ in range(draw(st.integers(0, 2))):
            _happen(draw, history, number)
        history.days.append(dict(history.parents))
    return history


def _happen(draw: st.DrawFn, history: History, number: int) -> None:
    act = draw(st.sampled_from(["open", "open", "move", "close", "merge"]))
    movable = [id for id in history.parents if history.placements[id][-1].since < day(number)]
    if act == "open":
        id, parent = f"u{len(history.openings):03d}", draw(st.sampled_from(history.open_units()))
        history.openings[id], history.placements[id] = day(number), [Placement(parent, day(number))]
        history.parents[id] = parent
    elif act == "move" and movable:
        id = draw(st.sampled_from(movable))
        parent = draw(st.sampled_from([other for other in history.open_units() if not history.is_below(other, id)]))
        history.placements[id].append(Placement(parent, day(number)))
        history.parents[id] = parent
    elif act in ("close", "merge"):
        # A unit that closes was open until yesterday, and nothing stood under it.
        leaves = [id for id in movable if id not in history.parents.values() and history.days[-1].get(id)]
        taken_over = {into for closed, _, into in history.closings.values() if closed == day(number - 1)}
        leaves = [id for id in leaves if id not in history.days[-1].values() and id not in taken_over]
        if leaves:
            id = draw(st.sampled_from(leaves))
            others = [other for other in history.open_units() if other != id]
            into = draw(st.sampled_from(others)) if act == "merge" else None
            history.closings[id] = (day(number - 1), "merged" if into else "closed", into)
            del history.parents[id]


@settings(max_examples=60, deadline=None)
@given(histories())
def test_any_such_history_is_read_without_a_finding_and_comes_back_byte_for_byte(history: History) -> None:
    organisation = history.organisation()
    document = organisation.to_document()
    again, findings = check_organisation(document)
    assert findings == ()
    assert again == organisation
    assert canonical.dump(again.to_document()) == canonical.dump(document)  # type: ignore[union-attr]


@settings(max_examples=60, deadline=None)
@given(histories(), st.integers(0, DAYS - 1))
def test_the_tree_of_a_day_shows_open_units_where_the_replay_has_them(history: History, number: int) -> None:
    tree = history.organisation().tree(day(number))
    for unit, parent in history.days[number].items():
        above = tree.parent(unit)
        assert above is not None
        assert above.id == parent
    assert tree.parent(ROOT) is None


@settings(max_examples=60, deadline=None)
@given(histories(), st.integers(-5, DAYS + 5))
def test_every_unit_is_in_the_tree_once_whatever_the_day(history: History, number: int) -> None:
    organisation = history.organisation()
    tree = organisation.tree(day(number))
    order = [unit.id for unit in tree.depth_order()]
    assert sorted(order) == sorted(unit.id for unit in organisation.units)
    assert order[-1] == tree.root.id == ROOT
    for unit in organisation.units:
        children = tree.children(unit.id)
        assert all(order.index(child.id) < order.index(unit.id) for child in children)
        assert all(tree.depth(child.id) == tree.depth(unit.id) + 1 for child in children)
        parts = [tree.below(child.id) for child in children]
        assert tree.below(unit.id) == frozenset({unit.id}).union(*parts)
        assert len(tree.below(unit.id)) == 1 + sum(map(len, parts))


@settings(max_examples=60, deadline=None)
@given(histories(), st.data())
def test_a_unit_put_below_itself_on_any_day_is_refused(history: History, data: st.DataObject) -> None:
    organisation = history.organisation()
    candidates = [
        (unit, index, below)
        for unit in organisation.units
        for index, placement in enumerate(unit.placements)
        for below in sorted(_below_on(organisation, unit.id, placement.since))
    ]
    if not candidates:
        return
    unit, index, below = data.draw(st.sampled_from(candidates))
    placements = list(unit.placements)
    placements[index] = Placement(below, placements[index].since)
    units = tuple(_with_placements(other, tuple(placements)) if other is unit else other for other in organisation.units)
    broken = Organisation(organisation.institution, organisation.name, organisation.timezone, organisation.region, units)
    _, findings = check_organisation(broken.to_document())
    assert "UNIT_CYCLE" in [finding.code for finding in findings]


def _below_on(organisation: Organisation, top: str, on: date) -> set[str]:
    found = set()
    for unit in organisation.units:
        here: Unit = unit
        while here.is_open(on, on) and here.id != top and here.parent_on(on) is not None:
            here = organisation.unit(here.parent_on(on) or "")
        if here.id == top and here.is_open(on, on):
            found.add(unit.id)
    return found


def _with_placements(unit: Unit, placements: tuple[Placement, ...]) -> Unit:
    return Unit(unit.id, unit.name, unit.kind, placements, unit.opened, unit.closed, unit.opening, unit.closing, unit.merged_into)


def branch(id: str, placements: tuple[Placement, ...], closed: date | None = None) -> Unit:
    """A unit that opened with its first placement."""
    return Unit(id, Name(id, id), "branch", placements, placements[0].since, closed, "opened", None if closed is None else "closed")


def small_tree() -> Tree:
    """Units that closed before, stand still, moved, and open later, seen on day 12."""
    units = (
        branch("closed", (Placement("north", day(1)), Placement("south", day(5))), day(9)),
        branch("later", (Placement("north", day(30)), Placement("south", day(31)))),
        branch("moved", (Placement("north", day(1)), Placement("south", day(12)), Placement(ROOT, day(13)))),
        branch("north", (Placement(ROOT, day(0)),)),
        Unit(ROOT, Name("Root", "总行"), "institution", (), START),
        branch("south", (Placement(ROOT, day(0)),)),
    )
    return Organisation("bank", Name("Bank", "银行"), "Asia/Shanghai", "CN-ZJ", units).tree(day(12))


def test_closed_units_stand_where_they_last_stood_and_later_ones_under_their_first_parent() -> None:
    tree = small_tree()
    assert [unit.id for unit in tree.children("south")] == ["closed", "moved"]
    assert [unit.id for unit in tree.children("north")] == ["later"]
    assert tree.below("south") == {"south", "closed", "moved"}


@pytest.mark.parametrize("ask", [Tree.parent, Tree.depth, Tree.below])
def test_an_unknown_unit_is_not_found(ask: object) -> None:
    with pytest.raises(NotFound):
        ask(small_tree(), "nobody")  # type: ignore[operator]


def test_a_tree_without_a_root_says_so() -> None:
    with pytest.raises(NotFound, match="no root"):
        Tree((branch("a", (Placement("a", day(0)),)),), day(1)).depth_order()


def test_shares_stay_exact() -> None:
    share = Allocation(START, "area", "33.3", "99.9", "lease").share
    assert share * 3 == 1
