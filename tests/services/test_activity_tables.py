"""Workbooks and tables of a bank on their way into the ledger: nothing is kept where a finding is an error, and a table is only itself."""

from __future__ import annotations

import io
from datetime import date

import openpyxl
import pytest

from ledger.errors import NotFound
from ledger.records import canonical
from ledger.records.organisation import Organisation
from ledger.services import activity, activity_tables, organisation, periods
from ledger.services.activity import ActivityView
from ledger.workbook.organisation_sheet import make_organisation_workbook, read_organisation_workbook
from tests.product import AUDITOR, Town, preparer
from tests.services.books import fuels

OAK = preparer("oak")
MARCH = "2025-03"
HEAD = "机构,指标,数量,计量单位,开始日期,结束日期,数据来源,凭证编号,数据质量"
GAS = "hq,fuel.natural_gas.stationary,310,m3,2025-03-01,2025-03-02,发票账单,gas bill,2"
CERTIFICATE = (
    "id,unit,kind,value,measure,factor,generated,retired,reference\ngec-1,hq,green_certificate,2,MWh,0,2025-02-01,2025-03-02,GEC 1\n"
)


def submit_csv(town: Town, text: str, table: str = "activity", period: str = MARCH) -> ActivityView:
    with town.house.view(OAK) as work:
        read = activity_tables.read_activity_csv(work, "oak", period, text.encode(), table)
    with town.work(OAK) as work:
        return activity_tables.submit_activity_tables(work, read)


def submit_workbook(town: Town, data: bytes, period: str = MARCH) -> ActivityView:
    with town.house.view(OAK) as work:
        read = activity_tables.read_activity_workbook(work, "oak", period, data)
    with town.work(OAK) as work:
        return activity_tables.submit_activity_tables(work, read)


def stored(town: Town, period: str = MARCH) -> tuple[ActivityView, dict[str, object]]:
    with town.house.view(OAK) as work:
        view, data = activity.get_activity(work, "oak", period)
    document = canonical.load_canonical(data)
    assert isinstance(document, dict)
    return view, document


def workbook(town: Town, period: str = MARCH, language: str = "zh") -> bytes:
    with town.house.view(AUDITOR) as work:
        return activity_tables.make_activity_workbook(work, "oak", period, language).data


def test_the_workbook_of_a_submitted_period_says_what_was_submitted_and_changes_nothing_when_sent_back(town: Town) -> None:
    before, _ = stored(town)
    for language in ("zh", "en"):
        view = submit_workbook(town, workbook(town, language=language))
        assert (view.accepted, view.findings) == (True, ())
        assert (view.version, view.hash) == (before.version, before.hash)


def test_a_row_that_somebody_fills_in_is_a_record_and_a_bad_cell_is_named_and_nothing_is_kept(town: Town) -> None:
    before = stored(town)
    book = openpyxl.load_workbook(io.BytesIO(workbook(town)))
    sheet = book["活动数据"]
    titles = {cell.value: cell.column for cell in sheet[1]}
    row = next(
        number
        for number in range(2, sheet.max_row + 1)
        if sheet.cell(number, titles["指标代码"]).value == "electricity.purchased"
        and sheet.cell(number, titles["机构代码"]).value == "outlet"
    )
    for title, value in {"数量": "1.2.3", "数据来源": "发票账单", "凭证编号": "bill 7", "数据质量": 2}.items():
        sheet.cell(row, titles[title]).value = value
    buffer = io.BytesIO()
    book.save(buffer)
    refused = submit_workbook(town, buffer.getvalue())
    assert (refused.accepted, refused.version, refused.hash) == (False, 0, "")
    assert [(finding.code, finding.place) for finding in refused.findings] == [("CELL_INVALID", f"cell 活动数据!C{row}")]
    assert stored(town) == before

    sheet.cell(row, titles["数量"]).value = 1500
    buffer = io.BytesIO()
    book.save(buffer)
    taken = submit_workbook(town, buffer.getvalue())
    assert taken.accepted, taken.findings
    assert taken.version == before[0].version + 1
    _, document = stored(town)
    found = {record["id"]: record for record in document["records"]}  # type: ignore[attr-defined]
    assert sorted(found) == ["outlet-electricity.purchased-1", "petrol-hq"]
    assert found["outlet-electricity.purchased-1"]["quantity"] == {"value": "1500", "unit": "kWh"}


def test_a_workbook_of_another_bank_or_period_is_refused(town: Town) -> None:
    with town.work(OAK) as work:
        periods.open_period(work, "oak", id="may", first_day=date(2025, 5, 1), last_day=date(2025, 5, 31))
    assert [finding.code for finding in submit_workbook(town, workbook(town), "may").findings] == ["PERIOD_DIFFERS"]
    with town.house.view(AUDITOR) as work:
        other = activity_tables.make_activity_workbook(work, "elm", MARCH).data
    assert [finding.code for finding in submit_workbook(town, other).findings] == ["INSTITUTION_DIFFERS"]
    assert [finding.code for finding in submit_workbook(town, b"%PDF-1.7").findings] == ["WORKBOOK_NOT_ZIP"]


