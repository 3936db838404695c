"""Roots and proofs over a long log of leaf hashes without reading all of it each time (spec: metering §7).

256 leaves in a row are a tile, a perfect subtree whose root never changes once it is full. With the roots of full tiles at hand a proof
needs the leaves of at most two tiles. The shape is RFC 9162's: the proofs are those of `ledger.merkle.plain`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ledger.errors import InputError
from ledger.merkle.plain import EMPTY_ROOT, node_hash, root

TILE = 256
Leaves = Callable[[int, int], Sequence[bytes]]
"""Reads the leaf hashes [start, end) of the log."""


@dataclass
class TiledLog:
    """The roots of the full tiles of one log that only grows; 32 bytes for 256 entries."""

    tiles: list[bytes] = field(default_factory=list)

    def extend(self, size: int, leaves: Leaves) -> None:
        """Take in the tiles that a log of `size` entries has filled since, many of them per read."""
        while len(self.tiles) < size // TILE:
            start = len(self.tiles) * TILE
            end = min(start + 64 * TILE, size // TILE * TILE)
            read = leaves(start, end)
            if len(read) != end - start:
                raise InputError(f"the log has {len(read)} of the entries {start} to {end - 1}", hint="run `lingtan fsck`")
            self.tiles.extend(root(read[at : at + TILE]) for at in range(0, len(read), TILE))

    def root(self, size: int, leaves: Leaves) -> bytes:
        """Return the root of the first `size` entries; the tiles below must have been taken in."""
        return self._subtree(0, size, leaves) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int, leaves: Leaves) -> tuple[bytes, ...]:
        """Return the sibling hashes of entry `index` in the log of `size` entries, leaf to root.

        Raises:
            InputError: not 0 ≤ index < size.
        """
        if not 0 <= index < size:
            raise InputError(f"no entry {index} in a log of {size}", hint="ask for an index below the size")
        start, end, path = 0, size, []
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self._subtree(middle, end, leaves))
                end = middle
            else:
                path.append(self._subtree(start, middle, leaves))
                start = middle
        return tuple(reversed(path))

    def consistency_proof(self, old: int, size: int, leaves: Leaves) -> tuple[bytes, ...]:
        """Return the proof that the first `old` entries are a prefix of the first `size`.

        Raises:
            InputError: not 0 < old ≤ size.
        """
        if not 0 < old <= size:
            raise InputError(f"no consistency from {old} to {size}", hint="expected 0 < old ≤ new")
        start, end, path, whole = 0, size, [], True
        while old != end:
            middle = start + _split(end - start)
            if old <= middle:
                path.append(self._subtree(middle, end, leaves))
                end = middle
            else:
                path.append(self._subtree(start, middle, leaves))
                start, whole = middle, False
        if not whole:
            path.append(self._subtree(start, end, leaves))
        return tuple(reversed(path))

    def _subtree(self, start: int, end: int, leaves: Leaves) -> bytes:
        if end - start == TILE:
            return self.tiles[start // TILE]
        if end - start < TILE:
            return root(leaves(start, end))
        middle = start + _split(end - start)
        return node_hash(self._subtree(start, middle, leaves), self._subtree(middle, end, leaves))


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1
