"""The part of `lingtan fsck` for reductions: each statement against its lines, what was signed and what the chain holds."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.errors import LedgerError
from ledger.records.findings import Finding
from ledger.services.context import Work
from ledger.services.dataset_statements import find_live
from ledger.services.financed_checks import check_signed
from ledger.services.reductions import REDUCTIONS_KIND
from ledger.store import tables
from ledger.store.repositories.attested import REDUCTION_STATEMENTS

_ACTION = "restore the row from a backup and find out who changed it"


def check_reduction_statements(work: Work) -> Iterator[Finding]:
    """Yield what contradicts itself in stored statements of reductions; nothing is changed.

    Leaves are not kept: they are derived from the lines, which the document's hash holds, and from a key that the bank may have had erased.
    """
    after: int | None = None
    while True:
        page = REDUCTION_STATEMENTS.list_statements(work.session, limit=100, after=after)
        for row in page.items:
            yield from _check(work, REDUCTION_STATEMENTS.get_statement(work.session, row.id))
        if page.next_after is None:
            return
        after = page.next_after


def _check(work: Work, row: tables.ReductionStatement) -> Iterator[Finding]:
    place = f"statement of reductions {row.id} ({row.institution_id}, {row.period_id}, revision {row.revision})"
    try:
        statement = REDUCTIONS_KIND.load(row)
    except LedgerError as error:
        yield Finding("STATEMENT_UNREADABLE", "error", place, _ACTION, got=str(error)[:200])
        return
    origin = statement.origin
    stored = (row.institution_id, row.period_id, row.revision, row.hash)
    told = (origin.institution, origin.period.id, origin.revision, statement.digest())
    if stored != told:
        yield Finding("STATEMENT_DIFFERS", "error", place, _ACTION, got=" ".join(map(str, stored)), expected=" ".join(map(str, told)))
    attestation, _ = find_live(work, REDUCTIONS_KIND, row)
    if attestation is not None:
        yield from check_signed(work, attestation, bytes.fromhex(statement.commitment.root), place)
