"""Two releases compared: what came, went and changed, and where the rules now take another factor."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.indicators.diff import FieldChange, ItemChange, KindDiff, ReleaseDiff, SelectionChange, compare
from ledger.indicators.measure import Selection
from ledger.indicators.reading import release_from_document
from ledger.indicators.release import Release
from ledger.indicators.shipped import shipped_release
from ledger.records import canonical
from tests.indicators.documents import Document, at, document, put


def next_release() -> Document:
    changed = document()
    changed["release"], changed["valid_from"], changed["supersedes"] = "lingtan-2027.1", "2027-01-01", shipped_release().hash
    return changed


def against_shipped(changed: Document) -> ReleaseDiff:
    return compare(shipped_release(), release_from_document(changed))


def test_a_release_differs_from_itself_in_nothing() -> None:
    diff = compare(shipped_release(), shipped_release())
    assert (diff.head, diff.kinds, diff.selections) == ((), (), ())
    assert list(diff.lines()) == ["lingtan-2026.1 -> lingtan-2026.1"]


def test_the_head_and_the_policies_are_compared_field_by_field() -> None:
    changed = next_release()
    changed["policies"]["activity_uncertainty_bp"]["3"] = 1500
    assert against_shipped(changed).head == (
        FieldChange("release", "lingtan-2026.1", "lingtan-2027.1"),
        FieldChange("valid_from", "2026-01-01", "2027-01-01"),
        FieldChange("supersedes", None, shipped_release().hash),
        FieldChange("policies/activity_uncertainty_bp/3", 1000, 1500),
    )


def test_a_corrected_factor_shows_the_fields_that_changed() -> None:
    changed = document()
    at(changed["factors"], "grid_average.cn-zj.2023").update(value="0.4975", confidence="V")
    at(changed["factors"], "fuel.petrol.generic")["fuel"]["density"] = "0.73"
    assert against_shipped(changed).kinds == (
        KindDiff(
            "factors",
            (),
            (),
            (
                ItemChange("fuel.petrol.generic", (FieldChange("fuel/density", None, "0.73"),)),
                ItemChange("grid_average.cn-zj.2023", (FieldChange("value", "0.4974", "0.4975"), FieldChange("confidence", "S", "V"))),
            ),
        ),
    )


def test_items_that_came_and_went_are_listed_by_id() -> None:
    changed = document()
    put(changed["factors"], {**at(changed["factors"], "grid_average.cn.2023"), "id": "grid_average.cn.2024", "data_year": 2024})
    changed["factors"].remove(at(changed["factors"], "grid_bm.cn-east.2019"))
    changed["units"].remove(at(changed["units"], "GWh"))
    diff = against_shipped(changed)
    assert diff.kind("factors") == KindDiff("factors", ("grid_average.cn.2024",), ("grid_bm.cn-east.2019",), ())
    assert diff.kind("units").removed == ("GWh",)
    assert diff.kind("indicators") == KindDiff("indicators", (), (), ())
    assert "  - GWh" in diff.lines()


def test_a_blend_and_a_printed_row_are_compared_by_gas_and_by_row() -> None:
    changed = document()
    at(changed["factors"], "refrigerant.r-410a")["blend"] = [{"gas": "R-125", "share": "0.4"}, {"gas": "R-32", "share": "0.6"}]
    rows = at(changed["templates"], "sz-2022-1.1")["rows"]
    rows[0]["unit"] = "kg"
    rows[1], rows[2] = rows[2], rows[1]
    diff = against_shipped(changed)
    (blend,) = diff.kind("factors").changed
    assert blend.fields == (FieldChange("blend/R-125/share", "0.5", "0.4"), FieldChange("blend/R-32/share", "0.5", "0.6"))
    (template,) = diff.kind("templates").changed
    assert [change.field for change in template.fields] == ["rows", "rows/energy.office.coal/unit"]


def rule(region: str, year: int | None, factor: str, use: str = "location") -> Document:
    return {"indicator": "electricity.purchased", "use": use, "region": region, "year": year, "factor": factor}


def test_a_new_rule_shows_the_regions_and_years_in_which_another_factor_is_taken() -> None:
    changed = document()
    changed["selections"].insert(0, rule("CN-ZJ", 2025, "grid_average.cn-zj.2023"))
    assert against_shipped(changed).selections == (
        SelectionChange("electricity.purchased", "location", "grid_average.cn.2023", "grid_average.cn-zj.2023", ("CN-ZJ",), (2025,)),
    )


def test_a_rule_for_all_regions_names_them_and_every_other_one() -> None:
    changed = document()
    changed["selections"].append(rule("*", None, "grid_residual.cn.2023", "market"))
    (first, second) = against_shipped(changed).selections
    # Before 2021 the provinces keep their regional averages; where no rule was, there is one now.
    assert (first.regions, first.before, first.years) == (("*",), None, tuple(range(2012, 2021)))
    assert second.regions[0] == "*"
    assert "CN-ZJ" in second.regions
    assert (second.before, second.after, second.years) == (None, "grid_residual.cn.2023", (None,))
    assert "in other years; other regions, CN-AH" in list(against_shipped(changed).lines())[-1]


def test_a_rule_written_otherwise_that_takes_the_same_factors_is_no_change() -> None:
    changed = document()
    changed["selections"].insert(0, rule("CN-ZJ", 2025, "grid_average.cn.2023"))
    assert against_shipped(changed).selections == ()


def test_the_document_of_a_difference_is_canonical_and_names_both_hashes() -> None:
    changed = next_release()
    after = release_from_document(changed)
    loaded = canonical.load_canonical(compare(shipped_release(), after).to_bytes())
    assert isinstance(loaded, dict)
    assert loaded["before"] == {"release": "lingtan-2026.1", "hash": shipped_release().hash}
    assert loaded["after"] == {"release": "lingtan-2027.1", "hash": after.hash}
    assert set(loaded) == {"schema", "before", "after", "head", "kinds", "selections"}


RULES = st.lists(
    st.builds(
        rule,
        st.sampled_from(["*", "CN-ZJ", "CN-GD"]),
        st.sampled_from([None, 2024, 2025]),
        st.sampled_from(["grid_average.cn.2022", "grid_average.cn.2023", "grid_ets.cn.0.5703"]),
    ),
    max_size=6,
)


SLIM = replace(
    shipped_release(),
    documents=(),
    units=(),
    gwp_sets=(),
    indicators=(),
    factors=tuple(factor for factor in shipped_release().factors if factor.kind in ("grid_average", "grid_ets") and factor.region == "CN"),
    templates=(),
    target_profiles=(),
)


def with_rules(rules: list[Document]) -> Release:
    return replace(SLIM, selections=tuple(Selection(**each) for each in rules))


@settings(max_examples=60, deadline=None)
@given(RULES, RULES)
def test_the_listed_cases_are_exactly_those_in_which_the_rules_disagree(old: list[Document], new: list[Document]) -> None:
    before, after = with_rules(old), with_rules(new)
    listed = {
        (region, year): (change.before, change.after)
        for change in compare(before, after).selections
        for region in change.regions
        for year in change.years
    }
    regions = {each["region"] for each in (*old, *new)} - {"*"}
    years = {each["year"] for each in (*old, *new)} - {None}
    for region in ("CN-ZJ", "CN-GD", "CN-XZ"):
        for year in (2024, 2025, 1999):
            pair = tuple(side.find_selected("electricity.purchased", region, year) for side in (before, after))
            ids = tuple(None if factor is None else factor.id for factor in pair)
            case = (region if region in regions else "*", year if year in years else None)
            assert listed.get(case, ("same", "same")) == (("same", "same") if ids[0] == ids[1] else ids)
