"""Verify an evidence package: every check of verification.md, in the order of its table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from verifier.check_anchor import check_anchor
from verifier.check_commitment import check_attestation, check_commitments, check_signer, needed_datasets
from verifier.check_findings import check_findings, check_findings_again
from verifier.check_inputs import Parts, check_input_hashes, check_library_named, check_meters, read_parts
from verifier.check_lines import Recomputed, check_lines, check_rollup
from verifier.check_policy import check_library_trusted, check_policy
from verifier.checks import Checks, verdict_of
from verifier.commitment import Commitment
from verifier.log_proofs import NO_PROOFS, LogProofs
from verifier.package import Package
from verifier.policy import Policy
from verifier.required import PER_DATASET, SIGNED, of_package, record_unanswered

INVENTORY = "OPERATIONAL"  # the dataset that every statement which may be signed has


@dataclass(frozen=True, slots=True)
class Verification:
    """Hold what a run found; `report.py` words it.

    `datasets` are those that must be committed; where `levelled`, the run is about what is signed and anchored, not about figures alone.
    """

    subject: str
    checks: Checks
    datasets: tuple[str, ...]
    policy: Policy | None
    recomputed: Recomputed | None = None
    commitments: tuple[Commitment, ...] = ()
    findings_hash: str | None = None
    package_hash: str | None = None
    institution: str | None = None
    levelled: bool = True

    def verdict(self) -> tuple[str, int]:
        """Return (verdict, exit code): the worst answer, and never VALID where no commitment was confirmed."""
        verdict, exit_code = verdict_of(self.checks.items)
        return ("INCOMPLETE", 4) if exit_code == 0 and self.levelled and self.level() == "-" else (verdict, exit_code)

    def level(self) -> str:
        """Return the level that holds for every dataset: L1 in R, L2 anchored, L3 final; "-" below."""
        if not self.datasets or not all(self.checks.holds(f"commitment.{name}") for name in self.datasets):
            return "-"
        anchored = ("attestation", "anchor.header", "anchor.receipt", "anchor.state")
        if not all(self.checks.holds(*(f"{step}.{name}" for step in anchored)) for name in self.datasets):
            return "L1"
        return "L3" if all(self.checks.holds(f"anchor.final.{name}") for name in self.datasets) else "L2"


def verify_package(
    package: Package, policy: Policy | None, policy_key: str | None, now: int, log_proofs: LogProofs = NO_PROOFS
) -> Verification:
    """Run every check on an open package; `now` is Unix seconds, `log_proofs` bridge to a pinned checkpoint of another size."""
    checks = Checks()
    # 1. Parts: present, listed, whole.
    parts = read_parts(checks, package)
    # 2. Policy: signed and in force.
    check_policy(checks, policy, policy_key, now)
    # 3. Library: the one that the statement names, and that the policy lists.
    library_hash = check_library_named(checks, parts)
    if library_hash is not None:
        check_library_trusted(checks, library_hash, policy)
    # 4. Inputs: those that the statement names.
    check_input_hashes(checks, parts)
    # 5. Meters: header, sums, quality, digest.
    check_meters(checks, parts)
    # 6. Lines and roll-up: computed again.
    recomputed = check_lines(checks, parts)
    check_rollup(checks, parts)
    # 7. Commitments: keys, leaves, tree, R.
    needed = needed_datasets(parts)
    commitments = check_commitments(checks, parts, needed, policy)
    # 8. Attestation, anchor and signer of each dataset; the signer last, because the block's time decides.
    for dataset in needed:
        if dataset in commitments:
            check_signed(checks, parts, commitments[dataset], dataset, library_hash, policy, log_proofs)
        else:
            for step in SIGNED:
                checks.unchecked(f"{step}.{dataset}", dataset, "NO_COMMITMENT")
    if not needed:
        _fail_unsigned(checks)
    # 9. Findings: none that forbids signing, neither found again nor listed.
    check_findings_again(checks, parts)
    check_findings(checks, parts)
    # 10. Nothing is passed over in silence.
    datasets = needed or (INVENTORY,)
    record_unanswered(checks, of_package(datasets))
    manifest = package.manifest
    return Verification(
        subject=f"{manifest['institution']} {manifest['period']['id']} revision {manifest['revision']}, package {package.hash}",
        checks=checks,
        datasets=datasets,
        policy=policy,
        recomputed=recomputed,
        commitments=tuple(commitments.values()),
        findings_hash=parts.hashes.get("findings.json"),
        package_hash=package.hash,
        institution=manifest["institution"],
    )


def _fail_unsigned(checks: Checks) -> None:
    """Answer for a statement without lines and meters: a tree of no leaves cannot be attested, so nothing of it was signed."""
    for step in PER_DATASET:
        checks.failed(f"{step}.{INVENTORY}", INVENTORY, "NOTHING_COMMITTED", "a line or a meter to commit to", "none")


def check_signed(
    checks: Checks,
    parts: Parts,
    commitment: Commitment,
    dataset: str,
    library_hash: str | None,
    policy: Policy | None,
    log_proofs: LogProofs = NO_PROOFS,
) -> None:
    """Answer attestation, anchor and signer checks of one dataset of a package."""
    statement = parts.documents["statement"]
    item = _only(checks, parts, "attestations", f"attestation.{dataset}", dataset)
    attested = check_attestation(
        checks, commitment, item, library_hash or statement["library"]["hash"], parts.hashes["statement.json"], statement["cause"]
    )
    anchor = _only(checks, parts, "anchors", f"anchor.header.{dataset}", dataset)
    time = check_anchor(checks, commitment, attested, anchor, policy, log_proofs)
    check_signer(checks, commitment, attested, policy, time)


def _only(checks: Checks, parts: Parts, document: str, check_id: str, dataset: str) -> Any | None:
    """Return the one item of a dataset, or None; two items are a mismatch of their own."""
    if not parts.has(document):
        return None
    items = [item for item in parts.documents[document]["items"] if item["dataset"] == dataset]
    if len(items) > 1:
        checks.failed(check_id, dataset, "ITEM_TWICE", "one item", f"{len(items)} items")
    return items[0] if items else None


def recompute_package(package: Package) -> Verification:
    """Run the checks that need the parts alone: manifest, inputs, meters, lines, roll-up."""
    checks = Checks()
    parts = read_parts(checks, package)
    check_input_hashes(checks, parts)
    check_meters(checks, parts)
    recomputed = check_lines(checks, parts)
    check_rollup(checks, parts)
    manifest = package.manifest
    return Verification(
        subject=f"{manifest['institution']} {manifest['period']['id']} revision {manifest['revision']}, package {package.hash}",
        checks=checks,
        datasets=(),
        policy=None,
        levelled=False,
        recomputed=recomputed,
        package_hash=package.hash,
        institution=manifest["institution"],
    )
