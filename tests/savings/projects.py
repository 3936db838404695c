"""Projects that several tests of savings begin from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ledger.savings import compute, read_savings, refused_savings_document, savings_document

NOW = 1_900_000_000
MONTHS = tuple(f"{month:02d}" for month in range(1, 13))
# Worked case 35: base − post + adjustment = savings, kWh, account 766BI22-601.
CASE_35 = (
    (12200, 10200, -1200, 800),
    (9600, 11200, 2320, 720),
    (8800, 7800, -200, 800),
    (4400, 4800, 1280, 880),
    (3800, 5100, 2120, 820),
    (1200, 500, 120, 820),
    (800, 400, 23, 423),
    (600, 300, -48, 252),
    (1200, 400, 41, 841),
    (4400, 3800, 140, 740),
    (6600, 5400, -290, 910),
    (8400, 9000, 1400, 800),
)
# What both meters keep as days off in 2012 and 2013; other public holidays of the place are worked at one of them at least.
OFFICE_HOLIDAYS = (
    "2012-01-02", "2012-02-20", "2012-05-28", "2012-07-04", "2012-09-03", "2012-11-22", "2012-12-25",
    "2013-01-01", "2013-02-18", "2013-05-27", "2013-07-04", "2013-09-02", "2013-11-28", "2013-12-25",
)  # fmt: skip


def figures(year: int, values: tuple[int | str, ...]) -> dict[str, Any]:
    return {"unit": "kWh", "figures": {f"{year}-{month}": value for month, value in zip(MONTHS, values, strict=True)}}


def retrofit(**changes: Any) -> dict[str, Any]:
    """A year before and a year after, 10 % less, nothing adjusted."""
    return {
        "schema": "lingtan.savings/1",
        "id": "lights",
        "unit": "hq",
        "kind": "retrofit",
        "option": "B",
        "baseline": {"start": "2023-01-01", "end": "2023-12-31"},
        "reporting": {"start": "2024-01-01", "end": "2024-12-31"},
        "use": {"baseline": figures(2023, (1000,) * 12), "reporting": figures(2024, (900,) * 12)},
        "factor": {"id": "grid_average.cn.2023", "value": "0.5306", "unit": "kgCO2/kWh"},
        **changes,
    }


def case_35() -> dict[str, Any]:
    return retrofit(
        id="school-766BI22-601",
        option="C",
        use={
            "baseline": figures(2023, tuple(row[0] for row in CASE_35)),
            "reporting": figures(2024, tuple(row[1] for row in CASE_35)),
        },
        adjustments=[
            {
                "id": f"adjustment-{month}",
                "period": f"2024-{month}",
                "kind": "routine",
                "value": row[2],
                "reason": "weather and days of the bill",
                "evidence": {"kind": "document", "id": "appendix, account 766BI22-601"},
            }
            for month, row in zip(MONTHS, CASE_35, strict=True)
        ],
    )


def answer_to(document: object, files: Mapping[str, bytes] | None = None) -> dict[str, Any]:
    """The answer to a document whose files are given by name, or lie where the name says."""

    def open_file(name: str) -> bytes:
        return files[name] if files is not None and name in files else Path(name).read_bytes()

    given, findings = read_savings(document, open_file, NOW)
    return refused_savings_document(findings) if given is None else savings_document(compute(given, findings))


def codes(answer: Mapping[str, Any], severity: str | None = None) -> list[str]:
    return [item["code"] for item in answer["findings"] if severity in (None, item["severity"])]


def real_project(shared: Path, meter: str, **changes: Any) -> dict[str, Any]:
    """Option C on a real office meter: 2012 the baseline, 2013 the reporting period, and nobody has retrofitted anything."""
    meters, temperature = shared / "data" / "office_meters_2012_2013.csv.gz", shared / "data" / "outdoor_temperature_2012_2013.csv.gz"
    return retrofit(
        id=f"office-{meter}",
        option="C",
        timezone="America/Los_Angeles",
        baseline={"start": "2012-01-01", "end": "2012-12-31"},
        reporting={"start": "2013-01-01", "end": "2013-12-31"},
        use={"csv": str(meters), "sha256": hashlib.sha256(meters.read_bytes()).hexdigest(), "meter": meter},
        temperature={"csv": str(temperature), "sha256": hashlib.sha256(temperature.read_bytes()).hexdigest()},
        calendar={"holidays": list(OFFICE_HOLIDAYS)},
        **changes,
    )
