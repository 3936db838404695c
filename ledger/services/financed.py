"""Financed statements: what a bank computed at home and hands in, judged against its own leaves and kept as a draft.

The book, its records and its salts never come here: a statement and, for each group of fifty exposures or more, a key, four sums and a
hash. From these the server rebuilds the tree that is signed.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.accounting.financed.leaves import LeafColumns, Submission, check_commitment, read_submission
from ledger.accounting.financed.statement import FinancedStatement
from ledger.accounting.financed.statement_reading import financed_statement_from_document
from ledger.errors import Conflict
from ledger.records import canonical
from ledger.records.fields import period_document
from ledger.records.findings import Finding, findings_document, has_errors
from ledger.services import audit
from ledger.services.attested import list_rows
from ledger.services.context import Page, Work, require_own
from ledger.services.dataset_statements import Kind, find_state, load_row, next_revision, tree_context
from ledger.services.findings import read_findings
from ledger.services.library import find_release_in_force
from ledger.services.periods import load_period_row, to_period
from ledger.store import tables
from ledger.store.repositories import financed
from ledger.store.repositories.attested import FINANCED_STATEMENTS

FINANCED_KIND = Kind(
    code="financed",
    rows=FINANCED_STATEMENTS,
    read=financed_statement_from_document,
    find_hint="list the financed statements of the bank",
    overtaken_hint="compute the book again as the next revision, with a cause, and sign that one",
)


@dataclass(frozen=True)
class ReadFinanced:
    """A submission that was read and judged; `submission` is None where it cannot be read. Nothing is stored yet."""

    institution: str
    period: str
    submission: Submission | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class FinancedView:
    """A financed statement; `id` is empty where findings refused it. Totals: cents and grams as decimal strings."""

    id: str
    institution: str
    period: str
    dataset: str
    method: str
    revision: int
    cause: str
    hash: str
    state: str
    totals: dict[str, str]
    rows: str
    groups: str
    root: str
    accepted: bool
    findings: tuple[Finding, ...]
    prepared_by: str
    prepared_at: int
    supersedes: str | None
    library: str


def read_financed(work: Work, institution: str, period: str, document: object) -> ReadFinanced:
    """Read a `lingtan.financed-submission/1` and rebuild its tree; every finding at once. It may take a second: do it in a view.

    Raises:
        NotFound: the bank has no such period.
        Conflict: the period is still running.
    """
    require_own(work, institution, "preparer")
    row = load_period_row(work, institution, period)
    if row.end > work.clock.now():
        raise Conflict(f"the period {period} is still running", hint="hand in its statement when it is over", period=period)
    submission, findings = read_submission(document)
    if submission is not None:
        found = (*_check_scope(submission.statement, row), *check_tie_out(submission.statement))
        if not has_errors(found):
            context = tree_context(work, submission.statement.dataset, submission.statement.origin)
            found = (*found, *check_commitment(submission.statement, submission.leaves, context))
        findings = (*findings, *found)
    return ReadFinanced(institution, period, submission, findings)


def submit_financed(work: Work, read: ReadFinanced) -> FinancedView:
    """Keep a submission as a draft; the same again changes nothing. With an error among its findings nothing is kept.

    Raises:
        Conflict: its library release is not the one in force; the revision is not the next one of its dataset, or its cause does not fit.
    """
    require_own(work, read.institution, "preparer")
    if read.submission is None or has_errors(read.findings):
        audit.record(work, "financed.refuse", f"{read.institution}/{read.period}", institution=read.institution, result="refused")
        return _refused(work, read)
    statement = read.submission.statement
    data = statement.to_bytes()
    earlier = FINANCED_STATEMENTS.find_statement_by_hash(work.session, statement.digest())
    if earlier is not None:
        return _view(work, earlier)
    _check_library(work, statement)
    _check_revision(work, read.institution, read.period, statement)
    origin = statement.origin
    row = financed.add_financed_statement(
        work.session,
        institution_id=origin.institution,
        period_id=origin.period.id,
        dataset=statement.dataset,
        method=statement.method,
        revision=origin.revision,
        cause=origin.cause,
        supersedes=origin.supersedes,
        document=data,
        findings=canonical.dump(findings_document(read.findings)),
        library_hash=origin.library_hash,
        leaves=read.submission.leaves.pack(),
        prepared_by=work.actor.subject,
        at=work.clock.now(),
    )
    audit.record(work, "financed.submit", str(row.id), institution=row.institution_id, details={"hash": row.hash})
    return _view(work, row)


def get_financed(work: Work, id: str) -> FinancedView:
    """Return a financed statement that the actor may see."""
    return _view(work, load_row(work, FINANCED_KIND, id))


def list_financed(work: Work, institution: str, period: str | None, limit: int, after: str | None) -> Page[FinancedView]:
    """Return the institution's financed statements in the order they came."""
    return list_rows(work, FINANCED_KIND.rows, institution, period, limit, after, _view)


