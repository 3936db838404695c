"""A bank's years analysed: against the year before, in a series, against its base year and its path; and the policy that says how."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import Forbidden, NotFound
from ledger.records import canonical
from ledger.records.period import Period
from ledger.services import activity, analysis, analysis_policies, answers, comparison, organisation, periods, statements
from tests.product import AUDITOR, Town, approver, person, preparer
from tests.services.conftest import Template, close, reopen
from tests.whole.scene import activity as activity_of
from tests.whole.scene import record, tree

ASH = preparer("ash")
VERIFIER = person("gfc.verifier", "gfc", "verifier")
YEARS = {year: Period.of_dates(year, date(int(year), 1, 1), date(int(year), 12, 31), "Asia/Shanghai") for year in ("2024", "2025")}
POWER, PETROL = "electricity.purchased", "fuel.petrol.vehicles"


def books(year: str, *records: tuple[str, str, str, str]) -> dict[str, Any]:
    """An activity document of (unit, indicator, value, unit of measure)."""
    rows = [record(f"r{at}", unit, indicator, value, code, YEARS[year]) for at, (unit, indicator, value, code) in enumerate(records)]
    return activity_of("ash", YEARS[year], rows)


def enter(town: Town, year: str, document: dict[str, Any]) -> None:
    with town.work(ASH) as work:
        periods.open_period(work, "ash", id=year, first_day=YEARS[year].first_day, last_day=YEARS[year].last_day)
        taken = activity.submit_activity(work, "ash", year, document)
        assert taken.accepted, taken.findings


def with_beta() -> dict[str, Any]:
    """The tree of ash after it acquired beta on the first day of 2025."""
    document = tree("ash", [("hq", None), ("beta", "hq")])
    for unit in document["units"]:
        unit.update(headcount=20, **({"opened": "2025-01-01", "opening": "acquired"} if unit["id"] == "beta" else {}))
    return document


@pytest.fixture(scope="module")
def two_years(founded: Template, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Ash: 100 MWh in 2024, attested; 90 MWh and the acquired beta's 30 MWh in 2025, a draft."""
    folder = tmp_path_factory.mktemp("ash") / "data"
    with reopen(founded, folder) as town:
        alone = tree("ash", [("hq", None)])
        alone["units"][0]["headcount"] = 20
        used = books("2024", ("hq", POWER, "100000", "kWh"), ("hq", PETROL, "1000", "L"))
        town.add_bank("ash", alone, period=("2024", YEARS["2024"].first_day, YEARS["2024"].last_day), activity_document=used)
        town.attest("ash", town.prepare("ash", "2024").id)
        town.relay()
        with town.work(ASH) as work:
            assert organisation.submit_organisation(work, "ash", with_beta()).version == 2
        enter(town, "2025", books("2025", ("hq", POWER, "90000", "kWh"), ("hq", PETROL, "1000", "L"), ("beta", POWER, "30000", "kWh")))
        assert town.prepare("ash", "2025").id
        return close(town, folder)


@pytest.fixture
def ash(two_years: Template, tmp_path: Path) -> Iterator[Town]:
    with reopen(two_years, tmp_path / "data") as town:
        yield town


def statement_of(town: Town, year: str) -> statements.StatementView:
    with town.house.view(ASH) as work:
        return statements.list_statements(work, "ash", year, 10, None).items[-1]


def compare(town: Town, year: str = "2025", actor: Any = ASH) -> dict[str, Any]:
    with town.house.view(actor) as work:
        return comparison.compare_statement(work, statement_of(town, year).id)


def analyse(town: Town, actor: Any = ASH) -> dict[str, Any]:
    with town.house.view(actor) as work:
        document = analysis.get_analysis(work, "ash")
    assert canonical.load_canonical(canonical.dump(document)) == document
    return document


def submit(town: Town, policies: dict[str, Any] | None = None, periods: list[Any] | None = None) -> analysis_policies.AnalysisPolicyView:
    document = {
        "schema": "lingtan.analysis_policy/1",
        "institution": "ash",
        "policies": {} if policies is None else policies,
        "periods": [] if periods is None else periods,
    }
    with town.work(ASH) as work:
        return analysis_policies.submit_analysis_policy(work, "ash", document)


def historic(quantity: str = "25 MWh") -> dict[str, Any]:
    return {"period": "2024", "historic": [{"unit": "beta", "indicator": POWER, "quantity": quantity}]}


# The statement against the year before


