"""Identifiers of things, and the 32-byte names that stand for them in hashes and on chain (spec: commitments §1)."""

from __future__ import annotations

import hashlib
import re

from ledger.errors import InputError

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def check_identifier(text: str) -> str:
    """Return `text` if it is a valid identifier.

    Raises:
        InputError: it is not.
    """
    if not _IDENTIFIER.fullmatch(text):
        raise InputError("not an identifier: expected 1 to 63 letters, digits, dots, hyphens, underscores, starting with a letter or digit")
    return text


def is_identifier(text: str) -> bool:
    """Tell whether `text` is a valid identifier."""
    return _IDENTIFIER.fullmatch(text) is not None


def sid(kind: str, text: str) -> bytes:
    """Return the 32-byte name of `text` among things of `kind`: SHA-256("lingtan/" kind "/" text)."""
    return hashlib.sha256(f"lingtan/{kind}/{text}".encode()).digest()
