"""Open an evidence package without trusting the zip it comes in (documents.md §9)."""

from __future__ import annotations

import hashlib
import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from verifier import documents
from verifier.errors import Malformed

MAX_ENTRIES = 20_000
MAX_UNPACKED = 4 * 1024**3
MAX_RATIO = 1_000
MAX_DOCUMENT = 64 * 1024**2
TAIL = 128 * 1024  # more than a zip's end record with its comment: what is read to the end of the file
MAX_DIRECTORY = 8 * 1024**2  # of the zip: 20,000 entries with names of 350 bytes
MANIFEST = "manifest.json"
REQUIRED = (
    "organisation.json",
    "activity.json",
    "library.json",
    "statement.json",
    "findings.json",
    "commitments.json",
    "attestations.json",
    "anchors.json",
    "answers.json",
)

BOOK = "financed.json"
EXPOSURES, SALTS, GROUPS = "exposures.jsonl", "salts.bin", "groups.jsonl"
STREAMED = (EXPOSURES, SALTS, GROUPS)
OPENINGS = "openings/"

_UNREADABLE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError, OverflowError)


@dataclass(frozen=True, slots=True)
class Part:
    """Name one part as the manifest lists it."""

    path: str
    sha256: str
    size: int


def _unreadable(path: str, error: Exception) -> Malformed:
    return Malformed("PACKAGE_ENTRY", path, f"cannot be unpacked: {error}")


class PartStream:
    """Read one entry piece by piece; what cannot be unpacked is Malformed."""

    def __init__(self, path: str, opened: IO[bytes]) -> None:
        self.path = path
        self._opened = opened

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most `size`; none at the end."""
        try:
            return self._opened.read(size)
        except _UNREADABLE as error:
            raise _unreadable(self.path, error) from None

    def readline(self, limit: int) -> bytes:
        """Return the next line with its LF, or its first `limit` bytes; none at the end."""
        try:
            return self._opened.readline(limit)
        except _UNREADABLE as error:
            raise _unreadable(self.path, error) from None


class Package:
    """Read parts of an open package; every read is bounded by the size that the zip directory states."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._entries = _guarded_entries(archive)
        if MANIFEST not in self._entries:
            raise Malformed("PACKAGE_NO_MANIFEST", MANIFEST, "the zip has no manifest.json, so it is not an evidence package")
        data = self.read(MANIFEST)
        self.manifest: Any = documents.read(data, "package", MANIFEST)
        self.hash = hashlib.sha256(data).hexdigest()
        self.parts = {item["path"]: Part(item["path"], item["sha256"], item["bytes"]) for item in self.manifest["parts"]}
        self.withheld = {item["path"]: str(item["reason"]) for item in self.manifest["withheld"]}
        both = sorted(set(self.parts) & set(self.withheld))
        if both or MANIFEST in self.parts or MANIFEST in self.withheld:
            raise Malformed("PACKAGE_MANIFEST", MANIFEST, f"{(both or [MANIFEST])[0]} cannot be listed there")

    def names(self) -> tuple[str, ...]:
        """Return the entries in the zip's order, manifest.json included."""
        return tuple(self._entries)

    def has(self, path: str) -> bool:
        """Say whether the zip holds `path`."""
        return path in self._entries

    def read(self, path: str) -> bytes:
        """Return the bytes of an entry. Raises: Malformed where it cannot be unpacked as the directory states."""
        info = self._entries[path]
        if path.endswith(".json") and info.file_size > MAX_DOCUMENT:
            raise Malformed("PACKAGE_SIZE", path, f"a document of more than {MAX_DOCUMENT} bytes is not read")
        try:
            with self._archive.open(info) as stream:
                data = stream.read(info.file_size + 1)
        except _UNREADABLE as error:
            raise _unreadable(path, error) from None
        if len(data) != info.file_size:
            raise Malformed("PACKAGE_ENTRY", path, f"unpacks to another size than the {info.file_size} bytes stated")
        return data

    def size(self, path: str) -> int:
        """Return the unpacked size of an entry, as the zip directory states it."""
        return self._entries[path].file_size

    def lists(self, path: str) -> bool:
        """Say whether the manifest lists `path`, here or withheld."""
        return path in self.parts or path in self.withheld

    @contextmanager
    def stream(self, path: str) -> Iterator[PartStream]:
        """Yield an entry to be read piece by piece. Raises: Malformed where it cannot be unpacked."""
        try:
            opened = self._archive.open(self._entries[path])
        except _UNREADABLE as error:
            raise _unreadable(path, error) from None
        with opened:
            yield PartStream(path, opened)

    def digest(self, path: str) -> tuple[str, int]:
        """Return (SHA-256, bytes) of an entry, read piece by piece."""
        total, count = hashlib.sha256(), 0
        with self.stream(path) as stream:
            while piece := stream.read(1 << 20):
                total.update(piece)
                count += len(piece)
        return total.hexdigest(), count


