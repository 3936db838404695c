"""Check what a bundle says of its datasets: subject, commitments, leaves, signatures, anchors, witnesses (bundle.md §2)."""

from __future__ import annotations

from typing import Any

from verifier.bundle import Bundle, anchor_item, finality_item
from verifier.bundle_items import verify_leaves, verify_records
from verifier.chain_evidence import Header
from verifier.check_anchor import STEPS, check_anchor, check_finality
from verifier.check_commitment import Attested, check_attestation, check_schema, check_signer
from verifier.checkpoint import WITNESS_KEY, read_vkey, strangers, verify_cosignatures
from verifier.checks import Checks
from verifier.commitment import Commitment
from verifier.errors import Malformed
from verifier.log_proofs import NO_PROOFS, LogProofs
from verifier.policy import Policy
from verifier.sum_tree import MEASURES, sid


def check_subject(checks: Checks, bundle: Bundle) -> None:
    """Answer bundle.subject: what the bundle says it is about is what its contexts bind, and nothing in it is idle."""
    subject, (start, end) = bundle.subject, bundle.bounds
    before = len(checks.items)
    compared: list[tuple[str, object, object]] = []
    first = bundle.commitments[0].context
    for commitment in bundle.commitments:
        context, name = commitment.context, commitment.dataset
        compared += [
            (f"{name} context.org", sid("org", subject["institution"]).hex(), context.org.hex()),
            (f"{name} context.period_start", start, context.period_start),
            (f"{name} context.period_end", end, context.period_end),
            (f"{name} context.revision", subject["revision"], context.revision),
            (f"{name} context.dataset", sid("dataset", name).hex(), context.dataset.hex()),
            (f"{name} context.alg", 1, context.alg),
            (f"{name} context.measures", MEASURES, context.measures),
            (f"{name} context.chain_id", first.chain_id, context.chain_id),
            (f"{name} context.contract", first.contract.hex(), context.contract.hex()),
        ]
    compared += _kind(bundle) + _headers(bundle)
    for what, expected, found in compared:
        if expected != found:
            checks.failed("bundle.subject", what, "SUBJECT", expected, found)
    if len(checks.items) == before:
        checks.passed("bundle.subject", f"{subject['institution']} {subject['start']}/{subject['end']} revision {subject['revision']}")


def _kind(bundle: Bundle) -> list[tuple[str, object, object]]:
    document, kind = bundle.document, bundle.subject["kind"]
    items = sum(len(item["items"]) for item in document["datasets"])
    inputs = document["inputs"]
    facts = {
        "claim": document["claim"] is not None,
        "one dataset with items": len(document["datasets"]) == 1 and items > 0,
        "whole inputs": inputs is not None and inputs["organisation"] is not None,
        "a statement alone": inputs is not None and inputs["organisation"] is None,
        "items": items > 0,
    }
    wanted = {
        "leaf": {"claim": False, "one dataset with items": True, "whole inputs": False},
        "statement": {"claim": False, "a statement alone": False, **({} if facts["whole inputs"] else {"items": False})},
        "claim": {"claim": True, "a statement alone": False},
    }[kind]
    return [(f"kind {kind}: {what}", expected, facts[what]) for what, expected in wanted.items()]


def _headers(bundle: Bundle) -> list[tuple[str, object, object]]:
    document = bundle.document
    count, finality = len(document["headers"]), document["finality"]
    numbers = [bundle.header(at, None).number for at in range(count)]
    compared: list[tuple[str, object, object]] = [
        ("headers ascending by number", sorted(set(numbers)), numbers),
        ("headers referred to", list(range(count)), sorted(set(bundle.blocks()))),
    ]
    if finality is not None and finality["kind"] == "checkpoint":
        compared.append(("finality.proofs", list(range(count)), [item["block"] for item in finality["proofs"]]))
    return compared


def check_dataset(
    checks: Checks, bundle: Bundle, at: int, policy: Policy | None, log_proofs: LogProofs = NO_PROOFS
) -> tuple[Attested | None, int | None]:
    """Answer every check of one dataset; return what was attested, and the time of the anchor's block where that holds."""
    item, commitment = bundle.document["datasets"][at], bundle.commitments[at]
    dataset = commitment.dataset
    # 1. R and the leaves.
    with checks.guard(f"commitment.{dataset}", dataset):
        verify_leaves(commitment, item["items"])
        checks.passed(f"commitment.{dataset}", f"{dataset}, {len(item['items'])} of {commitment.n} leaves")
    if item["items"]:
        with checks.guard(f"items.{dataset}", dataset):
            inputs = bundle.document["inputs"]
            verify_records(commitment, item["items"], None if inputs is None else inputs["statement"])
            unnamed = sum(entry["asset"] is None for entry in item["items"])
            remark = "METERS_UNNAMED" if unnamed else ""
            checks.passed(f"items.{dataset}", f"{len(item['items'])} records", remark, unnamed=str(unnamed), items=str(len(item["items"])))
    _check_schema(checks, commitment, policy)
    # 2. Who signed it.
    attested = check_attestation(checks, commitment, item["attestation"])
    # 3. What the chain recorded of it.
    time = _check_anchor(checks, bundle, item, commitment, attested, policy, log_proofs)
    check_signer(checks, commitment, attested, policy, time)
    return attested, time


