"""Verify an evidence package: every check of verification.md, in the order of its table."""

from __future__ import annotations

from dataclasses import dataclass

from verifier.check_commitment import check_commitments, needed_datasets
from verifier.check_findings import check_findings, check_findings_again
from verifier.check_inputs import check_input_hashes, check_library_named, check_meters, holds_inventory, read_parts
from verifier.check_lines import Recomputed, check_lines, check_rollup
from verifier.check_policy import check_library_trusted, check_policy
from verifier.check_sample import NO_SAMPLE, SampleRequest
from verifier.check_signed import check_signed
from verifier.checks import Checks, Outcome, verdict_of
from verifier.commitment import Commitment
from verifier.errors import UsageError
from verifier.financed_book import Book, check_book
from verifier.log_proofs import NO_PROOFS, LogProofs
from verifier.package import BOOK, Package
from verifier.policy import Policy
from verifier.recomputation import Recomputation
from verifier.required import PER_DATASET, SIGNED, of_book, of_package, record_unanswered
from verifier.required import POLICY as POLICY_CHECKS

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
    book: Book | None = None
    recomputation: Recomputation | None = None
    certified: bool = False

    def verdict(self) -> tuple[str, int]:
        """Return (verdict, exit code): the worst answer, and never VALID where no commitment was confirmed."""
        verdict, exit_code = verdict_of(self.checks.items)
        return ("INCOMPLETE", 4) if exit_code == 0 and self.levelled and self.level() == "-" else (verdict, exit_code)

    def level(self) -> str:
        """Return the level that holds for every dataset: L1 in R, L2 anchored, L3 final, L4 witnessed, L5 certified; "-" below."""
        if not self.datasets or not all(self.checks.holds(f"commitment.{name}") for name in self.datasets):
            return "-"
        if self.checks.outcomes("bundle.subject") - {Outcome.PASS}:
            return "-"
        if any(self.checks.outcomes(f"items.{name}") - {Outcome.PASS} for name in self.datasets):
            return "-"
        anchored = ("attestation", "anchor.header", "anchor.receipt", "anchor.state")
        if not all(self.checks.holds(*(f"{step}.{name}" for step in anchored)) for name in self.datasets):
            return "L1"
        if not all(self.checks.holds(f"anchor.final.{name}") for name in self.datasets):
            return "L2"
        if not all(self.checks.holds(f"anchor.witnessed.{name}") for name in self.datasets):
            return "L3"
        return "L5" if self.certified else "L4"


def verify_package(
    package: Package, policy: Policy | None, policy_key: str | None, now: int, log_proofs: LogProofs = NO_PROOFS
) -> Verification:
    """Run every check on an open package; `now` is Unix seconds, `log_proofs` bridge to a pinned checkpoint of another size."""
    if not holds_inventory(package):
        return verify_book_package(package, policy, policy_key, now, log_proofs)
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
    # 9. The book, where the package holds one beside the inventory.
    book = check_book(checks, package, parts, policy, log_proofs) if package.lists(BOOK) else None
    # 10. Findings: none that forbids signing, neither found again nor listed.
    check_findings_again(checks, parts)
    check_findings(checks, parts)
    # 11. Nothing is passed over in silence.
    datasets = needed or (INVENTORY,)
    record_unanswered(checks, (*of_package(datasets), *(of_book(book.dataset) if book else ())))
    committed = [*commitments.values(), *((book.commitment,) if book and book.commitment else ())]
    return Verification(
        subject=subject_of(package),
        checks=checks,
        datasets=(*datasets, *((book.dataset,) if book else ())),
        policy=policy,
        recomputed=recomputed,
        commitments=tuple(committed),
        findings_hash=parts.hashes.get("findings.json"),
        package_hash=package.hash,
        institution=package.manifest["institution"],
        book=book,
    )


def subject_of(package: Package) -> str:
    """Return what a verification of a package says it is about."""
    manifest = package.manifest
    return f"{manifest['institution']} {manifest['period']['id']} revision {manifest['revision']}, package {package.hash}"


def verify_book_package(
    package: Package,
    policy: Policy | None,
    policy_key: str | None,
    now: int,
    log_proofs: LogProofs = NO_PROOFS,
    request: SampleRequest = NO_SAMPLE,
) -> Verification:
    """Run every check on the book of a package, and on nothing else of it; `request` draws the sample of opened groups.

    Raises:
        UsageError: the package holds no book.
    """
    if not package.lists(BOOK):
        raise UsageError("NO_BOOK", f"the package lists no {BOOK}: verify it as a package")
    checks = Checks()
    # 1. Parts, and 2. policy.
    parts = read_parts(checks, package)
    check_policy(checks, policy, policy_key, now)
    # 3. The book: parts, records, groups, blocks, commitment, sample, what was signed and anchored.
    book = check_book(checks, package, parts, policy, log_proofs, request)
    # 4. Findings, where the package has any: a book with an error gives no statement.
    if package.lists("findings.json"):
        check_findings(checks, parts)
    # 5. Nothing is passed over in silence.
    record_unanswered(checks, ("package.manifest", *POLICY_CHECKS, *of_book(book.dataset)))
    return Verification(
        subject=subject_of(package),
        checks=checks,
        datasets=(book.dataset,),
        policy=policy,
        commitments=(book.commitment,) if book.commitment else (),
        findings_hash=parts.hashes.get("findings.json"),
        package_hash=package.hash,
        institution=package.manifest["institution"],
        book=book,
    )


def _fail_unsigned(checks: Checks) -> None:
    """Answer for a statement without lines and meters: a tree of no leaves cannot be attested, so nothing of it was signed."""
    for step in PER_DATASET:
        checks.failed(f"{step}.{INVENTORY}", INVENTORY, "NOTHING_COMMITTED", "a line or a meter to commit to", "none")


def recompute_package(package: Package) -> Verification:
    """Run the checks that need the parts alone: manifest, inputs, meters, lines, roll-up."""
    checks = Checks()
    parts = read_parts(checks, package)
    check_input_hashes(checks, parts)
    check_meters(checks, parts)
    recomputed = check_lines(checks, parts)
    check_rollup(checks, parts)
    return Verification(
        subject=subject_of(package),
        checks=checks,
        datasets=(),
        policy=None,
        levelled=False,
        recomputed=recomputed,
        package_hash=package.hash,
        institution=package.manifest["institution"],
    )
