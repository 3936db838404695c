"""A file's bytes as they were before it was packed: gzip, zip, zstd, bzip2, xz, told by the first bytes (spec: meter-import §1)."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO, cast

from backports import zstd

ENDINGS = (".gz", ".zip", ".zst", ".bz2", ".xz", ".csv", ".txt", ".tsv", ".xml", ".parquet")
DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zstd.ZstdError, zipfile.BadZipFile)
"""What reading a packed file raises where it is cut or changed."""
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class NotOneTable(Exception):
    """What was opened is no one table. Inside this room only; the message says what it is, `action` what to do."""

    def __init__(self, got: str, action: str) -> None:
        super().__init__(got)
        self.action = action


def open_unpacked(path: Path) -> BinaryIO:
    """Return a file's bytes as a stream, unpacked where it is packed.

    Raises:
        NotOneTable: a spreadsheet, or a zip with none or several files in it.
        zipfile.BadZipFile: a zip without its list of files.
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
        return cast(BinaryIO, bz2.open(path, "rb"))
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
    archive = zipfile.ZipFile(path)
    names = [item.filename for item in archive.infolist() if not item.is_dir() and not item.filename.startswith("__MACOSX/")]
    if "[Content_Types].xml" in names:
        archive.close()
        raise NotOneTable("a spreadsheet (.xlsx)", "save the sheet as CSV")
    if len(names) != 1:
        archive.close()
        raise NotOneTable(f"{len(names)} files in a zip", "unpack it and name the files that are tables of readings")
    try:
        return io.BufferedReader(cast(io.RawIOBase, _Member(archive, names[0])), 1 << 20)
    except (RuntimeError, NotImplementedError) as error:
        archive.close()
        raise NotOneTable("a zip with a password, or packed in a rare way", "unpack it") from error


class _Member(io.RawIOBase):
    """One file of a zip; closing it closes the zip."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        super().__init__()
        self._archive, self._member = archive, archive.open(name)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        data = self._member.read(len(view))
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._member.close()
            self._archive.close()
        super().close()
