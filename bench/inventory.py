"""A bank of 500 outlets: its inventory of a year recomputed from records, for the impact preview and for every statement prepared.

Compared with a plain json.dumps of the statement that comes out: what is left of the ratio when the machine is busy. The goal of the plan
is a time, "well under a second", and stands beside it in CPU time.
"""

from __future__ import annotations

import argparse
import json
from fractions import Fraction

from bench.measure import measure_ratio, write_result
from ledger.accounting.inventory import load_inventory, read_inventory
from ledger.accounting.methods.operational_1 import Computation, Inputs, compute
from ledger.indicators.shipped import RELEASE, shipped_release

GOAL_MS = 1000
INDICATORS = (
    ("electricity.purchased", "kWh"),
    ("fuel.natural_gas.stationary", "m3"),
    ("fuel.petrol.vehicles", "L"),
    ("water.supply", "m3"),
)
GRAMS_PER_KWH = Fraction("530.6")


def make_inputs(outlets: int) -> Inputs:
    """Return a bank of 20 branches with these outlets below them, each with four indicators, and a lot of certificates per branch."""
    units: list[dict[str, object]] = [{"id": f"b{number}"} for number in range(20)]
    units += [{"id": f"o{number}", "kind": "outlet", "parent": f"b{number % 20}"} for number in range(outlets)]
    records = [
        {"unit": f"o{number}", "indicator": indicator, "quantity": f"{1000 + number}.25 {unit}"}
        for number in range(outlets)
        for indicator, unit in INDICATORS
    ]
    lots = [{"unit": f"b{number}", "quantity": "10 MWh", "generated": "2024-05"} for number in range(20)]
    file = {"schema": "lingtan.inventory-input/1", "institution": {"id": "bench", "region": "CN-ZJ"}, "units": units, "year": 2024}
    data = json.dumps({**file, "records": records, "instruments": lots}).encode()
    given, findings = read_inventory(load_inventory(data), {RELEASE: shipped_release()}, RELEASE)
    if given is None:
        raise SystemExit(str(findings))
    item = given.periods[0]
    return Inputs(given.organisation, item.activity, given.release, item.period, gwp=given.gwp)


def check_result(computation: Computation, outlets: int) -> None:
    """Compare the electricity with another way to the same number."""
    assert computation.statement is not None
    assert len(computation.statement.lines) == outlets * len(INDICATORS)
    grams = sum(round((1000 + number + Fraction(1, 4)) * GRAMS_PER_KWH) for number in range(outlets))
    assert computation.statement.totals.scope2_location_g == grams


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outlets", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    inputs = make_inputs(options.outlets)
    computation = compute(inputs)
    check_result(computation, options.outlets)
    assert computation.statement is not None
    document = computation.statement.to_document()
    ratio = measure_ratio(lambda: compute(inputs), lambda: json.dumps(document, sort_keys=True), options.repeats)
    found = ratio.to_document()
    outcome: dict[str, object] = {
        "what": "inventory of a bank-year from its records ÷ json.dumps of its statement",
        "goal": f"under {GOAL_MS} ms of CPU time",
        **found,
        "outlets": options.outlets,
        "lines": len(computation.statement.lines),
        "statement": computation.statement.digest(),
    }
    write_result("inventory", outcome)
    print(f"inventory: {found['work_cpu_ms']} ms for {options.outlets} outlets (goal: under {GOAL_MS} ms)")


if __name__ == "__main__":
    main()
