"""The organisation tree as a workbook and as CSV: there and back without loss, findings at their cells."""

from __future__ import annotations

import io
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.records.canonical import dump
from ledger.records.names import Name
from ledger.records.organisation import Allocation, Organisation, Placement, Unit, check_organisation
from ledger.units import format_decimal
from ledger.workbook.organisation_sheet import (
    make_organisation_csv,
    make_organisation_workbook,
    read_organisation_csv,
    read_organisation_workbook,
)
from tests.workbook.banks import BANK

START = date(2010, 1, 1)
names = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=8).map(lambda text: Name(text, f"{text}行"))
decimals = st.builds(lambda number, places: format_decimal(Fraction(number, 10**places)), st.integers(1, 10**18), st.integers(0, 6))


@st.composite
def organisations(draw: st.DrawFn) -> Organisation:
    """A root and units under earlier ones, some moved, closed, merged, with shares of buildings."""
    units = [Unit("root", draw(names), "institution", (), START)]
    for number in range(draw(st.integers(0, 5))):
        opened = START + timedelta(days=draw(st.integers(0, 900)))
        parents = [unit for unit in units if unit.closed is None and unit.opened <= opened]
        placements = [Placement(draw(st.sampled_from(parents)).id, opened)]
        if draw(st.booleans()):
            placements.append(Placement("root", opened + timedelta(days=draw(st.integers(1, 99)))))
        closing = draw(st.sampled_from([None, "closed", "merged", "divested"]))
        closed = None if closing is None else opened + timedelta(days=1000)
        shares = [
            Allocation(opened + timedelta(days=index), draw(st.sampled_from(["area", "headcount", "contract"])), "1.50", "30", "=lease")
            for index in range(draw(st.integers(0, 2)))
        ]
        units.append(
            Unit(
                f"u-{number}",
                draw(names),
                draw(st.sampled_from(["branch", "sub_branch", "outlet"])),
                tuple(placements),
                opened,
                closed,
                draw(st.sampled_from(["opened", "acquired", "included"])),
                closing,
                "root" if closing == "merged" else None,
                draw(st.none() | st.sampled_from(["吴兴区", "-x", "=1"])),
                draw(st.none() | decimals),
                draw(st.none() | st.integers(0, 10_000)),
                draw(st.none() | st.sampled_from(["owned", "leased"])),
                tuple(shares),
            )
        )
    return Organisation("bank", draw(names), "Asia/Shanghai", "CN-ZJ", tuple(sorted(units, key=lambda unit: unit.id)))


def is_valid(organisation: Organisation) -> bool:
    return not check_organisation(organisation.to_document())[1]


@settings(max_examples=25, deadline=None)
@given(organisations().filter(is_valid), st.sampled_from(["zh", "en"]))
def test_a_tree_comes_back_byte_for_byte(organisation: Organisation, language: str) -> None:
    for reading in (
        read_organisation_workbook(make_organisation_workbook(organisation, language)),
        read_organisation_csv(make_organisation_csv(organisation, language)),
    ):
        assert reading.findings == ()
        assert reading.organisation is not None
        assert dump(reading.organisation.to_document()) == dump(organisation.to_document())


@settings(max_examples=25, deadline=None)
@given(organisations().filter(is_valid), st.randoms(use_true_random=False))
def test_rows_may_stand_in_any_order(organisation: Organisation, random: Any) -> None:
    data = make_organisation_csv(organisation)
    head, *rows = data.decode("utf-8-sig").splitlines(keepends=True)
    random.shuffle(rows)
    assert read_organisation_csv((head + "".join(rows)).encode()).organisation == organisation
    assert make_organisation_csv(organisation) == data


def read_changed(change: Any) -> list[tuple[str, str]]:
    book = openpyxl.load_workbook(io.BytesIO(make_organisation_workbook(BANK)))
    change(book)
    buffer = io.BytesIO()
    book.save(buffer)
    reading = read_organisation_workbook(buffer.getvalue())
    assert (reading.organisation is None) == bool(reading.findings)
    return [(finding.code, finding.place) for finding in reading.findings]


def put(cell: str, value: Any, sheet: str) -> Any:
    return lambda book: setattr(book[sheet][cell], "value", value)


