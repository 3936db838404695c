"""Run an inventory as the command does, from its text or its value."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from ledger.accounting.inventory import compute_inventory, inventory_document, load_inventory, read_inventory, refused_document
from ledger.indicators.shipped import RELEASE, shipped_release

TODAY = date(2026, 11, 22)
SCHEMA = "lingtan.inventory-input/1"


def answer_to(given: str | dict[str, Any]) -> dict[str, Any]:
    """The answer to an inventory file."""
    text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    inventory, findings = read_inventory(load_inventory(text.encode()), {RELEASE: shipped_release()}, RELEASE)
    return refused_document(findings) if inventory is None else inventory_document(compute_inventory(inventory, TODAY))


def bank(**fields: Any) -> dict[str, Any]:
    """An inventory file of one bank, with these fields."""
    return {"schema": SCHEMA, "institution": {"id": "bank", "region": "CN-ZJ"}, **fields}


def codes(answer: dict[str, Any], severity: str | None = None) -> list[str]:
    """The codes of an answer's findings, in order."""
    return [finding["code"] for finding in answer["findings"] if severity in (None, finding["severity"])]


def the(answer: dict[str, Any], code: str) -> dict[str, Any]:
    """The only finding with this code."""
    found = [finding for finding in answer["findings"] if finding["code"] == code]
    assert len(found) == 1, codes(answer)
    return found[0]
