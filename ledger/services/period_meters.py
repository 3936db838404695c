"""Which meters are of a period, and what each of them owes there (spec: metering §2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.accounting.meter_checks import find_owed_slots
from ledger.clock import format_instant
from ledger.merkle.keys import CommitmentKeys, meter_asset
from ledger.metering.fitting import Fitting
from ledger.metering.fitting_document import load_fitting
from ledger.metering.hanging import Span, find_hanging
from ledger.metering.meter_day import SLOT_SECONDS, MeterDay, assemble
from ledger.records.findings import Finding
from ledger.records.meter_record import MeterRecord, Quality, Quantity
from ledger.records.organisation import Organisation
from ledger.records.period import DAY_SECONDS, Period
from ledger.services.context import Work
from ledger.services.meters import all_meters
from ledger.services.organisation import load_organisation
from ledger.services.stored_statement import load_keys
from ledger.store.repositories import devices, metering
from ledger.store.tables import Meter

_NO_READING = bytes([Quality.MISSING])


@dataclass(frozen=True)
class PeriodMeters:
    """The meters of a period by id, with their records and when something hung in the place of each; and what was left out unsaid.

    `findings` has METER_NOT_YET_THERE for each meter that no fitting puts into the period or out of it.
    """

    records: dict[str, MeterRecord]
    hanging: dict[str, tuple[Span, ...]]
    findings: tuple[Finding, ...]


def gather_meters(work: Work, institution: str, period: Period) -> PeriodMeters:
    """Return the meters of a period, from the meter-days and fittings as they are stored now.

    A meter is of the period if it has a reading there, or if for a whole slot its unit was open and, by its fittings, it hung there. One
    without any fitting hung there always; but one that was registered when the period was over, without a reading before its end, is left
    out and named.

    Raises:
        NotFound: there is no tree yet.
        Conflict: no commitment key is kept.
    """
    keys = load_keys(work, institution)
    _, organisation = load_organisation(work, institution)
    fittings = _fittings_of(work, institution)
    records: dict[str, MeterRecord] = {}
    hanging: dict[str, tuple[Span, ...]] = {}
    findings: list[Finding] = []
    for row in all_meters(work, institution):
        record, spans = _record(work, keys, row, period), find_hanging(fittings.get(row.id, ()))
        if record.counts.missing == record.n:
            if not find_owed_slots(record, organisation.find_unit(row.unit), period, spans).any():
                continue
            if row.at >= period.end and row.id not in fittings and not _reported_before(work, row, period.start):
                findings.append(_not_yet_there(row, organisation, period))
                continue
        records[row.id], hanging[row.id] = record, spans
    return PeriodMeters(records, hanging, tuple(findings))


def _fittings_of(work: Work, institution: str) -> dict[str, Sequence[Fitting]]:
    found: defaultdict[str, list[Fitting]] = defaultdict(list)
    for row in devices.list_fittings(work.session, institution):
        found[row.meter].append(load_fitting(row.document))
    return dict(found)


def _record(work: Work, keys: CommitmentKeys, row: Meter, period: Period) -> MeterRecord:
    days = period.utc_days
    stored = metering.iterate_meter_days(work.session, row.institution_id, row.id, days.start, days.stop - 1)
    key = keys.leaf_key(meter_asset(row.id, row.quantity), period.start, period.end)
    return assemble(period, key, Quantity(row.quantity), (MeterDay(row.id, day.day, day.values, day.quality) for day in stored))


def _reported_before(work: Work, row: Meter, instant: int) -> bool:
    number, rest = divmod(instant, DAY_SECONDS)
    for day in metering.iterate_meter_days(work.session, row.institution_id, row.id, 0, number):
        slots = len(day.quality) if day.day < number else rest // SLOT_SECONDS
        if day.quality[:slots].strip(_NO_READING):
            return True
    return False


def _not_yet_there(row: Meter, organisation: Organisation, period: Period) -> Finding:
    registered = format_instant(row.at)
    action = "record since when it hangs there (lingtan meter fit); where it hung there in this period, send its readings"
    params = {"meter": row.id, "unit": row.unit, "registered": registered}
    expected = f"a reading or a fitting before {format_instant(period.end)}"
    return Finding("METER_NOT_YET_THERE", "warning", f"meter {row.id}", action, f"registered {registered}, no reading", expected, params)
