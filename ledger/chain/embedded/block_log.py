"""The block log: an RFC 9162 tree whose leaf i is the raw RLP of header i (spec: commitments §8).

The roots of all perfect subtrees are stored, 2n - 1 hashes at most, written in the transaction of their block; so a root, an inclusion
proof and a consistency proof of any earlier size cost O(log² n) reads, and no block is read again.
"""

from __future__ import annotations

from ledger.chain.embedded.store import SqliteStore, TreeNode
from ledger.chain.errors import ChainCorrupt
from ledger.errors import InputError
from ledger.merkle.plain import EMPTY_ROOT, leaf_hash, node_hash


class BlockLog:
    """The tree in the store: it shows that headers belong to one history; who vouches for that history is the checkpoint's matter."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    @property
    def size(self) -> int:
        """The number of leaves: head + 1."""
        return self._store.log_size()

    def nodes_of_leaf(self, index: int, header_rlp: bytes) -> tuple[TreeNode, ...]:
        """Return the nodes that leaf `index` completes, to be written with its block."""
        node = TreeNode(0, index, leaf_hash(header_rlp))
        nodes = [node]
        while node.position & 1:
            left = self.node(node.level, node.position - 1)
            node = TreeNode(node.level + 1, node.position >> 1, node_hash(left, node.hash))
            nodes.append(node)
        return tuple(nodes)

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the first `size` leaves (of all, without it).

        Raises:
            InputError: the log is not that long.
        """
        wanted = self.size if size is None else self._check_size(size)
        return self._subtree(0, wanted) if wanted else EMPTY_ROOT

    def inclusion(self, index: int, size: int) -> tuple[bytes, ...]:
        """Return the sibling hashes of leaf `index` in the tree of `size`, leaf to root (RFC 9162 §2.1.3.1).

        Raises:
            InputError: not 0 ≤ index < size ≤ the log's size.
        """
        self._check_size(size)
        if not 0 <= index < size:
            raise InputError(f"no leaf {index} in a tree of {size}", hint="ask for an index below the size")
        path: list[bytes] = []
        low, high = 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._subtree(middle, high))
                high = middle
            else:
                path.append(self._subtree(low, middle))
                low = middle
        return tuple(reversed(path))

    def consistency(self, old_size: int, size: int) -> tuple[bytes, ...]:
        """Return the proof that the first `old_size` leaves are a prefix of the first `size` (RFC 9162 §2.1.4.1).

        Raises:
            InputError: not 0 < old_size ≤ size ≤ the log's size.
        """
        self._check_size(size)
        if not 0 < old_size <= size:
            raise InputError(f"no consistency from {old_size} to {size}", hint="expected 0 < old ≤ new ≤ size of the log")
        path: list[bytes] = []
        low, high, whole = 0, size, True
        while old_size != high:
            middle = low + _split(high - low)
            if old_size <= middle:
                path.append(self._subtree(middle, high))
                high = middle
            else:
                path.append(self._subtree(low, middle))
                low, whole = middle, False
        if not whole:
            path.append(self._subtree(low, high))
        return tuple(reversed(path))

    def _subtree(self, low: int, high: int) -> bytes:
        # Hash of leaves [low, high), where `low` is aligned to the split: perfect parts come from the store.
        size = high - low
        if size & (size - 1) == 0:
            level = size.bit_length() - 1
            return self.node(level, low >> level)
        middle = low + _split(size)
        return node_hash(self._subtree(low, middle), self._subtree(middle, high))

    def node(self, level: int, position: int) -> bytes:
        """Return the root of the perfect subtree over leaves [position·2^level, (position+1)·2^level).

        Raises:
            ChainCorrupt: the file does not hold it.
        """
        found = self._store.find_node(level, position)
        if found is None:
            raise ChainCorrupt(f"the block log misses node {position} of level {level}", hint="check the chain file; restore a backup")
        return found

    def _check_size(self, size: int) -> int:
        if not 0 <= size <= self.size:
            raise InputError(f"the block log has {self.size} leaves, asked for {size}", hint="ask for a size up to the log's")
        return size


def _split(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)
