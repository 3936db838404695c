"""The document of an analysis: complete, canonical, and made of decimal strings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from ledger.accounting.analysis import (
    AnalysisOptions,
    BaseYearPolicy,
    Correction,
    PathOptions,
    PeriodInventory,
    SimulationOptions,
    Target,
    YearValue,
    analysis_document,
)
from ledger.accounting.analysis.columns import COLUMN_NAMES
from ledger.accounting.analysis.document import format_rounded
from ledger.errors import InputError
from ledger.records import canonical
from tests.accounting.analysis.scene import ROOT, covered, line, organisation, period, rating, unit

UNITS = organisation(
    unit("branch", kind="branch", headcount=30, area_m2="1200.5"),
    unit("outlet", "branch", headcount=7),
    unit("bought", opened=date(2024, 1, 1), opening="acquired"),
    headcount=50,
)
OPTIONS = AnalysisOptions(
    reference="2023",
    base_year=BaseYearPolicy("2022", 500),
    corrections=(Correction("2024", "2022", "outlet", "gas", Fraction(90), "note 3"),),
    paths=(
        PathOptions(Target("28-58", 2028, 2058, (YearValue(2035, 100_000),))),
        PathOptions(Target("own", 2023, 2040), "all_market_g", 2022),
    ),
    simulation=SimulationOptions(400, 11),
)


def years() -> tuple[PeriodInventory, ...]:
    grid = {year: rating(rate, f"grid-{year}", bp=500) for year, rate in ((2022, "570.3"), (2023, "570.3"), (2024, "536.6"))}
    rest = rating("609.6", "residual", kind="grid_residual")

    def of(year: int, gas: str, power: str, *more: str) -> PeriodInventory:
        market = covered("10", str(Fraction(power) - 10), rest)
        lines = [line(f"outlet gas {gas}", "2164.4", bp=300), line(f"branch power {power}", grid[year], market=market, bp=700)]
        lines += [line(text, "2164.4") for text in more]
        return period(year, *lines, of=UNITS)

    first = of(2022, "100", "300").with_historic([line("bought gas 70", "2164.4")])
    return first, of(2023, "110", "320"), of(2024, "105", "310.5", "bought gas 80", "bought travel 3")


def document() -> Any:
    return analysis_document(years(), OPTIONS)


def leaves(value: object, place: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{place}/{key}")
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, place)
    else:
        yield place, value


def test_it_is_canonical_and_the_same_every_time() -> None:
    data = canonical.dump(document())
    assert canonical.load_canonical(data) == document()
    assert canonical.dump(analysis_document(reversed(years()), OPTIONS)) == data


def test_figures_are_decimal_strings_and_columns_are_all_eight() -> None:
    numbers = {place for place, value in leaves(document()) if isinstance(value, int) and not isinstance(value, bool)}
    assert numbers == {"/changes/rows/scope"}
    for place, value in leaves(document()):
        if place.rsplit("/", 1)[-1] in (*COLUMN_NAMES, "g", "bp", "year") and value is not None:
            assert re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", str(value)), (place, value)
    assert all(set(item["totals"]) == set(COLUMN_NAMES) for item in document()["periods"])


def test_a_period_has_totals_intensities_and_uncertainties() -> None:
    first = document()["periods"][0]
    assert first["totals"]["scope1_scope2_location_g"] == str(216_440 + 171_090)
    assert first["totals"]["scope2_market_g"] == str(176_784)
    units = {item["unit"]: item for item in first["units"]}
    assert set(units) == {ROOT, "branch", "outlet"}
    heads, area, outlets, income = units["branch"]["intensities"]
    assert (heads["measure"], heads["denominator"], heads["values"]["scope1_g"]) == ("headcount", "37", "5849.72973")
    assert (area["values"], area["reason"], area["missing"]) == (None, "DENOMINATOR_MISSING", ["outlet"])
    assert (outlets["denominator"], outlets["values"]["scope1_g"]) == ("1", "216440")
    assert income["reason"] == "DENOMINATOR_MISSING"
    assert first["uncertainty"]["scope1_g"] == {"g": "6493", "bp": "300"}
    assert first["uncertainty"]["scope3_g"] == {"g": "0", "bp": None}
    simulated = first["simulation"]
    assert (simulated["n"], simulated["seed"], simulated["bp"]["scope3_g"]) == ("400", "11", None)
    assert 250 <= int(simulated["bp"]["scope1_g"]) <= 350


def test_series_changes_base_year_and_paths_are_there() -> None:
    found = document()
    assert found["series"]["reference"] == "2023"
    constant = found["series"]["constant_factor"][2]
    assert constant["totals"]["scope2_location_g"] == str(round(Fraction("310.5") * Fraction("570.3")))
    assert constant["kept"] == [{"unit": "bought", "indicator": "travel"}]
    last = found["changes"][1]
    assert (last["before"], last["after"], len(found["changes"])) == ("2023", "2024", 2)
    part = {name: int(value) for name, value in last["total"]["all_location_g"].items()}
    assert part["activity"] + part["factor"] + part["boundary"] == part["change"] == part["after"] - part["before"]
    assert part["boundary"] == 173_152 + 6_493
    assert [row["status"] for row in last["rows"]] == ["new", "new", "changed", "changed"]
    review = found["base_year"]
    assert [(entry["cause"], entry["decision"]) for entry in review["log"]] == [("acquired", "recalculated"), ("error", "recalculated")]
    assert int(review["base_recalculated"]["scope1_g"]) == round(Fraction("2164.4") * 90) + round(Fraction("2164.4") * 70)
    assert [item["period"] for item in review["missing"]] == ["2023"]
    assert review["complete"] is True
    goal, own = found["paths"]
    assert (goal["target"], goal["column"], goal["status"]) == ("28-58", "scope1_scope2_location_g", "before_peak")
    assert (own["target"], own["column"], own["status"]) == ("own", "all_market_g", "peak_overdue")


def test_a_period_that_is_no_calendar_year_is_left_out_of_the_path() -> None:
    quarter = PeriodInventory("2025-q1", date(2025, 1, 1), date(2025, 3, 31), UNITS, (line("outlet gas 20", "2164.4"),))
    found: Any = analysis_document([*years(), quarter], OPTIONS)
    assert [path["left_out"] for path in found["paths"]] == [["2025-q1"], ["2025-q1"]]
    assert [year["year"] for year in found["paths"][0]["years"]] == ["2022", "2023", "2024"]


def test_a_target_needs_a_calendar_year() -> None:
    quarter = PeriodInventory("2025-q1", date(2025, 1, 1), date(2025, 3, 31), UNITS, (line("outlet gas 20", "2164.4"),))
    with pytest.raises(InputError, match="is a calendar year"):
        analysis_document([quarter], AnalysisOptions(paths=OPTIONS.paths))


def test_the_first_year_alone_is_a_whole_document() -> None:
    found: Any = analysis_document(years()[:1])
    assert (found["changes"], found["base_year"], found["paths"]) == ([], None, [])
    assert found["series"]["reference"] == "2022"
    assert found["periods"][0]["simulation"] is None


def test_the_last_period_is_the_reference_unless_told_otherwise() -> None:
    found: Any = analysis_document(years())
    assert found["series"]["reference"] == "2024"


def test_nothing_to_analyse_is_refused() -> None:
    with pytest.raises(InputError, match="no period"):
        analysis_document([])


def test_an_unknown_reference_is_refused() -> None:
    with pytest.raises(InputError, match="no period '2030'"):
        analysis_document(years(), AnalysisOptions(reference="2030"))


@pytest.mark.parametrize(
    ("value", "text"), [("1/3", "0.333333"), ("-1/3", "-0.333333"), ("5/2", "2.5"), ("1/2000000", "0"), ("3/2000000", "0.000002")]
)
def test_intensities_are_rounded_half_to_even_at_the_sixth_decimal(value: str, text: str) -> None:
    assert format_rounded(Fraction(value)) == text
