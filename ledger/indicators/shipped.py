"""The library release that comes with the code, read from its committed file."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from ledger.indicators.reading import read_release
from ledger.indicators.release import Release

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
    return read_release(shipped_bytes(release))
