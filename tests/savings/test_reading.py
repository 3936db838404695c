"""What is wrong with a project is told by code and place, all at once; numbers are taken as they are written."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import MalformedDocument
from ledger.metering.temperature import daily_means, read_temperature_csv
from ledger.savings import load_savings
from tests.savings.projects import MONTHS, answer_to, codes, figures, retrofit


def put(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    *steps, last = path.split("/")

    def change(document: dict[str, Any]) -> None:
        for step in steps:
            document = document[step]
        document[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        (put("option", "D"), "FIELD_INVALID", "/option"),
        (put("colour", "green"), "FIELD_UNKNOWN", "/colour"),
        (put("kind", "pv"), "OPTION_FORM", "/baseline"),
        (put("generation", figures(2024, (1,) * 12)), "OPTION_FORM", "/generation"),
        (put("use", None), "OPTION_FORM", "/use"),
        (put("reporting/start", "2024-02-30"), "FIELD_INVALID", "/reporting/start"),
        (put("reporting/end", "2023-12-31"), "PERIOD_ORDER", "/reporting"),
        (put("reporting", {"start": "2030-01-01", "end": "2030-12-31"}), "PERIOD_ORDER", "/reporting/end"),
        (put("reporting/start", "2023-12-01"), "PERIODS_OVERLAP", "/reporting/start"),
        (put("reporting/end", "2024-12-30"), "PERIOD_NOT_WHOLE_MONTHS", "/use/reporting"),
        (put("factor/unit", "kg/kWh"), "FIELD_INVALID", "/factor/unit"),
        (put("factor/value", "-0.5"), "FIELD_INVALID", "/factor/value"),
        (put("use/reporting/figures/2024-13", "7"), "FIELD_INVALID", "/use/reporting/figures/2024-13"),
        (put("use/reporting/figures/2024-01", "-7"), "FIELD_INVALID", "/use/reporting/figures/2024-01"),
        (put("use/reporting/figures/2024-01", True), "FIELD_INVALID", "/use/reporting/figures/2024-01"),
        (put("use/reporting", {"unit": "kWh"}), "SOURCE_FORM", "/use/reporting"),
        (put("model", {"terms": ["cdd", "moon"]}), "MODEL_TERM", "/model/terms/1"),
        (put("model", {"terms": []}), "MODEL_TERM", "/model/terms"),
        (put("model", {"base_grid": {"from": "20", "to": "10", "step": "1"}}), "FIELD_INVALID", "/model/base_grid"),
        (put("policies", {"confidence_percent": 100}), "FIELD_INVALID", "/policies/confidence_percent"),
        (put("policies", {"least_rows": "2.5"}), "FIELD_INVALID", "/policies/least_rows"),
        (put("baseline/end", "2023-11-30"), "PERIODS_DIFFER", "/baseline"),
        (put("use/reporting/figures", {}), "SAVINGS_NOTHING", "project lights"),
    ],
)  # fmt: skip
def test_a_fault_is_told_by_code_and_place(change: Callable[[dict[str, Any]], None], code: str, place: str) -> None:
    document = retrofit()
    change(document)
    answer = answer_to(document)
    assert (code, place) in {(item["code"], item["place"]) for item in answer["findings"] if item["severity"] == "error"}
    assert not answer["accepted"]
    assert answer["reduction"] is None


def test_an_adjustment_outside_the_reporting_period_or_told_twice_is_refused() -> None:
    item = {"id": "a", "period": "2023-04", "value": 1, "reason": "r", "evidence": {"kind": "document", "id": "d"}}
    answer = answer_to(retrofit(adjustments=[item, {**item, "period": "2024-04"}]))
    assert codes(answer, "error") == ["ADJUSTMENT_PERIOD", "ITEM_TWICE"]


def meter_csv(skip: int = -1) -> bytes:
    """2023 and 2024 in UTC+8, quarter-hour by quarter-hour, 1 kWh each, then 0.9 in the second year."""
    start, lines = datetime(2022, 12, 31, 16, tzinfo=UTC), ["meter,timestamp,kWh"]
    for at in range(96 * (365 + 366)):
        if at != skip:
            amount = "1" if at < 96 * 365 else "0.9"
            lines.append(f"M1,{(start + timedelta(minutes=15 * at)).strftime('%Y-%m-%dT%H:%M:%SZ')},{amount}")
    return "\n".join(lines).encode()


def by_file(data: bytes, **changes: Any) -> tuple[dict[str, Any], dict[str, bytes]]:
    use = {"csv": "meters.csv", "sha256": hashlib.sha256(data).hexdigest(), "meter": "M1", **changes}
    return retrofit(use=use), {"meters.csv": data}


@pytest.fixture(scope="module")
def readings() -> bytes:
    return meter_csv()


def test_a_meter_file_gives_the_local_months_and_is_evidence_packed_or_not(readings: bytes) -> None:
    for data in (readings, gzip.compress(readings)):
        answer = answer_to(*by_file(data))
        assert answer["totals"]["savings_wh"] == str(366 * 96 * 100 - 96 * 1000)  # a leap day more, a tenth less
        assert answer["rows"][0]["savings_wh"] == str(31 * 96 * 100)
        named = {(item["kind"], item["id"], item["sha256"]) for item in answer["reduction"]["evidence"]}
        assert ("meter_csv", "meters.csv", hashlib.sha256(data).hexdigest()) in named


def test_another_file_than_the_one_that_was_meant_is_refused(readings: bytes) -> None:
    document, _ = by_file(readings)
    assert codes(answer_to(document, {"meters.csv": readings + b"\n"}), "error") == ["FILE_DIFFERS"]
    assert codes(answer_to(document, {}), "error") == ["FILE_UNREADABLE"]
    assert codes(answer_to(*by_file(readings, meter="M2")), "error") == ["METER_NOT_IN_FILE"]


def test_files_of_one_name_in_two_folders_are_two_pieces_of_evidence(readings: bytes) -> None:
    packed = gzip.compress(readings)
    document, _ = by_file(readings)
    after = {"csv": "after/meters.csv", "sha256": hashlib.sha256(packed).hexdigest(), "meter": "M1"}
    document["use"] = {"baseline": document["use"], "reporting": after}
    answer = answer_to(document, {"meters.csv": readings, "after/meters.csv": packed})
    named = [item["sha256"] for item in answer["reduction"]["evidence"] if item["id"] == "meters.csv"]
    assert sorted(named) == sorted(hashlib.sha256(data).hexdigest() for data in (readings, packed))


def test_a_file_that_is_refused_for_another_meters_line_says_so(readings: bytes) -> None:
    answer = answer_to(*by_file(readings + b"\nM2,2024-12-31T15:45:00Z,x"))
    assert [item["code"] for item in answer["findings"]] == ["VALUE_NOT_A_NUMBER"]
    assert not answer["accepted"]


def test_weaker_limits_than_the_usual_are_told_and_stricter_ones_are_not() -> None:
    weak = {"r_squared": "0.5", "cv_rmse_percent": 30, "nmbe_percent": 1, "least_rows": 11, "least_savings_percent": 5}
    answer = answer_to(retrofit(policies={**weak, "uncertainty_percent": 20}))
    places = [item["place"] for item in answer["findings"] if item["code"] == "LIMIT_LOOSENED"]
    assert sorted(places) == sorted(f"/policies/{name}" for name in weak)


def test_a_slot_that_is_missing_takes_its_month_out_of_the_claim_and_never_counts_as_nought() -> None:
    document, files = by_file(meter_csv(skip=96 * 400))  # 5 February 2024, 00:00 in UTC+8
    answer = answer_to(document, files)
    assert [item["place"] for item in answer["findings"] if item["code"] == "SAVINGS_UNCLAIMED"] == ["period 2024-02"]
    assert answer["rows"][1]["savings_wh"] is None
    assert answer["totals"]["savings_wh"] == str((366 - 29) * 96 * 100)


def test_a_damaged_meter_file_is_told_with_the_file_and_the_line(readings: bytes) -> None:
    answer = answer_to(*by_file(readings + b"\nM1,2024-12-31T15:45:00Z,x"))
    assert {(item["code"], item["place"].split(":")[0]) for item in answer["findings"]} == {("VALUE_NOT_A_NUMBER", "meters.csv")}


def test_a_day_whose_temperature_is_known_for_less_than_three_quarters_has_none() -> None:
    lines = ["timestamp,celsius"] + [f"2024-01-{day:02d}T{hour:02d}:00:00+08:00,{day}" for day in (1, 2, 3) for hour in range(24)]
    whole = daily_means(read_temperature_csv("\n".join(lines).encode()), "Asia/Shanghai")
    assert [(day.day, mean) for day, mean in whole.means.items()] == [(1, 1), (2, 2), (3, 3)]
    for kept, known in ((18, True), (17, False)):
        cut = daily_means(read_temperature_csv("\n".join(lines[: 1 + 24 + kept]).encode()), "Asia/Shanghai")
        assert (len(cut.means) == 2) is known
        assert (len(cut.thin) == 0) is known


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("2024-01-01T01:00:00Z,77", "TEMPERATURE_IMPLAUSIBLE"),
        ("2024-01-01T01:00:00Z,1e1", "VALUE_NOT_A_NUMBER"),
        ("2024-01-01T01:00:00,7", "TIMESTAMP_INVALID"),
        ("2024-01-01T00:00:00Z,7", "READING_REPEATED"),
        ("2024-01-01T00:00:00Z", "CSV_COLUMNS"),
        ("2024-01-03T00:00:00Z,7", "TEMPERATURE_STEP"),
        ("2024-01-01T01:00:00Z\r,7", "CSV_UNREADABLE"),
        ("x" * 200_000, "CSV_UNREADABLE"),
    ],
)
def test_a_temperature_that_cannot_be_is_refused_by_line(line: str, code: str) -> None:
    found = read_temperature_csv(f"timestamp,celsius\n2024-01-01T00:00:00Z,3.5\n{line}\n".encode())
    assert [item.code for item in found.findings] == [code]
    assert found.readings == {}


def test_numbers_are_exact_however_they_are_written() -> None:
    as_text = retrofit(use={"baseline": figures(2023, ("0.1",) * 12), "reporting": figures(2024, ("0.07",) * 12)})
    plain = json.dumps(as_text).replace('"0.1"', "0.1").replace('"0.07"', "0.07")
    assert load_savings(plain.encode()) == as_text
    assert answer_to(load_savings(plain.encode()))["totals"]["savings_wh"] == "360"
    with pytest.raises(MalformedDocument):
        load_savings(b'{"a": 1e3}')


wh = st.integers(0, 10**9).map(
    lambda value: (value, str(Fraction(value, 1000)) if value % 1000 == 0 else f"{value // 1000}.{value % 1000:03d}")
)


@given(
    before=st.lists(wh, min_size=12, max_size=12),
    after=st.lists(wh, min_size=12, max_size=12),
    extra=st.lists(st.integers(-(10**9), 10**9), max_size=5),
)
def test_rows_add_up_and_every_wh_is_accounted_for(before: list[tuple[int, str]], after: list[tuple[int, str]], extra: list[int]) -> None:
    document = retrofit(
        use={
            "baseline": figures(2023, tuple(text for _, text in before)),
            "reporting": figures(2024, tuple(text for _, text in after)),
        },
        adjustments=[
            {
                "id": f"a{at}",
                "period": f"2024-{MONTHS[at]}",
                "unit": "Wh",
                "value": str(value),
                "reason": "r",
                "evidence": {"kind": "document", "id": "d"},
            }
            for at, value in enumerate(extra)
        ],
    )
    answer = answer_to(document)
    for row in answer["rows"]:
        assert int(row["savings_wh"]) == int(row["base_wh"]) + int(row["adjustment_wh"]) - int(row["reporting_wh"])
    saved = sum(value for value, _ in before) - sum(value for value, _ in after) + sum(extra)
    assert int(answer["totals"]["savings_wh"]) == saved == sum(int(row["savings_wh"]) for row in answer["rows"])
    if saved < 0:
        assert answer["reduction"] is None
    else:
        assert int(answer["reduction"]["avoided_g"]) == round(Fraction(5306, 10**4) * saved)


def test_help_is_there_before_any_statistics_library_is_loaded(root: Path) -> None:
    program = "import ledger.cli.app, ledger.savings, ledger.forecasting, sys; print(sorted({'statsmodels', 'scipy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
