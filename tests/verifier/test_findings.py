"""Errors that forbid signing are found again from the package alone, whatever findings.json says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.verifier import evidence as ev
from tests.verifier.running import verify
from verifier.errors import Malformed
from verifier.findings import find_errors
from verifier.library_reader import read_library
from verifier.meter import MeterRecord, read_record

Book = dict[str, Any]
Change = Callable[[Book], object]


def book() -> Book:
    evidence = ev.evidence()
    return {name: evidence.json(f"{name}.json") for name in ("statement", "organisation", "activity", "library")}


@cache
def meters() -> dict[str, MeterRecord]:
    return {meter: read_record(ev.evidence().parts[f"meters/{meter}.ltm"]) for meter in ("M1", "M2")}


def errors(change: Change | None = None, records: dict[str, MeterRecord] | None = None) -> list[tuple[str, str]]:
    documents = book()
    if change is not None:
        change(documents)
    statement, organisation, activity = (documents[name] for name in ("statement", "organisation", "activity"))
    found = find_errors(statement, organisation, activity, read_library(documents["library"]), meters() if records is None else records)
    return [(finding.code, finding.place) for finding in found]


def record(index: int, **changes: Any) -> Change:
    return lambda b: b["activity"]["records"][index].update(changes)


def chosen(indicator: str, use: str, factor: str) -> Change:
    choice = {"indicator": indicator, "use": use, "factor": factor, "reference": "paper"}
    return lambda b: b["activity"]["factor_choices"].append(choice)


def instrument(index: int, **changes: Any) -> Change:
    return lambda b: b["activity"]["instruments"][index].update(changes)


def quantity(index: int, **changes: Any) -> Change:
    return lambda b: b["activity"]["records"][index]["quantity"].update(changes)


def unit(index: int, **changes: Any) -> Change:
    return lambda b: b["organisation"]["units"][index].update(changes)


def without_lines_of(*units: str) -> Change:
    return lambda b: b["statement"].update(lines=[line for line in b["statement"]["lines"] if line["unit"] not in units])


def declared(measure: str, value: str, tolerance: str = "0", measured_in: str = "tCO2e") -> Any:
    return {
        "id": "t1", "period": None, "at": None, "measure": measure, "value": value, "unit": measured_in, "parts": 1, "tolerance": tolerance,
        "reference": "report",
    }  # fmt: skip


def with_totals(*totals: Any) -> Change:
    def change(documents: Book) -> None:
        documents["activity"]["declared_totals"] = list(totals)
        units = documents["library"]["units"]
        units += [
            {"code": code, "aliases": [], "dimension": "emissions", "numerator": base, "denominator": "1"}
            for code, base in (("kgCO2e", "1"), ("tCO2e", "1000"))
        ]

    return change


def tonnes(*measures: str, indicator: str | None = None) -> str:
    """The stated figure in tonnes, exactly: grams with the point moved by hand."""
    statement = book()["statement"]
    rows = [statement["totals"]] if indicator is None else [line for line in statement["lines"] if line["indicator"] == indicator]
    digits = str(sum(int(row[name]) for row in rows for name in measures)).rjust(7, "0")
    return f"{digits[:-6]}.{digits[-6:]}"


def off(figure: str, grams: int) -> str:
    digits = str(int(figure.replace(".", "")) + grams).rjust(7, "0")
    return f"{digits[:-6]}.{digits[-6:]}"


def test_the_ordinary_book_has_no_error() -> None:
    assert errors() == []


CASES: list[tuple[Change, str, str]] = [
    (record(0, start="2025-02-28"), "RECORD_OUTSIDE_PERIOD", "/records/0"),
    (record(0, end="2025-04-01"), "RECORD_OUTSIDE_PERIOD", "/records/0"),
    (record(0, start="2025-03-02", end="2025-03-01"), "RECORD_ENDS_BEFORE_START", "/records/0"),
    (record(4, unit="outlet-9"), "UNIT_UNKNOWN", "/records/4/unit"),
    (record(0, indicator="fuel.wood"), "INDICATOR_UNKNOWN", "/records/0/indicator"),
    (quantity(0, unit="gallon"), "MEASURE_UNKNOWN", "/records/0/quantity/unit"),
    (quantity(0, unit="kWh"), "DIMENSION_WRONG", "/records/0/quantity/unit"),
    (quantity(2, unit="t"), "DIMENSION_WRONG", "/records/2/quantity/unit"),
    (quantity(0, value="-0.01"), "QUANTITY_NEGATIVE", "/records/0/quantity/value"),
    (unit(1, opened="2025-03-02"), "RECORD_OUTSIDE_UNIT_DATES", "/records/2"),
    (unit(1, closed="2025-03-30"), "RECORD_OUTSIDE_UNIT_DATES", "/records/2"),
    (lambda b: b["statement"]["meters"][0].update(unit="outlet-9", quantity="heat.energy"), "UNIT_UNKNOWN", "meter M1"),
    (unit(2, closed="2025-02-28"), "RECORD_OUTSIDE_UNIT_DATES", "meter M2"),
    (unit(0, opened="2025-03-02"), "RECORD_OUTSIDE_UNIT_DATES", "meter M1"),
    (unit(0, closed="2025-03-30"), "RECORD_OUTSIDE_UNIT_DATES", "meter M1"),
    (lambda b: b["statement"].update(lines=[]), "NOTHING_TO_REPORT", "period 2025-03"),
    (unit(1, kind="institution"), "ROOT_KIND", "unit branch-b"),
    (unit(2, kind="branch"), "PLACEMENT_MISSING", "unit head"),
    (
        unit(3, placements=[{"parent": "head", "since": "2001-01-01"}, {"parent": "no-one", "since": "2020-06-01"}]),
        "PARENT_UNKNOWN",
        "unit outlet-a1",
    ),
    (unit(0, opened="2020-06-02"), "PARENT_NOT_OPEN", "unit outlet-a1"),
    (unit(0, closed="2030-01-01"), "PARENT_NOT_OPEN", "unit outlet-a1"),
    (record(6, register={**ev.REGISTER, "last": "1015.1"}), "REGISTER_DIFFERS", "/records/6"),
    (chosen("electricity.purchased", "location", "grid-om"), "FACTOR_NOT_ADMITTED", "/factor_choices/0/factor"),
    (chosen("water.supply", "market", "water-supply"), "FACTOR_NOT_ADMITTED", "/factor_choices/0/factor"),
    (chosen("water.supply", "location", "no-such"), "FACTOR_UNKNOWN", "/factor_choices/0/factor"),
    (chosen("fuel.wood", "location", "grid-om"), "INDICATOR_UNKNOWN", "/factor_choices/0/indicator"),
    (instrument(0, unit="branch-9"), "UNIT_UNKNOWN", "/instruments/0/unit"),
    (instrument(1, quantity={"value": "1", "unit": "m3"}), "DIMENSION_WRONG", "/instruments/1/quantity/unit"),
    (instrument(1, quantity={"value": "1", "unit": "PWh"}), "MEASURE_UNKNOWN", "/instruments/1/quantity/unit"),
    (instrument(2, quantity={"value": "-1", "unit": "kWh"}), "QUANTITY_NEGATIVE", "/instruments/2/quantity/value"),
    (unit(1, opened="2025-03-01", closed="2001-01-01"), "UNIT_CLOSED_BEFORE_OPENED", "unit branch-b"),
    (without_lines_of("branch-b"), "UNIT_WITHOUT_DATA", "unit branch-b"),
    (without_lines_of("outlet-a1"), "UNIT_WITHOUT_DATA", "unit outlet-a1"),
    (with_totals(declared("scope1_g", "9999")), "TOTAL_MISMATCH", "/declared_totals/0"),
    (with_totals(declared("scope4_g", "0")), "FIELD_INVALID", "/declared_totals/0/measure"),
    (with_totals(declared("indicator/fuel.wood", "0")), "INDICATOR_UNKNOWN", "/declared_totals/0/measure"),
    (with_totals(declared("scope1_g", "0", "0", "kg")), "MEASURE_UNKNOWN", "/declared_totals/0/unit"),
    (with_totals(declared("scope1_g", "0", "0", "pound")), "MEASURE_UNKNOWN", "/declared_totals/0/unit"),
]


@pytest.mark.parametrize(("change", "code", "place"), CASES, ids=[f"{code}-{index}" for index, (_, code, _) in enumerate(CASES)])
def test_an_error_is_found_again_and_named_as_the_catalogue_does(change: Change, code: str, place: str) -> None:
    assert (code, place) in errors(change)
    assert f"| {code} | error" in (ev.ROOT / "docs/findings.md").read_text()


def test_the_first_and_last_days_of_period_and_unit_are_inside() -> None:
    assert errors(unit(1, opened="2025-03-01", closed="2025-03-31")) == []
    assert errors(record(0, start="2025-03-31")) == []


def test_a_unit_is_covered_by_those_below_it_and_not_by_those_above() -> None:
    assert errors(without_lines_of("branch-a")) == []
    assert errors(without_lines_of("outlet-a1")) == [("UNIT_WITHOUT_DATA", "unit outlet-a1")]


def silent_meter(documents: Book) -> None:
    """M1 has not one reading, and is all that branch-a and its outlet have."""
    documents["statement"]["meters"][0].update(measured="0", estimated="0", manual="0")
    lines = documents["statement"]["lines"]
    documents["statement"]["lines"] = [line for line in lines if (line["unit"], line["indicator"]) != ("branch-a", "gas.natural")]
    without_lines_of("outlet-a1")(documents)


def test_a_meter_without_a_reading_is_an_error_and_no_data() -> None:
    assert errors(silent_meter) == [
        ("METER_WITHOUT_READINGS", "meter M1"), ("UNIT_WITHOUT_DATA", "unit branch-a"), ("UNIT_WITHOUT_DATA", "unit outlet-a1"),
    ]  # fmt: skip
    with_invoice = [{"kind": "activity", "id": "r9"}, {"kind": "meter", "id": "M1"}]

    def change(documents: Book) -> None:
        silent_meter(documents)
        documents["statement"]["lines"][0]["sources"] = with_invoice

    assert errors(change) == [("METER_WITHOUT_READINGS", "meter M1"), ("UNIT_WITHOUT_DATA", "unit outlet-a1")]


@pytest.mark.parametrize(("readings", "inside"), [((96, 191), True), ((95, 191), False), ((96, 192), False), (None, True)])
def test_a_reading_on_a_day_on_which_the_unit_was_closed_is_an_error(readings: tuple[int, int] | None, inside: bool) -> None:
    """Slot 96 begins on the second day, in the period's own time."""

    def change(documents: Book) -> None:
        unit(1, opened="2025-03-02", closed="2025-03-02")(documents)
        documents["statement"]["meters"][0]["unit"] = "branch-b"
        record(2, start="2025-03-02", end="2025-03-02")(documents)

    records = {**meters(), "M1": replace(meters()["M1"], readings=readings)}
    assert errors(change, records) == ([] if inside else [("RECORD_OUTSIDE_UNIT_DATES", "meter M1")])


