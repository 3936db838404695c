"""The envelope logs as trees: the roots of full tiles stay in memory, the rest is read when it is asked for."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from ledger.merkle.tiles import TILE, TiledLog
from ledger.store.repositories import metering
from ledger.store.session import Session


class EnvelopeLogs:
    """The tiled log of every institution, shared by the threads of one house. Entries never change, so neither do tiles."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._logs: dict[str, TiledLog] = {}

    def open(self, session: Session, institution: str, size: int | None = None) -> LogView:
        """Return the first `size` entries of an institution's log; all that this session sees without it, or where there are fewer."""
        stored = metering.count_telemetry(session, institution)
        wanted = stored if size is None else min(size, stored)
        reader = _Reader(session, institution)
        with self._lock:
            log = self._logs.setdefault(institution, TiledLog())
            log.extend(wanted, reader.read)
        return LogView(institution, wanted, stored, log, reader)


@dataclass
class _Reader:
    """Reads leaf hashes of one log in one session; a tile that was read once is not read again."""

    session: Session
    institution: str
    _tiles: dict[int, list[bytes]] = field(default_factory=dict)

    def read(self, start: int, end: int) -> Sequence[bytes]:
        """Return the leaf hashes [start, end)."""
        number = start // TILE
        if end > (number + 1) * TILE:
            return metering.read_leaf_hashes(self.session, self.institution, start, end)
        if number not in self._tiles:
            self._tiles[number] = metering.read_leaf_hashes(self.session, self.institution, number * TILE, (number + 1) * TILE)
        return self._tiles[number][start - number * TILE : end - number * TILE]


@dataclass(frozen=True)
class LogView:
    """The first `size` entries of an envelope log that has `stored`."""

    institution: str
    size: int
    stored: int
    _log: TiledLog
    _reader: _Reader

    def root(self) -> bytes:
        """Return the root of these entries."""
        return self._log.root(self.size, self._reader.read)

    def root_at(self, size: int) -> bytes:
        """Return the root of the first `size` of these entries."""
        return self._log.root(size, self._reader.read)

    def leaf(self, index: int) -> bytes:
        """Return the leaf hash of an entry."""
        return self._reader.read(index, index + 1)[0]

    def inclusion(self, index: int) -> tuple[bytes, ...]:
        """Return the path of an entry, leaf to root.

        Raises:
            InputError: there is no such entry.
        """
        return self._log.inclusion_proof(index, self.size, self._reader.read)

    def consistency(self, old: int) -> tuple[bytes, ...]:
        """Return the proof that the first `old` entries are a prefix of these.

        Raises:
            InputError: not 0 < old ≤ size.
        """
        return self._log.consistency_proof(old, self.size, self._reader.read)
