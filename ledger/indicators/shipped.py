"""The library release that comes with the code, read from its committed file."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from ledger.indicators.reading import release_from_document
from ledger.indicators.release import Release
from ledger.records import canonical

RELEASE = "lingtan-2026.1"


def shipped_bytes(release: str = RELEASE) -> bytes:
    """Return the canonical bytes of a shipped release."""
    return (files("ledger.indicators") / "releases" / f"{release}.json").read_bytes()


@cache
def shipped_release(release: str = RELEASE) -> Release:
    """Return a shipped release.

    Raises:
        MalformedDocument: the installed file is not the canonical document of a release.
    """
    return release_from_document(canonical.load_canonical(shipped_bytes(release)))