def test_a_statement_is_compared_row_by_row_with_the_last_year_that_counts(ash: Town) -> None:
    document = compare(ash)
    assert (document["before"]["period"], document["before"]["state"]) == ("2024", "anchored")
    assert (document["statement"]["period"], document["statement"]["state"]) == ("2025", "draft")
    rows = {(row["unit"], row["indicator"]): row for row in document["rows"]}
    assert {key: row["status"] for key, row in rows.items()} == {
        ("beta", POWER): "new",
        ("hq", POWER): "changed",
        ("hq", PETROL): "same",
    }
    power = rows["hq", POWER]
    assert (power["quantity_change"], power["quantity_bp"]) == ("-10000", "-1000")
    part = power["parts"]["scope2_location_g"]
    assert int(part["activity"]) + int(part["factor"]) == int(part["change"]) == int(part["after"]) - int(part["before"])
    assert rows["beta", POWER]["boundary"]
    assert rows["beta", POWER]["parts"]["scope2_location_g"]["boundary"] == rows["beta", POWER]["change"]["scope2_location_g"]
    total = document["total"]["scope1_scope2_location_g"]
    assert sum(int(total[name]) for name in ("activity", "factor", "boundary")) == int(total["change"])
    assert int(total["boundary"]) == int(rows["beta", POWER]["change"]["scope2_location_g"])
    before, after = statement_of(ash, "2024").totals, statement_of(ash, "2025").totals
    assert int(total["after"]) == int(after["scope1_g"]) + int(after["scope2_location_g"])
    assert int(total["before"]) == int(before["scope1_g"]) + int(before["scope2_location_g"])


def test_the_first_year_has_nothing_before_it_and_still_says_what_is_unanswered(ash: Town) -> None:
    document = compare(ash, "2024")
    assert (document["before"], document["total"], document["rows"]) == (None, None, [])
    assert len(document["findings"]) == len(statement_of(ash, "2024").findings) > 0


def test_an_answered_finding_is_not_counted_any_more(ash: Town) -> None:
    open_ones = compare(ash)
    finding = next(item for item in open_ones["findings"] if item["severity"] == "warning")
    with ash.work(ASH) as work:
        answers.answer_finding(work, open_ones["statement"]["id"], finding["code"], finding["place"], "checked with the supplier")
    after = compare(ash)
    assert int(after["unanswered"]["warning"]) == int(open_ones["unanswered"]["warning"]) - 1
    assert [item for item in open_ones["findings"] if item not in after["findings"]] == [finding]


def test_a_draft_of_the_year_before_counts_for_the_bank_alone(ash: Town) -> None:
    period = Period.of_dates("2026q1", date(2026, 1, 1), date(2026, 3, 31), "Asia/Shanghai")
    with ash.work(ASH) as work:
        periods.open_period(work, "ash", id="2026q1", first_day=period.first_day, last_day=period.last_day)
        rows = [record("r", "hq", POWER, "20000", "kWh", period)]
        assert activity.submit_activity(work, "ash", "2026q1", activity_of("ash", period, rows)).accepted
    ash.prepare("ash", "2026q1")
    assert compare(ash, "2026q1")["before"]["period"] == "2025"
    assert compare(ash, "2026q1", AUDITOR)["before"]["period"] == "2024"


# The analysis


def test_without_a_policy_the_first_year_is_the_base_and_the_goal_of_the_release_is_held_against(ash: Town) -> None:
    document = analyse(ash)
    assert (document["policy"], document["drafts"], document["findings"]) == (None, ["2025"], [])
    assert [item["id"] for item in document["periods"]] == ["2024", "2025"]
    assert document["series"]["reference"] == "2025"
    assert (document["base_year"]["period"], document["base_year"]["threshold_bp"]) == ("2024", "500")
    assert document["paths"][0]["target"] == "28-58"
    assert document["paths"][0]["column"] == "scope1_scope2_location_g"
    assert document["paths"][0]["status"] == "before_peak"
    reported = {item["period"]: item["totals"]["scope2_location_g"] for item in document["series"]["as_reported"]}
    assert reported == {year: statement_of(ash, year).totals["scope2_location_g"] for year in YEARS}


def test_others_see_what_was_attested_and_nothing_of_drafts(ash: Town) -> None:
    for actor in (AUDITOR, VERIFIER):
        document = analyse(ash, actor)
        assert [item["id"] for item in document["periods"]] == ["2024"]
        assert document["drafts"] == []
    ash.attest("ash", statement_of(ash, "2025").id)
    ash.relay()
    assert [item["id"] for item in analyse(ash, AUDITOR)["periods"]] == ["2024", "2025"]
    assert analyse(ash)["drafts"] == []


