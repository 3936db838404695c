"""The evidence package of a financed book: undisclosed by the server, disclosed at home by the bank (spec: documents §16)."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ledger.accounting.financed.leaves import LeafColumns
from ledger.accounting.financed.statement import FinancedStatement
from ledger.accounting.package import MANIFEST, MAX_UNPACKED, SCHEMA, Package, part_entry, write_zip, zip_entry
from ledger.errors import InputError, MalformedDocument
from ledger.indicators.release import Release
from ledger.merkle.dataset_schema import get_schema_bytes
from ledger.records import canonical
from ledger.records.fields import period_document

STATEMENT = "financed.json"
GROUPS = "groups.jsonl"
DISCLOSED = ("commitments.json", "exposures.jsonl", "salts.bin")
BLOCK = 1 << 20
MAX_UNDISCLOSED = 64 << 20


@dataclass(frozen=True)
class FinancedEvidence:
    """What goes into the package of an undisclosed book; `attestations` and `anchors` are documents of spec §6 and §7."""

    statement: FinancedStatement
    leaves: LeafColumns
    release: Release
    attestations: object
    anchors: object
    chain_id: int
    period_ledger: str


def build_financed_package(evidence: FinancedEvidence) -> Package:
    """Return the package of an undisclosed book; equal evidence gives equal bytes."""
    statement = evidence.statement
    parts = {
        "anchors.json": canonical.dump(evidence.anchors),
        "attestations.json": canonical.dump(evidence.attestations),
        STATEMENT: statement.to_bytes(),
        GROUPS: evidence.leaves.to_lines(),
        "library.json": canonical.dump(evidence.release.to_document()),
        f"schemas/{statement.dataset}.json": get_schema_bytes(statement.dataset),
    }
    packed = dict(sorted(parts.items(), key=lambda item: item[0].encode()))
    manifest: dict[str, object] = {
        "schema": SCHEMA,
        "institution": statement.origin.institution,
        "period": period_document(statement.origin.period),
        "revision": statement.origin.revision,
        "statement": statement.digest(),
        "chain_id": str(evidence.chain_id),
        "period_ledger": evidence.period_ledger,
        "parts": [part_entry(path, data) for path, data in packed.items()],
        "withheld": [],
    }
    head = canonical.dump(manifest)
    return Package(manifest, write_zip([(MANIFEST, head), *packed.items()]), hashlib.sha256(head).hexdigest())


def read_undisclosed(path: Path) -> tuple[dict[str, object], dict[str, bytes]]:
    """Return manifest and parts of a package that the server built, each part the one the manifest names.

    Raises:
        MalformedDocument: it is no such package, or a part is another one.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > MAX_UNDISCLOSED:
                raise MalformedDocument(f"{path} is too large for an undisclosed book", hint="name the zip that was downloaded")
            contents = {info.filename: archive.read(info) for info in archive.infolist()}
    except (OSError, zipfile.BadZipFile) as error:
        raise MalformedDocument(f"{path} is no package", hint="name the zip of `lingtan loans package`") from error
    manifest = canonical.load_canonical(contents.pop(MANIFEST, b"null"))
    if not isinstance(manifest, dict) or manifest.get("parts") != [part_entry(name, data) for name, data in contents.items()]:
        raise MalformedDocument(f"the parts of {path} are not those of its manifest", hint="download the package again")
    if STATEMENT not in contents or GROUPS not in contents:
        raise MalformedDocument(f"{path} is no package of a financed book", hint="name the zip of `lingtan loans package`")
    return dict(manifest), contents


def write_disclosed(
    out: BinaryIO,
    manifest: Mapping[str, object],
    parts: Mapping[str, bytes],
    disclosed: Mapping[str, Path | bytes],
    progress: Callable[[int], None] = lambda _: None,
) -> str:
    """Write the package of a disclosed book: the undisclosed one's parts and the bank's own; return its hash.

    Args:
        disclosed: the three parts of DISCLOSED, or opened groups, as bytes or as files of any size.
        progress: called with the number of bytes of every block that was written.

    Raises:
        InputError: the package would be larger than packages may be.
    """
    every: dict[str, Path | bytes] = {**parts, **disclosed}
    ordered = dict(sorted(every.items(), key=lambda item: item[0].encode()))
    entries = [_entry(path, content) for path, content in ordered.items()]
    if sum(int(str(entry["bytes"])) for entry in entries) >= MAX_UNPACKED:
        raise InputError(f"a package of {MAX_UNPACKED} bytes or more", hint="hand over openings of groups instead")
    head = canonical.dump({**manifest, "parts": entries})
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        archive.writestr(zip_entry(MANIFEST), head)
        for path, content in ordered.items():
            with archive.open(zip_entry(path), "w", force_zip64=False) as entry:
                for block in _blocks(content):
                    entry.write(block)
                    progress(len(block))
    return hashlib.sha256(head).hexdigest()


def _entry(path: str, content: Path | bytes) -> dict[str, object]:
    digest, size = hashlib.sha256(), 0
    for block in _blocks(content):
        digest.update(block)
        size += len(block)
    return {"path": path, "sha256": digest.hexdigest(), "bytes": size}


def _blocks(content: Path | bytes) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while block := file.read(BLOCK):
            yield block
