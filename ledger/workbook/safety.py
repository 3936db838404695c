"""Refuse a workbook that could harm before anything in it is parsed: bombs, macros, links to elsewhere, encrypted or damaged files.

Only the list of entries and the small parts that say what a workbook is made of are read here. Sheets are read afterwards, as a stream,
by sheets.py, which counts what really comes out; the sizes that the list declares are checked here and are not believed there.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO
from xml.sax import SAXException
from xml.sax.handler import ContentHandler

from defusedxml.common import DefusedXmlException
from defusedxml.sax import make_parser

from ledger.records.findings import Finding

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CENTRAL = b"PK\x01\x02"
_STORED_AND_DEFLATED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# Parts that run, or that fetch from elsewhere; a form that people fill in needs none of them.
_MACRO_PARTS = ("vbaproject", "xl/macrosheets/", "xl/dialogsheets/", "xl/activex/", "customui/", "xl/ctrlprops/")
_EXTERNAL_PARTS = ("xl/externallinks/", "xl/embeddings/", "xl/connections", "xl/querytables/", "xl/webextensions/")
_MACRO_TYPES = ("macroenabled", "vbaproject", "activex", "macrosheet")
_HYPERLINK = "/hyperlink"
_SMALL_PART = 4 << 20


@dataclass(frozen=True)
class Limits:
    """What a workbook may be at most: bytes of the file, entries, bytes unpacked, and how much one entry may unpack to one."""

    bytes: int = 16 << 20
    entries: int = 200
    unpacked: int = 128 << 20
    ratio: int = 200
    # Below this an entry may shrink as far as it likes: small files of blanks are no bombs.
    ratio_from: int = 1 << 20


LIMITS = Limits()


class UnsafeWorkbook(Exception):
    """A workbook is not read; `finding` says why. Inside this room only: callers get the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


def refusal(code: str, action: str, got: str | None = None, expected: str | None = None, place: str = "file") -> UnsafeWorkbook:
    """Return the exception that carries an error finding about the file."""
    return UnsafeWorkbook(Finding(code, "error", place, action, got, expected))


def check_workbook(data: bytes, limits: Limits = LIMITS) -> tuple[Finding, ...]:
    """Return the findings that keep these bytes from being read as a workbook; none means that sheets.py may read them."""
    try:
        open_workbook(data, limits).close()
    except UnsafeWorkbook as error:
        return (error.finding,)
    return ()


def open_workbook(data: bytes, limits: Limits = LIMITS) -> zipfile.ZipFile:
    """Return the archive of a workbook that passed every check.

    Raises:
        UnsafeWorkbook: with the finding.
    """
    _check_bytes(data, limits)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError, EOFError) as error:
        raise refusal("WORKBOOK_DAMAGED", "save the workbook again as .xlsx", str(error)[:80], "a workbook") from error
    _check_entries(archive, limits)
    _check_parts(archive)
    return archive


