"""Prove one leaf of a committed dataset: the bundle that an outlet or a customer can check alone (spec: documents §11)."""

from __future__ import annotations

import base64

from ledger.accounting.commit import CommittedDataset, context_document
from ledger.errors import InputError
from ledger.merkle.sums import verify_sum_proof
from ledger.records import canonical

SCHEMA = "lingtan.proof/1"
MAX_BYTES = 4 * 1024 * 1024
MAX_PATH = 64


def build_line_proof(dataset: CommittedDataset, asset: str, attestation: object = None, anchor: object = None) -> dict[str, object]:
    """Return the `lingtan.proof/1` document of one asset, as `line/U1/electricity.purchased`.

    `attestation` and `anchor` are items of spec documents §6 and §7, taken over as they are, or None. The proof shows that the record
    is in the committed tree with its totals; who signed and anchored the root is for the verifier to check.

    Raises:
        NotFound: the dataset has no such asset.
        InputError: the bundle would be larger than the limits.
    """
    index, opening = dataset.opening(asset)
    tree = dataset.tree
    proof = tree.prove(index)
    # Shown to hold before it leaves the house: a proof that fails at the auditor's desk accuses the bank.
    verify_sum_proof(dataset.context, tree.leaves[index], proof, tree.n, tree.totals, tree.root)
    document = {
        "schema": SCHEMA,
        "dataset": dataset.dataset,
        "context": context_document(dataset.context),
        "n": str(tree.n),
        "totals": [str(total) for total in tree.totals],
        "tree_root": tree.tree_root.hex(),
        "root": tree.root.hex(),
        "item": {
            "index": index,
            "asset": opening.asset,
            "key": opening.key.hex(),
            "salt": opening.salt.hex(),
            "values": [str(value) for value in opening.values],
            "record": base64.b64encode(opening.record).decode("ascii"),
            "path": [{"sums": [str(value) for value in sums], "hash": digest.hex()} for sums, digest in proof.path],
        },
        "attestation": attestation,
        "anchor": anchor,
    }
    size = len(canonical.dump(document))
    if size > MAX_BYTES or len(proof.path) > MAX_PATH:
        raise InputError(f"a line proof of {size} bytes and {len(proof.path)} path nodes, at most {MAX_BYTES} and {MAX_PATH}", asset=asset)
    return document
