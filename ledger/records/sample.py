"""The steps of a sample as entries of the auditor's own log: `lingtan.sample/1` (spec: bundle.md §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ledger.clock import format_instant
from ledger.records import canonical
from ledger.records.fields import Fields, raise_first
from ledger.records.findings import Finding
from ledger.records.sampling import MAX_SIZE

SCHEMA = "lingtan.sample/1"
MEDIA_TYPE = "application/vnd.lingtan.sample+json"
DATASETS = ("METERS", "OPERATIONAL", "FINANCED_PCAF", "FINANCED_PBOC")
OUTCOMES = ("opened", "failed", "refused")
"""opened: the item was opened and held. failed: what was opened does not hold. refused: it was not opened, and counts as failed."""
MAX_NOTE = 2_000
_COMMITMENT = ("schema", "step", "institution", "subject", "dataset", "start", "end", "commitment", "measure", "size", "by", "at")
_REVEAL = (
    *("schema", "step", "institution", "commitment", "nonce", "revision", "root", "n", "block", "block_hash", "seed", "draws"),
    *("by", "at"),
)
_RESULT = ("schema", "step", "institution", "commitment", "index", "outcome", "note", "by", "at")


@dataclass(frozen=True)
class SampleCommitment:
    """What an auditor fixes before the anchor: H(0x20 ‖ nonce) as hex, how it will be drawn, and of what.

    start, end: Unix seconds of the subject's period. measure: 0 to 3 to draw by it, None to draw by item.
    """

    institution: str
    subject: str
    dataset: str
    start: int
    end: int
    commitment: str
    measure: int | None
    size: int
    by: str
    at: int

    def to_document(self) -> dict[str, object]:
        """Return the entry's document."""
        times = {"start": format_instant(self.start), "end": format_instant(self.end), "at": format_instant(self.at)}
        return {"schema": SCHEMA, "step": "commitment", **vars(self), **times}


@dataclass(frozen=True)
class SampleReveal:
    """What follows from the nonce once the anchor is there: the seed and the leaves drawn, in order, one more than once perhaps."""

    institution: str
    commitment: str
    nonce: str
    revision: int
    root: str
    n: int
    block: int
    block_hash: str
    seed: str
    draws: tuple[int, ...]
    by: str
    at: int

    def to_document(self) -> dict[str, object]:
        """Return the entry's document."""
        changed = {"n": str(self.n), "block": str(self.block), "draws": list(self.draws), "at": format_instant(self.at)}
        return {"schema": SCHEMA, "step": "reveal", **vars(self), **changed}


@dataclass(frozen=True)
class SampleResult:
    """What became of one drawn leaf."""

    institution: str
    commitment: str
    index: int
    outcome: str
    note: str
    by: str
    at: int

    def to_document(self) -> dict[str, object]:
        """Return the entry's document."""
        return {"schema": SCHEMA, "step": "result", **vars(self), "at": format_instant(self.at)}


SampleStep = SampleCommitment | SampleReveal | SampleResult


def load_step(data: bytes) -> SampleStep:
    """Return the step of an entry.

    Raises:
        MalformedDocument: the bytes are none in canonical form.
    """
    return read_step(canonical.load_canonical(data))


def read_step(document: object) -> SampleStep:
    """Return the step of a document.

    Raises:
        MalformedDocument: it is none; the first fault is named.
    """
    findings: list[Finding] = []
    step = document.get("step") if isinstance(document, dict) else None
    names = {"reveal": _REVEAL, "result": _RESULT}.get(str(step), _COMMITMENT)
    fields = Fields(document, "", findings, names)
    fields.schema(SCHEMA)
    fields.choice("step", ("commitment", "reveal", "result"))
    common: dict[str, Any] = {"institution": fields.identifier("institution"), "commitment": fields.digest("commitment")}
    common |= {"by": fields.identifier("by"), "at": fields.instant("at")}
    value: SampleStep
    if names is _COMMITMENT:
        value = SampleCommitment(
            subject=fields.identifier("subject"),
            dataset=fields.choice("dataset", DATASETS),
            start=fields.instant("start"),
            end=fields.instant("end"),
            measure=fields.optional("measure", lambda name: fields.integer(name, 0, 3)),
            size=fields.integer("size", 1, MAX_SIZE),
            **common,
        )
    elif names is _REVEAL:
        value = SampleReveal(
            nonce=fields.digest("nonce"),
            revision=fields.integer("revision", 1, 2**32 - 1),
            root=fields.digest("root"),
            n=fields.integer_text("n"),
            block=fields.integer_text("block"),
            block_hash=fields.digest("block_hash"),
            seed=fields.digest("seed"),
            draws=_indices(document),
            **common,
        )
    else:
        value = SampleResult(
            index=fields.integer("index", 0, 2**32 - 1),
            outcome=fields.choice("outcome", OUTCOMES),
            note=fields.paragraph("note", MAX_NOTE),
            **common,
        )
    raise_first("sample step", tuple(findings))
    return value


def _indices(document: object) -> tuple[int, ...]:
    stated = document.get("draws") if isinstance(document, dict) else None
    items = stated if isinstance(stated, list) else []
    return tuple(item for item in items if isinstance(item, int) and not isinstance(item, bool))
