"""Take a period's activity data as a document, and give the latest version. Files that people fill in: activity_tables.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.errors import NotFound
from ledger.records import canonical
from ledger.records.activity import Activity, check_activity
from ledger.records.fields import period_document
from ledger.records.findings import Finding, findings_document, has_errors
from ledger.records.shorthand import write_out_activity
from ledger.services import audit
from ledger.services.context import Work, require_own, require_visible
from ledger.services.findings import read_findings
from ledger.services.periods import load_period_row, to_period
from ledger.store.repositories import periods
from ledger.store.tables import ActivityVersion


@dataclass(frozen=True)
class ActivityView:
    """A version of a period's activity data; version 0 and no hash where it was refused."""

    institution: str
    period: str
    version: int
    hash: str
    accepted: bool
    findings: tuple[Finding, ...]


def submit_activity(work: Work, institution: str, period: str, document: Mapping[str, object]) -> ActivityView:
    """Add the next version of the activity data, or give back every finding that keeps it out."""
    require_own(work, institution, "preparer")
    row = load_period_row(work, institution, period)
    activity, findings = check_activity(write_out_activity(document))
    action = f"send the data of {institution}, period {period}"
    if document.get("institution") != institution:
        findings = (*findings, Finding("INSTITUTION_DIFFERS", "error", "/institution", action, expected=institution))
    if activity is not None and activity.period != to_period(row):
        findings = (
            *findings,
            Finding("PERIOD_DIFFERS", "error", "/period", action, expected=canonical.dump(period_document(to_period(row))).decode()),
        )
    return keep_activity(work, institution, period, activity, findings)


def get_activity(work: Work, institution: str, period: str) -> tuple[ActivityView, bytes]:
    """Return the latest version and its canonical bytes."""
    require_visible(work, institution)
    row = load_activity_row(work, institution, period)
    view = ActivityView(institution, period, row.version, row.hash, True, read_findings(row.findings))
    return view, row.document


def load_activity_row(work: Work, institution: str, period: str) -> ActivityVersion:
    """Return the latest stored version.

    Raises:
        NotFound: nothing was submitted for the period yet.
    """
    load_period_row(work, institution, period)
    row = periods.find_latest_activity(work.session, institution, period)
    if row is None:
        raise NotFound(
            f"no activity data for {institution}, period {period}", hint="submit the fuel table, an empty one if there is no fuel"
        )
    return row


def keep_activity(work: Work, institution: str, period: str, activity: Activity | None, findings: tuple[Finding, ...]) -> ActivityView:
    """Store the next version, or nothing where a finding is an error; the journal says which. The caller has decided who may."""
    if activity is None or has_errors(findings):
        audit.record(work, "activity.refuse", f"{institution}/{period}", institution=institution, result="refused")
        return ActivityView(institution, period, 0, "", False, findings)
    row = periods.add_activity_version(
        work.session,
        institution,
        period,
        canonical.dump(activity.to_document()),
        findings=canonical.dump(findings_document(findings)),
        has_errors=False,
        actor=work.actor.subject,
        at=work.clock.now(),
    )
    audit.record(work, "activity.submit", f"{institution}/{period}/{row.version}", institution=institution, details={"hash": row.hash})
    return ActivityView(institution, period, row.version, row.hash, True, findings)
