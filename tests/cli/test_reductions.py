"""A PV plant by commands: from a file with a CSV beside it and from stored meters, to a signed statement and its bundle."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.reductions import check_reductions_request
from ledger.errors import IntegrityError
from tests.cli.city import City, readings
from tests.cli.conftest import Books

DAY = {"start": "2025-03-03", "end": "2025-03-03"}
PERIOD = "2025-03-03"
FACTOR = {"id": "grid_average.cn.2023", "value": "0.5306", "unit": "kgCO2/kWh"}


def plant(generation: object, export: object, id: str = "pv-roof") -> dict[str, Any]:
    """A plant of the outlet on the third of March."""
    facts = {"schema": "lingtan.savings/1", "id": id, "unit": "outlet-7", "kind": "pv", "option": "B", "reporting": DAY, "factor": FACTOR}
    return {**facts, "generation": generation, "export": export}


@pytest.fixture(scope="module")
def files(city: City, books: Books, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day's period; meters of a plant on the server; two plants as files, one with readings in CSV files, one by stored meters."""
    folder = tmp_path_factory.mktemp("plants")
    city.run("period", "open", PERIOD, "--first-day", PERIOD, "--last-day", PERIOD, who="preparer")
    sources = {}
    for meter, quantity in (("PV-1", "pv.generation"), ("EX-1", "el.export")):
        text = readings(1, meter=meter).replace("2025-03-01", PERIOD)
        text = text if meter == "PV-1" else text.replace(",4.2,", ",1,")
        (folder / f"{meter}.csv").write_text(text, encoding="utf-8")
        sources[meter] = {"csv": f"{meter}.csv", "sha256": hashlib.sha256(text.encode()).hexdigest(), "meter": meter}
        city.run("meter", "add", meter, "--unit", "outlet-7", "--quantity", quantity, who="preparer")
        city.run("meter", "import", folder / f"{meter}.csv", who="preparer")
    (folder / "by-file.json").write_text(json.dumps(plant(sources["PV-1"], sources["EX-1"])), encoding="utf-8")
    (folder / "by-meter.json").write_text(json.dumps(plant({"meter": "PV-1"}, {"meter": "EX-1"}, "pv-yard")), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def anchored(city: City, files: Path) -> str:
    """The id of the statement of both plants, once it is on chain."""
    words = ("reductions", "submit", files / "by-file.json", files / "by-meter.json", "--period", PERIOD)
    draft = city.ask(*words, who="preparer")
    assert (draft["state"], draft["lines"], draft["accepted"]) == ("draft", 2, True)
    assert city.ask(*words, who="preparer")["id"] == draft["id"]
    signed = city.ask("reductions", "sign", draft["id"], "--key", city.key("approver"), who="approver")
    assert [(item["dataset"], item["state"]) for item in signed["items"]] == [("REDUCTIONS", "anchored")]
    return str(draft["id"])


def test_files_and_stored_meters_come_to_the_same_figures(city: City, files: Path, anchored: str) -> None:
    lines = city.ask("reductions", "status", anchored, who="auditor")["document"]["lines"]
    # (4.2 - 1) kW x 24 h = 76.8 kWh; 530.6 g/kWh.
    figures = [("pv-roof", "76800", "24000", "40750"), ("pv-yard", "76800", "24000", "40750")]
    assert [(line["id"], line["self_used_wh"], line["exported_wh"], line["avoided_g"]) for line in lines] == figures
    own = json.loads(city.run("meter", "savings", "--input", files / "by-file.json", "--json").stdout)
    assert lines[0] == own["reduction"]
    kinds = [sorted({item["kind"] for item in line["evidence"]}) for line in lines]
    assert kinds == [["meter_csv", "savings_input"], ["meter_days", "savings_input"]]
    table = city.run("--lang", "zh", "reductions", "status", who="approver").stdout
    assert "上网电量" in table


def test_what_a_line_rests_on_is_given_back(city: City, files: Path, anchored: str, tmp_path: Path) -> None:
    data = (files / "PV-1.csv").read_bytes()
    city.run("reductions", "evidence", anchored, hashlib.sha256(data).hexdigest(), "--out", tmp_path / "back.csv", who="auditor")
    assert (tmp_path / "back.csv").read_bytes() == data
    city.run("reductions", "bundle", anchored, "--out", tmp_path / "plants.lingtan.json", who="auditor")
    bundle = json.loads((tmp_path / "plants.lingtan.json").read_bytes())
    assert [item["asset"] for item in bundle["datasets"][0]["items"]] != []
    assert bundle["datasets"][0]["n"] == "2"


def test_signing_again_signs_nothing_and_a_refused_project_exits_with_one(city: City, files: Path, anchored: str) -> None:
    again = city.run("reductions", "sign", anchored, "--key", city.key("approver"), who="approver")
    assert "signed already" in again.stderr
    (files / "odd.json").write_text(json.dumps({**plant({"meter": "PV-1"}, {"meter": "EX-1"}), "unit": "nowhere"}), encoding="utf-8")
    words = ("reductions", "submit", files / "odd.json", "--period", PERIOD, "--cause", "data")
    assert "UNIT_UNKNOWN" in city.run(*words, who="preparer", code=1).stdout


def test_a_message_that_attests_something_else_is_not_signed(city: City, anchored: str) -> None:
    view = city.ask("reductions", "status", anchored, who="auditor")
    document = json.dumps(view["document"], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    totals = list(view["totals"].values())
    message = {"statementHash": "0x" + view["hash"], "totals": totals, "root": "0x" + view["root"]}
    check_reductions_request(view, {"items": [{"dataset": "REDUCTIONS", "message": message}]}, document)
    for spoiled in (
        {"message": {**message, "root": "0x" + "00" * 32}},
        {"message": {**message, "totals": ["1", *totals[1:]]}},
        {"message": {**message, "statementHash": "0x" + "00" * 32}},
        {"dataset": "OPERATIONAL"},
    ):
        with pytest.raises(IntegrityError):
            check_reductions_request(view, {"items": [{"dataset": "REDUCTIONS", "message": message, **spoiled}]}, document)
    with pytest.raises(IntegrityError):
        check_reductions_request({**view, "totals": {**view["totals"], "saved_wh": "1"}}, {"items": []}, document)


def test_an_outlook_is_asked_of_the_server_where_no_file_is_given(city: City, files: Path) -> None:
    own = city.ask("meter", "anomalies", "--meter", "PV-1", who="preparer")
    assert (own["schema"], own["meter"], own["days"]) == ("lingtan.unusual-days/1", "PV-1", 1)
    assert "expected at least 14" in city.run("meter", "forecast", "--meter", "PV-1", who="preparer", code=None).stderr
    assert "--meter" in city.run("meter", "forecast", who="preparer", code=2).stderr
    assert "--input" in city.run("meter", "forecast", "--meter", "PV-1", "--timezone", "UTC", who="preparer", code=2).stderr
