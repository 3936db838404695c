"""Verify Merkle Patricia proofs (yellow paper, appendix D): account, storage and receipt.

Stricter than a node needs to be: every proof node is used, in order, and nothing follows.
"""

from __future__ import annotations

from verifier import rlp
from verifier.errors import Malformed, Refused
from verifier.keccak import keccak256

EMPTY_ROOT = keccak256(b"\x80")
MAX_NODES = 64
_HASHED = 32  # a node of so many bytes is referred to by its hash, a shorter one stands in its parent


def verify(root: bytes, key: bytes, proof: list[bytes]) -> bytes | None:
    """Return the value at `key` (the trie path as bytes) under `root`, or None where the proof shows that there is none.

    Raises:
        Refused: a node does not hash to its reference, or nodes are missing or left over.
        Malformed: a node is not RLP of a trie node.
    """
    if len(proof) > MAX_NODES:
        raise Malformed("PROOF_TOO_LONG", "", f"{len(proof)} nodes, at most {MAX_NODES} are read")
    if root == EMPTY_ROOT and not proof:
        return None
    nibbles = [part for byte in key for part in (byte >> 4, byte & 15)]
    queue = list(enumerate(proof))
    node = _take(queue, root)
    value: bytes | None = None
    while True:
        step = _step(node, nibbles)
        if isinstance(step, bytes) or step is None:
            value = step
            break
        reference, nibbles = step
        node = _inline(reference) if isinstance(reference, list) else _take(queue, rlp.text_of(reference, 32), least=_HASHED)
    if queue:
        raise Refused("PROOF_UNUSED", f"{len(queue)} proof nodes are left over", element=str(queue[0][0]))
    return value


def _inline(node: list[rlp.Item]) -> list[rlp.Item]:
    if len(rlp.encode(node)) >= _HASHED:
        raise Malformed("TRIE_NODE", "", f"a node of {_HASHED} bytes or more is referred to by its hash")
    return node


def _take(queue: list[tuple[int, bytes]], reference: bytes, least: int = 0) -> list[rlp.Item]:
    if not queue:
        raise Refused("PROOF_SHORT", "the proof ends before the path does", element="end", expected=reference.hex())
    index, data = queue.pop(0)
    found = keccak256(data)
    if found != reference:
        raise Refused(
            "PROOF_NODE", f"proof node {index} hashes to another value", element=str(index), expected=reference.hex(), found=found.hex()
        )
    if len(data) < least:
        raise Malformed("TRIE_NODE", "", f"a node below {least} bytes stands in its parent")
    return rlp.decode_list(data)


def _step(node: list[rlp.Item], nibbles: list[int]) -> tuple[rlp.Item, list[int]] | bytes | None:
    """Return the next reference with the nibbles that remain, or the value, or None for absence."""
    if len(node) == 17:
        if not nibbles:
            return rlp.text_of(node[16]) or None
        child = node[nibbles[0]]
        return None if child == b"" else (child, nibbles[1:])
    if len(node) != 2:
        raise Malformed("TRIE_NODE", "", f"a trie node has 2 or 17 items, this has {len(node)}")
    path, is_leaf = _path(rlp.text_of(node[0]))
    if is_leaf:
        value = rlp.text_of(node[1])
        if not value:
            raise Malformed("TRIE_NODE", "", "a leaf without a value")
        return value if path == nibbles else None
    if not path:
        raise Malformed("TRIE_NODE", "", "an extension without a path")
    if nibbles[: len(path)] != path:
        return None
    return node[1], nibbles[len(path) :]


def _path(data: bytes) -> tuple[list[int], bool]:
    flag = data[0] >> 4 if data else 4
    if flag > 3 or (not flag & 1 and data[0] & 15):
        raise Malformed("TRIE_PATH", "", "the hex prefix of a trie path is not one of the four")
    path = [part for byte in data for part in (byte >> 4, byte & 15)]
    return path[1:] if flag & 1 else path[2:], bool(flag & 2)
