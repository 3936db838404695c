"""A CSV file as numbered rows: packed or not; UTF-8, UTF-16, GB18030 or Windows-1252; any line ends (spec: meter-import §1)."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NoReturn, TextIO

from ledger.errors import InputError
from ledger.metering.imports.faults import Faults
from ledger.metering.imports.map_words import DELIMITERS
from ledger.metering.imports.packed import DAMAGED, NotOneTable, open_unpacked

Row = tuple[int, Sequence[object]]
"""The number of a row's first line, from 1, and its cells: texts, and in Parquet whole numbers, floats, decimals and stamps."""
MAX_LINE = 4 << 20
MAX_BYTES = 16 << 30
BLOCK = 1 << 20
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class Stopped(Exception):
    """Reading cannot go on; the finding is there already. Inside this room only."""


def digest_of(path: Path) -> tuple[int, str]:
    """Return size and SHA-256 of a file as it stands."""
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
                size += len(block)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", hint="name a file that is there") from error
    return size, digest.hexdigest()


def is_parquet(path: Path) -> bool:
    """Tell whether a file begins as Parquet does."""
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


class CsvRows:
    """The rows of a file, the titles among them: `place(5)` is how findings name a row."""

    def __init__(self, path: Path, *, delimiter: str, encoding: str, faults: Faults, prefix: str = "", first: int = 1) -> None:
        """Args: first: the line at which the table begins; what stands above it may be anything."""
        self._path, self._faults, self._prefix = path, faults, prefix
        self._delimiter = DELIMITERS[delimiter]
        self._encoding = encoding
        self._above = max(first, 1) - 1
        self.found_delimiter = ""

    def place(self, number: int) -> str:
        """Return the place of a row for a finding."""
        return f"{self._prefix}line {number}"

    def rows(self) -> Iterator[Row]:
        """Yield every row that has anything in it.

        Raises:
            Stopped: the rest cannot be read; a finding says where and why.
        """
        encoding = self._find_encoding()
        number = 0
        try:
            with self._open() as raw, io.TextIOWrapper(raw, encoding=encoding, newline=None) as text:
                self.found_delimiter = self._delimiter or self._sniff(encoding)
                reader = _rows_of(self._lines(text), self.found_delimiter, self._above)
                for number, cells in reader:
                    if cells and (len(cells) > 1 or str(cells[0]).strip()):
                        yield number, cells
        except csv.Error as error:
            self._stop(
                "CSV_UNREADABLE", number + 1, "look for a quotation mark that is not closed; reading stopped here", str(error), "a table"
            )
        except (UnicodeDecodeError, *DAMAGED) as error:
            self._stop(
                "CSV_ENCODING",
                number + 1,
                "fetch the file again: it is cut or changed while it was read",
                str(error)[:40],
                "the whole file",
            )

    def _open(self) -> BinaryIO:
        try:
            return open_unpacked(self._path)
        except NotOneTable as error:
            self._stop("CSV_UNREADABLE", 1, error.action, str(error), "one table of readings")
        except DAMAGED as error:
            self._stop("CSV_ENCODING", 1, "fetch the file again: it is damaged", str(error), "a whole packed file")

    def _lines(self, text: TextIO) -> Iterator[str]:
        number, read = 0, 0
        while line := text.readline(MAX_LINE + 1):
            number, read = number + 1, read + len(line)
            if read > MAX_BYTES:
                self._too_large(number)
            if len(line) > MAX_LINE:
                action = "write a row per reading or per day, each ended by LF or CRLF; reading stopped here"
                self._stop("CSV_LINE_TOO_LONG", number, action, f"more than {MAX_LINE} characters", f"at most {MAX_LINE}")
            if "\0" in line:
                self._stop("CSV_NUL", number, "the file is damaged: export it again", "a NUL byte", "text")
            if number > self._above:
                yield line

    def _sniff(self, encoding: str) -> str:
        """Return the mark that stands most often in the first lines, outside quotation marks."""
        with self._open() as raw, io.TextIOWrapper(raw, encoding=encoding, newline=None) as text:
            lines = [text.readline(MAX_LINE) for _ in range(self._above + 20)]
        sample = "".join(lines[self._above :])
        bare = "".join(sample.split('"')[::2])
        marks = (",", ";", "\t", "|")
        # A decimal comma in every row outnumbers a semicolon only where there is no semicolon.
        best = max(marks, key=bare.count)
        if not bare.count(best) and all(" " in line.strip() for line in sample.splitlines() if line.strip()):
            return " "
        if best == "," and bare.count(";") >= len(sample.splitlines()):
            return ";"
        if best == "," and bare.count("\t") >= len(sample.splitlines()):
            return "\t"
        return best

    def _find_encoding(self) -> str:
        """Return the encoding of the whole file: looked at before the first row is taken."""
        with self._open() as raw:
            try:
                head = raw.read(4)
            except DAMAGED as error:
                self._stop("CSV_ENCODING", 1, "fetch the file again: it is damaged", str(error), "a whole gzip file")
        for mark, name in _MARKS:
            if head.startswith(mark):
                return name
        if self._encoding in ("windows-1252", "utf-16-le"):
            return {"windows-1252": "cp1252"}.get(self._encoding, self._encoding)
        if self._encoding == "gb18030" or (self._encoding == "auto" and not self._decodes("utf-8") and self._decodes("gb18030")):
            action = "nothing to do; UTF-8 is safer"
            self._faults.add("CSV_GB18030", "info", f"{self._prefix}file", action, "GB18030", "UTF-8")
            return "gb18030"
        self._decodes("utf-8", refuse=True)
        return "utf-8"

    def _decodes(self, encoding: str, *, refuse: bool = False) -> bool:
        decoder, line, read = codecs.getincrementaldecoder(encoding)(), 1, 0
        try:
            with self._open() as raw:
                while block := raw.read(BLOCK):
                    read += len(block)
                    if read > MAX_BYTES:
                        self._too_large(line)
                    try:
                        decoder.decode(block)
                    except UnicodeDecodeError as error:
                        if not refuse:
                            return False
                        line += block.count(b"\n", 0, error.start)
                        self._stop(
                            "CSV_ENCODING",
                            line,
                            "save the file as UTF-8",
                            f"byte {block[error.start : error.start + 1].hex()}",
                            "UTF-8 or GB18030",
                        )
                    line += block.count(b"\n")
                decoder.decode(b"", True)
        except UnicodeDecodeError:
            if refuse:
                self._stop("CSV_ENCODING", line, "fetch the file again: its last character is cut", "half a character", "UTF-8 or GB18030")
            return False
        except DAMAGED as error:
            self._stop("CSV_ENCODING", line, "fetch the file again: it is damaged", str(error), "a whole gzip file")
        return True

    def _too_large(self, line: int) -> NoReturn:
        self._stop("CSV_TOO_LARGE", line, "cut the file by month or meter", f"more than {MAX_BYTES} bytes", f"at most {MAX_BYTES}")

    def _stop(self, code: str, number: int, action: str, got: str, expected: str) -> NoReturn:
        self._faults.add(code, "error", self.place(number), action, got, expected)
        raise Stopped


def _rows_of(lines: Iterator[str], delimiter: str, above: int) -> Iterator[Row]:
    """Yield rows by the number of their first line; blanks between columns may be many, and then nothing is quoted."""
    if delimiter == " ":
        yield from ((number, line.split()) for number, line in enumerate(lines, above + 1))
        return
    csv.field_size_limit(MAX_LINE)
    reader, last = csv.reader(lines, delimiter=delimiter), above
    for cells in reader:
        yield last + 1, cells
        last = above + reader.line_num
