"""Collect what each line is computed from, in base units, and find what is wrong with it (spec: method-operational-1 §2, §7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from ledger.accounting.methods.operational_1.inputs import Inputs, MeteredEnergy
from ledger.errors import InputError
from ledger.indicators.factor import BASE_UNITS
from ledger.indicators.measure import UnitOfMeasure
from ledger.records.activity import ActivityRecord
from ledger.records.findings import Finding
from ledger.records.statement import LineSource

ELECTRICITY = "electricity.purchased"
MWH_PER_KWH = 1_000_000
METER_QUALITY = 1
METER_QUALITY_WITH_GAPS = 3
LineKey = tuple[str, str]


@dataclass(frozen=True)
class SourceAmount:
    """One source of a line: its quantity in the base unit of `dimension`, its quality, and where it stands in the activity."""

    source: LineSource
    dimension: str
    quantity: Fraction
    quality: int
    place: str


@dataclass(frozen=True)
class Sources:
    """All usable sources by (unit, indicator), and the findings about the others."""

    by_line: dict[LineKey, tuple[SourceAmount, ...]]
    findings: tuple[Finding, ...]


def collect(inputs: Inputs) -> Sources:
    """Return the sources of every line and what is wrong with records and meters. Records are taken in id order."""
    findings: list[Finding] = []
    found: dict[LineKey, list[SourceAmount]] = {}
    seen: set[str] = set()
    first, last = inputs.period.first_day, inputs.period.last_day
    for index, record in enumerate(sorted(inputs.activity.records, key=lambda record: record.id)):
        problems = [*_check_identity(record, index, seen, inputs), *_check_dates(record, index, inputs, first, last)]
        amount = _amount(record, index, inputs, problems)
        findings.extend(problems)
        if amount is not None:
            found.setdefault((record.unit, record.indicator), []).append(amount)
    meters: set[str] = set()
    for meter in sorted(inputs.meters, key=lambda meter: meter.summary.meter):
        findings.extend(_check_meter(meter, meters, inputs))
        if meter.is_import:
            found.setdefault((meter.summary.unit, ELECTRICITY), []).append(_metered(meter))
    by_line = {key: tuple(sorted(found[key], key=lambda amount: (amount.source.kind, amount.source.id))) for key in sorted(found)}
    for key, amounts in by_line.items():
        findings.extend(_check_line(key, amounts))
    return Sources(by_line, tuple(findings))


def _metered(meter: MeteredEnergy) -> SourceAmount:
    summary = meter.summary
    quality = METER_QUALITY_WITH_GAPS if _has_gaps(meter) else METER_QUALITY
    quantity = Fraction(summary.total, MWH_PER_KWH)
    return SourceAmount(LineSource("meter", summary.meter), "electricity", quantity, quality, f"meter {summary.meter}")


def _has_gaps(meter: MeteredEnergy) -> bool:
    return 20 * (meter.summary.slots - meter.summary.measured) > meter.summary.slots


def _amount(record: ActivityRecord, index: int, inputs: Inputs, problems: list[Finding]) -> SourceAmount | None:
    """Return the record in base units, or None after adding what stands in the way."""
    place = f"/records/{index}"
    unit = inputs.release.find_unit(record.quantity.unit)
    indicator = inputs.release.find_indicator(record.indicator)
    if unit is None:
        got, known = record.quantity.unit[:80], ", ".join(unit.code for unit in inputs.release.units)
        problems.append(_error("MEASURE_UNKNOWN", f"{place}/quantity/unit", "use a unit of the library", record, got, known))
    if indicator is None:
        got, known = record.indicator, "an indicator of the library release"
        problems.append(_error("INDICATOR_UNKNOWN", f"{place}/indicator", "use an indicator of the library", record, got, known))
    if unit is None or indicator is None:
        return None
    if not indicator.admits_dimension(unit.dimension):
        expected = f"{indicator.dimension} (as {BASE_UNITS[indicator.dimension]})" + (" or mass" if indicator.dimension == "liquid" else "")
        got = f"{unit.code} ({unit.dimension})"
        problems.append(_error("DIMENSION_WRONG", f"{place}/quantity/unit", "convert the quantity", record, got, expected))
        return None
    quantity = _exact(record, place, unit, problems)
    source = LineSource("activity", record.id)
    return None if quantity is None else SourceAmount(source, unit.dimension, quantity, record.quality, place)


def _exact(record: ActivityRecord, place: str, unit: UnitOfMeasure, problems: list[Finding]) -> Fraction | None:
    try:
        value = record.quantity.exact
    except InputError:
        got, expected = record.quantity.value[:80], "a decimal string, as 123.456"
        problems.append(_error("QUANTITY_INVALID", f"{place}/quantity/value", f"write {expected}", record, got, expected))
        return None
    if value < 0:
        action = "record the net quantity; a credit note belongs to the record it corrects"
        problems.append(_error("QUANTITY_NEGATIVE", f"{place}/quantity/value", action, record, record.quantity.value, "0 or more"))
        return None
    return value * unit.base_units


def _check_identity(record: ActivityRecord, index: int, seen: set[str], inputs: Inputs) -> Iterable[Finding]:
    place = f"/records/{index}"
    if record.id in seen:
        yield _error("RECORD_TWICE", f"{place}/id", "give every record its own id, or keep one", record, record.id, "each id once")
    seen.add(record.id)
    if inputs.organisation.find_unit(record.unit) is None:
        yield _error("UNIT_UNKNOWN", f"{place}/unit", "name a unit of the organisation", record, record.unit, "a unit of the organisation")


def _check_dates(record: ActivityRecord, index: int, inputs: Inputs, first: date, last: date) -> Iterable[Finding]:
    place = f"/records/{index}/start"
    got = f"{record.start.isoformat()} to {record.end.isoformat()}"
    if not first <= record.start <= record.end <= last:
        expected = f"within {first.isoformat()} to {last.isoformat()}"
        yield _error("RECORD_OUTSIDE_PERIOD", place, "split the quantity by days and move the rest to its period", record, got, expected)
    unit = inputs.organisation.find_unit(record.unit)
    if unit is not None and (record.start < unit.opened or (unit.closed is not None and record.end > unit.closed)):
        expected = f"while {unit.id} was open: {unit.opened.isoformat()} to {'now' if unit.closed is None else unit.closed.isoformat()}"
        yield _error("RECORD_OUTSIDE_UNIT_DATES", place, "correct the record, or the unit's dates", record, got, expected)
    if inputs.today is not None and record.end > inputs.today:
        expected = f"{inputs.today.isoformat()} or earlier"
        yield _error("DATE_IN_FUTURE", f"/records/{index}/end", "record what was used, when it was used", record, got, expected)


def _check_meter(meter: MeteredEnergy, seen: set[str], inputs: Inputs) -> Iterable[Finding]:
    summary, period = meter.summary, inputs.period
    place, params = f"meter {summary.meter}", {"meter": summary.meter, "unit": summary.unit}
    if summary.meter in seen:
        action = "keep one record per meter and period"
        yield Finding("METER_TWICE", "error", place, action, summary.meter, "each meter once", params)
    seen.add(summary.meter)
    unit = inputs.organisation.find_unit(summary.unit)
    if unit is None:
        action = "assign the meter to a unit of the organisation"
        yield Finding("UNIT_UNKNOWN", "error", place, action, summary.unit, "a unit of the organisation", params)
    elif not unit.is_open(period.first_day, period.last_day):
        action, expected = "assign the meter to an open unit, or correct the unit's dates", f"{unit.id} open in the period"
        yield Finding("RECORD_OUTSIDE_UNIT_DATES", "error", place, action, f"{unit.id} closed", expected, params)
    if (meter.start, meter.end) != (period.start, period.end):
        got, expected = f"{meter.start} to {meter.end}", f"{period.start} to {period.end}"
        yield Finding("METER_PERIOD", "error", place, "assemble the record for this period", got, expected, params)
    if meter.is_import and inputs.release.find_indicator(ELECTRICITY) is None:
        action, expected = "use a release that has it", "an indicator of the library release"
        yield Finding("INDICATOR_UNKNOWN", "error", place, action, ELECTRICITY, expected, params)
    if summary.measured < summary.slots:
        gaps = _has_gaps(meter)
        counts = {name: str(getattr(summary, name)) for name in ("measured", "estimated", "manual", "missing", "slots")}
        got, expected = f"{summary.measured} of {summary.slots} slots measured", "at least 95 % measured"
        action = "fill the gaps from the meter's memory, or accept the lower data quality"
        yield Finding("METER_COVERAGE", "warning" if gaps else "info", place, action, got, expected, {**params, **counts})


def _check_line(key: LineKey, amounts: tuple[SourceAmount, ...]) -> Iterable[Finding]:
    params = {"unit": key[0], "indicator": key[1]}
    dimensions = sorted({amount.dimension for amount in amounts})
    if len(dimensions) > 1:
        place = next(amount.place for amount in amounts if amount.dimension != amounts[0].dimension)
        action, got = "give all quantities of the unit for this indicator in one dimension", " and ".join(dimensions)
        yield Finding("BASES_MIXED", "error", f"{place}/quantity/unit", action, got, "one dimension per line", params)
    records = [amount for amount in amounts if amount.source.kind == "activity"]
    if records and len(records) < len(amounts):
        action = "make sure that the records are another supply than the meter: both are added"
        yield Finding("METER_AND_INVOICE", "warning", records[0].place, action, "meter and records", "one of them per supply", params)


def _error(code: str, place: str, action: str, record: ActivityRecord, got: str, expected: str) -> Finding:
    return Finding(code, "error", place, action, got, expected, {"record": record.id, "unit": record.unit, "indicator": record.indicator})
