"""Meters of every quantity: which line each enters, and power that a unit generates and uses itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.accounting.methods.operational_1 import MeteredEnergy, compute
from ledger.accounting.methods.operational_1.meters import METERED
from ledger.records.meter_record import Quantity
from tests.accounting.inventory import ROOT, codes, computed, inputs, meter, meter_record, the, year
from tests.accounting.small_release import small_release

PERIOD = year(2025)
PV, EXPORT, IMPORT = Quantity.PV_GENERATION, Quantity.EL_EXPORT, Quantity.EL_IMPORT


@pytest.mark.parametrize(
    ("quantity", "total", "indicator", "value", "unit"),
    [
        (IMPORT, 1_234_567_891, "electricity.purchased", "1234.567891", "kWh"),
        (PV, 2_000_001, "electricity.self_used_pv", "2.000001", "kWh"),
        (Quantity.GAS_VOLUME, 12_345, "fuel.natural_gas.stationary", "12.345", "m3"),
        (Quantity.WATER_VOLUME, 7_001, "water.supply", "7.001", "m3"),
        (Quantity.HEAT_ENERGY, 3_600_005, "heat.purchased", "3600.005", "MJ"),
    ],
)
def test_a_meter_enters_the_line_of_what_it_measures(quantity: Quantity, total: int, indicator: str, value: str, unit: str) -> None:
    statement = computed(PERIOD, meters=(meter("m1", ROOT, quantity, total, PERIOD),), release=small_release())
    line = statement.line(ROOT, indicator)
    assert (line.quantity.value, line.quantity.unit) == (value, unit)
    assert [source.to_document() for source in line.sources] == [{"kind": "meter", "id": "m1"}]
    assert statement.lines == (line,)


def test_every_quantity_of_meters_has_its_line() -> None:
    assert [metered.quantity for metered in METERED] == [IMPORT, PV, EXPORT, *list(Quantity)[3:]]
    assert len(METERED) == len(Quantity)


def test_self_used_power_is_what_was_generated_less_what_was_exported() -> None:
    meters = (
        *(meter("pv-1", ROOT, PV, 900_000_000, PERIOD), meter("pv-2", ROOT, PV, 100_000_000, PERIOD)),
        meter("x-1", ROOT, EXPORT, 400_000_000, PERIOD),
    )
    line = computed(PERIOD, meters=meters, release=small_release()).line(ROOT, "electricity.self_used_pv")
    assert line.quantity.value == "600"
    assert [source.id for source in line.sources] == ["pv-1", "pv-2", "x-1"]
    assert sum(line.measures.as_tuple()) == 0
    # 1 % of each: √(900² + 100² + 400²) ÷ 1,400 = 0.707 of it.
    assert line.uncertainty.activity_bp == 71


def test_all_that_was_generated_may_be_exported() -> None:
    meters = (meter("pv", ROOT, PV, 5, PERIOD), meter("x", ROOT, EXPORT, 5, PERIOD))
    assert computed(PERIOD, meters=meters, release=small_release()).lines[0].quantity.value == "0"


def test_more_exported_than_generated_is_refused() -> None:
    meters = (meter("pv", ROOT, PV, 5_000_000, PERIOD), meter("x", ROOT, EXPORT, 5_000_001, PERIOD))
    computation = compute(inputs(PERIOD, meters=meters, release=small_release()))
    finding = the(computation, "EXPORT_EXCEEDS_GENERATION")
    assert (finding.severity, finding.place, finding.got, computation.statement) == ("error", f"unit {ROOT}", "5.000001 kWh exported", None)


def test_a_record_of_own_generation_does_not_hide_that_the_meters_contradict_each_other() -> None:
    meters = (meter("pv", ROOT, PV, 5_000_000, PERIOD), meter("x", ROOT, EXPORT, 6_000_000, PERIOD))
    records = (f"{ROOT} electricity.self_used_pv 100 kWh",)
    assert "EXPORT_EXCEEDS_GENERATION" in codes(compute(inputs(PERIOD, records, meters=meters, release=small_release())))


def test_the_exporting_meter_of_another_unit_takes_nothing_off() -> None:
    meters = (meter("pv", "branch-1", PV, 5_000_000, PERIOD), meter("x", ROOT, EXPORT, 6_000_000, PERIOD))
    statement = computed(PERIOD, meters=meters, units=("branch-1",), release=small_release())
    assert [(line.unit, line.quantity.value) for line in statement.lines] == [("branch-1", "5")]
    assert [item.meter for item in statement.meters] == ["pv", "x"]


def test_a_unit_that_only_exports_has_no_data() -> None:
    computation = compute(inputs(PERIOD, meters=(meter("x", "branch-1", EXPORT, 5, PERIOD),), units=("branch-1",), release=small_release()))
    assert codes(computation, "error") == ["UNIT_WITHOUT_DATA"]


def test_purchased_power_is_not_less_for_what_is_exported() -> None:
    meters = (
        meter("m", ROOT, IMPORT, 10_000_000, PERIOD),
        meter("x", ROOT, EXPORT, 4_000_000, PERIOD),
        meter("pv", ROOT, PV, 9_000_000, PERIOD),
    )
    statement = computed(PERIOD, meters=meters, release=small_release())
    assert [(line.indicator, line.quantity.value) for line in statement.lines] == [
        ("electricity.purchased", "10"),
        ("electricity.self_used_pv", "5"),
    ]


def test_a_release_without_the_indicator_of_a_meter_is_refused_at_the_meter() -> None:
    release = small_release()
    without = replace(release, indicators=tuple(item for item in release.indicators if item.id != "water.supply"))
    water = meter("m1", ROOT, Quantity.WATER_VOLUME, 1, PERIOD)
    assert the(compute(inputs(PERIOD, meters=(water,), release=without)), "INDICATOR_UNKNOWN").place == "meter m1"
    # An exporting meter alone enters no line, so it needs none.
    none = replace(release, indicators=())
    assert "INDICATOR_UNKNOWN" not in codes(compute(inputs(PERIOD, meters=(meter("x", ROOT, EXPORT, 1, PERIOD),), release=none)))


def test_a_release_in_which_an_indicator_measures_something_else_is_refused_at_the_meter() -> None:
    release = small_release()
    by_mass = tuple(replace(item, dimension="mass") if item.id == "water.supply" else item for item in release.indicators)
    water = meter("m1", ROOT, Quantity.WATER_VOLUME, 1, PERIOD)
    computation = compute(inputs(PERIOD, meters=(water,), release=replace(release, indicators=by_mass)))
    finding = the(computation, "DIMENSION_WRONG")
    assert (finding.place, finding.got, finding.expected) == ("meter m1", "water.volume (volume)", "mass")
    assert computation.statement is None


@pytest.mark.parametrize(("missing_of_20", "quality", "activity_bp"), [(0, 1, 100), (1, 1, 100), (2, 3, 500)])
def test_a_meter_with_gaps_is_of_lower_quality_and_less_certain(missing_of_20: int, quality: int, activity_bp: int) -> None:
    flags = [0] * missing_of_20 + [1] * (20 - missing_of_20)
    given = MeteredEnergy.of_record("m1", ROOT, meter_record(PERIOD, [1000 * flag for flag in flags], flags, quantity=Quantity.GAS_VOLUME))
    line = computed(PERIOD, meters=(given,), release=small_release()).lines[0]
    assert (line.quality, line.uncertainty.activity_bp) == (quality, activity_bp)


def test_a_meter_and_a_record_of_any_line_are_pointed_out() -> None:
    gas = meter("m1", ROOT, Quantity.GAS_VOLUME, 1, PERIOD)
    computation = compute(inputs(PERIOD, (f"{ROOT} fuel.natural_gas.stationary 1 m3",), meters=(gas,), release=small_release()))
    assert "METER_AND_INVOICE" in codes(computation, "warning")
