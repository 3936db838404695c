"""Statements of reductions: projects handed in, computed here, kept as a draft that another person signs (spec: documents §19)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ledger.accounting.commit import Asset, CommittedDataset, commit_assets, dataset_context
from ledger.errors import Conflict, NotFound
from ledger.merkle.dataset_schema import REDUCTIONS
from ledger.merkle.keys import reduction_asset
from ledger.merkle.sums import Context
from ledger.records import canonical
from ledger.records.findings import Finding, findings_document, has_errors
from ledger.savings.line_reading import MEASURES
from ledger.savings.reductions import ReductionsOrigin, ReductionsStatement, ReductionsTree, reductions_from_document
from ledger.savings.result import Reduction
from ledger.services import audit
from ledger.services.context import Page, Work, require_own, require_visible
from ledger.services.findings import read_findings
from ledger.services.library_reference import load_release_in_force
from ledger.services.periods import load_period_row, to_period
from ledger.services.reductions_compute import ComputedReductions, compute_submission
from ledger.services.stored_statement import contract_bytes, load_keys
from ledger.services.transactions import find_transaction
from ledger.store import tables
from ledger.store.repositories import reductions


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
    row = reductions.find_reductions_by_hash(work.session, statement.digest())
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
    return _view(work, load_reductions_row(work, id))


def list_reductions(work: Work, institution: str, period: str | None, limit: int, after: str | None) -> Page[ReductionsView]:
    """Return the institution's statements of reductions in the order they came."""
    require_visible(work, institution)
    page = reductions.list_reduction_statements(
        work.session, institution_id=institution, period_id=period, limit=limit, after=None if after is None else int(after)
    )
    items = tuple(_view(work, reductions.get_reduction_statement(work.session, row.id)) for row in page.items)
    return Page(items, None if page.next_after is None else str(page.next_after))


def get_reductions_document(work: Work, id: str) -> bytes:
    """Return the statement's canonical bytes."""
    return load_reductions_row(work, id).document


def get_reductions_evidence(work: Work, id: str, sha256: str) -> EvidenceView:
    """Return bytes with this SHA-256 that the statement rests on.

    Raises:
        NotFound: it rests on none such, or they are kept elsewhere: stored days are, and documents that were named alone.
    """
    row = load_reductions_row(work, id)
    found = reductions.find_evidence(work.session, row.id, sha256)
    if found is None:
        raise NotFound("no such evidence is kept with this statement", hint="the lines name what they rest on")
    return EvidenceView(found.kind, found.name, found.sha256, found.content)


def load_reductions_row(work: Work, id: str) -> tables.ReductionStatement:
    """Return the stored row of a statement of reductions that the actor may see.

    Raises:
        NotFound: none, or another institution's.
    """
    row = reductions.find_reduction_statement(work.session, int(id)) if id.isdecimal() and len(id) < 18 else None
    try:
        if row is not None:
            require_visible(work, row.institution_id)
            return row
    except NotFound:
        pass
    raise NotFound("no such statement of reductions", hint="list the statements of reductions of the bank")


def load_reductions(row: tables.ReductionStatement) -> ReductionsStatement:
    """Return the value of a stored statement."""
    return reductions_from_document(canonical.load_canonical(row.document))


def commit_lines(work: Work, origin: ReductionsOrigin, lines: Iterable[Reduction]) -> CommittedDataset:
    """Return the committed dataset of lines on this house's chain, under the bank's commitment key.

    Raises:
        Conflict: no commitment key of the bank is kept.
    """
    assets: list[Asset] = [(reduction_asset(line.id), line.measures, canonical.dump(line.to_document())) for line in lines]
    return commit_assets(REDUCTIONS, reductions_context(work, origin), assets, load_keys(work, origin.institution))


def reductions_context(work: Work, origin: ReductionsOrigin) -> Context:
    """Return the context of a statement's tree on this house's chain."""
    return dataset_context(origin.institution, origin.period, origin.revision, REDUCTIONS, work.house.chain.chain_id, contract_bytes(work))


def load_committed(work: Work, row: tables.ReductionStatement) -> CommittedDataset:
    """Return the committed dataset of a stored statement, computed again from its lines and the commitment key.

    Raises:
        Conflict: the key it was committed under is gone: roots and totals stay, what opens the leaves does not.
    """
    statement = load_reductions(row)
    committed = commit_lines(work, statement.origin, statement.lines)
    if committed.tree.root.hex() != statement.commitment.root:
        raise Conflict(
            f"keys and salts of statement {row.id} were erased with the commitment key of {row.institution_id}",
            hint="roots, totals and anchors stay; use the bundle that was downloaded before",
            statement=str(row.id),
        )
    return committed


def find_reductions_state(work: Work, row: tables.ReductionStatement) -> str:
    """Return the state of a statement of reductions: draft, queued, anchored, superseded, or rejected by the contract."""
    attestation = reductions.find_reduction_attestation(work.session, row.id)
    if attestation is None:
        return "draft"
    state = find_transaction(work, attestation.outbox_id).state
    if state == "anchored" and reductions.has_later_anchor(work.session, row):
        return "superseded"
    return state if state in ("anchored", "rejected") else "queued"


def _find_attested_already(work: Work, read: ReadReductions) -> tables.ReductionStatement | None:
    """Return the statement that is attested last where these very lines were handed in again for it, or None."""
    last = reductions.find_last_attested(work.session, read.institution, read.period, REDUCTIONS)
    if last is None or (last.cause, last.library_hash) != (read.computed.cause, load_release_in_force(work).hash):
        return None
    stated, computed = load_reductions(last).lines, read.computed.lines
    return last if [line.to_document() for line in stated] == [line.to_document() for line in computed] else None


def _statement(work: Work, read: ReadReductions) -> ReductionsStatement:
    row = load_period_row(work, read.institution, read.period)
    named, cause = load_release_in_force(work), read.computed.cause
    revision, supersedes = _next_revision(work, read.institution, read.period, cause)
    origin = ReductionsOrigin(read.institution, to_period(row), named.release.release, named.hash, revision, cause, supersedes)
    tree = commit_lines(work, origin, read.computed.lines).tree
    totals = (tree.totals[0], tree.totals[1], tree.totals[2], tree.totals[3])
    return ReductionsStatement(origin, read.computed.lines, ReductionsTree(tree.n, totals, tree.tree_root.hex(), tree.root.hex()))


def _next_revision(work: Work, institution: str, period: str, cause: str) -> tuple[int, str | None]:
    last = reductions.find_last_attested(work.session, institution, period, REDUCTIONS)
    if last is not None and find_reductions_state(work, last) == "queued":
        raise Conflict(f"revision {last.revision} of {period} is on its way to the chain", hint="wait until it is anchored", period=period)
    if (last is None) != (cause == "first"):
        known = "nothing" if last is None else f"revision {last.revision}"
        raise Conflict(
            f"{known} of {period} is attested and the cause is {cause}",
            hint="the first statement has the cause first, every later one another",
            period=period,
        )
    return (1, None) if last is None else (last.revision + 1, last.hash)


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
    statement = load_reductions(row)
    return ReductionsView(
        id=str(row.id),
        institution=row.institution_id,
        period=row.period_id,
        revision=row.revision,
        cause=row.cause,
        hash=row.hash,
        state=find_reductions_state(work, row),
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
