"""Certificates and contracts: a published case, their lives, how they are spread, and hostile numbers of them."""

from __future__ import annotations

import time
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier import evidence as ev
from tests.verifier.test_method import bare, lines_of, record
from verifier.errors import Refused
from verifier.market_based import Instrument, is_in_force, spread
from verifier.operational_1 import Line
from verifier.organisation import build_tree
from verifier.quantities import Metered

PURCHASED = "electricity.purchased"


def instrument(id: str, unit: str, value: str, measure: str = "kWh", factor: str | None = None, **changes: Any) -> dict[str, Any]:
    """A certificate of January 2025, or a contract where a factor is given."""
    contract = factor is not None
    plain = {
        "id": id,
        "unit": unit,
        "kind": "supplier_contract" if contract else "green_certificate",
        "quantity": {"value": value, "unit": measure},
        "factor": factor or "0",
        "generated": None if contract else "2025-01-01",
        "retired": None,
        "reference": "registry",
    }
    return {**plain, **changes}


def purchased(unit: str, value: str, id: str = "r1") -> dict[str, Any]:
    return {**record(PURCHASED, value, "kWh"), "unit": unit, "id": id}


def computed(records: list[Any], instruments: list[Any], change_library: Any = None) -> dict[tuple[str, str], Line]:
    lines = lines_of(bare(records=records, instruments=instruments), change_library=change_library)
    return {key: line for key, line in lines.items() if isinstance(line, Line)}


def covered(lines: dict[tuple[str, str], Line], unit: str, indicator: str = PURCHASED) -> dict[str, int]:
    market = lines[unit, indicator].market
    return dict(market.covered) if market is not None else {}


def grid(location: str, residual: str) -> Any:
    def change(document: Any) -> None:
        factors = {factor["id"]: factor for factor in document["factors"]}
        factors["grid-cn-2022"]["value"], factors["residual-cn"]["value"] = location, residual

    return change


@pytest.mark.parametrize(
    ("certificates", "market_tonnes", "rest"),
    [("600000", 180, 400_000), ("1000000", 0, 0), ("1500000", 0, 0), ("0", 450, 1_000_000)],
)
def test_a_published_case_of_both_methods(certificates: str, market_tonnes: int, rest: int) -> None:
    """tools.gera.services: 1,000,000 kWh, grid 0.20, residual 0.45: 200 t by location; with 600,000 kWh of certificates 180 t by market."""
    lines = computed([purchased("head", "1000000")], [instrument("c", "head", certificates)], grid("0.20", "0.45"))
    line = lines["head", PURCHASED]
    assert (line.grams["scope2_location_g"], line.grams["scope2_market_g"]) == (200_000_000, market_tonnes * 1_000_000)
    assert line.market is not None
    assert line.market.rest == rest


LIFE = [  # generated, retired, period, in force
    ("2024-03-01", None, ("2026-02-01", "2026-02-28"), True),  # its last month, the example of the specification
    ("2024-03-01", None, ("2026-02-01", "2026-03-01"), False),  # not retired, so used on the last day
    ("2024-03-01", "2026-02-28", ("2026-02-01", "2026-03-31"), True),
    ("2024-03-01", "2026-03-01", ("2026-02-01", "2026-03-31"), False),
    ("2024-03-01", "2026-02-28", ("2026-03-01", "2026-03-31"), False),
    ("2024-03-01", "2024-03-01", ("2024-01-01", "2024-03-01"), True),
    ("2024-03-01", None, ("2024-01-01", "2024-02-29"), False),  # generated after the period
    ("2024-01-01", None, ("2025-01-01", "2025-12-31"), True),
    ("2024-01-01", None, ("2025-01-01", "2026-01-01"), False),
    ("2023-12-01", None, ("2025-01-01", "2025-12-31"), True),  # months before 2024 live to the end of 2025
    ("2019-01-01", "2025-12-31", ("2025-01-01", "2026-06-30"), True),
    ("2019-01-01", "2026-01-01", ("2025-01-01", "2026-06-30"), False),
    ("2019-01-01", "2025-12-31", ("2026-01-01", "2026-06-30"), False),
    ("2023-06-01", "2023-12-31", ("2024-01-01", "2024-12-31"), False),  # used for an earlier period
    ("2023-06-01", "2024-01-01", ("2024-01-01", "2024-12-31"), True),
    ("9998-05-01", None, ("9999-01-01", "9999-12-31"), True),  # an end of life beyond the calendar
]


