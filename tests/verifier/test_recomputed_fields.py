"""Every field of a line and every input of it is bound: what a bank states wrongly, signed and anchored, is named with its cause."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.verifier import evidence as ev
from tests.verifier.running import verify

Change = Callable[[Any], object]
BRANCH_B, BLEND, WATER, SHARED = 2, 6, 7, 8  # places of the statement's lines


def line(index: int, change: Change) -> Change:
    def apply(document: Any) -> None:
        change(document["lines"][index])
        ev.roll_up(document)

    return apply


def set_at(*path: Any, value: Any) -> Change:
    def change(holder: Any) -> None:
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = value

    return change


def less_covered(item: Any) -> None:
    """One Wh moved from the certificate to the rest, with the figure that follows."""
    covered, market = item["market"]["covered"], item["market"]
    rest = ev.Fraction(market["rest"]) + ev.Fraction(1, 1000)
    covered[0]["quantity"], market["rest"] = "1999.999", ev.decimal(rest)
    item["scope2_market_g"] = str(
        ev.half_even(1000 * (rest * ev.Fraction(ev.RESIDUAL) + ev.Fraction(covered[1]["quantity"]) * ev.CONTRACT_FACTOR))
    )


def all_residual(item: Any) -> None:
    """The instruments forgotten, consistently."""
    item["market"].update(covered=[], rest=item["quantity"]["value"])
    item["scope2_market_g"] = str(ev.half_even(1000 * ev.Fraction(item["quantity"]["value"]) * ev.Fraction(ev.RESIDUAL)))


def plus(field: str, grams: int) -> Change:
    def change(item: Any) -> None:
        item[field] = str(int(item[field]) + grams)

    return change


STATED: list[tuple[str, str, int, Change]] = [
    ("instrument", "market.covered", BRANCH_B, less_covered),
    ("instrument", "market.covered", BRANCH_B, all_residual),
    ("instrument", "market.covered", BRANCH_B, lambda item: item["market"]["covered"].reverse()),
    ("instrument", "market.covered", SHARED, set_at("market", "covered", 0, "instrument", value="g3")),
    ("instrument", "market.covered", SHARED, lambda item: item["market"]["covered"].append({"instrument": "g3", "quantity": "0"})),
    ("instrument", "market.rest", SHARED, set_at("market", "rest", value="0")),
    ("instrument", "scope2_market_g", BRANCH_B, plus("scope2_market_g", -1_000_000)),
    ("rounding", "scope2_market_g", BRANCH_B, plus("scope2_market_g", 1)),
    ("method", "scope2_market_g", BRANCH_B, lambda item: item.update(scope2_market_g=item["scope2_location_g"])),
    ("method", "scope2_market_g", BRANCH_B, lambda item: item.update(scope2_market_g="0")),
    ("factor", "market.factor", BRANCH_B, set_at("market", "factor", value="grid-cn-2022")),
    ("method", "market", BRANCH_B, set_at("market", value=None)),
    ("method", "market", BLEND, set_at("market", value={"factor": "residual-cn", "covered": [], "rest": "1.5"})),
    ("allocation", "quantity", SHARED, set_at("quantity", "value", value="10000")),
    ("data", "uncertainty.activity_bp", WATER, set_at("uncertainty", "activity_bp", value=200)),
    ("rounding", "uncertainty.activity_bp", WATER, set_at("uncertainty", "activity_bp", value=124)),
    ("factor", "uncertainty.factor_bp", WATER, set_at("uncertainty", "factor_bp", value=500)),
    ("factor", "scope3_g", WATER, plus("scope3_g", 1000)),
    ("method", "scope1_g", WATER, lambda item: item.update(scope3_g="0", scope1_g=item["scope3_g"])),
    ("factor", "fluorinated", BLEND, set_at("fluorinated", 0, "g", value="900")),
    ("rounding", "fluorinated", BLEND, set_at("fluorinated", 0, "g", value="751")),
    ("factor", "fluorinated", BLEND, set_at("fluorinated", 0, "gas", value="R-134a")),
    ("factor", "fluorinated", BLEND, lambda item: item["fluorinated"].pop()),
    ("rounding", "fluorinated", WATER, set_at("fluorinated", value=[{"gas": "R-32", "g": "0"}])),
    ("method", "scope1_g", BLEND, lambda item: item.update(scope1_g=str(ev.half_even(750 * (ev.Fraction(3170) + 677))))),
]


@pytest.mark.parametrize(
    ("cause", "field", "index", "change"), STATED, ids=[f"{i} {case[0]} {case[1]} of line {case[2]}" for i, case in enumerate(STATED)]
)
def test_a_wrong_field_of_a_line_is_named_with_its_cause(tmp_path: Path, cause: str, field: str, index: int, change: Change) -> None:
    result = verify(tmp_path, ev.make_evidence(change_statement=line(index, change)))
    stated = ev.evidence().json("statement.json")["lines"][index]
    failed = result.checks("FAIL")
    assert [(check["id"], check["subject"]) for check in failed] == [("lines.recompute", f"line {stated['unit']} {stated['indicator']}")]
    assert f"cause {cause}" in failed[0]["means"]
    assert f"({field})" in failed[0]["means"]
    assert "0 further lines" in failed[0]["means"]


def unit(id: str, change: Change) -> Change:
    return lambda document: change(next(item for item in document["units"] if item["id"] == id))


def instrument(index: int, **changes: Any) -> Change:
    return lambda document: document["instruments"][index].update(changes)


PURCHASED = "electricity.purchased"
BRANCH_A, OUTLET_Z = f"branch-a {PURCHASED}", f"outlet-z {PURCHASED}"
LINES, ROLLUP, OUTLET, REFRIGERANT = "lines.recompute", "rollup.recompute", "unit branch-a total scope1_g", "outlet-a1 refrigerant.topup"
INPUTS: list[tuple[str, Change, str, str, str]] = [
    ("organisation", unit("outlet-z", set_at("allocations", 1, "part", value="101")), LINES, OUTLET_Z, "allocation"),
    ("organisation", unit("outlet-z", set_at("allocations", 1, "since", value="2025-03-02")), LINES, OUTLET_Z, "allocation"),
    ("organisation", unit("outlet-z", set_at("allocations", value=[])), LINES, OUTLET_Z, "allocation"),
    ("organisation", unit("outlet-a1", set_at("placements", 1, "parent", value="branch-b")), ROLLUP, OUTLET, ""),
    ("organisation", unit("outlet-a1", set_at("placements", 1, "since", value="2025-04-01")), ROLLUP, OUTLET, ""),
    ("activity", instrument(0, quantity={"value": "1.999999", "unit": "MWh"}), "lines.recompute", f"branch-b {PURCHASED}", "instrument"),
    ("activity", instrument(0, quantity={"value": "3", "unit": "MWh"}), LINES, BRANCH_A, "instrument"),
    ("activity", instrument(0, unit="branch-a"), LINES, BRANCH_A, "instrument"),
    ("activity", instrument(0, generated="2025-04-01"), LINES, BRANCH_A, "instrument"),
    ("activity", instrument(0, generated="2023-05-01", retired="2026-01-01"), LINES, BRANCH_A, "instrument"),
    ("activity", instrument(1, factor="0.06"), LINES, BRANCH_A, "instrument"),
    ("activity", instrument(2, retired="2025-12-31"), LINES, BRANCH_A, "instrument"),
    ("activity", lambda d: d["instruments"].pop(1), LINES, BRANCH_A, "instrument"),
    ("activity", set_at("records", 6, "uncertainty_bp", value=None), "lines.recompute", "outlet-a1 water.supply", "data"),
    ("activity", set_at("records", 7, "source", "kind", value="invoice"), LINES, OUTLET_Z, "data"),
    ("activity", set_at("records", 6, "register", "last", value="1015.1"), "findings.recompute", "/records/6", ""),
    ("library", set_at("factors", 7, "uncertainty_bp", value=None), "lines.recompute", "outlet-a1 water.supply", "factor"),
    ("library", set_at("policies", "factor_uncertainty_bp", "V", value=501), LINES, BRANCH_A, "factor"),
    ("library", set_at("policies", "activity_uncertainty_bp", "4", value=1), "lines.recompute", "outlet-a1 fuel.petrol", "data"),
    ("library", set_at("factors", 6, "value", value="0.5857"), LINES, BRANCH_A, "instrument"),
    ("library", set_at("factors", 6, "carrier", value="heat"), LINES, BRANCH_A, "factor"),
    ("library", set_at("gwp_sets", 1, "values", "R-32", value="772"), LINES, REFRIGERANT, "factor"),
    ("library", lambda d: d["gwp_sets"][1]["values"].pop("R-32"), LINES, REFRIGERANT, "method"),
    ("library", set_at("factors", 5, "blend", value=[{"gas": "R-32", "share": "1"}]), LINES, REFRIGERANT, "factor"),
    ("library", lambda d: d["selections"].pop(), LINES, BRANCH_A, "factor"),
    ("library", set_at("indicators", 4, "scope", value=1), "lines.recompute", "outlet-a1 water.supply", "method"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("document", "change", "check", "subject", "cause"), INPUTS, ids=[f"{i} {case[0]} {case[2]}" for i, case in enumerate(INPUTS)]
)
def test_a_statement_that_does_not_follow_from_an_input_is_named(
    tmp_path: Path, document: str, change: Change, check: str, subject: str, cause: str
) -> None:
    """The statement names the changed input by its hash and is signed: only recomputation shows that it does not follow from it."""
    result = verify(tmp_path, ev.make_evidence(**{f"change_{document}": change}))
    named = [found for found in result.checks("FAIL") if found["id"] == check and subject in found["subject"]]
    assert named, result.checks("FAIL")
    assert f"cause {cause}" in named[0]["means"] if cause else True
    assert {found["id"] for found in result.checks("FAIL")} == {check}


def test_a_line_whose_own_sources_differ_is_named_before_those_that_only_share_instruments_with_it(tmp_path: Path) -> None:
    """Another quantity at outlet-z changes what the contract leaves to everybody; outlet-z is the last line and the cause."""
    result = verify(tmp_path, ev.make_evidence(change_activity=set_at("records", 7, "quantity", "value", value="11")))
    failed = result.checks("FAIL")
    assert [(check["id"], check["subject"]) for check in failed] == [("lines.recompute", "line outlet-z electricity.purchased")]
    assert "3 further lines" in failed[0]["means"]


@pytest.mark.parametrize(
    ("document", "change", "pointer"),
    [
        ("organisation", unit("outlet-a1", set_at("placements", 0, "since", value="2001-01-02")), "/units/3/placements/0/since"),
        ("organisation", unit("outlet-a1", set_at("placements", 1, "since", value="2001-01-01")), "/units/3/placements/1"),
        ("organisation", unit("outlet-z", set_at("allocations", 1, "part", value="301")), "/units/4/allocations/1/part"),
        ("organisation", unit("outlet-z", set_at("allocations", 1, "part", value="0.00")), "/units/4/allocations/1/part"),
        ("organisation", unit("outlet-z", set_at("closing", value="closed")), "/units/4/closing"),
        ("organisation", unit("outlet-z", set_at("merged_into", value="head")), "/units/4/merged_into"),
        (
            "organisation",
            unit("outlet-z", lambda u: u.update(closed="2024-01-01", closing="merged", merged_into="outlet-z")),
            "/units/4/merged_into",
        ),
        ("organisation", unit("outlet-z", set_at("opened", value="2025-02-29")), "/units/4/opened"),
        ("activity", instrument(0, generated="2024-05-02"), "/instruments/0/generated"),
        ("activity", instrument(0, factor="0.1"), "/instruments/0/factor"),
        ("activity", instrument(0, retired="2024-04-30"), "/instruments/0/retired"),
        ("activity", instrument(1, generated="2024-05-01"), "/instruments/1/generated"),
        ("activity", instrument(1, factor="-0.1"), "/instruments/1/factor"),
        ("activity", instrument(2, id="g0"), "/instruments/2"),
        ("activity", set_at("records", 0, "uncertainty_bp", value=100_001), "/records/0/uncertainty_bp"),
        ("activity", set_at("records", 6, "register", "multiplier", value="0.0"), "/records/6/register/multiplier"),
        ("activity", set_at("denominators", 0, "value", value="0"), "/denominators/0/value"),
        ("library", set_at("policies", "factor_uncertainty_bp", value={"V": 1}), "/policies/factor_uncertainty_bp/X"),
        ("library", set_at("gwp_sets", 0, "values", value={"CO2": "1", "CH4": "28"}), "/gwp_sets/0/values/N2O"),
        ("library", set_at("gwp_sets", 0, "values", "CO2", value="2"), "/gwp_sets/0/values/CO2"),
        ("library", set_at("gwp_sets", 0, "values", "x" * 21, value="2"), "/gwp_sets/0/values/x"),
    ],
)
def test_a_document_that_breaks_a_rule_of_its_own_is_malformed_with_its_pointer(
    tmp_path: Path, document: str, change: Change, pointer: str
) -> None:
    result = verify(tmp_path, ev.make_evidence(**{f"change_{document}": change}))
    found = [check for check in result.checks("MALFORMED") if check["subject"] == f"{document}.json"]
    assert result.code == 3
    assert pointer in found[0]["means"]


@pytest.mark.parametrize(
    ("change", "means"),
    [
        (set_at("factors", 7, "document", value="d9"), "not one of the release's documents"),
        (set_at("factors", 7, "owner", value="bank-a"), "a selected factor has no owner"),
        (set_at("factors", 7, "unit", value="kgCO2/m3"), "the unit begins with kgCO2e/"),
        (set_at("factors", 7, "fuel", value={**ev.library()["factors"][0]["fuel"]}), "exactly the field of its form"),
        (set_at("factors", 5, "blend", 0, "share", value="0.51"), "shares add up to 1"),
        (lambda d: d["factors"][5]["blend"].reverse(), "strictly ascending"),
        (set_at("factors", 0, "kind", value="fuel"), "kind fuel_per_gas"),
        (set_at("indicators", 2, "market_kinds", value=["fuel"]), "market_kinds are for Scope 2 electricity alone"),
        (set_at("units", 0, "denominator", value="3"), "no finite decimal expansion"),
        (set_at("units", 0, "dimension", value="money"), "a known dimension"),
    ],
)
def test_a_release_that_contradicts_itself_where_figures_rest_on_it_is_malformed(tmp_path: Path, change: Change, means: str) -> None:
    result = verify(tmp_path, ev.make_evidence(change_library=change))
    found = {check["id"]: check["means"] for check in result.checks("MALFORMED")}
    assert result.code == 3
    assert means in found["lines.recompute"]


def test_a_local_factor_of_another_institution_is_refused_and_an_own_one_taken(tmp_path: Path) -> None:
    choice = {"indicator": "water.supply", "use": "location", "factor": "water-own", "reference": "our supplier"}

    def owned(owner: str) -> Change:
        def change(document: Any) -> None:
            local = {**document["factors"][7], "id": "water-own", "owner": owner}
            document["factors"].append(local)
            document["factors"].sort(key=lambda item: item["id"])

        return change

    def state(document: Any) -> None:
        document["lines"][WATER]["factor"] = "water-own"

    def evidence(owner: str) -> ev.Evidence:
        return ev.make_evidence(
            change_library=owned(owner), change_activity=lambda d: d["factor_choices"].append(choice), change_statement=state
        )

    own, other = evidence("bank-a"), evidence("bank-b")
    assert verify(tmp_path, own, policy=own.policy()).code == 0
    result = verify(tmp_path, other, policy=other.policy())
    assert result.failed() == {("lines.recompute", "line outlet-a1 water.supply"), ("findings.recompute", "/factor_choices/0/factor")}
    assert "local factor of bank-b" in result.checks("FAIL")[0]["found"]


ANSWER = {"code": "METER_COVERAGE", "place": "meter M1", "reason": "电表更换", "by": "data officer", "at": "2025-04-02T08:00:00Z"}
WARNING: dict[str, Any] = {
    "code": "METER_COVERAGE", "severity": "warning", "place": "meter M1", "got": None, "expected": None, "action": "Explain", "params": {},
}  # fmt: skip


def with_answers(*answers: Any) -> ev.Evidence:
    evidence = ev.evidence()
    evidence.put("findings.json", {"schema": "lingtan.findings/1", "items": [WARNING]})
    evidence.put("answers.json", {"schema": "lingtan.answers/1", "items": list(answers)})
    return evidence


def test_an_answer_to_a_finding_is_read_and_one_to_nothing_is_named(tmp_path: Path) -> None:
    later = {**ANSWER, "at": "2025-04-03T08:00:00Z"}
    assert verify(tmp_path, with_answers(ANSWER, later)).code == 0
    stray = verify(tmp_path, with_answers({**ANSWER, "place": "meter M2"}))
    assert stray.failed() == {("package.manifest", "answers.json /items/0")}


def test_an_answer_lifts_no_error(tmp_path: Path) -> None:
    evidence = with_answers(ANSWER)
    evidence.put("findings.json", {"schema": "lingtan.findings/1", "items": [{**WARNING, "severity": "error"}]})
    assert verify(tmp_path, evidence).failed() == {("findings.none", "meter M1")}


@pytest.mark.parametrize(
    "answers",
    [
        [{**ANSWER, "reason": ""}],
        [{**ANSWER, "reason": "x" * 2001}],
        [{**ANSWER, "reason": "two\nlines"}],
        [{**ANSWER, "at": "2025-04-02"}],
        [ANSWER, ANSWER],
        [{name: value for name, value in ANSWER.items() if name != "by"}],
    ],
)
def test_answers_of_another_form_are_malformed(tmp_path: Path, answers: list[Any]) -> None:
    result = verify(tmp_path, with_answers(*answers))
    assert (result.code, {check["subject"] for check in result.checks("MALFORMED")}) == (3, {"answers.json"})
