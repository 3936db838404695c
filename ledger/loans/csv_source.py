"""A CSV file as chunks of rows: UTF-8 with or without byte order mark, or GB18030; commas; quotation marks as RFC 4180 has them.

Blocks without a quotation mark are split by polars, and only where the number of commas proves that every line is whole; others are
read line by line, which also says which line is wrong. Lines without anything in them are no rows.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator

import polars as pl

from ledger.loans.assembly import Assembly
from ledger.loans.faults import Refused
from ledger.records.findings import Finding

BLOCK_BYTES = 8 << 20
MAX_ROW_BYTES = 64 << 10
_THREE_BYTES = re.compile("[\u0800-\uffff]")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Stopped(Exception):
    """Reading cannot go on; the finding is in the assembly already. Inside this room only."""


class CsvSource:
    """Feeds the rows of a CSV stream to an assembly."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._encoding = "utf-8"
        self._ascii = True
        self._titles: list[str] | None = None
        self._places: dict[str, int] = {}

    def read(self, chunks: Iterable[bytes]) -> None:
        """Read everything, or as far as it can be read."""
        try:
            for block in self._blocks(chunks):
                self._take(block)
        except Stopped:
            self._assembly.whole = False

    def _blocks(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield whole lines; a line break inside quotation marks ends none."""
        buffer = bytearray()
        for chunk in chunks:
            buffer += chunk
            if len(buffer) >= BLOCK_BYTES:
                end = _end_of_rows(buffer)
                if end == 0 and len(buffer) >= BLOCK_BYTES + MAX_ROW_BYTES:
                    self._refuse_long_row(buffer)
                if end:
                    yield bytes(buffer[:end])
                    del buffer[:end]
        if buffer:
            yield bytes(buffer)

    def _refuse_long_row(self, buffer: bytearray) -> None:
        row = self._assembly.rows + 1
        if b"\n" not in buffer:
            action, got = "end every line with LF or CRLF; reading stopped here", "a line without an end"
            self._stop(Finding("CSV_LINE_TOO_LONG", "error", f"row {row}", action, got, f"at most {MAX_ROW_BYTES} bytes a row"))
        action = "look for a quotation mark that is not closed; reading stopped here"
        self._stop(Finding("CSV_UNREADABLE", "error", f"row {row} or later", action, "a quotation mark without its pair", "a table"))

    def _take(self, block: bytes) -> None:
        if self._titles is None:
            block = block.removeprefix(codecs.BOM_UTF8)
            if block.startswith(_UTF16):
                action = "save the table as UTF-8 (CSV UTF-8 in a spreadsheet)"
                self._stop(Finding("CSV_ENCODING", "error", "file", action, "UTF-16", "UTF-8"))
        if b"\0" in block:
            action = "export the table again: the file is damaged or no CSV"
            self._stop(Finding("CSV_NUL", "error", f"row {self._assembly.rows + 1} or later", action, "a NUL byte", "text"))
        text = self._decode(block)
        if self._titles is None:
            text = self._take_header(text)
        if text:
            self._take_text(text)

    def _decode(self, block: bytes) -> str:
        try:
            text = block.decode(self._encoding)
        except UnicodeDecodeError as error:
            text = self._decode_otherwise(block, error)
        self._ascii = self._ascii and text.isascii()
        return text

    def _decode_otherwise(self, block: bytes, error: UnicodeDecodeError) -> str:
        # Text that was UTF-8 with more than ASCII in it does not become GB18030 half-way: that file is damaged. Some characters of GB18030
        # are well-formed UTF-8 of two bytes, no text of them is one of three.
        before = block[: error.start].decode("utf-8", "ignore")
        if self._encoding == "utf-8" and self._ascii and _THREE_BYTES.search(before) is None:
            try:
                text = block.decode("gb18030")
            except UnicodeDecodeError:
                text = ""
            if text:
                self._encoding = "gb18030"
                action = "nothing to do; UTF-8 is safer"
                self._assembly.faults.add_of_file(Finding("CSV_GB18030", "info", "file", action, "GB18030", "UTF-8"))
                return text
        row = self._assembly.rows + block.count(b"\n", 0, error.start) + (1 if self._titles is not None else 0)
        got = f"byte {block[error.start]:02x}"
        return self._stop(Finding("CSV_ENCODING", "error", f"row {row}", "save the table as UTF-8", got, "UTF-8 or GB18030"))

    def _take_header(self, text: str) -> str:
        line, _, rest = text.partition("\n")
        while not line.strip() and rest:
            line, _, rest = rest.partition("\n")
        titles = next(csv.reader([line]), [])
        if not any(title.strip() for title in titles):
            return ""
        other = next((mark for mark in (";", "\t", "|") if line.count(mark) > line.count(",")), None)
        if other is not None:
            action = "separate the columns with commas"
            self._stop(Finding("CSV_HEADER", "error", "header", action, line[:40], "exposure,borrower,asset_class,…"))
        self._titles = titles
        self._places = self._assembly.take_header(titles)
        return rest

    def _take_text(self, text: str) -> None:
        """Hand on the rows of a text of whole lines."""
        width = len(self._titles or ())
        if '"' not in text:
            lines = text.count("\n") + (not text.endswith("\n"))
            # Polars refuses a line of more fields and completes a shorter one: with all commas there, no line is shorter.
            if text.count(",") == lines * (width - 1):
                frame = _split(text, width)
                if frame is not None:
                    self._hand_on([frame.to_series(place) for place in range(width)], frame.height)
                    return
        self._take_lines(text, width)

    def _take_lines(self, text: str, width: int) -> None:
        rows: list[list[str | None]] = []
        wrong: list[tuple[int, int]] = []
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        try:
            for line in reader:
                if not any(cell.strip() for cell in line):
                    continue
                if len(line) != width:
                    wrong.append((len(rows), len(line)))
                    rows.append([*line[:width], *[None] * (width - len(line))])
                else:
                    rows.append(list(line))
        except csv.Error as error:
            action = "look for a quotation mark that is not closed or stands inside a field; reading stopped here"
            place = f"row {self._assembly.rows + len(rows) + 1}"
            self._stop(Finding("CSV_UNREADABLE", "error", place, action, str(error)[:80], "a table"))
        for index, fields in wrong:
            action = "give every row as many fields as the header has; put texts with commas into quotation marks"
            refused = Refused("CSV_COLUMNS", action, f"{fields} fields", f"{width} fields")
            self._assembly.faults.refuse(self._assembly.rows + index + 1, "", refused)
        columns = [pl.Series(cells, dtype=pl.String) for cells in zip(*rows, strict=True)]
        self._hand_on(columns, len(rows))

    def _hand_on(self, columns: list[pl.Series], rows: int) -> None:
        if not rows:
            return
        texts = {name: columns[place] for name, place in self._places.items()}
        frame = pl.DataFrame([series.alias(name) for name, series in texts.items()])
        if frame.width and frame.select(pl.all_horizontal(pl.all().is_null()).any()).item():
            frame = frame.filter(~pl.all_horizontal(pl.all().is_null()))
            texts, rows = {name: frame[name] for name in frame.columns}, frame.height
        if not self._assembly.take_rows(texts, rows):
            raise Stopped

    def _stop(self, finding: Finding) -> str:
        self._assembly.faults.add_of_file(finding)
        raise Stopped


def _end_of_rows(buffer: bytearray) -> int:
    """Return where the last whole row ends, as far as it lies within the last bytes; 0 where none does."""
    end = buffer.rfind(b"\n") + 1
    quotes = buffer.count(b'"', 0, end)
    lowest = max(0, end - MAX_ROW_BYTES)
    while end and quotes % 2:
        before = buffer.rfind(b"\n", lowest, end - 1) + 1
        quotes -= buffer.count(b'"', before, end)
        end = before
    return end


def _split(text: str, width: int) -> pl.DataFrame | None:
    schema = {f"c{place}": pl.String() for place in range(width)}
    try:
        return pl.read_csv(
            io.BytesIO(text.encode()), has_header=False, schema=schema, infer_schema=False, quote_char=None, raise_if_empty=False
        )
    except pl.exceptions.PolarsError:
        return None
