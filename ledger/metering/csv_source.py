"""A CSV of meter readings as a stream: header, blocks of lines, then what only the whole file shows (repeats, gaps).

Dialect: UTF-8 (a byte order mark is accepted; GB18030 too, with a finding), lines end LF or CRLF, first line
`meter,timestamp,<unit>` with unit kW (mean demand of the quarter-hour), kWh, Wh or MWh, optionally a fourth column `quality` of
A, E, M, S, Q. timestamp = start of the quarter-hour, RFC 3339 with Z or an offset. Rows in any order. Values become exact mWh.

All findings come at once; a file with a finding of severity error is refused whole. Memory is bounded by the readings themselves
(25 bytes each), never by the length of a line.
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from ledger.clock import format_instant
from ledger.metering.csv_block import Bytes, Ints, read_block
from ledger.metering.csv_line import ELECTRIC, Dialect, MeterFacts, read_header, read_line
from ledger.metering.finding_list import LISTED_PER_CODE, FindingList
from ledger.metering.meter_day import DAY_SLOTS, SLOT_SECONDS, MeterDay
from ledger.records.findings import Finding, Severity
from ledger.records.meter_record import Quality

__all__ = ["CsvReading", "MeterFacts", "MeterReadings", "read_meter_csv"]

MAX_LINE_BYTES = 4096
BLOCK_BYTES = 256 * 1024
PIECE_BYTES = 64 * 1024
MAX_BAD_LINES = 10_000
_REFUSED = 255  # quality of a slot whose reading was refused: no gap, no reading
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class MeterReadings:
    """One meter's accepted readings, strictly ascending by slot (Unix seconds ÷ 900); values in mWh."""

    meter: str
    slots: Ints = field(repr=False)
    values: Ints = field(repr=False)
    quality: Bytes = field(repr=False)

    def __len__(self) -> int:
        return len(self.slots)

    def to_mapping(self) -> dict[int, tuple[int, Quality]]:
        """Return slot → (value, quality): for a few readings, not for a year of a bank."""
        rows = zip(self.slots.tolist(), self.values.tolist(), self.quality.tolist(), strict=True)
        return {slot: (value, Quality(flag)) for slot, value, flag in rows}

    def days(self) -> tuple[MeterDay, ...]:
        """Return the meter-days that these readings touch, ascending."""
        numbers = self.slots // DAY_SLOTS
        bounds = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)] if len(numbers) else []
        made = []
        for start, stop in pairwise(bounds):
            within = self.slots[start:stop] % DAY_SLOTS
            values, quality = np.zeros(DAY_SLOTS, dtype="<i8"), np.zeros(DAY_SLOTS, dtype=np.uint8)
            values[within], quality[within] = self.values[start:stop], self.quality[start:stop]
            made.append(MeterDay(self.meter, int(numbers[start]), values.tobytes(), quality.tobytes()))
        return tuple(made)


@dataclass(frozen=True)
class CsvReading:
    """What a file gave. `readings` is empty where a finding is an error; `sha256` is None where reading stopped before the end."""

    readings: Mapping[str, MeterReadings]
    findings: tuple[Finding, ...]
    rows: int
    sha256: str | None


def read_meter_csv(chunks: Iterable[bytes], *, meters: Mapping[str, MeterFacts], now: int) -> CsvReading:
    """Read a CSV of readings from its chunks.

    Args:
        chunks: the bytes in order, cut anywhere; no more are taken once the file is refused for a line that is too long.
        meters: the meters that may report, by id.
        now: Unix seconds; a reading more than five minutes later is of the future.
    """
    reader, hasher = _Reader(meters, now), hashlib.sha256()
    complete = True
    for piece in _pieces(chunks):
        hasher.update(piece)
        complete = reader.feed(piece)
        if not complete:
            break
    if complete:
        complete = reader.finish()
    readings = reader.conclude()
    return CsvReading(readings, reader.findings.close(), reader.rows, hasher.hexdigest() if complete else None)


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    # A sender's chunk may be the whole file: cut, it is looked at before it is copied.
    for chunk in chunks:
        for start in range(0, len(chunk), PIECE_BYTES):
            yield chunk[start : start + PIECE_BYTES]


