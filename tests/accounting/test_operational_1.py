"""The method as invariants: any order, any tree, any amount; and a golden statement, byte for byte."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.accounting.methods.operational_1 import Inputs, MeteredEnergy, compute
from ledger.errors import InputError
from ledger.indicators.shipped import shipped_release
from ledger.records import canonical
from ledger.records.activity import Activity, Source
from ledger.records.findings import has_errors
from ledger.records.meter_record import Quantity
from ledger.records.organisation import Allocation, Placement
from ledger.records.statement import Measures, Statement
from ledger.units import round_half_even
from tests.accounting.inventory import BANK, ROOT, changed, computed, inputs, meter_record, organisation, record, year
from tests.accounting.small_release import small_release
from tests.accounting.straight_line import compute_again

GOLDEN = Path(__file__).parent / "golden"
INDICATORS = (
    ("electricity.purchased", "kWh"),
    ("fuel.natural_gas.stationary", "m3"),
    ("fuel.petrol.vehicles", "L"),
    ("fuel.diesel.vehicles", "L"),
    ("fuel.lpg.stationary", "kg"),
    ("heat.purchased", "GJ"),
    ("scope1.reported", "tCO2e"),
)
PERIOD = year(2025)
amounts = st.decimals(min_value=0, max_value=10**9, places=3, allow_nan=False, allow_infinity=False).map(lambda value: format(value, "f"))
# A tree as parents: unit i hangs below one of the units before it.
trees = st.lists(st.integers(0, 100), min_size=1, max_size=12).map(
    lambda picks: tuple(
        (f"u{pick % (index + 1) - 1:03d}" if pick % (index + 1) else None, f"u{index:03d}") for index, pick in enumerate(picks)
    )
)


def _inputs(tree: tuple[tuple[str | None, str], ...], cells: list[tuple[int, int, str]]) -> Inputs:
    units = tuple(id if parent is None else f"{parent}>{id}" for parent, id in tree)
    records = []
    for number, (unit, indicator, amount) in enumerate(cells):
        name, measure = INDICATORS[indicator % len(INDICATORS)]
        text = f"{tree[unit % len(tree)][1]} {name} {amount} {measure}"
        records.append(record(text, PERIOD, id=f"r{number:04d}", quality=1 + number % 5))
    return Inputs(organisation(*units), Activity(BANK, PERIOD, tuple(records)), shipped_release(), PERIOD)


cells = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), amounts), min_size=1, max_size=25)


@settings(max_examples=60, deadline=None)
@given(trees, cells)
def test_the_root_total_is_the_sum_of_all_lines_and_every_unit_stands_once(
    tree: tuple[tuple[str | None, str], ...], cells: list[tuple[int, int, str]]
) -> None:
    given_inputs = _inputs(tree, cells)
    statement = compute(given_inputs).statement
    assert statement is not None
    assert statement.totals == Measures.sum(line.measures for line in statement.lines)
    assert statement.totals == Measures.sum(item.own for item in statement.rollup)
    assert [item.unit for item in statement.rollup] == sorted(unit.id for unit in given_inputs.organisation.units)
    totals = {item.unit: item.total for item in statement.rollup}
    for item in statement.rollup:
        children = given_inputs.tree.children(item.unit)
        assert item.total == item.own + Measures.sum(totals[child.id] for child in children)


@settings(max_examples=40, deadline=None)
@given(trees, cells, st.randoms(use_true_random=False))
def test_any_order_of_the_inputs_gives_the_same_bytes(
    tree: tuple[tuple[str | None, str], ...], cells: list[tuple[int, int, str]], random: object
) -> None:
    given_inputs = _inputs(tree, cells)
    units, records = list(given_inputs.organisation.units), list(given_inputs.activity.records)
    random.shuffle(units)  # type: ignore[attr-defined]
    random.shuffle(records)  # type: ignore[attr-defined]
    shuffled = replace(
        given_inputs,
        organisation=replace(given_inputs.organisation, units=tuple(units)),
        activity=replace(given_inputs.activity, records=tuple(records)),
    )
    first, second = compute(given_inputs), compute(shuffled)
    assert first.statement is not None
    assert second.statement is not None
    assert first.statement.to_bytes() == second.statement.to_bytes()
    assert first.findings == second.findings


@settings(max_examples=100, deadline=None)
@given(amounts, st.sampled_from(INDICATORS))
def test_grams_agree_with_a_decimal_calculation_to_60_digits(amount: str, row: tuple[str, str]) -> None:
    name, measure = row
    line = computed(PERIOD, (f"{ROOT} {name} {amount} {measure}",)).lines[0]
    release = shipped_release()
    factor, context = release.factor(line.factor), Context(prec=60, rounding=ROUND_HALF_EVEN)
    quantity = context.multiply(Decimal(line.quantity.value), Decimal(1000))
    if factor.fuel is None:
        kilograms = Decimal(factor.value or "0")
    else:
        fuel = factor.fuel
        energy = context.multiply(Decimal(fuel.ncv_mj), Decimal(fuel.density or 1) if measure == "L" else Decimal(1))
        carbon = context.divide(Decimal(fuel.carbon) * Decimal(fuel.oxidation) * 44, Decimal(12 * 1000))
        warming = Decimal(fuel.ch4 or 0) * Decimal("29.8") + Decimal(fuel.n2o or 0) * Decimal(273)
        kilograms = context.multiply(energy, context.add(carbon, warming / 1_000_000))
    exact = context.multiply(quantity, kilograms)
    grams = max(line.measures.scope1_g, line.measures.scope2_location_g)
    assert abs(exact - grams) <= Decimal("0.5") + Decimal("1e-30")


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**9))
def test_rounding_is_half_even(numerator: int, denominator: int) -> None:
    floor, rest = divmod(numerator, denominator)
    expected = floor if 2 * rest < denominator else floor + 1 if 2 * rest > denominator else floor + floor % 2
    assert round_half_even(Fraction(numerator, denominator)) == expected


@pytest.mark.parametrize(("kwh", "grams"), [("0.0005", 0), ("0.0015", 2), ("0.0025", 2), ("0.0035", 4), ("0.00250001", 3)])
def test_a_half_gram_goes_to_the_even_gram(kwh: str, grams: int) -> None:
    # kgCO2e as reported: 0.0005 kg is exactly half a gram.
    statement = computed(PERIOD, (f"{ROOT} scope1.reported {kwh} kgCO2e",))
    assert statement.totals.scope1_g == grams


def test_co2e_is_rounded_once_and_not_from_the_rounded_gases() -> None:
    statement = computed(PERIOD, (f"{ROOT} fuel.natural_gas.stationary 0.4 m3",))
    line = statement.lines[0]
    # 0.4 m3: CO2 864.876 g, CH4 0.0156 g (0.464 g CO2e), N2O 0.0016 g (0.425 g CO2e): 865.765 g, although both gases show 0.
    assert (line.gases.co2_g, line.gases.ch4_g, line.gases.n2o_g) == (865, 0, 0)
    assert line.measures.scope1_g == 866


def test_a_liquid_in_mass_does_not_use_the_density() -> None:
    litres = computed(PERIOD, (f"{ROOT} fuel.petrol.vehicles 1000 L",)).totals.scope1_g
    tonnes = computed(PERIOD, (f"{ROOT} fuel.petrol.vehicles 0.73 t",))
    assert tonnes.totals.scope1_g == litres
    assert tonnes.lines[0].quantity.to_document() == {"value": "730", "unit": "kg"}


def test_meters_and_records_of_a_unit_add_up_to_one_line() -> None:
    meter = MeteredEnergy.of_record("m1", ROOT, meter_record(PERIOD, [250_000], [1]))
    statement = computed(PERIOD, (f"{ROOT} electricity.purchased 1.5 MWh",), meters=(meter,))
    line = statement.line(ROOT, "electricity.purchased")
    # 35,040 quarters of an hour of 0.25 kWh are 8,760 kWh.
    assert line.quantity.value == "10260"
    assert [source.to_document() for source in line.sources] == [
        {"kind": "activity", "id": f"{ROOT}-electricity.purchased"},
        {"kind": "meter", "id": "m1"},
    ]
    assert statement.meters[0].record == meter.summary.record


@pytest.mark.parametrize(("missing_of_20", "quality"), [(0, 1), (1, 1), (2, 3)])
def test_a_meter_with_more_than_5_percent_not_measured_counts_3(missing_of_20: int, quality: int) -> None:
    flags = [0] * missing_of_20 + [1] * (20 - missing_of_20)
    values = [0 if flag == 0 else 1000 for flag in flags]
    meter = MeteredEnergy.of_record("m1", ROOT, meter_record(PERIOD, values, flags))
    assert meter.summary.missing * 20 == missing_of_20 * meter.summary.slots
    assert computed(PERIOD, meters=(meter,)).lines[0].quality == quality


def test_quality_of_a_line_is_the_worst_of_its_sources() -> None:
    records = (
        record(f"{ROOT} scope1.reported 1 tCO2e", PERIOD, id="a", quality=2),
        record(f"{ROOT} scope1.reported 1 tCO2e", PERIOD, id="b", quality=5),
    )
    given_inputs = inputs(PERIOD)
    computation = compute(replace(given_inputs, activity=replace(given_inputs.activity, records=records)))
    assert computation.statement is not None
    assert computation.statement.lines[0].quality == 5


def test_a_statement_has_all_four_columns_and_nothing_that_is_left_out() -> None:
    document = computed(PERIOD, (f"{ROOT} electricity.purchased 1 kWh",)).to_document()
    assert "not_computed" not in document
    assert set(document["totals"]) == {"scope1_g", "scope2_location_g", "scope2_market_g", "scope3_g"}  # type: ignore[arg-type]


def test_an_empty_inventory_has_no_lines_and_zero_totals() -> None:
    statement = computed(PERIOD)
    assert statement.lines == ()
    assert statement.totals == Measures()


@pytest.mark.parametrize(
    ("revision", "cause", "supersedes"),
    [(0, "first", None), (1, "data", None), (1, "first", "0" * 64), (2, "first", "0" * 64), (2, "data", None), (2, "typo", "0" * 64)],
)
def test_revision_cause_and_supersedes_must_agree(revision: int, cause: str, supersedes: str | None) -> None:
    with pytest.raises(InputError):
        replace(inputs(PERIOD), revision=revision, cause=cause, supersedes=supersedes)


def test_a_correction_links_to_what_it_replaces() -> None:
    first = computed(PERIOD, (f"{ROOT} scope1.reported 1 tCO2e",))
    corrected = replace(inputs(PERIOD, (f"{ROOT} scope1.reported 2 tCO2e",)), revision=2, cause="data", supersedes=first.digest())
    statement = compute(corrected).statement
    assert statement is not None
    assert statement.to_document()["supersedes"] == first.digest()


def golden_inputs() -> Inputs:
    """Three levels, meters of three quantities, a move, a landlord, instruments, every scope, a blend, choices and a declared figure."""
    meters = (
        MeteredEnergy.of_record("m-001", "outlet-1", meter_record(PERIOD, [12_345, 0, 98_765, 7], [1, 0, 1, 2], key=bytes(range(32)))),
        MeteredEnergy.of_record("p-001", "branch-2", meter_record(PERIOD, [0, 45_678], [1], quantity=Quantity.PV_GENERATION)),
        MeteredEnergy.of_record("x-001", "branch-2", meter_record(PERIOD, [0, 12_345], [1], quantity=Quantity.EL_EXPORT)),
    )
    records = (
        "branch-1 electricity.purchased 12.345 MWh",
        "branch-1 fuel.petrol.vehicles 1234.5 L",
        "branch-2 electricity.purchased 100001 kWh",
        "branch-2 heat.purchased 321 GJ",
        "branch-2 fuel.petrol.vehicles 0.9 t",
        "branch-2 refrigerant.r410a 3.3 kg",
        f"{ROOT} electricity.purchased 37 MWh",
        f"{ROOT} fuel.natural_gas.stationary 2500 m3",
        f"{ROOT} scope1.reported 1.0000005 tCO2e",
        f"{ROOT} travel.rail 54321 pkm",
    )
    given_inputs = inputs(
        PERIOD,
        records,
        units=("branch-1", "branch-1>outlet-1", "branch-2"),
        figures=("indicator/electricity.purchased 44.39 0.005", "all_market_g 86.32 0.005"),
        choices=("fuel.natural_gas.stationary fuel.gas",),
        release=small_release(grid_average="0.5306", grid_residual="0.6096"),
        meters=meters,
        instruments=(f"c-1 {ROOT} 30 MWh 2024-12-01", "c-2 branch-1 5 MWh 2025-02-01 2025-12-01", "k-1 outlet-1 77.777 kWh @0.1"),
        today=date(2026, 1, 31),
    )
    placements = (Placement("branch-1", date(2000, 1, 1)), Placement("branch-2", date(2025, 9, 1)))
    given_inputs = changed(given_inputs, "outlet-1", placements=placements)
    given_inputs = changed(given_inputs, "branch-2", allocations=(Allocation(date(2020, 1, 1), "area", "700", "2100", "lease"),))
    leased = tuple(
        replace(item, source=Source("landlord", "bill")) if item.id == "branch-2-electricity.purchased" else item
        for item in given_inputs.activity.records
    )
    return replace(given_inputs, activity=replace(given_inputs.activity, records=leased))


def test_the_golden_statement_comes_out_byte_for_byte() -> None:
    computation = compute(golden_inputs())
    assert computation.statement is not None
    assert not has_errors(computation.findings)
    assert computation.statement.to_bytes() == (GOLDEN / "statement.json").read_bytes()


def test_the_golden_statement_follows_from_a_plain_reading_of_the_specification() -> None:
    given_inputs = golden_inputs()
    parts = (given_inputs.organisation, given_inputs.activity, given_inputs.release)
    organisation, activity, library = (json.loads(canonical.dump(part.to_document())) for part in parts)
    meters = [meter.summary.to_document() for meter in given_inputs.meters]
    again = compute_again(organisation, activity, library, meters, "AR6", "2025-01-01", "2025-12-31")
    golden = json.loads((GOLDEN / "statement.json").read_bytes())
    assert {name: golden[name] for name in again} == again


def test_the_golden_statement_reads_back() -> None:
    data = (GOLDEN / "statement.json").read_bytes()
    statement = Statement.from_document(canonical.load_canonical(data))
    assert statement.to_bytes() == data
    assert statement == compute(golden_inputs()).statement
