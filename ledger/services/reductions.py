"""Statements of reductions: projects handed in, computed here, kept as a draft that another person signs (spec: documents §19)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ledger.accounting.commit import Asset, CommittedDataset, commit_assets
from ledger.errors import Conflict, NotFound
from ledger.merkle.dataset_schema import REDUCTIONS
from ledger.merkle.keys import reduction_asset
from ledger.records import canonical
from ledger.records.dataset_statement import CommittedTree, Origin
from ledger.records.findings import Finding, findings_document, has_errors
from ledger.savings.line_reading import MEASURES
from ledger.savings.reductions import ReductionsStatement, reductions_from_document
from ledger.savings.result import Reduction
from ledger.services import audit
from ledger.services.attested import list_rows
from ledger.services.context import Page, Work, require_own
from ledger.services.dataset_statements import Kind, find_state, load_row, next_revision, tree_context
from ledger.services.findings import read_findings
from ledger.services.library_reference import load_release_in_force
from ledger.services.periods import load_period_row, to_period
from ledger.services.reductions_compute import ComputedReductions, compute_submission
from ledger.services.stored_statement import load_keys
from ledger.store import tables
from ledger.store.repositories import reductions
from ledger.store.repositories.attested import REDUCTION_STATEMENTS

REDUCTIONS_KIND = Kind(
    code="reductions",
    rows=REDUCTION_STATEMENTS,
    read=reductions_from_document,
    find_hint="list the statements of reductions of the bank",
    overtaken_hint="hand the projects in again with a cause, and sign that statement",
)


@dataclass(frozen=True)
class ReadReductions:
    """Projects that were read and computed for a period; nothing is stored yet."""

    institution: str
    period: str
    computed: ComputedReductions


@dataclass(frozen=True)
class ReductionsView:
    """A statement of reductions; `id` is empty where findings refused it. Totals: g and Wh as decimal strings."""

    id: str
    institution: str
    period: str
    revision: int
    cause: str
    hash: str
    state: str
    totals: dict[str, str]
    lines: int
    root: str
    accepted: bool
    findings: tuple[Finding, ...]
    prepared_by: str
    prepared_at: int
    supersedes: str | None
    library: str


@dataclass(frozen=True)
class EvidenceView:
    """Bytes that a statement rests on: of kind input, answer or file, under the project's or the file's name."""

    kind: str
    name: str
    sha256: str
    content: bytes = field(repr=False)


def read_reductions_submission(work: Work, institution: str, period: str, document: object) -> ReadReductions:
    """Compute what a `lingtan.reductions-submission/1` hands in; every finding at once. It may take seconds: do it in a view.

    Raises:
        NotFound: the bank has no such period.
        Conflict: the period is still running; no library release is in force.
    """
    require_own(work, institution, "preparer")
    row = load_period_row(work, institution, period)
    if row.end > work.clock.now():
        raise Conflict(f"the period {period} is still running", hint="hand in its projects when it is over", period=period)
    return ReadReductions(institution, period, compute_submission(work, institution, to_period(row), document))


def submit_reductions(work: Work, read: ReadReductions) -> ReductionsView:
    """Keep the statement of what was computed as a draft; the same again changes nothing. With an error among its findings nothing is kept.

    Raises:
        Conflict: its cause does not fit what is attested; an attestation of the period is on its way; no commitment key is kept.
    """
    require_own(work, read.institution, "preparer")
    computed = read.computed
    if has_errors(computed.findings) or not computed.lines:
        audit.record(work, "reductions.refuse", f"{read.institution}/{read.period}", institution=read.institution, result="refused")
        return _refused(work, read)
    attested = _find_attested_already(work, read)
    if attested is not None:
        return _view(work, attested)
    statement = _statement(work, read)
    origin = statement.origin
    row = REDUCTION_STATEMENTS.find_statement_by_hash(work.session, statement.digest())
    if row is None:
        row = reductions.add_reduction_statement(
            work.session,
            institution_id=origin.institution,
            period_id=origin.period.id,
            revision=origin.revision,
            cause=origin.cause,
            supersedes=origin.supersedes,
            document=statement.to_bytes(),
            findings=canonical.dump(findings_document(computed.findings)),
            library_hash=origin.library_hash,
            evidence=computed.evidence,
            prepared_by=work.actor.subject,
            at=work.clock.now(),
        )
        audit.record(work, "reductions.submit", str(row.id), institution=row.institution_id, details={"hash": row.hash})
    return _view(work, row)


def get_reductions(work: Work, id: str) -> ReductionsView:
    """Return a statement of reductions that the actor may see."""
    return _view(work, load_row(work, REDUCTIONS_KIND, id))


def list_reductions(work: Work, institution: str, period: str | None, limit: int, after: str | None) -> Page[ReductionsView]:
    """Return the institution's statements of reductions in the order they came."""
    return list_rows(work, REDUCTIONS_KIND.rows, institution, period, limit, after, _view)


