"""The offline check says what the server says, and the templates pass it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.city import FUELS, City, organisation, readings
from tests.cli.conftest import Books


def timeless(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return findings without the one figure that is another in the next second: what the clock still allows."""
    return [finding | {"expected": "now"} if finding["code"] == "TIMESTAMP_FUTURE" else finding for finding in findings]


def test_the_offline_check_of_readings_has_the_server_s_findings(city: City, books: Books, tmp_path: Path) -> None:
    meters, file = tmp_path / "meters.json", tmp_path / "wrong.csv"
    meters.write_text(city.run("meter", "list", "--json", who="preparer").stdout, encoding="utf-8")
    text = readings(1).replace("2025-03-01T05:00:00+08:00,4.2", "2025-03-01T05:00:00+08:00,4,2")
    text = text.replace("2025-03-01T06:15:00+08:00,4.2", "2025-03-01T06:17:00+08:00,4.2")
    text += "M-404,2025-03-01T00:00:00+08:00,1,A\nM-1,2025-03-01T00:00:00+08:00,9.9,A\nM-1,2099-01-01T00:00:00+08:00,1,A\n"
    file.write_text(text, encoding="utf-8")
    offline = timeless(city.ask("check", file, "--meters", meters, code=1)["findings"])
    online = timeless(city.ask("meter", "import", file, who="preparer", code=1)["findings"])
    assert offline == online
    assert len({finding["code"] for finding in offline if finding["severity"] == "error"}) >= 4
    # Without the list every meter is taken, and nothing else changes.
    tolerant = timeless(city.ask("check", file, code=1)["findings"])
    assert tolerant == [finding for finding in offline if "M-404" not in str(finding)]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("120.5", "120,5"),
        lambda text: text.replace("120.5", "minus one").replace(",2\n", ",9\n"),
        lambda text: text.replace("id,unit", "unit,id"),
        lambda text: text + text.splitlines()[1] + "\n",
        lambda text: text.replace("2025-03-01", "1.3.2025"),
        lambda _: "",
        lambda text: text.replace(",invoice", ""),
    ],
)
def test_the_offline_check_of_a_fuel_table_has_the_server_s_findings(city: City, books: Books, tmp_path: Path, change: Any) -> None:
    file = tmp_path / "fuels.csv"
    file.write_text(change(FUELS), encoding="utf-8")
    offline = city.ask("check", file, "--kind", "activity", "--organisation", books.folder / "tree.json", code=1)
    online = city.ask("submit", "activity", file, "--period", "2025-03", who="preparer", code=1)
    assert offline["findings"] == online["findings"]
    assert not offline["accepted"]


@pytest.mark.parametrize(
    "change",
    [
        {"institution": "bank-z"},
        {"units": []},
        {"timezone": "Mars/Olympus", "extra": 1},
        {"units": [organisation()["units"][1]]},
    ],
)
def test_the_offline_check_of_a_tree_has_the_server_s_findings(city: City, tmp_path: Path, change: dict[str, Any]) -> None:
    file = tmp_path / "tree.json"
    file.write_text(json.dumps(organisation() | change, ensure_ascii=False), encoding="utf-8")
    offline = city.ask("check", file, "--institution", "bank-a", "--kind", "organisation", code=1)
    online = city.ask("submit", "organisation", file, who="preparer", code=1)
    assert offline["findings"] == online["findings"]


def test_the_offline_check_of_an_activity_document_has_the_server_s_findings(city: City, books: Books, tmp_path: Path) -> None:
    file = tmp_path / "activity.json"
    document = {
        "schema": "lingtan.activity/1",
        "institution": "bank-z",
        "period": {"id": "2025-03", "start": "2025-02-28T16:00:00Z", "end": "2025-03-02T16:00:00Z", "timezone": "Asia/Shanghai"},
        "records": [],
        "declared_totals": [],
        "factor_choices": [],
    }
    file.write_text(json.dumps(document), encoding="utf-8")
    offline = city.ask("check", file, "--institution", "bank-a", code=1)
    assert offline["findings"] == city.ask("submit", "activity", file, "--period", "2025-03", who="preparer", code=1)["findings"]


@pytest.mark.parametrize("kind", ["activity", "meters", "organisation"])
def test_a_template_passes_the_check_as_what_it_is(city: City, tmp_path: Path, kind: str) -> None:
    out = tmp_path / "template"
    city.run("template", "get", kind, "--out", out)
    checked = city.ask("check", out)
    assert (checked["kind"], checked["accepted"], checked["findings"]) == (kind, True, [])


