"""Read what a bank hands in: projects with their files, and its own lines to compare with (spec: documents §19)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ledger.metering.file_bytes import is_unpacked_longer
from ledger.records.fields import Fields, pointer_of
from ledger.records.findings import Finding, has_errors
from ledger.records.statement import CAUSES

SCHEMA = "lingtan.reductions-submission/1"
MAX_PROJECTS = 50
MAX_FILES = 200
MAX_FILES_BYTES = 24 * 1024 * 1024
MAX_UNPACKED_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class GivenProject:
    """A project as it was handed in: the input's value, its files by name, and the bank's own line or None; nothing of it is judged."""

    input: object
    files: Mapping[str, bytes] = field(repr=False)
    line: object | None


@dataclass(frozen=True)
class GivenReductions:
    """What was handed in for a period: why, and the projects."""

    cause: str
    projects: tuple[GivenProject, ...]


def read_submission(document: object) -> tuple[GivenReductions | None, tuple[Finding, ...]]:
    """Return what a `lingtan.reductions-submission/1` document holds (None if any error was found) and every finding about its form."""
    findings: list[Finding] = []
    fields = Fields(document, "", findings, ("schema", "cause", "projects"))
    fields.schema(SCHEMA)
    cause = fields.choice("cause", CAUSES)
    items = list(fields.items("projects"))
    if not 1 <= len(items) <= MAX_PROJECTS:
        fields.refuse("FIELD_INVALID", "/projects", "hand in so many", got=f"{len(items)} projects", expected=f"1 to {MAX_PROJECTS}")
        return None, tuple(findings)
    count = sum(_count_files(item) for _, item in items)
    if count > MAX_FILES:
        action = "hand the projects in in several statements"
        fields.refuse("FIELD_INVALID", "/projects", action, got=f"{count} files", expected=f"at most {MAX_FILES}")
        return None, tuple(findings)
    projects = tuple(_project(item, pointer, findings) for pointer, item in items)
    files = [data for project in projects for data in project.files.values()]
    size = sum(len(data) for data in files)
    if size > MAX_FILES_BYTES:
        action = "hand the files in packed by gzip, or in several statements"
        fields.refuse("FIELD_INVALID", "/projects", action, got=f"{size} bytes of files", expected=f"at most {MAX_FILES_BYTES}")
    elif is_unpacked_longer(files, MAX_UNPACKED_BYTES):
        action = "hand the projects in in several statements"
        got, expected = f"more than {MAX_UNPACKED_BYTES} bytes of files when unpacked", f"at most {MAX_UNPACKED_BYTES}"
        fields.refuse("FIELD_INVALID", "/projects", action, got=got, expected=expected)
    return (None if has_errors(findings) else GivenReductions(cause, projects)), tuple(findings)


def _count_files(project: object) -> int:
    files = project.get("files") if isinstance(project, dict) else None
    return len(files) if isinstance(files, list) else 0


def _project(value: object, pointer: str, findings: list[Finding]) -> GivenProject:
    fields = Fields(value, pointer, findings, ("input", "files", "line"))
    files: dict[str, bytes] = {}
    for item in fields.objects("files", ("name", "content")):
        name = item.text("name")
        if name in files:
            item.refuse("ITEM_TWICE", pointer_of(item.pointer, "name"), "hand each file in once", got=name)
        files[name] = item.base64("content", MAX_FILES_BYTES)
    given = value if isinstance(value, dict) else {}
    return GivenProject(given.get("input"), files, given.get("line"))