def get_reductions_document(work: Work, id: str) -> bytes:
    """Return the statement's canonical bytes."""
    return load_row(work, REDUCTIONS_KIND, id).document


def get_reductions_evidence(work: Work, id: str, sha256: str) -> EvidenceView:
    """Return bytes with this SHA-256 that the statement rests on.

    Raises:
        NotFound: it rests on none such, or they are kept elsewhere: stored days are, and documents that were named alone.
    """
    row = load_row(work, REDUCTIONS_KIND, id)
    found = reductions.find_evidence(work.session, row.id, sha256)
    if found is None:
        raise NotFound("no such evidence is kept with this statement", hint="the lines name what they rest on")
    return EvidenceView(found.kind, found.name, found.sha256, found.content)


def commit_lines(work: Work, origin: Origin, lines: Iterable[Reduction]) -> CommittedDataset:
    """Return the committed dataset of lines on this house's chain, under the bank's commitment key.

    Raises:
        Conflict: no commitment key of the bank is kept.
    """
    assets: list[Asset] = [(reduction_asset(line.id), line.measures, canonical.dump(line.to_document())) for line in lines]
    return commit_assets(REDUCTIONS, tree_context(work, REDUCTIONS, origin), assets, load_keys(work, origin.institution))


def load_committed(work: Work, row: tables.ReductionStatement) -> CommittedDataset:
    """Return the committed dataset of a stored statement, computed again from its lines and the commitment key.

    Raises:
        Conflict: the key it was committed under is gone: roots and totals stay, what opens the leaves does not.
    """
    statement = REDUCTIONS_KIND.load(row)
    committed = commit_lines(work, statement.origin, statement.lines)
    if committed.tree.root.hex() != statement.commitment.root:
        raise Conflict(
            f"keys and salts of statement {row.id} were erased with the commitment key of {row.institution_id}",
            hint="roots, totals and anchors stay; use the bundle that was downloaded before",
            statement=str(row.id),
        )
    return committed


def _find_attested_already(work: Work, read: ReadReductions) -> tables.ReductionStatement | None:
    """Return the statement that is attested last where these very lines were handed in again for it, or None."""
    last = REDUCTION_STATEMENTS.find_last_attested(work.session, read.institution, read.period, REDUCTIONS)
    if last is None or (last.cause, last.library_hash) != (read.computed.cause, load_release_in_force(work).hash):
        return None
    stated, computed = REDUCTIONS_KIND.load(REDUCTION_STATEMENTS.get_statement(work.session, last.id)).lines, read.computed.lines
    return last if [line.to_document() for line in stated] == [line.to_document() for line in computed] else None


def _statement(work: Work, read: ReadReductions) -> ReductionsStatement:
    row = load_period_row(work, read.institution, read.period)
    named, cause = load_release_in_force(work), read.computed.cause
    revision, supersedes = _next_revision(work, read.institution, read.period, cause)
    origin = Origin(read.institution, to_period(row), named.release.release, named.hash, revision, cause, supersedes)
    tree = commit_lines(work, origin, read.computed.lines).tree
    totals = (tree.totals[0], tree.totals[1], tree.totals[2], tree.totals[3])
    return ReductionsStatement(origin, read.computed.lines, CommittedTree(tree.n, totals, tree.tree_root.hex(), tree.root.hex()))


def _next_revision(work: Work, institution: str, period: str, cause: str) -> tuple[int, str | None]:
    revision, supersedes = next_revision(work, REDUCTIONS_KIND, institution, period, REDUCTIONS)
    if (revision == 1) != (cause == "first"):
        known = "nothing" if revision == 1 else f"revision {revision - 1}"
        raise Conflict(
            f"{known} of {period} is attested and the cause is {cause}",
            hint="the first statement has the cause first, every later one another",
            period=period,
        )
    return revision, supersedes


def _refused(work: Work, read: ReadReductions) -> ReductionsView:
    return ReductionsView(
        id="",
        institution=read.institution,
        period=read.period,
        revision=0,
        cause=read.computed.cause,
        hash="",
        state="rejected",
        totals={},
        lines=len(read.computed.lines),
        root="",
        accepted=False,
        findings=read.computed.findings,
        prepared_by=work.actor.subject,
        prepared_at=work.clock.now(),
        supersedes=None,
        library="",
    )


def _view(work: Work, row: tables.ReductionStatement) -> ReductionsView:
    statement = REDUCTIONS_KIND.load(row)
    return ReductionsView(
        id=str(row.id),
        institution=row.institution_id,
        period=row.period_id,
        revision=row.revision,
        cause=row.cause,
        hash=row.hash,
        state=find_state(work, REDUCTIONS_KIND, row),
        totals={name: str(value) for name, value in zip(MEASURES, statement.totals, strict=True)},
        lines=len(statement.lines),
        root=statement.commitment.root,
        accepted=True,
        findings=read_findings(row.findings),
        prepared_by=row.prepared_by,
        prepared_at=row.at,
        supersedes=row.supersedes,
        library=row.library_hash,
    )
