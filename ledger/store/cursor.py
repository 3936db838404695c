"""Signed cursors: the place where the next page starts, in a form that a caller can carry but not forge or use elsewhere."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from ledger.errors import InputError
from ledger.records import canonical

_TAG_LENGTH = 16
MAX_CURSOR_LENGTH = 1_024


class CursorRefused(InputError):
    """The cursor is not one that we gave for this list."""

    code = "cursor.invalid"


def encode_cursor(key: bytes, scope: str, position: int | str) -> str:
    """Return the cursor of a position in the list named by `scope` (path, tenant and filters of the list)."""
    body = canonical.dump(position)
    return base64.urlsafe_b64encode(_tag(key, scope, body) + body).decode().rstrip("=")


def decode_cursor(key: bytes, scope: str, cursor: str) -> int | str:
    """Return the position of a cursor that `encode_cursor` made with this key for this scope.

    Raises:
        CursorRefused: it did not.
    """
    if len(cursor) > MAX_CURSOR_LENGTH:
        raise _refused()
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise _refused() from error
    tag, body = raw[:_TAG_LENGTH], raw[_TAG_LENGTH:]
    if not hmac.compare_digest(tag, _tag(key, scope, body)):
        raise _refused()
    position = canonical.load_canonical(body)
    if not isinstance(position, int | str) or isinstance(position, bool):
        raise _refused()
    return position


def _tag(key: bytes, scope: str, body: bytes) -> bytes:
    name = scope.encode()
    return hmac.digest(key, b"lingtan/cursor/1" + len(name).to_bytes(4, "big") + name + body, hashlib.sha256)[:_TAG_LENGTH]


def _refused() -> CursorRefused:
    return CursorRefused("not a cursor of this list", hint="start again without a cursor")