def _guarded_entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the entries by name, or refuse the zip: what is refused here never reaches a reader."""
    infos = archive.infolist()
    if len(infos) > MAX_ENTRIES:
        raise Malformed("PACKAGE_ENTRIES", "zip", f"{len(infos)} entries, at most {MAX_ENTRIES} are read")
    entries: dict[str, zipfile.ZipInfo] = {}
    unpacked = 0
    for info in infos:
        name = info.filename
        parts = name.split("/")
        if name.startswith("/") or "\\" in name or ":" in name or "\x00" in name or any(part in ("", ".", "..") for part in parts):
            raise Malformed("PACKAGE_PATH", name[:80] or "zip", "an entry's path is relative, without '..', empty steps or backslashes")
        if name in entries:
            raise Malformed("PACKAGE_TWICE", name, "an entry occurs twice")
        mode = info.external_attr >> 16
        if info.is_dir() or (mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode)):
            raise Malformed("PACKAGE_KIND", name, "an entry is a plain file, not a folder or a link")
        if info.flag_bits & 0x1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Malformed("PACKAGE_METHOD", name, "an entry is stored or deflated, and not encrypted")
        unpacked += info.file_size
        if unpacked > MAX_UNPACKED:
            raise Malformed("PACKAGE_SIZE", name, f"the zip unpacks to more than {MAX_UNPACKED} bytes")
        if info.file_size > MAX_RATIO * max(1, info.compress_size):
            raise Malformed("PACKAGE_RATIO", name, f"unpacks to more than {MAX_RATIO} times its size")
        entries[name] = info
    return entries


class _Directory(io.BufferedReader):
    """Read a zip whose directory is read in one piece, which therefore has a limit until it is read."""

    limit: int | None

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))
        self.limit = MAX_DIRECTORY

    def read(self, size: int | None = -1, /) -> bytes:
        """Return `size` bytes, or all that are left. Raises: ValueError for a directory beyond the limit."""
        if self.limit is None:
            return super().read(size)
        size = TAIL if size is None or size < 0 else size
        if size > self.limit:
            raise ValueError(f"its directory has {size} bytes, at most {self.limit} are read")
        return super().read(size)


@contextmanager
def open_package(path: Path) -> Iterator[Package]:
    """Yield the package at `path`.

    Raises:
        Malformed: not a zip, a refused entry, or a manifest that cannot be read.
    """
    try:
        opened = _Directory(path)
    except OSError as error:
        raise Malformed("PACKAGE_ZIP", path.name, f"not a readable zip: {error}") from None
    with opened:
        try:
            archive = zipfile.ZipFile(opened)
        except _UNREADABLE as error:
            raise Malformed("PACKAGE_ZIP", path.name, f"not a readable zip: {error}") from None
        opened.limit = None
        with archive:
            yield Package(archive)


def schema_path(dataset: str) -> str:
    """Return the part that holds a dataset's schema."""
    return f"schemas/{dataset}.json"


def opening_path(group: int) -> str:
    """Return the part that holds an opened group."""
    return f"{OPENINGS}{group:06d}.json"


def meter_path(meter: str) -> str:
    """Return the part that holds a meter's record."""
    return f"meters/{meter}.ltm"
