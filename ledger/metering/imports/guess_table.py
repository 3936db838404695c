"""The first rows of a file, for a draft of its map: titles, rows, and which columns hold numbers (spec: meter-import §8)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ledger.errors import InputError
from ledger.metering.imports.faults import Faults
from ledger.metering.imports.map_words import MISSING
from ledger.metering.imports.packed import DAMAGED, NotOneTable, open_unpacked
from ledger.metering.imports.parquet_source import ParquetRows
from ledger.metering.imports.source import CsvRows, Stopped, is_parquet

SAMPLE = 3_000
_COMMA = re.compile(r"-?\d{1,12},\d+|-?\d{1,3}(\.\d{3})+,\d+")
_GROUPS = {".": re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?"), ",": re.compile(r"-?\d{1,3}(\.\d{3})+(,\d+)?")}
_NUMBER = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?|-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_NUMBER_OR_GROUPS = re.compile(f"{_NUMBER.pattern}|{_GROUPS[','].pattern}")


@dataclass(frozen=True)
class Sample:
    """Titles and rows of a table's beginning; `header` is the line of the titles, `delimiter` empty where there is none."""

    titles: list[str]
    rows: list[Sequence[object]]
    delimiter: str
    header: int


def find_form(path: Path) -> str | None:
    """Return the form of a file that says itself what stands where, by how it begins."""
    try:
        with open_unpacked(path) as file:
            head = file.read(4_096).lstrip(b"\xef\xbb\xbf \r\n")
    except (NotOneTable, *DAMAGED):
        return None
    if head.upper().startswith(b"100,NEM12"):
        return "nem12"
    return "espi" if head.startswith(b"<") and b"http://www.w3.org/2005/Atom" in head else None


def read_sample(path: Path) -> Sample:
    """Return the beginning of a table: its titles are the first line of as many cells as the rows below it, none of them a number.

    Raises:
        InputError: there is no table.
    """
    faults = Faults()
    source = ParquetRows(path, faults=faults) if is_parquet(path) else CsvRows(path, delimiter="auto", encoding="auto", faults=faults)
    try:
        rows = list(islice(source.rows(), SAMPLE + 1))
    except Stopped:
        rows = []
    if len(rows) < 2:
        found = faults.close()
        raise InputError(
            f"{path.name} holds no table: {found[0].code if found else 'nothing in it'}", hint="give CSV or Parquet with titles"
        )
    width = Counter(len(cells) for _, cells in rows).most_common(1)[0][0]
    first = next((at for at, (_, cells) in enumerate(rows[:100]) if len(cells) == width and _may_be_titles(at, cells)), 0)
    titles = [str(cell).strip() for cell in rows[first][1]]
    while len(titles) > width - 1 and len(titles) > 1 and not titles[-1]:
        titles.pop()  # a mark at the end of every line
    whole = [row[: len(titles)] for _, row in rows[first + 1 :] if len(row) >= len(titles) and not any(map(_text, row[len(titles) :]))]
    whole = [row for row in whole if [_text(cell) for cell in row] != titles]
    delimiter = source.found_delimiter if isinstance(source, CsvRows) else ""
    return Sample(titles, whole, delimiter, rows[first][0] if isinstance(source, CsvRows) else 1)


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _may_be_titles(at: int, cells: Sequence[object]) -> bool:
    texts = [_text(cell) for cell in cells]
    if at == 0:
        return not texts[0].startswith("sep=")
    return sum(bool(text) for text in texts) > len(texts) // 2 and not any(_NUMBER.fullmatch(text) for text in texts)


def is_numeric(column: Sequence[str], decimal: str) -> bool:
    """Tell whether most cells of a column that hold something hold a number."""
    present = [cell for cell in column if cell not in MISSING]
    if decimal == ",":
        present = [cell.replace(",", ".") if "." not in cell else cell if _GROUPS[","].fullmatch(cell) else "no" for cell in present]
    number = _NUMBER if decimal == "." else _NUMBER_OR_GROUPS
    return bool(present) and sum(bool(number.fullmatch(cell)) for cell in present) >= 0.5 * len(present)


def find_decimal(columns: Sequence[Sequence[str]], delimiter: str) -> str:
    """Return the decimal mark of a table's numbers."""
    return "," if delimiter != "," and any(_COMMA.fullmatch(cell) for column in columns for cell in column) else "."


def find_group(columns: Sequence[Sequence[str]], decimal: str) -> str | None:
    """Return the mark between thousands where a number has one."""
    if any(_GROUPS[decimal].fullmatch(cell) for column in columns for cell in column):
        return "," if decimal == "." else "."
    return None
