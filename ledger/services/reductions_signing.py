"""Sign a statement of reductions: one message for its dataset, by another person than the one who handed it in; and its anchor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.chain.typed_data import PeriodAttestation
from ledger.errors import Conflict, Forbidden, NotFound
from ledger.merkle.bulk import SealedTree
from ledger.merkle.dataset_schema import REDUCTIONS
from ledger.savings.reductions import ReductionsStatement
from ledger.services import audit
from ledger.services.anchors import read_evidence
from ledger.services.attestations import AttestationView, AttestedDataset, check_message, read_attestation, require_library
from ledger.services.context import Work, require_own
from ledger.services.reductions import find_reductions_state, load_reductions, load_reductions_row, reductions_context
from ledger.services.signing import queue, receive, signed_columns
from ledger.services.signing_request import SIGNING_SECONDS, SigningRequest, signing_item, tree_attestation
from ledger.services.transactions import find_transaction
from ledger.store import tables
from ledger.store.repositories import reductions


@dataclass(frozen=True)
class ReductionsAnchorView:
    """Where a statement of reductions is anchored; `evidence` is its item of `lingtan.anchors/1`."""

    statement: str
    dataset: str
    tx_hash: str
    block_number: int
    block_hash: str
    anchored_at: int
    evidence: dict[str, Any]


def get_reductions_signing_request(work: Work, id: str) -> SigningRequest:
    """Return the message that the approver signs; none where one waits for the chain or is anchored."""
    row = load_reductions_row(work, id)
    if find_live_reductions_attestation(work, row) is not None:
        return SigningRequest(str(row.id), ())
    struct = _message(work, load_reductions(row), work.clock.now() + SIGNING_SECONDS)
    return SigningRequest(str(row.id), (signing_item(work.house.contracts.periods, struct, REDUCTIONS),))


def submit_reductions_attestation(work: Work, id: str, message: Mapping[str, Any], signature: str) -> AttestationView:
    """Take the approver's signature on a statement of reductions and queue it for the chain. The same message again changes nothing.

    Raises:
        Forbidden: the person who handed the projects in signs it, or the actor is no approver.
        InputError: the message is not the one the statement gives.
        SignatureRefused: past its deadline; another bank's, a suspended or an ended key; signed for another chain.
        Conflict: its library release is not in force; another message is recorded; a later revision is used.
    """
    row = load_reductions_row(work, id)
    require_own(work, row.institution_id, "approver")
    if row.prepared_by == work.actor.subject:
        raise Forbidden("the preparer of a statement does not sign it", hint="preparer and approver are two people")
    require_library(work, row.library_hash)
    received = receive(work, work.house.contracts.periods, PeriodAttestation, message, signature)
    check_message(received.struct, _message(work, load_reductions(row), received.struct.deadline), id)
    live = find_live_reductions_attestation(work, row)
    if live is None or live.struct_hash != received.struct.struct_hash().hex():
        _check_unused(work, row, live)
        outbox_id = queue(work, work.house.contracts.periods, received, kind="periods.submit", subject=f"reductions/{row.id}")
        signed = signed_columns(work, received, outbox_id)
        reductions.add_reduction_attestation(work.session, row, digest=received.digest.hex(), signed=signed)
        audit.record(work, "reductions.attest", str(row.id), institution=row.institution_id, details={"statement": row.hash})
    return _view(work, row)


def get_reductions_attestation(work: Work, id: str) -> AttestationView:
    """Return the attestation of a statement of reductions and how far it has come.

    Raises:
        NotFound: it is not signed yet.
    """
    return _view(work, load_reductions_row(work, id))


def get_reductions_anchor(work: Work, id: str) -> ReductionsAnchorView:
    """Return the anchor of a statement of reductions with its evidence.

    Raises:
        NotFound: it is not anchored yet.
    """
    row = load_reductions_row(work, id)
    attestation = find_live_reductions_attestation(work, row)
    anchor = None if attestation is None else reductions.find_reduction_anchor(work.session, attestation.id)
    if anchor is None:
        raise NotFound("no such anchor", hint="the statement is not anchored yet")
    return ReductionsAnchorView(
        str(row.id), REDUCTIONS, anchor.tx_hash, anchor.block_number, anchor.block_hash, anchor.at, read_evidence(anchor)
    )


def find_live_reductions_attestation(work: Work, row: tables.ReductionStatement) -> tables.ReductionAttestation | None:
    """Return the attestation of a statement that waits for the chain or is anchored; one refused for good is none."""
    latest = reductions.find_reduction_attestation(work.session, row.id)
    return None if latest is None or find_transaction(work, latest.outbox_id).state == "rejected" else latest


def _message(work: Work, statement: ReductionsStatement, deadline: int) -> PeriodAttestation:
    named, origin = statement.commitment, statement.origin
    tree = SealedTree(named.n, named.totals, bytes.fromhex(named.tree_root), bytes.fromhex(named.root))
    return tree_attestation(reductions_context(work, origin), tree, origin.cause, origin.library_hash, statement.digest(), deadline)


def _check_unused(work: Work, row: tables.ReductionStatement, live: tables.ReductionAttestation | None) -> None:
    if live is not None:
        raise Conflict("this statement is attested already", hint="a correction is the next revision, with a cause", statement=str(row.id))
    last = reductions.find_last_attested(work.session, row.institution_id, row.period_id, REDUCTIONS)
    if last is not None and last.id != row.id and last.revision >= row.revision:
        raise Conflict(
            f"revision {last.revision} of the reductions of {row.period_id} is attested already, by statement {last.id}",
            hint="hand the projects in again with a cause, and sign that statement",
            statement=str(last.id),
        )


def _view(work: Work, row: tables.ReductionStatement) -> AttestationView:
    item = reductions.find_reduction_attestation(work.session, row.id)
    if item is None:
        raise NotFound("no such attestation", hint="the statement is not signed yet")
    transaction = find_transaction(work, item.outbox_id)
    root = read_attestation(item).root.hex()
    shown = AttestedDataset(REDUCTIONS, root, item.signer, transaction.state, transaction.tx_hash, transaction.error, str(item.id))
    state = find_reductions_state(work, row)
    return AttestationView(str(row.id), str(row.id), row.institution_id, "anchored" if state == "superseded" else state, (shown,))
