"""The organisation tree of an institution: who belongs to whom, and when it was open (spec: documents §1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from ledger.errors import NotFound
from ledger.records import canonical
from ledger.records.fields import Fields, raise_first
from ledger.records.findings import Finding
from ledger.records.names import Name

SCHEMA = "lingtan.organisation/1"
KINDS = ("institution", "branch", "sub_branch", "outlet")
_FIELDS = ("schema", "institution", "name", "timezone", "region", "units")
_UNIT_FIELDS = ("id", "name", "kind", "parent", "opened", "closed", "county", "area_m2", "headcount")


@dataclass(frozen=True)
class Unit:
    """One organisational unit; `closed` is the last day it was open, `area_m2` a decimal string of square metres."""

    id: str
    name: Name
    kind: str
    parent: str | None
    opened: date
    closed: date | None = None
    county: str | None = None
    area_m2: str | None = None
    headcount: int | None = None

    def is_open(self, first: date, last: date) -> bool:
        """Tell whether the unit was open on any day from `first` to `last`, both inclusive."""
        return self.opened <= last and (self.closed is None or first <= self.closed)

    def to_document(self) -> dict[str, object]:
        """Return the unit as an item of the organisation document."""
        return {
            "id": self.id,
            "name": self.name.to_document(),
            "kind": self.kind,
            "parent": self.parent,
            "opened": self.opened.isoformat(),
            "closed": None if self.closed is None else self.closed.isoformat(),
            "county": self.county,
            "area_m2": self.area_m2,
            "headcount": self.headcount,
        }


@dataclass(frozen=True)
class Organisation:
    """An institution and its units. `from_document` guarantees one root, no cycle, and parents that are open while children are."""

    institution: str
    name: Name
    timezone: str
    region: str
    units: tuple[Unit, ...]

    @cached_property
    def _by_id(self) -> dict[str, Unit]:
        return {unit.id: unit for unit in self.units}

    @cached_property
    def _children(self) -> dict[str, tuple[Unit, ...]]:
        found: dict[str, list[Unit]] = {}
        for unit in sorted(self.units, key=lambda unit: unit.id):
            if unit.parent is not None:
                found.setdefault(unit.parent, []).append(unit)
        return {parent: tuple(children) for parent, children in found.items()}

    @cached_property
    def root(self) -> Unit:
        """Return the unit without a parent: the institution itself.

        Raises:
            NotFound: there is none.
        """
        for unit in self.units:
            if unit.parent is None:
                return unit
        raise NotFound(f"the organisation {self.institution} has no root unit", hint="one unit must have parent null")

    def find_unit(self, id: str) -> Unit | None:
        """Return the unit, or None."""
        return self._by_id.get(id)

    def unit(self, id: str) -> Unit:
        """Return the unit.

        Raises:
            NotFound: no such unit.
        """
        unit = self._by_id.get(id)
        if unit is None:
            raise NotFound(f"the organisation {self.institution} has no unit {id[:64]!r}", unit=id)
        return unit

    def children(self, id: str) -> tuple[Unit, ...]:
        """Return the units directly below `id`, by id."""
        return self._children.get(id, ())

    def depth_order(self) -> tuple[Unit, ...]:
        """Return every unit below and including the root, each after all its children."""
        order, waiting = [], [self.root]
        while waiting:
            unit = waiting.pop()
            order.append(unit)
            waiting.extend(self.children(unit.id))
        return tuple(reversed(order))

    def to_document(self) -> dict[str, object]:
        """Return the `lingtan.organisation/1` document, units by id."""
        return {
            "schema": SCHEMA,
            "institution": self.institution,
            "name": self.name.to_document(),
            "timezone": self.timezone,
            "region": self.region,
            "units": [unit.to_document() for unit in sorted(self.units, key=lambda unit: unit.id)],
        }

    def digest(self) -> str:
        """Return the hash of the document."""
        return canonical.digest(self.to_document())

    @classmethod
    def from_document(cls, document: object) -> Organisation:
        """Return the organisation of a document.

        Raises:
            MalformedDocument: with the first finding; `check_organisation` gives all.
        """
        organisation, findings = check_organisation(document)
        raise_first("organisation", findings)
        return organisation  # type: ignore[return-value]  # without an error finding there is an organisation


def check_organisation(document: object) -> tuple[Organisation | None, tuple[Finding, ...]]:
    """Return the organisation (None if any error was found) and all findings of its document."""
    findings: list[Finding] = []
    fields = Fields(document, "", findings, _FIELDS)
    fields.schema(SCHEMA)
    units = tuple(_read_unit(item) for item in fields.objects("units", _UNIT_FIELDS))
    organisation = Organisation(
        fields.identifier("institution"), fields.name("name"), fields.timezone("timezone"), fields.identifier("region"), units
    )
    fields.check_sorted("units", [(unit.id,) for unit in units])
    if not findings:
        _check_tree(organisation, fields)
    return (None if findings else organisation), tuple(findings)


def _read_unit(fields: Fields) -> Unit:
    return Unit(
        fields.identifier("id"),
        fields.name("name"),
        fields.choice("kind", KINDS),
        fields.optional("parent", fields.identifier),
        fields.date("opened"),
        fields.optional("closed", fields.date),
        fields.optional("county", fields.text),
        fields.optional("area_m2", lambda name: _area(fields, name)),
        fields.optional("headcount", lambda name: fields.integer(name, 0, 10_000_000)),
    )


def _area(fields: Fields, name: str) -> str:
    text = fields.decimal(name)
    if text.startswith("-"):
        fields.refuse("FIELD_INVALID", f"{fields.pointer}/{name}", "write an area of 0 or more", got=text, expected="a decimal string ≥ 0")
    return text


def _check_tree(organisation: Organisation, fields: Fields) -> None:
    roots = [unit for unit in organisation.units if unit.parent is None]
    if len(roots) != 1:
        got = ", ".join(unit.id for unit in roots[:5]) or "none"
        expected = "exactly one unit with parent null"
        fields.refuse("ROOT_NOT_ONE", "/units", "give every unit but the institution a parent", got=got, expected=expected)
    for index, unit in enumerate(organisation.units):
        place = f"/units/{index}"
        if (unit.kind == "institution") != (unit.parent is None):
            expected = "kind institution exactly where parent is null"
            fields.refuse("ROOT_KIND", f"{place}/kind", "correct kind or parent", got=unit.kind, expected=expected, unit=unit.id)
        if unit.closed is not None and unit.closed < unit.opened:
            got, expected = unit.closed.isoformat(), f"{unit.opened.isoformat()} or later"
            fields.refuse("UNIT_CLOSED_BEFORE_OPENED", f"{place}/closed", "correct the dates", got=got, expected=expected, unit=unit.id)
        parent = None if unit.parent is None else organisation.find_unit(unit.parent)
        if unit.parent is not None and parent is None:
            fields.refuse("PARENT_UNKNOWN", f"{place}/parent", "name a unit of this document", got=unit.parent, unit=unit.id)
        if parent is not None and not _covers(parent, unit):
            got = f"{unit.opened.isoformat()} to {_last_day(unit)}"
            expected = f"within {parent.opened.isoformat()} to {_last_day(parent)} of {parent.id}"
            fields.refuse("PARENT_NOT_OPEN", place, "move the child or correct the dates", got=got, expected=expected, unit=unit.id)
    _check_cycles(organisation, fields)


def _check_cycles(organisation: Organisation, fields: Fields) -> None:
    settled: set[str] = set()
    for index, start in enumerate(organisation.units):
        seen: set[str] = set()
        unit: Unit | None = start
        while unit is not None and unit.id not in settled and unit.id not in seen:
            seen.add(unit.id)
            unit = None if unit.parent is None else organisation.find_unit(unit.parent)
        if unit is not None and unit.id in seen:
            expected = "a chain of parents that ends at the root"
            fields.refuse("UNIT_CYCLE", f"/units/{index}/parent", "break the circle", got=start.id, expected=expected)
        settled |= seen


def _covers(parent: Unit, child: Unit) -> bool:
    if child.opened < parent.opened:
        return False
    return parent.closed is None or (child.closed is not None and child.closed <= parent.closed)


def _last_day(unit: Unit) -> str:
    return "open" if unit.closed is None else unit.closed.isoformat()
