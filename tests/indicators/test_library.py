"""The shipped release: what the tables make, with provenance for every row, and strict reading of its document."""

from __future__ import annotations

import copy
import csv
import hashlib
import json
from fractions import Fraction
from pathlib import Path

import pytest

from ledger.errors import MalformedDocument, NotFound, UnitError
from ledger.indicators.build import build_release
from ledger.indicators.reading import check_release, release_from_document
from ledger.indicators.shipped import shipped_bytes, shipped_release
from scripts.build_library import main

TABLES = Path("ledger/indicators/tables")


def document() -> dict[str, object]:
    loaded = json.loads(shipped_bytes())
    assert isinstance(loaded, dict)
    return loaded


def test_the_committed_release_is_what_the_tables_make() -> None:
    assert build_release().to_bytes() == shipped_bytes()
    assert main(["--check"]) == 0


def test_a_changed_table_is_noticed(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lingtan-2026.1.json").write_bytes(shipped_bytes().replace(b"0.5306", b"0.5307"))
    monkeypatch.setattr("scripts.build_library.RELEASES", tmp_path)
    assert main(["--check"]) == 1
    assert "python -m scripts.build_library" in capsys.readouterr().err
    assert main([]) == 0
    assert (tmp_path / "lingtan-2026.1.json").read_bytes() == shipped_bytes()


def test_a_changed_cell_changes_the_hash(root: Path, tmp_path: Path) -> None:
    for table in (root / TABLES).glob("*.csv"):
        (tmp_path / table.name).write_text(table.read_text(encoding="utf-8").replace("0.5306", "0.5307"), encoding="utf-8")
    assert build_release(tmp_path).hash != shipped_release().hash


def test_a_ragged_row_is_refused(root: Path, tmp_path: Path) -> None:
    for table in (root / TABLES).glob("*.csv"):
        text = table.read_text(encoding="utf-8")
        (tmp_path / table.name).write_text(text + "too,short\n" if table.name == "gwp.csv" else text, encoding="utf-8")
    with pytest.raises(MalformedDocument, match=r"gwp\.csv line 5"):
        build_release(tmp_path)


def test_the_hash_is_the_sha256_of_the_file() -> None:
    assert shipped_release().hash == hashlib.sha256(shipped_bytes()).hexdigest()
    assert release_from_document(document()) == shipped_release()


@pytest.mark.parametrize(
    ("factor", "value", "confidence"),
    [
        ("grid_average.cn.2021", "0.5568", "M"),
        ("grid_average.cn.2022", "0.5366", "X"),
        ("grid_average.cn.2023", "0.5306", "X"),
        ("grid_average.cn-east.2021", "0.5992", "S"),
        ("grid_average.cn-east.2022", "0.5617", "V"),
        ("grid_average.cn-east.2023", "0.5500", "X"),
        ("grid_average.cn-zj.2021", "0.5422", "S"),
        ("grid_average.cn-zj.2022", "0.5153", "S"),
        ("grid_average.cn-zj.2023", "0.4974", "S"),
        ("grid_ets.cn.0.6101", "0.6101", "M"),
        ("grid_ets.cn.0.5810", "0.5810", "S"),
        ("grid_ets.cn.0.5703", "0.5703", "X"),
        ("grid_regional.cn-east.2012", "0.7035", "X"),
        ("grid_regional.cn-north.2012", "0.8843", "V"),
        ("grid_footprint.cn.2023", "0.6205", "V"),
        ("grid_footprint.cn.2024", "0.5777", "V"),
        ("grid_om.cn-east.2019", "0.7921", "M"),
        ("grid_bm.cn-east.2019", "0.3870", "M"),
        ("heat.cn.default", "0.11", "V"),
    ],
)
def test_values_and_confidence_of_the_collected_facts(factor: str, value: str, confidence: str) -> None:
    found = shipped_release().factor(factor)
    assert (found.value, found.confidence) == (value, confidence)


def test_every_row_names_its_publication_and_a_confidence() -> None:
    for factor in shipped_release().factors:
        assert factor.document.title, factor.id
        assert factor.confidence in {"V", "X", "S", "M"}
        # What comes from memory or one secondary source says so in the row itself where the publication is named.
        if factor.kind == "grid_average":
            assert factor.document.number, factor.id
            assert factor.data_year is not None


def test_every_indicator_has_a_rule_and_a_factor_for_2025() -> None:
    release = shipped_release()
    for indicator in release.indicators:
        factor = release.select(indicator.id, "CN-ZJ", 2025)
        assert indicator.admits_factor(factor)
        assert factor.serves(indicator.dimension), indicator.id


@pytest.mark.parametrize(
    ("region", "year", "factor"),
    [
        ("CN-ZJ", 2013, "grid_regional.cn-east.2012"),
        ("CN-ZJ", 2020, "grid_regional.cn-east.2012"),
        ("CN-ZJ", 2021, "grid_average.cn.2021"),
        ("CN-GD", 2022, "grid_average.cn.2022"),
        ("CN-ZJ", 2025, "grid_average.cn.2023"),
        ("CN-ZJ", 2027, "grid_average.cn.2023"),
    ],
)
def test_purchased_power_is_selected_by_region_and_year(region: str, year: int, factor: str) -> None:
    assert shipped_release().select("electricity.purchased", region, year).id == factor


@pytest.mark.parametrize(("region", "year"), [("CN-GD", 2013), ("CN-ZJ", 2011), ("CN-ZJ", 2028)])
def test_a_year_without_a_rule_selects_nothing(region: str, year: int) -> None:
    assert shipped_release().find_selected("electricity.purchased", region, year) is None
    with pytest.raises(NotFound, match=f"in {region} {year}"):
        shipped_release().select("electricity.purchased", region, year)


@pytest.mark.parametrize(
    ("text", "code", "base"),
    [
        ("万kWh", "10MWh", 10_000),
        ("万m3", "10000m3", 10_000),
        ("万L", "10000L", 10_000),
        ("度", "kWh", 1),
        ("GJ", "GJ", 1000),
        ("tCO2e", "tCO2e", 1000),
        ("g", "g", Fraction(1, 1000)),
    ],
)
def test_units_are_found_by_code_and_alias(text: str, code: str, base: int | Fraction) -> None:
    unit = shipped_release().unit(text)
    assert (unit.code, unit.base_units) == (code, base)


def test_an_unknown_unit_names_the_known_ones() -> None:
    with pytest.raises(UnitError, match="gallon") as caught:
        shipped_release().unit("gallon")
    assert "kWh" in caught.value.hint


@pytest.mark.parametrize(("name", "ch4", "n2o"), [("AR4", "25", "298"), ("AR5", "30", "265"), ("AR6", "29.8", "273")])
def test_gwp_sets_hold_the_fossil_methane_value(name: str, ch4: str, n2o: str) -> None:
    gwp = shipped_release().gwp_set(name)
    assert (gwp.ch4, gwp.n2o) == (Fraction(ch4), Fraction(n2o))


def test_a_factor_refuses_activity_it_does_not_serve() -> None:
    with pytest.raises(UnitError, match="does not apply to activity in L"):
        shipped_release().factor("fuel.petrol.generic").gases("liquid")
    with pytest.raises(UnitError):
        shipped_release().factor("grid_average.cn.2023").gases("energy")


def test_both_default_tables_for_petrol_are_there() -> None:
    values = {factor.fuel.ncv_mj for factor in shipped_release().factors if factor.carrier == "petrol" and factor.fuel is not None}
    assert values == {"43.070", "44.800"}


def at(items: object, id: str) -> dict[str, object]:
    assert isinstance(items, list)
    return next(item for item in items if id in (item.get("id"), item.get("code")))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("list_name", "id", "change", "code"),
    [
        ("units", "kWh", {"denominator": "3"}, "UNIT_QUOTIENT"),
        ("units", "kWh", {"denominator": "0"}, "UNIT_QUOTIENT"),
        ("units", "kWh", {"aliases": ["MWh"]}, "UNIT_NAMED_TWICE"),
        ("gwp_sets", "AR6", {"values": {"CO2": "2", "CH4": "29.8", "N2O": "273"}}, "FIELD_INVALID"),
        ("gwp_sets", "AR6", {"id": "AR5"}, "ITEM_TWICE"),
        ("indicators", "heat.purchased", {"factor_kinds": ["warmth"]}, "FIELD_INVALID"),
        ("indicators", "heat.purchased", {"carrier": "steam"}, "FACTOR_NOT_ADMITTED"),
        ("indicators", "heat.purchased", {"scope": 4}, "FIELD_INVALID"),
        ("factors", "grid_average.cn.2023", {"unit": "kgCO2e/kWh"}, "FACTOR_UNIT"),
        ("factors", "grid_average.cn.2023", {"unit": "tCO2/MWh"}, "FACTOR_UNIT"),
        ("factors", "grid_average.cn.2023", {"value": None}, "FACTOR_FORM"),
        ("factors", "grid_average.cn.2023", {"value": "-0.5"}, "FACTOR_NEGATIVE"),
        ("factors", "grid_average.cn.2023", {"kind": "grid_om"}, "FACTOR_NOT_ADMITTED"),
        ("factors", "grid_average.cn.2023", {"confidence": "A"}, "FIELD_INVALID"),
        ("factors", "fuel.petrol.generic", {"kind": "fuel_per_gas"}, "FACTOR_GASES"),
        ("factors", "fuel.petrol.generic", {"basis": "CO2e"}, "FACTOR_GASES"),
        ("factors", "fuel.petrol.generic", {"value": "3"}, "FACTOR_FORM"),
        ("factors", "fuel.petrol.generic", {"colour": "red"}, "FIELD_UNKNOWN"),
    ],
)
def test_each_mistake_of_a_release_is_found(list_name: str, id: str, change: dict[str, object], code: str) -> None:
    changed = copy.deepcopy(document())
    at(changed[list_name], id).update(change)
    release, findings = check_release(changed)
    assert release is None
    assert code in [finding.code for finding in findings]


