"""Verify a proof bundle: every check of bundle.md §2, in the order of its table."""

from __future__ import annotations

from verifier.bundle import Bundle, read_bundle
from verifier.check_bundle import check_dataset, check_subject
from verifier.check_claim import ADVERSE, ClaimRead, check_claim, claim_ids
from verifier.check_commitment import Attested
from verifier.check_policy import check_policy
from verifier.checks import Checks, Outcome
from verifier.log_proofs import NO_PROOFS, LogProofs
from verifier.policy import Policy
from verifier.recomputation import DIVERGES
from verifier.recompute_bundle import check_inputs, recompute
from verifier.required import record_unanswered
from verifier.verify_package import Verification


def verify_bundle(
    data: bytes,
    policy: Policy | None,
    policy_key: str | None,
    now: int,
    log_proofs: LogProofs = NO_PROOFS,
    *,
    recomputing: bool = True,
) -> Verification:
    """Run every check on the bytes of a bundle; `now` is Unix seconds, `log_proofs` bridge to a pinned checkpoint of another size.

    Args:
        recomputing: also recompute the statement from the bundle's inputs, where it has them.

    Raises:
        Malformed: the file is no bundle.
    """
    bundle = read_bundle(data)
    checks = Checks()
    # 1. Policy.
    check_policy(checks, policy, policy_key, now)
    # 2. What the bundle is about.
    with checks.guard("bundle.subject", "subject"):
        check_subject(checks, bundle)
    # 3. Each dataset: leaves, signature, anchor.
    attested: dict[str, Attested | None] = {}
    for at, commitment in enumerate(bundle.commitments):
        attested[commitment.dataset], _ = check_dataset(checks, bundle, at, policy, log_proofs)
    _check_libraries(checks, attested, policy)
    # 4. The claim.
    read = check_claim(checks, bundle, policy, now, log_proofs) if bundle.document["claim"] is not None else ClaimRead()
    # 5. What it was computed from.
    if bundle.document["inputs"] is not None:
        check_inputs(checks, bundle, attested)
    recomputation = recompute(bundle, checks) if recomputing else None
    if recomputation is not None and recomputation.outcome == DIVERGES:
        checks.items.extend(recomputation.checks)
    # 6. Nothing is passed over in silence.
    record_unanswered(checks, _owed(bundle, policy))
    return Verification(
        subject=f"{bundle.subject['institution']} {bundle.subject['start']}/{bundle.subject['end']}, bundle {bundle.id}",
        checks=checks,
        datasets=tuple(commitment.dataset for commitment in bundle.commitments),
        policy=policy,
        recomputed=None if recomputation is None else recomputation.figures,
        commitments=bundle.commitments,
        institution=bundle.subject["institution"],
        recomputation=recomputation,
        certified=_is_certified(bundle, checks, read, policy),
    )


def _check_libraries(checks: Checks, attested: dict[str, Attested | None], policy: Policy | None) -> None:
    """Answer library.trusted once for all attestations."""
    hashes = sorted({item.values["libraryHash"].hex() for item in attested.values() if item is not None})
    if policy is None or not hashes:
        checks.unchecked("library.trusted", "library", "NO_POLICY" if policy is None else "NO_ATTESTATION")
        return
    unknown = [item for item in hashes if item not in policy.libraries]
    if unknown:
        listed = "one of " + ", ".join(sorted(policy.libraries))
        checks.untrusted("library.trusted", f"library {unknown[0][:16]}", "LIBRARY_UNLISTED", listed, unknown[0])
    else:
        checks.passed("library.trusted", ", ".join(f"library {item[:16]}" for item in hashes))


def _owed(bundle: Bundle, policy: Policy | None) -> tuple[str, ...]:
    """Return the ids of every check that this bundle owes an answer to."""
    owed = ["policy.signature", "policy.validity", "bundle.subject", "library.trusted"]
    witnessed = ["anchor.witnessed"] if policy is not None and policy.witnesses else []
    for item in bundle.document["datasets"]:
        steps = ["commitment", *(["items"] if item["items"] else []), "schema", "attestation", "signer"]
        steps += ["anchor.header", "anchor.receipt", "anchor.state", "anchor.final", *witnessed]
        owed += [f"{step}.{item['dataset']}" for step in steps]
    if bundle.document["claim"] is not None:
        owed += claim_ids(bundle, policy)
    if bundle.document["inputs"] is not None:
        owed.append("inputs.hashes")
    return tuple(owed)


def _is_certified(bundle: Bundle, checks: Checks, read: ClaimRead, policy: Policy | None) -> bool:
    """Say whether the claim's checks all hold, with a certificate and as many verdicts as it requires, none of these adverse."""
    if bundle.document["claim"] is None or read.claim is None or read.certificate is None:
        return False
    # Two keys of one institution are one opinion.
    favourable = {signed.values["org"] for signed in read.verdicts if signed.values["opinion"] != ADVERSE}
    # The highest level is not reached beside anything else that is wrong or unknown; recomputation alone is a line of its own.
    clean = all(check.outcome is Outcome.PASS for check in checks.items if not check.id.endswith(".recompute"))
    return clean and checks.holds(*claim_ids(bundle, policy)) and len(favourable) >= read.claim.values["verifiersRequired"]
