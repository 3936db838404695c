"""Name an error that was found again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from verifier.local_time import Days


@dataclass(frozen=True, slots=True)
class Finding:
    """Hold an error that was found again: the code and place of docs/findings.md, what is there and what would be right."""

    code: str
    place: str
    got: str
    expected: str


def shown(days: Days) -> str:
    """Return days for a reader."""
    return f"{days[0]} to {'now' if days[1] == date.max else days[1]}"
