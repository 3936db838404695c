"""What the statement of a period would be computed from, as it is stored now: for preparing it, and for trying a release on it."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.accounting.methods.operational_1 import Inputs, MeteredEnergy
from ledger.indicators.release import Release
from ledger.records import canonical
from ledger.records.activity import Activity
from ledger.records.meter_record import MeterRecord
from ledger.records.organisation import Organisation
from ledger.records.period import Period
from ledger.services.activity import load_activity_row
from ledger.services.context import Work
from ledger.services.meters import all_meters
from ledger.services.organisation import load_organisation
from ledger.services.periods import to_period
from ledger.services.stored_statement import assemble_records
from ledger.store import tables


@dataclass(frozen=True)
class StoredInputs:
    """The latest tree, activity data and meter records of a period, with their rows; `units` gives the unit of each meter."""

    organisation_row: tables.OrganisationVersion
    activity_row: tables.ActivityVersion
    organisation: Organisation
    activity: Activity
    period: Period
    records: dict[str, MeterRecord]
    units: dict[str, str]

    def under(self, release: Release, *, revision: int = 1, cause: str = "first", supersedes: str | None = None) -> Inputs:
        """Return the inputs of the method under a release."""
        return Inputs(
            organisation=self.organisation,
            activity=self.activity,
            release=release,
            period=self.period,
            meters=tuple(MeteredEnergy.of_record(meter, self.units[meter], record) for meter, record in self.records.items()),
            revision=revision,
            cause=cause,
            supersedes=supersedes,
        )


def gather_inputs(work: Work, row: tables.Period) -> StoredInputs:
    """Return the inputs of a period.

    Raises:
        NotFound: there is no tree or no activity data yet.
        Conflict: no commitment key is kept.
    """
    institution = row.institution_id
    organisation_row, organisation = load_organisation(work, institution)
    activity_row = load_activity_row(work, institution, row.id)
    period = to_period(row)
    return StoredInputs(
        organisation_row=organisation_row,
        activity_row=activity_row,
        organisation=organisation,
        activity=Activity.from_document(canonical.load_canonical(activity_row.document)),
        period=period,
        records=dict(assemble_records(work, institution, period)),
        units={meter.id: meter.unit for meter in all_meters(work, institution)},
    )
