"""A small bank, and workbooks of it that somebody filled in with openpyxl."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter

from ledger.indicators.shipped import shipped_release
from ledger.records.activity import Activity
from ledger.records.findings import Finding
from ledger.records.names import Name
from ledger.records.organisation import Allocation, Organisation, Placement, Unit
from ledger.records.period import Period
from ledger.workbook.reading import WorkbookReading, read_workbook
from ledger.workbook.template import make_workbook

OPENED = date(2010, 1, 1)
PERIOD = Period.of_dates("2025", date(2025, 1, 1), date(2025, 12, 31), "Asia/Shanghai")
FULL = shipped_release()
# Few indicators make small workbooks, which openpyxl opens and saves quickly.
RELEASE = replace(
    FULL,
    indicators=tuple(
        item
        for item in FULL.indicators
        if item.id in ("electricity.purchased", "fuel.petrol.vehicles", "cooling.purchased", "water.supply", "refrigerant.r-410a")
    ),
)
BANK = Organisation(
    "anji",
    Name("Anji Bank", "安吉银行"),
    "Asia/Shanghai",
    "CN-ZJ",
    (
        Unit("b-1", Name("Branch One", "第一支行"), "branch", (Placement("hq", OPENED),), OPENED, ownership="leased"),
        Unit("b-2", Name("Branch Two", "第二支行"), "branch", (Placement("hq", OPENED),), OPENED, date(2024, 12, 31), closing="closed"),
        Unit("hq", Name("Head Office", "总行"), "institution", (), OPENED, area_m2="1200.50", headcount=40),
        Unit(
            "o-1",
            Name("Outlet", "网点"),
            "outlet",
            (Placement("hq", OPENED), Placement("b-1", date(2020, 7, 1))),
            OPENED,
            allocations=(Allocation(OPENED, "area", "120.5", "2410", "lease 7"),),
        ),
        Unit("o-2", Name("Outlet", "网点"), "outlet", (Placement("b-1", OPENED),), OPENED),
    ),
)


@cache
def template(**options: Any) -> bytes:
    """The template of the bank."""
    return make_workbook(BANK, PERIOD, RELEASE, **options)


class Sheet:
    """A sheet of a template, whose cells are named by column title and by row."""

    def __init__(self, sheet: Any) -> None:
        self.sheet = sheet
        self.columns = {sheet.cell(1, number).value: number for number in range(1, sheet.max_column + 1)}

    def row_of(self, unit: str, indicator: str) -> int:
        """The first row of a unit and an indicator, by their names."""
        for row in range(2, self.sheet.max_row + 1):
            if (self.get(row, "机构"), self.get(row, "指标")) == (unit, indicator):
                return row
        raise AssertionError((unit, indicator))

    def get(self, row: int, title: str) -> Any:
        return self.sheet.cell(row, self.columns[title]).value

    def put(self, row: int, **values: Any) -> str:
        """Write values by title and return the name of the row's first written cell."""
        for title, value in values.items():
            self.sheet.cell(row, self.columns[title]).value = value
        return self.name(row, next(iter(values)))

    def name(self, row: int, title: str) -> str:
        return f"cell {self.sheet.title}!{get_column_letter(self.columns[title])}{row}"

    @property
    def end(self) -> int:
        """The first row below the offered ones."""
        return int(self.sheet.max_row) + 1


def filled(fill: Callable[[Any], object], data: bytes | None = None) -> bytes:
    """The template after somebody worked on it; `fill` gets openpyxl's workbook."""
    book = openpyxl.load_workbook(io.BytesIO(template() if data is None else data))
    fill(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def read(data: bytes) -> WorkbookReading:
    return read_workbook(data, BANK, RELEASE)


def read_filled(fill: Callable[[Any], object]) -> WorkbookReading:
    """What reading gives after `fill`."""
    return read(filled(fill))


def activity_of(reading: WorkbookReading) -> Activity:
    assert reading.activity_document is not None, reading.findings
    return Activity.from_document(reading.activity_document)


def found(reading: WorkbookReading) -> list[tuple[str, str]]:
    return [(finding.code, finding.place) for finding in reading.findings]


def only(reading: WorkbookReading) -> Finding:
    assert len(reading.findings) == 1, reading.findings
    return reading.findings[0]


def record_row(sheet: Sheet, row: int, value: Any = 12.5, **others: Any) -> str:
    """Fill in an offered row; return the name of its quantity's cell."""
    sheet.put(row, 数量=value, 数据来源="发票账单", 凭证编号="国网 2025", 数据质量=1)
    sheet.put(row, **others) if others else None
    return sheet.name(row, "数量")
