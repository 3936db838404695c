"""Worked case 35 through the public command, and the other options by hand-computed figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from ledger.cli.app import app
from tests.savings.projects import CASE_35, MONTHS, answer_to, case_35, codes, figures, retrofit


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], env={"LINGTAN_LANG": None})


def test_the_school_of_case_35_saves_what_its_account_says_in_every_month_and_in_all(tmp_path: Path) -> None:
    file = tmp_path / "school.json"
    file.write_text(json.dumps(case_35()), encoding="utf-8")
    answer = json.loads(run("--json", "meter", "savings", "--input", file).stdout)
    for row, month, (base, post, adjustment, savings) in zip(answer["rows"], MONTHS, CASE_35, strict=True):
        assert row["period"] == f"2024-{month}"
        found = tuple(int(row[name]) for name in ("base_wh", "reporting_wh", "adjustment_wh", "savings_wh"))
        assert found == (1000 * base, 1000 * post, 1000 * adjustment, 1000 * savings)
    totals = [int(answer["totals"][name]) for name in ("base_wh", "reporting_wh", "adjustment_wh", "savings_wh")]
    assert totals == [62_000_000, 58_900_000, 5_706_000, 8_806_000]
    line = answer["reduction"]
    assert (line["saved_wh"], line["self_used_wh"], line["exported_wh"]) == ("8806000", "0", "0")
    assert line["avoided_g"] == str(round(8806000 * 5306 / 10000))  # 4672463.6 g
    assert answer["accepted"]
    assert codes(answer) == ["ADJUSTMENTS_LISTED"]


def test_the_command_writes_tables_for_people_and_files_for_the_ledger(tmp_path: Path) -> None:
    file, out, line = tmp_path / "school.json", tmp_path / "answer.json", tmp_path / "line.json"
    file.write_text(json.dumps(case_35()), encoding="utf-8")
    done = run("meter", "savings", "--input", file, "--out", out, "--line", line)
    assert done.exit_code == 0, done.output
    assert "8,806,000" in done.stdout
    assert json.loads(out.read_bytes())["totals"]["savings_wh"] == "8806000"
    assert json.loads(line.read_bytes())["schema"] == "lingtan.reduction/1"


def test_pv_avoids_by_what_is_used_at_home_and_tells_the_export_apart() -> None:
    answer = answer_to(pv(generation=(1000,) * 12, export=(250,) * 12))
    assert answer["totals"] == {"generation_wh": "12000000", "exported_wh": "3000000", "self_used_wh": "9000000"}
    line = answer["reduction"]
    assert (line["avoided_g"], line["saved_wh"], line["self_used_wh"], line["exported_wh"]) == ("4775400", "0", "9000000", "3000000")


def test_pv_that_exports_more_than_it_generates_claims_nothing() -> None:
    answer = answer_to(pv(generation=(1000,) * 12, export=(250,) * 11 + (1001,)))
    assert codes(answer, "error") == ["EXPORT_ABOVE_GENERATION"]
    assert answer["reduction"] is None


def test_a_lighting_retrofit_by_option_a_multiplies_power_hours_and_lamps() -> None:
    answer = answer_to(lighting())
    # 500 lamps × 3000 h × (36 − 15) W
    assert answer["totals"]["savings_wh"] == str(500 * 3000 * 21)
    assert answer["reduction"]["avoided_g"] == str(round(31_500_000 * 5306 / 10000))


def test_option_a_with_nothing_measured_is_refused() -> None:
    document = lighting()
    document["parts"][0]["parameters"][0] |= {"basis": "stipulated", "reason": "nameplate"}
    answer = answer_to(document)
    assert codes(answer, "error") == ["OPTION_A_NOTHING_MEASURED"]
    assert answer["reduction"] is None


def test_what_is_stipulated_says_why_and_what_is_measured_shows_its_record() -> None:
    document = lighting()
    del document["parts"][0]["parameters"][1]["reason"]
    del document["parts"][0]["parameters"][0]["evidence"]
    assert codes(answer_to(document), "error") == ["EVIDENCE_MISSING", "STIPULATED_WITHOUT_REASON"]


def test_parameters_that_do_not_multiply_to_energy_are_refused() -> None:
    document = lighting()
    document["parts"][0]["parameters"][1]["unit"] = "1"
    assert codes(answer_to(document), "error") == ["PARAMETER_UNITS"]


def test_using_more_than_before_is_told_and_gives_no_line() -> None:
    answer = answer_to(retrofit(use={"baseline": figures(2023, (900,) * 12), "reporting": figures(2024, (1000,) * 12)}))
    assert answer["accepted"]
    assert answer["totals"]["savings_wh"] == "-1200000"
    assert "SAVINGS_NEGATIVE" in codes(answer, "warning")
    assert answer["reduction"] is None


def test_a_month_that_is_not_known_is_named_and_not_claimed() -> None:
    document = retrofit()
    del document["use"]["reporting"]["figures"]["2024-05"]
    answer = answer_to(document)
    assert [item["place"] for item in answer["findings"] if item["code"] == "SAVINGS_UNCLAIMED"] == ["period 2024-05"]
    assert (answer["totals"]["base_wh"], answer["totals"]["savings_wh"]) == ("11000000", "1100000")


def test_small_savings_at_the_whole_building_are_refused_unless_more_was_expected() -> None:
    small = retrofit(option="C", use={"baseline": figures(2023, (1000,) * 12), "reporting": figures(2024, (950,) * 12)})
    assert codes(answer_to(small), "error") == ["OPTION_C_SMALL_SAVINGS"]
    expected = answer_to({**small, "expected_percent": 12})
    assert codes(expected, "warning") == ["OPTION_C_SMALL_SAVINGS"]
    assert expected["reduction"]["saved_wh"] == "600000"
    assert codes(answer_to({**small, "expected_percent": "7.5"}), "error") == ["OPTION_C_SMALL_SAVINGS"]
    assert answer_to({**small, "policies": {"least_savings_percent": 5}})["accepted"]


def test_non_routine_adjustments_are_signed_and_listed_with_their_evidence() -> None:
    answer = answer_to(
        retrofit(
            adjustments=[
                {
                    "id": "server-room",
                    "period": "2024-03",
                    "value": "-12.5",
                    "reason": "a server room was shut in March",
                    "evidence": {"kind": "document", "id": "order 7", "sha256": "ab" * 32},
                }
            ]
        )
    )
    row = answer["rows"][2]
    assert (row["routine_wh"], row["non_routine_wh"], row["savings_wh"]) == ("0", "-12500", "87500")
    assert {"kind": "document", "id": "order 7", "sha256": "ab" * 32} in answer["reduction"]["evidence"]


def lighting() -> dict[str, Any]:
    document = retrofit(option="A")
    del document["use"], document["baseline"]
    document["parts"] = [
        {
            "id": "hall",
            "parameters": [
                {
                    "name": "power of a lamp",
                    "unit": "W",
                    "basis": "measured",
                    "baseline": 36,
                    "reporting": 15,
                    "evidence": {"kind": "measurement", "id": "record 12 of 2024-01-08"},
                },
                {"name": "hours", "unit": "h", "basis": "stipulated", "baseline": 3000, "reporting": 3000, "reason": "opening hours"},
                {"name": "lamps", "unit": "1", "basis": "stipulated", "baseline": 500, "reporting": 500, "reason": "counted on site"},
            ],
        }
    ]
    return document


def pv(generation: tuple[int, ...], export: tuple[int, ...]) -> dict[str, Any]:
    document = retrofit(kind="pv", generation=figures(2024, generation), export=figures(2024, export))
    del document["use"], document["baseline"]
    return document
