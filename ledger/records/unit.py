"""Organisational units: their parents since when, why they opened and closed, shares of shared buildings (spec: documents §1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from ledger.records.fields import Fields
from ledger.records.names import Name
from ledger.units import parse_decimal

KINDS = ("institution", "branch", "sub_branch", "outlet")
ROOT_KIND = "institution"
OPENINGS = ("opened", "acquired", "included")
CLOSINGS = ("closed", "merged", "divested")
OWNERSHIPS = ("owned", "leased")
ALLOCATION_RULES = ("area", "headcount", "contract")
UNIT_FIELDS = (
    *("id", "name", "kind", "placements", "opened", "closed", "opening", "closing", "merged_into"),
    *("county", "area_m2", "headcount", "ownership", "allocations"),
)


@dataclass(frozen=True)
class Placement:
    """The parent (a unit id) under which a unit stands since a day, until its next placement."""

    parent: str
    since: date

    def to_document(self) -> dict[str, object]:
        """Return `{"parent": …, "since": …}`."""
        return {"parent": self.parent, "since": self.since.isoformat()}


@dataclass(frozen=True)
class Allocation:
    """A unit's share `part`/`whole` of a building that the landlord meters as a whole, since a day; decimal strings, 0 < part ≤ whole."""

    since: date
    rule: str
    part: str
    whole: str
    reference: str

    @property
    def share(self) -> Fraction:
        """Return the exact share, above 0 and at most 1."""
        return parse_decimal(self.part) / parse_decimal(self.whole)

    def to_document(self) -> dict[str, object]:
        """Return the allocation as an item of its unit."""
        return {
            "since": self.since.isoformat(),
            "rule": self.rule,
            "part": self.part,
            "whole": self.whole,
            "reference": self.reference,
        }


@dataclass(frozen=True)
class Unit:
    """One organisational unit; `closed` is the last day it was open, `area_m2` a decimal string of square metres.

    Placements and allocations are in ascending order of `since`; only the institution itself has no placement.
    """

    id: str
    name: Name
    kind: str
    placements: tuple[Placement, ...]
    opened: date
    closed: date | None = None
    opening: str = "opened"
    closing: str | None = None
    merged_into: str | None = None
    county: str | None = None
    area_m2: str | None = None
    headcount: int | None = None
    ownership: str | None = None
    allocations: tuple[Allocation, ...] = ()

    def is_open(self, first: date, last: date) -> bool:
        """Tell whether the unit was open on any day from `first` to `last`, both inclusive."""
        return self.opened <= last and (self.closed is None or first <= self.closed)

    def days_open(self, first: date, last: date) -> int:
        """Return on how many days from `first` to `last`, both inclusive, the unit was open."""
        end = last if self.closed is None else min(last, self.closed)
        return max(0, (end - max(first, self.opened)).days + 1)

    def parent_on(self, day: date) -> str | None:
        """Return the id of the parent under which the unit stood on `day`; None for the root.

        Before its opening that is its first parent, after its closing its last one, as in the tree of a period.
        """
        parent = self.placements[0].parent if self.placements else None
        for placement in self.placements:
            if placement.since > day:
                break
            parent = placement.parent
        return parent

    def find_allocation(self, day: date) -> Allocation | None:
        """Return the allocation in force on `day`, or None."""
        found = None
        for allocation in self.allocations:
            if allocation.since > day:
                break
            found = allocation
        return found

    def allocation_changes(self, first: date, last: date) -> bool:
        """Tell whether an allocation starts after `first` and up to `last`, so that one share does not hold for all these days."""
        return any(first < allocation.since <= last for allocation in self.allocations)

    def to_document(self) -> dict[str, object]:
        """Return the unit as an item of the organisation document."""
        return {
            "id": self.id,
            "name": self.name.to_document(),
            "kind": self.kind,
            "placements": [placement.to_document() for placement in self.placements],
            "opened": self.opened.isoformat(),
            "closed": None if self.closed is None else self.closed.isoformat(),
            "opening": self.opening,
            "closing": self.closing,
            "merged_into": self.merged_into,
            "county": self.county,
            "area_m2": self.area_m2,
            "headcount": self.headcount,
            "ownership": self.ownership,
            "allocations": [allocation.to_document() for allocation in self.allocations],
        }


def read_unit(fields: Fields) -> Unit:
    """Return the unit of an object; what it says of other units is checked with the whole organisation."""
    unit = Unit(
        id=fields.identifier("id"),
        name=fields.name("name"),
        kind=fields.choice("kind", KINDS),
        placements=tuple(Placement(i.identifier("parent"), i.date("since")) for i in fields.objects("placements", ("parent", "since"))),
        opened=fields.date("opened"),
        closed=fields.optional("closed", fields.date),
        opening=fields.choice("opening", OPENINGS),
        closing=fields.optional("closing", lambda name: fields.choice(name, CLOSINGS)),
        merged_into=fields.optional("merged_into", fields.identifier),
        county=fields.optional("county", fields.text),
        area_m2=fields.optional("area_m2", fields.decimal_from_0),
        headcount=fields.optional("headcount", lambda name: fields.integer(name, 0, 10_000_000)),
        ownership=fields.optional("ownership", lambda name: fields.choice(name, OWNERSHIPS)),
        allocations=tuple(_read_allocation(i) for i in fields.objects("allocations", ("since", "rule", "part", "whole", "reference"))),
    )
    for index in range(1, len(unit.allocations)):
        before, here = unit.allocations[index - 1].since, unit.allocations[index].since
        if here <= before:
            place = f"{fields.pointer}/allocations/{index}/since"
            expected = f"a day after {before.isoformat()}"
            fields.refuse("ALLOCATION_ORDER", place, "sort the allocations by day", got=here.isoformat(), expected=expected, unit=unit.id)
    return unit


def _read_allocation(fields: Fields) -> Allocation:
    wrong = len(fields.findings)
    allocation = Allocation(
        fields.date("since"),
        fields.choice("rule", ALLOCATION_RULES),
        fields.decimal_above_0("part"),
        fields.decimal_above_0("whole"),
        fields.text("reference"),
    )
    if len(fields.findings) == wrong and allocation.share > 1:
        got, expected = f"{allocation.part} of {allocation.whole}", "a part of at most the whole"
        fields.refuse("ALLOCATION_SHARE", f"{fields.pointer}/part", "correct part or whole", got=got, expected=expected)
    return allocation
