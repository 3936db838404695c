"""Bytes of a readings file, packed or not, and the meters it names."""

from __future__ import annotations

import gzip
import io

from ledger.errors import InputError
from ledger.identifiers import is_identifier

MAX_FILE = 512 << 20
_GZIP = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def unpack(data: bytes) -> bytes:
    """Return the bytes of a file, unpacked where it is gzip.

    Raises:
        InputError: more than 512 MiB.
        OSError, EOFError: damaged gzip.
    """
    if not data.startswith(_GZIP):
        return data
    with gzip.open(io.BytesIO(data)) as file:
        plain = file.read(MAX_FILE + 1)
    if len(plain) > MAX_FILE:
        raise InputError(f"the file unpacks to more than {MAX_FILE >> 20} MiB")
    return plain


def meters_in(data: bytes) -> frozenset[str]:
    """Return the meter ids that a meter CSV names."""
    lines = data.removeprefix(_BYTE_ORDER_MARK).split(b"\n")[1:]
    names = {line[: line.find(b",")] for line in lines if b"," in line[:64]}
    return frozenset(name for name in (raw.decode("utf-8", "replace") for raw in names) if is_identifier(name))
