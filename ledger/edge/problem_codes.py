"""The codes in a problem document, of itself and of its findings. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

KEY_CODES = frozenset({"KEY_REVOKED", "SIGNATURE_UNKNOWN"})
"""The key was refused, not what it signed: the same readings are taken under a key that is in force."""


def codes_of(problem: Mapping[str, Any]) -> frozenset[str]:
    """Return every code that stands in a problem document, of itself and of its findings."""
    return frozenset(_codes(problem, 0))


def _codes(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, Mapping) and depth < 8:
        if isinstance(value.get("code"), str):
            yield value["code"]
        for item in value.values():
            yield from _codes(item, depth + 1)
    elif isinstance(value, list) and depth < 8:
        for item in value:
            yield from _codes(item, depth + 1)
