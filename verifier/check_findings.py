"""Check the findings: those that the file lists, and the errors of method §9 that the package alone shows.

findings.json is bound by the package hash, not by the attestation, so a bank could hand over an empty one: what can be found again is.
"""

from __future__ import annotations

from typing import Any

from verifier.check_inputs import Parts
from verifier.checks import Checks
from verifier.finding import Finding
from verifier.findings import find_errors, meters_unseen
from verifier.library_reader import read_library


def check_findings(checks: Checks, parts: Parts) -> None:
    """Answer findings.none: what the file itself says."""
    if not parts.has("findings"):
        checks.unchecked("findings.none", "findings.json", "PART_ABSENT", parts=parts.lacking("findings"))
        return
    errors = _listed_errors(parts)
    for item in errors:
        checks.failed(
            "findings.none",
            item["place"],
            "FINDING",
            item.get("expected"),
            item.get("got") or item["code"],
            finding=item["code"],
            action=item["action"],
        )
    if not errors:
        checks.passed("findings.none", f"{len(parts.documents['findings']['items'])} findings, no error")


def check_findings_again(checks: Checks, parts: Parts) -> None:
    """Answer findings.recompute: a statement with an error may not be signed, whether findings.json lists the error or not."""
    needed = ("statement", "organisation", "activity", "library")
    if not parts.has(*needed):
        checks.unchecked("findings.recompute", "findings", "PART_ABSENT", parts=parts.lacking(*needed))
        return
    statement, organisation, activity, document = (parts.documents[name] for name in needed)
    with checks.guard("findings.recompute", "findings"):
        found = find_errors(statement, organisation, activity, read_library(document), parts.meters)
        unseen = meters_unseen(statement, organisation, parts.meters)
        for meter in unseen:
            checks.unchecked("findings.recompute", f"meter {meter}", "READINGS_UNSEEN")
        if not found and unseen:
            return
        if not found:
            checks.passed("findings.recompute", f"{len(activity['records'])} records, {len(activity['declared_totals'])} declared totals")
            return
        # One that the file leaves out says most about the file.
        listed = _listed_errors(parts)
        unlisted = [finding for finding in found if not _is_listed(finding, listed)]
        first = (unlisted or found)[0]
        checks.failed(
            "findings.recompute",
            first.place,
            "FINDING_LEFT_OUT" if unlisted else "FINDING_LISTED",
            first.expected,
            first.got,
            finding=first.code,
            others=str(len(found) - 1),
        )


def _listed_errors(parts: Parts) -> list[Any]:
    items = parts.documents["findings"]["items"] if parts.has("findings") else []
    return [item for item in items if item["severity"] == "error"]


def _is_listed(finding: Finding, listed: list[Any]) -> bool:
    return any(
        item["code"] == finding.code and (item["place"] == finding.place or item["place"].startswith(finding.place + "/"))
        for item in listed
    )
