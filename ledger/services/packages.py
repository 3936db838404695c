"""Build the evidence package of an anchored statement: everything a stranger needs to recompute it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ledger.accounting.package import Evidence, build_package
from ledger.errors import Conflict
from ledger.services import audit
from ledger.services.anchors import attestation_item, attested, read_evidence
from ledger.services.answers import answers_document, list_answers
from ledger.services.context import Work
from ledger.services.findings import read_findings
from ledger.services.history import load_stated
from ledger.services.statement_state import attestation_states
from ledger.services.stored_statement import load_commitments, load_records, load_statement_row
from ledger.store import tables
from ledger.store.repositories import attestations, statements


@dataclass(frozen=True)
class PackageView:
    """An evidence package: its hash (of the manifest), a file name, and the zip's bytes."""

    statement: str
    hash: str
    filename: str
    data: bytes = field(repr=False)


def build_evidence_package(work: Work, statement_id: str) -> PackageView:
    """Return the evidence package of a statement whose datasets are all anchored. Equal evidence gives equal bytes.

    Raises:
        Conflict: it is not anchored yet.
        IntegrityError: a stored part is not the one the statement names: somebody changed it.
    """
    row = load_statement_row(work, statement_id)
    package = build_package(_evidence(work, row))
    return PackageView(str(row.id), package.hash, f"{row.institution_id}-{row.period_id}-r{row.revision}.zip", package.data)


def keep_package(work: Work, row: tables.Statement, package: PackageView) -> None:
    """Keep a package that was built of this statement; a package that is kept already changes nothing."""
    if statements.find_package(work.session, package.hash) is None:
        statements.add_package(
            work.session,
            row.id,
            hash=package.hash,
            content=package.data,
            created_by=work.actor.subject,
            at=work.clock.now(),
        )
        audit.record(work, "package.build", package.hash, institution=row.institution_id, details={"statement": row.hash})


def _evidence(work: Work, row: tables.Statement) -> Evidence:
    states = attestation_states(work, row)
    if not states or set(states.values()) != {"anchored"}:
        raise Conflict("the statement is not anchored yet", hint="wait until every dataset is anchored", statement=str(row.id))
    items = attested(work, row)
    anchors = [attestations.find_anchor(work.session, item.id) for item in items]
    stated = load_stated(work, row)
    return Evidence(
        organisation=stated.organisation,
        activity=stated.activity,
        release=stated.release,
        statement=stated.statement,
        findings=read_findings(row.findings),
        commitments=load_commitments(work, row),
        attestations={"schema": "lingtan.attestations/1", "items": [attestation_item(item) for item in items]},
        anchors={"schema": "lingtan.anchors/1", "items": [read_evidence(anchor) for anchor in anchors if anchor is not None]},
        records=load_records(work, row),
        chain_id=work.house.chain.chain_id,
        period_ledger=work.house.contracts.periods.address.lower(),
        answers=answers_document(list_answers(work, str(row.id))),
    )
