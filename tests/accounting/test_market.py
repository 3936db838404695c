"""Market-based Scope 2: which instruments count, how they are spread, and what is never covered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.accounting.methods.operational_1 import Computation, compute
from ledger.accounting.methods.operational_1.instruments import find_life_end, is_in_force
from ledger.accounting.methods.operational_1.market import spread
from ledger.records.activity import Amount
from ledger.records.organisation import Placement
from ledger.records.statement import Line, Statement
from tests.accounting.inventory import ROOT, changed, codes, inputs, instrument, the, year
from tests.accounting.small_release import small_release

PERIOD = year(2025)
POWER = "electricity.purchased"
THIS_YEAR = "2025-03-01"


def used(*records: str, instruments: tuple[str, ...] = (), units: tuple[str, ...] = ()) -> Computation:
    """What comes of electricity from `unit kWh` texts, or `unit indicator kWh`, under instruments."""
    texts = []
    for text in records:
        unit, *indicator, kwh = text.split()
        texts.append(f"{unit} {indicator[0] if indicator else POWER} {kwh} kWh")
    return compute(inputs(PERIOD, tuple(texts), units=units, instruments=instruments, release=small_release()))


def stated(computation: Computation) -> Statement:
    assert computation.statement is not None, computation.findings
    return computation.statement


def covered(line: Line) -> dict[str, str]:
    assert line.market is not None
    return {item.instrument: item.quantity for item in line.market.covered}


def test_case_29_certificates_cover_a_part_and_the_rest_takes_the_residual_factor() -> None:
    statement = stated(used(f"{ROOT} 1000000", instruments=(f"c1 {ROOT} 600 MWh {THIS_YEAR}",)))
    assert (statement.totals.scope2_location_g, statement.totals.scope2_market_g) == (200_000_000, 180_000_000)
    line = statement.lines[0]
    assert line.market is not None
    assert line.market.to_document() == {
        "factor": "grid.residual",
        "covered": [{"instrument": "c1", "quantity": "600000"}],
        "rest": "400000",
    }
    assert line.factor == "grid.average"


@pytest.mark.parametrize(
    ("mwh", "market_g", "found"), [("1000", 0, []), ("1000.000001", 0, ["INSTRUMENT_SURPLUS"]), ("1500", 0, ["INSTRUMENT_SURPLUS"])]
)
def test_case_29_more_certificates_than_consumption_cover_the_consumption_and_no_more(mwh: str, market_g: int, found: list[str]) -> None:
    computation = used(f"{ROOT} 1000000", instruments=(f"c1 {ROOT} {mwh} MWh {THIS_YEAR}",))
    statement = stated(computation)
    assert statement.totals.scope2_market_g == market_g
    assert covered(statement.lines[0]) == {"c1": "1000000"}
    assert codes(computation, "info") == found
    assert computation.may_be_signed


def test_a_surplus_says_what_it_is() -> None:
    finding = the(used(f"{ROOT} 10", instruments=(f"c1 {ROOT} 12.5 kWh {THIS_YEAR}",)), "INSTRUMENT_SURPLUS")
    assert (finding.place, finding.got, finding.params["surplus_wh"]) == ("/instruments/0/quantity/value", "12.5 kWh", "2500")


def test_without_instruments_everything_takes_the_residual_factor() -> None:
    statement = stated(used(f"{ROOT} 10"))
    assert (statement.totals.scope2_location_g, statement.totals.scope2_market_g) == (2000, 4500)
    assert covered(statement.lines[0]) == {}
    assert statement.lines[0].market is not None
    assert statement.lines[0].market.rest == "10"


def test_a_contract_covers_at_its_own_factor_whatever_the_year() -> None:
    statement = stated(used(f"{ROOT} 10", instruments=(f"k1 {ROOT} 4 kWh @0.123",)))
    assert statement.totals.scope2_market_g == 4 * 123 + 6 * 450


def test_heat_has_no_market_and_counts_in_both_columns() -> None:
    statement = stated(compute(inputs(PERIOD, (f"{ROOT} heat.purchased 1 GJ",), release=small_release())))
    assert statement.totals.scope2_location_g == statement.totals.scope2_market_g == 110_000
    assert statement.lines[0].market is None


def test_an_instrument_serves_its_unit_and_all_below_and_nothing_else() -> None:
    units = ("branch-1", "branch-1>outlet-1", "branch-2")
    computation = used(
        "branch-1 10", "outlet-1 10", "branch-2 10", f"{ROOT} 10", units=units, instruments=(f"c1 branch-1 99 kWh {THIS_YEAR}",)
    )
    assert [(line.unit, covered(line)) for line in stated(computation).lines] == [
        ("branch-1", {"c1": "10"}),
        ("branch-2", {}),
        (ROOT, {}),
        ("outlet-1", {"c1": "10"}),
    ]
    assert the(computation, "INSTRUMENT_SURPLUS").params["surplus_wh"] == "79000"


def test_an_outlets_own_instrument_comes_before_its_branchs_and_the_banks() -> None:
    units = ("branch-1", "branch-1>outlet-1")
    given_instruments = (
        f"a-bank {ROOT} 30 kWh {THIS_YEAR}",
        f"b-branch branch-1 10 kWh {THIS_YEAR}",
        f"z-outlet outlet-1 6 kWh {THIS_YEAR}",
    )
    statement = stated(used("outlet-1 10", "branch-1 10", f"{ROOT} 30", units=units, instruments=given_instruments))
    # The outlet takes its 6; of the branch's 10 the 4 and 10 that are left get 2.857 and 7.143 (in whole Wh). The bank's 30,000 Wh go to
    # 2,857 + 30,000 + 1,143 = 34,000: 2,520.88, 26,470.59, 1,008.53; the two that are left go to .88 and .59.
    assert covered(statement.line("outlet-1", POWER))["z-outlet"] == "6"
    assert covered(statement.line("outlet-1", POWER))["b-branch"] == "2.857"
    assert covered(statement.line("branch-1", POWER))["b-branch"] == "7.143"
    assert "a-bank" in covered(statement.line(ROOT, POWER))
    assert [line.market.rest for line in statement.lines if line.market] == ["0.336", "3.529", "0.135"]


def test_of_instruments_of_one_depth_the_smaller_id_comes_first() -> None:
    computation = used(f"{ROOT} 10", instruments=(f"c2 {ROOT} 8 kWh @0.2", f"c1 {ROOT} 8 kWh {THIS_YEAR}"))
    assert covered(stated(computation).lines[0]) == {"c1": "8", "c2": "2"}
    assert the(computation, "INSTRUMENT_SURPLUS").params["instrument"] == "c2"


def test_a_tie_goes_to_the_smaller_unit_and_then_to_the_smaller_indicator() -> None:
    records = ("branch-1 1", "branch-1 electricity.vehicles 1", "branch-2 1")
    computation = used(*records, units=("branch-1", "branch-2"), instruments=(f"c1 {ROOT} 1 Wh {THIS_YEAR}",))
    assert [covered(line) for line in stated(computation).lines] == [{"c1": "0.001"}, {}, {}]
    computation = used(*records, units=("branch-1", "branch-2"), instruments=(f"c1 {ROOT} 2 Wh {THIS_YEAR}",))
    assert [covered(line) for line in stated(computation).lines] == [{"c1": "0.001"}, {"c1": "0.001"}, {}]


def test_what_is_less_than_a_watt_hour_is_never_covered() -> None:
    computation = used(f"{ROOT} 0.0019", instruments=(f"c1 {ROOT} 0.0039 kWh {THIS_YEAR}",))
    line = stated(computation).lines[0]
    assert line.market is not None
    assert (covered(line), line.market.rest) == ({"c1": "0.001"}, "0.0009")


def test_where_a_unit_stands_at_the_end_of_the_period_decides_which_instrument_serves_it() -> None:
    given_inputs = inputs(
        PERIOD, (f"outlet-1 {POWER} 10 kWh",), units=("branch-1", "branch-2", "branch-1>outlet-1"), release=small_release()
    )
    moved = (Placement("branch-1", date(2000, 1, 1)), Placement("branch-2", date(2025, 12, 31)))
    given_inputs = changed(given_inputs, "outlet-1", placements=moved)
    activity = replace(given_inputs.activity, instruments=(instrument(f"c1 branch-2 4 kWh {THIS_YEAR}"),))
    statement = stated(compute(replace(given_inputs, activity=activity)))
    assert covered(statement.line("outlet-1", POWER)) == {"c1": "4"}


@pytest.mark.parametrize(
    ("generated", "end"),
    [
        ("2024-03-01", "2026-02-28"),
        ("2024-01-01", "2025-12-31"),
        ("2026-03-01", "2028-02-29"),
        ("2025-12-01", "2027-11-30"),
        ("2023-12-01", "2025-12-31"),
        ("2019-06-01", "2025-12-31"),
    ],
)
def test_a_certificate_lives_two_years_and_earlier_ones_until_the_end_of_2025(generated: str, end: str) -> None:
    assert find_life_end(instrument(f"c1 {ROOT} 1 kWh {generated}")) == date.fromisoformat(end)


@pytest.mark.parametrize(
    ("period", "text", "counts"),
    [
        (2025, "2025-12-01", True),
        (2025, "2026-01-01", False),
        (2025, "2024-01-01", True),
        (2025, "2023-06-01", True),
        (2026, "2023-06-01", False),
        (2026, "2023-06-01 2025-12-01", False),
        (2025, "2023-06-01 2024-12-31", False),
        (2025, "2023-06-01 2025-01-01", True),
        (2026, "2024-03-01", False),
        (2026, "2024-03-01 2026-02-28", True),
        (2026, "2024-03-01 2026-03-01", False),
        (2026, "2024-12-01", False),
        (2026, "2025-01-01", True),
        (2027, "2024-12-01 2026-11-30", False),
    ],
)
def test_a_certificate_counts_while_it_lives_and_only_if_used_alive(period: int, text: str, counts: bool) -> None:
    days = year(period)
    assert is_in_force(instrument(f"c1 {ROOT} 1 kWh {text}"), days.first_day, days.last_day) is counts


def test_a_month_that_begins_on_the_last_day_of_the_period_counts() -> None:
    first_of_march = date(2025, 3, 1)
    assert is_in_force(instrument(f"c1 {ROOT} 1 kWh 2025-03-01"), first_of_march, first_of_march)
    assert not is_in_force(instrument(f"c1 {ROOT} 1 kWh 2025-03-01"), date(2025, 2, 1), date(2025, 2, 28))


def test_an_instrument_that_is_not_in_force_covers_nothing_and_is_pointed_out() -> None:
    computation = used(f"{ROOT} 10", instruments=(f"c1 {ROOT} 8 kWh 2026-01-01",))
    finding = the(computation, "INSTRUMENT_NOT_IN_FORCE")
    assert (finding.severity, finding.place) == ("warning", "/instruments/0")
    assert stated(computation).totals.scope2_market_g == 4500
    assert computation.may_be_signed


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        (f"c1 outlet-9 8 kWh {THIS_YEAR}", "UNIT_UNKNOWN", "/instruments/0/unit"),
        (f"c1 {ROOT} 8 gallon {THIS_YEAR}", "MEASURE_UNKNOWN", "/instruments/0/quantity/unit"),
        (f"c1 {ROOT} 8 kg {THIS_YEAR}", "DIMENSION_WRONG", "/instruments/0/quantity/unit"),
        (f"c1 {ROOT} -8 kWh {THIS_YEAR}", "QUANTITY_NEGATIVE", "/instruments/0/quantity/value"),
        (f"c1 {ROOT} 8 kWh @-0.1", "QUANTITY_NEGATIVE", "/instruments/0/factor"),
        (f"c1 {ROOT} 8e3 kWh {THIS_YEAR}", "QUANTITY_INVALID", "/instruments/0/quantity/value"),
    ],
)
def test_an_instrument_that_cannot_be_read_leaves_no_statement(text: str, code: str, place: str) -> None:
    computation = used(f"{ROOT} 10", instruments=(text,))
    finding = the(computation, code)
    assert (finding.severity, finding.place, finding.params["instrument"]) == ("error", place, "c1")
    assert computation.statement is None


def test_electricity_needs_a_factor_for_what_instruments_do_not_cover() -> None:
    release = small_release()
    without = replace(release, selections=tuple(rule for rule in release.selections if rule.use == "location"))
    computation = compute(inputs(PERIOD, (f"{ROOT} {POWER} 1 kWh",), release=without))
    assert the(computation, "FACTOR_NOT_FOUND").params["use"] == "market"
    assert computation.statement is None
    chosen = compute(inputs(PERIOD, (f"{ROOT} {POWER} 1 kWh",), choices=(f"{POWER} grid.residual market",), release=without))
    assert chosen.may_be_signed


@pytest.mark.parametrize(
    ("text", "got"),
    [
        (f"{POWER} grid.average market", "grid_average of electricity"),
        (f"{POWER} grid.residual", "grid_residual of electricity"),
        ("heat.purchased heat.default market", "heat of heat"),
    ],
)
def test_a_factor_of_the_other_use_is_refused(text: str, got: str) -> None:
    computation = compute(inputs(PERIOD, (f"{ROOT} {POWER} 1 kWh",), choices=(text,), release=small_release()))
    assert (the(computation, "FACTOR_NOT_ADMITTED").got, computation.statement) == (got, None)


def test_one_indicator_has_one_choice_for_each_use() -> None:
    choices = (f"{POWER} grid.average", f"{POWER} grid.residual market")
    assert compute(inputs(PERIOD, (f"{ROOT} {POWER} 1 kWh",), choices=choices, release=small_release())).may_be_signed


def test_an_instrument_in_another_unit_of_power_is_converted() -> None:
    assert instrument(f"c1 {ROOT} 2 MWh {THIS_YEAR}").quantity == Amount("2", "MWh")
    statement = stated(used(f"{ROOT} 3000", instruments=(f"c1 {ROOT} 2 MWh {THIS_YEAR}",)))
    assert covered(statement.lines[0]) == {"c1": "2000"}


keys = st.tuples(st.sampled_from(["u1", "u2", "u10", "ä"]), st.sampled_from(["electricity.purchased", "electricity.vehicles"]))


@given(st.integers(0, 10**15), st.dictionaries(keys, st.integers(0, 10**15), max_size=8))
def test_a_spread_hands_out_everything_within_each_need_and_within_one_watt_hour(
    watt_hours: int, needs: dict[tuple[str, str], int]
) -> None:
    total = sum(needs.values())
    shares = spread(watt_hours, needs)
    assert sum(shares.values()) == min(watt_hours, total)
    for key, need in needs.items():
        share = shares.get(key, 0)
        assert 0 <= share <= need
        if total:
            assert abs(share - Fraction(min(watt_hours, total) * need, total)) < 1
    assert 0 not in shares.values()
    assert spread(watt_hours, dict(reversed(needs.items()))) == shares


def test_the_greatest_remainder_gets_the_watt_hour_that_is_left() -> None:
    # 10 Wh on 3 + 3 + 6 of 12: 2.5, 2.5, 5; one Wh is left for the two halves, and the smaller key has it.
    assert spread(10, {("b", "x"): 3, ("a", "x"): 3, ("c", "x"): 6}) == {("a", "x"): 3, ("b", "x"): 2, ("c", "x"): 5}
    # 7 Wh on 1 + 4 + 5 of 10: 0.7, 2.8, 3.5; two are left for .8 and .7.
    assert spread(7, {("a", "x"): 1, ("b", "x"): 4, ("c", "x"): 5}) == {("a", "x"): 1, ("b", "x"): 3, ("c", "x"): 3}