def read_parts(archive: zipfile.ZipFile, name: str, handler: ContentHandler, limit: int) -> None:
    """Parse one XML part as a stream, without DTD or entities, up to `limit` bytes of it.

    Raises:
        UnsafeWorkbook: it is missing, damaged, longer, or declares a document type.
    """
    try:
        with archive.open(name) as part:
            parser = make_parser()
            parser.forbid_dtd = True
            parser.setContentHandler(handler)
            for block in _blocks(part, name, limit):
                parser.feed(block)
            parser.close()
    except DefusedXmlException as error:
        raise refusal("WORKBOOK_ENTITIES", "save the workbook again with a spreadsheet program", type(error).__name__, name) from error
    except KeyError as error:
        raise refusal("WORKBOOK_DAMAGED", "save the workbook again as .xlsx", "nothing", name) from error
    except (SAXException, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise refusal(
            "WORKBOOK_DAMAGED", "save the workbook again as .xlsx", f"{name}: {type(error).__name__}", "a part that can be read"
        ) from error


def _blocks(part: IO[bytes], name: str, limit: int) -> Iterator[bytes]:
    seen = 0
    while block := part.read(1 << 16):
        seen += len(block)
        if seen > limit:
            raise refusal("WORKBOOK_TOO_LARGE", "send less data in one workbook", f"{name}: more than {limit} bytes", f"{limit} bytes")
        yield block


def _check_bytes(data: bytes, limits: Limits) -> None:
    if len(data) > limits.bytes:
        raise refusal("WORKBOOK_TOO_LARGE", "send less data in one workbook", f"{len(data)} bytes", f"at most {limits.bytes} bytes")
    if data.startswith(_OLE):
        action = "save it without a password, and as .xlsx"
        raise refusal("WORKBOOK_ENCRYPTED", action, "an encrypted or an old .xls workbook", "an .xlsx workbook without a password")
    if not data.startswith(_ZIP):
        raise refusal("WORKBOOK_NOT_ZIP", "save the table as .xlsx", "another kind of file", "an .xlsx workbook")
    # The directory is counted before anything builds a list of it.
    if data.count(_CENTRAL) > limits.entries:
        raise refusal(
            "WORKBOOK_TOO_LARGE", "save the table in a new workbook", f"{data.count(_CENTRAL)} entries", f"{limits.entries} entries"
        )


def _check_entries(archive: zipfile.ZipFile, limits: Limits) -> None:
    seen: set[str] = set()
    unpacked = 0
    for entry in archive.infolist():
        name = entry.filename
        if entry.flag_bits & 1:
            raise refusal("WORKBOOK_ENCRYPTED", "save it without a password", name[:80], "no encrypted entry")
        if name.startswith("/") or "\\" in name or ".." in name.split("/") or ":" in name or name.lower() in seen:
            raise refusal("WORKBOOK_ENTRY", "save the table in a new workbook", name[:80], "names inside the workbook, each once")
        if entry.compress_type not in _STORED_AND_DEFLATED:
            raise refusal("WORKBOOK_ENTRY", "save the table in a new workbook", f"{name[:60]}: method {entry.compress_type}", "deflate")
        seen.add(name.lower())
        unpacked += entry.file_size
        if unpacked > limits.unpacked:
            raise refusal("WORKBOOK_TOO_LARGE", "send less data in one workbook", f"{unpacked} bytes unpacked", f"{limits.unpacked} bytes")
        if entry.file_size > max(limits.ratio_from, limits.ratio * entry.compress_size):
            got = f"{name[:60]}: {entry.file_size} bytes out of {entry.compress_size}"
            raise refusal("WORKBOOK_TOO_LARGE", "save the table in a new workbook", got, f"at most {limits.ratio} to one")


def _check_parts(archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    for name in names:
        low = name.lower()
        if any(part in low for part in _MACRO_PARTS):
            raise refusal("WORKBOOK_MACROS", "save it as .xlsx, which holds no macros", name[:80], "no macros and no controls")
        if any(low.startswith(part) for part in _EXTERNAL_PARTS):
            raise refusal("WORKBOOK_EXTERNAL", "remove links, connections and embedded objects", name[:80], "no link to elsewhere")
    types = _Attributes("ContentType")
    read_parts(archive, "[Content_Types].xml", types, _SMALL_PART)
    for value in types.found:
        if any(kind in value["ContentType"].lower() for kind in _MACRO_TYPES):
            raise refusal("WORKBOOK_MACROS", "save it as .xlsx, which holds no macros", value["ContentType"][:80], "no macros")
    for name in names:
        if not name.lower().endswith(".rels"):
            continue
        links = _Attributes("Target")
        read_parts(archive, name, links, _SMALL_PART)
        for link in links.found:
            # A web address that somebody typed becomes a hyperlink: nothing follows it by itself.
            if link.get("TargetMode", "").lower() == "external" and not link.get("Type", "").endswith(_HYPERLINK):
                raise refusal("WORKBOOK_EXTERNAL", "remove links to other files", link["Target"][:80], "no link to elsewhere")


class _Attributes(ContentHandler):
    """The attributes of every element that has one of this name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.found: list[dict[str, str]] = []

    def startElement(self, name: str, attrs: object) -> None:
        values: dict[str, str] = dict(attrs)  # type: ignore[call-overload]
        if self.name in values:
            self.found.append(values)
