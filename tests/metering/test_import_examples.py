"""The examples of the specification come out as it says."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from ledger.clock import parse_instant
from ledger.metering.imports.map_words import DELIMITERS, INTERVALS, LAYOUTS
from ledger.metering.imports.meter_map import MeterMap
from ledger.metering.imports.reading import import_files
from ledger.metering.imports.unit_table import UNITS

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


def test_the_schema_of_a_map_has_the_fields_and_words_of_a_map() -> None:
    properties = json.loads((SPEC.parent / "schemas" / "meter-map.schema.json").read_text(encoding="utf-8"))["properties"]
    assert set(properties) == {"schema", *(item.name for item in fields(MeterMap))}
    assert set(properties["unit"]["enum"]) == {unit for units in UNITS.values() for unit in units}
    assert set(properties["layout"]["enum"]) == set(LAYOUTS)
    assert set(properties["delimiter"]["enum"]) == set(DELIMITERS)
    assert {item for item in properties["interval"]["enum"] if isinstance(item, int)} == set(INTERVALS)


def test_every_map_of_the_guide_is_a_map() -> None:
    guide = (SPEC.parents[1] / "guides" / "facility.md").read_text(encoding="utf-8")
    lines = re.findall(r"`((?:layout|meter|meter_id|header)=[^`]+)`", guide)
    assert len(lines) >= 7
    for line in lines:
        assert MeterMap.from_document(MeterMap.of_line(line).to_document()) == MeterMap.of_line(line)
