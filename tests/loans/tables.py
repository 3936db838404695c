"""Small books for tests: rows as texts by column, written as CSV, and what a row needs at least."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from ledger.loans.assembly import BookReading
from ledger.loans.exposure import MONTHS
from ledger.loans.head import DEFAULT_HEAD, Head, head_from_document
from ledger.loans.reading import read_book

BASE = {
    "exposure": "LN-1",
    "borrower": "91330000MA27XXXX01",
    "asset_class": "business_loan",
    "branch": "hz",
    "sector": "C3110",
    "option": "1a",
}
YEAR = dict.fromkeys(MONTHS[1:], "100.00")
_PERIOD = {"id": "2024", "start": "2023-12-31T16:00:00Z", "end": "2024-12-31T16:00:00Z", "timezone": "Asia/Shanghai"}


def row(number: int = 1, **values: str) -> dict[str, str]:
    """Return a row that nothing is wrong with, with other values where they are given."""
    return {**BASE, "exposure": f"LN-{number}", **values}


def write(rows: Sequence[Mapping[str, str]], columns: Sequence[str] | None = None) -> bytes:
    """Return rows as CSV, with every column that some row has, in the order given or of their first appearance."""
    names = list(columns) if columns is not None else list(dict.fromkeys(name for item in rows for name in item))
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, names, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()


def head(**fields: object) -> Head:
    """Return the head of a book of 2024, or with other fields."""
    return head_from_document({"schema": "lingtan.book-head/1", "institution": "bank-a", "period": _PERIOD, **fields})


def read(*rows: Mapping[str, str], head: Head = DEFAULT_HEAD) -> BookReading:
    """Return what reading these rows as CSV gives."""
    return read_book(write(rows), "csv", head)


def said(reading: BookReading) -> list[tuple[str, str, str]]:
    """Return code, severity and place of every finding."""
    return [(finding.code, finding.severity, finding.place) for finding in reading.findings]