def test_the_first_and_last_reading_of_a_record_are_those_that_are_not_missing() -> None:
    def of(quality: bytes) -> tuple[int, int] | None:
        whole = ev.meter_record("M1")
        header = whole[:48] + len(quality).to_bytes(4, "little") + whole[52:96]
        return read_record(header + bytes(8 * len(quality)) + quality).readings

    assert [of(bytes(flags)) for flags in ([0, 0, 2, 0, 5, 0], [1], [0, 0], [3, 0])] == [(2, 4), (0, 0), None, (0, 0)]


def test_withheld_readings_of_a_unit_open_in_part_of_the_period_are_not_checked(tmp_path: Path) -> None:
    evidence = ev.evidence()
    evidence.withheld["meters/M1.ltm"] = "tenant"
    organisation = evidence.json("organisation.json")
    organisation["units"][0].update(opened="2025-03-01", placements=[{"parent": "head", "since": "2025-03-01"}])
    evidence.put("organisation.json", organisation)
    assert "findings.recompute" not in {check["id"] for check in verify(tmp_path, evidence).checks("NOT CHECKED")}
    organisation["units"][0].update(closed="2025-03-30", closing="closed")
    evidence.put("organisation.json", organisation)
    unchecked = {(check["id"], check["subject"]) for check in verify(tmp_path, evidence).checks("NOT CHECKED")}
    assert ("findings.recompute", "meter M1") in unchecked


