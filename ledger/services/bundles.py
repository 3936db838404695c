"""Hand out proof bundles: of a statement, of a leaf, of a claim with its verdicts and certificate (spec: bundle §1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ledger.accounting.bundle import Draft, Item, Proven, Recorded, make_item
from ledger.accounting.commit import METERS, Commitments, CommittedDataset
from ledger.chain.claim_proof import (
    CERTIFICATE_ISSUED,
    CLAIM_SUBMITTED,
    VERDICT_GIVEN,
    RecordedEvent,
    capture_events,
    capture_status,
)
from ledger.chain.proof import capture_block_finality
from ledger.chain.typed_data import Certificate
from ledger.clock import format_instant
from ledger.errors import Conflict, NotFound
from ledger.records import canonical
from ledger.records.meter_record import HEADER_BYTES
from ledger.services.anchors import attestation_item, attested, read_evidence
from ledger.services.claims import claim_name, load_claim_row
from ledger.services.context import Work
from ledger.services.dataset_statements import Kind, S, V, find_live, load_row, tree_context
from ledger.services.financed import FINANCED_KIND
from ledger.services.history import StatedPeriod, load_stated
from ledger.services.reductions import REDUCTIONS_KIND, load_committed
from ledger.services.stored_statement import load_commitments, load_records, load_statement_row
from ledger.store import tables
from ledger.store.repositories import attestations, claims, statements


@dataclass(frozen=True)
class BundleView:
    """A proof bundle: a file name and its canonical bytes, whose SHA-256 is its id."""

    filename: str
    data: bytes = field(repr=False)


def get_statement_bundle(work: Work, statement_id: str, *, since: int | None = None) -> BundleView:
    """Return the bundle of a statement: its commitments, signatures and anchors, and what its lines follow from.

    Args:
        since: the size of the checkpoint that the reader's policy pins, to be joined by a consistency proof.
    """
    row = load_statement_row(work, statement_id)
    stated, commitments = load_stated(work, row), load_commitments(work, row)
    draft = _draft("statement", stated, _proven(work, row, commitments, meters=True), inputs=_inputs(stated))
    return BundleView(f"{_name(row)}.lingtan.json", _finish(work, draft, since))


def get_leaf_bundle(work: Work, statement_id: str, dataset: str, asset: str, *, since: int | None = None) -> BundleView:
    """Return the bundle of one line, or of one meter's period with its slots and the statement that names it.

    Raises:
        NotFound: the statement has no such dataset, or no such leaf.
    """
    row = load_statement_row(work, statement_id)
    stated, commitments = load_stated(work, row), load_commitments(work, row)
    committed = commitments.find_dataset(dataset)
    if committed is None:
        raise NotFound("the statement has no such dataset", hint="expected METERS or OPERATIONAL")
    slots = None
    if dataset == METERS:
        committed.opening(asset)  # names the asset that is not there, before its record is looked for
        slots = load_records(work, row)[asset.split("/")[1]].to_bytes()[HEADER_BYTES:]
    item = make_item(committed, asset, slots=slots)
    proven = _signed(work, row, Proven.of(committed, [item]))
    inputs = (
        None if slots is None else {"organisation": None, "activity": None, "library": None, "statement": stated.statement.to_document()}
    )
    draft = _draft("leaf", stated, [proven], inputs=inputs)
    return BundleView(f"{_name(row)}-{asset.replace('/', '-')}.lingtan.json", _finish(work, draft, since))


def get_financed_bundle(work: Work, id: str, *, since: int | None = None) -> BundleView:
    """Return the bundle of a financed statement's commitment; the bank adds its opened groups at home."""
    row = load_row(work, FINANCED_KIND, id)
    statement = FINANCED_KIND.load(row)
    commitment = statement.commitment
    proven = Proven(
        row.dataset,
        tree_context(work, row.dataset, statement.origin),
        commitment.n,
        commitment.totals,
        bytes.fromhex(commitment.tree_root),
        bytes.fromhex(commitment.root),
    )
    draft = _dataset_draft(work, "statement", FINANCED_KIND, row, proven)
    name = f"{row.institution_id}-{row.period_id}-{row.dataset.lower().replace('_', '-')}-r{row.revision}"
    return BundleView(f"{name}.lingtan.json", _finish(work, draft, since))


def get_reductions_bundle(work: Work, id: str, *, since: int | None = None) -> BundleView:
    """Return the bundle of a statement of reductions with every line.

    Raises:
        Conflict: the commitment key that opens the leaves was erased.
    """
    row = load_row(work, REDUCTIONS_KIND, id)
    committed = load_committed(work, row)
    proven = Proven.of(committed, [make_item(committed, item.asset) for item in committed.openings])
    draft = _dataset_draft(work, "leaf", REDUCTIONS_KIND, row, proven)
    return BundleView(f"{row.institution_id}-{row.period_id}-reductions-r{row.revision}.lingtan.json", _finish(work, draft, since))


