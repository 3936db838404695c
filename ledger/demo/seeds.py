"""What the demo's banks are made of, and their documents for 2024 and 2025; the banks themselves stand in banks.py.

Names are invented; sizes are plausible for rural commercial banks. Nothing here is read by anything but the demo.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ledger.records.fields import period_document
from ledger.records.period import Period
from ledger.units import format_decimal, parse_decimal

PERIOD = "2025"
FIRST_DAY = "2025-01-01"
LAST_DAY = "2025-12-31"
YEAR_BEFORE = "2024"
FIRST_DAY_BEFORE = "2024-01-01"
LAST_DAY_BEFORE = "2024-12-31"
OPENED = "2015-01-01"
TIMEZONE = "Asia/Shanghai"
REGION = "CN-ZJ"
CENTRE_ID = "gfc"
CENTRE_NAME = ("City Green Finance Service Centre", "市绿色金融发展服务中心")


@dataclass(frozen=True)
class LeaseSeed:
    """A part of a building whose landlord reads the meter of the whole: m² of the unit and of the building."""

    part: str
    whole: str
    reference: str


@dataclass(frozen=True)
class UnitSeed:
    """A unit of the tree and the peak load of its meters in watts (no meter where empty)."""

    id: str
    en: str
    zh: str
    kind: str
    parent: str | None
    county: str
    area_m2: str
    headcount: int
    meters: tuple[tuple[str, int], ...] = ()
    lease: LeaseSeed | None = None
    opened: str = OPENED
    opening: str = "opened"


@dataclass(frozen=True)
class RecordSeed:
    """A row of what the bank used in the year."""

    id: str
    unit: str
    indicator: str
    value: str
    unit_code: str
    reference: str
    source: str = "invoice"
    quality: int = 2


@dataclass(frozen=True)
class InstrumentSeed:
    """Green certificates (with the month of generation), or a supplier's contract (without)."""

    id: str
    unit: str
    mwh: str
    reference: str
    generated: str | None = None
    retired: str | None = None
    factor: str = "0"


@dataclass(frozen=True)
class ChoiceSeed:
    """A factor that the bank names for an indicator in 2025, with its reason."""

    indicator: str
    factor: str
    reference: str


@dataclass(frozen=True)
class BankSeed:
    """One bank: its tree, what it used, what covers its power.

    `by_workbook`: its preparer fills in the workbook instead of sending a document. `forgotten`: the record of 2024 that is missing in the
    first revision of that year.
    """

    id: str
    en: str
    zh: str
    units: tuple[UnitSeed, ...]
    records: tuple[RecordSeed, ...]
    instruments: tuple[InstrumentSeed, ...] = ()
    choices: tuple[ChoiceSeed, ...] = ()
    by_workbook: bool = False
    forgotten: str | None = None


def organisation_document(bank: BankSeed) -> dict[str, object]:
    """Return the bank's organisation tree as a `lingtan.organisation/1` document."""
    return {
        "schema": "lingtan.organisation/1",
        "institution": bank.id,
        "name": {"en": bank.en, "zh": bank.zh},
        "timezone": TIMEZONE,
        "region": REGION,
        "units": [_unit(unit) for unit in sorted(bank.units, key=lambda unit: unit.id)],
    }


def activity_document(bank: BankSeed, period: Period) -> dict[str, object]:
    """Return what the bank used in 2025 and what covers its power as a `lingtan.activity/1` document."""
    return {
        **_activity(bank, period, bank.records),
        "factor_choices": [
            {"indicator": choice.indicator, "use": "location", "factor": choice.factor, "reference": choice.reference}
            for choice in sorted(bank.choices, key=lambda choice: choice.indicator)
        ],
        "instruments": [
            {
                "id": item.id,
                "unit": item.unit,
                "kind": kind_of(item),
                "quantity": {"value": item.mwh, "unit": "MWh"},
                "factor": item.factor,
                "generated": item.generated,
                "retired": item.retired,
                "reference": item.reference,
            }
            for item in sorted(bank.instruments, key=lambda item: item.id)
        ],
    }


def activity_before(bank: BankSeed, period: Period, *, complete: bool) -> dict[str, object]:
    """Return the activity of 2024: power by invoice, as no meter was there yet, everything else a twentieth more than in 2025.

    Args:
        complete: with the record that was forgotten at first.
    """
    units = [unit for unit in bank.units if unit.opened <= period.first_day.isoformat()]
    power = [_invoice(unit) for unit in units if unit.meters]
    known = {unit.id for unit in units}
    used = [
        replace(record, value=format_decimal(parse_decimal(record.value) * 21 / 20), reference=record.reference.replace("2025", "2024"))
        for record in bank.records
        if record.unit in known and (complete or record.id != bank.forgotten)
    ]
    return _activity(bank, period, (*used, *power))


def _invoice(unit: UnitSeed) -> RecordSeed:
    # A bank building uses about 2,500 hours of its peak in a year.
    kwh = sum(peak for _, peak in unit.meters) * 252 // 100
    return RecordSeed(f"power-{unit.id}", unit.id, "electricity.purchased", str(kwh), "kWh", f"State Grid bills 2024, {unit.en}")


def _activity(bank: BankSeed, period: Period, records: tuple[RecordSeed, ...]) -> dict[str, object]:
    days = {"start": period.first_day.isoformat(), "end": period.last_day.isoformat()}
    return {
        "schema": "lingtan.activity/1",
        "institution": bank.id,
        "period": period_document(period),
        "records": [
            {
                "id": record.id,
                "unit": record.unit,
                "indicator": record.indicator,
                "quantity": {"value": record.value, "unit": record.unit_code},
                **days,
                "source": {"kind": record.source, "reference": record.reference, "sha256": None},
                "quality": record.quality,
            }
            for record in sorted(records, key=lambda record: record.id)
        ],
    }


def kind_of(item: InstrumentSeed) -> str:
    """Return the document's kind of an instrument."""
    return "green_certificate" if item.generated is not None else "supplier_contract"


def _unit(unit: UnitSeed) -> dict[str, object]:
    lease = unit.lease
    allocation = None if lease is None else {"since": unit.opened, "rule": "area", "part": lease.part, "whole": lease.whole}
    return {
        "id": unit.id,
        "name": {"en": unit.en, "zh": unit.zh},
        "kind": unit.kind,
        "parent": unit.parent,
        "opened": unit.opened,
        "opening": unit.opening,
        "county": unit.county,
        "area_m2": unit.area_m2,
        "headcount": unit.headcount,
        "ownership": "owned" if lease is None else "leased",
        "allocations": [] if allocation is None or lease is None else [{**allocation, "reference": lease.reference}],
    }