@pytest.mark.parametrize("dates", [{"opened": "2025-04-01"}, {"closed": "2025-02-28"}])
def test_a_unit_that_was_not_open_in_the_period_needs_no_data(dates: Any) -> None:
    def change(documents: Book) -> None:
        without_lines_of("outlet-a1")(documents)
        documents["activity"]["records"] = [record for record in documents["activity"]["records"] if record["unit"] != "outlet-a1"]
        unit(3, **dates)(documents)

    assert errors(change) == []


FIGURES = [
    ("scope1_g", tonnes("scope1_g")),
    ("scope2_location_g", tonnes("scope2_location_g")),
    ("scope2_market_g", tonnes("scope2_market_g")),
    ("scope3_g", tonnes("scope3_g")),
    ("scope1_scope2_location_g", tonnes("scope1_g", "scope2_location_g")),
    ("scope1_scope2_market_g", tonnes("scope1_g", "scope2_market_g")),
    ("all_location_g", tonnes("scope1_g", "scope2_location_g", "scope3_g")),
    ("all_market_g", tonnes("scope1_g", "scope2_market_g", "scope3_g")),
    ("indicator/water.supply", tonnes("scope3_g", indicator="water.supply")),
    ("indicator/fuel.petrol", tonnes("scope1_g", indicator="fuel.petrol")),
    ("indicator/electricity.purchased", tonnes("scope2_location_g", indicator="electricity.purchased")),
]


