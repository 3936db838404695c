"""List the checks that each command owes an answer to (verification.md), so that silence never counts as a pass."""

from __future__ import annotations

from collections.abc import Iterable

from verifier.checks import Checks

POLICY = ("policy.signature", "policy.validity", "library.trusted")
PARTS = ("package.manifest", "inputs.hashes", "meters.records", "lines.recompute", "rollup.recompute")
FINDINGS = ("findings.recompute", "findings.none")
SIGNED = ("attestation", "signer", "anchor.header", "anchor.receipt", "anchor.state", "anchor.final")
PER_DATASET = ("commitment", *SIGNED)
OPENING = ("financed.records", "financed.groups", "financed.inputs")
BOOK = ("financed.manifest", "financed.records", "financed.groups", "financed.blocks", "financed.sample", "financed.inputs")
ENVELOPE = ("policy.signature", "policy.validity", "envelope.leaf", "envelope.path", "envelope.anchor", "envelope.block", "envelope.final")


def of_dataset(dataset: str) -> tuple[str, ...]:
    """Return the ids that a dataset needs answered."""
    return tuple(f"{step}.{dataset}" for step in PER_DATASET)


def of_package(datasets: Iterable[str]) -> tuple[str, ...]:
    """Return the ids that a package needs answered, given the datasets that its statement makes necessary."""
    return (*PARTS, *POLICY, *(id for dataset in datasets for id in of_dataset(dataset)), *FINDINGS)


def of_line(dataset: str) -> tuple[str, ...]:
    """Return the ids that a line proof needs answered."""
    return (*POLICY, *of_dataset(dataset), *(("item.asset",) if dataset == "METERS" else ()))


def of_book(dataset: str) -> tuple[str, ...]:
    """Return the ids that the book of a package needs answered."""
    return (*BOOK, *of_dataset(dataset))


def of_opening(dataset: str) -> tuple[str, ...]:
    """Return the ids that an opened group needs answered."""
    return (*POLICY, *OPENING, *of_dataset(dataset))


def record_unanswered(checks: Checks, ids: Iterable[str]) -> None:
    """Record NOT CHECKED for each id without an answer: then the verdict is INCOMPLETE at best."""
    for id in ids:
        if not checks.outcomes(id):
            checks.unchecked(id, id, "UNANSWERED")