@pytest.mark.parametrize(("generated", "retired", "period", "wanted"), LIFE)
def test_a_certificate_counts_within_its_life(generated: str, retired: str | None, period: tuple[str, str], wanted: bool) -> None:
    item = instrument("c", "head", "1", generated=generated, retired=retired)
    days = date.fromisoformat(period[0]), date.fromisoformat(period[1])
    assert is_in_force(item, days) is wanted
    assert is_in_force(instrument("c", "head", "1", factor="0.1", retired=retired), days)


@settings(max_examples=200, deadline=None)
@given(st.integers(2024, 2090), st.integers(1, 12), st.integers(-900, 1500))
def test_the_end_of_a_life_is_the_day_before_the_same_month_two_years_later(year: int, month: int, offset: int) -> None:
    end = date(year + 2, month, 1) - timedelta(days=1)
    day = end + timedelta(days=offset)
    item = instrument("c", "head", "1", generated=f"{year}-{month:02d}-01", retired=None)
    assert is_in_force(item, (day, day)) is (date(year, month, 1) <= day <= end)


def test_the_deepest_unit_is_served_first_then_the_smaller_id() -> None:
    """A certificate of the outlet comes before one of the branch, and that before those of the bank, whatever their ids."""
    instruments = [
        instrument("a", "head", "10"),
        instrument("b", "head", "10"),
        instrument("y", "branch-a", "60"),
        instrument("z", "outlet-a1", "50"),
    ]
    lines = computed([purchased("outlet-a1", "100")], instruments)
    assert covered(lines, "outlet-a1") == {"y": 50_000, "z": 50_000}
    lines = computed([purchased("outlet-a1", "115")], instruments)
    assert covered(lines, "outlet-a1") == {"a": 5_000, "y": 60_000, "z": 50_000}
    assert list(covered(lines, "outlet-a1")) == ["a", "y", "z"]


def test_an_instrument_serves_its_unit_and_all_below_it_and_nobody_else() -> None:
    records = [
        purchased("branch-a", "1", "r1"),
        purchased("outlet-a1", "1", "r2"),
        purchased("branch-b", "1", "r3"),
        purchased("head", "1", "r4"),
    ]
    lines = computed(records, [instrument("c", "branch-a", "1", factor="0.1")])
    assert {unit: covered(lines, unit) for unit, _ in lines} == {
        "branch-a": {"c": 500},
        "branch-b": {},
        "head": {},
        "outlet-a1": {"c": 500},
    }


def test_the_wh_left_over_go_to_the_greatest_remainders_and_ties_to_the_smaller_name() -> None:
    names = ("branch-a", "branch-b", "head")

    def shared(values: str, kwh: str) -> dict[str, dict[str, int]]:
        records = [purchased(unit, value, f"r{i}") for i, (unit, value) in enumerate(zip(names, values, strict=True))]
        lines = computed(records, [instrument("c", "head", kwh)])
        return {unit: covered(lines, unit) for unit in names}

    assert shared("111", "0.002") == {"branch-a": {"c": 1}, "branch-b": {"c": 1}, "head": {}}
    assert shared("123", "0.001") == {"branch-a": {}, "branch-b": {}, "head": {"c": 1}}


def test_fractions_of_a_wh_are_never_covered_and_stay_in_the_rest() -> None:
    lines = computed([purchased("head", "0.0019")], [instrument("c", "head", "5.0009")])
    market = lines["head", PURCHASED].market
    assert market is not None
    assert (market.covered, market.rest) == ((("c", 1),), Fraction("0.0009"))


def test_a_line_whose_quantity_is_zero_and_an_instrument_of_nothing_leave_no_entry() -> None:
    records = [purchased("head", "0"), purchased("branch-a", "1", "r2")]
    lines = computed(records, [instrument("c", "head", "0"), instrument("d", "head", "1")])
    assert covered(lines, "head") == {}
    assert covered(lines, "branch-a") == {"d": 1000}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=8), st.integers(0, 10**6))
