"""Every validator has a real or tiny error that it catches, is in the catalogue with its severity, and leaves a clean bank alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ledger.accounting.validators.regions import regions_of
from ledger.accounting.validators.registry import CHECKS, VALIDATORS
from ledger.indicators.shipped import shipped_release
from tests.inventory.running import answer_to, bank, codes, the

ELECTRICITY, GAS, PETROL = "electricity.purchased", "fuel.natural_gas.stationary", "fuel.petrol.vehicles"


def used(quantity: str = "122 MWh", **fields: Any) -> dict[str, Any]:
    return {"indicator": ELECTRICITY, "quantity": quantity, **fields}


def year(records: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    return bank(year=2024, records=records, **fields)


def two_years(before: dict[str, Any], after: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return bank(periods=[{"id": "2023", **before}, {"id": "2024", **after}], **fields)


def registered(first: str, last: str, quantity: str) -> dict[str, Any]:
    return year([used(quantity, source={"kind": "register"}, register={"first": first, "last": last, "multiplier": 40})])


CERTIFICATE = {"quantity": "50 MWh", "generated": "2023-05", "reference": "GEC-0001"}
LISTED = {"indicator": ELECTRICITY, "value": "0.5633", "unit": "tCO2/MWh"}
# code → a file that shows it; the published ones are cases of tests/worked_cases.
CAUGHT: dict[str, dict[str, Any]] = {
    "METER_BELOW_REGISTER": registered("5000", "4900", "4000 kWh"),
    "REGISTER_DIFFERS": registered("4900", "5000", "400 kWh"),
    "RECORD_ENDS_BEFORE_START": year([used(start="2024-05-01", end="2024-04-30")]),
    "QUANTITY_NEGATIVE": year([used("-5 MWh")]),
    "DATE_IN_FUTURE": bank(year=2027, records=[used()]),
    "UNIT_WITHOUT_DATA": year([used(unit="b1")], units=[{"id": "b1"}, {"id": "b2"}]),
    "TOTAL_MISMATCH": year([used()], declared_totals=[{"measure": "scope2", "value": "70.0"}]),
    # Huishang FY2023: 5.0 万L of petrol printed with 11.11 t
    "IMPLIED_FACTOR_RANGE": year([{"indicator": PETROL, "quantity": "5.0 万L"}], declared_totals=[{"indicator": PETROL, "value": "11.11"}]),
    # Bank of Jiujiang 2020
    "FACTOR_NOT_IDENTIFIABLE": year([used("9612.5 MWh")], declared_totals=[{"measure": "scope2", "value": "6894.07"}]),
    # Ningbo Baichu 2020
    "FACTOR_OF_OTHER_KIND": year([used("8157 MWh")], declared_totals=[{"measure": "scope2", "value": "6461.16"}]),
    # Huishang FY2024, column 2023
    "DECLARED_SUM_MISMATCH": bank(
        year=2023,
        declared_totals=[
            {"measure": "scope1", "value": "2965.16"},
            {"measure": "scope2", "value": "21237.97"},
            {"measure": "scope1_scope2", "value": "24065.13"},
        ],
    ),
    # HKEX 2025043002359
    "DECLARED_CONFLICT": bank(
        year=2024, declared_totals=[{"measure": "scope2", "value": "11355.82"}, {"measure": "scope2", "value": "13555.82"}]
    ),
    "DECLARED_POWER_OF_TEN": bank(
        year=2024, declared_totals=[{"measure": "scope3", "value": "1119956.59"}, {"measure": "scope3", "value": "11196.56"}]
    ),
    "DIGIT_TRANSPOSITION": two_years({"records": [used("4872.1 MWh")]}, {"records": [used("4782.1 MWh")]}),
    "PRIOR_PERIOD_RESTATED": two_years(
        {"declared_totals": [{"measure": "scope2", "value": "3427.5"}]},
        {"declared_totals": [{"measure": "scope2", "value": "2778.50", "period": "2023"}]},
    ),
    "DECLARED_PERIOD_UNKNOWN": year([used()], declared_totals=[{"measure": "scope2", "value": "1", "period": "2019"}]),
    # Huishang FY2024: 4229.1 万kWh × 0.5366 is 22693.35 t, printed 22693.55
    "DECLARED_WITHIN_ROUNDING": year(
        [used("4229.1 万kWh")],
        factor_choices=[{"indicator": ELECTRICITY, "factor": "grid_average.cn.2022"}],
        declared_totals=[{"measure": "scope2", "value": "22693.55"}],
    ),
    "FACTOR_IDENTIFIED": bank(
        year=2024,
        records=[used("173.502 MWh")],
        factor_choices=[{"indicator": ELECTRICITY, "factor": "grid_om.cn-east.2019"}],
        declared_totals=[{"measure": "scope2", "value": "93.10"}],
    ),
    # Henan Huadong 2024
    "FACTOR_NOT_IN_DOCUMENT": year([used("173.502 MWh")], declared_factors=[{**LISTED, "document": "公告2024年第33号"}]),
    "FACTOR_DOCUMENT_UNKNOWN": year([used("173.502 MWh")], declared_factors=[{**LISTED, "document": "内部文件"}]),
    "DECLARED_FACTOR_MISMATCH": year(
        [used("173.502 MWh")],
        declared_factors=[{**LISTED, "document": "公告2024年第33号"}],
        declared_totals=[{"measure": "scope2", "value": "93.1"}],
    ),
    "RECORD_DUPLICATE": year([used(), used()]),
    "RECORDS_OVERLAP": year(
        [
            used("10 MWh", source={"kind": "invoice"}, start="2024-01-01", end="2024-01-31"),
            used("11 MWh", source={"kind": "invoice"}, start="2024-01-31", end="2024-02-28"),
        ]
    ),
    # Sichuan's water power for a bank in Zhejiang
    "FACTOR_OF_OTHER_REGION": year([used()], factor_choices=[{"indicator": ELECTRICITY, "factor": "grid_average.cn-sc.2023"}]),
    "INSTRUMENT_AGAIN": two_years(*[{"records": [used()], "instruments": [CERTIFICATE]}] * 2),
    "YEAR_ON_YEAR_JUMP": two_years({"records": [used("100 MWh")]}, {"records": [used("131 MWh")]}),
    "INTENSITY_IMPLAUSIBLE": year([used("122 MWh")], units=[{"id": "bank", "kind": "institution", "area_m2": "12"}]),
}


@pytest.mark.parametrize("validator", VALIDATORS, ids=lambda validator: validator.code)
def test_a_validator_catches_its_error_with_its_severity_and_says_what_to_do(validator: Any) -> None:
    answer = answer_to(CAUGHT[validator.code])
    found = [finding for finding in answer["findings"] if finding["code"] == validator.code]
    assert found, codes(answer)
    for finding in found:
        assert finding["severity"] == validator.severity
        assert finding["place"]
        assert finding["action"]
        assert finding["got"] is not None or finding["expected"] is not None
    assert answer["accepted"] == ("error" not in {finding["severity"] for finding in answer["findings"]})


def test_every_validator_has_its_error_here_and_no_other() -> None:
    assert set(CAUGHT) == {validator.code for validator in VALIDATORS}
    assert len({validator.code for validator in VALIDATORS}) == len(VALIDATORS)


def test_the_list_and_the_catalogue_of_findings_agree(root: Path) -> None:
    rows = re.findall(r"^\| ([A-Z0-9_]+) \| ([a-z, ]+)", (root / "docs" / "findings.md").read_text(encoding="utf-8"), re.MULTILINE)
    catalogue = {code: severities.strip() for code, severities in rows}
    assert {validator.code: validator.severity for validator in VALIDATORS} == {
        validator.code: catalogue.get(validator.code) for validator in VALIDATORS
    }


def test_a_clean_bank_is_left_alone() -> None:
    units = [{"id": "b1", "area_m2": "1200", "headcount": 40}, {"id": "b2", "area_m2": "900", "headcount": 25}]
    records = [
        used("122.4 MWh", unit="b1", source={"kind": "invoice"}, start="{year}-01-01", end="{year}-06-30"),
        used("118.9 MWh", unit="b1", source={"kind": "invoice"}, start="{year}-07-01", end="{year}-12-31"),
        used("88.2 MWh", unit="b2"),
        {"unit": "b1", "indicator": GAS, "quantity": "4200 m3"},
    ]
    periods = []
    for number, electricity in (("2022", "183.8"), ("2023", "174.8")):
        dated = [{name: text.format(year=number) if name in ("start", "end") else text for name, text in item.items()} for item in records]
        printed = [{"measure": "scope1", "value": "9.09"}, {"measure": "scope2", "value": electricity}]
        choice = {"indicator": ELECTRICITY, "factor": "grid_average.cn.2022" if number == "2022" else "grid_average.cn.2023"}
        periods.append({"id": number, "records": dated, "declared_totals": printed, "factor_choices": [choice]})
    periods[0]["declared_totals"][1]["value"] = "176.8"
    answer = answer_to(bank(units=units, periods=periods))
    unexpected = [finding for finding in answer["findings"] if finding["code"] != "FACTOR_UNCONFIRMED"]
    assert unexpected == []


def test_a_figure_between_two_slips_is_held_against_each_check_once() -> None:
    answer = answer_to(CAUGHT["DECLARED_CONFLICT"])
    assert codes(answer, "error") == ["DECLARED_CONFLICT"]
    assert the(answer, "DIGIT_TRANSPOSITION")["params"]["slip"] == "one digit dropped and another repeated"


def test_no_check_stands_twice() -> None:
    assert len(set(CHECKS)) == len(CHECKS)


def test_printed_tables_of_two_years_are_held_against_each_other() -> None:
    before = {"declared_totals": [{"measure": "scope1", "value": "2884.83"}, {"measure": "scope2", "value": "20492.02"}]}
    after = {"declared_totals": [{"measure": "scope1", "value": "2848.83"}, {"measure": "scope2", "value": "2123.79"}]}
    answer = answer_to(two_years(before, after))
    assert the(answer, "DIGIT_TRANSPOSITION")["place"] == "/periods/1/declared_totals/0/value"
    jump = the(answer, "YEAR_ON_YEAR_JUMP")
    assert (jump["place"], jump["params"]["change"]) == ("/periods/1/declared_totals/1/value", "−89.6 %")


def test_quantities_are_held_against_last_year_though_neither_year_can_be_computed() -> None:
    refused = {"factor_choices": [{"indicator": ELECTRICITY, "factor": "grid_om.cn-east.2019"}]}
    answer = answer_to(two_years({"records": [used("487.2 万kWh")], **refused}, {"records": [used("4872 万kWh")], **refused}))
    jump = the(answer, "YEAR_ON_YEAR_JUMP")
    assert (jump["place"], jump["params"]["power"]) == (f"unit bank {ELECTRICITY}", "1")


def test_periods_of_different_length_are_compared_per_day() -> None:
    def periods(second: str) -> dict[str, Any]:
        return bank(periods=[{"id": "2024-H1", "records": [used("182 MWh")]}, {"id": "2024-07", "records": [used(second)]}])

    assert "YEAR_ON_YEAR_JUMP" not in codes(answer_to(periods("31 MWh")))
    assert "YEAR_ON_YEAR_JUMP" in codes(answer_to(periods("182 MWh")))


def test_a_unit_that_was_open_in_a_part_of_a_year_is_compared_per_day() -> None:
    def years(quantity: str) -> dict[str, Any]:
        units = [{"id": "kept"}, {"id": "sold", "closed": "2024-06-30", "closing": "divested"}]
        before = {"records": [used("100 MWh", unit="kept"), used("40 MWh", unit="sold")]}
        return two_years(before, {"records": [used("100 MWh", unit="kept"), used(quantity, unit="sold")]}, units=units)

    assert "YEAR_ON_YEAR_JUMP" not in codes(answer_to(years("20 MWh")))
    assert the(answer_to(years("40 MWh")), "YEAR_ON_YEAR_JUMP")["place"] == f"unit sold {ELECTRICITY}"


def test_a_jump_of_about_a_power_of_ten_asks_for_the_decimal_point_though_the_year_differs_too() -> None:
    paper = [{"records": [{"indicator": "paper.office", "quantity": quantity}]} for quantity in ("35.9 t", "372 t")]
    jump = next(finding for finding in answer_to(two_years(*paper))["findings"] if finding["place"] == "unit bank paper.office")
    assert (jump["code"], jump["params"]["power"]) == ("YEAR_ON_YEAR_JUMP", "1")
    assert "decimal point" in jump["action"]
    doubled = answer_to(two_years({"records": [used("100 MWh")]}, {"records": [used("200 MWh")]}))
    assert "YEAR_ON_YEAR_JUMP" in codes(doubled)
    assert all("power" not in finding["params"] for finding in doubled["findings"])


def printed(total: str, **branches: str) -> dict[str, Any]:
    """A printed roll-up of a bank's branches a, b, c and d."""
    figures = [{"measure": "scope1", "value": total}, *({"measure": "scope1", "at": id, "value": value} for id, value in branches.items())]
    return bank(year=2021, units=[{"id": id} for id in "abcd"], declared_totals=figures)


