"""Time as an argument: services and engines are handed a clock, tests hand them a fixed one."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

from ledger.errors import InputError


class Clock(Protocol):
    """Anything that tells the current time in whole Unix seconds."""

    def now(self) -> int:
        """Return the current Unix time in seconds."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Return the machine's Unix time in seconds."""
        return int(time.time())


class FixedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: int) -> None:
        self.at = at

    def now(self) -> int:
        """Return the time the clock was set to."""
        return self.at

    def advance(self, seconds: int) -> None:
        """Move the clock forward by `seconds`."""
        self.at += seconds


def format_instant(seconds: int) -> str:
    """Return Unix seconds as `YYYY-MM-DDTHH:MM:SSZ`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_instant(text: str) -> int:
    """Return the Unix seconds of an RFC 3339 instant with whole seconds.

    Raises:
        InputError: no offset, a fraction of a second, or not an instant.
    """
    try:
        value = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"not an instant: got {text!r}, expected YYYY-MM-DDTHH:MM:SSZ") from error
    if value.tzinfo is None or value.microsecond:
        raise InputError(f"not an instant: got {text!r}, expected whole seconds and an offset, as 2025-01-01T00:00:00Z")
    return int(value.timestamp())
