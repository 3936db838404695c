"""What is stored of a statement, read back: the row, the value, its meter records, its commitments."""

from __future__ import annotations

from ledger.accounting.commit import Commitments, commit
from ledger.errors import Conflict
from ledger.merkle.keys import CommitmentKeys
from ledger.records import canonical
from ledger.records.meter_record import MeterRecord
from ledger.records.statement import Statement
from ledger.services import attested
from ledger.services.context import Work
from ledger.store import tables
from ledger.store.repositories import institutions, statements
from ledger.store.repositories.attested import STATEMENTS


def load_statement_row(work: Work, id: str) -> tables.Statement:
    """Return the stored row of a statement that the actor may see.

    Raises:
        NotFound: none, or another institution's.
    """
    return attested.load_row(work, STATEMENTS, id, "list the statements of the period")


def load_statement(row: tables.Statement) -> Statement:
    """Return the value of a stored statement."""
    return Statement.from_document(canonical.load_canonical(row.document))


def load_records(work: Work, row: tables.Statement) -> dict[str, MeterRecord]:
    """Return the meter records as the statement used them, by meter id."""
    return {meter: MeterRecord.from_bytes(data) for meter, data in statements.iterate_meter_records(work.session, row.id)}


def load_commitments(work: Work, row: tables.Statement) -> Commitments:
    """Return the statement's commitments, computed again from stored records and the commitment key.

    Raises:
        Conflict: the institution had its commitment key erased.
        IntegrityError: a stored record is not the one the statement names.
    """
    if statements.find_commitments(work.session, row.id) is None:
        raise Conflict(
            f"keys and salts of statement {row.id} were erased with the commitment key of {row.institution_id}",
            hint="roots, totals and anchors stay; use the package that was downloaded before, or prepare a restatement with a new key",
            statement=str(row.id),
        )
    statement = load_statement(row)
    keys = load_keys(work, row.institution_id)
    return commit(statement, load_records(work, row), keys, work.house.chain.chain_id, contract_bytes(work))


def load_keys(work: Work, institution: str) -> CommitmentKeys:
    """Return the institution's commitment keys.

    Raises:
        Conflict: none is kept.
    """
    secret = institutions.find_commitment_key(work.session, institution)
    if secret is None:
        raise Conflict(
            f"no commitment key of {institution} is kept here", hint="set it with `lingtan keys commitment`", institution=institution
        )
    return CommitmentKeys(secret)


def contract_bytes(work: Work) -> bytes:
    """Return the PeriodLedger's 20 address bytes."""
    return bytes.fromhex(work.house.contracts.periods.address[2:])
