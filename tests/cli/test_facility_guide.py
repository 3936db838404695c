"""Every command of the guide for facility staff is run as it stands, in its order, against a served house."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledger.cli.app import app
from tests.cli.city import City
from tests.cli.conftest import Books
from tests.cli.test_guides import lines_of

GUIDE = "docs/guides/facility.md"
OFF = range(38 * 96 + 40, 38 * 96 + 46)
"""Slots of 11 March in which the gateway was without power."""


LAMPS = {
    "schema": "lingtan.savings/1", "id": "lamps", "unit": "hq", "kind": "retrofit", "option": "A",
    "reporting": {"start": "2025-03-01", "end": "2025-03-02"},
    "parts": [{"id": "hall", "parameters": [
        {"name": "power of a lamp", "unit": "W", "basis": "measured", "baseline": 36, "reporting": 15,
         "evidence": {"kind": "measurement", "id": "record 12"}},
        {"name": "hours", "unit": "h", "basis": "stipulated", "baseline": 20, "reporting": 20, "reason": "opening hours"},
        {"name": "lamps", "unit": "1", "basis": "stipulated", "baseline": 500, "reporting": 500, "reason": "counted on site"}]}],
    "factor": {"id": "grid_average.cn.2023", "value": "0.5306", "unit": "kgCO2/kWh"},
}  # fmt: skip


def readings() -> str:
    """February and March 2025, 4.2 kW in every quarter-hour, without an hour and a half of 11 March and six hours of 20 March."""
    start, lines = datetime(2025, 1, 31, 16, tzinfo=UTC), ["meter,timestamp,kW"]
    for slot in range(59 * 96):
        at = start + timedelta(minutes=15 * slot)
        if slot not in OFF and not datetime(2025, 3, 20, tzinfo=UTC) <= at < datetime(2025, 3, 20, 6, tzinfo=UTC):
            lines.append(f"DZ-1,{at:%Y-%m-%dT%H:%M:%SZ},4.2{slot % 2}")
    return "\n".join(lines) + "\n"


def test_the_guide_runs_from_its_first_line_to_its_last(city: City, books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "readings.csv").write_text(readings(), encoding="utf-8")
    (tmp_path / "lamps.json").write_text(json.dumps(LAMPS), encoding="utf-8")
    (tmp_path / "approver.key.json").write_bytes(city.key("approver").read_bytes())
    for person in ("preparer", "approver"):
        (tmp_path / f"{person}.token").write_bytes(city.token(person).read_bytes())
    said = {}
    for line in lines_of(GUIDE):
        confirmed = ["--yes"] if " anchor " in line or " sign " in line else []
        result = CliRunner().invoke(app, [*shlex.split(line)[1:], *confirmed], env=city.environment)
        assert result.exit_code == 0, (line, result.stdout, result.stderr)
        said[line.split("--token-file")[0].strip()] = result.stdout
    preview = next(text for line, text in said.items() if line.startswith("lingtan meter estimate") and "--apply" not in line)
    assert "interpolate" in preview
    assert "proxy_day" in preview
    assert "2025-03-20T08:00+08:00" in preview
    assert " kWh" in preview
    assert (tmp_path / "proof.json").is_file()
    (line,) = json.loads((tmp_path / "reductions.lingtan.json").read_bytes())["datasets"][0]["items"]
    # 21 W x 500 x 20 h = 210 kWh; 530.6 g/kWh.
    assert (line["asset"], line["values"]) == ("reduction/lamps", ["111426", "210000", "0", "0"])
    edited = city.ask("meter", "edits", "DZ-1", who="preparer")["items"]
    assert [item["document"]["rule"] for item in edited] == ["interpolate", "proxy_day", "manual", "flag"]
    assert {item["document"]["by"] for item in edited} == {"test.preparer"}


def test_an_estimate_without_a_reason_and_values_without_evidence_are_refused(city: City, books: Books) -> None:
    words = ("meter", "estimate", "M-1", "--period", "2025-03", "--apply")
    assert "--reason" in city.run(*words, who="preparer", code=2).stderr
    hour = ("--from", "2025-03-01T00:00:00Z", "--to", "2025-03-01T01:00:00Z", "--reason", "x")
    refused = city.run("meter", "edit", "M-1", "--rule", "replace", *hour, "--total", "4", who="preparer", code=None)
    assert refused.exit_code != 0
    assert "EVIDENCE_MISSING" in refused.stdout + refused.stderr
    assert city.run("meter", "edit", "M-1", "--rule", "manual", *hour, who="preparer", code=None).exit_code == 2