def test_the_workbook_has_a_sheet_for_each_table() -> None:
    book = openpyxl.load_workbook(io.BytesIO(make_organisation_workbook(BANK)))
    assert book.sheetnames == ["法人机构", "机构", "归属", "分摊", "_lists"]
    assert [cell.value for cell in book["归属"][5]] == ["o-1", "b-1", book["归属"]["C5"].value]
    assert book["归属"]["C5"].value.date() == date(2020, 7, 1)
    assert book["机构"]["K4"].value == "1200.50"


@pytest.mark.parametrize(
    ("cell", "value", "sheet", "code", "place"),
    [
        ("D2", "办事处", "机构", "CELL_INVALID", "cell 机构!D2"),
        ("E2", "soon", "机构", "CELL_INVALID", "cell 机构!E2"),
        ("E2", "2011-01-01", "机构", "PLACEMENT_FIRST", "cell 归属!C2"),
        ("F2", "2009-01-01", "机构", "UNIT_CLOSED_BEFORE_OPENED", "cell 机构!F2"),
        ("F2", "2024-01-01", "机构", "CLOSING_WITHOUT_DATE", "cell 机构!H2"),
        ("I3", "hq", "机构", "MERGED_INTO_WITHOUT_MERGER", "cell 机构!I3"),
        ("L4", -1, "机构", "FIELD_INVALID", "cell 机构!L4"),
        ("A2", "hq", "机构", "ITEM_TWICE", "cell 机构!A4"),
        ("A2", None, "机构", "CELL_MISSING", "cell 机构!A2"),
        ("B2", "=A1", "归属", "CELL_FORMULA", "cell 归属!B2"),
        ("B2", "nobody", "归属", "PARENT_UNKNOWN", "cell 归属!B2"),
        ("B2", "o-1", "归属", "UNIT_CYCLE", "cell 归属!B5"),
        ("A2", "nobody", "归属", "UNIT_UNKNOWN", "cell 归属!A2"),
        ("C5", "2009-01-01", "归属", "PLACEMENT_FIRST", "cell 归属!C5"),
        ("D2", "9999", "分摊", "ALLOCATION_SHARE", "cell 分摊!D2"),
        ("E2", 0, "分摊", "FIELD_INVALID", "cell 分摊!E2"),
        ("D2", "Mars/City", "法人机构", "FIELD_INVALID", "cell 法人机构!D2"),
        ("B3", "二", "法人机构", "CELL_MISSING", "cell 法人机构!A3"),
    ],
)
def test_each_mistake_is_named_at_its_cell(cell: str, value: Any, sheet: str, code: str, place: str) -> None:
    assert (code, place) in read_changed(put(cell, value, sheet))


@pytest.mark.parametrize(("sheet", "code"), [("法人机构", "SHEET_MISSING"), ("机构", "SHEET_MISSING"), ("归属", "PLACEMENT_MISSING")])
def test_a_sheet_that_is_gone_is_missed(sheet: str, code: str) -> None:
    assert code in [found for found, _ in read_changed(lambda book: book.remove(book[sheet]))]


def test_two_institutions_are_one_too_many() -> None:
    def twice(book: Any) -> None:
        for number, cell in enumerate(book["法人机构"][2], start=1):
            book["法人机构"].cell(3, number).value = cell.value

    assert read_changed(twice) == [("ROW_COUNT", "cell 法人机构!A3")]


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        ("placements,", "placement,", "CELL_INVALID", "line 8 column 1"),
        ("记录类型", "类型", "HEADER_MISSING", "line 1 column 1"),
        ("2020-07-01", "2020-07-32", "CELL_INVALID", "line 11 column 19"),
        ("lease 7", "", "CELL_MISSING", "line 13 column 23"),
    ],
)
def test_findings_in_csv_name_line_and_column(old: str, new: str, code: str, place: str) -> None:
    text = make_organisation_csv(BANK).decode("utf-8-sig")
    assert old in text
    reading = read_organisation_csv(text.replace(old, new, 1).encode())
    assert (code, place) in [(finding.code, finding.place) for finding in reading.findings]
    assert reading.organisation is None


def test_what_is_no_workbook_gives_the_finding_of_that() -> None:
    assert [finding.code for finding in read_organisation_workbook(b"x").findings] == ["WORKBOOK_NOT_ZIP"]
    assert [finding.code for finding in read_organisation_csv(b"").findings] == ["CSV_EMPTY"]
