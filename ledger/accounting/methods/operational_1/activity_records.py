"""Read activity records as sources of lines, a landlord's by the unit's share (spec: method-operational-1 §2, §9; documents §1–2)."""

from __future__ import annotations

from fractions import Fraction

from ledger.accounting.methods.operational_1.amounts import AmountReader
from ledger.accounting.methods.operational_1.inputs import Inputs
from ledger.accounting.methods.operational_1.sources import LineKey, SourceAmount
from ledger.indicators.factor import BASE_UNITS
from ledger.indicators.measure import Indicator
from ledger.records.activity import ActivityRecord
from ledger.records.findings import Finding
from ledger.records.organisation import Unit
from ledger.records.statement import LineSource
from ledger.units import round_half_even

LANDLORD = "landlord"
ALLOCATED_STEPS = 10**6


def read_records(inputs: Inputs) -> tuple[list[tuple[LineKey, SourceAmount]], list[Finding]]:
    """Return the usable records by line and what is wrong with the others. Records are taken in id order."""
    found: list[tuple[LineKey, SourceAmount]] = []
    findings: list[Finding] = []
    seen: set[str] = set()
    for index, record in enumerate(sorted(inputs.activity.records, key=lambda record: record.id.encode())):
        params = {"record": record.id, "unit": record.unit, "indicator": record.indicator}
        reader = AmountReader(inputs.release, f"/records/{index}", params, findings)
        _check_identity(record, seen, inputs, reader)
        _check_dates(record, inputs, reader)
        amount = _read(record, inputs, reader)
        if amount is not None:
            found.append(((record.unit, record.indicator), amount))
    return found, findings


def allocate(quantity: Fraction, share: Fraction) -> Fraction:
    """Return the share of a building's quantity, rounded half-even to 10⁻⁶ base units: a share has no finite decimals in general."""
    return Fraction(round_half_even(quantity * share * ALLOCATED_STEPS), ALLOCATED_STEPS)


def _read(record: ActivityRecord, inputs: Inputs, reader: AmountReader) -> SourceAmount | None:
    indicator = inputs.release.find_indicator(record.indicator)
    if indicator is None:
        expected = "an indicator of the library release"
        reader.refuse("INDICATOR_UNKNOWN", "/indicator", "use an indicator of the library", record.indicator, expected)
    dimension = reader.dimension(record.quantity, () if indicator is None else _admitted(indicator))
    if dimension is None or indicator is None:
        return None
    quantity = reader.quantity(record.quantity, "record the net quantity; a credit note belongs to the record it corrects")
    if quantity is None:
        return None
    unit = inputs.organisation.find_unit(record.unit)
    if record.source.kind == LANDLORD and unit is not None:
        quantity = _allocated(record, unit, quantity, reader)
    default = inputs.release.policies.activity_uncertainty_bp[record.quality]
    uncertainty = default if record.uncertainty_bp is None else record.uncertainty_bp
    return SourceAmount(LineSource("activity", record.id), dimension, quantity, record.quality, uncertainty, reader.place)


def _admitted(indicator: Indicator) -> tuple[str, ...]:
    others = (name for name in BASE_UNITS if name != indicator.dimension and indicator.admits_dimension(name))
    return (indicator.dimension, *others)


def _allocated(record: ActivityRecord, unit: Unit, quantity: Fraction, reader: AmountReader) -> Fraction:
    allocation = unit.find_allocation(record.start)
    if allocation is None:
        action = "give the unit its share of the building: area, headcount or contract"
        got, expected = f"no allocation of {unit.id} on {record.start.isoformat()}", "an allocation in force on the record's first day"
        reader.refuse("ALLOCATION_MISSING", "/source/kind", action, got, expected)
        return quantity
    if unit.allocation_changes(record.start, record.end):
        action, expected = "split the record by days where the share changes", f"one share from {record.start.isoformat()} on"
        got = f"another share of {unit.id} by {record.end.isoformat()}"
        reader.refuse("ALLOCATION_CHANGES", "/end", action, got, expected)
    return allocate(quantity, allocation.share)


def _check_identity(record: ActivityRecord, seen: set[str], inputs: Inputs, reader: AmountReader) -> None:
    if record.id in seen:
        reader.refuse("RECORD_TWICE", "/id", "give every record its own id, or keep one", record.id, "each id once")
    seen.add(record.id)
    if inputs.organisation.find_unit(record.unit) is None:
        reader.refuse("UNIT_UNKNOWN", "/unit", "name a unit of the organisation", record.unit, "a unit of the organisation")


def _check_dates(record: ActivityRecord, inputs: Inputs, reader: AmountReader) -> None:
    first, last = inputs.period.first_day, inputs.period.last_day
    got = f"{record.start.isoformat()} to {record.end.isoformat()}"
    if not first <= record.start <= record.end <= last:
        expected = f"within {first.isoformat()} to {last.isoformat()}"
        reader.refuse("RECORD_OUTSIDE_PERIOD", "/start", "split the quantity by days and move the rest to its period", got, expected)
    unit = inputs.organisation.find_unit(record.unit)
    if unit is not None and (record.start < unit.opened or (unit.closed is not None and record.end > unit.closed)):
        expected = f"while {unit.id} was open: {unit.opened.isoformat()} to {'now' if unit.closed is None else unit.closed.isoformat()}"
        reader.refuse("RECORD_OUTSIDE_UNIT_DATES", "/start", "correct the record, or the unit's dates", got, expected)
    if inputs.today is not None and record.end > inputs.today:
        expected = f"{inputs.today.isoformat()} or earlier"
        reader.refuse("DATE_IN_FUTURE", "/end", "record what was used, when it was used", got, expected)
