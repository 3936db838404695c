"""Content-Digest (RFC 9530), SHA-256 alone."""

from __future__ import annotations

import base64
import binascii
import re

_MEMBER = re.compile(r"\s*([a-z*][a-z0-9_.*-]*)\s*=\s*:([A-Za-z0-9+/=]*):\s*")


def content_digest(sha256: bytes) -> str:
    """Return the header's value for a body with this SHA-256."""
    return f"sha-256=:{base64.b64encode(sha256).decode()}:"


def find_sha256(header: str) -> bytes | None:
    """Return the SHA-256 that a Content-Digest header names, or None where it names only other algorithms.

    Raises:
        ValueError: the header is not a dictionary of byte sequences, or its SHA-256 has not 32 bytes.
    """
    found: bytes | None = None
    for part in header[:2000].split(","):
        match = _MEMBER.fullmatch(part)
        if match is None:
            raise ValueError("not a dictionary of byte sequences")
        if match.group(1) == "sha-256":
            try:
                found = base64.b64decode(match.group(2), validate=True)
            except binascii.Error as error:
                raise ValueError("not base64") from error
            if len(found) != 32:
                raise ValueError("not 32 bytes")
    return found