def test_a_spread_is_the_largest_remainder_method(left: list[int], wh: int) -> None:
    units = [f"u{i}" for i in range(len(left))]
    tree = build_tree({"root": None, **dict.fromkeys(units, "root")})
    consumed = {(unit, "e"): Fraction(part, 1000) for unit, part in zip(units, left, strict=True)}
    shared = spread([Instrument("c", "root", wh, Fraction(0))], tree, consumed)
    given_out = {unit: shared[unit, "e"].get("c", 0) for unit in units}
    if wh >= sum(left):
        assert given_out == dict(zip(units, left, strict=True))
    else:
        assert given_out == ev.pro_rata(wh, dict(zip(units, left, strict=True)))
        assert sum(given_out.values()) == wh


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 12), st.integers(0, 12), st.randoms(use_true_random=False))
def test_no_instrument_covers_more_than_it_has_and_no_line_more_than_it_used(units: int, count: int, chance: Any) -> None:
    parents: dict[str, str | None] = {"u0": None, **{f"u{i}": f"u{chance.randrange(i)}" for i in range(1, units)}}
    tree = build_tree(parents)
    instruments = [Instrument(f"i{n}", f"u{chance.randrange(units)}", chance.randrange(10**5), Fraction(0)) for n in range(count)]
    consumed = {(unit, "e"): Fraction(chance.randrange(10**9), 10**5) for unit in parents if chance.random() < 0.7}
    shared = spread(instruments, tree, consumed)
    for key, quantity in consumed.items():
        assert Fraction(sum(shared[key].values()), 1000) <= quantity
        assert all(tree.is_within(key[0], item.unit) for item in instruments if item.id in shared[key])
    for item in instruments:
        given_out = sum(entries.get(item.id, 0) for entries in shared.values())
        below = [key for key in consumed if tree.is_within(key[0], item.unit)]
        left = sum(int(consumed[key] * 1000) - sum(shared[key].values()) for key in below)
        assert given_out == item.wh or (given_out < item.wh and left == 0)


def test_self_used_power_is_what_was_generated_less_what_was_exported() -> None:
    def own(change_library: Any, *meters: Metered, records: tuple[Any, ...] = ()) -> Any:
        return lines_of(bare(records=list(records)), meters, change_library=change_library).get(("head", "electricity.self_used_pv"))

    def with_pv(document: Any) -> None:
        document["indicators"].append({**document["indicators"][0], "id": "electricity.self_used_pv", "market_kinds": []})
        document["selections"].append({**document["selections"][1], "indicator": "electricity.self_used_pv", "use": "location"})

    generated, exported = Metered("g", "head", "pv.generation", 10**9, 100, 100), Metered("x", "head", "el.export", 4 * 10**8, 100, 90)
    line = own(with_pv, generated, exported)
    assert (line.quantity.value, line.quality, line.sources) == (600, 3, (("meter", "g"), ("meter", "x")))
    # √((1000·200)² + (400·1000)²) ÷ 1400, to the nearest
    assert line.activity_bp == round((200_000**2 + 400_000**2) ** 0.5 / 1400)
    assert own(with_pv, exported) is None
    more = Metered("x", "head", "el.export", 10**9 + 1, 100, 100)
    for records in ((), (record("electricity.self_used_pv", "5", "kWh", id="r9"),)):
        refused = own(with_pv, generated, more, records=records)
        assert isinstance(refused, Refused)
        assert refused.code == "EXPORT_EXCEEDS_GENERATION"


@pytest.mark.parametrize(
    ("quantity", "indicator", "total", "value", "base"),
    [
        ("el.import", PURCHASED, 1_500_000, "1.5", "kWh"),
        ("gas.volume", "fuel.natural_gas.stationary", 1_500, "1.5", "m3"),
        ("water.volume", "water.supply", 1_500, "1.5", "m3"),
        ("heat.energy", "heat.purchased", 1_500, "1.5", "MJ"),
    ],
)
def test_a_meter_of_every_quantity_enters_its_line(quantity: str, indicator: str, total: int, value: str, base: str) -> None:
    def complete(document: Any) -> None:
        model, selection = document["indicators"][4], document["selections"][5]
        for id, dimension in (("fuel.natural_gas.stationary", "volume"), ("heat.purchased", "energy")):
            kind = {"id": id, "dimension": dimension, "carrier": f"c.{id}"}
            unit = {"volume": "m3", "energy": "MJ"}[dimension]
            document["indicators"].append({**model, **kind})
            document["factors"].append({**document["factors"][7], "id": f"f.{id}", "carrier": f"c.{id}", "unit": f"kgCO2e/{unit}"})
            document["selections"].append({**selection, "indicator": id, "factor": f"f.{id}"})

    lines = lines_of(bare(), [Metered("m", "head", quantity, total, 100, 100)], change_library=complete)
    line = lines["head", indicator]
    assert isinstance(line, Line)
    assert (line.quantity.value, line.quantity.base_unit) == (Fraction(value), base)


