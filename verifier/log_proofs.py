"""Read proofs that one checkpoint of the block log extends another (documents.md §13): evidence, like everything that is not policy."""

from __future__ import annotations

from collections.abc import Mapping

from verifier import documents
from verifier.shapes import unhex

LogProofs = Mapping[tuple[int, int], tuple[bytes, ...]]
NO_PROOFS: LogProofs = {}


def read_log_proofs(data: bytes) -> LogProofs:
    """Return the hashes of each proof by (old size, new size); whether they prove anything is checked against both roots.

    Raises:
        Malformed: the file is no `lingtan.consistency/1` document.
    """
    document = documents.read(data, "consistency", "consistency")
    return {(int(item["old_size"]), int(item["new_size"])): tuple(unhex(node) for node in item["hashes"]) for item in document["proofs"]}
