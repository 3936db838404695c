"""Small institutions for tests: one line of text per unit, record, figure and choice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from ledger.accounting.methods.operational_1 import Computation, Inputs, MeteredEnergy, compute
from ledger.indicators.release import Release
from ledger.indicators.shipped import shipped_release
from ledger.records.activity import Activity, ActivityRecord, Amount, DeclaredTotal, FactorChoice, Instrument, Source
from ledger.records.findings import Finding
from ledger.records.meter_record import MeterRecord, Quantity
from ledger.records.names import Name
from ledger.records.organisation import Organisation, Placement, Unit
from ledger.records.period import Period
from ledger.records.statement import MeterSummary, Statement

BANK = "bank"
ROOT = "head-office"


def year(number: int) -> Period:
    """The calendar year in Shanghai."""
    return Period.of_dates(str(number), date(number, 1, 1), date(number, 12, 31), "Asia/Shanghai")


def organisation(*children: str, region: str = "CN-ZJ", opened: date = date(2000, 1, 1)) -> Organisation:
    """An institution with branches: `branch-1` below the root, `branch-1>outlet-1` below a branch."""
    units = [Unit(ROOT, Name("Head Office", "总行"), "institution", (), opened)]
    for text in children:
        parent, _, id = text.rpartition(">")
        kind = "outlet" if parent else "branch"
        units.append(Unit(id, Name(id, id), kind, (Placement(parent or ROOT, opened),), opened))
    return Organisation(BANK, Name("Bank", "银行"), "Asia/Shanghai", region, tuple(sorted(units, key=lambda unit: unit.id)))


def changed(given: Inputs, unit: str, **changes: object) -> Inputs:
    """The same inputs with other facts of one unit; a change of `opened` alone moves its first placement along."""
    old = given.organisation.unit(unit)
    opened = changes.get("opened")
    if isinstance(opened, date) and "placements" not in changes and old.placements:
        changes["placements"] = (replace(old.placements[0], since=opened), *old.placements[1:])
    units = tuple(replace(item, **changes) if item.id == unit else item for item in given.organisation.units)  # type: ignore[arg-type]
    return replace(given, organisation=replace(given.organisation, units=units))


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
    """A factor choice from `indicator factor`, or `indicator factor market`."""
    indicator, factor, use = (*text.split(), "location")[:3]
    return FactorChoice(indicator, factor, "as the report says", use)


def instrument(text: str) -> Instrument:
    """A green certificate from `id unit value unit-of-measure generated [retired]`, or a contract with `@factor` instead of a date."""
    id, unit, value, measure, kind, *retired = text.split()
    used = date.fromisoformat(retired[0]) if retired else None
    if kind.startswith("@"):
        return Instrument(id, unit, "supplier_contract", Amount(value, measure), kind[1:], None, used, "contract")
    return Instrument(id, unit, "green_certificate", Amount(value, measure), "0", date.fromisoformat(kind), used, "certificate")


def inputs(
    period: Period,
    records: tuple[str, ...] = (),
    *,
    units: tuple[str, ...] = (),
    figures: tuple[str, ...] = (),
    choices: tuple[str, ...] = (),
    meters: tuple[MeteredEnergy, ...] = (),
    instruments: tuple[str, ...] = (),
    release: Release | None = None,
    gwp: str = "AR6",
    today: date | None = None,
) -> Inputs:
    """Inputs of revision 1."""
    activity = Activity(
        BANK,
        period,
        tuple(sorted((record(text, period) for text in records), key=lambda item: item.id)),
        tuple(sorted((figure(text) for text in figures), key=lambda item: item.id)),
        tuple(sorted((choice(text) for text in choices), key=lambda item: (item.indicator, item.use))),
        instruments=tuple(sorted((instrument(text) for text in instruments), key=lambda item: item.id)),
    )
    return Inputs(organisation(*units), activity, release or shipped_release(), period, meters, gwp=gwp, today=today)


def with_factors(release: Release, **values: str) -> Release:
    """The release with other values of its direct factors, by id with `_` for `.` and `-`."""
    ids = {factor.id.replace(".", "_").replace("-", "_"): factor for factor in release.factors}
    changed = {ids[name].id: replace(ids[name], value=value) for name, value in values.items()}
    return replace(release, factors=tuple(changed.get(factor.id, factor) for factor in release.factors))


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


def meter_record(
    period: Period, values: list[int], quality: list[int], key: bytes = bytes(32), quantity: Quantity = Quantity.EL_IMPORT
) -> MeterRecord:
    """A record of 15-minute values in the quantity's smallest unit; the lists repeat over the period."""
    n = period.slots(15)
    slots = b"".join(values[index % len(values)].to_bytes(8, "little") for index in range(n))
    return MeterRecord(key, period.start, 15, quantity, slots, bytes(quality[index % len(quality)] for index in range(n)))


def meter(id: str, unit: str, quantity: Quantity, total: int, period: Period) -> MeteredEnergy:
    """A fully measured meter with this total in the quantity's smallest unit."""
    n = period.slots(15)
    summary = MeterSummary(id, unit, quantity.value, "0" * 64, total, n, 0, 0, 0)
    return MeteredEnergy(period.start, period.end, summary)
