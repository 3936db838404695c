"""Verify one opened group of a book by itself: its leaf in R, its exposures, every record (documents.md §15)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from verifier import documents
from verifier.check_anchor import check_anchor
from verifier.check_commitment import check_attestation, check_schema, check_signer
from verifier.check_financed import Mismatches
from verifier.check_openings import check_records, read_opening, verify_group
from verifier.check_policy import check_library_trusted, check_policy
from verifier.checks import Checks
from verifier.commitment import Commitment
from verifier.errors import Malformed, Refused, UsageError
from verifier.financed_book import Book, check_inputs
from verifier.financed_methods import rules_of
from verifier.financed_shapes import METHOD_OF
from verifier.log_proofs import NO_PROOFS, LogProofs
from verifier.package import BOOK, Package
from verifier.policy import Policy
from verifier.required import of_opening, record_unanswered
from verifier.verify_package import Verification


@dataclass(frozen=True, slots=True)
class _Signed:
    """Hold what a package says of the book: its statement, and what was signed and anchored of the dataset."""

    statement: Any | None = None
    digest: str | None = None
    attestation: Any | None = None
    anchor: Any | None = None


def verify_opening(
    data: bytes,
    policy: Policy | None,
    policy_key: str | None,
    now: int,
    *,
    package: Package | None = None,
    log_proofs: LogProofs = NO_PROOFS,
) -> Verification:
    """Run every check on the bytes of an opening; the book's package, where given, says what was signed and anchored.

    Raises:
        Malformed: the file is no opening, or the package's parts cannot be read. UsageError: the package holds no book.
    """
    opening, commitment = read_opening(data, "opening")
    signed = _read_signed(package, commitment.dataset)
    checks = Checks()
    # 1. Policy.
    check_policy(checks, policy, policy_key, now)
    # 2. The group in R, and 3. its records.
    records = _check_group(checks, opening, commitment, policy, signed)
    check_inputs(checks, None)
    # 4. What was signed and anchored, as far as the package shows it.
    statement = signed.statement
    library = None if statement is None else statement["library"]["hash"]
    cause = None if statement is None else statement["cause"]
    attested = check_attestation(checks, commitment, signed.attestation, library, signed.digest, cause)
    if attested is not None:
        check_library_trusted(checks, attested.values["libraryHash"].hex(), policy)
    else:
        checks.unchecked("library.trusted", "library", "NO_ATTESTATION")
    time = check_anchor(checks, commitment, attested, signed.anchor, policy, log_proofs)
    check_signer(checks, commitment, attested, policy, time)
    # 5. Nothing is passed over in silence.
    record_unanswered(checks, of_opening(commitment.dataset))
    return Verification(
        subject=f"{opening['group']['asset']} in R {opening['root']}",
        checks=checks,
        datasets=(commitment.dataset,),
        policy=policy,
        commitments=(commitment,),
        book=Book(commitment.dataset, commitment, records, commitment.n, 1),
    )


def _check_group(checks: Checks, opening: Any, commitment: Commitment, policy: Policy | None, signed: _Signed) -> int:
    """Answer commitment.<DATASET>, financed.groups and financed.records, and return the number of records."""
    check_id, asset = f"commitment.{commitment.dataset}", opening["group"]["asset"]
    try:
        opened = verify_group(opening, commitment)
    except Refused as error:
        checks.refused(check_id, asset, error)
    except Malformed as error:
        checks.malformed(check_id, asset, error)
    else:
        before = len(checks.items)
        check_schema(checks, check_id, commitment, policy)
        if len(checks.items) == before:
            checks.passed(check_id, f"leaf {opened.index} of {commitment.n}, {asset}")
        found = Mismatches(checks, "financed.records", "FINANCED_RECORD")
        before = len(checks.items)
        try:
            average = None if signed.statement is None else signed.statement["policies"].get("average")
            rules = rules_of(METHOD_OF[commitment.dataset], commitment.context.period_start, commitment.context.period_end, average)
            check_records(checks, opening, opened, rules, found, None)
        except Malformed as error:
            checks.malformed("financed.records", asset, error)
        except Refused as error:
            checks.refused("financed.groups", asset, error)
        else:
            if opened.records:
                found.close(f"{opened.records} exposures")
            if opened.erased:
                checks.unchecked("financed.records", asset, "FINANCED_ERASED", count=str(opened.erased))
            else:
                checks.passed("financed.groups", f"{asset}, {opened.size} exposures")
            return opened.records
    for name in ("financed.records", "financed.groups"):
        if not checks.outcomes(name):
            checks.unchecked(name, asset, "FINANCED_GROUP_REFUSED")
    return 0


def _read_signed(package: Package | None, dataset: str) -> _Signed:
    if package is None:
        return _Signed()
    if not package.has(BOOK):
        raise UsageError("NO_BOOK", f"the package holds no {BOOK}, so it says nothing of this opening")
    data = package.read(BOOK)
    statement = documents.read(data, "financed", BOOK)
    items = {}
    for name in ("attestations", "anchors"):
        path = f"{name}.json"
        listed = documents.read(package.read(path), name, path)["items"] if package.has(path) else []
        items[name] = next((item for item in listed if item["dataset"] == dataset), None)
    return _Signed(statement, hashlib.sha256(data).hexdigest(), items["attestations"], items["anchors"])
