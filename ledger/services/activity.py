"""Take a period's activity data: a document, or the fuel table as CSV."""

from __future__ import annotations

import csv
import io
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

CSV_COLUMNS = ("id", "unit", "indicator", "value", "quantity_unit", "start", "end", "source_kind", "reference", "quality")


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
    return _keep(work, institution, period, activity, findings)


def submit_activity_csv(work: Work, institution: str, period: str, body: bytes) -> ActivityView:
    """Add the next version of the activity data from a table with the columns of `CSV_COLUMNS`. It replaces the records as a whole."""
    require_own(work, institution, "preparer")
    row = load_period_row(work, institution, period)
    records, findings = read_activity_csv(body)
    if has_errors(findings):
        return ActivityView(institution, period, 0, "", False, findings)
    document = {
        "schema": "lingtan.activity/1",
        "institution": institution,
        "period": period_document(to_period(row)),
        "records": sorted(records, key=lambda record: str(record["id"])),
    }
    activity, more = check_activity(write_out_activity(document))
    return _keep(work, institution, period, activity, (*findings, *more))


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


def read_activity_csv(body: bytes) -> tuple[list[dict[str, object]], tuple[Finding, ...]]:
    """Return the records of a fuel table and the findings on its form; values are judged with the document."""
    findings: list[Finding] = []
    text = _decode(body, findings)
    if text is None:
        return [], tuple(findings)
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        rows = list(reader)
    except csv.Error as error:
        action = "look for a quotation mark that is not closed; save the table again as CSV"
        findings.append(Finding("CSV_UNREADABLE", "error", f"line {reader.line_num}", action, got=str(error)[:80], expected="a table"))
        return [], tuple(findings)
    if not rows or tuple(cell.strip() for cell in rows[0]) != CSV_COLUMNS:
        got = ",".join(rows[0])[:120] if rows else "an empty file"
        findings.append(Finding("CSV_HEADER", "error", "line 1", "use the header of the template", got=got, expected=",".join(CSV_COLUMNS)))
        return [], tuple(findings)
    records: list[dict[str, object]] = []
    for number, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        if len(row) != len(CSV_COLUMNS):
            action = "write every column, empty where there is nothing"
            findings.append(Finding("CSV_COLUMNS", "error", f"line {number}", action, got=str(len(row)), expected=str(len(CSV_COLUMNS))))
            continue
        cells = dict(zip(CSV_COLUMNS, (cell.strip() for cell in row), strict=True))
        if cells["quality"] not in ("1", "2", "3", "4", "5"):
            action = "write a whole number from 1 (best) to 5"
            findings.append(
                Finding("CSV_QUALITY", "error", f"line {number} column 10", action, got=cells["quality"][:40], expected="1 to 5")
            )
            continue
        if "," in cells["value"]:
            action = "write the decimal sign as a dot and no thousands separator"
            findings.append(
                Finding("CSV_DECIMAL_COMMA", "error", f"line {number} column 4", action, got=cells["value"][:40], expected="12.5")
            )
            continue
        records.append(
            {
                "id": cells["id"],
                "unit": cells["unit"],
                "indicator": cells["indicator"],
                "quantity": {"value": cells["value"], "unit": cells["quantity_unit"]},
                "start": cells["start"],
                "end": cells["end"],
                "source": {"kind": cells["source_kind"], "reference": cells["reference"], "sha256": None},
                "quality": int(cells["quality"]),
            }
        )
    return records, tuple(findings)


def _decode(body: bytes, findings: list[Finding]) -> str | None:
    if not body.strip():
        findings.append(
            Finding("CSV_EMPTY", "error", "file", "send a header line and the records", got="an empty file", expected="a table")
        )
        return None
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = error.start
    try:
        text = body.decode("gb18030")
    except UnicodeDecodeError:
        findings.append(
            Finding("CSV_ENCODING", "error", f"byte {place}", "save the table as UTF-8", got="neither UTF-8 nor GB18030", expected="UTF-8")
        )
        return None
    findings.append(Finding("CSV_GB18030", "info", "file", "nothing to do; UTF-8 is safer", got="GB18030", expected="UTF-8"))
    return text


def _keep(work: Work, institution: str, period: str, activity: Activity | None, findings: tuple[Finding, ...]) -> ActivityView:
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
