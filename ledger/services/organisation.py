"""Take and give an institution's organisation tree, version by version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.errors import NotFound
from ledger.records import canonical
from ledger.records.findings import Finding, has_errors
from ledger.records.organisation import Organisation, check_organisation
from ledger.records.shorthand import write_out_organisation
from ledger.services import audit
from ledger.services.context import Work, require_own, require_visible
from ledger.store.repositories import institutions as rows
from ledger.store.tables import OrganisationVersion
from ledger.workbook.organisation_sheet import OrganisationReading


@dataclass(frozen=True)
class OrganisationView:
    """A version of a tree; version 0 where findings of severity error kept it out."""

    institution: str
    version: int
    hash: str
    units: int
    findings: tuple[Finding, ...]


def submit_organisation(work: Work, institution: str, document: Mapping[str, object]) -> OrganisationView:
    """Add the next version of the tree; the same bytes as the latest give the latest back. Findings come all at once."""
    require_own(work, institution, "preparer")
    return _take(work, institution, *check_organisation(write_out_organisation(document)))


def submit_organisation_reading(work: Work, institution: str, reading: OrganisationReading) -> OrganisationView:
    """Add the next version of the tree from a workbook or CSV file that was read; its findings name cells."""
    require_own(work, institution, "preparer")
    return _take(work, institution, reading.organisation, reading.findings)


def _take(work: Work, institution: str, organisation: Organisation | None, findings: tuple[Finding, ...]) -> OrganisationView:
    if organisation is not None and organisation.institution != institution:
        findings = (
            *findings,
            Finding(
                code="INSTITUTION_DIFFERS",
                severity="error",
                place="/institution",
                got=organisation.institution,
                expected=institution,
                action="send the tree of your own institution",
            ),
        )
    if organisation is None or has_errors(findings):
        return OrganisationView(institution, 0, "", 0, findings)
    data = canonical.dump(organisation.to_document())
    row = rows.add_organisation_version(work.session, institution, data, actor=work.actor.subject, at=work.clock.now())
    audit.record(work, "organisation.submit", f"{institution}/{row.version}", institution=institution, details={"hash": row.hash})
    return OrganisationView(institution, row.version, row.hash, len(organisation.units), findings)


def get_organisation(work: Work, institution: str, version: int | None = None) -> tuple[OrganisationView, bytes]:
    """Return a version of the tree (the latest where none is named) and its canonical bytes."""
    require_visible(work, institution)
    row, organisation = load_organisation(work, institution, version)
    return OrganisationView(institution, row.version, row.hash, len(organisation.units), ()), row.document


def load_organisation(work: Work, institution: str, version: int | None = None) -> tuple[OrganisationVersion, Organisation]:
    """Return the stored row and the tree it holds.

    Raises:
        NotFound: the institution has no tree yet, or no such version.
    """
    if version is not None:
        row = rows.get_organisation_version(work.session, institution, version)
    else:
        latest = rows.find_latest_organisation(work.session, institution)
        if latest is None:
            raise NotFound(f"{institution} has no organisation tree yet", hint="submit the tree first")
        row = latest
    return row, Organisation.from_document(canonical.load_canonical(row.document))
