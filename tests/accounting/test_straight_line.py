"""Random inventories computed twice: by the ledger, and by a plain reading of the specification that shares no code with it."""

from __future__ import annotations

import json
import random as random_module
from dataclasses import replace
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.accounting.methods.operational_1 import Inputs, compute
from ledger.records import canonical
from ledger.records.statement import Measures, Statement
from tests.accounting.books import inventories
from tests.accounting.straight_line import compute_again


def stated(given_inputs: Inputs) -> Statement:
    computation = compute(given_inputs)
    assert computation.statement is not None, computation.findings
    return computation.statement


@settings(max_examples=80, deadline=None)
@given(inventories())
def test_a_plain_reading_of_the_specification_gives_the_same_lines_and_totals(given_inputs: Inputs) -> None:
    document = json.loads(stated(given_inputs).to_bytes())
    parts = (given_inputs.organisation, given_inputs.activity, given_inputs.release)
    organisation, activity, library = (json.loads(canonical.dump(part.to_document())) for part in parts)
    meters = [meter.summary.to_document() for meter in given_inputs.meters]
    again = compute_again(organisation, activity, library, meters, given_inputs.gwp, "2025-01-01", "2025-12-31")
    assert {name: document[name] for name in again} == again


@settings(max_examples=30, deadline=None)
@given(inventories(), st.integers(0, 2**32))
def test_the_order_of_the_inputs_changes_no_byte(given_inputs: Inputs, seed: int) -> None:
    order = random_module.Random(seed)

    def shuffled(items: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(order.sample(items, len(items)))

    activity = given_inputs.activity
    other = replace(
        given_inputs,
        organisation=replace(given_inputs.organisation, units=shuffled(given_inputs.organisation.units)),  # type: ignore[arg-type]
        activity=replace(
            activity,
            records=shuffled(activity.records),  # type: ignore[arg-type]
            instruments=shuffled(activity.instruments),  # type: ignore[arg-type]
            factor_choices=shuffled(activity.factor_choices),  # type: ignore[arg-type]
        ),
        meters=shuffled(given_inputs.meters),  # type: ignore[arg-type]
    )
    assert stated(other).to_bytes() == stated(given_inputs).to_bytes()
    assert compute(other).findings == compute(given_inputs).findings


@settings(max_examples=40, deadline=None)
@given(inventories())
def test_totals_are_the_sum_of_the_lines_and_what_is_covered_and_the_rest_are_the_quantity(given_inputs: Inputs) -> None:
    statement = stated(given_inputs)
    assert statement.totals == Measures.sum(line.measures for line in statement.lines)
    assert statement.totals == Measures.sum(item.own for item in statement.rollup)
    handed_out: dict[str, Fraction] = {}
    for line in statement.lines:
        if line.market is not None:
            parts = {item.instrument: item.exact for item in line.market.covered}
            assert sum(parts.values()) + Fraction(line.market.rest) == line.quantity.exact
            assert Fraction(line.market.rest) >= 0
            assert all(kwh > 0 for kwh in parts.values())
            for id, kwh in parts.items():
                handed_out[id] = handed_out.get(id, Fraction(0)) + kwh
    for instrument in given_inputs.activity.instruments:
        whole = instrument.quantity.exact * given_inputs.release.unit(instrument.quantity.unit).base_units
        assert handed_out.get(instrument.id, 0) <= whole


@settings(max_examples=20, deadline=None)
@given(inventories())
def test_a_statement_reads_back_from_its_own_bytes(given_inputs: Inputs) -> None:
    statement = stated(given_inputs)
    assert Statement.from_document(canonical.load_canonical(statement.to_bytes())) == statement
