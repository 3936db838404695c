"""Random books computed here and recomputed by the verifier, which shares the written specification and no code."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.accounting.commit import commit
from ledger.accounting.methods.operational_1 import Inputs, MeteredEnergy, compute
from ledger.accounting.package import Evidence, build_package
from ledger.indicators.factor import BASE_UNITS
from ledger.indicators.shipped import shipped_release
from ledger.merkle.keys import CommitmentKeys, meter_asset
from ledger.records.activity import Activity, Source
from ledger.records.meter_record import MeterRecord, Quantity
from tests.accounting.books import instruments, organisations
from tests.accounting.inventory import BANK, ROOT, choice, meter_record, record, year
from verifier.__main__ import main

KEYS = CommitmentKeys(bytes(range(32)))
PERIOD = year(2025)
MEASURES = {
    "electricity": ("kWh", "MWh", "万kWh", "Wh", "10MWh"),
    "volume": ("m3", "万m3", "Nm³"),
    "mass": ("kg", "t", "g"),
    "energy": ("MJ", "GJ", "TJ"),
    "emissions": ("kgCO2e", "tCO2e", "gCO2e"),
    "liquid": ("L", "万L", "mL"),
}
amounts = st.decimals(min_value=0, max_value=10**7, places=5, allow_nan=False, allow_infinity=False).map(lambda value: format(value, "f"))


@st.composite
def books(draw: st.DrawFn) -> tuple[Inputs, dict[str, MeterRecord]]:
    """Records of any indicator with any factor that serves it, a landlord's too, meters of any quantity with gaps, and instruments."""
    release, organisation = shipped_release(), draw(organisations())
    units = [unit.id for unit in organisation.units]
    records, choices = [], []
    for indicator in draw(st.lists(st.sampled_from(release.indicators), min_size=1, max_size=6, unique_by=lambda item: item.id)):
        dimension = draw(st.sampled_from(["liquid", "mass"])) if indicator.dimension == "liquid" else indicator.dimension
        serving = [factor for factor in release.factors if indicator.admits_factor(factor) and factor.serves(dimension)]
        choices.append(choice(f"{indicator.id} {draw(st.sampled_from(serving)).id}"))
        residual = [factor for factor in release.factors if indicator.admits_factor(factor, "market")]
        if residual and draw(st.booleans()):
            choices.append(choice(f"{indicator.id} {draw(st.sampled_from(residual)).id} market"))
        for number in range(draw(st.integers(1, 3))):
            measure = draw(st.sampled_from(MEASURES.get(dimension, (BASE_UNITS[dimension],))))
            text = f"{draw(st.sampled_from(units))} {indicator.id} {draw(amounts)} {measure}"
            made = record(text, PERIOD, id=f"{indicator.id}-{number}", quality=draw(st.integers(1, 5)))
            if made.unit != ROOT and draw(st.booleans()):
                made = replace(made, source=Source("landlord", "bill"))
            records.append(made)
    found: dict[str, MeterRecord] = {}
    energy: list[MeteredEnergy] = []
    for number in range(draw(st.integers(0, 2))):
        flags = draw(st.lists(st.integers(0, 5), min_size=1, max_size=30))
        values = [0 if flag == 0 else draw(st.integers(0, 10**7)) for flag in flags]
        meter = f"m-{number}"
        # More exported than generated is refused: beside a generating meter, an exporting one counts nothing here.
        quantity = draw(st.sampled_from([quantity for quantity in Quantity if quantity is not Quantity.PV_GENERATION or number == 0]))
        if quantity is Quantity.EL_EXPORT and Quantity.PV_GENERATION in {item.quantity for item in found.values()}:
            values = [0 for _ in flags]
        behind = "m-0" if number and draw(st.booleans()) else None
        found[meter] = _assemble(meter, values, flags, found[behind].quantity if behind else quantity)
        energy.append(MeteredEnergy.of_record(meter, draw(st.sampled_from(units)), found[meter], behind))
    activity = Activity(BANK, PERIOD, tuple(records), (), tuple(choices), instruments=draw(instruments(units)))
    gwp = draw(st.sampled_from([gwp.id for gwp in release.gwp_sets]))
    return Inputs(organisation, activity, release, PERIOD, tuple(energy), gwp=gwp), found


def _assemble(meter: str, values: list[int], flags: list[int], quantity: Quantity) -> MeterRecord:
    key = KEYS.leaf_key(meter_asset(meter, quantity), PERIOD.start, PERIOD.end)
    return meter_record(PERIOD, values, flags, key, quantity)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(books())
def test_the_verifier_recomputes_every_line_of_random_books(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], book: tuple[Inputs, dict[str, MeterRecord]]
) -> None:
    inputs, records = book
    computation = compute(inputs)
    assert computation.statement is not None, computation.findings
    commitments = commit(computation.statement, records, KEYS, 1337, bytes(range(20)))
    nothing = {name: {"schema": f"lingtan.{name}/1", "items": []} for name in ("attestations", "anchors")}
    package = build_package(
        Evidence(
            *(inputs.organisation, inputs.activity, inputs.release, computation.statement, computation.findings, commitments),
            *(nothing["attestations"], nothing["anchors"], records, 1337, "0x" + bytes(range(20)).hex()),
        )
    )
    path = tmp_path / "book.zip"
    path.write_bytes(package.data)
    capsys.readouterr()
    code = main(["recompute", str(path), "--json"])
    result = json.loads(capsys.readouterr().out)
    assert (code, result["verdict"]) == (0, "VALID"), result
    # The whole package lacks attestation and anchor, which is incomplete (4), and, where a unit has no data, a finding of severity
    # error, which the verifier reports as such and finds again by itself: everything else must pass.
    main(["package", str(path), "--json"])
    outcomes = {check["id"]: check["outcome"] for check in json.loads(capsys.readouterr().out)["checks"]}
    failed = {id for id, outcome in outcomes.items() if outcome == "FAIL"}
    assert failed == ({"findings.none", "findings.recompute"} if not computation.may_be_signed else set())
    passed = {id for id, outcome in outcomes.items() if outcome == "PASS"}
    assert {"package.manifest", "inputs.hashes", "lines.recompute", "rollup.recompute", "commitment.OPERATIONAL"} <= passed
