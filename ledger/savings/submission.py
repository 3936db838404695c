"""Read what a bank hands in: projects with their files, and its own lines to compare with (spec: documents §19)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ledger.records.fields import Fields, pointer_of
from ledger.records.findings import Finding, has_errors
from ledger.records.statement import CAUSES

SCHEMA = "lingtan.reductions-submission/1"
MAX_PROJECTS = 50
MAX_FILES_BYTES = 24 * 1024 * 1024


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
    projects = tuple(_project(item, pointer, findings) for pointer, item in items)
    size = sum(len(data) for project in projects for data in project.files.values())
    if size > MAX_FILES_BYTES:
        action = "hand the files in packed by gzip, or in several statements"
        fields.refuse("FIELD_INVALID", "/projects", action, got=f"{size} bytes of files", expected=f"at most {MAX_FILES_BYTES}")
    return (None if has_errors(findings) else GivenReductions(cause, projects)), tuple(findings)


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
