"""Bytes of a readings file, packed or not, and the meters it names."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress

from ledger.errors import InputError
from ledger.identifiers import is_identifier

MAX_FILE = 512 << 20
_BLOCK = 1 << 20
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


def is_unpacked_longer(files: Iterable[bytes], limit: int) -> bool:
    """Tell whether files, unpacked, are more than `limit` bytes in sum; nothing beyond a block is held. Damage is left to the reader."""
    total = 0
    for data in files:
        for size in _plain_sizes(data):
            total += size
            if total > limit:
                return True
    return False


def _plain_sizes(data: bytes) -> Iterator[int]:
    if not data.startswith(_GZIP):
        yield len(data)
        return
    with gzip.open(io.BytesIO(data)) as file, suppress(OSError, EOFError, zlib.error):
        while block := file.read(_BLOCK):
            yield len(block)


def meters_in(data: bytes) -> frozenset[str]:
    """Return the meter ids that a meter CSV names."""
    lines = data.removeprefix(_BYTE_ORDER_MARK).split(b"\n")[1:]
    names = {line[: line.find(b",")] for line in lines if b"," in line[:64]}
    return frozenset(name for name in (raw.decode("utf-8", "replace") for raw in names) if is_identifier(name))
