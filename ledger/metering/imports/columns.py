"""What rows become: columns of codes, and the stamps that they point to (spec: meter-import §3). A reading costs 21 bytes, or 25."""

from __future__ import annotations

from array import array
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import tzinfo

from ledger.clock import format_instant
from ledger.metering.imports.numbered_stamps import DAY, NoStamp, Stamp
from ledger.metering.imports.stamps import reader_of, wall_clock
from ledger.metering.imports.texts import Values

SKIPPED = -1
"""The code of a stamp or of a meter that is none."""


class Stamps:
    """Texts → codes into `seconds` and `local`; a text that is no stamp has `SKIPPED`, and its expected form in `refused`."""

    def __init__(self, format: str, step: int, zone: tzinfo | None, *, whole: bool) -> None:
        """Args: step: seconds of an interval; whole: parts of a second are refused, else left out (of registers)."""
        self.codes: dict[Hashable, int] = {}
        self.plain: dict[Hashable, int] = {}
        """Of the codes those of stamps."""
        self.seconds: array[int] = array("q")
        self.local: array[int] = array("B")
        self.days: array[int] = array("q")
        """The day (since 1970) of a stamp that says how much of a day has passed; it may lie after the day's end by the wall's clock."""
        self.refused: dict[Hashable, str] = {}
        self._read, self._known = reader_of(format, step, whole, zone), dict[tuple[int, bool, int], int]()
        self._days: dict[Hashable, list[int]] = {}

    def add(self, key: Hashable) -> int:
        """Return the code of a text (or stamp of Parquet) that was not met yet."""
        stamp = self.read(key)
        self.codes[key] = SKIPPED if stamp is None else self.code_of(stamp)
        if stamp is not None:
            self.plain[key] = self.codes[key]
        return self.codes[key]

    def read(self, key: Hashable) -> Stamp | None:
        """Return the stamp of a cell, or None."""
        if isinstance(key, Stamp):
            return key
        try:
            return self._read(str(key).strip())
        except NoStamp as error:
            self.refused[key] = str(error)
        except ValueError:
            self.refused[key] = "1970 to 2099"
        return None

    def code_of(self, stamp: Stamp) -> int:
        """Return the code of a stamp."""
        day = stamp.seconds // DAY if stamp.day is None else stamp.day
        code = self._known.setdefault((stamp.seconds, stamp.local, day), len(self.seconds))
        if code == len(self.seconds):
            self.seconds.append(stamp.seconds)
            self.local.append(stamp.local)
            self.days.append(day)
        return code

    def show(self, code: int) -> str:
        """Return a stamp for people."""
        return wall_clock(self.seconds[code]) if self.local[code] else format_instant(self.seconds[code])

    def codes_of_day(self, key: Hashable, positions: int, step: int, *, elapsed: bool) -> list[int] | None:
        """Return the codes of the stamps of a day's columns, or None where the text is no date."""
        known = self._days.get(key)
        if known is None:
            start = self.read(key)
            if start is None or start.seconds % DAY or not start.local:
                self.refused.setdefault(key, "a date")
                return None
            day = start.seconds // DAY if elapsed else None
            known = [self.code_of(Stamp(start.seconds + at * step, True, day)) for at in range(positions)]
            self._days[key] = known
        return known


@dataclass
class Columns:
    """Every reading of the files, in their order: codes into `names`, `stamps`, `values`; quality; file and row; length if it differs."""

    names: list[str]
    stamps: Stamps
    values: Values
    meter: array[int] = field(default_factory=lambda: array("i"))
    stamp: array[int] = field(default_factory=lambda: array("i"))
    value: array[int] = field(default_factory=lambda: array("i"))
    quality: array[int] = field(default_factory=lambda: array("B"))
    line: array[int] = field(default_factory=lambda: array("q"))
    """File number × 2⁴⁰ + row."""
    step: array[int] = field(default_factory=lambda: array("i"))
    """Seconds of every interval, where a column of the file says them; else empty."""
    rows: int = 0
