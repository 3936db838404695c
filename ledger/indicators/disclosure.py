"""Disclosure tables and target paths of a library release: which indicators fill which printed row (spec: documents §3)."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.records.names import Name

SHOWS = ("quantity", "emissions")


@dataclass(frozen=True)
class TemplateRow:
    """A printed row: the sum of its indicators' quantities or emissions in `unit` (a unit code of the release)."""

    id: str
    group: Name
    name: Name
    unit: str
    indicators: tuple[str, ...]
    show: str

    def to_document(self) -> dict[str, object]:
        """Return the row of a template."""
        return {
            "id": self.id,
            "group": self.group.to_document(),
            "name": self.name.to_document(),
            "unit": self.unit,
            "indicators": list(self.indicators),
            "show": self.show,
        }


@dataclass(frozen=True)
class Template:
    """A disclosure table with its rows in printed order; `document` is the publication that prints it."""

    id: str
    title: Name
    document: str | None
    rows: tuple[TemplateRow, ...]

    def to_document(self) -> dict[str, object]:
        """Return the item of a library release."""
        return {
            "id": self.id,
            "title": self.title.to_document(),
            "document": self.document,
            "rows": [row.to_document() for row in self.rows],
        }


@dataclass(frozen=True)
class TargetProfile:
    """By which calendar years operations peak, operations are neutral and, where set, financing is neutral."""

    id: str
    name: Name
    peak_by: int
    operations_neutral_by: int
    financed_neutral_by: int | None
    document: str | None

    def to_document(self) -> dict[str, object]:
        """Return the item of a library release."""
        return {
            "id": self.id,
            "name": self.name.to_document(),
            "peak_by": self.peak_by,
            "operations_neutral_by": self.operations_neutral_by,
            "financed_neutral_by": self.financed_neutral_by,
            "document": self.document,
        }
