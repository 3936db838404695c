"""What the statement of a period would be computed from, as it is stored now, and everything that is found about it.

For preparing a statement, and for trying a release on a period without preparing anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.accounting.methods.operational_1 import Computation, Inputs, MeteredEnergy, compute
from ledger.accounting.validators.registry import validate_inventory
from ledger.accounting.validators.subject import Earlier
from ledger.accounting.validators.units import check_reports
from ledger.indicators.release import Release
from ledger.metering.hanging import Span
from ledger.records import canonical
from ledger.records.activity import Activity
from ledger.records.findings import Finding
from ledger.records.meter_record import MeterRecord
from ledger.records.organisation import Organisation
from ledger.records.period import Period
from ledger.services.activity import load_activity_row
from ledger.services.context import Work
from ledger.services.history import load_earlier
from ledger.services.meter_history import validate_period
from ledger.services.meters import all_meters
from ledger.services.organisation import load_organisation
from ledger.services.period_meters import gather_meters
from ledger.services.periods import to_period
from ledger.services.signable import as_of_statement
from ledger.services.statement_checks import check_restatement, observe_meters
from ledger.store import tables
from ledger.store.repositories import metering


@dataclass(frozen=True)
class StoredInputs:
    """The latest tree, activity data and meter records of a period, with their rows, and the periods before it.

    `hanging` says when something hung in each meter's place, `units` gives the unit of each meter, `sub_meters` the meter before each that
    hangs behind one, `validated` which meters were left out unsaid and what the rules of metering find in the days of the others.
    """

    organisation_row: tables.OrganisationVersion
    activity_row: tables.ActivityVersion
    organisation: Organisation
    activity: Activity
    period: Period
    records: dict[str, MeterRecord]
    hanging: dict[str, tuple[Span, ...]]
    units: dict[str, str]
    sub_meters: dict[str, str]
    earlier: tuple[Earlier, ...]
    validated: tuple[Finding, ...] = ()

    def under(self, release: Release, *, revision: int = 1, cause: str = "first", supersedes: str | None = None) -> Inputs:
        """Return the inputs of the method under a release."""
        return Inputs(
            organisation=self.organisation,
            activity=self.activity,
            release=release,
            period=self.period,
            meters=tuple(
                MeteredEnergy.of_record(meter, self.units[meter], record, self.sub_meters.get(meter))
                for meter, record in self.records.items()
            ),
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
    found = gather_meters(work, institution, period)
    return StoredInputs(
        organisation_row=organisation_row,
        activity_row=activity_row,
        organisation=organisation,
        activity=Activity.from_document(canonical.load_canonical(activity_row.document)),
        period=period,
        records=found.records,
        hanging=found.hanging,
        units={meter.id: meter.unit for meter in all_meters(work, institution)},
        sub_meters=metering.main_of_meters(work.session, institution),
        earlier=load_earlier(work, institution, period.start),
        validated=(*found.findings, *as_of_statement(validate_period(work, institution, period, found.records))),
    )


@dataclass(frozen=True)
class Judged:
    """A computation and every finding about it; `observed` are those that the meters show slot by slot, the first of them all."""

    computation: Computation
    observed: tuple[Finding, ...]
    findings: tuple[Finding, ...]


def judge_inputs(work: Work, stored: StoredInputs, inputs: Inputs) -> Judged:
    """Compute a period and look at what came out, also against the periods before and the statement that it supersedes."""
    computation = compute(inputs)
    observed = tuple(observe_meters(stored.records, stored.hanging, stored.units, stored.organisation, stored.period))
    findings = (*observed, *stored.validated, *computation.findings, *validate_inventory(computation, inputs, stored.earlier))
    if computation.statement is None:
        return Judged(computation, observed, findings)
    more = (*check_reports(computation.statement), *check_restatement(work.session, computation.statement, stored.activity))
    return Judged(computation, observed, (*findings, *more))
