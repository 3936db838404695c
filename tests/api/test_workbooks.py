"""Workbooks and tables over HTTP: got from the server, filled in, sent back; refused before they are parsed where they are too large."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest

from api.bodies import MAX_WORKBOOK, XLSX_TYPE
from tests.api.scene import Scene, organisation
from tests.api.test_bodies import drive

BASE = "/v1/institutions/bank-c"
PERIOD = f"{BASE}/periods/june"
XLSX = {"Content-Type": XLSX_TYPE}


@pytest.fixture(scope="module", autouse=True)
def june(city: Scene) -> None:
    """A tree and a period of bank-c."""
    assert city.post("third-preparer", f"{BASE}/organisation", organisation("bank-c")).json()["accepted"]
    period = {"id": "june", "first_day": "2025-06-01", "last_day": "2025-06-30"}
    assert city.post("third-preparer", f"{BASE}/periods", period).status_code == 201


def template(city: Scene, **params: str) -> Any:
    answer = city.get("auditor", f"{PERIOD}/workbook", params=params)
    assert answer.status_code == 200, answer.text
    return answer


def filled(data: bytes, sheet: str, title: str, quantity: object) -> bytes:
    """The workbook with one quantity typed in, of the head office's petrol."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    table = book[sheet]
    titles = {cell.value: cell.column for cell in table[1]}
    code, unit = ("指标代码", "机构代码") if title == "数量" else ("indicator code", "unit code")
    row = next(
        row
        for row in range(2, table.max_row + 1)
        if (table.cell(row, titles[code]).value, table.cell(row, titles[unit]).value) == ("fuel.petrol.vehicles", "hq")
    )
    table.cell(row, titles[title]).value = quantity
    for offset, value in ((4, "invoice"), (5, "fuel cards"), (6, 2)):
        table.cell(row, titles[title] + offset).value = value
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_a_workbook_goes_out_in_both_languages_and_comes_back_filled_in(city: Scene) -> None:
    for language, sheet, title in (("zh", "活动数据", "数量"), ("en", "Activity", "Quantity")):
        answer = template(city, language=language)
        assert answer.headers["content-type"] == XLSX_TYPE
        assert answer.headers["content-disposition"] == 'attachment; filename="bank-c-june.xlsx"'
        assert template(city, language=language).headers["etag"] == answer.headers["etag"]
        taken = city.send("third-preparer", "POST", f"{PERIOD}/activity", content=filled(answer.content, sheet, title, 12.5), headers=XLSX)
        assert taken.status_code == 201, taken.text
        assert taken.json()["findings"] == []
    document = city.get("auditor", f"{PERIOD}/activity").json()["document"]
    assert [(item["indicator"], item["quantity"]["value"]) for item in document["records"]] == [("fuel.petrol.vehicles", "12.5")]


def test_a_bad_cell_is_answered_with_its_place_and_nothing_is_stored(city: Scene) -> None:
    before = city.get("auditor", f"{PERIOD}/activity").json()
    body = filled(template(city).content, "活动数据", "数量", "=6*7")
    answer = city.send("third-preparer", "POST", f"{PERIOD}/activity", content=body, headers=XLSX)
    assert answer.status_code == 200, answer.text
    assert answer.json()["accepted"] is False
    (finding,) = answer.json()["findings"]
    assert (finding["code"], finding["place"].startswith("cell 活动数据!C")) == ("CELL_FORMULA", True)
    assert city.get("auditor", f"{PERIOD}/activity").json() == before


def test_a_table_goes_out_as_csv_and_comes_back_as_a_list_of_its_own(city: Scene) -> None:
    answer = template(city, table="instruments", language="en")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    table = answer.content + b"gec-1,Head office,green certificate,3,MWh,0,2025-05-01,2025-06-30,GEC 1,hq\r\n"
    taken = city.post_csv("third-preparer", f"{PERIOD}/activity?table=instruments", table)
    assert taken.status_code == 201, taken.text
    document = city.get("auditor", f"{PERIOD}/activity").json()["document"]
    assert [item["id"] for item in document["instruments"]] == ["gec-1"]
    assert len(document["records"]) == 1
    assert city.post_csv("third-preparer", f"{PERIOD}/activity?table=loans", table).status_code == 422


def test_the_same_key_for_another_table_is_another_request(city: Scene) -> None:
    table = template(city, table="instruments", language="en").content
    first = city.post_csv("third-preparer", f"{PERIOD}/activity?table=instruments", table, key="workbook-key-1")
    assert first.status_code == 201
    again = city.post_csv("third-preparer", f"{PERIOD}/activity?table=instruments", table, key="workbook-key-1")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert city.post_csv("third-preparer", f"{PERIOD}/activity", table, key="workbook-key-1").status_code == 422


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_a_tree_goes_out_as_a_file_and_comes_back_as_the_same_version(city: Scene, form: str) -> None:
    now = city.get("auditor", f"{BASE}/organisation")
    file = city.get("auditor", f"{BASE}/organisation", params={"format": form, "language": "en"})
    assert file.status_code == 200
    assert f"organisation-{now.headers['content-location'].rpartition('=')[2]}.{form}" in file.headers["content-disposition"]
    kind = {"Content-Type": XLSX_TYPE if form == "xlsx" else "text/csv"}
    again = city.send("third-preparer", "POST", f"{BASE}/organisation", content=file.content, headers=kind)
    assert (again.status_code, again.json()["hash"]) == (201, now.headers["etag"].strip('"'))


def test_a_tree_with_a_bad_cell_is_refused_by_its_place(city: Scene) -> None:
    file = city.get("auditor", f"{BASE}/organisation", params={"format": "csv", "language": "en"}).content
    body = file.replace(b"outlet-7,", b"outlet-7/,")
    answer = city.send("third-preparer", "POST", f"{BASE}/organisation", content=body, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["accepted"] is False
    assert all(finding["place"].startswith("line ") for finding in answer.json()["findings"])


@pytest.mark.parametrize("path", [f"{PERIOD}/activity", f"{BASE}/organisation"])
def test_a_workbook_that_is_too_large_is_refused_before_anything_reads_it(city: Scene, path: str) -> None:
    headers = {**XLSX, "Authorization": f"Bearer {city.tokens['third-preparer']}", "Idempotency-Key": "large-workbook"}
    status, body, _ = drive(city.http.app, path, headers, (bytes(1 << 20) for _ in range(MAX_WORKBOOK // (1 << 20) + 1)))
    assert status == 413, body


def test_what_is_no_workbook_is_a_finding_and_no_fault(city: Scene) -> None:
    for content in (b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100)):
        for path in (f"{PERIOD}/activity", f"{BASE}/organisation"):
            answer = city.send("third-preparer", "POST", path, content=content, headers=XLSX)
            assert (answer.status_code, answer.json()["accepted"]) == (200, False), answer.text
            assert answer.json()["findings"][0]["code"].startswith("WORKBOOK_")
