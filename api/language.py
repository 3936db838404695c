"""Which of our two languages a caller reads (RFC 9110 §12.5.4)."""

from __future__ import annotations

import re
from typing import Literal

Language = Literal["zh", "en"]

DEFAULT: Language = "zh"

_RANGE = re.compile(r"\s*([A-Za-z*]{1,8})(?:-[A-Za-z0-9-]{1,35})?\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?))?\s*")


def choose_language(accept_language: str | None) -> Language:
    """Return zh or en for an Accept-Language header; Chinese where the header is absent or names neither.

    The first of several ranges with the same weight wins. A range that cannot be read is passed over.
    """
    best: tuple[int, Language] = (0, DEFAULT)
    for text in (accept_language or "")[:500].split(","):
        match = _RANGE.fullmatch(text)
        if match is None:
            continue
        weight = _thousandths(match.group(2) or "1")
        tag = match.group(1).lower()
        language: Language | None = "zh" if tag in ("zh", "*") else "en" if tag == "en" else None
        if language is not None and weight > best[0]:
            best = (weight, language)
    return best[1]


def _thousandths(weight: str) -> int:
    whole, _, fraction = weight.partition(".")
    return min(1000, int(whole) * 1000 + int(fraction.ljust(3, "0") or "0"))