def test_a_branch_that_is_missing_from_a_printed_table_is_named() -> None:
    assert "UNIT_WITHOUT_DATA" not in codes(answer_to(printed("1000", a="400", b="300", c="200", d="100")))
    missing = the(answer_to(printed("1000", a="400", b="300", c="200")), "UNIT_WITHOUT_DATA")
    assert (missing["place"], missing["severity"]) == ("unit d", "error")
    # One figure of a branch is no roll-up of all of them.
    assert answer_to(printed("1000", a="400"))["accepted"]


def test_parts_that_are_more_than_their_total_are_wrong_though_a_part_is_missing() -> None:
    assert "DECLARED_SUM_MISMATCH" in codes(answer_to(printed("100", a="400", b="300", c="200")))
    assert "DECLARED_SUM_MISMATCH" in codes(answer_to(printed("100", a="400")))
    assert "DECLARED_SUM_MISMATCH" not in codes(answer_to(printed("1000", a="400", b="300", c="200")))


def figures(**values: str) -> dict[str, Any]:
    return bank(year=2024, declared_totals=[{"measure": measure, "value": value} for measure, value in values.items()])


def test_a_total_that_is_less_than_the_scopes_printed_for_it_is_wrong_though_a_scope_is_not_printed() -> None:
    assert "DECLARED_SUM_MISMATCH" in codes(answer_to(figures(scope1="100.5", scope2="530.6", all="613.1")))
    assert "DECLARED_SUM_MISMATCH" in codes(answer_to(figures(scope2="530.6", scope1_scope2="350.6")))
    assert answer_to(figures(scope1="100.5", scope2="530.6", all="713.1"))["accepted"]
    # Where every part is printed, the others are no second sum.
    assert codes(answer_to(figures(scope1="100.5", scope2="530.6", scope3="20.0", all="651.1")), "error") == []


