"""Run a loan file as the command does, from its text or its value."""

from __future__ import annotations

import json
from typing import Any

from ledger.accounting.financed.input_reading import read_loan_input
from ledger.accounting.financed.input_text import load_loan_file
from ledger.accounting.financed.result_compute import compute_loans
from ledger.accounting.financed.result_document import loans_document, refused_loans_document
from ledger.indicators.shipped import shipped_release

SCHEMA = "lingtan.loan-input/1"


def answer_to(given: str | dict[str, Any], method: str | None = None) -> dict[str, Any]:
    """The answer to a loan file."""
    text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    loans, findings = read_loan_input(load_loan_file(text.encode()), shipped_release(), method)
    return refused_loans_document(findings) if loans is None else loans_document(compute_loans(loans, findings))


def book(*exposures: dict[str, Any], method: str = "pcaf_2", **fields: Any) -> dict[str, Any]:
    """A loan file of one bank with these exposures."""
    return {"schema": SCHEMA, "institution": "bank", "method": method, "exposures": list(exposures), **fields}


def loan(**fields: Any) -> dict[str, Any]:
    """A business loan of 10 in a company of 100 that emits 1000 t, with other fields."""
    return {"asset_class": "business_loan", "outstanding": 10, "equity_and_debt": 100, "option": "1b", "s12_t": 1000, **fields}


def one(given: dict[str, Any], method: str = "pcaf_2", **fields: Any) -> dict[str, Any]:
    """The answer for the only exposure of a file."""
    answer = answer_to(book(given, method=method, **fields))
    assert len(answer["exposures"]) == 1
    return dict(answer["exposures"][0])


def codes(answer: dict[str, Any], severity: str | None = None) -> list[str]:
    """The codes of an answer's findings, in order."""
    return [finding["code"] for finding in answer["findings"] if severity in (None, finding["severity"])]


def the(answer: dict[str, Any], code: str) -> dict[str, Any]:
    """The only finding with this code."""
    found = [finding for finding in answer["findings"] if finding["code"] == code]
    assert len(found) == 1, codes(answer)
    return dict(found[0])
