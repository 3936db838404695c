"""The statement of reductions: what a bank's own projects avoided in a period, apart from its inventory (spec: documents §19)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.errors import MalformedDocument
from ledger.records import canonical
from ledger.records.dataset_statement import CommittedTree, Origin, read_origin
from ledger.records.fields import Fields, raise_first
from ledger.records.findings import Finding, has_errors
from ledger.savings.line_reading import MEASURES, read_reduction
from ledger.savings.result import Reduction

SCHEMA = "lingtan.reductions/1"
MAX_LINES = 1_000
FIELDS = ("schema", "institution", "period", "revision", "cause", "supersedes", "library", "lines", "totals", "commitment")
Totals = tuple[int, int, int, int]


@dataclass(frozen=True)
class ReductionsStatement:
    """One statement; lines by id."""

    origin: Origin
    lines: tuple[Reduction, ...]
    commitment: CommittedTree

    @property
    def totals(self) -> Totals:
        """Return the sums of the lines, in the order of the measures."""
        return totals_of(self.lines)

    def to_document(self) -> dict[str, object]:
        """Return the `lingtan.reductions/1` document."""
        return {
            "schema": SCHEMA,
            **self.origin.to_document(),
            "lines": [line.to_document() for line in self.lines],
            "totals": {name: str(value) for name, value in zip(MEASURES, self.totals, strict=True)},
            "commitment": self.commitment.to_document(),
        }

    def to_bytes(self) -> bytes:
        """Return the canonical bytes."""
        return canonical.dump(self.to_document())

    def digest(self) -> str:
        """Return the statement's hash as hex."""
        return canonical.digest(self.to_document())


def totals_of(lines: Iterable[Reduction]) -> Totals:
    """Return the sums of lines, in the order of the measures."""
    sums = [0, 0, 0, 0]
    for line in lines:
        sums = [total + value for total, value in zip(sums, line.measures, strict=True)]
    return (sums[0], sums[1], sums[2], sums[3])


def reductions_from_document(document: object) -> ReductionsStatement:
    """Return the statement of its document.

    Raises:
        MalformedDocument: at the first thing that is wrong.
    """
    statement, findings = read_reductions(document)
    if statement is None:
        raise_first("statement of reductions", findings)
        raise MalformedDocument("not a statement of reductions", hint=f"expected {SCHEMA}, spec documents §19")
    return statement


def read_reductions(document: object) -> tuple[ReductionsStatement | None, tuple[Finding, ...]]:
    """Return the statement of a document (None if any error was found) and every finding."""
    findings: list[Finding] = []
    fields = Fields(document, "", findings, FIELDS)
    fields.schema(SCHEMA)
    origin = read_origin(fields)
    lines = tuple(read_reduction(item, pointer, findings) for pointer, item in fields.items("lines"))
    fields.check_sorted("lines", [(line.id,) for line in lines])
    if not 1 <= len(lines) <= MAX_LINES:
        fields.refuse("FIELD_INVALID", "/lines", "name projects", got=f"{len(lines)} lines", expected=f"1 to {MAX_LINES}")
    stated = fields.nested("totals", MEASURES)
    totals = [stated.integer_text(name) for name in MEASURES]
    tree = _tree(fields.nested("commitment", ("n", "totals", "tree_root", "root")))
    statement = ReductionsStatement(origin, lines, tree)
    if not has_errors(findings):
        _check_sums(statement, totals, fields)
    return (None if has_errors(findings) else statement), tuple(findings)


def _tree(fields: Fields) -> CommittedTree:
    figures = list(fields.texts("totals"))
    whole = [int(item) if item.isascii() and item.isdecimal() and str(int(item)) == item else -1 for item in figures]
    if len(whole) != len(MEASURES) or min(whole) < 0:
        fields.refuse("FIELD_INVALID", f"{fields.pointer}/totals", "write four integers", got=str(figures)[:80], expected="four integers")
        whole = [0, 0, 0, 0]
    totals = (whole[0], whole[1], whole[2], whole[3])
    return CommittedTree(fields.integer_text("n"), totals, fields.digest("tree_root"), fields.digest("root"))


def _check_sums(statement: ReductionsStatement, stated: list[int], fields: Fields) -> None:
    action = "compute the statement again: its parts do not add up"
    sums = statement.totals
    compared = [(f"/totals/{name}", got, want) for name, got, want in zip(MEASURES, stated, sums, strict=True)]
    compared += [(f"/commitment/totals/{at}", got, sums[at]) for at, got in enumerate(statement.commitment.totals)]
    compared.append(("/commitment/n", statement.commitment.n, len(statement.lines)))
    for place, got, want in compared:
        if got != want:
            fields.refuse("STATEMENT_SUM_DIFFERS", place, action, got=str(got), expected=str(want))