def get_claim_bundle(work: Work, id: str, *, since: int | None = None) -> BundleView:
    """Return the bundle of a claim: the statement's, the claim, every verdict, the certificate, and their status at the newest block.

    Raises:
        Conflict: the claim is not on the chain yet.
    """
    claim = load_claim_row(work, id)
    kept = statements.find_package(work.session, claim.package_hash)
    if kept is None:
        raise NotFound("the package of this claim is not kept here")
    row = statements.get_statement(work.session, kept.statement_id)
    stated, commitments = load_stated(work, row), load_commitments(work, row)
    chain, registry, name = work.house.chain, work.house.contracts.claims, claim_name(claim)
    submitted = capture_events(chain, registry, CLAIM_SUBMITTED, name)
    if not submitted:
        raise Conflict("the claim is not on the chain yet", hint="wait until it is anchored", claim=id)
    document: dict[str, Any] = {"id": claim.claim_id, **_signed_message(claim, submitted[0])}
    given = {item.arguments["structHash"]: item for item in capture_events(chain, registry, VERDICT_GIVEN, name)}
    verdicts = [item for item in claims.list_verdicts(work.session, claim) if bytes.fromhex(item.struct_hash) in given]
    document["verdicts"] = [
        {"result": canonical.load_canonical(item.result), **_signed_message(item, given[bytes.fromhex(item.struct_hash)])}
        for item in sorted(verdicts, key=lambda item: item.sequence)
    ]
    issued = capture_events(chain, registry, CERTIFICATE_ISSUED, name)
    document["certificate"] = _certificate(work, issued[0]) if issued else None
    events = [submitted[0], *given.values(), *issued[:1]]
    headers = {item.block: Recorded.of(item.evidence).header for item in events}
    proven = _proven(work, row, commitments, meters=True)
    finality_block = max([*headers, *(item.recorded.block for item in proven if item.recorded)])
    shown = _status_block(work, finality_block)
    slots = work.house.deployment.contract("ClaimRegistry").slots
    certificate = issued[0].arguments["certificate"] if issued else None
    document["status"] = capture_status(chain, registry, name, certificate, (slots["claims"], slots["certificates"]), shown)
    headers[shown] = chain.block_header_rlp(shown)
    draft = _draft("claim", stated, proven, inputs=_inputs(stated), claim=document, headers=headers)
    return BundleView(f"{claim.institution_id}-{claim.claim_id}.lingtan.json", _finish(work, draft, since))


def _status_block(work: Work, at_least: int) -> int:
    """Return the newest block that is as final as it gets: the last one under a cosigned checkpoint, else the head."""
    cosigned = work.house.chain.find_cosigned(at_least + 1)
    return work.house.chain.block_number() if cosigned is None else cosigned.checkpoint.size - 1


def _certificate(work: Work, event: RecordedEvent) -> dict[str, object]:
    """Return the certificate's message and signature as the transaction carried them."""
    chain, registry = work.house.chain, work.house.contracts.claims
    hash = event.evidence["transaction"]["hash"]
    transaction = chain.find_transaction(hash)
    if transaction is None:
        raise NotFound(f"the chain has no transaction {hash}", hint="take it again, from another node")
    message, signature = registry.read_call(Certificate, bytes.fromhex(str(transaction["input"])[2:]))
    return {
        "message": message.to_message(),
        "signature": "0x" + signature.hex(),
        "signer": str(event.arguments["signer"]).lower(),
        "event": Recorded.of(event.evidence).to_document(),
    }


def _signed_message(row: tables.Claim | tables.Verdict, event: RecordedEvent) -> dict[str, object]:
    return {
        "message": canonical.load_canonical(row.message),
        "signature": row.signature,
        "signer": row.signer,
        "event": Recorded.of(event.evidence).to_document(),
    }


def _proven(work: Work, row: tables.Statement, commitments: Commitments, *, meters: bool) -> list[Proven]:
    return [_signed(work, row, Proven.of(item, _meter_items(item) if meters else ())) for item in commitments.datasets]


def _meter_items(dataset: CommittedDataset) -> list[Item]:
    """Return every leaf of METERS without its name: totals and counts that the statement's lines follow from."""
    return [make_item(dataset, item.asset, named=False) for item in dataset.openings] if dataset.dataset == METERS else []


def _signed(work: Work, row: tables.Statement, proven: Proven) -> Proven:
    attestation = next((item for item in attested(work, row) if item.dataset == proven.dataset), None)
    if attestation is None:
        return proven
    anchor = attestations.find_anchor(work.session, attestation.id)
    return proven.signed(attestation_item(attestation), None if anchor is None else read_evidence(anchor))


def _inputs(stated: StatedPeriod) -> dict[str, object]:
    return {
        "organisation": stated.organisation.to_document(),
        "activity": stated.activity.to_document(),
        "library": stated.release.to_document(),
        "statement": stated.statement.to_document(),
    }


def _draft(kind: Any, stated: StatedPeriod, proven: list[Proven], **more: Any) -> Draft:
    statement = stated.statement
    period = statement.period
    start, end = format_instant(period.start), format_instant(period.end)
    return Draft(kind, statement.institution, start, end, statement.revision, proven, **more)


def _dataset_draft(work: Work, kind: Any, of: Kind[S, V], row: S, proven: Proven) -> Draft:
    attestation, anchor = find_live(work, of, row)
    if attestation is not None:
        proven = proven.signed(attestation_item(attestation), None if anchor is None else read_evidence(anchor))
    origin = of.load(row).origin
    start, end = format_instant(origin.period.start), format_instant(origin.period.end)
    return Draft(kind, row.institution_id, start, end, origin.revision, [proven])


def _finish(work: Work, draft: Draft, since: int | None) -> bytes:
    return draft.build(capture_block_finality(work.house.chain, draft.blocks, since) if draft.blocks else None)


def _name(row: tables.Statement) -> str:
    return f"{row.institution_id}-{row.period_id}-r{row.revision}"
