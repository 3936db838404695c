"""The financed part of `lingtan fsck`: each statement against its leaves, what was signed and what the chain holds."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.accounting.financed.leaves import check_commitment
from ledger.chain.contracts.period_ledger import attestation_id_of
from ledger.chain.errors import ChainError
from ledger.errors import LedgerError
from ledger.records.findings import Finding
from ledger.services.attestations import read_attestation
from ledger.services.context import Work
from ledger.services.dataset_statements import find_live, tree_context
from ledger.services.financed import FINANCED_KIND, load_leaves
from ledger.services.transactions import find_transaction
from ledger.store import tables
from ledger.store.repositories.attested import FINANCED_STATEMENTS
from ledger.store.tables.attested import AttestationRow

_ACTION = "restore the row from a backup and find out who changed it"


def check_financed_statements(work: Work) -> Iterator[Finding]:
    """Yield what contradicts itself in stored financed statements; nothing is changed."""
    after: int | None = None
    while True:
        page = FINANCED_STATEMENTS.list_statements(work.session, limit=100, after=after)
        for row in page.items:
            yield from _check(work, FINANCED_STATEMENTS.get_statement(work.session, row.id))
        if page.next_after is None:
            return
        after = page.next_after


def _check(work: Work, row: tables.FinancedStatement) -> Iterator[Finding]:
    place = f"financed statement {row.id} ({row.institution_id}, {row.period_id}, {row.dataset}, revision {row.revision})"
    try:
        statement = FINANCED_KIND.load(row)
        leaves = load_leaves(work, row)
    except LedgerError as error:
        yield Finding("STATEMENT_UNREADABLE", "error", place, _ACTION, got=str(error)[:200])
        return
    origin = statement.origin
    stored = (row.institution_id, row.period_id, row.dataset, row.revision, row.hash)
    told = (origin.institution, origin.period.id, statement.dataset, origin.revision, statement.digest())
    if stored != told:
        yield Finding("STATEMENT_DIFFERS", "error", place, _ACTION, got=" ".join(map(str, stored)), expected=" ".join(map(str, told)))
    for finding in check_commitment(statement, leaves, tree_context(work, statement.dataset, statement.origin)):
        where = f"leaves, {place}" if finding.place == "/leaves" else f"{finding.place.rpartition('commitment/')[2]}, {place}"
        yield Finding(finding.code, "error", where, _ACTION, finding.got, finding.expected)
    attestation, _ = find_live(work, FINANCED_KIND, row)
    if attestation is not None:
        yield from check_signed(work, attestation, bytes.fromhex(statement.commitment.root), place)


def check_signed(work: Work, attestation: AttestationRow, root: bytes, place: str) -> Iterator[Finding]:
    """Yield what differs between a computed root, the message that was signed, and what the chain recorded of it."""
    message = read_attestation(attestation)
    if message.root != root:
        yield Finding("ROOT_DIFFERS", "error", place, _ACTION, got=root.hex(), expected=message.root.hex())
    if find_transaction(work, attestation.outbox_id).state != "anchored":
        return
    try:
        recorded = work.house.contracts.periods.attestation(attestation_id_of(message)).root
    except ChainError as error:
        action = "check that this is the chain the statement was anchored on"
        yield Finding("ANCHOR_UNKNOWN", "error", place, action, got=str(error)[:200])
        return
    if recorded != message.root:
        yield Finding("ANCHOR_DIFFERS", "error", place, _ACTION, got=message.root.hex(), expected=recorded.hex())
