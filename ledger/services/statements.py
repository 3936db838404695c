"""Prepare a period's statement: a function of stored inputs, with every finding."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ledger.accounting.commit import commit
from ledger.errors import Conflict, InputError
from ledger.indicators.reading import read_release
from ledger.records import canonical
from ledger.records.findings import Finding, findings_document, has_errors
from ledger.records.statement import CAUSES, Statement
from ledger.services import audit
from ledger.services.attested import list_rows
from ledger.services.context import Page, Work, require_own
from ledger.services.findings import read_findings
from ledger.services.library import find_release_in_force
from ledger.services.periods import load_period_row
from ledger.services.projection import bring_up_to_date
from ledger.services.statement_inputs import StoredInputs, gather_inputs, judge_inputs
from ledger.services.statement_state import attestation_states, find_statement_state, last_attested
from ledger.services.stored_statement import contract_bytes, load_keys, load_statement, load_statement_row
from ledger.store import tables
from ledger.store.repositories import statements
from ledger.store.repositories.attested import STATEMENTS


@dataclass(frozen=True)
class StatementView:
    """A prepared statement; `id` is empty where findings left none. Totals in grams as decimal strings."""

    id: str
    institution: str
    period: str
    revision: int
    cause: str
    hash: str
    state: str
    totals: dict[str, str]
    lines: int
    findings: tuple[Finding, ...]
    has_errors: bool
    prepared_by: str
    prepared_at: int
    supersedes: str | None
    library: str
    organisation: str
    activity: str


def prepare_statement(work: Work, institution: str, period: str, cause: str) -> StatementView:
    """Compute the statement of a period from what is stored now, keep it as a draft, and return every finding.

    Nothing is kept where inputs leave a line undefined, where a meter has readings while its unit was closed, and where there is no line.

    Raises:
        Conflict: no library release is in force; no commitment key is kept; the period is attested already and the cause is `first`, or an
            attestation of it is on its way.
    """
    require_own(work, institution, "preparer")
    if cause not in CAUSES:
        raise InputError(f"not a cause; expected one of {', '.join(CAUSES)}")
    row = load_period_row(work, institution, period)
    if row.end > work.clock.now():
        raise Conflict(f"the period {period} is still running", hint="prepare its statement when it is over", period=period)
    revision, supersedes = _next_revision(work, institution, period, cause)
    bring_up_to_date(work.session, work.clock, institution)
    stored = gather_inputs(work, row)
    release = find_release_in_force(work)
    if release is None:
        raise Conflict("no library release is in force", hint="the centre publishes one first")
    library = read_release(release.document)
    judged = judge_inputs(work, stored, stored.under(library, revision=revision, cause=cause, supersedes=supersedes))
    statement = judged.computation.statement
    if statement is None or has_errors(judged.observed) or not statement.lines:
        return _undefined(work, institution, period, revision, cause, judged.findings)
    return _keep(work, statement, judged.findings, stored)


def get_statement(work: Work, id: str) -> StatementView:
    """Return a statement that the actor may see."""
    return _view(work, load_statement_row(work, id))


def list_statements(work: Work, institution: str, period: str | None, limit: int, after: str | None) -> Page[StatementView]:
    """Return the institution's statements in the order they were prepared."""
    return list_rows(work, STATEMENTS, institution, period, limit, after, _view)


def get_statement_document(work: Work, id: str) -> bytes:
    """Return the statement's canonical bytes."""
    return load_statement_row(work, id).document


def list_lines(work: Work, id: str, limit: int, after: str | None) -> Page[dict[str, object]]:
    """Return the statement's lines as documents, by unit and indicator; the key is the line's position."""
    lines = load_statement(load_statement_row(work, id)).lines
    start = 0 if after is None else int(after)
    items = tuple(line.to_document() for line in lines[start : start + limit])
    return Page(items, str(start + limit) if start + limit < len(lines) else None)


def _next_revision(work: Work, institution: str, period: str, cause: str) -> tuple[int, str | None]:
    last = last_attested(work, institution, period)
    if last is None:
        if cause != "first":
            raise Conflict(f"nothing is attested yet for {period}", hint="prepare it with the cause first", period=period)
        return 1, None
    if set(attestation_states(work, last).values()) - {"anchored", "rejected"}:
        raise Conflict(f"revision {last.revision} of {period} is on its way to the chain", hint="wait until it is anchored", period=period)
    if cause == "first":
        raise Conflict(
            f"{period} is attested already, with revision {last.revision}",
            hint="a restatement needs a cause: data, factor, boundary, method or error",
            period=period,
        )
    return last.revision + 1, last.hash


def _keep(
    work: Work,
    statement: Statement,
    findings: tuple[Finding, ...],
    stored: StoredInputs,
) -> StatementView:
    row = statements.add_statement(
        work.session,
        institution_id=statement.institution,
        period_id=statement.period.id,
        revision=statement.revision,
        cause=statement.cause,
        supersedes=statement.supersedes,
        document=canonical.dump(statement.to_document()),
        findings=canonical.dump(findings_document(findings)),
        has_errors=has_errors(findings),
        organisation=stored.organisation_row,
        activity=stored.activity_row,
        library_hash=statement.library_hash,
        prepared_by=work.actor.subject,
        at=work.clock.now(),
    )
    if statements.find_commitments(work.session, row.id) is None:
        statements.add_meter_records(work.session, row.id, ((meter, record.to_bytes()) for meter, record in stored.records.items()))
        committed = commit(statement, stored.records, load_keys(work, row.institution_id), work.house.chain.chain_id, contract_bytes(work))
        statements.add_commitments(work.session, row.id, committed.to_bytes(), at=work.clock.now())
        audit.record(
            work,
            "statement.prepare",
            str(row.id),
            institution=row.institution_id,
            details={"hash": row.hash, "findings": hashlib.sha256(row.findings).hexdigest()},
        )
    return _view(work, row)


def _undefined(work: Work, institution: str, period: str, revision: int, cause: str, findings: tuple[Finding, ...]) -> StatementView:
    audit.record(work, "statement.refuse", f"{institution}/{period}", institution=institution, result="refused")
    return StatementView(
        id="",
        institution=institution,
        period=period,
        revision=revision,
        cause=cause,
        hash="",
        state="rejected",
        totals={},
        lines=0,
        findings=findings,
        has_errors=True,
        prepared_by=work.actor.subject,
        prepared_at=work.clock.now(),
        supersedes=None,
        library="",
        organisation="",
        activity="",
    )


def _view(work: Work, row: tables.Statement) -> StatementView:
    statement = load_statement(row)
    return StatementView(
        id=str(row.id),
        institution=row.institution_id,
        period=row.period_id,
        revision=row.revision,
        cause=row.cause,
        hash=row.hash,
        state=find_statement_state(work, row),
        totals={name: str(value) for name, value in statement.totals.to_document().items()},
        lines=len(statement.lines),
        findings=read_findings(row.findings),
        has_errors=row.has_errors,
        prepared_by=row.prepared_by,
        prepared_at=row.at,
        supersedes=row.supersedes,
        library=row.library_hash,
        organisation=row.organisation_hash,
        activity=row.activity_hash,
    )