def get_financed_document(work: Work, id: str) -> bytes:
    """Return the statement's canonical bytes."""
    return load_row(work, FINANCED_KIND, id).document


def get_financed_leaves(work: Work, id: str) -> bytes:
    """Return the leaves of the statement's groups as lines (spec: documents §16, groups.jsonl)."""
    return load_leaves(work, load_row(work, FINANCED_KIND, id)).to_lines()


def load_leaves(work: Work, row: tables.FinancedStatement) -> LeafColumns:
    """Return the stored leaves of a statement."""
    return LeafColumns.unpack(financed.get_leaves(work.session, row.id).leaves)


def check_tie_out(statement: FinancedStatement) -> tuple[Finding, ...]:
    """Return a warning where no figure of the general ledger bounds the whole book: nothing then shows that no loan was left out.

    That each figure which is there meets its sum, the reader of the statement sees to.
    """
    if any(item.asset_class is None for item in statement.tie_out):
        return ()
    action = "declare the general ledger's figure of all loans in the head of the book"
    got = f"{len(statement.tie_out)} figures of single classes"
    return (Finding("TIE_OUT_MISSING", "warning", "/statement/tie_out", action, got, "a figure of the whole book"),)


def _check_scope(statement: FinancedStatement, row: tables.Period) -> tuple[Finding, ...]:
    origin, period = statement.origin, to_period(row)
    action = "compute the book again for this bank and period, as the server knows them"
    found = []
    if origin.institution != row.institution_id:
        place = "/statement/institution"
        found.append(Finding("INSTITUTION_DIFFERS", "error", place, action, origin.institution, row.institution_id))
    if origin.period != period:
        got, expected = (str(canonical.dump(period_document(item)), "utf-8") for item in (origin.period, period))
        found.append(Finding("PERIOD_DIFFERS", "error", "/statement/period", action, got, expected))
    return tuple(found)


def _check_library(work: Work, statement: FinancedStatement) -> None:
    release = find_release_in_force(work)
    expected = "none" if release is None else release.hash
    if statement.origin.library_hash != expected:
        raise Conflict(
            f"the statement names the library release {statement.origin.library_hash}, in force is {expected}",
            hint="compute the book again with the release in force",
        )


def _check_revision(work: Work, institution: str, period: str, statement: FinancedStatement) -> None:
    origin = statement.origin
    wanted = next_revision(work, FINANCED_KIND, institution, period, statement.dataset)
    if (origin.revision, origin.supersedes) != wanted:
        raise Conflict(
            f"revision {origin.revision} supersedes {origin.supersedes or 'nothing'}; "
            f"expected revision {wanted[0]}, which supersedes {wanted[1] or 'nothing'}",
            hint="compute the book again as the next revision of this dataset, with its cause",
            period=period,
            dataset=statement.dataset,
        )


def _refused(work: Work, read: ReadFinanced) -> FinancedView:
    statement = None if read.submission is None else read.submission.statement
    return FinancedView(
        id="",
        institution=read.institution,
        period=read.period,
        dataset="" if statement is None else statement.dataset,
        method="" if statement is None else statement.method,
        revision=0 if statement is None else statement.origin.revision,
        cause="" if statement is None else statement.origin.cause,
        hash="",
        state="rejected",
        totals={},
        rows="0",
        groups="0",
        root="",
        accepted=False,
        findings=read.findings,
        prepared_by=work.actor.subject,
        prepared_at=work.clock.now(),
        supersedes=None,
        library="",
    )


def _view(work: Work, row: tables.FinancedStatement) -> FinancedView:
    statement = FINANCED_KIND.load(row)
    return FinancedView(
        id=str(row.id),
        institution=row.institution_id,
        period=row.period_id,
        dataset=row.dataset,
        method=row.method,
        revision=row.revision,
        cause=row.cause,
        hash=row.hash,
        state=find_state(work, FINANCED_KIND, row),
        totals={name: str(value) for name, value in statement.totals.to_document().items()},
        rows=str(statement.rows),
        groups=str(statement.groups.n),
        root=statement.commitment.root,
        accepted=True,
        findings=read_findings(row.findings),
        prepared_by=row.prepared_by,
        prepared_at=row.at,
        supersedes=row.supersedes,
        library=row.library_hash,
    )
