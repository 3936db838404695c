"""Small institutions for tests: one line of text per unit, record, figure and choice."""

from __future__ import annotations

from datetime import date

from ledger.accounting.methods.operational_1 import Computation, Inputs, MeteredEnergy, compute
from ledger.indicators.release import Release
from ledger.indicators.shipped import shipped_release
from ledger.records.activity import Activity, ActivityRecord, Amount, DeclaredTotal, FactorChoice, Source
from ledger.records.findings import Finding
from ledger.records.meter_record import MeterRecord, Quantity
from ledger.records.names import Name
from ledger.records.organisation import Organisation, Unit
from ledger.records.period import Period
from ledger.records.statement import Statement

BANK = "bank"
ROOT = "head-office"


def year(number: int) -> Period:
    """The calendar year in Shanghai."""
    return Period.of_dates(str(number), date(number, 1, 1), date(number, 12, 31), "Asia/Shanghai")


def organisation(*children: str, region: str = "CN-ZJ", opened: date = date(2000, 1, 1)) -> Organisation:
    """An institution with branches: `branch-1` below the root, `branch-1>outlet-1` below a branch."""
    units = [Unit(ROOT, Name("Head Office", "总行"), "institution", None, opened)]
    for text in children:
        parent, _, id = text.rpartition(">")
        kind = "outlet" if parent else "branch"
        units.append(Unit(id, Name(id, id), kind, parent or ROOT, opened))
    return Organisation(BANK, Name("Bank", "银行"), "Asia/Shanghai", region, tuple(sorted(units, key=lambda unit: unit.id)))


def record(text: str, period: Period, *, id: str = "", quality: int = 2) -> ActivityRecord:
    """A record from `unit indicator value unit-of-measure`, for the whole period."""
    unit, indicator, value, measure = text.split()
    id = id or f"{unit}-{indicator}"
    source = Source("document", "published report")
    return ActivityRecord(id, unit, indicator, Amount(value, measure), period.first_day, period.last_day, source, quality)


def figure(text: str) -> DeclaredTotal:
    """A published figure from `measure value tolerance`, in tCO2e."""
    measure, value, tolerance = text.split()
    return DeclaredTotal(measure.replace("/", "-"), measure, value, "tCO2e", 1, tolerance, "published report")


def choice(text: str) -> FactorChoice:
    """A factor choice from `indicator factor`."""
    indicator, factor = text.split()
    return FactorChoice(indicator, factor, "as the report says")


def inputs(
    period: Period,
    records: tuple[str, ...] = (),
    *,
    units: tuple[str, ...] = (),
    figures: tuple[str, ...] = (),
    choices: tuple[str, ...] = (),
    meters: tuple[MeteredEnergy, ...] = (),
    release: Release | None = None,
    today: date | None = None,
) -> Inputs:
    """Inputs of revision 1."""
    activity = Activity(
        BANK,
        period,
        tuple(sorted((record(text, period) for text in records), key=lambda item: item.id)),
        tuple(sorted((figure(text) for text in figures), key=lambda item: item.id)),
        tuple(sorted((choice(text) for text in choices), key=lambda item: item.indicator)),
    )
    return Inputs(organisation(*units), activity, release or shipped_release(), period, meters, today=today)


def computed(*arguments: object, **named: object) -> Statement:
    """The statement of `inputs(...)`, which must exist."""
    computation = compute(inputs(*arguments, **named))  # type: ignore[arg-type]
    assert computation.statement is not None, computation.findings
    return computation.statement


def codes(computation: Computation, severity: str | None = None) -> list[str]:
    """The finding codes in order."""
    return [finding.code for finding in computation.findings if severity in (None, finding.severity)]


def the(computation: Computation, code: str) -> Finding:
    """The only finding with this code."""
    found = [finding for finding in computation.findings if finding.code == code]
    assert len(found) == 1, codes(computation)
    return found[0]


def meter_record(period: Period, values: list[int], quality: list[int], key: bytes = bytes(32)) -> MeterRecord:
    """A record of 15-minute import values in mWh; the lists repeat over the period."""
    n = period.slots(15)
    slots = b"".join(values[index % len(values)].to_bytes(8, "little") for index in range(n))
    return MeterRecord(key, period.start, 15, Quantity.EL_IMPORT, slots, bytes(quality[index % len(quality)] for index in range(n)))
