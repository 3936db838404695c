"""A bank's own projects and the server: what is handed in of savings files."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ledger.client.http import Client
from ledger.errors import MalformedDocument
from ledger.savings import compute, read_savings

SCHEMA = "lingtan.reductions-submission/1"


def project_of(document: object, open_file: Callable[[str], bytes], now: int) -> dict[str, Any]:
    """Return one project as it is handed in: the input, its files, and the line computed here; null where only the server can compute it.

    Args:
        open_file: gives the bytes of a file by the name that the document has for it.
    """
    names = sorted(set(_files(document)))
    files = [{"name": name, "content": base64.b64encode(open_file(name)).decode("ascii")} for name in names]
    line = None
    if not any(_stored(document)):
        given, findings = read_savings(document, open_file, now)
        reduction = None if given is None else compute(given, findings).reduction
        line = None if reduction is None else reduction.to_document()
    return {"input": document, "files": files, "line": line}


def hand_in_projects(client: Client, institution: str, period: str, projects: Sequence[Mapping[str, Any]], cause: str) -> dict[str, Any]:
    """Hand projects in for a period; the same again changes nothing."""
    document = {"schema": SCHEMA, "cause": cause, "projects": list(projects)}
    return dict(client.post(f"/v1/institutions/{institution}/periods/{period}/reductions", document))


def read_project(path: Path) -> object:
    """Return the value of a savings file, its decimals as they are written.

    Raises:
        MalformedDocument: it is no JSON; the message names the file.
    """
    from ledger.savings import load_savings

    try:
        return load_savings(path.read_bytes())
    except MalformedDocument as error:
        raise MalformedDocument(f"{path}: {error}", hint=error.hint or "correct the file at this place") from error


def _objects(value: object) -> Iterator[Mapping[str, object]]:
    if isinstance(value, Mapping):
        yield value
        for item in value.values():
            yield from _objects(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _objects(item)


def _files(document: object) -> Iterator[str]:
    return (name for item in _objects(document) if isinstance(name := item.get("csv"), str))


def _stored(document: object) -> Iterator[bool]:
    return (True for item in _objects(document) if set(item) == {"meter"})
