"""A bank's preparer at a desk: opens the workbook that the server made, types the year in, saves it; once with a slip of the hand.

Only what people see is used: sheets, titles, names and drop-down words. A cell of a row that is there already is typed over.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import openpyxl

from ledger.demo.seeds import BankSeed, InstrumentSeed, RecordSeed, kind_of
from ledger.errors import NotFound
from ledger.workbook.columns import Table
from ledger.workbook.labels import INSTRUMENT_KINDS, SOURCE_KINDS, label
from ledger.workbook.tables import ACTIVITY, INSTRUMENTS

HEADER_ROWS = 1


def fill_in(data: bytes, bank: BankSeed, language: str, *, slip: bool = False) -> bytes:
    """Return the workbook with the bank's year typed in.

    Args:
        slip: the first quantity gets a separator of thousands, as people type it.

    Raises:
        NotFound: the workbook has no row for a unit and indicator.
    """
    book = openpyxl.load_workbook(io.BytesIO(data))
    activity = book[ACTIVITY.title.in_language(language)]
    for number, record in enumerate(bank.records):
        texts = _record(record, language)
        if slip and number == 0:
            texts["value"] = f"{int(record.value):,}"
        _type(activity, ACTIVITY, _find_row(activity, record), texts)
    sheet = book[INSTRUMENTS.title.in_language(language)]
    for row, item in enumerate(bank.instruments, start=HEADER_ROWS + 1):
        _type(sheet, INSTRUMENTS, row, _instrument(item, bank, language))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _find_row(sheet: Any, record: RecordSeed) -> int:
    unit, indicator = _column(ACTIVITY, "unit"), _column(ACTIVITY, "indicator")
    for row in range(HEADER_ROWS + 1, sheet.max_row + 1):
        if (sheet.cell(row, unit).value, sheet.cell(row, indicator).value) == (record.unit, record.indicator):
            return row
    raise NotFound(f"the workbook has no row for {record.unit} × {record.indicator}", hint="is the workbook of this bank and release?")


def _record(record: RecordSeed, language: str) -> dict[str, str]:
    return {
        "value": record.value,
        "measure": record.unit_code,
        "source": label(SOURCE_KINDS, record.source, language),
        "reference": record.reference,
        "quality": str(record.quality),
    }


def _instrument(item: InstrumentSeed, bank: BankSeed, language: str) -> dict[str, str]:
    unit = next(unit for unit in bank.units if unit.id == item.unit)
    return {
        "id": item.id,
        "unit_name": unit.zh if language == "zh" else unit.en,
        "kind": label(INSTRUMENT_KINDS, kind_of(item), language),
        "value": item.mwh,
        "measure": "MWh",
        "factor": item.factor,
        "generated": item.generated or "",
        "retired": item.retired or "",
        "reference": item.reference,
    }


def _type(sheet: Any, table: Table, row: int, texts: Mapping[str, str]) -> None:
    for key, text in texts.items():
        cell = sheet.cell(row, _column(table, key))
        # Typed as text, so that no digit of a quantity can be lost on the way.
        cell.value = text or None


def _column(table: Table, key: str) -> int:
    return 1 + next(number for number, column in enumerate(table.columns) if column.key == key)
