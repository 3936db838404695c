"""Case 23: rules that PCAF Part A, 2nd edition, states in words (footnotes 57, 59; §5.2–5.6), with figures of our own. Tolerance 0."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from tests.accounting.financed.scene import loan, notices, pcaf
from tests.worked_cases.command import attributed, bank, findings

TONNES = 6
EMISSIONS = TONNES * 10**6


def factor(outstanding: int, **given: object) -> Fraction:
    """The attribution factor that a loan has."""
    return Fraction(pcaf(loan(outstanding, s12_t=TONNES, **given)).attributed.s12_g, EMISSIONS)


def test_negative_equity_counts_as_nothing() -> None:
    assert factor(50, total_equity=-40, total_debt=100) == Fraction(1, 2)
    assert notices(loan(50, s12_t=6, total_equity=-40, total_debt=100)) == [("EQUITY_NEGATIVE", "total_equity")]


def test_a_vehicle_of_unknown_value_is_attributed_whole() -> None:
    assert factor(50, asset_class="motor_vehicle") == 1
    assert notices(loan(50, s12_t=6, asset_class="motor_vehicle")) == [("VEHICLE_VALUE_UNKNOWN", "vehicle_value")]


def test_a_guarantee_counts_from_the_day_it_is_called() -> None:
    given = {"total_equity": 40, "total_debt": 60, "instrument": "guarantee"}
    assert factor(50, **given) == 0
    assert factor(50, called=True, **given) == Fraction(1, 2)
    assert notices(loan(50, s12_t=6, **given)) == [("GUARANTEE_NOT_CALLED", "called")]


def test_mixed_options_take_the_worse_score() -> None:
    given = {"s12_t": 6, "option": "1b", "option_2": "3a", "total_equity": 40, "total_debt": 60}
    assert pcaf(loan(50, **given)).score_s12 == 4


def test_a_loan_repaid_in_full_carries_nothing() -> None:
    assert factor(0, total_equity=40, total_debt=60) == 0


def test_a_building_keeps_the_value_it_is_given() -> None:
    # Where the value at origination is missing, the bank gives the latest one and keeps it: the method takes one column as it is.
    assert factor(50, asset_class="commercial_real_estate", property_value=200) == Fraction(1, 4)


def test_all_holders_of_a_company_carry_all_of_it() -> None:
    assert factor(30, total_equity=40, total_debt=60) + factor(30, total_equity=40, total_debt=60) == Fraction(6, 10)
    equity = loan(40, asset_class="unlisted_equity", s12_t=TONNES, total_equity=40, total_debt=60)
    debt = loan(60, s12_t=TONNES, total_equity=40, total_debt=60)
    assert pcaf(equity).attributed.s12_g + pcaf(debt).attributed.s12_g == EMISSIONS


def test_the_command_keeps_every_rule(tmp_path: Path) -> None:
    company = {"asset_class": "business_loan", "option": "1b", "s12_t": TONNES}
    whole = {"total_equity": 40, "total_debt": 60}
    answer = attributed(
        tmp_path,
        bank(
            {"id": "negative", "outstanding": 50, "total_equity": -40, "total_debt": 100, **company},
            {"id": "car", "asset_class": "motor_vehicle", "outstanding": 50, "option": "3b", "s12_t": TONNES},
            {"id": "guarantee", "outstanding": 50, "instrument": "guarantee", **whole, **company},
            {"id": "called", "outstanding": 50, "instrument": "guarantee", "called": True, **whole, **company},
            {"id": "mixed", "outstanding": 50, **whole, **company, "option": "1b+3a"},
            {"id": "repaid", "outstanding": 0, **whole, **company},
            {
                "id": "shop",
                "asset_class": "commercial_real_estate",
                "outstanding": 50,
                "property_value": 200,
                "option": "1b",
                "s12_t": TONNES,
            },
            {
                "id": "equity",
                "borrower": "C",
                "asset_class": "unlisted_equity",
                "outstanding": 40,
                **whole,
                "option": "1b",
                "s12_t": TONNES,
            },
            {"id": "debt", "borrower": "C", "outstanding": 60, **whole, **company},
        ),
    )
    factors = {item["exposure"]: item["factor"]["decimal"] for item in answer["exposures"]}
    expected = {"negative": "0.5", "car": "1", "guarantee": "0", "called": "0.5", "mixed": "0.5", "repaid": "0", "shop": "0.25"}
    assert factors == {**expected, "equity": "0.4", "debt": "0.6"}
    (mixed,) = (item for item in answer["exposures"] if item["exposure"] == "mixed")
    assert mixed["score_s12"] == 4
    assert findings(answer, "EQUITY_NEGATIVE")[0]["place"] == "/exposures/0/total_equity"
    assert findings(answer, "VEHICLE_VALUE_UNKNOWN")[0]["place"] == "/exposures/1/vehicle_value"
    assert findings(answer, "ATTRIBUTION_ABOVE_ONE") == []
