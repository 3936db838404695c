"""Sign a statement of one dataset: one message, by another person than the one who handed it in; and its anchor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.chain.typed_data import PeriodAttestation
from ledger.errors import Conflict, Forbidden, NotFound
from ledger.merkle.bulk import SealedTree
from ledger.services import audit
from ledger.services.anchors import read_evidence
from ledger.services.attestations import AttestationView, attestation_view, check_message, require_library
from ledger.services.context import Work, require_own
from ledger.services.dataset_statements import Kind, S, V, find_live, find_state, load_row, tree_context
from ledger.services.signing import queue, receive, signed_columns
from ledger.services.signing_request import SIGNING_SECONDS, SigningRequest, signing_item, tree_attestation


@dataclass(frozen=True)
class DatasetAnchorView:
    """Where a statement is anchored; `evidence` is its item of `lingtan.anchors/1`."""

    statement: str
    dataset: str
    tx_hash: str
    block_number: int
    block_hash: str
    anchored_at: int
    evidence: dict[str, Any]


def get_signing_request(work: Work, kind: Kind[S, V], id: str) -> SigningRequest:
    """Return the message that the approver signs; none where one waits for the chain or is anchored."""
    row = load_row(work, kind, id)
    live, _ = find_live(work, kind, row)
    if live is not None:
        return SigningRequest(str(row.id), ())
    struct = _message(work, kind, row, work.clock.now() + SIGNING_SECONDS)
    return SigningRequest(str(row.id), (signing_item(work.house.contracts.periods, struct, row.dataset),))


def submit_attestation(work: Work, kind: Kind[S, V], id: str, message: Mapping[str, Any], signature: str) -> AttestationView:
    """Take the approver's signature on a statement and queue it for the chain. The same message again changes nothing.

    Raises:
        Forbidden: the person who handed the statement in signs it, or the actor is no approver.
        InputError: the message is not the one the statement gives.
        SignatureRefused: past its deadline; another bank's, a suspended or an ended key; signed for another chain.
        Conflict: its library release is not in force; another message is recorded; a later revision is used.
    """
    row = load_row(work, kind, id)
    require_own(work, row.institution_id, "approver")
    if row.prepared_by == work.actor.subject:
        raise Forbidden("the preparer of a statement does not sign it", hint="preparer and approver are two people")
    require_library(work, row.library_hash)
    ledger = work.house.contracts.periods
    received = receive(work, ledger, PeriodAttestation, message, signature)
    check_message(received.struct, _message(work, kind, row, received.struct.deadline), id)
    live, _ = find_live(work, kind, row)
    if live is not None and live.struct_hash == received.struct.struct_hash().hex():
        return _view(work, kind, row)
    if live is not None:
        raise Conflict("this statement is attested already", hint="a correction is the next revision, with a cause", statement=str(row.id))
    _check_not_overtaken(work, kind, row)
    outbox_id = queue(work, ledger, received, kind="periods.submit", subject=f"{kind.code}/{row.id}/{row.dataset}")
    signed = signed_columns(work, received, outbox_id)
    kind.rows.add_attestation(work.session, row, dataset=row.dataset, digest=received.digest.hex(), signed=signed)
    audit.record(work, f"{kind.code}.attest", str(row.id), institution=row.institution_id, details={"statement": row.hash})
    return _view(work, kind, row)


def get_attestation(work: Work, kind: Kind[S, V], id: str) -> AttestationView:
    """Return the attestation of a statement and how far it has come.

    Raises:
        NotFound: it is not signed yet.
    """
    return _view(work, kind, load_row(work, kind, id))


def get_anchor(work: Work, kind: Kind[S, V], id: str) -> DatasetAnchorView:
    """Return the anchor of a statement with its evidence.

    Raises:
        NotFound: it is not anchored yet.
    """
    row = load_row(work, kind, id)
    _, anchor = find_live(work, kind, row)
    if anchor is None:
        raise NotFound("no such anchor", hint="the statement is not anchored yet")
    evidence = read_evidence(anchor)
    return DatasetAnchorView(str(row.id), row.dataset, anchor.tx_hash, anchor.block_number, anchor.block_hash, anchor.at, evidence)


def _message(work: Work, kind: Kind[S, V], row: S, deadline: int) -> PeriodAttestation:
    statement = kind.load(row)
    named, origin = statement.commitment, statement.origin
    tree = SealedTree(named.n, named.totals, bytes.fromhex(named.tree_root), bytes.fromhex(named.root))
    context = tree_context(work, row.dataset, origin)
    return tree_attestation(context, tree, origin.cause, origin.library_hash, statement.digest(), deadline)


def _check_not_overtaken(work: Work, kind: Kind[S, V], row: S) -> None:
    """Pass unless the chain will hold, or holds, something else for this revision or a later one."""
    last = kind.rows.find_last_attested(work.session, row.institution_id, row.period_id, row.dataset)
    if last is not None and last.id != row.id and last.revision >= row.revision:
        raise Conflict(
            f"revision {last.revision} of {row.dataset} of {row.period_id} is attested already, by statement {last.id}",
            hint=kind.overtaken_hint,
            statement=str(last.id),
        )


def _view(work: Work, kind: Kind[S, V], row: S) -> AttestationView:
    return attestation_view(work, kind.rows, row, find_state(work, kind, row))