def test_a_shipped_library_passes_the_check_and_a_changed_one_does_not(city: City, tmp_path: Path) -> None:
    file = next((city.folder / "shipped").glob("lingtan-*.json"))
    assert city.ask("check", file)["kind"] == "library"
    document = json.loads(file.read_bytes())
    document["factors"] = document["factors"][:1] + document["factors"]
    (tmp_path / "library.json").write_text(json.dumps(document), encoding="utf-8")
    assert not city.ask("check", tmp_path / "library.json", code=1)["accepted"]


def activity(year: int, litres: str, **fields: Any) -> dict[str, Any]:
    """A year of bank-b: petrol of both units, and what is published about it."""
    first, after = f"{year - 1}-12-31T16:00:00Z", f"{year}-12-31T16:00:00Z"
    record = {"indicator": "fuel.petrol.vehicles", "start": f"{year}-01-01", "end": f"{year}-12-31", "quality": 2}
    records = [
        {
            **record,
            "id": f"petrol-{unit}",
            "unit": unit,
            "quantity": {"value": litres, "unit": "L"},
            "source": {"kind": "invoice", "reference": "fuel cards"},
        }
        for unit in ("hq", "outlet-7")
    ]
    period = {"id": str(year), "start": first, "end": after, "timezone": "Asia/Shanghai"}
    return {"schema": "lingtan.activity/1", "institution": "bank-b", "period": period, "records": records, **fields}


def figure(id: str, measure: str, value: str) -> dict[str, Any]:
    return {
        "id": id,
        "measure": measure,
        "value": value,
        "unit": "tCO2e",
        "parts": 1,
        "tolerance": "0.005",
        "reference": "the bank's report",
    }


def test_with_a_tree_the_check_has_the_findings_of_preparing_a_statement(city: City, tmp_path: Path) -> None:
    totals = [figure("a", "scope1_g", "1.91"), figure("b", "scope1_g", "19.1"), figure("c", "indicator/fuel.petrol.vehicles", "1.91")]
    twice = activity(2024, "4200")
    twice["records"].insert(1, {**twice["records"][0], "id": "petrol-hq-2"})
    documents = {"2023": activity(2023, "2400"), "2024": twice | {"declared_totals": totals}}
    (tmp_path / "tree.json").write_text(json.dumps(organisation("bank-b"), ensure_ascii=False), encoding="utf-8")
    city.run("keys", "commitment", "--bank", "bank-b", "--file", tmp_path / "commitment.key", who="other")
    city.run("submit", "organisation", tmp_path / "tree.json", who="other")
    for year, document in documents.items():
        (tmp_path / f"{year}.json").write_text(json.dumps(document), encoding="utf-8")
        city.run("period", "open", year, "--first-day", f"{year}-01-01", "--last-day", f"{year}-12-31", who="other")
        city.run("submit", "activity", tmp_path / f"{year}.json", "--period", year, who="other")
    city.run("statement", "prepare", "--period", "2023", "--cause", "first", who="other")
    beside = ("--organisation", tmp_path / "tree.json", "--previous", tmp_path / "2023.json")
    offline = city.ask("check", tmp_path / "2024.json", *beside, code=1)
    online = city.ask("statement", "prepare", "--period", "2024", "--cause", "first", who="other", code=1)
    assert offline["findings"] == online["findings"]
    codes = {finding["code"] for finding in offline["findings"]}
    assert {"IMPLIED_FACTOR_RANGE", "DECLARED_CONFLICT", "DECLARED_POWER_OF_TEN", "RECORD_DUPLICATE", "YEAR_ON_YEAR_JUMP"} <= codes
    # Without the tree only the data themselves are looked at.
    alone = city.ask("check", tmp_path / "2024.json", code=1)
    assert "YEAR_ON_YEAR_JUMP" not in {finding["code"] for finding in alone["findings"]}
    assert alone["unchecked"] != offline["unchecked"]


def test_a_library_beside_the_file_is_the_one_that_counts(city: City, tmp_path: Path) -> None:
    library = json.loads(next((city.folder / "shipped").glob("lingtan-*.json")).read_bytes())
    library["policies"]["jump_bp"] = 9000
    for name, document in (
        ("library", library),
        ("tree", organisation("bank-b")),
        ("2023", activity(2023, "2400")),
        ("2024", activity(2024, "4200")),
    ):
        (tmp_path / f"{name}.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    words = ("check", tmp_path / "2024.json", "--organisation", tmp_path / "tree.json", "--previous", tmp_path / "2023.json")
    assert "YEAR_ON_YEAR_JUMP" in {finding["code"] for finding in city.ask(*words)["findings"]}
    assert city.ask(*words, "--library", tmp_path / "library.json")["findings"] == []
