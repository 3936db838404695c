"""Inventory files are read exactly, in any order, with every finding at its place; nothing that is written makes the command fail."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.accounting.inventory import load_inventory
from ledger.accounting.inventory.plain import days_of
from ledger.errors import MalformedDocument
from ledger.records import canonical
from tests.inventory.running import answer_to, bank, codes
from tests.inventory.test_schema import WHOLE

ELECTRICITY = "electricity.purchased"


def used(quantity: Any = "1 MWh", **fields: Any) -> dict[str, Any]:
    return {"indicator": ELECTRICITY, "quantity": quantity, **fields}


def statements(answer: dict[str, Any]) -> list[str]:
    assert answer["periods"], answer["findings"]
    return [period["statement"] for period in answer["periods"]]


@given(st.decimals(min_value=0, max_value=10**9, places=6, allow_nan=False, allow_infinity=False))
def test_a_number_with_a_fraction_is_the_decimal_it_is_written_as(value: Any) -> None:
    text = format(value, "f")
    as_number = f'{{"a": {text}, "b": ["{text}", "x {text} y"]}}'
    assert load_inventory(as_number.encode()) == {"a": text, "b": [text, f"x {text} y"]}


def test_numbers_texts_and_objects_are_one_quantity() -> None:
    forms: list[Any] = ['"84.5 MWh"', '{"value": 84.5, "unit": "MWh"}', '{"value": "84.5", "unit": "MWh"}', '"84.5MWh"', '"8.45 万kWh"']
    quantities = set()
    for form in forms:
        text = json.dumps(bank(year=2024, records=[used("@")])).replace('"@"', form)
        quantities.add(answer_to(text)["lines"][0]["quantity"]["value"])
    assert quantities == {"84500"}


@pytest.mark.parametrize(
    "text", ["{", '{"a": 1e5}', '{"a": 1.5e3}', '{"a": 1, "a": 2}', '{"a": NaN}', '{"a": 01}', "[" * 100, '{"a": 1.}', "\xff"]
)
def test_what_is_no_strict_json_is_refused(text: str) -> None:
    with pytest.raises(MalformedDocument):
        load_inventory(text.encode("latin-1"))


def test_a_byte_order_mark_is_no_fault_of_the_writer() -> None:
    assert load_inventory(b'\xef\xbb\xbf{"a": "1.5"}') == {"a": "1.5"}


def test_text_that_looks_like_numbers_stays_text() -> None:
    text = '{"note": "a \\" 1.5, 2.25 \\\\", "1.5": -0.25}'
    assert load_inventory(text.encode()) == {"note": 'a " 1.5, 2.25 \\', "1.5": "-0.25"}


@pytest.mark.parametrize(
    ("id", "first", "last"),
    [
        ("2024", "2024-01-01", "2024-12-31"),
        ("FY2023", "2023-01-01", "2023-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2024-Q4", "2024-10-01", "2024-12-31"),
        ("2024H2", "2024-07-01", "2024-12-31"),
    ],
)
def test_a_period_is_what_its_id_says(id: str, first: str, last: str) -> None:
    days = days_of(id)
    assert days is not None
    assert (days[0].isoformat(), days[1].isoformat()) == (first, last)
    period = answer_to(bank(period=id, records=[used()]))["periods"][0]
    assert (period["id"], period["start"], period["end"]) == (id, first, last)


@pytest.mark.parametrize("id", ["2024-H3", "2024-13", "spring", "0000"])
def test_another_id_says_no_days(id: str) -> None:
    assert days_of(id) is None
    assert codes(answer_to(bank(period=id, records=[used()])), "error") == ["FIELD_MISSING", "FIELD_MISSING"]


def shuffled(value: Any, draw: Any) -> Any:
    if isinstance(value, dict):
        return {name: shuffled(value[name], draw) for name in draw(st.permutations(sorted(value)))}
    if isinstance(value, list):
        return [shuffled(item, draw) for item in draw(st.permutations(value))]
    return value


MANY = bank(
    units=[{"id": "b1"}, {"id": "b2", "parent": "b1"}, {"id": "b3"}],
    periods=[
        {
            "id": year,
            "records": [used(f"{10 + number} MWh", unit=f"b{1 + number % 3}", id=f"e{number}") for number in range(6)],
            "declared_totals": [{"id": "s2", "measure": "scope2", "value": "1"}, {"id": "s1", "measure": "scope1", "value": "2"}],
            "instruments": [{"id": "a", "quantity": "1 MWh"}, {"id": "b", "unit": "b1", "quantity": "2 MWh"}],
        }
        for year in ("2023", "2024")
    ],
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow])
@given(st.data())
def test_the_order_of_what_is_written_changes_no_statement_and_no_figure(data: st.DataObject) -> None:
    def plain(answer: dict[str, Any]) -> bytes:
        answer = {name: value for name, value in answer.items() if name not in ("input", "findings")}
        periods = [{name: value for name, value in period.items() if name != "findings"} for period in answer["periods"]]
        return canonical.dump({**answer, "periods": periods})

    assert plain(answer_to(shuffled(MANY, data.draw))) == plain(answer_to(MANY))


def test_findings_point_to_where_things_were_written_not_to_where_they_were_sorted() -> None:
    records = [used(id="z", unit="nowhere"), used(id="a", quantity="1 gallon"), used(id="m", quality=9)]
    answer = answer_to(bank(periods=[{"id": 2023, "records": [used()]}, {"id": 2024, "records": records}]))
    assert {(finding["code"], finding["place"]) for finding in answer["findings"]} == {("FIELD_INVALID", "/periods/1/records/2/quality")}
    records[2]["quality"] = 3
    answer = answer_to(bank(periods=[{"id": 2023, "records": [used()]}, {"id": 2024, "records": records}]))
    errors = {(finding["code"], finding["place"], finding["period"]) for finding in answer["findings"] if finding["severity"] == "error"}
    assert errors == {
        ("UNIT_UNKNOWN", "/periods/1/records/0/unit", "2024"),
        ("MEASURE_UNKNOWN", "/periods/1/records/1/quantity/unit", "2024"),
    }


def test_everything_wrong_with_a_file_is_said_at_once() -> None:
    answer = answer_to(
        {
            "schema": "lingtan.inventory-input/1",
            "institution": {"id": "no id!", "colour": 1},
            "units": [{"id": "b1", "opened": "yesterday"}],
            "library": {"release": "other", "gwp": "AR9", "factors": [{"indicator": ELECTRICITY, "value": "x", "unit": "kgCO2/kWh"}]},
            "policies": {"jump_bp": "lots", "base_year": "1999", "target": {"profile": "none"}},
            "periods": [{"id": "2024", "records": [used(), {"indicator": "x"}]}, {"id": "2024-06", "recods": []}],
        }
    )
    places = {finding["place"] for finding in answer["findings"]}
    expected = {
        *("/institution/id", "/institution/colour", "/units/0/opened", "/library/release", "/library/gwp", "/library/factors/0/value"),
        *("/policies/jump_bp", "/policies/base_year/period", "/policies/target/profile", "/periods/0/records/1/quantity"),
        *("/periods/1/recods", "/periods/1/start"),
    }
    assert expected <= places, expected - places
    assert answer["accepted"] is False


def test_a_factor_of_the_file_is_used_by_its_id_and_never_by_chance() -> None:
    library = {"factors": [{"id": "mine", "indicator": ELECTRICITY, "value": "0.64", "unit": "tCO2/MWh", "document": "a paper"}]}
    chosen = bank(year=2024, records=[used()], library=library, factor_choices=[{"indicator": ELECTRICITY, "factor": "mine"}])
    assert answer_to(chosen)["lines"][0]["factor"] == "local.bank.mine"
    assert answer_to(bank(year=2024, records=[used()], library=library))["lines"][0]["factor"] == "grid_average.cn.2023"
    rule = {"indicator": ELECTRICITY, "year": 2024, "factor": "mine"}
    selected = bank(year=2024, records=[used()], library={**library, "selections": [rule]})
    assert answer_to(selected)["lines"][0]["factor"] == "local.bank.mine"
    other_year = bank(year=2023, records=[used()], library={**library, "selections": [rule]})
    assert answer_to(other_year)["lines"][0]["factor"].startswith("grid_average.")


def test_a_factor_of_another_unit_is_converted_exactly() -> None:
    for unit, value in (("kgCO2/kWh", "0.64"), ("tCO2/MWh", "0.64"), ("gCO2/kWh", "640"), ("tCO2/万kWh", "6.4"), ("kg CO₂ / 度", "0.64")):
        choice = {"indicator": ELECTRICITY, "value": value, "unit": unit, "document": "a paper"}
        answer = answer_to(bank(year=2024, records=[used()], factor_choices=[choice]))
        assert answer["lines"][0]["rate"] == {"value": "0.64", "unit": "kgCO2e/kWh"}, unit


def test_meters_in_short_are_lines_as_records_are() -> None:
    meters = [{"id": "m1", "total": "122 MWh"}, {"id": "m2", "quantity": "gas.volume", "total": "4200 m3"}]
    answer = answer_to(bank(year=2024, meters=meters))
    assert [(line["indicator"], line["quantity"]["value"]) for line in answer["lines"]] == [
        (ELECTRICITY, "122000"),
        ("fuel.natural_gas.stationary", "4200"),
    ]
    assert answer["accepted"]


def test_an_allocation_takes_its_share_of_the_landlords_building() -> None:
    units = [{"id": "b1", "allocations": [{"part": 300, "whole": 1200}]}]
    answer = answer_to(bank(year=2024, units=units, records=[used("100 MWh", unit="b1", source={"kind": "landlord"})]))
    assert answer["lines"][0]["quantity"]["value"] == "25000"


def test_targets_and_thresholds_of_the_policies_are_used() -> None:
    periods = [{"id": year, "records": [used(f"{amount} MWh")]} for year, amount in (("2023", 100), ("2024", 104))]
    policies = {"jump_bp": 300, "target": {"profile": "28-58", "milestones": [{"year": 2030, "value": "10"}]}}
    answer = answer_to(bank(periods=periods, policies=policies))
    jumps = {finding["place"] for finding in answer["findings"] if finding["code"] == "YEAR_ON_YEAR_JUMP"}
    assert f"unit bank {ELECTRICITY}" in jumps
    assert answer["analysis"]["paths"][0]["target"] == "28-58"
    assert answer["library"]["effective"] != answer["library"]["hash"]


def test_two_runs_give_the_same_bytes() -> None:
    assert canonical.dump(answer_to(WHOLE)) == canonical.dump(answer_to(copy.deepcopy(WHOLE)))


JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 3000),
    st.sampled_from(
        ["", "x", "2024", "-1", "1e9", "0.5", "kg", "b1", "é", "\u0000", "electricity.purchased", "local", "a" * 600, "2024-02-30"]
    ),
    st.just([]),
    st.just({}),
    st.just([{}]),
    st.just([None]),
    st.just({"id": None}),
)


def nodes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [place for step, item in steps for place in nodes(item, (*path, step))]


NODES = nodes(WHOLE)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(NODES), JUNK), min_size=1, max_size=3))
def test_nothing_that_is_written_breaks_the_command(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    document = copy.deepcopy(WHOLE)
    for (*steps, last), value in changes:
        here: Any = document
        try:
            for step in steps:
                here = here[step]
            here[last] = copy.deepcopy(value)
        except (KeyError, IndexError, TypeError):
            continue
    answer = answer_to(document)
    assert canonical.dump(answer)
    assert answer["accepted"] == ("error" not in {finding["severity"] for finding in answer["findings"]})


@pytest.mark.parametrize(
    ("quantity", "code", "place", "got"),
    [
        ("1,234.5 MWh", "FIELD_INVALID", "value", "1,234.5"),
        ("1，234 MWh", "FIELD_INVALID", "value", "1，234"),
        ("1e3 MWh", "FIELD_INVALID", "value", "1e3"),
        ("5", "FIELD_MISSING", "unit", None),
        (5, "FIELD_MISSING", "unit", None),
        ("5 mwh", "MEASURE_UNKNOWN", "unit", "mwh"),
    ],
)
def test_what_is_wrong_with_a_quantity_is_said_of_its_number_or_of_its_unit(quantity: Any, code: str, place: str, got: str | None) -> None:
    answer = answer_to(bank(year=2024, records=[{"indicator": "electricity.purchased", "quantity": quantity}]))
    assert [(item["code"], item["place"], item["got"]) for item in answer["findings"] if item["severity"] == "error"] == [
        (code, f"/records/0/quantity/{place}", got)
    ]


def test_a_figure_that_is_no_number_does_not_miss_a_tolerance() -> None:
    answer = answer_to(bank(year=2024, declared_totals=[{"measure": "scope1", "value": "1,119"}]))
    assert [(item["code"], item["place"]) for item in answer["findings"]] == [("FIELD_INVALID", "/declared_totals/0/value")]


@pytest.mark.parametrize(
    ("institution", "found"),
    [
        ({}, [("FIELD_MISSING", "/institution/id")]),
        (None, [("FIELD_MISSING", "/institution")]),
        ("徽商银行", [("FIELD_INVALID", "/institution")]),
        ({"id": "徽商银行"}, [("FIELD_INVALID", "/institution/id")]),
    ],
)
def test_an_institution_without_a_usable_id_is_said_once_where_it_is_written(institution: Any, found: list[tuple[str, str]]) -> None:
    answer = answer_to({**bank(year=2024), "institution": institution})
    assert [(item["code"], item["place"]) for item in answer["findings"]] == found
