"""Read the meters of the period as sources of lines (spec: method-operational-1 §2, §9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ledger.accounting.meter_checks import check_sub_meters
from ledger.accounting.methods.operational_1.inputs import Inputs, MeteredEnergy
from ledger.accounting.methods.operational_1.sources import LineKey, SourceAmount
from ledger.records.findings import Finding
from ledger.records.meter_record import Quantity
from ledger.records.statement import LineSource
from ledger.units import format_decimal

METER_QUALITY = 1
METER_QUALITY_WITH_GAPS = 3


@dataclass(frozen=True)
class Metered:
    """Which line a meter's quantity enters: `steps` of its smallest unit are one base unit of `dimension`; sign -1 takes it off."""

    quantity: Quantity
    indicator: str
    dimension: str
    steps: int
    sign: int = 1


METERED = (
    Metered(Quantity.EL_IMPORT, "electricity.purchased", "electricity", 10**6),
    Metered(Quantity.PV_GENERATION, "electricity.self_used_pv", "electricity", 10**6),
    Metered(Quantity.EL_EXPORT, "electricity.self_used_pv", "electricity", 10**6, sign=-1),
    Metered(Quantity.GAS_VOLUME, "fuel.natural_gas.stationary", "volume", 10**3),
    Metered(Quantity.WATER_VOLUME, "water.supply", "volume", 10**3),
    Metered(Quantity.HEAT_ENERGY, "heat.purchased", "energy", 10**3),
)
_BY_QUANTITY = {metered.quantity.value: metered for metered in METERED}


def read_meters(inputs: Inputs) -> tuple[list[tuple[LineKey, SourceAmount]], list[Finding]]:
    """Return what each meter adds to which line, and what is wrong with meters. Meters are taken in id order; sub-meters add nothing."""
    meters = sorted(inputs.meters, key=lambda meter: meter.summary.meter.encode())
    generating = {meter.summary.unit for meter in meters if _generates(meter)}
    found: list[tuple[LineKey, SourceAmount]] = []
    findings: list[Finding] = []
    seen: set[str] = set()
    for meter in meters:
        findings.extend(_check_meter(meter, seen, inputs))
        if meter.summary.sub_meter_of is not None:
            continue
        metered = _BY_QUANTITY[meter.summary.quantity]
        # What a unit exports without generating it is not its own power: it enters no line.
        if metered.sign > 0 or meter.summary.unit in generating:
            findings.extend(_check_indicator(meter, metered, inputs))
            found.append(((meter.summary.unit, metered.indicator), _amount(meter, metered, inputs)))
    findings.extend(_check_exports(found, sorted(generating, key=str.encode)))
    findings.extend(check_sub_meters(meter.summary for meter in meters))
    return found, findings


def _generates(meter: MeteredEnergy) -> bool:
    return meter.summary.quantity == Quantity.PV_GENERATION.value and meter.summary.sub_meter_of is None


def _amount(meter: MeteredEnergy, metered: Metered, inputs: Inputs) -> SourceAmount:
    summary = meter.summary
    quality = METER_QUALITY_WITH_GAPS if meter.has_gaps else METER_QUALITY
    quantity = metered.sign * Fraction(summary.total, metered.steps)
    uncertainty = inputs.release.policies.activity_uncertainty_bp[quality]
    return SourceAmount(LineSource("meter", summary.meter), metered.dimension, quantity, quality, uncertainty, f"meter {summary.meter}")


def _check_exports(found: Sequence[tuple[LineKey, SourceAmount]], units: Iterable[str]) -> Iterable[Finding]:
    indicator = _BY_QUANTITY[Quantity.PV_GENERATION.value].indicator
    for unit in units:
        amounts = [amount.quantity for key, amount in found if key == (unit, indicator)]
        if sum(amounts) < 0:
            generated = sum((quantity for quantity in amounts if quantity > 0), Fraction(0))
            exported = -sum((quantity for quantity in amounts if quantity < 0), Fraction(0))
            got, expected = f"{format_decimal(exported)} kWh exported", f"at most the {format_decimal(generated)} kWh generated"
            action = "check which meter counts what, and the direction of the exporting one"
            params = {"unit": unit, "generated": format_decimal(generated), "exported": format_decimal(exported)}
            yield Finding("EXPORT_EXCEEDS_GENERATION", "error", f"unit {unit}", action, got, expected, params)


def _check_indicator(meter: MeteredEnergy, metered: Metered, inputs: Inputs) -> Iterable[Finding]:
    place, params = (
        f"meter {meter.summary.meter}",
        {"meter": meter.summary.meter, "unit": meter.summary.unit, "indicator": metered.indicator},
    )
    indicator = inputs.release.find_indicator(metered.indicator)
    action = "use a release in which the meter's quantity has its line"
    if indicator is None:
        expected = "an indicator of the library release"
        yield Finding("INDICATOR_UNKNOWN", "error", place, action, metered.indicator, expected, params)
    elif not indicator.admits_dimension(metered.dimension):
        yield Finding("DIMENSION_WRONG", "error", place, action, f"{metered.quantity} ({metered.dimension})", indicator.dimension, params)


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
