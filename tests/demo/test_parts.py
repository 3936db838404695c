"""The parts of the demo that need no server: sound banks, a workbook that reads back, forgeries that change what they say."""

from __future__ import annotations

import json
from datetime import date

import pytest

from ledger.accounting.methods.operational_1 import Inputs, compute
from ledger.demo import desk, drill, seeds
from ledger.demo.banks import BANKS, MOGAN, TAIHU
from ledger.demo.year_before import PERIOD as BEFORE
from ledger.errors import NotFound
from ledger.indicators.shipped import shipped_release
from ledger.records import canonical
from ledger.records.activity import Activity, check_activity
from ledger.records.organisation import Organisation, check_organisation
from ledger.records.period import Period
from ledger.records.shorthand import write_out_activity, write_out_organisation
from ledger.units import parse_decimal
from ledger.workbook.reading import read_workbook
from ledger.workbook.template import make_workbook

PERIOD = Period.of_dates(seeds.PERIOD, date(2025, 1, 1), date(2025, 12, 31), seeds.TIMEZONE)
RELEASE = shipped_release()


def tree(bank: seeds.BankSeed) -> Organisation:
    organisation, findings = check_organisation(write_out_organisation(seeds.organisation_document(bank)))
    assert organisation is not None, findings
    return organisation


def activity(document: dict[str, object]) -> Activity:
    found, findings = check_activity(write_out_activity(document))
    assert found is not None, findings
    return found


def computed(bank: seeds.BankSeed) -> dict[str, object]:
    """A statement of the year before with the certificates of 2025 taken back a year, so that no meter is needed."""
    document = seeds.activity_before(bank, BEFORE, complete=True)
    instruments = seeds.activity_document(bank, PERIOD)["instruments"]
    assert isinstance(instruments, list)
    moved = [{**item, "generated": "2024-03-01", "retired": "2024-12-20"} for item in instruments]
    given = activity({**document, "instruments": moved})
    statement = compute(Inputs(tree(bank), given, RELEASE, BEFORE)).statement
    assert statement is not None
    return statement.to_document()


@pytest.mark.parametrize("bank", BANKS, ids=lambda bank: bank.id)
def test_a_bank_of_the_demo_has_no_finding_in_its_documents(bank: seeds.BankSeed) -> None:
    organisation = tree(bank)
    for document in (
        seeds.activity_document(bank, PERIOD),
        seeds.activity_before(bank, BEFORE, complete=False),
        seeds.activity_before(bank, BEFORE, complete=True),
    ):
        for record in activity(document).records:
            assert organisation.unit(record.unit).is_open(*(date.fromisoformat(str(record.start)), date.fromisoformat(str(record.end))))


def test_one_bank_leases_one_reports_by_workbook_one_forgot_a_record_and_one_chose_a_factor() -> None:
    assert [bank.id for bank in BANKS if any(unit.lease for unit in bank.units)] == ["taihu"]
    assert [bank.id for bank in BANKS if bank.by_workbook] == ["moganshan"]
    assert [bank.id for bank in BANKS if bank.choices] == ["tiaoxi"]
    short, whole = (activity(seeds.activity_before(TAIHU, BEFORE, complete=complete)).records for complete in (False, True))
    assert {record.id for record in whole} - {record.id for record in short} == {TAIHU.forgotten}
    assert all(bank.instruments for bank in BANKS)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_workbook_that_a_preparer_typed_reads_back_as_the_document(language: str) -> None:
    organisation, before = tree(MOGAN), activity(seeds.activity_before(MOGAN, BEFORE, complete=True))
    made = make_workbook(organisation, PERIOD, RELEASE, language=language, previous=before)
    reading = read_workbook(desk.fill_in(made, MOGAN, language), organisation, RELEASE, period=PERIOD)
    assert reading.findings == ()
    assert reading.activity_document is not None
    wanted = activity(seeds.activity_document(MOGAN, PERIOD)).to_document()
    assert Activity.from_document(reading.activity_document).to_document() == wanted


def test_a_slip_of_the_hand_is_one_finding_at_the_cell() -> None:
    organisation = tree(MOGAN)
    made = make_workbook(organisation, PERIOD, RELEASE, language="zh")
    reading = read_workbook(desk.fill_in(made, MOGAN, "zh", slip=True), organisation, RELEASE, period=PERIOD)
    assert [(finding.code, finding.got) for finding in reading.findings] == [("CELL_INVALID", "8,120")]
    assert reading.findings[0].place.startswith("cell 活动数据!C")


def test_a_workbook_of_another_bank_has_no_row_for_the_preparer() -> None:
    made = make_workbook(tree(TAIHU), PERIOD, RELEASE, language="zh")
    stranger = seeds.BankSeed("x", "x", "x", (), (seeds.RecordSeed("a", "nowhere", "water.supply", "1", "m3", "bill"),))
    with pytest.raises(NotFound, match="nowhere"):
        desk.fill_in(made, stranger, "zh")


def test_a_forged_certificate_covers_a_kilowatt_hour_more_and_leaves_one_less() -> None:
    statement = computed(TAIHU)
    forged = json.loads(drill.change_covered(canonical.dump(statement)))
    lines = json.loads(canonical.dump(statement))["lines"]
    changed = [(old["market"], new["market"]) for old, new in zip(lines, forged["lines"], strict=True) if old != new]
    ((old, new),) = changed
    assert parse_decimal(new["covered"][0]["quantity"]) - parse_decimal(old["covered"][0]["quantity"]) == 1
    assert parse_decimal(old["rest"]) - parse_decimal(new["rest"]) == 1
    assert {key: value for key, value in forged.items() if key != "lines"} == {
        key: value for key, value in json.loads(canonical.dump(statement)).items() if key != "lines"
    }


def test_a_statement_without_a_certificate_cannot_be_forged_so() -> None:
    with pytest.raises(NotFound):
        drill.change_covered(b'{"lines":[{"market":null}]}')
