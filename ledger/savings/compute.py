"""Compute the savings of a project: the door of the room (spec: savings §5–7)."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.records.findings import Finding
from ledger.savings.given import SavingsInput
from ledger.savings.parts import compute_parts
from ledger.savings.pv import compute_pv
from ledger.savings.result import SavingsResult
from ledger.savings.retrofit import compute_retrofit


def compute(given: SavingsInput, findings: Iterable[Finding] = ()) -> SavingsResult:
    """Return what a project saved, or the findings that forbid to claim it.

    Args:
        given: as `read_savings` gives it, or made from stored meter-days.
        findings: what was found while it was read; they come first in the result.

    Raises:
        InputError: the input has not what its kind and option need.
    """
    known = list(findings)
    if given.kind == "pv":
        return compute_pv(given, known)
    return compute_parts(given, known) if given.option == "A" else compute_retrofit(given, known)
