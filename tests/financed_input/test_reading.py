"""What people write in a loan file, and what they are told when it cannot be right."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.accounting.financed.input_text import load_loan_file
from ledger.errors import MalformedDocument
from ledger.records import canonical
from tests.financed_input.running import answer_to, book, codes, loan, one, the


@pytest.mark.parametrize(
    ("written", "cents"),
    [
        (60, "6000"),
        ("60", "6000"),
        ("60.05", "6005"),
        ("60 元", "6000"),
        ("60 万元", "60000000"),
        ("60万", "60000000"),
        ("1.2 亿元", "12000000000"),
        ("0.01 百万", "1000000"),
        ("12.5 million", "1250000000"),
        ("3 bn CNY", "300000000000"),
        ("7 RMB", "700"),
        ("0.1234 万元", "123400"),
        ("¥60万", "60000000"),
        ("CNY 5 million", "500000000"),
    ],
)
def test_money_is_taken_exactly_as_written(written: object, cents: str) -> None:
    assert one(loan(outstanding=written, equity_and_debt="10000 亿"))["numerator_cents"] == cents


def test_a_number_with_a_fraction_is_taken_as_the_decimal_it_is_written_as() -> None:
    text = json.dumps(book(loan(s12_t=0))).replace('"s12_t": 0', '"s12_t": 0.100001')
    assert answer_to(text)["exposures"][0]["emissions"]["s12_g"] == "100001"


@pytest.mark.parametrize(
    ("literal", "grams"),
    [
        ("84.5", "84500000"),
        ("8.45e1", "84500000"),
        ("1E3", "1000000000"),
        ("5e-1", "500000"),
        ("1234567890123", "1234567890123000000"),
        ("0.000001", "1"),
        ("-0.0", "0"),
    ],
)
def test_a_literal_number_is_the_decimal_it_is_written_as(literal: str, grams: str) -> None:
    text = json.dumps(book(loan(s12_t=0, note="1e5 in a text stays 1.5e6"))).replace('"s12_t": 0', f'"s12_t": {literal}')
    assert answer_to(text)["exposures"][0]["emissions"]["s12_g"] == grams


@pytest.mark.parametrize(("literal", "code"), [(str(2**96), "VALUE_TOO_LARGE"), ("1e30", "VALUE_TOO_LARGE"), ("1e-7", "VALUE_TOO_FINE")])
def test_a_literal_beyond_the_book_is_a_finding(literal: str, code: str) -> None:
    text = json.dumps(book(loan(s12_t=0))).replace('"s12_t": 0', f'"s12_t": {literal}')
    assert the(answer_to(text), code)["place"] == "/exposures/0/s12_t"


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a": 2}', '{"a": NaN}', '{"a": 1e999}', '{"a": 01}', '{"a": 1.}', '{"a": +1}', "{} x", '{"a": 1.5.5}', ""]
)
def test_what_is_no_json_that_can_be_read_in_one_way_is_refused(text: str) -> None:
    with pytest.raises(MalformedDocument):
        load_loan_file(text.encode())


@pytest.mark.parametrize(
    ("written", "grams"),
    [
        (5, "5000000"),
        ("100 万t", "1000000000000"),
        ("12 ktCO2e", "12000000000"),
        ("3 Mt CO2e", "3000000000000"),
        ("0.5 kg", "500"),
        ("2 g", "2"),
        ("1 吨二氧化碳当量", "1000000"),
        ("0.002 million tonnes", "2000000000"),
        ("1.5 万吨", "15000000000"),
    ],
)
def test_emissions_are_taken_exactly_as_written(written: object, grams: str) -> None:
    assert one(loan(s12_t=written))["emissions"]["s12_g"] == grams


@pytest.mark.parametrize(
    ("fields", "code", "place"),
    [
        ({"outstanding": "1,000"}, "VALUE_GROUPED", "outstanding"),
        ({"outstanding": "1,000 万元"}, "VALUE_GROUPED", "outstanding"),
        ({"outstanding": "12%"}, "VALUE_PERCENT", "outstanding"),
        ({"outstanding": "1.234"}, "VALUE_TOO_FINE", "outstanding"),
        ({"outstanding": "-1"}, "VALUE_NEGATIVE", "outstanding"),
        ({"outstanding": -1}, "VALUE_NEGATIVE", "outstanding"),
        ({"outstanding": "ten"}, "VALUE_NOT_A_NUMBER", "outstanding"),
        ({"outstanding": "1e6"}, "VALUE_NOT_A_NUMBER", "outstanding"),
        ({"outstanding": "3 light-years"}, "MEASURE_UNKNOWN", "outstanding"),
        ({"outstanding": str(2**96)}, "VALUE_TOO_LARGE", "outstanding"),
        ({"outstanding": "99999999999999999999 亿元"}, "VALUE_TOO_LARGE", "outstanding"),
        ({"outstanding": "5 USD"}, "CURRENCY_WITHOUT_RATE", "outstanding"),
        ({"outstanding": 5, "currency": "EUR"}, "CURRENCY_WITHOUT_RATE", "outstanding"),
        ({"outstanding": [1]}, "FIELD_INVALID", "outstanding"),
        ({"s12_t": "1 mt"}, "MEASURE_UNKNOWN", "s12_t"),
        ({"s12_t": "0.0000001"}, "VALUE_TOO_FINE", "s12_t"),
        ({"s12_t": None, "s1_t": -1, "s2_t": 2}, "VALUE_NEGATIVE", "s1_t"),
        ({"asset_class": "loan"}, "VALUE_UNKNOWN", "asset_class"),
        ({"asset_class": None}, "VALUE_MISSING", "asset_class"),
        ({"option": None}, "VALUE_MISSING", "option"),
        ({"option": "4a"}, "VALUE_UNKNOWN", "option"),
        ({"option": "1b", "score": 3}, "ITEM_TWICE", "score"),
        ({"option": None, "score": 6}, "VALUE_UNKNOWN", "score"),
        ({"listed": "perhaps"}, "VALUE_UNKNOWN", "listed"),
        ({"id": "has blanks"}, "TEXT_INVALID", "id"),
        ({"equity_and_debt": 1, "total_debt": 1}, "ITEM_TWICE", "total_debt"),
        ({"emission": 1}, "FIELD_UNKNOWN", "emission"),
        ({"s1": 1}, "FIELD_UNKNOWN", "s1"),
        ({"emissions": {"s4": 1}}, "FIELD_UNKNOWN", "emissions/s4"),
        ({"emissions": 5}, "FIELD_INVALID", "emissions"),
        ({"months": 5}, "FIELD_INVALID", "months"),
        ({"months": [1] * 13}, "MONTH_UNKNOWN", "months/12"),
        ({"months": [1] * 11}, "MONTH_MISSING", "m12"),
        ({"m01": 1, "m03": 2}, "MONTH_MISSING", "m02"),
        ({"evic": {"ordinary": 1, "debt": 2, "loans": 3}, "listed": True}, "FIELD_UNKNOWN", "evic/loans"),
        ({"evic": {"ordinary": 1}, "listed": True}, "VALUE_MISSING", "evic"),
        ({"activity": "5 kWh", "activity_factor": "2 kg/km"}, "DIMENSION_WRONG", "activity_factor"),
        ({"activity": "5 kWh", "activity_factor": 2}, "DIMENSION_WRONG", "activity_factor"),
        ({"sector_factor": "3 t"}, "MEASURE_UNKNOWN", "sector_factor"),
        ({"asset_turnover": 85}, "PERCENT_SUSPECTED", "asset_turnover"),
    ],
)
def test_what_cannot_be_right_is_refused_at_its_place(fields: dict[str, Any], code: str, place: str) -> None:
    given = loan(**fields)
    if "total_debt" in fields:
        given = {**loan(), **fields}
    answer = answer_to(book(given))
    assert not answer["accepted"]
    found = [(item["code"], item["place"]) for item in answer["findings"]]
    assert (code, f"/exposures/0/{place}") in found, found


@pytest.mark.parametrize(
    ("fields", "code", "place"),
    [
        ({"schema": "lingtan.loan-input/2"}, "FIELD_INVALID", "/schema"),
        ({"method": "pcaf_9"}, "METHOD_UNKNOWN", "/method"),
        ({"method": None}, "FIELD_MISSING", "/method"),
        ({"institution": None}, "FIELD_MISSING", "/institution"),
        ({"institution": {"id": "a b"}}, "FIELD_INVALID", "/institution/id"),
        ({"institution": {"id": "a", "city": "x"}}, "FIELD_UNKNOWN", "/institution/city"),
        ({"loans": []}, "FIELD_UNKNOWN", "/loans"),
        ({"exposures": {}}, "FIELD_INVALID", "/exposures"),
        ({"exposures": []}, "FIELD_MISSING", "/exposures"),
        ({"exposures": [5]}, "FIELD_INVALID", "/exposures/0"),
        ({"period": "2024-02-30"}, "FIELD_MISSING", "/start"),
        ({"period": {"id": "x", "start": "2023-01-01", "end": "2024-12-31"}}, "FIELD_INVALID", "/period"),
        ({"currency": "yuan"}, "FIELD_INVALID", "/currency"),
        ({"rates": {"USD": 0}}, "FIELD_INVALID", "/rates/USD"),
        ({"rates": {"dollar": 7}}, "FIELD_INVALID", "/rates/dollar"),
        ({"rates": []}, "FIELD_INVALID", "/rates"),
        ({"policies": {"mean": 1}}, "FIELD_UNKNOWN", "/policies/mean"),
        ({"policies": {"average": "median"}}, "FIELD_INVALID", "/policies"),
        ({"fractions": ["revenue"]}, "FIELD_INVALID", "/fractions/0"),
        ({"defaults": {"id": "x"}}, "FIELD_UNKNOWN", "/defaults/id"),
        ({"companies": [{"evic": 5}]}, "FIELD_MISSING", "/companies/0/borrower"),
        ({"companies": [{"borrower": "a"}, {"id": "a"}]}, "ITEM_TWICE", "/companies/1/id"),
        ({"companies": [{"borrower": "a", "outstanding": 5}]}, "FIELD_UNKNOWN", "/companies/0/outstanding"),
        ({"general_ledger": [{"value": "5 %"}]}, "VALUE_PERCENT", "/general_ledger/0/value"),
        ({"general_ledger": [{"asset_class": "x", "value": 5}]}, "VALUE_UNKNOWN", "/general_ledger/0/asset_class"),
        ({"general_ledger": [{"value": 10.01}]}, "TIE_OUT_MISMATCH", "/general_ledger/0/value"),
        ({"portfolio": []}, "FIELD_INVALID", "/portfolio"),
        ({"portfolio": {"evic": []}}, "FIELD_UNKNOWN", "/portfolio/evic"),
        ({"portfolio": {"sovereign": [{"emissions": 5}]}}, "VALUE_MISSING", "/portfolio/sovereign/0/ppp_gdp"),
        ({"portfolio": {"sovereign": [{"emissions": 5, "gdp": 0}]}}, "DENOMINATOR_MISSING", "/portfolio/sovereign/0/gdp"),
        ({"portfolio": {"data_quality": [{"outstanding": 5, "score": 9}]}}, "VALUE_UNKNOWN", "/portfolio/data_quality/0/score"),
        ({"portfolio": {"data_quality": [{"outstanding": 0, "score": 1}]}}, "PORTFOLIO_REFUSED", "/portfolio/data_quality"),
        ({"portfolio": {"waci": [{"emissions": 5, "revenue": 1}]}}, "VALUE_MISSING", "/portfolio/waci/0/weight"),
        (
            {"portfolio": {"evic_inflation": [{"weight": 40, "base_emissions": 1, "emissions": 1, "base_evic": 1, "evic": 1}]}},
            "PORTFOLIO_REFUSED",
            "/portfolio/evic_inflation",
        ),
    ],
)
def test_what_is_wrong_with_the_file_is_said_at_its_place(fields: dict[str, Any], code: str, place: str) -> None:
    answer = answer_to({**book(loan()), **fields})
    assert not answer["accepted"]
    found = [(item["code"], item["place"]) for item in answer["findings"]]
    assert (code, place) in found, found


@pytest.mark.parametrize("value", [[], "x", 5, None])
def test_a_file_that_is_no_object_has_findings_alone(value: object) -> None:
    answer = answer_to(json.dumps(value))
    assert (answer["accepted"], answer["exposures"], answer["totals"]) == (False, [], None)
    assert codes(answer) == ["FIELD_INVALID"]


def test_every_wrong_exposure_is_found_at_once_and_the_others_are_computed() -> None:
    answer = answer_to(book(loan(outstanding="x"), loan(), loan(equity_and_debt=None), loan(id="e2")))
    assert [item["state"] for item in answer["exposures"]] == ["refused", "calculated", "refused", "calculated"]
    assert codes(answer, "error") == ["VALUE_NOT_A_NUMBER", "EXPOSURE_TWICE", "DENOMINATOR_MISSING"]
    assert answer["totals"] is None
    assert answer["classes"] == []


def test_an_amount_of_another_currency_is_converted_half_even_to_the_cent() -> None:
    answer = answer_to(book(loan(outstanding="0.05 USD", equity_and_debt="1 USD"), rates={"USD": "7.1"}))
    assert answer["exposures"][0]["numerator_cents"] == "36"  # 35.5 to even
    assert answer["exposures"][0]["denominator_cents"] == "710"


def test_the_file_may_be_in_another_currency_altogether() -> None:
    answer = answer_to(book(loan(outstanding="10 USD", equity_and_debt=100), currency="USD"))
    assert (answer["accepted"], answer["currency"], answer["exposures"][0]["factor"]["decimal"]) == (True, "USD", "0.1")


def test_an_object_that_names_a_currency_means_its_own_amounts() -> None:
    company = {"borrower": "C", "currency": "USD", "equity_and_debt": 100, "option": "1b", "s12_t": 700}
    exposure = {"borrower": "C", "asset_class": "business_loan", "outstanding": 70}
    answer = answer_to(book(exposure, companies=[company], rates={"USD": 7}))
    assert answer["exposures"][0]["factor"]["decimal"] == "0.1"


def test_what_the_exposure_says_comes_before_its_company_and_that_before_the_defaults() -> None:
    company = {"borrower": "C", "total_equity": 50, "total_debt": 50, "s12_t": 10, "sector": "C31"}
    exposures = (
        {"borrower": "C", "outstanding": 10, "s12_t": 20},
        {"borrower": "C", "outstanding": 10},
        {"borrower": "D", "outstanding": 10},
    )
    defaults = {"asset_class": "business_loan", "option": "1b", "equity_and_debt": 1000, "s12_t": 30}
    answer = answer_to(book(*exposures, companies=[company], defaults=defaults))
    assert [(item["emissions"]["s12_g"], item["factor"]["decimal"], item["sector"]) for item in answer["exposures"]] == [
        ("20000000", "0.1", "C31"),
        ("10000000", "0.1", "C31"),
        ("30000000", "0.01", "-"),
    ]


def test_null_in_an_exposure_makes_a_default_unknown_again() -> None:
    answer = answer_to(book({"outstanding": 5, "s12_t": None}, defaults=loan()))
    assert the(answer, "EMISSIONS_MISSING")["place"] == "/exposures/0/s1_t"


def test_a_figure_that_is_wrong_in_a_company_is_found_there() -> None:
    company = {"borrower": "C", "total_equity": "5 %", "total_debt": 1}
    answer = answer_to(
        book({"borrower": "C", "asset_class": "business_loan", "outstanding": 1, "score": 2, "s12_t": 1}, companies=[company])
    )
    assert the(answer, "VALUE_PERCENT")["place"] == "/companies/0/total_equity"


@pytest.mark.parametrize(
    ("asset_class", "score", "option", "option_2"),
    [
        *(("business_loan", score, *options) for score, options in ((1, ("1a", None)), (2, ("1b", None)), (3, ("2b", None)))),
        *(("project_finance", score, *options) for score, options in ((4, ("1b", "3a")), (5, ("1b", "3b")))),
        *(("mortgage", score, *options) for score, options in ((3, ("2a", None)), (4, ("2b", None)), (5, ("3", None)))),
        *(("motor_vehicle", score, *options) for score, options in ((2, ("1b", None)), (3, ("2b", None)), (5, ("3b", None)))),
        ("sovereign", 3, "2a", None),
    ],
)
def test_a_score_alone_stands_for_an_option_of_that_score(asset_class: str, score: int, option: str, option_2: str | None) -> None:
    whole = {"equity_and_debt": 100, "project_total": 100, "property_value": 100, "vehicle_value": 100, "ppp_gdp": 100}
    found = one({"asset_class": asset_class, "outstanding": 10, "score": score, "s1_t": 600, "s2_t": 400, **whole})
    assert (found["option"], found["option_2"], found["score_s12"]) == (option, option_2, score)
    assert found["attributed"]["tonnes"]["s12"] == "100"


@pytest.mark.parametrize(
    ("quantity", "factor", "tonnes"),
    [
        ("12 MWh", "0.5366 kgCO2/kWh", "6.4392"),
        ("500 t", "1.8 tCO2e/t", "900"),
        ("120 m2", "45 kg/m2", "5.4"),
        (1000, 2, "2"),
        ("1 万kWh", "0.5 tCO2/MWh", "5"),
    ],
)
def test_activity_and_factor_fit_exactly(quantity: object, factor: object, tonnes: str) -> None:
    given = {
        "asset_class": "mortgage",
        "outstanding": 1,
        "property_value": 1,
        "option": "1b",
        "activity": quantity,
        "activity_factor": factor,
    }
    assert one({**given, "factor_source": "x"})["attributed"]["tonnes"]["s12"] == tonnes


@pytest.mark.parametrize(
    ("written", "tonnes"),
    [("1.2 tCO2e/万元", "120"), (120, "120"), ("350 kg/元", "350000"), ("30 t/百万元", "30"), ("300 t/M$", "42.857143")],
)
def test_a_sector_factor_is_in_tonnes_per_million_whatever_its_unit(written: object, tonnes: str) -> None:
    given = loan(option="3a", s12_t=None, outstanding=100, revenue="1 million", sector_factor=written, factor_source="x")
    assert one(given, rates={"USD": 7})["attributed"]["tonnes"]["s12"] == tonnes


def test_a_factor_without_a_document_is_warned_of() -> None:
    answer = answer_to(book(loan(option="3a", s12_t=None, revenue=1, sector_factor=1)))
    finding = the(answer, "VALUE_MISSING")
    assert (finding["severity"], finding["place"], answer["accepted"]) == ("warning", "/exposures/0/factor_source", True)


def test_holders_of_one_borrower_who_have_more_than_the_whole_are_warned_of() -> None:
    answer = answer_to(book(loan(borrower="C", outstanding=62.5), loan(borrower="C", outstanding=62.5)))
    finding = the(answer, "ATTRIBUTION_ABOVE_ONE")
    assert (finding["place"], finding["got"]) == ("/exposures/1/borrower", "1.25 of 2 exposures")
    assert "ATTRIBUTION_ABOVE_ONE" not in codes(answer_to(book(loan(borrower="C", outstanding=50), loan(borrower="C", outstanding=50))))
    assert "ATTRIBUTION_ABOVE_ONE" not in codes(answer_to(book(loan(outstanding=62.5), loan(outstanding=62.5))))


def test_a_mean_balance_is_the_mean_whichever_way_it_is_taken() -> None:
    for average in ("month_end", "mean_of_ends"):
        found = one(loan(mean_balance="6000 万元", revenue="6 亿元"), method="pboc_2021", policies={"average": average})
        assert (found["exposure_amount"], found["factor"]["decimal"]) == ("60000000", "0.1")


def test_a_quarter_has_three_months() -> None:
    found = one(loan(months=[10, 20, 30], revenue=200), method="pboc_2021", period="2024-Q1")
    assert (found["exposure_amount"], found["factor"]) == ("20", {"numerator": "1", "denominator": "10", "decimal": "0.1", "percent": "10"})


def test_the_method_given_comes_before_that_of_the_file() -> None:
    given = book(loan(mean_balance=20, revenue=200), policies={"exclude_short_life": True})
    assert answer_to(given)["method"] == "pcaf_2"
    assert answer_to(given)["policies"] == {}
    other = answer_to(given, "pboc_2021")
    assert (other["method"], other["policies"]["exclude_short_life"]) == ("pboc_2021", True)


amounts = st.integers(1, 10**12)


@given(st.lists(st.tuples(amounts, amounts, amounts, st.integers(0, 10**9)), min_size=1, max_size=6), st.randoms())
def test_the_order_of_exposures_changes_nothing_but_their_order(rows: list[tuple[int, int, int, int]], random: Any) -> None:
    exposures = [
        loan(
            id=f"x{index}",
            branch=f"b{index % 2}",
            outstanding=balance,
            equity_and_debt=None,
            total_equity=equity,
            total_debt=debt,
            s12_t=tonnes,
        )
        for index, (balance, equity, debt, tonnes) in enumerate(rows)
    ]
    for exposure in exposures:
        del exposure["equity_and_debt"]
    answer = answer_to(book(*exposures))
    random.shuffle(exposures)
    again = answer_to(book(*exposures))
    for name in ("totals", "classes", "branches", "options", "waci", "coverage"):
        assert canonical.dump(again[name]) == canonical.dump(answer[name])
    for item, (balance, equity, debt, tonnes) in zip(answer["exposures"], rows, strict=True):
        exact = min(Fraction(balance, equity + debt), Fraction(1))
        assert Fraction(int(item["factor"]["numerator"]), int(item["factor"]["denominator"])) == exact
        assert int(item["attributed"]["s12_g"]) == round(exact * tonnes * 10**6)