@pytest.mark.parametrize(("measure", "figure"), FIGURES, ids=[measure for measure, _ in FIGURES])
def test_a_declared_total_ties_out_up_to_its_tolerance_and_not_a_gram_further(measure: str, figure: str) -> None:
    assert errors(with_totals(declared(measure, figure))) == []
    assert errors(with_totals(declared(measure, figure.replace(".", "").lstrip("0")[:-3] + "." + figure[-3:], "0", "kgCO2e"))) == []
    for grams in (5, -5):
        assert errors(with_totals(declared(measure, off(figure, grams), "0.000005"))) == []
        assert errors(with_totals(declared(measure, off(figure, grams), "0.000004"))) == [("TOTAL_MISMATCH", "/declared_totals/0")]


def figure_at(unit: str, *measures: str) -> str:
    item = next(item for item in book()["statement"]["rollup"] if item["unit"] == unit)
    digits = str(sum(int(item["total"][name]) for name in measures)).rjust(7, "0")
    return f"{digits[:-6]}.{digits[-6:]}"


@pytest.mark.parametrize("unit_id", ["branch-a", "outlet-a1", "head", "branch-b"])
def test_a_declared_total_of_a_unit_is_tied_out_with_all_below_it(unit_id: str) -> None:
    figure = figure_at(unit_id, "scope1_g")
    assert errors(with_totals({**declared("scope1_g", figure), "at": unit_id})) == []
    assert errors(with_totals({**declared("scope1_g", off(figure, 1)), "at": unit_id})) == [("TOTAL_MISMATCH", "/declared_totals/0")]
    assert errors(with_totals({**declared("scope1_g", figure), "at": "branch-9"})) == [("UNIT_UNKNOWN", "/declared_totals/0/at")]


def test_an_indicator_at_a_unit_counts_its_lines_at_or_below_it_alone() -> None:
    lines = {line["unit"]: line for line in book()["statement"]["lines"] if line["indicator"] == "fuel.petrol"}
    assert set(lines) == {"head", "outlet-a1"}
    below = f"{int(lines['outlet-a1']['scope1_g']) / 10**6:.6f}"
    for at, figure in (("branch-a", below), ("outlet-a1", below), ("branch-b", "0.000000")):
        assert errors(with_totals({**declared("indicator/fuel.petrol", figure), "at": at})) == []
        assert errors(with_totals({**declared("indicator/fuel.petrol", off(figure, 1)), "at": at})) != []


def test_a_figure_of_another_period_is_not_tied_out_and_one_of_this_period_is() -> None:
    for period, found in (("2024-03", []), ("2025-03", [("TOTAL_MISMATCH", "/declared_totals/0")])):
        assert errors(with_totals({**declared("scope1_g", "9999"), "period": period})) == found
    other = {**declared("scope9_g", "1"), "period": "2024-03"}
    assert errors(with_totals(other)) == [("FIELD_INVALID", "/declared_totals/0/measure")]


