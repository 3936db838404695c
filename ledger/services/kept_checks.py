"""Whether what was kept beside the figures is still what was signed, recorded on the chain and entered in the audit log: part of fsck."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from ledger.chain.contracts.base import Contract
from ledger.chain.errors import ChainError
from ledger.chain.recover import recover_signer
from ledger.chain.typed_data import Claim, LogCheckpoint, PeriodAttestation, ProposeRelease, PublishRelease, TypedStruct, Verdict
from ledger.errors import LedgerError
from ledger.records import canonical
from ledger.records.findings import Finding
from ledger.services.context import Work
from ledger.services.transactions import find_transaction
from ledger.store import kept, tables

PREPARED, ANSWERED = "statement.prepare", "statement.answer"
_ACTION = "restore the row from a backup and find out who changed it"


def check_signed(work: Work) -> Iterator[Finding]:
    """Yield SIGNED_MESSAGE_CHANGED for every kept message that its hash or signature is not of, ANCHOR_DIFFERS for one that the chain
    recorded otherwise."""
    contracts = work.house.contracts
    held: tuple[tuple[type[kept.SignedRow], type[TypedStruct], Contract], ...] = (
        (tables.Attestation, PeriodAttestation, contracts.periods),
        (tables.FinancedAttestation, PeriodAttestation, contracts.periods),
        (tables.ReductionAttestation, PeriodAttestation, contracts.periods),
        (tables.LogCheckpoint, LogCheckpoint, contracts.periods),
        (tables.Claim, Claim, contracts.claims),
        (tables.Verdict, Verdict, contracts.claims),
        (tables.ReleaseProposal, ProposeRelease, contracts.libraries),
        (tables.ReleasePublication, PublishRelease, contracts.libraries),
    )
    for table, struct, contract in held:
        for row in kept.iterate_signed(work.session, table):
            place = f"{table.__tablename__} {row.id}"
            fault = _message_fault(row, struct, contract)
            if fault is not None:
                got, expected = fault
                yield Finding("SIGNED_MESSAGE_CHANGED", "error", place, _ACTION, got, expected)
                continue
            yield from _check_kept(work, row, place)
            if find_transaction(work, row.outbox_id).state == "anchored":
                yield from _check_recorded(work, row, place)


def check_audited(work: Work) -> Iterator[Finding]:
    """Yield ANSWER_CHANGED and FINDINGS_CHANGED where answers or findings of a statement are others than the audit log says."""
    said: set[tuple[str, str, str, str, str]] = set()
    for entry in kept.iterate_audit(work.session, ANSWERED):
        details = canonical.load(entry.details)
        if isinstance(details, dict):
            said.add((entry.object, str(details["code"]), str(details["place"]), str(details["reason"]), entry.actor))
    stored = {(str(row.statement_id), row.code, row.place, row.reason, row.by) for row in kept.iterate_answers(work.session)}
    for statement, code, place, _, by in sorted(said ^ stored):
        here = "an answer that the audit log does not have" if statement else ""
        yield Finding("ANSWER_CHANGED", "error", f"answer of {by} to {code} at {place}, statement {statement}", _ACTION, here, "as audited")
    for entry in kept.iterate_audit(work.session, PREPARED):
        details = canonical.load(entry.details)
        row = kept.find_statement(work.session, entry.object)
        expected = details.get("findings") if isinstance(details, dict) else None
        if row is None:
            yield Finding("STATEMENT_ERASED", "error", f"statement {entry.object}", _ACTION, "no row", "the statement that was prepared")
        elif expected is not None and (got := hashlib.sha256(row.findings).hexdigest()) != expected:
            yield Finding("FINDINGS_CHANGED", "error", f"findings of statement {row.id}", _ACTION, got, str(expected))


def _message_fault(row: kept.SignedRow, struct: type[TypedStruct], contract: Contract) -> tuple[str, str] | None:
    try:
        message = canonical.load(row.message)
        value = struct.from_message(message if isinstance(message, dict) else {})
        if value.struct_hash().hex() != row.struct_hash.removeprefix("0x"):
            return value.struct_hash().hex(), row.struct_hash
        signer = recover_signer(value.digest(contract.domain), bytes.fromhex(row.signature.removeprefix("0x"))).lower()
    except (LedgerError, ValueError) as error:
        return str(error)[:200], "the message that was signed"
    return None if signer == row.signer.lower() else (signer, row.signer)


def _check_kept(work: Work, row: kept.SignedRow, place: str) -> Iterator[Finding]:
    """Yield a finding where what a message is about is not kept as it was signed: a verdict's result, a proposed document."""
    message = canonical.load(row.message)
    facts = message if isinstance(message, dict) else {}
    if isinstance(row, tables.Verdict):
        signed = Verdict.from_message(facts).result_hash.hex()
        if row.result_hash != signed:
            yield Finding("SIGNED_MESSAGE_CHANGED", "error", f"result of {place}", _ACTION, row.result_hash, signed)
    elif isinstance(row, tables.ReleaseProposal):
        signed = ProposeRelease.from_message(facts).release.hex()
        if row.release_hash != signed or not kept.has_release(work.session, signed):
            yield Finding("LIBRARY_CHANGED", "error", f"document of {place}", _ACTION, "no document of this hash", signed)


def _check_recorded(work: Work, row: kept.SignedRow, place: str) -> Iterator[Finding]:
    registry = work.house.contracts.claims
    try:
        if isinstance(row, tables.Claim):
            recorded = registry.claim(bytes.fromhex(row.name)).struct_hash
        elif isinstance(row, tables.Verdict):
            message = canonical.load(row.message)
            claim = Verdict.from_message(message if isinstance(message, dict) else {}).claim
            recorded = registry.verdict(claim, row.sequence).struct_hash
        else:
            return  # the root and the totals of attestations are compared with the statement's own
    except ChainError as error:
        yield Finding("ANCHOR_UNKNOWN", "error", place, "check that this is the chain it was anchored on", got=str(error)[:200])
        return
    if recorded.hex() != row.struct_hash.removeprefix("0x"):
        yield Finding("ANCHOR_DIFFERS", "error", place, _ACTION, got=row.struct_hash, expected=recorded.hex())