@pytest.mark.parametrize(
    ("field", "value", "code"), [("factor", "grid_average.cn.1999", "FACTOR_UNKNOWN"), ("indicator", "x", "INDICATOR_UNKNOWN")]
)
def test_a_selection_of_something_unknown_is_refused(field: str, value: str, code: str) -> None:
    changed = document()
    changed["selections"][0][field] = value  # type: ignore[index]
    _, findings = check_release(changed)
    assert [finding.code for finding in findings] == [code]


def test_a_fuel_factor_with_one_of_two_gases_is_refused() -> None:
    changed = document()
    at(changed["factors"], "fuel.petrol.generic.per_gas")["fuel"]["n2o"] = None  # type: ignore[index]
    _, findings = check_release(changed)
    assert [finding.code for finding in findings] == ["FACTOR_GASES"]


def test_an_unknown_method_is_refused() -> None:
    _, findings = check_release(document() | {"methods": ["operational_9"]})
    assert [finding.code for finding in findings] == ["METHOD_UNKNOWN"]


def test_every_table_has_a_confidence_column_for_what_is_measured_or_published(root: Path) -> None:
    for name in ("electricity.csv", "fuels.csv", "other.csv", "gwp.csv"):
        with (root / TABLES / name).open(encoding="utf-8", newline="") as file:
            assert all(row["confidence"] in {"V", "X", "S", "M"} for row in csv.DictReader(file)), name
