"""Meters of an inventory in short: totals and counts of slots, without the readings themselves (spec: inventory-input §5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ledger.accounting.inventory.period import Given
from ledger.accounting.inventory.plain import id_of, quantity_of, without_notes
from ledger.accounting.methods.operational_1 import MeteredEnergy
from ledger.errors import InputError
from ledger.records.fields import Fields
from ledger.records.findings import Finding
from ledger.records.meter_record import Quantity
from ledger.records.period import Period
from ledger.records.statement import MeterSummary
from ledger.units import parse_decimal

NO_RECORD = "0" * 64
"""The digest where there is no record: a meter given by its total proves nothing."""
INTERVAL_MINUTES = 15
FIELDS = ("id", "unit", "quantity", "total", "measured", "estimated", "manual", "missing")
# What a meter counts: the dimension of its total, and how many of its own units a base unit has (commitments §6).
COUNTED: Mapping[Quantity, tuple[str, int]] = {
    Quantity.EL_IMPORT: ("electricity", 10**6),
    Quantity.EL_EXPORT: ("electricity", 10**6),
    Quantity.PV_GENERATION: ("electricity", 10**6),
    Quantity.GAS_VOLUME: ("volume", 10**3),
    Quantity.WATER_VOLUME: ("volume", 10**3),
    Quantity.HEAT_ENERGY: ("energy", 10**3),
}


def read_meters(value: object, pointer: str, period: Period, given: Given, findings: list[Finding]) -> Iterator[MeteredEnergy]:
    """Yield the meters of a period; what cannot be read is a finding."""
    if value is None:
        return
    if not isinstance(value, list):
        findings.append(Finding("FIELD_INVALID", "error", pointer, "write a list", type(value).__name__, "a list"))
        return
    slots = (period.end - period.start) // (60 * INTERVAL_MINUTES)
    for index, item in enumerate(value):
        place = f"{pointer}/{index}"
        plain = without_notes(item) if isinstance(item, dict) else item
        if isinstance(plain, dict):
            counts = {name: plain.get(name, 0) for name in FIELDS[4:]}
            if not any(name in plain for name in FIELDS[4:]):
                counts["measured"] = slots
            named = {"id": id_of(plain.get("id", f"m{index + 1}")), "unit": id_of(plain.get("unit", given.organisation.root.id))}
            plain = {"quantity": Quantity.EL_IMPORT.value, **plain, **named, **counts}
        found: list[Finding] = []
        fields = Fields(plain, place, found, FIELDS)
        quantity = Quantity(fields.choice("quantity", tuple(kind.value for kind in Quantity)))
        counted = [fields.integer(name, 0, 10**9) for name in FIELDS[4:]]
        id, unit = fields.identifier("id"), fields.identifier("unit")
        total = None if found or not isinstance(plain, dict) else _total(plain["total"], quantity, place, given, found)
        findings.extend(found)
        if total is not None:
            yield MeteredEnergy(period.start, period.end, MeterSummary(id, unit, quantity.value, NO_RECORD, total, *counted))


def _total(value: object, quantity: Quantity, place: str, given: Given, findings: list[Finding]) -> int | None:
    dimension, per_base = COUNTED[quantity]
    amount = quantity_of(value)
    fields = Fields(amount, f"{place}/total", findings, ("value", "unit"))
    text, code = fields.decimal_from_0("value"), fields.text("unit")
    if findings:
        return None
    unit = given.release.find_unit(code)
    if unit is None or unit.dimension != dimension:
        action = "give the total in a unit of what the meter measures"
        findings.append(Finding("DIMENSION_WRONG", "error", f"{place}/total/unit", action, code, f"a unit of {dimension}"))
        return None
    try:
        exact = parse_decimal(text) * unit.base_units * per_base
    except InputError:
        return None
    if exact.denominator != 1:
        action, expected = "round the reading as the meter does", f"whole units of {1}/{per_base} of the base unit"
        findings.append(Finding("VALUE_TOO_FINE", "error", f"{place}/total/value", action, text, expected))
        return None
    return exact.numerator
