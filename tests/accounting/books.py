"""Random inventories without errors: trees with moves, landlords, meters of every quantity, instruments and choices."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from ledger.accounting.methods.operational_1 import Inputs, MeteredEnergy
from ledger.records.activity import Activity, ActivityRecord, Amount, Instrument, Source
from ledger.records.meter_record import Quantity
from ledger.records.names import Name
from ledger.records.organisation import Allocation, Organisation, Placement, Unit
from ledger.records.statement import MeterSummary
from tests.accounting.inventory import BANK, ROOT, choice, year
from tests.accounting.small_release import small_release

PERIOD = year(2025)
OPENED = date(2000, 1, 1)
RECORDED = (
    *(
        ("electricity.purchased", "kWh"),
        ("electricity.purchased", "MWh"),
        ("electricity.vehicles", "Wh"),
        ("electricity.self_used_pv", "kWh"),
    ),
    *(("fuel.natural_gas.stationary", "m3"), ("fuel.petrol.vehicles", "L"), ("heat.purchased", "GJ"), ("refrigerant.r410a", "kg")),
    *(("refrigerant.co2_r32", "t"), ("scope1.reported", "tCO2e"), ("travel.rail", "pkm"), ("water.supply", "m3")),
)
GENERATED = tuple(date(y, m, 1) for y, m in ((2022, 5), (2023, 12), (2024, 1), (2024, 6), (2025, 1), (2025, 12), (2026, 1)))
RETIRED = (None, date(2025, 3, 3), date(2025, 12, 31), date(2026, 5, 31), date(2026, 7, 1))
CHOICES = ("fuel.natural_gas.stationary fuel.gas", "electricity.purchased grid.average", "electricity.vehicles grid.residual market")
decimals = st.decimals(min_value=0, max_value=10**7, places=4, allow_nan=False, allow_infinity=False).map(lambda value: format(value, "f"))
shares = st.integers(1, 97).flatmap(lambda whole: st.tuples(st.integers(1, whole), st.just(whole)))


@st.composite
def organisations(draw: st.DrawFn) -> Organisation:
    """A root and up to seven units; unit i stands below the root or an earlier unit, and may move there or elsewhere in the period."""
    units = [Unit(ROOT, Name("Head Office", "总行"), "institution", (), OPENED)]
    for index in range(draw(st.integers(0, 7))):
        earlier = [unit.id for unit in units]
        placements = [Placement(draw(st.sampled_from(earlier)), OPENED)]
        if draw(st.booleans()):
            placements.append(
                Placement(draw(st.sampled_from(earlier)), draw(st.sampled_from([date(2025, 6, 1), date(2025, 12, 31), date(2026, 1, 1)])))
            )
        part, whole = draw(shares)
        allocations = (Allocation(OPENED, "area", str(part), str(whole), "lease"),)
        id = f"u{(index * 7) % 10}-{index}"
        units.append(Unit(id, Name(id, id), "outlet", tuple(placements), OPENED, allocations=allocations))
    return Organisation(BANK, Name("Bank", "银行"), "Asia/Shanghai", "CN-ZJ", tuple(sorted(units, key=lambda unit: unit.id)))


@st.composite
def inventories(draw: st.DrawFn) -> Inputs:
    """Inputs without errors: records, landlords' records, meters of every quantity, certificates and contracts, choices."""
    organisation = draw(organisations())
    ids = [unit.id for unit in organisation.units]
    records = []
    for number in range(draw(st.integers(1, 14))):
        unit, (indicator, measure) = draw(st.sampled_from(ids)), draw(st.sampled_from(RECORDED))
        kind = draw(st.sampled_from(["invoice", "landlord"])) if unit != ROOT else "invoice"
        records.append(
            ActivityRecord(
                f"r{number:02d}",
                unit,
                indicator,
                Amount(draw(decimals), measure),
                PERIOD.first_day,
                PERIOD.last_day,
                Source(kind, "paper"),
                draw(st.integers(1, 5)),
                uncertainty_bp=draw(st.none() | st.integers(0, 100_000)),
            )
        )
    choices = tuple(choice(text) for text in CHOICES if draw(st.booleans()))
    activity = Activity(BANK, PERIOD, tuple(records), (), choices, instruments=draw(instruments(ids)))
    gwp = draw(st.sampled_from(["AR4", "AR5", "AR6"]))
    return Inputs(organisation, activity, small_release(), PERIOD, draw(metered(ids)), gwp=gwp)


@st.composite
def instruments(draw: st.DrawFn, ids: list[str]) -> tuple[Instrument, ...]:
    """Up to five certificates and contracts at any of the units, in force or not."""
    found = []
    for number in range(draw(st.integers(0, 5))):
        contract = draw(st.booleans())
        made = None if contract else draw(st.sampled_from(GENERATED))
        retired = draw(st.sampled_from(RETIRED))
        if made is not None and retired is not None and retired < made:
            retired = None
        factor = draw(st.sampled_from(["0", "0.1234", "0.8"])) if contract else "0"
        amount = Amount(draw(decimals), draw(st.sampled_from(["Wh", "kWh", "MWh"])))
        kind = "supplier_contract" if contract else "green_certificate"
        found.append(Instrument(f"i{(number * 7) % 10}", draw(st.sampled_from(ids)), kind, amount, factor, made, retired, "paper"))
    return tuple(found)


@st.composite
def metered(draw: st.DrawFn, ids: list[str]) -> tuple[MeteredEnergy, ...]:
    """Meters of every quantity with some slots missing or estimated; less exported than generated."""
    meters = []
    for number in range(draw(st.integers(0, 6))):
        unit, quantity = draw(st.sampled_from(ids)), draw(st.sampled_from(list(Quantity)))
        total = draw(st.integers(0, 10**13))
        n = PERIOD.slots(15)
        missing, estimated = draw(st.integers(0, n // 20)), draw(st.integers(0, n // 20))
        if quantity is Quantity.EL_EXPORT:
            total = draw(st.integers(0, 10**6))
        meters.append(summary(f"m{number}", unit, quantity, total, (n - missing - estimated, estimated, 0, missing)))
        if quantity is Quantity.EL_EXPORT and draw(st.booleans()):
            meters.append(summary(f"p{number}", unit, Quantity.PV_GENERATION, 10**7, (n, 0, 0, 0)))
    exporting = {meter.summary.unit for meter in meters if meter.summary.quantity == "el.export"}
    weak = {meter.summary.unit for meter in meters if meter.summary.quantity == "pv.generation" and meter.summary.total < 10**7}
    return tuple(meter for meter in meters if meter.summary.unit not in exporting & weak)


def summary(id: str, unit: str, quantity: Quantity, total: int, counts: tuple[int, int, int, int]) -> MeteredEnergy:
    return MeteredEnergy(PERIOD.start, PERIOD.end, MeterSummary(id, unit, quantity.value, "0" * 64, total, *counts))
