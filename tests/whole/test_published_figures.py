"""Published figures through the whole main job, to the verifier: worked cases 1, 5 and 9."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from ledger.chain.typed_data import Role
from ledger.records.period import Period
from ledger.services.activity import submit_activity
from ledger.services.institutions import set_commitment_key
from ledger.services.organisation import submit_organisation
from ledger.services.periods import open_period
from ledger.services.statements import StatementView
from tests.product import Town, preparer
from tests.towns import Template, reopen
from tests.whole.scene import activity, record, tree, verify, write_package, write_policy

ZONE = "Asia/Shanghai"
EAST_2012, ETS_2022, NATIONAL_2022 = "grid_regional.cn-east.2012", "grid_ets.cn.0.5703", "grid_average.cn.2022"

# Huishang Bank: year, purchased 10 MWh, factor, published tonnes, tolerance (HKEX ESG reports FY2021, FY2023, FY2024).
HUISHANG = (
    (2019, "422.5", EAST_2012, "2972.3", "0.06"),
    (2020, "457.8", EAST_2012, "3220.6", "0.06"),
    (2021, "487.2", EAST_2012, "3427.5", "0.06"),
    (2022, "3593.2", ETS_2022, "20492.02", "0.01"),
    (2023, "3724.0", ETS_2022, "21237.97", "0.01"),
    (2024, "4229.1", NATIONAL_2022, "22693.55", "0.30"),
)

# Bank of Guizhou 2021, Scope 1 by branch in tonnes; the published bank total is 2991.58.
GUIZHOU = (
    ("head-office", 1301),
    ("guiyang", 208),
    ("zunyi", 454),
    ("qiandongnan", 193),
    ("qiannan", 177),
    ("liupanshui", 165),
    ("bijie", 148),
    ("tongren", 148),
    ("anshun", 100),
    ("qianxinan", 99),
)


@pytest.fixture(scope="module")
def town(centre: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with reopen(centre, tmp_path_factory.mktemp("published")) as opened:
        yield opened


def year(number: int) -> Period:
    return Period.of_dates(str(number), date(number, 1, 1), date(number, 12, 31), ZONE)


def found_bank(town: Town, bank: str, units: list[tuple[str, str | None]]) -> None:
    town.add_institution(bank, "bank", {Role.APPROVER: f"{bank}.approver"})
    with town.work(preparer(bank)) as work:
        set_commitment_key(work, bank, bytes(31) + b"\x01")
        assert submit_organisation(work, bank, tree(bank, units)).version == 1


def load(town: Town, bank: str, number: int, document: dict[str, object]) -> None:
    with town.work(preparer(bank)) as work:
        open_period(work, bank, id=str(number), first_day=date(number, 1, 1), last_day=date(number, 12, 31))
        taken = submit_activity(work, bank, str(number), document)
    assert taken.accepted, taken.findings


def tonnes(statement: StatementView, measure: str) -> Fraction:
    return Fraction(int(statement.totals[measure]), 1_000_000)


def test_huishang_banks_published_scope_2_comes_out_for_every_year_and_for_the_restatement(town: Town, tmp_path: Path) -> None:
    found_bank(town, "huishang", [("hq", None)])
    for number, quantity, factor, published, tolerance in HUISHANG:
        entry = record("power", "hq", "electricity.purchased", quantity, "10MWh", year(number))
        choice = {"indicator": "electricity.purchased", "factor": factor, "reference": "factor of the published report"}
        load(town, "huishang", number, activity("huishang", year(number), [entry], factor_choices=[choice]))
        statement = town.prepare("huishang", str(number))
        assert not statement.has_errors, statement.findings
        assert abs(tonnes(statement, "scope2_location_g") - Fraction(published)) <= Fraction(tolerance)
        if number == 2021:
            town.attest("huishang", statement.id)
            town.relay()
    # Restated in the FY2023 report: 487.2 with the national factor 0.5703.
    entry = record("power", "hq", "electricity.purchased", "487.2", "10MWh", year(2021))
    choice = {"indicator": "electricity.purchased", "factor": ETS_2022, "reference": "restated in the FY2023 report"}
    load(town, "huishang", 2021, activity("huishang", year(2021), [entry], factor_choices=[choice]))
    restated = town.prepare("huishang", "2021", "factor")
    assert (restated.revision, restated.cause) == (2, "factor")
    assert abs(tonnes(restated, "scope2_location_g") - Fraction("2778.50")) <= Fraction("0.01")
    town.attest("huishang", restated.id)
    town.relay()
    code, answer = verify(town, "package", write_package(town, restated.id, tmp_path), write_policy(town, tmp_path))
    assert code == 0, answer


def test_ningbo_baichu_with_the_om_factor_is_refused_and_with_the_verified_one_comes_out(town: Town) -> None:
    found_bank(town, "baichu", [("hq", None)])
    entry = record("power", "hq", "electricity.purchased", "8157", "MWh", year(2020))
    claimed = {"indicator": "electricity.purchased", "factor": "grid_om.cn-east.2019", "reference": "as first claimed"}
    load(town, "baichu", 2020, activity("baichu", year(2020), [entry], factor_choices=[claimed]))
    refused = town.prepare("baichu", "2020")
    assert refused.state == "rejected"
    assert "FACTOR_NOT_ADMITTED" in {finding.code for finding in refused.findings}
    verified = {"indicator": "electricity.purchased", "factor": EAST_2012, "reference": "verified, 2021-04-12"}
    load(town, "baichu", 2020, activity("baichu", year(2020), [entry], factor_choices=[verified]))
    statement = town.prepare("baichu", "2020")
    assert abs(tonnes(statement, "scope2_location_g") - Fraction("5738.45")) <= Fraction("0.01")


def guizhou_document(missing: str | None = None) -> dict[str, object]:
    period = year(2021)
    records = [
        record(f"scope1-{branch}", branch, "scope1.reported", str(value), "tCO2e", period, kind="reported")
        for branch, value in GUIZHOU
        if branch != missing
    ]
    total = {
        "id": "published-total",
        "measure": "scope1_g",
        "value": "2991.58",
        "unit": "tCO2e",
        "parts": 10,
        "tolerance": "5.0",
        "reference": "Bank of Guizhou ESG report 2021",
    }
    return activity("guizhou", period, records, declared_totals=[total])


def test_bank_of_guizhous_branches_roll_up_to_the_published_total_and_a_missing_branch_is_found(town: Town, tmp_path: Path) -> None:
    units: list[tuple[str, str | None]] = [("head-office", None), *((branch, "head-office") for branch, _ in GUIZHOU[1:])]
    found_bank(town, "guizhou", units)
    for branch, _ in GUIZHOU:
        load(town, "guizhou", 2021, guizhou_document(missing=branch))
        statement = town.prepare("guizhou", "2021")
        codes = {finding.code for finding in statement.findings if finding.severity == "error"}
        assert statement.has_errors, branch
        assert "TOTAL_MISMATCH" in codes, branch
        if branch != "head-office":
            # The root holds what its branches do not; only branches and outlets are expected to report for themselves.
            assert any(finding.code == "UNIT_WITHOUT_DATA" and branch in finding.place for finding in statement.findings), branch
    load(town, "guizhou", 2021, guizhou_document())
    statement = town.prepare("guizhou", "2021")
    assert not statement.has_errors, statement.findings
    assert tonnes(statement, "scope1_g") == 2993
    town.attest("guizhou", statement.id)
    town.relay()
    code, answer = verify(town, "package", write_package(town, statement.id, tmp_path), write_policy(town, tmp_path))
    assert code == 0, answer
