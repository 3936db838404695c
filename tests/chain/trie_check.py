"""A Merkle-Patricia verifier for tests, written from the Yellow Paper's appendix D with rlp and keccak alone: no py-trie."""

from __future__ import annotations

from collections.abc import Sequence

import rlp
from eth_hash.auto import keccak


class BadProof(Exception):
    """The nodes do not show what they should."""


def walk(root: bytes, key: bytes, nodes: Sequence[bytes]) -> bytes | None:
    """Return the value at `key`, None where the proof shows absence; every node must be used, in order, and hash to its reference."""
    nibbles = [nibble for byte in key for nibble in (byte >> 4, byte & 15)]
    remaining = list(nodes)
    reference: object = root
    while True:
        if isinstance(reference, list):
            node = reference
        else:
            if reference == b"":
                return _done(None, remaining)
            if not remaining or keccak(remaining[0]) != reference:
                raise BadProof("a node does not hash to its parent's reference")
            node = rlp.decode(remaining.pop(0))
        if len(node) == 17:
            if not nibbles:
                return _done(node[16] or None, remaining)
            reference = node[nibbles.pop(0)]
            continue
        if len(node) != 2:
            raise BadProof("a node has neither 2 nor 17 items")
        prefix = [nibble for byte in node[0] for nibble in (byte >> 4, byte & 15)]
        flag, path = prefix[0], prefix[1:] if prefix[0] & 1 else prefix[2:]
        if flag & 2:
            return _done(node[1] if nibbles == path else None, remaining)
        if nibbles[: len(path)] != path:
            return _done(None, remaining)
        nibbles, reference = nibbles[len(path) :], node[1]


def _done(value: bytes | None, remaining: list[bytes]) -> bytes | None:
    if remaining:
        raise BadProof("nodes are left over")
    return value
