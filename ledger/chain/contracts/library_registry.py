"""LibraryRegistry: releases of the indicator library, dataset schemas and schemes, by the hash of their document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ledger.chain.contracts.base import Contract
from ledger.chain.typed_data import ReleaseStatus


@dataclass(frozen=True)
class Release:
    """A release as registered; times in Unix seconds, `published_at` 0 until somebody publishes it, kind 0 means unknown."""

    kind: int
    org: bytes
    valid_from: int
    supersedes: bytes
    proposer: str
    publisher: str
    proposed_at: int
    published_at: int


class LibraryRegistry(Contract):
    """The registry of what may be used."""

    name: ClassVar[str] = "LibraryRegistry"
    gas: ClassVar[Mapping[str, int]] = {"propose": 500_000, "publish": 300_000}

    def release(self, release: bytes, *, block: int | None = None) -> Release:
        """Return the release; kind 0 where it is unknown."""
        return self._record(Release, "release", release, block=block)

    def status_at(self, release: bytes, time: int, *, block: int | None = None) -> ReleaseStatus:
        """Return whether a release was in force at `time` (Unix seconds)."""
        (status,) = self._view("statusAt", release, time, block=block)
        return ReleaseStatus(status)
