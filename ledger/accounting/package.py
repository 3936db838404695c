"""Build the evidence package: everything a stranger needs to recompute a statement, as one deterministic zip (spec: documents §9)."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ledger.accounting.commit import Commitments
from ledger.errors import InputError, IntegrityError
from ledger.indicators.release import Release
from ledger.merkle.dataset_schema import get_schema_bytes
from ledger.records import canonical
from ledger.records.activity import Activity
from ledger.records.fields import period_document
from ledger.records.findings import Finding, findings_document
from ledger.records.meter_record import MeterRecord
from ledger.records.organisation import Organisation
from ledger.records.statement import Statement

SCHEMA = "lingtan.package/1"
MANIFEST = "manifest.json"
MAX_ENTRIES = 20_000
MAX_UNPACKED = 4 * 1024**3
NO_ANSWERS: Mapping[str, object] = {"schema": "lingtan.answers/1", "items": []}
_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_MODE = 0o100644 << 16
_PATH = re.compile(
    r"(?:[a-z]+\.jsonl?|salts\.bin|schemas/[A-Z_]+\.json|openings/[0-9]{6}\.json|meters/[A-Za-z0-9][A-Za-z0-9._-]{0,62}\.ltm)"
)


@dataclass(frozen=True)
class Evidence:
    """What goes into a package.

    `attestations` and `anchors` are documents of spec §6 and §7, `answers` one of §8; `records` holds every meter record of the statement
    by meter id; `withheld` gives a reason for each path that is listed by hash but not packed; `period_ledger` is the 0x address.
    """

    organisation: Organisation
    activity: Activity
    release: Release
    statement: Statement
    findings: tuple[Finding, ...]
    commitments: Commitments
    attestations: object
    anchors: object
    records: Mapping[str, MeterRecord]
    chain_id: int
    period_ledger: str
    withheld: Mapping[str, str] = field(default_factory=dict)
    answers: object = field(default_factory=lambda: NO_ANSWERS)


@dataclass(frozen=True)
class Package:
    """A built package: its manifest, the zip's bytes, and its hash (lower-case hex SHA-256 of the manifest's canonical bytes)."""

    manifest: dict[str, object]
    data: bytes = field(repr=False)
    hash: str


def build_package(evidence: Evidence) -> Package:
    """Return the package of the evidence; equal evidence gives equal bytes.

    Raises:
        IntegrityError: a part is not the one the statement names.
        InputError: a withheld path is not a part, has no reason, or the package would exceed its limits.
    """
    _verify_parts(evidence)
    parts = dict(sorted(package_parts(evidence).items(), key=lambda item: item[0].encode()))
    for path, reason in evidence.withheld.items():
        if path not in parts or not reason.strip():
            raise InputError(f"cannot withhold {path[:140]!r}", hint="name a part of the package and give the reason", path=path)
    if len(parts) >= MAX_ENTRIES or sum(map(len, parts.values())) >= MAX_UNPACKED:
        raise InputError(f"a package of {len(parts)} parts", hint=f"at most {MAX_ENTRIES} entries and {MAX_UNPACKED} bytes unpacked")
    packed = {path: data for path, data in parts.items() if path not in evidence.withheld}
    statement = evidence.statement
    manifest: dict[str, object] = {
        "schema": SCHEMA,
        "institution": statement.institution,
        "period": period_document(statement.period),
        "revision": statement.revision,
        "statement": statement.digest(),
        "chain_id": str(evidence.chain_id),
        "period_ledger": evidence.period_ledger,
        "parts": [part_entry(path, data) for path, data in packed.items()],
        "withheld": [{**part_entry(path, parts[path]), "reason": evidence.withheld[path]} for path in parts if path in evidence.withheld],
    }
    head = canonical.dump(manifest)
    return Package(manifest, write_zip([(MANIFEST, head), *packed.items()]), hashlib.sha256(head).hexdigest())


def package_parts(evidence: Evidence) -> dict[str, bytes]:
    """Return the bytes of every part by path, withheld ones too."""
    documents: dict[str, object] = {
        "organisation.json": evidence.organisation.to_document(),
        "activity.json": evidence.activity.to_document(),
        "library.json": evidence.release.to_document(),
        "statement.json": evidence.statement.to_document(),
        "findings.json": findings_document(evidence.findings),
        "commitments.json": evidence.commitments.to_document(),
        "attestations.json": evidence.attestations,
        "anchors.json": evidence.anchors,
        "answers.json": evidence.answers,
    }
    schemas = {f"schemas/{item.dataset}.json": get_schema_bytes(item.dataset) for item in evidence.commitments.datasets}
    meters = {f"meters/{meter.meter}.ltm": evidence.records[meter.meter].to_bytes() for meter in evidence.statement.meters}
    return {**{path: canonical.dump(document) for path, document in documents.items()}, **schemas, **meters}


def write_zip(entries: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a zip with the entries in their order: stored, dated 1980-01-01, no extra fields.

    Raises:
        InputError: a path that a package does not have.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for path, data in entries:
            archive.writestr(zip_entry(path), data)
    return buffer.getvalue()


def zip_entry(path: str) -> zipfile.ZipInfo:
    """Return the head of a zip entry, the same on every machine: stored, dated 1980-01-01.

    Raises:
        InputError: a path that a package does not have.
    """
    if not _PATH.fullmatch(path):
        raise InputError(f"{path[:140]!r} is not a path of a package", path=path)
    # Compressors differ between machines; what is stored does not. The host system is fixed for the same reason.
    info = zipfile.ZipInfo(path, _DATE)
    info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_STORED, _UNIX, _MODE
    return info


def part_entry(path: str, data: bytes) -> dict[str, object]:
    """Return what a manifest says of a part."""
    return {"path": path, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def _verify_parts(evidence: Evidence) -> None:
    statement = evidence.statement
    pairs = [
        ("organisation", evidence.organisation.digest(), statement.organisation),
        ("activity", evidence.activity.digest(), statement.activity),
        ("library release", evidence.release.hash, statement.library_hash),
    ]
    for meter in statement.meters:
        record = evidence.records.get(meter.meter)
        pairs.append((f"record of meter {meter.meter}", "none" if record is None else record.digest(), meter.record))
    for what, got, expected in pairs:
        if got != expected:
            raise IntegrityError(
                f"the {what} is not the one the statement names: got {got}, expected {expected}",
                hint="build the package from the parts the statement was computed from",
            )
