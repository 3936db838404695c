"""What every statement of one dataset says beside its figures: its origin, and the sum tree that is signed (spec: documents §14, §19)."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.records.fields import Fields, period_document
from ledger.records.period import Period
from ledger.records.statement import CAUSES


@dataclass(frozen=True)
class Origin:
    """What the figures do not say: whose they are, of when, which revision and why, and which library release was in force."""

    institution: str
    period: Period
    library: str
    library_hash: str
    revision: int = 1
    cause: str = "first"
    supersedes: str | None = None

    def to_document(self) -> dict[str, object]:
        """Return the fields of a statement's document that say it."""
        return {
            "institution": self.institution,
            "period": period_document(self.period),
            "revision": self.revision,
            "cause": self.cause,
            "supersedes": self.supersedes,
            "library": {"release": self.library, "hash": self.library_hash},
        }


@dataclass(frozen=True)
class CommittedTree:
    """A sum tree: how many leaves, the four totals of its dataset's measures; hashes as hex."""

    n: int
    totals: tuple[int, int, int, int]
    tree_root: str
    root: str

    def to_document(self) -> dict[str, object]:
        """Return the tree as a statement's document has it."""
        return {"n": str(self.n), "totals": [str(value) for value in self.totals], "tree_root": self.tree_root, "root": self.root}


def read_origin(fields: Fields) -> Origin:
    """Return the origin that a statement's document states; what is wrong with it goes to the findings of `fields`."""
    library = fields.nested("library", ("release", "hash"))
    origin = Origin(
        fields.identifier("institution"),
        fields.period("period"),
        library.text("release"),
        library.digest("hash"),
        fields.integer("revision", 1, 2**31 - 1),
        fields.choice("cause", CAUSES),
        fields.optional("supersedes", fields.digest),
    )
    if (origin.revision == 1) != (origin.cause == "first") or (origin.revision == 1) != (origin.supersedes is None):
        action = "revision 1 has cause first and supersedes nothing, every later one another cause"
        fields.refuse("FIELD_INVALID", "/revision", action, got=f"revision {origin.revision}, cause {origin.cause}")
    return origin
