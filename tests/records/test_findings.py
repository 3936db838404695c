"""Findings as data."""

from __future__ import annotations

from ledger.records import canonical
from ledger.records.findings import Finding, findings_document, has_errors

ERROR = Finding("READING_NEGATIVE", "error", "line 17 column 3", "correct the value", "-3", "0 or more", {"meter": "M1"})
INFO = Finding("SPIKE", "info", "meter M1 2025-03-01T00:15:00Z", "look at the meter")


def test_a_findings_document_keeps_their_order_and_every_field() -> None:
    document = findings_document([INFO, ERROR])
    assert document["schema"] == "lingtan.findings/1"
    assert canonical.load(canonical.dump(document)) == {
        "schema": "lingtan.findings/1",
        "items": [
            {"code": "SPIKE", "severity": "info", "place": "meter M1 2025-03-01T00:15:00Z", "got": None, "expected": None,
             "action": "look at the meter", "params": {}},
            {"code": "READING_NEGATIVE", "severity": "error", "place": "line 17 column 3", "got": "-3", "expected": "0 or more",
             "action": "correct the value", "params": {"meter": "M1"}},
        ],
    }  # fmt: skip


def test_only_an_error_forbids_going_on() -> None:
    assert has_errors([INFO, ERROR])
    assert not has_errors([INFO])
    assert not has_errors([])
