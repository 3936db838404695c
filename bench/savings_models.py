"""Option C on two real office meters where nothing was retrofitted: the table of docs/methods/savings-ipmvp.md.

python -m bench.savings_models [--data ../shared/data]
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.forecast_scores import HOLIDAYS, METERS, NOW, TIMEZONE
from ledger.savings import compute, read_savings, savings_document

GRID = {"from": "10", "to": "24", "step": "0.5"}
MODELS: tuple[tuple[str, tuple[str, ...], bool], ...] = (
    ("monthly", ("cdd", "hdd"), False),
    ("monthly", ("cdd",), True),
    ("monthly", ("cdd", "workdays"), True),
    ("daily", ("cdd", "hdd"), False),
    ("daily", ("cdd", "hdd", "workdays"), False),
    ("daily", ("cdd", "hdd", "workdays"), True),
)


def project(folder: Path, meter: str, granularity: str, terms: tuple[str, ...], grid: bool) -> dict[str, object]:
    files = [folder / name for name in ("office_meters_2012_2013.csv.gz", "outdoor_temperature_2012_2013.csv.gz")]
    readings, temperature = ({"csv": str(file), "sha256": hashlib.sha256(file.read_bytes()).hexdigest()} for file in files)
    return {
        "schema": "lingtan.savings/1",
        "id": f"office-{meter}",
        "unit": "office",
        "kind": "retrofit",
        "option": "C",
        "timezone": TIMEZONE,
        "baseline": {"start": "2012-01-01", "end": "2012-12-31"},
        "reporting": {"start": "2013-01-01", "end": "2013-12-31"},
        "use": {**readings, "meter": meter},
        "temperature": temperature,
        "calendar": {"holidays": list(HOLIDAYS)},
        "model": {"granularity": granularity, "terms": list(terms), "base_grid": GRID if grid else None},
        "factor": {"id": "grid_average.cn.2023", "value": "0.5306", "unit": "kgCO2/kWh"},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    folder, table = parser.parse_args().data, Table("meter", "model", "base °C", "R²", "CV(RMSE) %", "savings Wh", "± Wh", "findings")
    for meter in METERS:
        for granularity, terms, grid in MODELS:
            given, findings = read_savings(project(folder, meter, granularity, terms, grid), lambda name: Path(name).read_bytes(), NOW)
            if given is None:
                raise SystemExit(str(findings))
            result = compute(given, findings)
            if result.model is None:
                raise SystemExit(str(result.findings))
            statistics, width = result.model.statistics.to_document(), result.uncertainty
            table.add_row(
                meter,
                f"{granularity}: {' '.join(terms)}",
                f"{float(result.model.base_c):g} of {result.model.chosen_from}",
                str(statistics["r_squared"]),
                str(statistics["cv_rmse_percent"]),
                str(savings_document(result)["totals"]["savings_wh"]),  # type: ignore[index]
                "" if width is None else str(width.wh),
                " ".join(sorted({finding.code for finding in result.findings})),
            )
    Console(width=220).print(table)


if __name__ == "__main__":
    main()
