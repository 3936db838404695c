"""Prove one leaf of a committed dataset: the bundle that an outlet or a customer can check alone (spec: documents §11)."""

from __future__ import annotations

import base64
from typing import Any

from ledger.accounting.commit import CommittedDataset, context_document
from ledger.errors import InputError
from ledger.merkle.sums import verify_sum_proof
from ledger.records import canonical

SCHEMA = "lingtan.proof/1"
MAX_BYTES = 4 * 1024 * 1024
MAX_PATH = 64


def prove_leaf(dataset: CommittedDataset, asset: str) -> dict[str, Any]:
    """Return the leaf of an asset with its path, as a line proof and a bundle hold it: spec documents §11, `item`.

    Raises:
        NotFound: the dataset has no such asset.
    """
    index, opening = dataset.opening(asset)
    tree = dataset.tree
    proof = tree.prove(index)
    # Shown to hold before it leaves the house: a proof that fails at the auditor's desk accuses the bank.
    verify_sum_proof(dataset.context, tree.leaves[index], proof, tree.n, tree.totals, tree.root)
    return {
        "index": index,
        "asset": opening.asset,
        "key": opening.key.hex(),
        "salt": opening.salt.hex(),
        "values": [str(value) for value in opening.values],
        "record": base64.b64encode(opening.record).decode("ascii"),
        "path": [{"sums": [str(value) for value in sums], "hash": digest.hex()} for sums, digest in proof.path],
    }


def build_line_proof(dataset: CommittedDataset, asset: str, attestation: object = None, anchor: object = None) -> dict[str, object]:
    """Return the `lingtan.proof/1` document of one asset, as `line/U1/electricity.purchased`.

    `attestation` and `anchor` are items of spec documents §6 and §7, taken over as they are, or None. The proof shows that the record
    is in the committed tree with its totals; who signed and anchored the root is for the verifier to check.

    Raises:
        NotFound: the dataset has no such asset.
        InputError: the bundle would be larger than the limits.
    """
    item, tree = prove_leaf(dataset, asset), dataset.tree
    document = {
        "schema": SCHEMA,
        "dataset": dataset.dataset,
        "context": context_document(dataset.context),
        "n": str(tree.n),
        "totals": [str(total) for total in tree.totals],
        "tree_root": tree.tree_root.hex(),
        "root": tree.root.hex(),
        "item": item,
        "attestation": attestation,
        "anchor": anchor,
    }
    size, nodes = len(canonical.dump(document)), len(item["path"])
    if size > MAX_BYTES or nodes > MAX_PATH:
        raise InputError(f"a line proof of {size} bytes and {nodes} path nodes, at most {MAX_BYTES} and {MAX_PATH}", asset=asset)
    return document
