"""Read a proof bundle, and its parts in the form that the checks of packages take (bundle.md §1)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from verifier import json_strict
from verifier.bundle_shapes import BUNDLE, MAX_ITEMS
from verifier.chain_evidence import MAX_HEADER, Header, read_header
from verifier.commitment import Commitment, read_commitment
from verifier.errors import Malformed
from verifier.keccak import keccak256
from verifier.policy import Policy, seconds
from verifier.shapes import sorted_by, unhex

MAX_BYTES = 4 * 1024 * 1024
MAX_NESTING = 16


@dataclass(frozen=True, slots=True)
class Bundle:
    """Hold a bundle of checked shape: the document, its id, and the commitment of each dataset."""

    document: Any
    id: str
    commitments: tuple[Commitment, ...]

    @property
    def subject(self) -> Any:
        """Return what the bundle says it is about."""
        return self.document["subject"]

    @property
    def bounds(self) -> tuple[int, int]:
        """Return the Unix seconds [start, end) of the period."""
        return seconds(self.subject["start"]), seconds(self.subject["end"])

    def header(self, block: int, policy: Policy | None) -> Header:
        """Return a header by its index.

        Raises:
            Malformed: there is none of this index, or it is no header.
        """
        headers = self.document["headers"]
        if block >= len(headers):
            raise Malformed("BUNDLE_BLOCK", "/headers", f"there is no header {block}", found=str(block))
        raw = unhex(headers[block])
        # Without a policy nothing says how this chain hashes its headers, and nothing rests on the hash.
        return read_header(raw, policy.chain_kind if policy else None, keccak256(raw))

    def blocks(self) -> list[int]:
        """Return every index of a header that the bundle refers to, but for its finality."""
        found = [item["anchor"]["block"] for item in self.document["datasets"] if item["anchor"] is not None]
        claim = self.document["claim"]
        if claim is not None:
            signed = [claim, *claim["verdicts"], *([claim["certificate"]] if claim["certificate"] else [])]
            found += [item["event"]["block"] for item in signed]
            found += [claim["status"]["block"]] if claim["status"] else []
        return found


def read_bundle(data: bytes) -> Bundle:
    """Return the bundle in `data`.

    Raises:
        Malformed: larger than 4 MiB, not canonical, of another shape, or a list is out of order or too long.
    """
    if len(data) > MAX_BYTES:
        raise Malformed("BUNDLE_SIZE", "bundle", f"larger than {MAX_BYTES} bytes")
    try:
        document = json_strict.load_canonical(data, nesting=MAX_NESTING)
        BUNDLE(document, "")
        _check_lists(document)
    except Malformed as error:
        raise Malformed(error.code, f"bundle {error.place}".strip(), error.detail, **error.facts) from None
    return Bundle(document, hashlib.sha256(data).hexdigest(), tuple(read_commitment(item) for item in document["datasets"]))


def _check_lists(document: Any) -> None:
    datasets, inputs = document["datasets"], document["inputs"]
    if not datasets:
        raise Malformed("DOCUMENT_FIELD", "/datasets", "at least one dataset expected")
    sorted_by(datasets, "/datasets", "dataset")
    if sum(len(item["items"]) for item in datasets) > MAX_ITEMS:
        raise Malformed("BUNDLE_ITEMS", "/datasets", f"more than {MAX_ITEMS} items")
    for at, item in enumerate(datasets):
        if any(a["index"] >= b["index"] for a, b in pairwise(item["items"])):
            raise Malformed("DOCUMENT_ORDER", f"/datasets/{at}/items", "items are strictly ascending by index")
        if item["attestation"] is None and item["anchor"] is not None:
            raise Malformed("DOCUMENT_FIELD", f"/datasets/{at}/anchor", "no anchor without an attestation")
    for at, text in enumerate(document["headers"]):
        if len(text) > 2 + 2 * MAX_HEADER:
            raise Malformed("HEADER_SIZE", f"/headers/{at}", f"larger than {MAX_HEADER} bytes")
    if inputs is not None and len({inputs[name] is None for name in ("organisation", "activity", "library")}) != 1:
        raise Malformed("DOCUMENT_FIELD", "/inputs", "organisation, activity and library are there together, or none of them")


def anchor_item(bundle: Bundle, dataset: Any, header: Header) -> dict[str, Any]:
    """Return a dataset's anchor in the form of documents.md §7, with the finality of its block."""
    anchor = dataset["anchor"]
    return {
        "dataset": dataset["dataset"],
        "chain_id": dataset["context"]["chain_id"],
        "contract": dataset["context"]["contract"],
        "id": anchor["id"],
        "block": {"number": str(header.number), "hash": "0x" + header.hash.hex(), "header": "0x" + header.raw.hex()},
        "transaction": {"index": anchor["transaction"]},
        "receipt": anchor["receipt"],
        "state": anchor["state"],
        "finality": finality_item(bundle, anchor["block"], header),
    }


def finality_item(bundle: Bundle, block: int, header: Header) -> dict[str, Any] | None:
    """Return the finality of one block in the form of documents.md §7; None where the bundle has no checkpoint or no path for it."""
    finality = bundle.document["finality"]
    if finality is None or finality["kind"] != "checkpoint":
        return None
    proof = next((item for item in finality["proofs"] if item["block"] == block), None)
    if proof is None:
        return None
    return {
        "kind": "embedded-checkpoint",
        "checkpoint": finality["checkpoint"],
        "tree_size": str(checkpoint_size(bundle)),
        "leaf_index": str(header.number),
        "inclusion": proof["inclusion"],
        "consistency": finality["consistency"],
    }


def checkpoint_size(bundle: Bundle) -> int:
    """Return the size that the bundle's checkpoint states, unverified; 0 where it states none."""
    finality = bundle.document["finality"]
    lines = finality["checkpoint"].split("\n") if finality is not None and finality["kind"] == "checkpoint" else []
    size = lines[1] if len(lines) > 2 else ""
    return int(size) if size.isascii() and size.isdigit() and len(size) < 20 else 0