# A landlord's 10,000 kWh and a third of the building: 3333.333333 kWh, rounded once to six decimals, half to even.
@pytest.mark.parametrize(
    ("part", "whole", "value", "unit", "wanted"),
    [
        ("100", "300", "10000", "kWh", "3333.333333"),
        ("200", "300", "10000", "kWh", "6666.666667"),
        ("1", "2", "0.000001", "kWh", "0"),
        ("1", "2", "0.000003", "kWh", "0.000002"),
        ("1", "2", "0.000005", "kWh", "0.000002"),
        ("1", "3", "1", "MWh", "333.333333"),
        ("12.5", "12.5", "7.123456", "kWh", "7.123456"),
    ],
)
def test_an_allocated_quantity_is_rounded_once_to_a_millionth_of_its_base_unit(
    part: str, whole: str, value: str, unit: str, wanted: str
) -> None:
    def change(document: Any) -> None:
        document["units"][4]["allocations"] = [{"since": "2001-01-01", "rule": "area", "part": part, "whole": whole, "reference": ""}]

    kind = {"kind": "landlord", "reference": "", "sha256": None}
    bill = {**purchased("outlet-z", value), "quantity": {"value": value, "unit": unit}, "source": kind}
    line = lines_of(bare(records=[bill]), change_organisation=change)["outlet-z", PURCHASED]
    assert isinstance(line, Line)
    assert line.quantity.value == Fraction(wanted)


def landlord(start: str, end: str, **changes: Any) -> Any:
    kind = {"kind": "landlord", "reference": "", "sha256": None}
    return lines_of(
        bare(records=[{**purchased("outlet-z", "10"), "source": kind, "start": start, "end": end}]),
        change_organisation=lambda document: document["units"][4].update(**changes),
    )["outlet-z", PURCHASED]


def allocations(*starts: str) -> list[dict[str, str]]:
    return [{"since": since, "rule": "area", "part": str(i + 1), "whole": "10", "reference": ""} for i, since in enumerate(starts)]


def test_the_allocation_in_force_on_the_first_day_decides_and_none_may_start_within_the_days() -> None:
    two = allocations("2025-03-01", "2025-03-11")
    assert landlord("2025-03-01", "2025-03-10", allocations=two).quantity.value == 1
    assert landlord("2025-03-11", "2025-03-31", allocations=two).quantity.value == 2
    assert landlord("2025-03-10", "2025-03-11", allocations=two).code == "ALLOCATION_CHANGES"
    assert landlord("2025-02-28", "2025-02-28", allocations=two).code == "ALLOCATION_MISSING"
    assert landlord("2025-03-01", "2025-03-31", allocations=[]).code == "ALLOCATION_MISSING"


def test_ten_thousand_instruments_over_a_hundred_lines_take_seconds() -> None:
    units = [f"u{i:03d}" for i in range(100)]
    tree = build_tree({"root": None, **dict.fromkeys(units, "root")})
    consumed = {(unit, "e"): Fraction(10**12 + i) for i, unit in enumerate(units)}
    instruments = [Instrument(f"i{n:05d}", "root", 10**9 + n, Fraction(0)) for n in range(10_000)]
    begun = time.monotonic()
    shared = spread(instruments, tree, consumed)
    assert time.monotonic() - begun < 30
    assert sum(sum(entries.values()) for entries in shared.values()) == sum(item.wh for item in instruments)


def test_a_chain_of_twenty_thousand_units_and_a_forest_of_instruments_end() -> None:
    parents: dict[str, str | None] = {"u00000": None, **{f"u{i:05d}": f"u{i - 1:05d}" for i in range(1, 20_000)}}
    begun = time.monotonic()
    tree = build_tree(parents)
    assert tree.depth["u19999"] == 19_999
    shared = spread([Instrument(f"i{n}", f"u{n:05d}", 1, Fraction(0)) for n in range(10_000)], tree, {("u19999", "e"): Fraction(9)})
    assert sum(shared["u19999", "e"].values()) == 9_000
    assert max(shared["u19999", "e"]) == "i9999"  # the deepest ones came first
    assert time.monotonic() - begun < 30


def test_numbers_of_the_greatest_length_are_computed_exactly() -> None:
    huge, tiny = "9" * 120, "0." + "0" * 117 + "1"
    lines = computed([purchased("head", huge), purchased("head", tiny, "r2")], [instrument("c", "head", huge)])
    line = lines["head", PURCHASED]
    assert line.quantity.value == Fraction(huge) + Fraction(tiny)
    assert line.market is not None
    assert line.market.rest == Fraction(tiny)
    assert line.grams["scope2_location_g"] == round(line.quantity.value * 1000 * Fraction("0.5366"))
