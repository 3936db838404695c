"""Plain Merkle trees of RFC 9162 §2.1 over SHA-256: the envelope log and the block log (spec: commitments §2).

Everything works on leaf hashes, so that a log keeps 32 bytes per entry whatever an entry weighs. Verifiers never index into what
they were handed without having derived its length from (index, size) first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from ledger.errors import InputError, LedgerError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
MAX_SIZE = 2**63 - 1


class ProofRefused(LedgerError):
    """The proof does not show what it should show."""

    code = "proof.refused"


def leaf_hash(data: bytes | memoryview) -> bytes:
    """Return SHA-256(0x00 ‖ data)."""
    hasher = hashlib.sha256(b"\x00")
    hasher.update(data)
    return hasher.digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the tree head over these leaf hashes; SHA-256 of nothing for an empty tree."""
    if not leaf_hashes:
        return EMPTY_ROOT
    level = list(leaf_hashes)
    while len(level) > 1:
        level = _next_level(level)
    return level[0]


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return the sibling hashes of leaf `index`, leaf to root (RFC 9162 §2.1.3.1).

    Raises:
        InputError: `index` is outside the tree.
    """
    if not 0 <= index < len(leaf_hashes):
        raise InputError(f"no leaf {index} in a tree of {len(leaf_hashes)}", hint="ask for an index below the size")
    level, path = list(leaf_hashes), []
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        level, index = _next_level(level), index >> 1
    return tuple(path)


def consistency_proof(leaf_hashes: Sequence[bytes], old_size: int, size: int) -> tuple[bytes, ...]:
    """Return the proof that the first `old_size` leaves are a prefix of the first `size` (RFC 9162 §2.1.4.1).

    Raises:
        InputError: not 0 < old_size <= size <= number of leaves.
    """
    if not 0 < old_size <= size <= len(leaf_hashes):
        raise InputError(f"no consistency from {old_size} to {size} in a tree of {len(leaf_hashes)}", hint="expected 0 < old ≤ new ≤ size")
    return tuple(_subproof(leaf_hashes[:size], old_size))


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], expected_root: bytes) -> None:
    """Verify that `leaf` (a leaf hash) is entry `index` of the tree of `size` entries with this root (RFC 9162 §2.1.3.2).

    Raises:
        ProofRefused: it is not shown.
    """
    _check_size(size)
    if not 0 <= index < size:
        raise ProofRefused(f"index {index} is outside a tree of {size}", index=index, size=size)
    _check_hashes([leaf, expected_root, *proof])
    siblings = iter(proof)
    needed = _path_length(index, size)
    if len(proof) != needed:
        raise ProofRefused(f"{len(proof)} proof nodes, expected {needed} for leaf {index} of {size}", got=len(proof), expected=needed)
    node, last = leaf, size - 1
    while last > 0:
        if index & 1:
            node = node_hash(next(siblings), node)
        elif index < last:
            node = node_hash(node, next(siblings))
        index, last = index >> 1, last >> 1
    if node != expected_root:
        raise ProofRefused("the proof leads to another root", got=node.hex(), expected=expected_root.hex())


def verify_consistency(old_size: int, size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Verify that the tree (size, new_root) extends the tree (old_size, old_root) (RFC 9162 §2.1.4.2).

    A size of 0 never verifies: nothing is a prefix that binds anybody.

    Raises:
        ProofRefused: it is not shown.
    """
    _check_size(old_size)
    _check_size(size)
    if old_size > size:
        raise ProofRefused(f"the tree shrank from {old_size} to {size}", old_size=old_size, size=size)
    if old_size == size:
        if proof:
            raise ProofRefused("a proof between equal sizes must be empty", got=len(proof), expected=0)
        if old_root != new_root:
            raise ProofRefused("two roots for one size", old_root=old_root.hex(), new_root=new_root.hex())
        return
    _check_hashes([old_root, new_root, *proof])
    # §2.1.4.2: when old_size is a power of two its root is the first node, and the proof leaves it out.
    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    position, last = old_size - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    if len(path) != 1 + _path_length(position, last + 1):
        raise ProofRefused(f"{len(proof)} proof nodes do not fit sizes {old_size} and {size}", got=len(proof))
    old = new = path[0]
    for sibling in path[1:]:
        if position & 1 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        position, last = position >> 1, last >> 1
    if old != old_root or new != new_root:
        raise ProofRefused("the trees do not extend one another", old_root=old.hex(), new_root=new.hex())


@dataclass
class Frontier:
    """A growing tree kept as the roots of its perfect subtrees: append and root in O(log n) time and space.

    `peaks` run from the largest subtree to the smallest, one per set bit of `size`; store both to continue later.
    """

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.size < 0 or self.size.bit_count() != len(self.peaks) or any(len(peak) != HASH_BYTES for peak in self.peaks):
            raise InputError(f"a frontier of size {self.size} has {self.size.bit_count()} peaks of 32 bytes, got {len(self.peaks)}")

    def append(self, leaf: bytes) -> None:
        """Append a leaf hash."""
        node, carry = leaf, self.size
        while carry & 1:
            node, carry = node_hash(self.peaks.pop(), node), carry >> 1
        self.peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the leaves appended so far."""
        if not self.peaks:
            return EMPTY_ROOT
        node = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            node = node_hash(peak, node)
        return node


def _next_level(level: list[bytes]) -> list[bytes]:
    # Pairing neighbours and carrying an odd last node up gives the shape of RFC 9162's recursive split.
    above = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    if len(level) & 1:
        above.append(level[-1])
    return above


def _subproof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    known, proof = True, []
    stack: list[bytes] = []
    while old_size != len(leaves):
        split = 1 << (len(leaves) - 1).bit_length() - 1
        if old_size <= split:
            stack.append(root(leaves[split:]))
            leaves = leaves[:split]
        else:
            stack.append(root(leaves[:split]))
            leaves, old_size, known = leaves[split:], old_size - split, False
    if not known:
        proof.append(root(leaves))
    return proof + stack[::-1]


def _path_length(index: int, size: int) -> int:
    last, length = size - 1, 0
    while last > 0:
        if index & 1 or index < last:
            length += 1
        index, last = index >> 1, last >> 1
    return length


def _check_size(size: int) -> None:
    if not 0 < size <= MAX_SIZE:
        raise ProofRefused(f"a tree of size {size} proves nothing", size=size)


def _check_hashes(hashes: Sequence[bytes]) -> None:
    for value in hashes:
        if len(value) != HASH_BYTES:
            raise ProofRefused(f"a hash of {len(value)} bytes, expected {HASH_BYTES}", got=len(value), expected=HASH_BYTES)
