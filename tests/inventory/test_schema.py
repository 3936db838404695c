"""The JSON Schema of inventories says what the reader takes: the page's examples pass both, and what one refuses so does the other."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from ledger.accounting.inventory.period import PERIOD_FIELDS
from ledger.accounting.inventory.policies import FIELDS as POLICY_FIELDS
from ledger.accounting.inventory.reading import LIBRARY_FIELDS, SHARED_FIELDS
from tests.inventory.json_schema import holds
from tests.inventory.running import answer_to, bank, codes
from tests.inventory.test_examples import EXAMPLES

FILE = Path(__file__).resolve().parents[2] / "docs" / "spec" / "schemas" / "inventory-input.schema.json"
SCHEMA: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
FORM = {"FIELD_INVALID", "FIELD_MISSING", "FIELD_UNKNOWN"}


@pytest.mark.parametrize("given", [given for given, _ in EXAMPLES], ids=[f"example-{number}" for number in range(1, len(EXAMPLES) + 1)])
def test_the_examples_are_as_the_schema_says(given: str) -> None:
    assert holds(json.loads(given), SCHEMA, SCHEMA)


def test_the_schema_names_exactly_the_fields_that_the_reader_takes() -> None:
    several, single = SCHEMA["oneOf"]
    assert set(several["properties"]) == {*SHARED_FIELDS, "periods"}
    assert set(single["properties"]) == {*SHARED_FIELDS, *PERIOD_FIELDS}
    definitions = SCHEMA["$defs"]
    assert set(definitions["period"]["properties"]) == {*PERIOD_FIELDS, "note"}
    assert set(definitions["library"]["properties"]) == set(LIBRARY_FIELDS)
    assert set(definitions["policies"]["properties"]) == {*POLICY_FIELDS, "note"}


WHOLE = bank(
    units=[{"id": "b1", "area_m2": 120, "allocations": [{"part": 1, "whole": 2}]}],
    library={"gwp": "AR5", "factors": [{"id": "f", "indicator": "electricity.purchased", "value": 0.5, "unit": "kgCO2/kWh"}]},
    policies={"jump_bp": 100, "base_year": "2024", "target": {"profile": "28-58"}, "residual_factor": {"value": 0.6, "unit": "kgCO2/kWh"}},
    periods=[
        {
            "id": "2024",
            "records": [{"unit": "b1", "indicator": "electricity.purchased", "quantity": {"value": 1, "unit": "MWh"}, "quality": 3}],
            "declared_totals": [{"measure": "scope2", "value": 1}],
            "declared_factors": [{"indicator": "electricity.purchased", "value": "0.5", "unit": "kgCO2/kWh", "document": "x"}],
            "factor_choices": [{"indicator": "electricity.purchased", "factor": "f"}],
            "instruments": [{"quantity": "1 kWh", "generated": "2024-05"}],
            "denominators": {"headcount": 3},
            "meters": [{"unit": "b1", "quantity": "pv.generation", "total": "1 kWh"}],
        }
    ],
)
CHANGES = [
    ("/schema", "lingtan.inventory-input/2"),
    ("/extra", 1),
    ("/institution", {"name": "without an id"}),
    ("/institution/color", "red"),
    ("/units/0/kind", "kiosk"),
    ("/units/0/area_m2", "-"),
    ("/units/0/opened", "1.1.2020"),
    ("/units/0/allocations/0/rule", "feeling"),
    ("/library/gwp_set", "AR5"),
    ("/policies/jump", 1),
    ("/policies/jump_bp", "many"),
    ("/policies/target", {"id": "mine"}),
    ("/policies/base_year", {"threshold_bp": 5}),
    ("/periods", []),
    ("/periods/0/id", None),
    ("/periods/0/start", "2024/01/01"),
    ("/periods/0/records/0/quantity", "a lot"),
    ("/periods/0/records/0/quantity/value", "1,5"),
    ("/periods/0/records/0/quality", 9),
    ("/periods/0/records/0/amount", 9),
    ("/periods/0/declared_totals/0/value", "many"),
    ("/periods/0/declared_totals/0/parts", 0),
    ("/periods/0/declared_factors/0/value", None),
    ("/periods/0/factor_choices/0/use", "both"),
    ("/periods/0/instruments/0/kind", "wish"),
    ("/periods/0/instruments/0/generated", "May"),
    ("/periods/0/denominators", {"shoes": 1}),
    ("/periods/0/meters/0/quantity", "el.lost"),
    ("/periods/0/meters/0/measured", -1),
]


def changed(pointer: str, value: Any) -> dict[str, Any]:
    document = copy.deepcopy(WHOLE)
    *steps, last = pointer.strip("/").split("/")
    here: Any = document
    for step in steps:
        here = here[int(step)] if isinstance(here, list) else here[step]
    here[int(last) if isinstance(here, list) else last] = value
    return document


def test_a_file_with_every_part_passes_both() -> None:
    assert holds(WHOLE, SCHEMA, SCHEMA)
    assert "error" not in {finding["severity"] for finding in answer_to(WHOLE)["findings"]}


@pytest.mark.parametrize(("pointer", "value"), CHANGES, ids=[f"{pointer}={value}" for pointer, value in CHANGES])
def test_what_the_schema_refuses_the_reader_refuses_at_the_place(pointer: str, value: Any) -> None:
    document = changed(pointer, value)
    assert not holds(document, SCHEMA, SCHEMA)
    answer = answer_to(document)
    assert not answer["accepted"]
    assert FORM & set(codes(answer, "error")), codes(answer)
    assert any(finding["place"].startswith(pointer.rpartition("/")[0]) for finding in answer["findings"] if finding["code"] in FORM)