def test_swapped_digits_are_seen_where_a_part_may_be_missing() -> None:
    def scope1(petrol: str) -> dict[str, Any]:
        gas = {"measure": f"indicator/{GAS}", "value": "1727.20"}
        return bank(
            year=2023, declared_totals=[{"measure": "scope1", "value": "2965.16"}, gas, {"measure": f"indicator/{PETROL}", "value": petrol}]
        )

    assert the(answer_to(scope1("1237.69")), "DIGIT_TRANSPOSITION")["expected"] == "1237.96, or another part"
    assert codes(answer_to(scope1("1237.96"))) == codes(answer_to(scope1("1037.96"))) == ["NOTHING_COMPUTED"]


@pytest.mark.parametrize(
    ("region", "factor", "is_found"),
    [
        ("CN-ZJ", "grid_average.cn-zj.2023", False),
        ("CN-ZJ", "grid_average.cn-east.2023", False),
        ("CN-ZJ", "grid_regional.cn-east.2012", False),
        ("CN-ZJ", "grid_average.cn.2023", False),
        ("CN-ZJ", "grid_ets.cn.0.5703", False),
        ("CN-ZJ", "grid_regional.cn-north.2012", True),
        ("CN-ZJ", "grid_average.cn-js.2023", True),
        ("CN-SC", "grid_regional.cn-central.2012", False),
        ("CN-SC", "grid_average.cn-southwest.2023", False),
        ("CN", "grid_average.cn-sc.2023", False),
    ],
)
def test_a_grid_factor_is_of_the_banks_province_its_grid_or_the_country(region: str, factor: str, is_found: bool) -> None:
    file = {
        **year([used()], factor_choices=[{"indicator": ELECTRICITY, "factor": factor}]),
        "institution": {"id": "bank", "region": region},
    }
    assert ("FACTOR_OF_OTHER_REGION" in codes(answer_to(file))) == is_found


def test_a_certificate_without_a_number_or_of_another_month_is_not_taken_for_another() -> None:
    def years(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
        return two_years(*({"records": [used()], "instruments": [item]} for item in (first, second)))

    nameless = {"quantity": "50 MWh", "generated": "2023-05"}
    assert "INSTRUMENT_AGAIN" not in codes(answer_to(years(nameless, nameless)))
    assert "INSTRUMENT_AGAIN" not in codes(answer_to(years(CERTIFICATE, {**CERTIFICATE, "generated": "2023-06"})))


def test_every_selection_of_the_release_takes_a_factor_of_its_own_region() -> None:
    rules = [rule for rule in shipped_release().selections if rule.indicator == ELECTRICITY and rule.region != "*"]
    assert rules
    assert all(shipped_release().factor(rule.factor).region in regions_of(rule.region) for rule in rules)
