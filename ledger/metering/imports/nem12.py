"""NEM12, the interval meter data file of Australia's market, as rows of a long table (spec: meter-import §10).

A 200 record says the meter, its unit and the length of its intervals; 300 records are its days; 400 records are the quality of parts of
the day before them, where the day's own is V. A row is one interval, by the number of its 300 record's line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ledger.metering.imports.faults import Faults
from ledger.metering.imports.source import CsvRows, Row

TITLES = ("meter", "start", "value", "unit", "seconds", "quality")
_MINUTES = {"1": 1, "5": 5, "15": 15, "30": 30}
_NUMBER = re.compile(r"[0-9]{1,6}", re.ASCII)
_NO_ENERGY = ("var", "va", "pf", "volt", "amp", "kv", "v", "a")


@dataclass(frozen=True)
class _Channel:
    """What a 200 record says of the 300 records that follow."""

    meter: str
    unit: str
    minutes: int
    left_out: bool

    @property
    def count(self) -> int:
        return 1440 // self.minutes


class Nem12Rows:
    """The rows of a file; the first one, number 0, holds the titles."""

    def __init__(self, table: CsvRows, *, faults: Faults) -> None:
        self._table, self._faults = table, faults

    def place(self, number: int) -> str:
        """Return the place of a row for a finding: the line of its day."""
        return self._table.place(number)

    def rows(self) -> Iterator[Row]:
        """Yield titles and intervals.

        Raises:
            Stopped: the file cannot be read; a finding says so.
        """
        yield 0, TITLES
        channel: _Channel | None = None
        day: _Day | None = None
        number = 0
        for number, cells in self._table.rows():
            kind = str(cells[0]).strip()
            if kind == "400" and day is not None:
                if not day.mark(cells):
                    self._refuse(number, "400", "first and last interval of the day, and a quality")
                continue
            if day is not None:
                yield from day.rows()
                day = None
            if kind == "200":
                channel = self._channel(number, cells)
            elif kind == "300":
                if channel is None:
                    self._refuse(number, "300 without a good 200 record before it", "200, then 300")
                elif not channel.left_out:
                    day = self._day(number, cells, channel)
            elif kind not in ("100", "500", "900") or (kind == "100" and (len(cells) < 2 or str(cells[1]).strip().upper() != "NEM12")):
                self._refuse(number, " ".join(str(cell) for cell in cells[:2]), "100,NEM12 and records 200, 300, 400, 500, 900")
        if day is not None:
            yield from day.rows()
        if number and kind != "900":
            action = "fetch the file again if readings lack at its end: it is cut"
            self._faults.add("FORM_END_MISSING", "warning", self.place(number), action, kind, "900 in the last line")

    def _refuse(self, number: int, got: str, expected: str) -> None:
        action = "correct the record, or fetch the file again; it is not taken"
        self._faults.add("FORM_RECORD_INVALID", "error", self.place(number), action, got, expected)

    def _channel(self, number: int, cells: Sequence[object]) -> _Channel | None:
        texts = [str(cell).strip() for cell in cells]
        if len(texts) < 9 or not texts[1] or texts[8].lstrip("0") not in _MINUTES:
            self._refuse(number, ",".join(texts[:9]), "200,NMI,…,suffix,…,unit,length of intervals: 1, 5, 15 or 30")
            return None
        meter = f"{texts[1]}-{texts[4]}" if texts[4] else texts[1]
        unit = texts[7].lower()
        # Reactive energy, apparent power and the like stand beside energy in nearly every file.
        other = unit.lstrip("km").startswith(_NO_ENERGY)
        if other:
            action = "nothing to do: this register measures no energy"
            self._faults.add("UNIT_LEFT_OUT", "info", f"{self.place(number)} meter {meter}", action, texts[7], "kWh", meter=meter)
        return _Channel(meter, texts[7], _MINUTES[texts[8].lstrip("0")], other)

    def _day(self, number: int, cells: Sequence[object], channel: _Channel) -> _Day | None:
        texts = [str(cell).strip() for cell in cells]
        try:
            date = datetime.strptime(texts[1], "%Y%m%d").replace(tzinfo=UTC) if len(texts[1]) == 8 else None
        except (ValueError, IndexError):
            date = None
        if date is None or len(texts) < channel.count + 3 or texts[channel.count + 2][:1] not in tuple("AEFNSV"):
            expected = f"300,YYYYMMDD,{channel.count} values, a quality A, E, F, N, S or V"
            self._refuse(number, ",".join([*texts[:3], "…", *texts[channel.count + 1 : channel.count + 3]]), expected)
            return None
        return _Day(number, channel, date, texts[2 : channel.count + 2], [texts[channel.count + 2][0]] * channel.count)


@dataclass(frozen=True)
class _Day:
    """A 300 record, and what 400 records say of it."""

    number: int
    channel: _Channel
    date: datetime
    values: list[str]
    qualities: list[str]

    def mark(self, cells: Sequence[object]) -> bool:
        """Take the quality of a 400 record; tell whether it is one."""
        first, last, quality = (str(cell).strip() for cell in (*cells[1:4], *[""] * (4 - len(cells))))
        if not (_NUMBER.fullmatch(first) and _NUMBER.fullmatch(last) and quality[:1] in tuple("AEFNS")):
            return False
        if not 1 <= int(first) <= int(last) <= len(self.values):
            return False
        self.qualities[int(first) - 1 : int(last)] = [quality[0]] * (int(last) - int(first) + 1)
        return True

    def rows(self) -> Iterator[Row]:
        """Yield the day's intervals; a V that no 400 record explains stays, and is a quality that is not known."""
        step = timedelta(minutes=self.channel.minutes)
        for at, (value, quality) in enumerate(zip(self.values, self.qualities, strict=True)):
            start = (self.date + at * step).strftime("%Y-%m-%d %H:%M")
            yield self.number, (self.channel.meter, start, value, self.channel.unit, 60 * self.channel.minutes, quality)
