"""Which sub-meters are in nobody's total: the verifier says the same as the ledger, of any wiring."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.accounting.meter_checks import check_sub_meters
from ledger.records.statement import MeterSummary
from verifier.sub_meters import describe_left_out, errors_of_sub_meters, is_leaf

NAMES = ("a", "b", "c", "d")


def summary(id: str, before: str | None = None, quantity: str = "el.import") -> MeterSummary:
    return MeterSummary(id, "hq", quantity, "0" * 64, 7, 1, 0, 0, 0, sub_meter_of=before)


def documents(*meters: MeterSummary) -> list[Any]:
    return [meter.to_document() for meter in meters]


def found(*meters: MeterSummary) -> list[tuple[str, str]]:
    """The meters that are in nobody's total, and why, as both say it."""
    ours = [(finding.place, finding.got or "", finding.expected) for finding in check_sub_meters(meters)]
    theirs = [(finding.place, finding.got, finding.expected) for finding in errors_of_sub_meters(documents(*meters))]
    assert ours == theirs
    return [(place.removeprefix("meter "), got) for place, got, _ in ours]


@given(
    st.lists(
        st.tuples(st.sampled_from(NAMES), st.none() | st.sampled_from([*NAMES, "x"]), st.sampled_from(["el.import", "gas.volume"])),
        max_size=4,
        unique_by=lambda item: item[0],
    )
)
def test_ledger_and_verifier_agree_on_any_wiring(wiring: list[tuple[str, str | None, str]]) -> None:
    meters = [summary(id, before, quantity) for id, before, quantity in sorted(wiring)]
    wrong = {id for id, _ in found(*meters)}
    # Whoever is not wrong is counted: by itself, or by one that is not wrong either.
    for meter in meters:
        if meter.sub_meter_of is not None and meter.meter not in wrong:
            assert meter.sub_meter_of in {item.meter for item in meters} - wrong


@pytest.mark.parametrize(
    ("meters", "expected"),
    [
        ((summary("a"), summary("b", "a"), summary("c", "b")), []),
        ((summary("a", "x"),), [("a", "x, not in this period")]),
        ((summary("a"), summary("b", "a", "gas.volume")), [("b", "a, of el.import")]),
        ((summary("a", "b"), summary("b", "a")), [("a", "a, in a circle"), ("b", "b, in a circle")]),
        ((summary("a", "a"),), [("a", "a, in a circle")]),
        (
            (summary("a", "b"), summary("b", "c"), summary("c", "b")),
            [("a", "b, in a circle"), ("b", "b, in a circle"), ("c", "c, in a circle")],
        ),
    ],
)
def test_a_sub_meter_leads_to_a_meter_that_counts(meters: tuple[MeterSummary, ...], expected: list[tuple[str, str]]) -> None:
    assert found(*meters) == expected


@pytest.mark.parametrize("last", [{}, {"sub_meter_of": "m0"}, {"sub_meter_of": "x"}])
def test_a_way_through_many_meters_is_gone_once(last: dict[str, str]) -> None:
    count = 30_000  # of a walk from each of them a minute and more
    meters = [{"meter": f"m{at}", "quantity": "el.import", "sub_meter_of": f"m{at + 1}"} for at in range(count)]
    assert len(errors_of_sub_meters([*meters, {"meter": f"m{count}", "quantity": "el.import", **last}])) == (count + 1 if last else 0)


def test_leaves_are_of_purchased_power_that_counts_and_the_rest_is_named() -> None:
    given = documents(summary("a"), summary("b", "a"), summary("g", None, "gas.volume"))
    assert [is_leaf(meter) for meter in given] == [True, False, False]
    assert describe_left_out(given) == "; in no line, counted by the meter before: b 7 behind a 7"
    assert describe_left_out(given[:1]) == ""
    many = documents(summary("a"), *(summary(f"s{at}", "a") for at in range(20)))
    assert describe_left_out(many).endswith("s15 7 behind a 7 and 4 more")
