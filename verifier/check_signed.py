"""Check what was signed and anchored of one dataset of a package: attestation, anchor, signer."""

from __future__ import annotations

from typing import Any

from verifier.check_anchor import check_anchor
from verifier.check_commitment import check_attestation, check_signer
from verifier.check_inputs import Parts
from verifier.checks import Checks
from verifier.commitment import Commitment
from verifier.log_proofs import NO_PROOFS, LogProofs
from verifier.policy import Policy


def check_signed(
    checks: Checks,
    parts: Parts,
    commitment: Commitment,
    dataset: str,
    library_hash: str | None,
    policy: Policy | None,
    log_proofs: LogProofs = NO_PROOFS,
    name: str = "statement",
) -> None:
    """Answer attestation, anchor and signer checks of one dataset of a package; `name` is the statement that was signed."""
    statement = parts.documents[name]
    item = only_item(checks, parts, "attestations", f"attestation.{dataset}", dataset)
    attested = check_attestation(
        checks, commitment, item, library_hash or statement["library"]["hash"], parts.hashes[f"{name}.json"], statement["cause"]
    )
    anchor = only_item(checks, parts, "anchors", f"anchor.header.{dataset}", dataset)
    time = check_anchor(checks, commitment, attested, anchor, policy, log_proofs)
    check_signer(checks, commitment, attested, policy, time)


def only_item(checks: Checks, parts: Parts, document: str, check_id: str, dataset: str) -> Any | None:
    """Return the one item of a dataset, or None; two items are a mismatch of their own."""
    if not parts.has(document):
        return None
    items = [item for item in parts.documents[document]["items"] if item["dataset"] == dataset]
    if len(items) > 1:
        checks.failed(check_id, dataset, "ITEM_TWICE", "one item", f"{len(items)} items")
    return items[0] if items else None
