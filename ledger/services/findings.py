"""Read stored findings back."""

from __future__ import annotations

from typing import Any, cast

from ledger.records import canonical
from ledger.records.findings import Finding


def read_findings(data: bytes) -> tuple[Finding, ...]:
    """Return the findings of stored `lingtan.findings/1` bytes."""
    document = cast("dict[str, Any]", canonical.load(data))
    return tuple(
        Finding(
            code=item["code"],
            severity=item["severity"],
            place=item["place"],
            action=item["action"],
            got=item["got"],
            expected=item["expected"],
            params=dict(item["params"]),
        )
        for item in document["items"]
    )
