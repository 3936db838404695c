"""Find in a package or a bundle what a sample was drawn from: R, leaves, anchor, and what the file's own verification says of them."""

from __future__ import annotations

from typing import Any

from verifier import documents
from verifier.bundle import read_bundle
from verifier.commitment import FINANCED_DATASETS, read_commitment
from verifier.errors import UsageError
from verifier.financed_commitment import read_group_lines
from verifier.keccak import keccak256
from verifier.log_proofs import LogProofs
from verifier.package import BOOK, GROUPS, Package
from verifier.policy import Policy
from verifier.shapes import unhex
from verifier.verify_bundle import verify_bundle
from verifier.verify_package import verify_package
from verifier.verify_sample import Drawn


def leaves_of(package: Package, dataset: str) -> list[dict[str, Any]]:
    """Return the leaves of a dataset: those of commitments.json, else of an undisclosed book the lines of groups.jsonl."""
    if dataset in FINANCED_DATASETS and package.has(GROUPS) and package.has(BOOK):
        if documents.read(package.read(BOOK), "financed", BOOK)["dataset"] == dataset:
            return [{"key": key, "values": values} for key, _, values in read_group_lines(package)]
        raise UsageError("DATASET", f"the package has no dataset {dataset}")
    return list(_committed(package, dataset)["leaves"])


def bundle_leaves(data: bytes, dataset: str) -> tuple[Any, list[dict[str, Any]] | None]:
    """Return (dataset of a bundle, its leaves in order), None for the leaves where not all are in it."""
    item = next((item for item in read_bundle(data).document["datasets"] if item["dataset"] == dataset), None)
    if item is None:
        raise UsageError("DATASET", f"the bundle has no dataset {dataset}")
    whole = [leaf["index"] for leaf in item["items"]] == list(range(int(item["n"])))
    return item, item["items"] if whole else None


def drawn_from_bundle(data: bytes, dataset: str, policy: Policy | None, policy_key: str | None, now: int, log_proofs: LogProofs) -> Drawn:
    """Return what a bundle says of a dataset. Raises: UsageError where it has none of this name."""
    bundle, (item, leaves) = read_bundle(data), bundle_leaves(data, dataset)
    commitment = read_commitment(item)
    anchor = item["anchor"]
    header = None if anchor is None else bundle.header(anchor["block"], policy)
    return Drawn(
        org=unhex(item["context"]["org"]),
        start=int(item["context"]["period_start"]),
        end=int(item["context"]["period_end"]),
        revision=int(item["context"]["revision"]),
        root=commitment.root,
        n=int(item["n"]),
        block=None if header is None else header.number,
        block_hash=b"" if header is None else header.hash,
        values=None if leaves is None else [[int(value) for value in leaf["values"]] for leaf in leaves],
        checks=verify_bundle(data, policy, policy_key, now, log_proofs, recomputing=False).checks,
    )


def drawn_from_package(
    package: Package, dataset: str, policy: Policy | None, policy_key: str | None, now: int, log_proofs: LogProofs
) -> Drawn:
    """Return what a package says of a dataset. Raises: UsageError where it has none of this name."""
    verification = verify_package(package, policy, policy_key, now, log_proofs)
    book = verification.book.commitment if verification.book is not None else None
    commitment = next((item for item in (*verification.commitments, book) if item is not None and item.dataset == dataset), None)
    if commitment is None:
        raise UsageError("DATASET", f"the package has no dataset {dataset}")
    leaves = leaves_of(package, dataset)
    block = _anchor_block(package, dataset)
    context = commitment.context
    return Drawn(
        org=context.org,
        start=context.period_start,
        end=context.period_end,
        revision=context.revision,
        root=commitment.root,
        n=len(leaves),
        block=None if block is None else int(block["number"]),
        block_hash=b"" if block is None else unhex(block["hash"]),
        values=[[int(value) for value in leaf["values"]] for leaf in leaves],
        checks=verification.checks,
    )


def root_and_block(package: Package, dataset: str) -> tuple[bytes, bytes]:
    """Return (R, hash of the anchor's block) of a package's dataset. Raises: UsageError where it is not anchored."""
    block = _anchor_block(package, dataset)
    if block is None:
        raise UsageError("NO_ANCHOR", f"{dataset} is not anchored in this package: there is no seed yet")
    if dataset in FINANCED_DATASETS and not package.has("commitments.json"):
        document = documents.read(package.read(BOOK), "financed", BOOK)
        return unhex(document["commitment"]["root"]), unhex(block["hash"])
    return read_commitment(_committed(package, dataset)).root, unhex(block["hash"])


def root_and_block_of_bundle(data: bytes, dataset: str) -> tuple[bytes, bytes]:
    """Return (R, hash of the anchor's block) of a bundle's dataset. Raises: UsageError where it is not anchored."""
    bundle, (item, _) = read_bundle(data), bundle_leaves(data, dataset)
    if item["anchor"] is None:
        raise UsageError("NO_ANCHOR", f"{dataset} is not anchored in this bundle: there is no seed yet")
    return read_commitment(item).root, keccak256(unhex(bundle.document["headers"][item["anchor"]["block"]]))


def _anchor_block(package: Package, dataset: str) -> Any:
    if not package.has("anchors.json"):
        return None
    items = documents.read(package.read("anchors.json"), "anchors", "anchors.json")["items"]
    return next((item["block"] for item in items if item["dataset"] == dataset), None)


def _committed(package: Package, dataset: str) -> Any:
    if not package.has("commitments.json"):
        raise UsageError("NO_COMMITMENTS", "the package has no commitments.json to draw from")
    document = documents.read(package.read("commitments.json"), "commitments", "commitments.json")
    item = next((item for item in document["datasets"] if item["dataset"] == dataset), None)
    if item is None:
        raise UsageError("DATASET", f"the package has no dataset {dataset}")
    return item
