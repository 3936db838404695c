"""How an institution's periods are analysed: its policy, version by version, with historic lines and errors found (spec: analysis §10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from ledger.accounting.inventory.analysis_policy import check_analysis_policy, empty_policy
from ledger.records import canonical
from ledger.records.findings import Finding, has_errors
from ledger.records.period import Period
from ledger.services import audit
from ledger.services.context import Work, require_own, require_visible
from ledger.services.library_reference import load_release_in_force
from ledger.services.organisation import load_organisation
from ledger.services.periods import to_period
from ledger.store.repositories import analysis_policies, periods
from ledger.store.tables import AnalysisPolicy


@dataclass(frozen=True)
class AnalysisPolicyView:
    """A version of the policy. Version 0: findings kept it out, or none was handed in and the document is the empty one."""

    institution: str
    version: int
    hash: str
    accepted: bool
    findings: tuple[Finding, ...]
    document: dict[str, Any]
    submitted_by: str
    submitted_at: int


def submit_analysis_policy(work: Work, institution: str, document: Mapping[str, object]) -> AnalysisPolicyView:
    """Add the next version of the policy, or give back every finding that keeps it out; the same again gives the latest back.

    Raises:
        NotFound: the institution has no tree yet.
        Conflict: no library release is in force.
    """
    require_own(work, institution, "preparer")
    _, organisation = load_organisation(work, institution)
    findings = check_analysis_policy(document, organisation, load_release_in_force(work).release, all_periods(work, institution))
    if has_errors(findings):
        audit.record(work, "analysis_policy.refuse", institution, institution=institution, result="refused")
        by, at = work.actor.subject, work.clock.now()
        return AnalysisPolicyView(institution, 0, "", False, findings, dict(document), by, at)
    data = canonical.dump(dict(document))
    row = analysis_policies.add_analysis_policy(work.session, institution, data, actor=work.actor.subject, at=work.clock.now())
    details = {"hash": row.hash}
    audit.record(work, "analysis_policy.submit", f"{institution}/{row.version}", institution=institution, details=details)
    return _view(row, findings)


def get_analysis_policy(work: Work, institution: str, version: int | None = None) -> AnalysisPolicyView:
    """Return a version of the policy, the latest where none is named; the empty policy where none was handed in."""
    require_visible(work, institution)
    if version is not None:
        return _view(analysis_policies.get_analysis_policy(work.session, institution, version))
    row = analysis_policies.find_latest_analysis_policy(work.session, institution)
    if row is None:
        return AnalysisPolicyView(institution, 0, "", True, (), empty_policy(institution), "", 0)
    return _view(row)


def all_periods(work: Work, institution: str) -> dict[str, Period]:
    """Return every period of an institution by id, in order of time."""
    return {row.id: to_period(row) for row in periods.list_periods_in_time(work.session, institution)}


def _view(row: AnalysisPolicy, findings: tuple[Finding, ...] = ()) -> AnalysisPolicyView:
    document = cast("dict[str, Any]", canonical.load_canonical(row.document))
    return AnalysisPolicyView(row.institution_id, row.version, row.hash, True, findings, document, row.actor, row.at)
