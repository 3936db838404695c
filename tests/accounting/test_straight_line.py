"""Random inventories computed twice: by the ledger, and by a plain reading of the specification that shares no code with it."""

from __future__ import annotations

import json
import random as random_module
from dataclasses import replace
from datetime import date
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.accounting.methods.operational_1 import Inputs, MeteredEnergy, compute
from ledger.records import canonical
from ledger.records.activity import Activity, ActivityRecord, Amount, Instrument, Source
from ledger.records.meter_record import Quantity
from ledger.records.names import Name
from ledger.records.organisation import Allocation, Organisation, Placement, Unit
from ledger.records.statement import Measures, MeterSummary, Statement
from tests.accounting.inventory import BANK, ROOT, choice, year
from tests.accounting.small_release import small_release
from tests.accounting.straight_line import compute_again

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
    instruments = []
    for number in range(draw(st.integers(0, 5))):
        contract = draw(st.booleans())
        made = None if contract else draw(st.sampled_from(GENERATED))
        retired = draw(st.sampled_from(RETIRED))
        if made is not None and retired is not None and retired < made:
            retired = None
        factor = draw(st.sampled_from(["0", "0.1234", "0.8"])) if contract else "0"
        amount = Amount(draw(decimals), draw(st.sampled_from(["Wh", "kWh", "MWh"])))
        kind = "supplier_contract" if contract else "green_certificate"
        instruments.append(Instrument(f"i{(number * 7) % 10}", draw(st.sampled_from(ids)), kind, amount, factor, made, retired, "paper"))
    choices = tuple(choice(text) for text in CHOICES if draw(st.booleans()))
    activity = Activity(BANK, PERIOD, tuple(records), (), choices, instruments=tuple(instruments))
    gwp = draw(st.sampled_from(["AR4", "AR5", "AR6"]))
    return Inputs(organisation, activity, small_release(), PERIOD, draw(metered(ids)), gwp=gwp)


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
        meters.append(_summary(f"m{number}", unit, quantity, total, (n - missing - estimated, estimated, 0, missing)))
        if quantity is Quantity.EL_EXPORT and draw(st.booleans()):
            meters.append(_summary(f"p{number}", unit, Quantity.PV_GENERATION, 10**7, (n, 0, 0, 0)))
    exporting = {meter.summary.unit for meter in meters if meter.summary.quantity == "el.export"}
    weak = {meter.summary.unit for meter in meters if meter.summary.quantity == "pv.generation" and meter.summary.total < 10**7}
    return tuple(meter for meter in meters if meter.summary.unit not in exporting & weak)


def _summary(id: str, unit: str, quantity: Quantity, total: int, counts: tuple[int, int, int, int]) -> MeteredEnergy:
    return MeteredEnergy(PERIOD.start, PERIOD.end, MeterSummary(id, unit, quantity.value, "0" * 64, total, *counts))


def stated(given_inputs: Inputs) -> Statement:
    computation = compute(given_inputs)
    assert computation.statement is not None, computation.findings
    return computation.statement


@settings(max_examples=80, deadline=None)
@given(inventories())
def test_a_plain_reading_of_the_specification_gives_the_same_lines_and_totals(given_inputs: Inputs) -> None:
    document = json.loads(stated(given_inputs).to_bytes())
    parts = (given_inputs.organisation, given_inputs.activity, given_inputs.release)
    organisation, activity, library = (json.loads(canonical.dump(part.to_document())) for part in parts)
    meters = [meter.summary.to_document() for meter in given_inputs.meters]
    again = compute_again(organisation, activity, library, meters, given_inputs.gwp, "2025-01-01", "2025-12-31")
    assert {name: document[name] for name in again} == again


@settings(max_examples=30, deadline=None)
@given(inventories(), st.integers(0, 2**32))
def test_the_order_of_the_inputs_changes_no_byte(given_inputs: Inputs, seed: int) -> None:
    order = random_module.Random(seed)

    def shuffled(items: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(order.sample(items, len(items)))

    activity = given_inputs.activity
    other = replace(
        given_inputs,
        organisation=replace(given_inputs.organisation, units=shuffled(given_inputs.organisation.units)),  # type: ignore[arg-type]
        activity=replace(
            activity,
            records=shuffled(activity.records),  # type: ignore[arg-type]
            instruments=shuffled(activity.instruments),  # type: ignore[arg-type]
            factor_choices=shuffled(activity.factor_choices),  # type: ignore[arg-type]
        ),
        meters=shuffled(given_inputs.meters),  # type: ignore[arg-type]
    )
    assert stated(other).to_bytes() == stated(given_inputs).to_bytes()
    assert compute(other).findings == compute(given_inputs).findings


@settings(max_examples=40, deadline=None)
@given(inventories())
def test_totals_are_the_sum_of_the_lines_and_what_is_covered_and_the_rest_are_the_quantity(given_inputs: Inputs) -> None:
    statement = stated(given_inputs)
    assert statement.totals == Measures.sum(line.measures for line in statement.lines)
    assert statement.totals == Measures.sum(item.own for item in statement.rollup)
    handed_out: dict[str, Fraction] = {}
    for line in statement.lines:
        if line.market is not None:
            parts = {item.instrument: item.exact for item in line.market.covered}
            assert sum(parts.values()) + Fraction(line.market.rest) == line.quantity.exact
            assert Fraction(line.market.rest) >= 0
            assert all(kwh > 0 for kwh in parts.values())
            for id, kwh in parts.items():
                handed_out[id] = handed_out.get(id, Fraction(0)) + kwh
    for instrument in given_inputs.activity.instruments:
        whole = instrument.quantity.exact * given_inputs.release.unit(instrument.quantity.unit).base_units
        assert handed_out.get(instrument.id, 0) <= whole


@settings(max_examples=20, deadline=None)
@given(inventories())
def test_a_statement_reads_back_from_its_own_bytes(given_inputs: Inputs) -> None:
    statement = stated(given_inputs)
    assert Statement.from_document(canonical.load_canonical(statement.to_bytes())) == statement