class _Reader:
    def __init__(self, meters: Mapping[str, MeterFacts], now: int) -> None:
        self.findings, self.rows = FindingList(), 0
        self._meters, self._now = meters, now
        self._names = tuple(sorted(meters))
        self._numbers = {name: at for at, name in enumerate(self._names)}
        electric = {name.encode(): at for name, at in self._numbers.items() if meters[name].quantity in ELECTRIC}
        self._electric: Mapping[bytes, int] = electric
        self._dialect: Dialect | None = None
        self._encoding = "utf-8"
        self._buffer, self._offset, self._line, self._bad_lines, self._tail = bytearray(), 0, 1, 0, 0
        self._parts: list[tuple[Ints, Ints, Bytes, Ints]] = []

    def feed(self, chunk: bytes) -> bool:
        """Take a chunk; return False where reading must stop."""
        newline = chunk.rfind(b"\n")
        self._tail = self._tail + len(chunk) if newline < 0 else len(chunk) - newline - 1
        self._buffer += chunk
        if len(self._buffer) < BLOCK_BYTES and self._tail <= MAX_LINE_BYTES:
            return True
        return self._take(len(self._buffer) - self._tail) and self._check_tail()

    def finish(self) -> bool:
        """Take what is left after the last chunk; return False where reading stopped before the end."""
        if self._buffer and not self._buffer.endswith(b"\n"):
            self._buffer += b"\n"
        if not self._take(len(self._buffer)):
            return False
        if self.rows == 0 and not self.findings.errors:
            self.findings.add("CSV_EMPTY", "error", "file", "send a header line and at least one reading", "no readings", "readings")
        return True

    def _check_tail(self) -> bool:
        if self._tail > MAX_LINE_BYTES:
            self._refuse_long_line(self._line)
            return False
        return True

    def _refuse_long_line(self, number: int) -> None:
        action = "write one reading per line, with LF or CRLF line ends; reading stopped here"
        got, expected = f"more than {MAX_LINE_BYTES} bytes", f"at most {MAX_LINE_BYTES} bytes"
        self.findings.add("CSV_LINE_TOO_LONG", "error", f"line {number} column 1", action, got, expected)

    def _take(self, size: int) -> bool:
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        if self._dialect is None and data:
            end = data.find(b"\n") + 1
            if not self._take_header(data[:end]):
                return False
            data, self._offset, self._line = data[end:], end, 2
        return self._take_lines(data) if data else True

    def _take_header(self, line: bytes) -> bool:
        if len(line) > MAX_LINE_BYTES:
            self._refuse_long_line(1)
            return False
        if line.startswith(_UTF16):
            self._refuse_encoding(0, 1, line)
            return False
        text = self._decode(line.removeprefix(codecs.BOM_UTF8).rstrip(b"\r\n"), 0, 1)
        self._dialect = None if text is None else read_header(text, self.findings)
        return self._dialect is not None

    def _take_lines(self, data: bytes) -> bool:
        dialect = self._dialect
        if dialect is None:
            return False
        block = read_block(data, dialect, self._electric, self._now)
        lines = np.arange(self._line, self._line + len(block.first), dtype=np.int64)
        good = block.accepted
        self._parts.append((block.meter[good] << 32 | block.slot[good], block.value[good], block.quality[good], lines[good]))
        self.rows += int(good.sum())
        slow: list[tuple[int, int, int, int]] = []
        for at in np.flatnonzero(~good).tolist():
            start, stop = int(block.first[at]), int(block.last[at])
            if stop - start > MAX_LINE_BYTES:
                self._refuse_long_line(int(lines[at]))
                return False
            if stop > start and not self._explain(data[start:stop], self._offset + start, int(lines[at]), dialect, slow):
                return False
        if slow:
            keys, values, flags, numbers = np.array(slow, dtype=np.int64).T
            self._parts.append((keys, values, flags.astype(np.uint8), numbers))
        self._offset, self._line = self._offset + len(data), self._line + len(lines)
        return True

    def _explain(self, raw: bytes, offset: int, number: int, dialect: Dialect, slow: list[tuple[int, int, int, int]]) -> bool:
        self.rows += 1
        before = self.findings.errors
        text = self._decode(raw, offset, number)
        if text is not None:
            reading = read_line(text, number, dialect, self._meters, self._now, self.findings)
            if reading is not None:
                value, flag = (0, _REFUSED) if reading.value is None else (reading.value, int(reading.quality))
                slow.append((self._numbers[reading.meter] << 32 | reading.slot, value, flag, number))
        self._bad_lines += self.findings.errors > before
        if self._bad_lines < MAX_BAD_LINES:
            return True
        action = "correct the export and send the file again; reading stopped here"
        self.findings.add("CSV_TOO_MANY_ERRORS", "error", f"line {number} column 1", action, f"{MAX_BAD_LINES} lines with errors")
        return False

    def _decode(self, raw: bytes, offset: int, number: int) -> str | None:
        try:
            return raw.decode(self._encoding)
        except UnicodeDecodeError as error:
            at = offset + error.start
        if self._encoding == "utf-8" and self._dialect is not None:
            try:
                text = raw.decode("gb18030")
            except UnicodeDecodeError:
                self._refuse_encoding(at, number, raw)
                return None
            self._encoding = "gb18030"
            action, place = "save the file as UTF-8 next time", f"line {number} column 1"
            self.findings.add("CSV_GB18030", "info", place, action, f"byte {at}", "UTF-8", byte=str(at))
            return text
        self._refuse_encoding(at, number, raw)
        return None

    def _refuse_encoding(self, offset: int, number: int, raw: bytes) -> None:
        got = f"byte {offset}: {raw[:8].hex(' ')}"
        self.findings.add("CSV_ENCODING", "error", f"line {number} column 1", "save the file as UTF-8", got, "UTF-8 text", byte=str(offset))

    def conclude(self) -> Mapping[str, MeterReadings]:
        """Look at the file as a whole: repeats and gaps; return the readings unless an error was found."""
        if not self._parts:
            return {}
        keys, values, quality, lines = (np.concatenate(columns) for columns in zip(*self._parts, strict=True))
        self._parts.clear()
        if not bool((keys[1:] > keys[:-1]).all()):
            order = np.argsort(keys, kind="stable")
            keys, values, quality, lines = keys[order], values[order], quality[order], lines[order]
            kept = self._check_repeats(keys, values, quality, lines)
            keys, values, quality = keys[kept], values[kept], quality[kept]
        bounds = [0, *(np.flatnonzero(np.diff(keys >> 32)) + 1).tolist(), len(keys)] if len(keys) else []
        made = {}
        for start, stop in pairwise(bounds):
            name = self._names[int(keys[start] >> 32)]
            slots = keys[start:stop] & 0xFFFFFFFF
            self._check_gaps(name, slots)
            made[name] = MeterReadings(name, slots, values[start:stop], quality[start:stop])
        return {} if self.findings.errors else made

    def _check_repeats(self, keys: Ints, values: Ints, quality: Bytes, lines: Ints) -> Ints:
        """Return the positions of the first reading of every slot; each later one is a finding."""
        again = np.concatenate((np.zeros(1, dtype=np.bool_), keys[1:] == keys[:-1]))
        firsts = np.flatnonzero(~again)
        repeats = np.flatnonzero(again)
        original = firsts[np.searchsorted(firsts, repeats, side="right") - 1]
        judged = (quality[repeats] != _REFUSED) & (quality[original] != _REFUSED)
        same = (values[repeats] == values[original]) & (quality[repeats] == quality[original])
        for code, wanted in (("DUPLICATE_SAME", judged & same), ("READING_REPEATED", judged & ~same)):
            # In the order of the file, so that the list reads beside it.
            chosen = np.flatnonzero(wanted)
            chosen = chosen[np.argsort(lines[repeats[chosen]], kind="stable")]
            for at in chosen[:LISTED_PER_CODE].tolist():
                self._found_repeat(code, keys, values, quality, lines, int(repeats[at]), int(original[at]))
            self.findings.add_uncounted(code, len(chosen) - LISTED_PER_CODE)
        return firsts

    def _found_repeat(self, code: str, keys: Ints, values: Ints, quality: Bytes, lines: Ints, again: int, original: int) -> None:
        name = self._names[int(keys[again] >> 32)]
        instant = format_instant(int(keys[again] & 0xFFFFFFFF) * SLOT_SECONDS)
        got, kept = (f"{values[at]} mWh {Quality(int(quality[at])).name}" for at in (again, original))
        expected = f"{kept} as in line {lines[original]}"
        params = {"meter": name, "instant": instant, "first_line": str(lines[original])}
        severity: Severity = "warning" if code == "DUPLICATE_SAME" else "error"
        action = "keep one reading for each quarter-hour; where both are alike one counts"
        self.findings.add(code, severity, f"line {lines[again]} column 2", action, got, expected, **params)

    def _check_gaps(self, name: str, slots: Ints) -> None:
        steps = np.diff(slots)
        gaps = np.flatnonzero(steps > 1)
        for at in gaps[:LISTED_PER_CODE].tolist():
            missing = int(steps[at]) - 1
            begin, end = (format_instant(int(slot) * SLOT_SECONDS) for slot in (slots[at] + 1, slots[at + 1]))
            action = "send the missing readings, or let them be estimated; the slots stay marked as missing"
            got, params = f"{missing} slots missing", {"meter": name, "from": begin, "to": end, "slots": str(missing)}
            place = f"meter {name} from {begin} to {end}"
            self.findings.add("READINGS_MISSING", "warning", place, action, got, "no gap", **params)
        self.findings.add_uncounted("READINGS_MISSING", len(gaps) - LISTED_PER_CODE)
