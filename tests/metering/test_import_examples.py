"""The examples of the specification come out as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ledger.clock import parse_instant
from ledger.metering.imports.meter_map import MeterMap
from ledger.metering.imports.reading import import_files

SPEC = Path(__file__).resolve().parents[2] / "docs" / "spec" / "meter-import.md"
EXAMPLES = re.findall(r"```csv\n(.*?)```\n```map\n(.*?)\n```\n```result\n(.*?)```", SPEC.read_text(encoding="utf-8"), re.DOTALL)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 4


@pytest.mark.parametrize(("table", "line", "result"), EXAMPLES)
def test_an_example_of_the_specification_comes_out_as_it_says(tmp_path: Path, table: str, line: str, result: str) -> None:
    path = tmp_path / "example.csv"
    path.write_text(table, encoding="utf-8")
    done = import_files([path], MeterMap.of_line(line), now=parse_instant("2026-01-01T00:00:00Z"))
    got = {meter.readings.meter: (sum(meter.readings.values.tolist()), meter.missing_intervals) for meter in done.meters}
    wanted = {name: (int(total), int(missing)) for name, total, missing in (row.split() for row in result.splitlines())}
    assert got == wanted
    assert done.accepted
