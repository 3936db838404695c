"""Every finding of the method has one tiny input that makes it, and names the place, got and expected."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest

from ledger.accounting.meter_checks import check_open_days, find_open_slots
from ledger.accounting.methods.operational_1 import Inputs, MeteredEnergy, compute
from ledger.accounting.validators.ranges import RANGES
from ledger.accounting.validators.units import check_reports
from ledger.indicators.measure import Selection
from ledger.indicators.shipped import shipped_release
from ledger.records.meter_record import MeterRecord
from tests.accounting.inventory import (
    BANK,
    ROOT,
    changed,
    choice,
    codes,
    computed,
    figure,
    inputs,
    meter_record,
    organisation,
    record,
    the,
    year,
)
from tests.accounting.small_release import small_release

PERIOD = year(2025)
GAS = "fuel.natural_gas.stationary"


def with_record(text: str, **changes: object) -> Inputs:
    given = inputs(PERIOD)
    return replace(given, activity=replace(given.activity, records=(replace(record(text, PERIOD), **changes),)))  # type: ignore[arg-type]


REFUSED = [
    ("UNIT_UNKNOWN", f"outlet-9 {GAS} 1 m3", "/records/0/unit", "outlet-9"),
    ("INDICATOR_UNKNOWN", f"{ROOT} fuel.wood 1 kg", "/records/0/indicator", "fuel.wood"),
    ("MEASURE_UNKNOWN", f"{ROOT} {GAS} 1 gallon", "/records/0/quantity/unit", "gallon"),
    ("DIMENSION_WRONG", f"{ROOT} {GAS} 1 kWh", "/records/0/quantity/unit", "kWh (electricity)"),
    ("DIMENSION_WRONG", f"{ROOT} {GAS} 1 kg", "/records/0/quantity/unit", "kg (mass)"),
    ("QUANTITY_NEGATIVE", f"{ROOT} {GAS} -0.5 m3", "/records/0/quantity/value", "-0.5"),
    ("QUANTITY_INVALID", f"{ROOT} {GAS} 1e3 m3", "/records/0/quantity/value", "1e3"),
    ("LINE_TOO_LARGE", f"{ROOT} scope1.reported {10**30} tCO2e", "/records/0", None),
]


@pytest.mark.parametrize(("code", "text", "place", "got"), REFUSED)
def test_a_record_that_leaves_a_line_undefined_leaves_no_statement(code: str, text: str, place: str, got: str | None) -> None:
    computation = compute(with_record(text))
    finding = the(computation, code)
    assert (finding.severity, finding.place, finding.got) == ("error", place, got)
    assert computation.statement is None
    assert not computation.may_be_signed


def test_all_findings_come_at_once() -> None:
    records = (f"outlet-9 {GAS} 1 kWh", f"{ROOT} fuel.wood -1 stere", f"{ROOT} fuel.petrol.vehicles 1 L")
    computation = compute(inputs(PERIOD, records, units=("branch-1",), choices=("fuel.petrol.vehicles fuel.diesel.generic",)))
    assert sorted(codes(computation, "error")) == sorted(
        ["UNIT_UNKNOWN", "DIMENSION_WRONG", "INDICATOR_UNKNOWN", "MEASURE_UNKNOWN", "FACTOR_NOT_ADMITTED", "UNIT_WITHOUT_DATA"]
    )


@pytest.mark.parametrize(("start", "end"), [(date(2024, 12, 31), date(2025, 1, 31)), (date(2025, 12, 1), date(2026, 1, 1))])
def test_a_record_outside_the_period_is_refused(start: date, end: date) -> None:
    finding = the(compute(with_record(f"{ROOT} {GAS} 1 m3", start=start, end=end)), "RECORD_OUTSIDE_PERIOD")
    assert finding.expected == "within 2025-01-01 to 2025-12-31"


def test_both_bounds_of_the_period_are_inside() -> None:
    assert compute(with_record(f"{ROOT} {GAS} 1 m3", start=date(2025, 1, 1), end=date(2025, 12, 31))).findings == ()


@pytest.mark.parametrize(("opened", "closed"), [(date(2025, 1, 2), None), (date(2020, 1, 1), date(2025, 12, 30))])
def test_a_record_outside_the_units_opening_dates_is_refused(opened: date, closed: date | None) -> None:
    given = inputs(PERIOD, (f"branch-1 {GAS} 1 m3",), units=("branch-1",))
    computation = compute(dated(given, opened, closed))
    assert codes(computation) == ["RECORD_OUTSIDE_UNIT_DATES"]
    assert computation.statement is None


def test_the_days_of_opening_and_closing_are_inside() -> None:
    given = inputs(PERIOD, (f"branch-1 {GAS} 1 m3",), units=("branch-1",))
    first, last = PERIOD.first_day, PERIOD.last_day
    assert compute(dated(given, first, last)).findings == ()


def test_a_record_that_stands_twice_is_refused() -> None:
    given = with_record(f"{ROOT} {GAS} 1 m3")
    twice = replace(given, activity=replace(given.activity, records=given.activity.records * 2))
    assert the(compute(twice), "RECORD_TWICE").place == "/records/1/id"


def test_a_record_of_the_future_is_refused_only_where_today_is_known() -> None:
    given = with_record(f"{ROOT} {GAS} 1 m3", end=date(2025, 6, 30))
    assert codes(compute(replace(given, today=date(2025, 6, 29)))) == ["DATE_IN_FUTURE"]
    assert codes(compute(replace(given, today=date(2025, 6, 30)))) == []
    assert codes(compute(given)) == []


def test_litres_and_kilograms_in_one_line_are_refused() -> None:
    given = inputs(PERIOD)
    records = (record(f"{ROOT} fuel.petrol.vehicles 1 L", PERIOD, id="a"), record(f"{ROOT} fuel.petrol.vehicles 1 kg", PERIOD, id="b"))
    finding = the(compute(replace(given, activity=replace(given.activity, records=records))), "BASES_MIXED")
    assert (finding.place, finding.got) == ("/records/1/quantity/unit", "liquid and mass")


def test_litres_with_a_factor_without_density_are_refused() -> None:
    computation = compute(inputs(PERIOD, (f"{ROOT} fuel.petrol.vehicles 1 L",), choices=("fuel.petrol.vehicles fuel.petrol.generic",)))
    finding = the(computation, "FACTOR_BASE_WRONG")
    assert (finding.place, finding.got, computation.statement) == ("/records/0/quantity/unit", "L", None)
    by_mass = inputs(PERIOD, (f"{ROOT} fuel.petrol.vehicles 1 t",), choices=("fuel.petrol.vehicles fuel.petrol.generic",))
    assert compute(by_mass).may_be_signed


def test_a_year_and_region_without_a_rule_needs_a_choice_for_each_use() -> None:
    given = inputs(year(2018), (f"{ROOT} electricity.purchased 1 kWh",))
    elsewhere = replace(given, organisation=organisation(region="CN-HK"))
    computation = compute(elsewhere)
    assert [(item.code, item.params["use"]) for item in computation.findings] == [
        ("FACTOR_NOT_FOUND", "location"),
        ("FACTOR_NOT_FOUND", "market"),
    ]
    assert computation.statement is None
    factor = "electricity.purchased grid_regional.cn-south.2012"
    choices = (choice(factor), choice(f"{factor} market"))
    assert compute(replace(elsewhere, activity=replace(elsewhere.activity, factor_choices=choices))).may_be_signed


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("fuel.petrol.vehicles fuel.diesel.generic", "FACTOR_NOT_ADMITTED", "/factor_choices/0/factor"),
        ("electricity.purchased fuel.diesel.generic", "FACTOR_NOT_ADMITTED", "/factor_choices/0/factor"),
        ("electricity.purchased grid_average.cn.1999", "FACTOR_UNKNOWN", "/factor_choices/0/factor"),
        ("electricity.sold grid_average.cn.2023", "INDICATOR_UNKNOWN", "/factor_choices/0/indicator"),
    ],
)
def test_a_wrong_choice_is_refused_even_where_nothing_uses_it(text: str, code: str, place: str) -> None:
    computation = compute(inputs(PERIOD, (f"{ROOT} {GAS} 1 m3",), choices=(text,)))
    assert the(computation, code).place == place
    assert computation.statement is None


def test_two_choices_for_one_indicator_are_refused() -> None:
    choices = ("electricity.purchased grid_average.cn.2023", "electricity.purchased grid_ets.cn.0.5703")
    assert the(compute(inputs(PERIOD, choices=choices)), "FACTOR_CHOICE_TWICE").place == "/factor_choices/1/indicator"


@pytest.mark.parametrize(
    ("choices", "place"),
    [
        (("electricity.purchased grid.local",), "/factor_choices/0/factor"),
        (("electricity.purchased grid.residual market", "electricity.vehicles grid.local"), "/factor_choices/1/factor"),
    ],
)
def test_a_local_factor_of_another_institution_is_refused(choices: tuple[str, ...], place: str) -> None:
    release = small_release()
    computation = compute(inputs(PERIOD, (f"{ROOT} electricity.purchased 1 kWh",), choices=choices, release=release))
    finding = the(computation, "FACTOR_OF_ANOTHER")
    assert (finding.severity, finding.place, finding.got) == ("error", place, "a local factor of another-bank")
    assert computation.statement is None
    own = tuple(replace(factor, owner=BANK) if factor.owner else factor for factor in release.factors)
    own_release = replace(release, factors=own)
    assert compute(inputs(PERIOD, (f"{ROOT} electricity.purchased 1 kWh",), choices=choices, release=own_release)).may_be_signed


def test_a_rule_of_a_release_that_selects_what_may_not_be_used_is_refused_as_a_choice_is() -> None:
    release = small_release()
    for factor, code in (("grid.local", "FACTOR_OF_ANOTHER"), ("grid.om", "FACTOR_NOT_ADMITTED")):
        rules = (Selection("electricity.purchased", "*", None, factor), *release.selections)
        computation = compute(inputs(PERIOD, (f"{ROOT} electricity.purchased 1 kWh",), release=replace(release, selections=rules)))
        assert (the(computation, code).place, computation.statement) == ("/factor_choices", None)


@pytest.mark.parametrize(("lag", "found"), [(2, False), (1, True)])
def test_the_release_says_how_old_a_factor_may_be(lag: int, found: bool) -> None:
    release = small_release()
    strict = replace(release, policies=replace(release.policies, max_lag_years=lag))
    computation = compute(inputs(PERIOD, (f"{ROOT} electricity.purchased 1 kWh",), release=strict))
    warned = [(item.code, item.params["use"]) for item in computation.findings]
    assert warned == ([("FACTOR_DATA_YEAR", "location"), ("FACTOR_DATA_YEAR", "market")] if found else [])


@pytest.mark.parametrize(
    ("reporting", "data_year", "found"), [(2023, 2023, False), (2025, 2023, False), (2026, 2023, True), (2022, 2023, True)]
)
def test_a_factor_of_a_distant_or_later_year_is_pointed_out(reporting: int, data_year: int, found: bool) -> None:
    records, choices = (f"{ROOT} electricity.purchased 1 kWh",), (f"electricity.purchased grid_average.cn.{data_year}",)
    computation = compute(inputs(year(reporting), records, choices=choices))
    about_the_choice = [item.code for item in computation.findings if item.params["use"] == "location"]
    assert about_the_choice == (["FACTOR_DATA_YEAR"] if found else [])
    assert computation.may_be_signed


@pytest.mark.parametrize(
    ("factor", "got"),
    [("grid_average.cn-zj.2023", "one secondary source"), ("grid_average.cn.2021", "from memory"), ("grid_average.cn.2023", None)],
)
def test_a_factor_that_nobody_read_in_its_publication_never_looks_official(factor: str, got: str | None) -> None:
    computation = compute(inputs(year(2023), (f"{ROOT} electricity.purchased 1 kWh",), choices=(f"electricity.purchased {factor}",)))
    unconfirmed = [finding for finding in computation.findings if finding.code == "FACTOR_UNCONFIRMED"]
    found = [finding.got for finding in unconfirmed if finding.params["factor"] == factor]
    assert found == ([] if got is None else [got])
    assert computation.may_be_signed


def test_a_factor_outside_its_physical_range_is_refused_for_signing_but_shown() -> None:
    release = shipped_release()
    slipped = replace(release.factor("grid_average.cn.2023"), value="5.306")
    factors = tuple(slipped if factor.id == slipped.id else factor for factor in release.factors)
    computation = compute(inputs(PERIOD, (f"{ROOT} electricity.purchased 1 kWh",), release=replace(release, factors=factors)))
    assert the(computation, "IMPLIED_FACTOR_RANGE").expected == "0 to 1.3 kg/kWh"
    assert computation.statement is not None
    assert not computation.may_be_signed


@pytest.mark.parametrize("gwp", [gwp.id for gwp in shipped_release().gwp_sets])
def test_every_shipped_factor_lies_in_the_physical_range_of_its_carrier_if_there_is_one(gwp: str) -> None:
    release = shipped_release()
    checked = set()
    for factor in release.factors:
        for bounds in RANGES:
            if bounds.carrier == factor.carrier and factor.serves(bounds.dimension):
                assert bounds.low <= factor.gases(bounds.dimension).co2e(release.gwp_set(gwp)) <= bounds.high, factor.id
                checked.add(factor.id)
    carriers = {bounds.carrier for bounds in RANGES}
    assert checked == {factor.id for factor in release.factors if factor.carrier in carriers}


def meter(flags: list[int], values: list[int], unit: str = ROOT, record: MeterRecord | None = None) -> MeteredEnergy:
    return MeteredEnergy.of_record("m1", unit, record or meter_record(PERIOD, values, flags))


@pytest.mark.parametrize(("flags", "quality"), [([1], 1), ([1] * 19 + [2], 1), ([1] * 18 + [0, 3], 3)])
def test_what_was_not_measured_lowers_the_quality_of_the_line_and_is_said_once_by_the_record(flags: list[int], quality: int) -> None:
    computation = compute(inputs(PERIOD, meters=(meter(flags, [100 if flag else 0 for flag in flags]),), release=small_release()))
    assert computation.findings == (), "which slots were owed is for the record's own check to know (METER_COVERAGE, METER_GAP)"
    assert computation.statement is not None
    assert [line.quality for line in computation.statement.lines] == [quality]
    assert computation.may_be_signed


def test_a_meter_of_another_period_is_refused() -> None:
    computation = compute(inputs(PERIOD, meters=(meter([1], [1], record=meter_record(year(2024), [1], [1])),), release=small_release()))
    assert (codes(computation), computation.statement) == (["METER_PERIOD"], None)


def test_a_meter_that_stands_twice_is_refused() -> None:
    assert "METER_TWICE" in codes(compute(inputs(PERIOD, meters=(meter([1], [1]), meter([1], [2])))))


def test_a_meter_of_an_unknown_unit_is_refused() -> None:
    assert the(compute(inputs(PERIOD, meters=(meter([1], [1], unit="outlet-9"),))), "UNIT_UNKNOWN").place == "meter m1"


def test_a_meter_and_an_invoice_of_one_unit_are_pointed_out() -> None:
    computation = compute(inputs(PERIOD, (f"{ROOT} electricity.purchased 1 kWh",), meters=(meter([1], [1]),), release=small_release()))
    assert codes(computation, "warning") == ["METER_AND_INVOICE"]
    assert computation.may_be_signed


def test_a_branch_is_covered_by_its_outlets_but_not_the_other_way_round() -> None:
    units = ("branch-1", "branch-1>outlet-1", "branch-1>outlet-2")
    assert codes(compute(inputs(PERIOD, (f"outlet-1 {GAS} 1 m3", f"outlet-2 {GAS} 0 m3"), units=units))) == []
    missing = [finding.place for finding in compute(inputs(PERIOD, (f"branch-1 {GAS} 1 m3",), units=units)).findings]
    assert missing == ["unit outlet-1", "unit outlet-2"]
    missing = [finding.place for finding in compute(inputs(PERIOD, (f"{ROOT} {GAS} 1 m3",), units=units)).findings]
    assert missing == ["unit branch-1", "unit outlet-1", "unit outlet-2"]


@pytest.mark.parametrize(
    ("opened", "closed", "expected"),
    [(date(2026, 1, 1), None, False), (date(2020, 1, 1), date(2024, 12, 31), False), (date(2025, 12, 31), None, True)],
)
def test_only_a_unit_that_was_open_in_the_period_must_have_data(opened: date, closed: date | None, expected: bool) -> None:
    given = inputs(PERIOD, (f"{ROOT} {GAS} 1 m3",), units=("branch-1",))
    computation = compute(dated(given, opened, closed))
    assert ("UNIT_WITHOUT_DATA" in codes(computation)) is expected


@pytest.mark.parametrize(
    ("value", "tolerance", "ties"), [("1.5", "0", True), ("1.4", "0.1", True), ("1.6", "0.1", True), ("1.4", "0.09999999", False)]
)
def test_a_declared_total_ties_out_up_to_its_tolerance_exactly(value: str, tolerance: str, ties: bool) -> None:
    computation = compute(inputs(PERIOD, (f"{ROOT} scope1.reported 1.5 tCO2e",), figures=(f"scope1_g {value} {tolerance}",)))
    assert computation.may_be_signed is ties


def test_declared_totals_in_another_unit_than_emissions_are_refused() -> None:
    given = inputs(PERIOD)
    broken = replace(figure("scope1_g 1 0"), unit="MWh")
    computation = compute(replace(given, activity=replace(given.activity, declared_totals=(broken,))))
    assert the(computation, "MEASURE_UNKNOWN").place == "/declared_totals/0/unit"


def test_a_declared_figure_for_an_unknown_indicator_is_refused() -> None:
    assert the(compute(inputs(PERIOD, figures=("indicator/fuel.wood 1 0",))), "INDICATOR_UNKNOWN").place == "/declared_totals/0/measure"


def test_another_institution_period_gwp_or_method_is_refused() -> None:
    given = inputs(PERIOD)
    assert codes(compute(replace(given, activity=replace(given.activity, institution="other")))) == ["INSTITUTION_OTHER"]
    assert codes(compute(replace(given, activity=replace(given.activity, period=year(2024))))) == ["PERIOD_OTHER"]
    assert codes(compute(replace(given, gwp="SAR"))) == ["GWP_UNKNOWN"]
    assert codes(compute(replace(given, release=replace(given.release, methods=())))) == ["METHOD_UNKNOWN"]


def test_findings_carry_what_a_translated_text_needs() -> None:
    computation = compute(with_record(f"{ROOT} {GAS} -1 m3", start=PERIOD.first_day - timedelta(days=1)))
    assert all(finding.action and finding.params["record"] == f"{ROOT}-{GAS}" for finding in computation.findings)
    assert len(computation.findings) == 2


def test_ranges_are_ordered_and_stand_once() -> None:
    assert all(Fraction(0) <= bounds.low <= bounds.high for bounds in RANGES)
    assert len({(bounds.carrier, bounds.dimension) for bounds in RANGES}) == len(RANGES)


def test_a_meter_that_never_reported_is_no_data() -> None:
    silent = MeteredEnergy.of_record("m1", "branch-1", meter_record(PERIOD, [0], [0]))
    computation = compute(inputs(PERIOD, (f"{ROOT} {GAS} 1 m3",), units=("branch-1",), meters=(silent,)))
    finding = the(computation, "METER_WITHOUT_READINGS")
    assert (finding.severity, finding.place, finding.got) == ("error", "meter m1", "0 of 35040 slots with a reading")
    assert (finding.params["meter"], finding.params["unit"]) == ("m1", "branch-1")
    assert the(computation, "UNIT_WITHOUT_DATA").place == "unit branch-1"
    assert computation.statement is not None, "it is shown, to look at"
    assert not computation.may_be_signed


@pytest.mark.parametrize("flag", [1, 2, 3, 4, 5])
def test_one_reading_of_any_kind_is_data(flag: int) -> None:
    flags = [0] * PERIOD.slots(15)
    flags[-1] = flag
    once = MeteredEnergy.of_record("m1", "branch-1", meter_record(PERIOD, [0], flags))
    computation = compute(inputs(PERIOD, (f"{ROOT} {GAS} 1 m3",), units=("branch-1",), meters=(once,)))
    assert codes(computation, "error") == []


def test_a_unit_with_a_silent_meter_and_a_record_has_data_but_the_meter_still_must_report() -> None:
    silent = MeteredEnergy.of_record("m1", "branch-1", meter_record(PERIOD, [0], [0]))
    records = ("branch-1 electricity.purchased 1 kWh",)
    assert codes(compute(inputs(PERIOD, records, units=("branch-1",), meters=(silent,))), "error") == ["METER_WITHOUT_READINGS"]


def test_of_a_meter_whose_unit_is_closed_or_unknown_that_alone_is_said() -> None:
    silent = MeteredEnergy.of_record("m1", "branch-1", meter_record(PERIOD, [0], [0]))
    given = inputs(PERIOD, (f"{ROOT} {GAS} 1 m3",), units=("branch-1",), meters=(silent,))
    assert codes(compute(dated(given, date(2026, 1, 1), None)), "error") == ["RECORD_OUTSIDE_UNIT_DATES"]
    assert codes(compute(inputs(PERIOD, (f"{ROOT} {GAS} 1 m3",), meters=(silent,))), "error") == ["UNIT_UNKNOWN"]


def dated(given: Inputs, opened: date, closed: date | None) -> Inputs:
    """The same inputs with branch-1 open from `opened` to `closed`."""
    return changed(given, "branch-1", opened=opened, closed=closed, closing=None if closed is None else "closed")


@pytest.mark.parametrize(
    ("opened", "closed", "first", "slots"),
    [
        (date(2025, 1, 1), None, 0, 35_040),
        (date(2025, 1, 2), None, 96, 34_944),
        (date(2025, 12, 31), date(2025, 12, 31), 34_944, 96),
        (date(2000, 1, 1), date(2025, 1, 1), 0, 96),
        (date(2026, 1, 1), None, 0, 0),
        (date(2000, 1, 1), date(2024, 12, 31), 0, 0),
    ],
)
def test_the_slots_of_a_unit_are_those_of_its_open_days(opened: date, closed: date | None, first: int, slots: int) -> None:
    unit = dated(inputs(PERIOD, units=("branch-1",)), opened, closed).organisation.unit("branch-1")
    found = find_open_slots(meter_record(PERIOD, [1], [1]), unit, PERIOD)
    assert (found.start if slots else 0, len(found)) == (first, slots)


@pytest.mark.parametrize(
    ("at", "got"),
    [
        (95, "slots with a reading: 1, the first at 2025-01-01T15:45:00Z"),
        (96, None),
        (191, None),
        (192, "slots with a reading: 1, the first at 2025-01-02T16:00:00Z"),
    ],
)
def test_a_reading_outside_the_days_on_which_its_unit_was_open_is_an_error(at: int, got: str | None) -> None:
    unit = dated(inputs(PERIOD, units=("branch-1",)), date(2025, 1, 2), date(2025, 1, 2)).organisation.unit("branch-1")
    flags = [0] * PERIOD.slots(15)
    flags[at] = 1
    found = check_open_days("m1", meter_record(PERIOD, [0], flags), unit, PERIOD)
    assert [(finding.code, finding.severity, finding.got) for finding in found] == (
        [] if got is None else [("RECORD_OUTSIDE_UNIT_DATES", "error", got)]
    )


def test_a_statement_without_a_line_reports_nothing() -> None:
    assert [(item.code, item.severity) for item in check_reports(computed(PERIOD))] == [("NOTHING_TO_REPORT", "error")]
    assert check_reports(computed(PERIOD, (f"{ROOT} {GAS} 0 m3",))) == ()
