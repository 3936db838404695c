"""The JSON Schema of loan files says what the reader takes: the page's examples pass both, and what one refuses so does the other."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from ledger.accounting.financed.input_reading import FIELDS, POLICY_FIELDS
from ledger.accounting.financed.input_reading_layers import COMPANY_FIELDS, DEFAULT_FIELDS, EMISSIONS, EXPOSURE_FIELDS
from ledger.accounting.financed.input_reading_portfolio import FIELDS as PORTFOLIO_FIELDS
from tests.financed_input.running import answer_to, book, codes
from tests.financed_input.test_examples import EXAMPLES, IDS
from tests.inventory.json_schema import holds

FILE = Path(__file__).resolve().parents[2] / "docs" / "spec" / "schemas" / "financed-input.schema.json"
SCHEMA: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))


# The last example is one of what is refused, in its form too.
@pytest.mark.parametrize("given", [given for given, _ in EXAMPLES[:-1]], ids=IDS[:-1])
def test_the_examples_are_as_the_schema_says(given: str) -> None:
    assert holds(json.loads(given), SCHEMA, SCHEMA)


def test_the_schema_names_exactly_the_fields_that_the_reader_takes() -> None:
    definitions = SCHEMA["$defs"]
    assert set(SCHEMA["properties"]) == set(FIELDS)
    assert set(definitions["exposure"]["properties"]) == set(EXPOSURE_FIELDS)
    assert set(definitions["company"]["properties"]) == set(COMPANY_FIELDS)
    assert set(definitions["defaults"]["properties"]) == set(DEFAULT_FIELDS)
    assert set(definitions["exposure"]["properties"]["emissions"]["properties"]) == {*EMISSIONS, "note"}
    assert set(definitions["policies"]["properties"]) == {*POLICY_FIELDS, "note"}
    portfolio = definitions["portfolio"]["properties"]
    assert set(portfolio) == {*PORTFOLIO_FIELDS, "note"}
    assert all(set(portfolio[name]["items"]["properties"]) == set(fields) for name, fields in PORTFOLIO_FIELDS.items())


WHOLE = book(
    {
        "id": "a",
        "borrower": "C",
        "asset_class": "business_loan",
        "outstanding": "60 万元",
        "months": [1] * 12,
        "option": "1b+3a",
        "emissions": {"s1": "1 kt", "s2": 2},
        "evic": {"ordinary": 1, "debt": 2, "cash": 3},
        "note": "x",
    },
    {"asset_class": "mortgage", "outstanding": 1, "property_value": 2, "score": 3, "s12_t": 5, "currency": "USD"},
    title="t",
    year=2024,
    rates={"USD": 7},
    policies={"average": "month_end", "exclude_short_life": False},
    fractions=["asset_turnover"],
    defaults={"branch": "b1", "listed": False},
    companies=[{"borrower": "C", "total_equity": 600000, "total_debt": "1 百万元", "listed": "no"}],
    general_ledger=[{"asset_class": "business_loan", "value": "60 万元", "reference": "r"}],
    portfolio={
        "evic_inflation": [{"weight": "100 %", "base_emissions": 1, "emissions": 1, "base_evic": 1, "evic": 1}],
        "sovereign": [{"emissions": 1, "gdp": 1}],
        "data_quality": [{"outstanding": 1, "score": 1}],
        "waci": [{"weight": 1, "emissions": 1, "revenue": 1}],
        "reductions": [{"reduction": 1, "balance": 1, "total_investment": 1}],
    },
)
CHANGES = [
    ("/schema", "lingtan.loan-input/2"),
    ("/extra", 1),
    ("/institution", {"name": "without an id"}),
    ("/institution", "a b"),
    ("/method", "pcaf"),
    ("/year", "soon"),
    ("/currency", "yuan"),
    ("/rates", 7),
    ("/policies/average", "median"),
    ("/policies/mean", "median"),
    ("/policies/exclude_short_life", "yes"),
    ("/fractions/0", "revenue"),
    ("/exposures", {}),
    ("/exposures/0", 5),
    ("/exposures/0/id", "a b"),
    ("/exposures/0/asset_class", "loan"),
    ("/exposures/0/outstanding", "1,000"),
    ("/exposures/0/outstanding", "12 %"),
    ("/exposures/0/outstanding", [1]),
    ("/exposures/0/months", 5),
    ("/exposures/0/option", "9z"),
    ("/exposures/0/emissions/s4", 1),
    ("/exposures/0/emissions/s1", "many"),
    ("/exposures/0/evic/loans", 1),
    ("/exposures/0/listed", "perhaps"),
    ("/exposures/0/high_carbon", "cement"),
    ("/exposures/0/outstandings", 1),
    ("/exposures/1/score", 6),
    ("/exposures/1/currency", "dollar"),
    ("/defaults/id", "x"),
    ("/companies/0/outstanding", 1),
    ("/companies/0", {"evic": 1}),
    ("/general_ledger/0/value", "a lot"),
    ("/general_ledger/0/asset_class", "x"),
    ("/portfolio/evic", []),
    ("/portfolio/evic_inflation/0/weight", "much"),
    ("/portfolio/evic_inflation/0/evic", None),
    ("/portfolio/sovereign/0", {"gdp": 1}),
    ("/portfolio/data_quality/0/score", 0),
    ("/portfolio/waci/0/size", 1),
    ("/portfolio/reductions/0/green_field", "wind"),
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
    assert codes(answer_to(WHOLE), "error") == []


@pytest.mark.parametrize(("pointer", "value"), CHANGES, ids=[f"{pointer}={value}" for pointer, value in CHANGES])
def test_what_the_schema_refuses_the_reader_refuses_at_the_place(pointer: str, value: Any) -> None:
    document = changed(pointer, value)
    if value is None:
        document["portfolio"]["evic_inflation"][0].pop("evic")
    assert not holds(document, SCHEMA, SCHEMA)
    answer = answer_to(document)
    assert not answer["accepted"]
    assert any(finding["place"].startswith(pointer.rpartition("/")[0]) and finding["severity"] == "error" for finding in answer["findings"])