def test_a_bank_without_a_statement_has_no_analysis_and_the_government_sees_none(ash: Town) -> None:
    for actor, bank in ((preparer("oak"), "oak"), (person("city.office", "city", "government"), "ash"), (preparer("oak"), "ash")):
        with ash.house.view(actor) as work, pytest.raises(NotFound):
            analysis.get_analysis(work, bank)


def test_a_base_year_is_recalculated_with_the_historic_lines_of_an_acquired_unit(ash: Town) -> None:
    without = analyse(ash)["base_year"]
    assert [(entry["cause"], entry["decision"], entry["estimated"]) for entry in without["log"]] == [("acquired", "recalculated", True)]
    assert not without["complete"]
    assert submit(ash, {"base_year": {"period": "2024", "threshold_bp": 500}}, [historic()]).version == 1
    document = analyse(ash)
    assert document["findings"] == []
    assert document["policy"]["version"] == 1
    base = document["base_year"]
    assert [(entry["cause"], entry["units"], entry["estimated"]) for entry in base["log"]] == [("acquired", ["beta"], False)]
    assert base["complete"]
    grams = {name: int(base[name]["scope2_location_g"]) for name in ("base_as_reported", "base_recalculated")}
    assert grams["base_recalculated"] * 4 == grams["base_as_reported"] * 5, "25 MWh beside 100 MWh at one factor"


def test_a_threshold_that_is_not_reached_carries_the_effect(ash: Town) -> None:
    submit(ash, {"base_year": {"period": "2024", "threshold_bp": 9000}}, [historic()])
    base = analyse(ash)["base_year"]
    assert [entry["decision"] for entry in base["log"]] == ["carried"]
    assert base["base_recalculated"] == base["base_as_reported"]


def test_an_error_found_later_corrects_the_base_year(ash: Town) -> None:
    correction = {"period": "2024", "unit": "hq", "indicator": POWER, "quantity": "110 MWh", "reference": "meter 7 was left out"}
    view = submit(ash, None, [historic(), {"period": "2025", "corrections": [correction]}])
    assert view.accepted, view.findings
    base = analyse(ash)["base_year"]
    assert [(entry["cause"], entry["reference"]) for entry in base["log"]][-1] == ("error", "meter 7 was left out")
    assert int(base["base_recalculated"]["scope2_location_g"]) * 100 == int(base["base_as_reported"]["scope2_location_g"]) * 135


def test_reference_targets_and_simulation_are_the_policys(ash: Town) -> None:
    own = {"id": "own", "peak_by": 2024, "neutral_by": 2050, "column": "all_market"}
    policies = {"reference_period": "2024", "targets": [own, {"profile": "25-55"}], "simulation": {"draws": 200, "seed": 7}}
    assert submit(ash, policies).accepted
    document = analyse(ash)
    assert document["series"]["reference"] == "2024"
    assert [(item["target"], item["column"]) for item in document["paths"]] == [
        ("own", "all_market_g"),
        ("25-55", "scope1_scope2_location_g"),
    ]
    assert document["periods"][0]["simulation"]["n"] == "200"
    assert document["periods"] == analyse(ash)["periods"], "the same seed gives the same draws"


def test_what_a_reader_cannot_see_yet_is_left_out_and_named(ash: Town) -> None:
    correction = {"period": "2024", "indicator": POWER, "quantity": "110 MWh"}
    submit(ash, {"base_year": "2025", "reference_period": "2025"}, [historic(), {"period": "2025", "corrections": [correction]}])
    document = analyse(ash, AUDITOR)
    assert {item["code"] for item in document["findings"]} == {"PERIOD_NOT_STATED"}
    assert {item["place"] for item in document["findings"]} == {
        "/policies/base_year",
        "/policies/reference_period",
        "/periods/1/period",
    }
    assert document["base_year"] is None
    assert document["series"]["reference"] == "2024"


def test_a_correction_of_a_line_that_is_not_there_keeps_nothing_else_from_being_shown(ash: Town) -> None:
    correction = {"period": "2024", "unit": "hq", "indicator": "fuel.diesel.vehicles", "quantity": "5 L"}
    view = submit(ash, None, [{"period": "2025", "corrections": [correction]}])
    assert view.accepted, view.findings
    document = analyse(ash)
    assert [(item["code"], item["place"]) for item in document["findings"]] == [("ANALYSIS_REFUSED", "/periods")]
    assert document["base_year"]["period"] == "2024"


