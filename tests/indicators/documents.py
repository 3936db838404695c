"""The shipped release's document for tests to change, and the findings of a changed one."""

from __future__ import annotations

import json
from typing import Any

from ledger.indicators.reading import check_release
from ledger.indicators.shipped import shipped_bytes
from ledger.records.findings import Finding

Document = dict[str, Any]


def document() -> Document:
    """A fresh copy of the shipped release's document."""
    loaded = json.loads(shipped_bytes())
    assert isinstance(loaded, dict)
    return loaded


def at(items: Any, id: str) -> Document:
    """The item of a list with this id or unit code."""
    item: Document = next(item for item in items if id in (item.get("id"), item.get("code")))
    return item


def findings(changed: Document) -> tuple[Finding, ...]:
    """All findings of a changed document."""
    return check_release(changed)[1]


def codes(changed: Document) -> list[str]:
    """The codes of all findings of a changed document, in their order."""
    return [finding.code for finding in findings(changed)]


def put(items: list[Document], item: Document) -> None:
    """Put an item into a list that is sorted by id."""
    items.append(item)
    items.sort(key=lambda each: str(each["id"]).encode())
