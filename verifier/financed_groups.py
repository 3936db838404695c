"""Group exposures and hash the groups (commitments.md §5)."""

from __future__ import annotations

import hashlib
from typing import Any

from verifier import json_strict, rfc9162, sum_tree
from verifier.commitment import Commitment
from verifier.errors import Malformed
from verifier.financed_shapes import GROUP
from verifier.shapes import unhex
from verifier.sum_tree import Node, Sums

SMALLEST, LARGEST = 50, 99


def group_count(exposures: int) -> int:
    """Return the number of groups of a book: ⌊N/50⌋, but one of fewer than 100 exposures."""
    return max(1, exposures // SMALLEST) if exposures else 0


def group_size(exposures: int, number: int) -> int:
    """Return the size of group `number`: N spread evenly, the first ones one larger."""
    size, larger = divmod(exposures, group_count(exposures))
    return size + (1 if number < larger else 0)


def asset_of(number: int) -> str:
    """Return the asset of a group."""
    return f"group/{number:06d}"


def salted_leaf(salt: bytes, record: bytes) -> bytes:
    """Return the hash of a salted exposure: H(0x00 ‖ salt ‖ record)."""
    return hashlib.sha256(b"\x00" + salt + record).digest()


def group_record(number: int, leaves: list[bytes]) -> bytes:
    """Return the canonical bytes of a group's record over the leaves of its exposures."""
    return json_strict.dump({"schema": "lingtan.group/1", "group": number, "n": len(leaves), "root": rfc9162.root_of(leaves).hex()})


def read_group_record(data: bytes, place: str) -> Any:
    """Return the group in `data`. Raises: Malformed where it is not a canonical group record."""
    try:
        value = json_strict.load_canonical(data, nesting=2)
        GROUP(value, "")
    except Malformed as error:
        raise Malformed(error.code, f"{place} {error.place}".strip(), error.detail, **error.facts) from None
    return value


def leaf_node(commitment: Commitment, ctx: bytes, key: str, values: Sums, rec: bytes) -> Node:
    """Return the node of a group's leaf."""
    return Node(1, values, sum_tree.leaf_hash(commitment.context.alg, ctx, unhex(key), values, rec))
