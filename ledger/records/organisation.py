"""An institution and its units: who belonged to whom since when, and when and why each was open (spec: documents §1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from ledger.errors import NotFound
from ledger.records import canonical
from ledger.records.fields import Fields, raise_first
from ledger.records.findings import Finding
from ledger.records.names import Name
from ledger.records.organisation_checks import check_units
from ledger.records.tree import Tree, get_root
from ledger.records.unit import KINDS, UNIT_FIELDS, Allocation, Placement, Unit, read_unit

__all__ = ["KINDS", "SCHEMA", "Allocation", "Organisation", "Placement", "Tree", "Unit", "check_organisation"]

SCHEMA = "lingtan.organisation/1"
_FIELDS = ("schema", "institution", "name", "timezone", "region", "units")


@dataclass(frozen=True)
class Organisation:
    """An institution and its units.

    `from_document` guarantees one root, parents that are open while units stand under them, and no unit above itself on any day.
    """

    institution: str
    name: Name
    timezone: str
    region: str
    units: tuple[Unit, ...]

    @cached_property
    def _by_id(self) -> dict[str, Unit]:
        return {unit.id: unit for unit in self.units}

    @cached_property
    def root(self) -> Unit:
        """Return the unit without a parent: the institution itself.

        Raises:
            NotFound: there is none.
        """
        return get_root(self.units)

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

    def tree(self, last_day: date) -> Tree:
        """Return the tree of a period whose last local day is `last_day`."""
        return Tree(self.units, last_day)

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
    units = tuple(read_unit(item) for item in fields.objects("units", UNIT_FIELDS))
    organisation = Organisation(
        fields.identifier("institution"), fields.name("name"), fields.timezone("timezone"), fields.identifier("region"), units
    )
    fields.check_sorted("units", [(unit.id,) for unit in units])
    if not findings:
        findings.extend(check_units(units))
    return (None if findings else organisation), tuple(findings)
