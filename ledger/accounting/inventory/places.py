"""Where something stands in the file that a person wrote, from where it stands in the document that was made of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ledger.records.findings import Finding


@dataclass
class Places:
    """Pointers of a document → pointers of the input; what is not listed is put below `base`."""

    base: str = ""
    _known: dict[str, str] = field(default_factory=dict)

    def put(self, pointer: str, written: str) -> None:
        """Say that what is at `pointer` of the document was written at `written`."""
        self._known[pointer] = written

    def put_list(self, name: str, order: list[int], written: str) -> None:
        """Say where the items of list `name` were written: item i of the document is item `order[i]` of the list at `written`."""
        self.put(f"/{name}", written)
        for index, source in enumerate(order):
            self.put(f"/{name}/{index}", f"{written}/{source}")

    def translate(self, place: str) -> str:
        """Return the pointer of the input for a place of the document; a place that is no pointer stays."""
        if place and not place.startswith("/"):
            return place
        head, rest = place, ""
        while head:
            if head in self._known:
                return self._known[head] + rest
            head, _, step = head.rpartition("/")
            rest = f"/{step}{rest}"
        return self._known.get("", self.base) + rest

    def finding(self, finding: Finding) -> Finding:
        """Return the finding at its place in the input."""
        return replace(finding, place=self.translate(finding.place))