def test_a_new_period_is_asked_what_the_one_before_reported(town: Town) -> None:
    with town.work(OAK) as work:
        periods.open_period(work, "oak", id="may", first_day=date(2025, 5, 1), last_day=date(2025, 5, 31))
    book = openpyxl.load_workbook(io.BytesIO(workbook(town, "may", "en")))
    comments = [cell.comment.text for row in book["Activity"].iter_rows(min_row=2) for cell in row if cell.comment is not None]
    assert comments == ["Reported before 2025-03: 120.5 L"]
    view = submit_workbook(town, workbook(town, "may"), "may")
    assert (view.accepted, stored(town, "may")[1]["records"]) == (True, [])


def test_a_table_replaces_its_own_list_and_leaves_the_others(town: Town) -> None:
    assert submit_csv(town, CERTIFICATE, "instruments").accepted
    _, document = stored(town)
    assert [item["id"] for item in document["instruments"]] == ["gec-1"]  # type: ignore[attr-defined]
    assert [item["id"] for item in document["records"]] == ["petrol-hq"]  # type: ignore[attr-defined]
    assert submit_csv(town, f"{HEAD}\n{GAS}\n").accepted
    _, document = stored(town)
    assert [item["id"] for item in document["instruments"]] == ["gec-1"]  # type: ignore[attr-defined]
    assert [item["id"] for item in document["records"]] == ["hq-fuel.natural_gas.stationary-1"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("names", ["measure|source", "quantity_unit|source_kind"])
def test_short_names_of_columns_are_read_those_of_before_too(town: Town, names: str) -> None:
    measure, source = names.split("|")
    head = f"id,unit,indicator,value,{measure},start,end,{source},reference,quality"
    row = "petrol-hq,hq,fuel.petrol.vehicles,120.5,L,2025-03-01,2025-03-02,document,published report,2"
    assert submit_csv(town, f"{head}\n{row}\n").accepted
    assert stored(town)[1] == canonical.load(canonical.dump(complete(fuels("oak"))))


def complete(document: dict[str, object]) -> dict[str, object]:
    from ledger.records.shorthand import write_out_activity

    return write_out_activity(document)


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        (f"{HEAD}\n" + GAS.replace("310", '"3,10"') + "\n", "CELL_INVALID", "line 2 column 3"),
        (f"{HEAD}\n{GAS.replace('hq,', 'attic,', 1)}\n", "UNIT_UNKNOWN", "line 2 column 1"),
        (f"{HEAD}\n{GAS.replace('2025-03-02', '2025-04-02')}\n", "RECORD_OUTSIDE_PERIOD", "line 2 column 6"),
        (f"{HEAD}\n{GAS.replace('m3', 'kWh')}\n", "DIMENSION_WRONG", "line 2 column 4"),
        (f"{HEAD}\n{GAS.replace('310', '=1+1')}\n", "CELL_INVALID", "line 2 column 3"),
        ("a,b\n1,2\n", "HEADER_MISSING", "file"),
        ("", "CSV_EMPTY", "file"),
    ],
)
def test_a_finding_on_a_table_names_line_and_column_and_nothing_is_kept(town: Town, text: str, code: str, place: str) -> None:
    before = stored(town)
    view = submit_csv(town, text)
    assert not view.accepted
    assert (code, place) in [(finding.code, finding.place) for finding in view.findings if finding.severity == "error"]
    assert stored(town) == before


def test_a_table_as_csv_comes_back_as_it_was_given(town: Town) -> None:
    assert submit_csv(town, CERTIFICATE, "instruments").accepted
    before = stored(town)
    for table in activity_tables.TABLES:
        with town.house.view(AUDITOR) as work:
            file = activity_tables.make_activity_csv(work, "oak", MARCH, table, "en")
        assert file.filename == f"oak-{MARCH}-{table}.csv"
        assert submit_csv(town, file.data.decode("utf-8-sig"), table).hash == before[0].hash


def test_there_is_no_other_table(town: Town) -> None:
    with town.house.view(OAK) as work, pytest.raises(NotFound, match="no table 'loans'"):
        activity_tables.read_activity_csv(work, "oak", MARCH, b"", "loans")


def test_the_tree_as_a_workbook_comes_back_as_the_same_version(town: Town) -> None:
    with town.house.view(OAK) as work:
        view, data = organisation.get_organisation(work, "oak")
    book = make_organisation_workbook(Organisation.from_document(canonical.load_canonical(data)))
    with town.work(OAK) as work:
        again = organisation.submit_organisation_reading(work, "oak", read_organisation_workbook(book))
    assert (again.version, again.hash, again.findings) == (view.version, view.hash, ())
    with town.work(preparer("elm")) as work:
        other = organisation.submit_organisation_reading(work, "elm", read_organisation_workbook(book))
    assert (other.version, [finding.code for finding in other.findings]) == (0, ["INSTITUTION_DIFFERS"])
