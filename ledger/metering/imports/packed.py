"""A file's bytes as they were before it was packed: gzip, zip, zstd, bzip2, xz, told by the first bytes (spec: meter-import §1)."""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import zipfile
import zlib
from pathlib import Path
from typing import IO, BinaryIO, cast

from backports import zstd

ENDINGS = (".gz", ".zip", ".zst", ".bz2", ".xz", ".csv", ".txt", ".tsv", ".xml", ".parquet")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class NotOneTable(Exception):
    """What was opened is no one table. Inside this room only; the message says what it is, `action` what to do."""

    def __init__(self, got: str, action: str) -> None:
        super().__init__(got)
        self.action = action


class Broken(Exception):
    """A packed file is damaged in a way that its library has no word of its own for."""


DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zstd.ZstdError, zipfile.BadZipFile, Broken)
"""What reading a packed file raises where it is cut or changed."""


def open_unpacked(path: Path) -> BinaryIO:
    """Return a file's bytes as a stream, unpacked where it is packed.

    Raises:
        NotOneTable: a spreadsheet, or a zip with none or several files in it.
        zipfile.BadZipFile, Broken: a zip without its list of files, or with one that leads nowhere.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"\x1f\x8b"):
        return cast(BinaryIO, gzip.open(path, "rb"))
    if head.startswith(_ZIP):
        return _only_member(path)
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return cast(BinaryIO, zstd.open(path, "rb"))
    if head.startswith(b"BZh"):
        return _buffered(_Stream(bz2.open(path, "rb")))
    if head.startswith(b"\xfd7zXZ\0"):
        return cast(BinaryIO, lzma.open(path, "rb"))
    if head == _OLE:
        raise NotOneTable("a spreadsheet (.xls)", "save the sheet as CSV")
    return path.open("rb")


def stem_of(path: Path) -> str:
    """Return a file's name without its endings: the id of its meter where the map says `{file}`."""
    name = path.name
    while ending := next((ending for ending in ENDINGS if name.lower().endswith(ending) and len(name) > len(ending)), None):
        name = name[: -len(ending)]
    return name


def _only_member(path: Path) -> BinaryIO:
    try:
        archive = zipfile.ZipFile(path)
        # Not `is_dir`, which fails at a name of nothing.
        names = [item.filename for item in archive.infolist() if not item.filename.endswith("/")]
        names = [name for name in names if not name.startswith("__MACOSX/")]
    except NotImplementedError as error:
        raise Broken(str(error)) from error
    except (OSError, ValueError) as error:
        raise _broken(error) from error
    if "[Content_Types].xml" in names:
        archive.close()
        raise NotOneTable("a spreadsheet (.xlsx)", "save the sheet as CSV")
    if len(names) != 1:
        archive.close()
        raise NotOneTable(f"{len(names)} files in a zip", "unpack it and name the files that are tables of readings")
    try:
        return _buffered(_Stream(archive.open(names[0]), archive))
    except (RuntimeError, NotImplementedError) as error:
        archive.close()
        raise NotOneTable("a zip with a password, or packed in a rare way", "unpack it") from error
    except (OSError, ValueError) as error:
        archive.close()
        raise _broken(error) from error


def _broken(error: OSError | ValueError) -> Exception:
    """Return Broken for an error that the bytes are to blame for (a place before the file's beginning), the error itself for another."""
    by_bytes = not isinstance(error, OSError) or error.errno in (None, errno.EINVAL)
    return Broken(str(error)) if by_bytes else error


def _buffered(stream: _Stream) -> BinaryIO:
    return io.BufferedReader(stream, 1 << 20)


class _Stream(io.RawIOBase):
    """What unpacks a file; closing it closes that, and the archive it is in."""

    def __init__(self, source: IO[bytes], archive: zipfile.ZipFile | None = None) -> None:
        super().__init__()
        self._source, self._archive = source, archive

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        try:
            data = self._source.read(len(view))
        except OSError as error:
            raise _broken(error) from error
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._source.close()
            if self._archive is not None:
                self._archive.close()
        super().close()