def test_a_negative_tolerance_ties_nothing_out() -> None:
    assert errors(with_totals(declared("scope1_g", tonnes("scope1_g"), "-1"))) == [("TOTAL_MISMATCH", "/declared_totals/0")]


def test_all_errors_come_at_once() -> None:
    def change(documents: Book) -> None:
        for part in (record(0, start="2025-02-01", indicator="fuel.wood"), quantity(3, value="-1"), without_lines_of("branch-b")):
            part(documents)

    assert [code for code, _ in errors(change)] == ["RECORD_OUTSIDE_PERIOD", "INDICATOR_UNKNOWN", "QUANTITY_NEGATIVE", "UNIT_WITHOUT_DATA"]


@pytest.mark.parametrize(
    "change",
    [
        record(0, start="2025-02-30"),
        unit(0, opened="2025-13-01"),
        unit(0, closed="2025-00-01"),
        lambda b: b["statement"]["period"].update(timezone="Europe/Atlantis"),
        lambda b: b["statement"]["period"].update(end="9999-12-31T20:00:00Z"),
        lambda b: b["statement"]["period"].update(end="0001-01-01T00:00:00Z"),
    ],
)
def test_a_date_that_no_calendar_has_is_malformed(change: Change) -> None:
    with pytest.raises(Malformed):
        errors(change)


def outside(document: Any) -> None:
    document["records"][0]["start"] = "2025-02-01"


LISTED: dict[str, Any] = {
    "code": "RECORD_OUTSIDE_PERIOD", "severity": "error", "place": "/records/0/start", "got": None, "expected": None, "action": "Fix",
    "params": {},
}  # fmt: skip


@pytest.mark.parametrize(("items", "failed"), [([], {"findings.recompute"}), ([LISTED], {"findings.recompute", "findings.none"})])
def test_a_signed_and_anchored_statement_with_an_error_is_invalid_even_with_an_empty_findings_file(
    tmp_path: Path, items: list[Any], failed: set[str]
) -> None:
    """The line's figure does not depend on the dates, so that all else holds: tree, signature, anchor, manifest."""
    evidence = ev.make_evidence(change_activity=outside)
    evidence.put("findings.json", {"schema": "lingtan.findings/1", "items": items})
    result = verify(tmp_path, evidence)
    assert (result.code, {check_id for check_id, _ in result.failed()}) == (1, failed)
    answer = next(check for check in result.checks("FAIL") if check["id"] == "findings.recompute")
    assert (answer["subject"], answer["found"]) == ("/records/0", "2025-02-01 to 2025-03-31")
    assert "RECORD_OUTSIDE_PERIOD" in answer["means"]
    assert ("leaves out" in answer["means"]) is (items == [])


def test_the_error_that_the_file_leaves_out_is_named_before_one_that_it_lists(tmp_path: Path) -> None:
    def change(document: Any) -> None:
        outside(document)
        document["records"][3]["end"] = "2025-04-30"

    evidence = ev.make_evidence(change_activity=change)
    evidence.put("findings.json", {"schema": "lingtan.findings/1", "items": [LISTED]})
    answer = next(check for check in verify(tmp_path, evidence).checks("FAIL") if check["id"] == "findings.recompute")
    assert answer["subject"] == "/records/3"
    assert "1 further" in answer["means"]


def test_an_error_is_found_again_without_the_findings_file(tmp_path: Path) -> None:
    evidence = ev.make_evidence(change_activity=outside)
    evidence.withheld["findings.json"] = "internal"
    assert {check_id for check_id, _ in verify(tmp_path, evidence).failed()} == {"findings.recompute"}


def test_a_duplicate_record_id_makes_the_activity_unreadable(tmp_path: Path) -> None:
    evidence = ev.make_evidence(change_activity=lambda d: d["records"][1].update(id="r1"))
    result = verify(tmp_path, evidence)
    assert result.code in (1, 3)
    assert ("package.manifest", "activity.json") in {(check["id"], check["subject"]) for check in result.checks("MALFORMED")}
