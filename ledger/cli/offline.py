"""`lingtan check`: the server's own rules on a file, without a server; and the templates to start from.

What only the server knows stays unchecked here, and the result says so: readings that contradict earlier ones; without the tree, the
units, the period's days and all that computing finds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ledger.cli import file_checks
from ledger.cli.file_checks import Setting
from ledger.errors import InputError, MalformedDocument
from ledger.identifiers import is_identifier
from ledger.records import canonical
from ledger.records.findings import Finding, has_errors

if TYPE_CHECKING:
    from ledger.accounting.inventory import InventoryInput
    from ledger.indicators.release import Release

Kind = Literal["auto", "activity", "meters", "organisation", "library", "inventory"]
BLOCK = 1 << 20
MAX_DOCUMENT = 64 << 20
JSON_TYPE = "application/json"
CSV_TYPE = "text/csv"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SCHEMAS = {
    "lingtan.activity/1": "activity",
    "lingtan.organisation/1": "organisation",
    "lingtan.library/1": "library",
    "lingtan.inventory-input/1": "inventory",
}
_UNCHECKED = {
    "activity": "units of the tree, the days of the period, indicators in force",
    "meters": "readings that were sent before",
    "organisation": "",
    "library": "",
    "inventory": "",
}
_UNCHECKED_WITH_TREE = "whether the tree and the library are those in force"


@dataclass(frozen=True)
class Checked:
    """What a check gave: the kind of the file, its findings, facts about it, and what only the server can check."""

    kind: str
    findings: tuple[Finding, ...]
    facts: dict[str, str]
    unchecked: str

    @property
    def accepted(self) -> bool:
        """Whether no finding is an error."""
        return not has_errors(self.findings)


def check_file(
    path: Path,
    *,
    kind: Kind = "auto",
    meters: Path | None = None,
    institution: str | None = None,
    organisation: Path | None = None,
    previous: Path | None = None,
    library: Path | None = None,
    now: int,
) -> Checked:
    """Return every finding that the server would have on this file, on taking it and on preparing a statement from it.

    Args:
        meters: a file with the registered meters; without it every meter named in the file counts as registered.
        institution: whose file it should be; without it any institution is taken.
        organisation: the tree (JSON); with it activity data are computed as well.
        previous: the activity (JSON) of the period before, to compare with.
        library: the release (JSON) in force; the shipped one without it.
        now: Unix seconds.

    Raises:
        InputError: the kind of file cannot be told.
        MalformedDocument: JSON that cannot be read, or a tree, activity or library beside it that is none.
    """
    found = _kind_of(path) if kind == "auto" else kind
    if found == "meters":
        findings, facts = _check_meters(path, meters, now)
        return Checked(found, findings, facts, _UNCHECKED[found])
    setting = _setting(institution, organisation, previous, library, now)
    findings, facts = _check(path, found, setting)
    with_tree = found == "activity" and organisation is not None
    return Checked(found, findings, facts, _UNCHECKED_WITH_TREE if with_tree else _UNCHECKED[found])


def _check(path: Path, kind: str, setting: Setting) -> tuple[tuple[Finding, ...], dict[str, str]]:
    if _is_workbook(path):
        if kind == "organisation":
            return file_checks.check_organisation_table(_bytes(path), setting, workbook=True)
        return file_checks.check_activity_workbook(_bytes(path), setting)
    if kind == "inventory":
        return file_checks.check_inventory(_load_inventory(path), setting)
    if kind == "activity" and not _is_json(path):
        return file_checks.check_activity_csv(_bytes(path), setting)
    if kind == "organisation" and not _is_json(path):
        return file_checks.check_organisation_table(_bytes(path), setting, workbook=False)
    document = read_document(path)
    if kind == "library":
        return file_checks.check_library_document(document)
    if kind == "organisation":
        return file_checks.check_organisation_document(document, setting)
    return file_checks.check_activity_document(document, setting)


def _setting(institution: str | None, organisation: Path | None, previous: Path | None, library: Path | None, now: int) -> Setting:
    from ledger.records.activity import Activity
    from ledger.records.organisation import Organisation
    from ledger.records.shorthand import write_out_activity, write_out_organisation

    return Setting(
        release=read_release(library),
        organisation=None if organisation is None else Organisation.from_document(write_out_organisation(read_document(organisation))),
        previous=None if previous is None else Activity.from_document(write_out_activity(read_document(previous))),
        institution=institution,
        today=datetime.fromtimestamp(now, UTC).date(),
    )


def read_release(library: Path | None) -> Release:
    """Return the release of a file; without one the shipped one.

    Raises:
        MalformedDocument: the file is no release.
    """
    from ledger.indicators.reading import release_from_document
    from ledger.indicators.shipped import shipped_release

    return shipped_release() if library is None else release_from_document(read_document(library))


def read_document(path: Path) -> dict[str, object]:
    """Return the JSON object of a file, read as strictly as the server does.

    Raises:
        MalformedDocument: it cannot be read, is larger than 64 MiB, or is no object.
    """
    try:
        document = canonical.load(_bytes(path))
    except MalformedDocument as error:
        raise MalformedDocument(f"{path}: {error}", hint=error.hint or "correct the document at this place") from error
    if not isinstance(document, dict):
        raise MalformedDocument(f"{path} is JSON, but no object", hint="expected a document with a schema")
    return dict(document)


def read_inventory_file(path: Path, library: Path | None = None) -> tuple[InventoryInput | None, tuple[Finding, ...]]:
    """Return what an inventory file asks to compute (None if any error was found), and every finding about the file.

    Raises:
        MalformedDocument: it is no JSON that can be read, or the library is no release.
    """
    from ledger.accounting.inventory import read_inventory

    release = read_release(library)
    return read_inventory(_load_inventory(path), {release.release: release}, release.release)


def _load_inventory(path: Path) -> object:
    from ledger.accounting.inventory import load_inventory

    try:
        return load_inventory(_bytes(path))
    except MalformedDocument as error:
        raise MalformedDocument(f"{path}: {error}", hint=error.hint or "correct the file at this place") from error


def read_meter_list(path: Path) -> frozenset[str]:
    """Return the meter ids of a file: what `lingtan --json meter list` wrote, or one id in each line (a first CSV column)."""
    text = path.read_text(encoding="utf-8-sig")
    if text.lstrip().startswith(("{", "[")):
        try:
            value: Any = json.loads(text)
            items = value["items"] if isinstance(value, dict) else value
            names = [str(item["id"]) for item in items]
        except (ValueError, KeyError, TypeError) as error:
            raise MalformedDocument(f"{path} is no list of meters", hint="write it with `lingtan --json meter list`") from error
    else:
        cells = [line.split(",")[0].strip() for line in text.splitlines() if line.strip()]
        names = cells[1:] if cells[:1] in (["id"], ["meter"]) else cells
    wrong = [name for name in names if not is_identifier(name)]
    if wrong:
        raise MalformedDocument(f"{path}: {wrong[0][:40]!r} is no meter id", hint="write one id in each line")
    return frozenset(names)


def template(kind: str) -> tuple[str, bytes]:
    """Return the name and the bytes of a file to start from."""
    if kind == "activity":
        from ledger.workbook.table_file import make_example

        return "activity.csv", make_example()
    if kind == "meters":
        lines = ("meter,timestamp,kWh,quality", "EXAMPLE-1,2025-01-01T00:00:00+08:00,1.25,A", "EXAMPLE-1,2025-01-01T00:15:00+08:00,1.5,A")
        return "meters.csv", "".join(f"{line}\r\n" for line in lines).encode()
    unit = {
        "id": "hq",
        "name": {"en": "Head office", "zh": "总行"},
        "kind": "institution",
        "parent": None,
        "opened": "2015-01-01",
        "closed": None,
        "county": None,
        "area_m2": "1200",
        "headcount": 40,
    }
    branch = {**unit, "id": "branch-1", "name": {"en": "Branch 1", "zh": "一号支行"}, "kind": "branch", "parent": "hq"}
    document = {
        "schema": "lingtan.organisation/1",
        "institution": "bank-a",
        "name": {"en": "Bank A", "zh": "甲银行"},
        "timezone": "Asia/Shanghai",
        "region": "CN-ZJ",
        "units": [branch, unit],
    }
    return "organisation.json", json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def blocks(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file, a mebibyte at a time."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def media_type_of(path: Path) -> str:
    """Return as what a file is to be sent: JSON or a workbook where it begins like one, else CSV."""
    return XLSX_TYPE if _is_workbook(path) else JSON_TYPE if _is_json(path) else CSV_TYPE


def _bytes(path: Path) -> bytes:
    if path.stat().st_size > MAX_DOCUMENT:
        raise MalformedDocument(f"{path} is larger than {MAX_DOCUMENT >> 20} MiB", hint="is it the right file?")
    return path.read_bytes()


def _is_json(path: Path) -> bool:
    if path.suffix.lower() == ".json":
        return True
    with path.open("rb") as file:
        return file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def _is_workbook(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _kind_of(path: Path) -> str:
    if path.stat().st_size == 0:
        raise MalformedDocument(f"{path} is empty: 0 bytes", hint="export or fetch it again; perhaps the disk was full")
    if _is_workbook(path):
        from ledger.workbook.reading import META_SHEET
        from ledger.workbook.sheets import read_sheets

        sheets, findings = read_sheets(_bytes(path))
        return "activity" if META_SHEET in sheets or findings else "organisation"
    if _is_json(path):
        schema = _schema_of(path)
        found = _SCHEMAS.get(schema)
    else:
        found = _kind_of_table(path)
    if found is None:
        raise InputError(
            f"cannot tell what {path} is", hint="name its schema, or say so: --kind activity, meters, organisation, library or inventory"
        )
    return found


def _kind_of_table(path: Path) -> str | None:
    from ledger.workbook.csv_twin import read_csv
    from ledger.workbook.organisation_sheet import RECORD_TITLES
    from ledger.workbook.table_file import is_activity_header

    with path.open("rb") as file:
        header = file.readline(4096)
    if header.removeprefix(b"\xef\xbb\xbf").startswith(b"meter,"):
        return "meters"
    grid, _ = read_csv(header)
    first = grid.rows[0].cells.get(1) if grid.rows else None
    if first is not None and first.text in RECORD_TITLES:
        return "organisation"
    return "activity" if is_activity_header(grid) else None


def _schema_of(path: Path) -> str:
    """Return the schema that a JSON file names; an inventory may have numbers that other documents may not."""
    document = _load_inventory(path)
    if isinstance(document, dict) and document.get("schema") == "lingtan.inventory-input/1":
        return "lingtan.inventory-input/1"
    return str(read_document(path).get("schema"))


def _check_meters(path: Path, meters: Path | None, now: int) -> tuple[tuple[Finding, ...], dict[str, str]]:
    from ledger.metering.csv_source import MeterFacts, read_meter_csv

    names = read_meter_list(meters) if meters is not None else _meters_in(path)
    reading = read_meter_csv(blocks(path), meters={name: MeterFacts(name) for name in names}, now=now)
    return reading.findings, {"rows": str(reading.rows), "meters": str(len(reading.readings))}


def _meters_in(path: Path) -> frozenset[str]:
    names: set[str] = set()
    with path.open("rb") as file:
        file.readline(4096)
        while line := file.readline(4096):
            name = line.partition(b",")[0].decode("utf-8", "replace")
            if name not in names and is_identifier(name):
                names.add(name)
    return frozenset(names)
