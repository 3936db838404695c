"""Verify inclusion and consistency proofs of RFC 9162 §2.1, the trees of envelopes and of block headers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from verifier.errors import Refused

MAX_PATH = 64


def leaf_hash(data: bytes) -> bytes:
    """Return H(0x00 ‖ data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return H(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes; the empty tree has the root H("")."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(root_of(hashes[:split]), root_of(hashes[split:]))


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Refuse unless `leaf` is at `index` of the tree of `size` leaves with `root` (§2.1.3.2)."""
    if not 0 <= index < size:
        raise Refused("INDEX_RANGE", f"leaf {index} is not in a tree of {size}", expected=f"below {size}", found=str(index))
    _refuse_form([leaf, root, *proof], len(proof))
    fn, sn, result = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            raise Refused("PATH_LENGTH", "the proof is longer than the path", found=str(len(proof)))
        if fn & 1 or fn == sn:
            result = node_hash(sibling, result)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            result = node_hash(result, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise Refused("PATH_LENGTH", "the proof is shorter than the path", found=str(len(proof)))
    if result != root:
        raise Refused("ROOT", "the path leads to another root", expected=root.hex(), found=result.hex())


def verify_consistency(size1: int, size2: int, proof: Sequence[bytes], root1: bytes, root2: bytes) -> None:
    """Refuse unless the tree of `size1` is a prefix of the tree of `size2` (§2.1.4.2); a size of 0 never verifies."""
    if not 0 < size1 <= size2:
        raise Refused("SIZE_RANGE", f"sizes {size1} and {size2} cannot be compared", expected=f"1 to {size2}", found=str(size1))
    if size1 == size2:
        if proof:
            raise Refused("PATH_LENGTH", "equal sizes need no proof", found=str(len(proof)))
        if root1 != root2:
            raise Refused("ROOT", "two roots of one size", expected=root1.hex(), found=root2.hex())
        return
    _refuse_form([root1, root2, *proof], len(proof))
    path = list(proof) if size1 & (size1 - 1) else [root1, *proof]
    if not proof:
        raise Refused("PATH_LENGTH", "the proof is empty", found="0")
    fn, sn = size1 - 1, size2 - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if sn == 0:
            raise Refused("PATH_LENGTH", "the proof is longer than the path", found=str(len(proof)))
        if fn & 1 or fn == sn:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise Refused("PATH_LENGTH", "the proof is shorter than the path", found=str(len(proof)))
    if first != root1:
        raise Refused("ROOT", "the proof leads to another first root", expected=root1.hex(), found=first.hex())
    if second != root2:
        raise Refused("ROOT", "the proof leads to another second root", expected=root2.hex(), found=second.hex())


def _refuse_form(hashes: Sequence[bytes], length: int) -> None:
    if length > MAX_PATH:
        raise Refused("PATH_LENGTH", f"a proof has at most {MAX_PATH} hashes", found=str(length))
    if any(len(item) != 32 for item in hashes):
        raise Refused("HASH_LENGTH", "a hash of these trees has 32 bytes")
