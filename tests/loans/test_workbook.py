"""A book as a workbook: number cells stand for what was typed; whatever is no typed value, or could harm, is refused."""

from __future__ import annotations

import datetime
import io
import zipfile
from pathlib import Path

import polars as pl
import pytest
from openpyxl import Workbook

from ledger.loans.columns import get_column
from ledger.loans.reading import read_book
from ledger.loans.synthetic import make_head, make_rows
from ledger.workbook import loan_book
from ledger.workbook.loan_book import read_loan_file, read_loan_workbook
from tests.loans.tables import YEAR, head, row, said, write


def workbook(*rows: dict[str, object], before: tuple[str, ...] = ()) -> Workbook:
    """A workbook with these rows on one sheet, and other sheets before it."""
    book = Workbook()
    sheet = book.active
    for title in before:
        sheet.title = title
        sheet.append(["notes"])
        sheet = book.create_sheet("book")
    names = list(dict.fromkeys(name for item in rows for name in item))
    sheet.append(names)
    for item in rows:
        sheet.append([item.get(name) for name in names])
    return book


def saved(book: Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_a_book_is_the_same_as_csv_and_as_workbook() -> None:
    frame = make_rows(250, 9)
    known = head(rates={"USD": "7.1884"}, general_ledger=make_head(frame)["general_ledger"])
    texts = frame.cast(pl.String)
    rows = []
    for item in texts.iter_rows(named=True):
        numbers = {name for name in item if get_column(name).kind in ("money", "mass", "number", "days")}
        rows.append({name: float(value) if name in numbers and value else value for name, value in item.items()})
    one = read_loan_workbook(saved(workbook(*rows, before=("guide",))), known)
    other = read_book(frame.write_csv().encode(), "csv", known)
    assert one.findings == other.findings == ()
    assert one.book is not None
    assert other.book is not None
    assert one.book.frame.equals(other.book.frame)


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("outstanding", "=1+1", "CELL_FORMULA"),
        ("sector", "=A1", "CELL_FORMULA"),
        ("outstanding", datetime.date(2024, 1, 1), "CELL_INVALID"),
        ("outstanding", 123456789012345.67, "CELL_DIGITS"),
        ("outstanding", 12345678901234567890, "CELL_DIGITS"),
        ("outstanding", True, "CELL_INVALID"),
        ("outstanding", "1,000.00", "VALUE_GROUPED"),
        ("outstanding", 0.125, "VALUE_TOO_FINE"),
        ("outstanding", "#REF!", "CELL_ERROR"),
        ("m04", "=SUM(A1:A3)", "CELL_FORMULA"),
        ("exposure", "=ROW()", "CELL_FORMULA"),
    ],
)
def test_a_cell_that_is_no_typed_value_is_refused_at_its_row(column: str, value: object, code: str) -> None:
    rows = [row(number, **YEAR) for number in (1, 2, 3)]
    reading = read_loan_workbook(saved(workbook({**rows[0], "outstanding": None}, rows[1], {**rows[2], column: value})))
    assert said(reading) == [(code, "error", f"row 3 column {column}")]
    assert reading.findings[0].action


def test_a_cell_shown_as_percent_is_refused() -> None:
    book = workbook({**row(1), "asset_turnover": 0.85, "factor_source": "x"})
    sheet = book["Sheet"]
    next(cell for cell in sheet[2] if cell.value == 0.85).number_format = "0.00%"
    assert said(read_loan_workbook(saved(book))) == [("VALUE_PERCENT", "error", "row 1 column asset_turnover")]


def test_a_true_cell_is_a_flag_and_a_number_may_be_a_code() -> None:
    reading = read_loan_workbook(saved(workbook({**row(1), "called": True, "instrument": "guarantee", "branch": 101})))
    assert reading.book is not None
    assert reading.book.exposure(0).called
    assert reading.book.exposure(0).branch == "101"


def test_empty_rows_are_no_rows() -> None:
    book = workbook(row(1), row(2))
    book["Sheet"].cell(500, 40).value = None
    book["Sheet"].insert_rows(3, 5)
    assert read_loan_workbook(saved(book)).rows == 2


def test_the_book_stands_on_one_sheet() -> None:
    two = workbook(row(1))
    sheet = two.create_sheet("again")
    sheet.append(["exposure", "borrower"])
    for book in (two, Workbook()):
        assert said(read_loan_workbook(saved(book)))[0] == ("SHEET_MISSING", "error", "file")


def changed(data: bytes, name: str, content: bytes) -> bytes:
    """Return a workbook with one part more, or another one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.namelist():
            if entry != name:
                target.writestr(entry, source.read(entry))
        target.writestr(name, content)
    return buffer.getvalue()


BOMB = b"".join(
    (
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        b'<worksheet><sheetData><row><c t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>',
    )
)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda data: data[:2_000], "WORKBOOK_DAMAGED"),
        (lambda data: changed(data, "xl/vbaProject.bin", b"x"), "WORKBOOK_MACROS"),
        (lambda data: changed(data, "xl/externalLinks/externalLink1.xml", b"<x/>"), "WORKBOOK_EXTERNAL"),
        (lambda data: changed(data, "xl/worksheets/sheet1.xml", b" " * (64 << 20)), "WORKBOOK_TOO_LARGE"),
        (lambda data: changed(data, "xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row>"), "WORKBOOK_DAMAGED"),
        (lambda data: changed(data, "xl/worksheets/sheet1.xml", BOMB), "WORKBOOK_DAMAGED"),
        (lambda data: changed(data, "[Content_Types].xml", BOMB), "WORKBOOK_ENTITIES"),
        (lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "WORKBOOK_ENCRYPTED"),
        (lambda _: b"not a workbook", "WORKBOOK_NOT_ZIP"),
    ],
    ids=["cut", "macros", "links", "bomb", "unclosed", "entities", "entities at once", "encrypted", "text"],
)
def test_a_workbook_that_could_harm_is_refused(change: object, code: str) -> None:
    reading = read_loan_workbook(change(saved(workbook(row(1)))))  # type: ignore[operator]
    assert reading.book is None
    assert code in {finding.code for finding in reading.findings}


def test_texts_that_would_fill_the_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loan_book, "MAX_STRINGS_BYTES", 100)
    assert said(read_loan_workbook(saved(workbook(row(1)))))[0][0] == "WORKBOOK_TOO_LARGE"


def test_the_kind_of_a_file_is_told_by_its_bytes(tmp_path: Path) -> None:
    frame = pl.DataFrame([row(1)])
    path = tmp_path / "book"
    for data in (write([row(1)]), saved(workbook(row(1)))):
        path.write_bytes(data)
        assert read_loan_file(path).book is not None
    frame.write_parquet(path)
    assert read_loan_file(path).book is not None
    path.write_text('{"schema": "lingtan.loan-input/1"}', encoding="utf-8")
    assert said(read_loan_file(path)) == [("BOOK_KIND", "error", "file")]
