"""Items of a document as the texts of cells: the way there that rows.py goes back, for workbooks and CSV alike."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.workbook.columns import Column, Table
from ledger.workbook.labels import NameList, label
from ledger.workbook.typed import percent_text

Texts = dict[str, str]


def texts_of(table: Table, item: Mapping[str, object], names: Mapping[str, NameList | None], language: str) -> Texts:
    """Return the text of each column that has one, by key, for an item of the document; what it does not say stays empty."""
    found: Texts = {}
    for column in table.columns:
        if column.kind == "name":
            code = _at(item, table.column(column.names).path)
            known = names.get(column.names)
            text = None if code is None else str(code) if known is None else known.label(str(code), language)
        else:
            text = _text(_at(item, column.path), column, language) if column.path else None
        if text is not None:
            found[column.key] = text
    return found


def _text(value: object, column: Column, language: str) -> str | None:
    if value is None:
        return None
    if column.kind == "bp" and isinstance(value, int):
        return percent_text(value)
    if column.kind == "choice":
        return label(column.labels, str(value), language)
    return str(value)


def _at(item: Mapping[str, object], path: tuple[str, ...]) -> object:
    value: object = item
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
