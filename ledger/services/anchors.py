"""Show anchors and their evidence, and prove single leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ledger.accounting.line_proof import build_line_proof
from ledger.errors import NotFound
from ledger.records import canonical
from ledger.services.attestations import read_attestation, read_message
from ledger.services.attested import live_attestations
from ledger.services.context import Page, Work, may_see, require_visible
from ledger.services.stored_statement import load_commitments, load_statement_row
from ledger.store import tables
from ledger.store.repositories import attestations
from ledger.store.repositories.attested import STATEMENTS
from ledger.store.tables.attested import AnchorRow, AttestationRow


@dataclass(frozen=True)
class AnchorView:
    """An anchored dataset of a statement; times in Unix seconds."""

    id: str
    institution: str
    statement: str
    dataset: str
    root: str
    tx_hash: str
    block_number: int
    block_hash: str
    anchored_at: int
    state: str


def get_anchor(work: Work, id: str) -> AnchorView:
    """Return an anchor by its attestation's number."""
    attestation, anchor = _load(work, id)
    return _view(attestation, anchor)


def list_anchors(work: Work, institution: str | None, limit: int, after: str | None) -> Page[AnchorView]:
    """Return the anchors that the actor may see, in the order of their attestations; of one institution if given."""
    if institution is not None:
        require_visible(work, institution)
    elif not may_see(work.actor, ""):
        institution = work.actor.institution or "-"
    page = attestations.list_attestations(
        work.session, institution_id=institution, limit=limit, after=None if after is None else int(after)
    )
    items = []
    for attestation in page.items:
        anchor = attestations.find_anchor(work.session, attestation.id)
        if anchor is not None:
            items.append(_view(attestation, anchor))
    return Page(tuple(items), None if page.next_after is None else str(page.next_after))


def get_anchor_proof(work: Work, id: str) -> dict[str, Any]:
    """Return the evidence captured when the anchor was made: an item of `lingtan.anchors/1`."""
    _, anchor = _load(work, id)
    return read_evidence(anchor)


def get_leaf_proof(work: Work, statement_id: str, dataset: str, asset: str) -> dict[str, object]:
    """Return the `lingtan.proof/1` bundle of one leaf, with the attestation and the anchor where they exist."""
    row = load_statement_row(work, statement_id)
    committed = load_commitments(work, row).find_dataset(dataset)
    if committed is None:
        raise NotFound("the statement has no such dataset", hint="expected METERS or OPERATIONAL")
    attestation = next((item for item in attested(work, row) if item.dataset == dataset), None)
    anchor = None if attestation is None else attestations.find_anchor(work.session, attestation.id)
    return build_line_proof(
        committed,
        asset,
        None if attestation is None else attestation_item(attestation),
        None if anchor is None else read_evidence(anchor),
    )


def attested(work: Work, row: tables.Statement) -> tuple[tables.Attestation, ...]:
    """Return the attestations of a statement that count, one per dataset: those not refused for good."""
    return tuple(live_attestations(work, STATEMENTS, row).values())


def attestation_item(row: AttestationRow) -> dict[str, object]:
    """Return a stored attestation as an item of `lingtan.attestations/1`."""
    return {
        "dataset": row.dataset,
        "message": read_message(row),
        "signature": row.signature,
        "signer": row.signer,
        "digest": "0x" + row.digest.removeprefix("0x"),
    }


def read_evidence(anchor: AnchorRow) -> dict[str, Any]:
    """Return the stored evidence of an anchor."""
    evidence = canonical.load(anchor.evidence)
    return dict(evidence) if isinstance(evidence, dict) else {}


def _load(work: Work, id: str) -> tuple[tables.Attestation, tables.Anchor]:
    if id.isdecimal() and len(id) < 18:
        try:
            attestation = attestations.get_attestation(work.session, int(id))
            require_visible(work, attestation.institution_id)
        except NotFound:
            attestation = None
        if attestation is not None:
            anchor = attestations.find_anchor(work.session, attestation.id)
            if anchor is not None:
                return attestation, anchor
    raise NotFound("no such anchor", hint="the attestation may still be queued; list the anchors")


def _view(attestation: tables.Attestation, anchor: tables.Anchor) -> AnchorView:
    message = read_attestation(attestation)
    return AnchorView(
        id=str(attestation.id),
        institution=attestation.institution_id,
        statement=str(attestation.statement_id),
        dataset=attestation.dataset,
        root=message.root.hex(),
        tx_hash=anchor.tx_hash,
        block_number=anchor.block_number,
        block_hash=anchor.block_hash,
        anchored_at=anchor.at,
        state="anchored",
    )
