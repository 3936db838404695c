"""`lingtan meter import|map|archive`: what a person types, what comes out, and what is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ledger.cli.app import app
from ledger.metering.archive import pack
from ledger.records.meter_record import MeterRecord, Quantity
from tests.cli.city import City, organisation

TABLE = "户号,时间,电量\nM-9,2025-03-01 00:00,1.5\nM-9,2025-03-01 00:15,2\nM-9,2025-03-01 00:45,0.25\n"
MAP = "meter=户号,time=时间,value=电量,unit=kWh,zone=Asia/Shanghai"


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], prog_name="lingtan")


def ask(*words: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("--json", *words).stdout)
    return found


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    path.write_text(TABLE, encoding="gb18030")
    return path


def test_an_import_without_a_server_gives_totals_findings_and_files(table: Path, tmp_path: Path) -> None:
    out, findings = tmp_path / "out", tmp_path / "findings.json"
    answer = ask("meter", "import", table, "--map", MAP, "--out", out, "--findings", findings)
    (meter,) = answer["meters"]
    assert (meter["meter"], meter["total"], meter["total_kwh"], meter["coverage"]) == ("M-9", "3750000", "3.75", "0.75")
    assert [item["code"] for item in answer["findings"]] == ["CSV_GB18030", "READINGS_MISSING"]
    assert json.loads(findings.read_text(encoding="utf-8"))["items"] == answer["findings"]
    assert (out / "M-9.csv").read_text(encoding="utf-8").splitlines() == [
        "meter,timestamp,kWh,quality",
        "M-9,2025-02-28T16:00:00Z,1.5,A",
        "M-9,2025-02-28T16:15:00Z,2,A",
        "M-9,2025-02-28T16:45:00Z,0.25,A",
    ]
    assert json.loads((out / "import.json").read_text(encoding="utf-8"))["files"][0]["sha256"] == answer["files"][0]["sha256"]
    again = run("meter", "import", table, "--map", MAP, "--out", out)
    assert again.exit_code == 0, again.output
    shown = run("--lang", "zh", "meter", "import", table, "--map", MAP)
    assert "缺少刻钟读数" in shown.stdout
    assert "3.75 kWh" in shown.stdout


def test_a_file_with_a_refused_cell_is_written_only_where_it_may_be_left_out(table: Path, tmp_path: Path) -> None:
    table.write_text(TABLE.replace("0.25", "x"), encoding="utf-8")
    refused = run("meter", "import", table, "--map", MAP, "--out", tmp_path / "out")
    assert refused.exit_code == 1
    assert "VALUE_NOT_A_NUMBER" in refused.stdout
    assert not (tmp_path / "out").exists()
    assert run("meter", "import", table, "--map", MAP, "--out", tmp_path / "out", "--leave-out").exit_code == 1
    assert (tmp_path / "out" / "M-9.csv").read_text(encoding="utf-8").count("\n") == 3


def test_a_screen_lists_fifty_of_a_code_and_json_all(table: Path) -> None:
    lines = [f"M-9,2025-03-{1 + at // 96:02} {at % 96 // 4:02}:{at % 4 * 15:02}," for at in range(130)]
    table.write_text("\n".join([*TABLE.splitlines()[:1], "M-9,2025-02-01 00:00,1", *lines]), encoding="utf-8")
    shown = run("meter", "import", table, "--map", MAP).stdout
    assert shown.count("VALUE_ABSENT") == 51
    assert "130 in all" in shown
    assert sum(item["code"] == "VALUE_ABSENT" for item in ask("meter", "import", table, "--map", MAP)["findings"]) == 130


def test_a_guess_is_shown_and_refused_where_it_is_unsure(table: Path, tmp_path: Path) -> None:
    draft = run("meter", "map", table, "--zone", "Asia/Shanghai", "--out", tmp_path / "map.json")
    assert draft.exit_code == 0, draft.output
    document = json.loads((tmp_path / "map.json").read_text(encoding="utf-8"))
    assert (document["meter"], document["time"], document["value"], document["zone"]) == ("户号", ["时间"], ["电量"], "Asia/Shanghai")
    unsure = run("meter", "import", table, "--map", "auto")
    assert unsure.exit_code == 2
    assert "unit" in unsure.stderr
    (tmp_path / "sure.csv").write_text("meter,time,kWh\nA,2025-03-01T00:00:00Z,1\nA,2025-03-01T00:15:00Z,1\n", encoding="utf-8")
    sure = run("meter", "import", tmp_path / "sure.csv", "--map", "auto")
    assert sure.exit_code == 0, sure.output
    assert "map guessed" in sure.stderr
    assert "2 kWh" in sure.stdout


def test_what_was_imported_is_sent_and_sent_again_changes_nothing(city: City, table: Path) -> None:
    send = ("meter", "import", table, "--map", MAP, "--send")
    refused = city.run(*send, who="other", code=1)
    assert "METER_UNKNOWN" in refused.stdout
    (table.parent / "tree.json").write_text(json.dumps(organisation("bank-b"), ensure_ascii=False), encoding="utf-8")
    city.run("submit", "organisation", table.parent / "tree.json", who="other")
    city.run("meter", "add", "M-9", "--unit", "outlet-7", who="other")
    first, again = (city.ask(*send, who="other")["sent"] for _ in range(2))
    assert [(item["meter"], item["accepted"], item["rows"]) for item in first] == [("M-9", True, 3)]
    assert [(item["id"], item["sha256"]) for item in again] == [(item["id"], item["sha256"]) for item in first]


def test_records_are_packed_and_come_back_bit_for_bit(tmp_path: Path) -> None:
    record = MeterRecord(bytes(32), 900, 15, Quantity.EL_IMPORT, (7).to_bytes(8, "little") * 96, bytes([1]) * 96)
    (tmp_path / "M-1.ltm").write_bytes(record.to_bytes())
    packed = ask("meter", "archive", tmp_path / "M-1.ltm", "--out", tmp_path / "archive.lta")
    assert (packed["records"], packed["readings"]) == (1, 96)
    assert (tmp_path / "archive.lta").read_bytes() == pack([record], ["M-1"])
    back = ask("meter", "archive", tmp_path / "archive.lta", "--restore", tmp_path / "back", "--check")
    assert back["items"] == [{"meter": "M-1", "readings": 96, "sha256": record.digest()}]
    assert (tmp_path / "back" / "M-1.ltm").read_bytes() == record.to_bytes()
    damaged = bytearray((tmp_path / "archive.lta").read_bytes())
    damaged[60] ^= 1
    (tmp_path / "damaged.lta").write_bytes(bytes(damaged))
    assert run("meter", "archive", tmp_path / "damaged.lta", "--check").exit_code == 3
    assert run("meter", "archive", tmp_path / "archive.lta").exit_code == 2
