"""What each kind of file is checked for offline: the server's own rules, and the validators with whatever is at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from ledger.records.findings import Finding

if TYPE_CHECKING:
    # At the check alone: they are half of what a start would load.
    from ledger.indicators.release import Release
    from ledger.records.activity import Activity
    from ledger.records.organisation import Organisation

Checked = tuple[tuple[Finding, ...], dict[str, str]]
"""The findings of a file, and facts about it."""


@dataclass(frozen=True)
class Setting:
    """What a file is held against: the release, and the tree, the period before and the institution where they are given."""

    release: Release
    organisation: Organisation | None = None
    previous: Activity | None = None
    institution: str | None = None
    today: date | None = None


def check_activity_document(document: Mapping[str, object], setting: Setting) -> Checked:
    """Return the findings on a `lingtan.activity/1` document; with a tree it is computed as well."""
    from ledger.records.activity import check_activity
    from ledger.records.shorthand import write_out_activity

    activity, findings = check_activity(write_out_activity(document))
    period = document.get("period")
    of_period = f", period {period.get('id')}" if isinstance(period, dict) else ""
    findings = (
        *findings,
        *_check_institution(document.get("institution"), None, f"send the data of {setting.institution}{of_period}", setting),
    )
    if activity is None:
        return findings, {}
    return (*findings, *look_at_activity(activity, setting)), {"records": str(len(activity.records))}


def look_at_activity(activity: Activity, setting: Setting) -> tuple[Finding, ...]:
    """Return what computing finds, where there is a tree, and what the validators do; without one only the activity is looked at."""
    from ledger.accounting.methods.operational_1 import Inputs, compute
    from ledger.accounting.validators.registry import validate_activity, validate_inventory
    from ledger.accounting.validators.subject import Earlier

    earlier: Sequence[Earlier] = () if setting.previous is None else (Earlier(setting.previous),)
    if setting.organisation is None:
        return validate_activity(activity, setting.release, previous=earlier)
    if setting.previous is not None:
        before = Inputs(setting.organisation, setting.previous, setting.release, setting.previous.period)
        earlier = (Earlier(setting.previous, compute(before).statement),)
    inputs = Inputs(setting.organisation, activity, setting.release, activity.period, today=setting.today)
    computation = compute(inputs)
    return (*computation.findings, *validate_inventory(computation, inputs, earlier))


def check_activity_csv(body: bytes, setting: Setting, table: str = "activity") -> Checked:
    """Return the findings on one table as CSV, each at its line; it says neither whose it is nor of when, so that it is not computed."""
    from ledger.accounting.validators.registry import validate_activity
    from ledger.records.activity import Activity
    from ledger.workbook.activity_items import Setting as Rows
    from ledger.workbook.table_file import ANY_PERIOD, get_table, read_table_file

    institution = setting.institution or ("check" if setting.organisation is None else setting.organisation.institution)
    reading = read_table_file(body, get_table(table), institution, Rows(setting.release, setting.organisation, ANY_PERIOD))
    facts = {"rows": str(reading.rows)}
    if reading.activity_document is None:
        return reading.findings, facts
    looked = validate_activity(Activity.from_document(reading.activity_document), setting.release)
    return (*reading.findings, *(replace(finding, place=reading.place_of(finding.place)) for finding in looked)), facts


def check_activity_workbook(data: bytes, setting: Setting) -> Checked:
    """Return the findings on a filled-in workbook, each at its cell."""
    from ledger.records.activity import Activity
    from ledger.workbook.reading import read_workbook

    reading = read_workbook(data, setting.organisation, setting.release)
    facts = {"rows": str(reading.rows)}
    if reading.activity_document is None:
        return reading.findings, facts
    activity = Activity.from_document(reading.activity_document)
    action = f"send the workbook of {setting.institution}"
    named = _check_institution(activity.institution, activity.institution, action, setting)
    looked = (replace(finding, place=reading.place_of(finding.place)) for finding in look_at_activity(activity, setting))
    return (*reading.findings, *named, *looked), facts


def check_organisation_document(document: Mapping[str, object], setting: Setting) -> Checked:
    """Return the findings on a `lingtan.organisation/1` document."""
    from ledger.records.organisation import check_organisation
    from ledger.records.shorthand import write_out_organisation

    organisation, findings = check_organisation(write_out_organisation(document))
    if organisation is None:
        return findings, {}
    # The service names the tree's own institution; it looks at it only where the tree can be read.
    own, action = organisation.institution, "send the tree of your own institution"
    return (*findings, *_check_institution(own, own, action, setting)), {"units": str(len(organisation.units))}


def check_organisation_table(data: bytes, setting: Setting, *, workbook: bool) -> Checked:
    """Return the findings on a workbook or CSV file with the tree, each at its cell."""
    from ledger.workbook.organisation_sheet import read_organisation_csv, read_organisation_workbook

    reading = read_organisation_workbook(data) if workbook else read_organisation_csv(data)
    if reading.organisation is None:
        return reading.findings, {}
    own, action = reading.organisation.institution, "send the tree of your own institution"
    units = {"units": str(len(reading.organisation.units))}
    return (*reading.findings, *_check_institution(own, own, action, setting)), units


def check_library_document(document: Mapping[str, object]) -> Checked:
    """Return the findings on a `lingtan.library/1` document."""
    from ledger.indicators.reading import check_release

    release, findings = check_release(dict(document))
    return findings, {} if release is None else {"release": release.release, "hash": release.hash}


def check_inventory(document: object, setting: Setting) -> Checked:
    """Return the findings on an inventory of one file, computed."""
    from ledger.accounting.inventory import compute_inventory, read_inventory

    given, findings = read_inventory(document, {setting.release.release: setting.release}, setting.release.release)
    if given is None:
        return findings, {}
    result = compute_inventory(given, setting.today)
    facts = {"periods": str(len(result.periods)), "lines": str(sum(len(item.statement.lines) for item in result.periods if item.statement))}
    return (*findings, *result.all_findings), facts


def _check_institution(named: object, got: str | None, action: str, setting: Setting) -> tuple[Finding, ...]:
    if setting.institution is None or named == setting.institution:
        return ()
    return (Finding("INSTITUTION_DIFFERS", "error", "/institution", action, got=got, expected=setting.institution),)