def _check_schema(checks: Checks, commitment: Commitment, policy: Policy | None) -> None:
    check_id = f"schema.{commitment.dataset}"
    if policy is None:
        checks.unchecked(check_id, commitment.dataset, "NO_POLICY")
    elif check_schema(checks, check_id, commitment, policy):
        checks.passed(check_id, commitment.dataset)


def _check_anchor(
    checks: Checks,
    bundle: Bundle,
    item: Any,
    commitment: Commitment,
    attested: Attested | None,
    policy: Policy | None,
    log_proofs: LogProofs,
) -> int | None:
    dataset = commitment.dataset
    if item["anchor"] is None:
        time = check_anchor(checks, commitment, attested, None, policy)
        if policy is not None and policy.witnesses:
            checks.unchecked(f"anchor.witnessed.{dataset}", dataset, "NO_ANCHOR")
        return time
    header: Header | None = None
    with checks.guard(f"anchor.header.{dataset}", dataset):
        header = bundle.header(item["anchor"]["block"], policy)
    if header is None:
        for step in STEPS[1:]:
            checks.unchecked(f"anchor.{step}.{dataset}", dataset, "HEADER_UNREAD")
    else:
        time = check_anchor(checks, commitment, attested, anchor_item(bundle, item, header), policy, log_proofs)
        check_strangers(checks, f"anchor.final.{dataset}", bundle, policy)
    check_witnesses(checks, f"anchor.witnessed.{dataset}", bundle, policy, final=checks.holds(f"anchor.final.{dataset}"))
    return None if header is None else time


def check_strangers(checks: Checks, check_id: str, bundle: Bundle, policy: Policy | None) -> None:
    """Record UNTRUSTED under a finality check where a line of the note is of nobody that the policy names."""
    finality = bundle.document["finality"]
    if policy is None or policy.vkey is None or finality is None or finality["kind"] != "checkpoint":
        return
    try:
        unknown = strangers(finality["checkpoint"], [read_vkey(policy.vkey), *(read_vkey(key, WITNESS_KEY) for key in policy.witnesses)])
    except Malformed:
        return  # the check itself has said so
    if unknown:
        checks.untrusted(check_id, "checkpoint signatures", "WITNESS_UNKNOWN", "the log and the policy's witnesses", ", ".join(unknown))


def check_witnesses(checks: Checks, check_id: str, bundle: Bundle, policy: Policy | None, *, final: bool) -> int | None:
    """Answer whether a quorum of the policy's witnesses cosigned the checkpoint; owed only where the policy names any.

    Returns the time (Unix seconds) by which a quorum had cosigned, or None.
    """
    if policy is None or not policy.witnesses:
        return None
    finality = bundle.document["finality"]
    if finality is None or finality["kind"] != "checkpoint":
        checks.unchecked(check_id, "witnesses", "NO_CHECKPOINT")
        return None
    found: dict[str, int] = {}
    with checks.guard(check_id, "witnesses"):
        found = verify_cosignatures(finality["checkpoint"], [read_vkey(key, WITNESS_KEY) for key in policy.witnesses])
        subject = f"{len(found)} of {len(policy.witnesses)} witnesses"
        if len(found) < policy.witness_quorum:
            checks.unchecked(check_id, subject, "WITNESS_QUORUM", quorum=str(policy.witness_quorum))
        elif not final:
            checks.unchecked(check_id, subject, "NOT_FINAL")
        else:
            checks.passed(check_id, subject)
    times = sorted(found.values(), reverse=True)
    return times[policy.witness_quorum - 1] if len(times) >= policy.witness_quorum else None


def check_final(
    checks: Checks,
    check_id: str,
    bundle: Bundle,
    block: int,
    header: Header,
    policy: Policy | None,
    log_proofs: LogProofs = NO_PROOFS,
) -> None:
    """Answer whether a block other than an anchor's is final, by the same rules."""
    with checks.guard(check_id, f"block {header.number}"):
        check_finality(checks, check_id, f"block {header.number}", finality_item(bundle, block, header), header, policy, log_proofs)
    check_strangers(checks, check_id, bundle, policy)