def test_periods_that_are_no_years_have_no_path_and_say_so(anchored_town: Town) -> None:
    with anchored_town.house.view(AUDITOR) as work:
        document = analysis.get_analysis(work, "oak")
    assert document["paths"] == []
    assert [item["code"] for item in document["findings"]] == ["PATH_WITHOUT_YEARS"]  # type: ignore[attr-defined]


# The policy


def test_versions_of_a_policy_are_kept_and_the_same_again_is_the_same_version(ash: Town) -> None:
    with ash.house.view(AUDITOR) as work:
        empty = analysis_policies.get_analysis_policy(work, "ash")
    assert (empty.version, empty.document["policies"], empty.document["periods"]) == (0, {}, [])
    assert [submit(ash, {"base_year": year}).version for year in ("2024", "2024", "2025", "2024")] == [1, 1, 2, 3]
    with ash.house.view(AUDITOR) as work:
        assert analysis_policies.get_analysis_policy(work, "ash", 2).document["policies"] == {"base_year": "2025"}
        assert analysis_policies.get_analysis_policy(work, "ash").version == 3
        with pytest.raises(NotFound):
            analysis_policies.get_analysis_policy(work, "ash", 4)


def test_every_finding_of_a_policy_comes_at_once_and_nothing_is_kept(ash: Town) -> None:
    wrong = {
        "schema": "lingtan.analysis_policy/2",
        "institution": "oak",
        "remark": "x",
        "policies": {"base_year": "1999", "jump_bp": 5, "targets": [{"profile": "nowhere"}], "simulation": {"draws": 10001}},
        "periods": [
            {"period": "2023"},
            {"period": "2024", "historic": [{"unit": "gamma", "indicator": POWER, "quantity": "5 m3"}]},
            {"period": "2024", "corrections": [{"period": "2025", "indicator": "none", "quantity": "much"}]},
            7,
        ],
    }
    with ash.work(ASH) as work:
        view = analysis_policies.submit_analysis_policy(work, "ash", wrong)
    assert (view.accepted, view.version, view.hash) == (False, 0, "")
    assert {(item.code, item.place) for item in view.findings} >= {
        ("FIELD_UNKNOWN", "/remark"),
        ("FIELD_INVALID", "/schema"),
        ("INSTITUTION_DIFFERS", "/institution"),
        ("PERIOD_UNKNOWN", "/policies/base_year/period"),
        ("FIELD_UNKNOWN", "/policies/jump_bp"),
        ("FIELD_INVALID", "/policies/simulation/draws"),
        ("PERIOD_UNKNOWN", "/periods/0/period"),
        ("UNIT_UNKNOWN", "/periods/1/historic/0/unit"),
        ("DIMENSION_WRONG", "/periods/1/historic/0/quantity/unit"),
        ("ITEM_TWICE", "/periods/2/period"),
        ("PERIOD_UNKNOWN", "/periods/2/corrections/0/period"),
        ("INDICATOR_UNKNOWN", "/periods/2/corrections/0/indicator"),
        ("FIELD_INVALID", "/periods/2/corrections/0/quantity"),
        ("FIELD_INVALID", "/periods/3"),
    }
    assert any(item.place.startswith("/policies/targets/0") for item in view.findings)
    with ash.house.view(ASH) as work:
        assert analysis_policies.get_analysis_policy(work, "ash").version == 0


@pytest.mark.parametrize("part", ["policies", "periods"])
def test_a_part_of_the_wrong_kind_is_one_finding(ash: Town, part: str) -> None:
    with ash.work(ASH) as work:
        document = {"schema": "lingtan.analysis_policy/1", "institution": "ash", "policies": {}, "periods": [], part: "x"}
        view = analysis_policies.submit_analysis_policy(work, "ash", document)
    assert [(item.code, item.place) for item in view.findings] == [("FIELD_INVALID", f"/{part}")]


def test_only_the_preparer_of_the_bank_hands_a_policy_in(ash: Town) -> None:
    for actor, refusal in ((approver("ash"), Forbidden), (preparer("oak"), NotFound)):
        with ash.work(actor) as work, pytest.raises(refusal):
            analysis_policies.submit_analysis_policy(work, "ash", {})
