"""One meter's readings on their way to quarter-hours, and how they are named (spec: meter-import §5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.clock import format_instant
from ledger.metering.csv_block import Bytes, Ints, Mask
from ledger.metering.imports.faults import Faults
from ledger.metering.imports.shape import Rows
from ledger.records.findings import Severity


@dataclass(frozen=True)
class Part:
    """One meter's readings, of which nothing is refused so far: `code` of the value, `line` of file and row, `step` in seconds."""

    name: str
    start: Ints
    code: Ints
    quality: Bytes
    line: Ints
    step: Ints

    def take(self, wanted: Ints | Mask) -> Part:
        """Return the readings of positions or of a mask."""
        return Part(self.name, self.start[wanted], self.code[wanted], self.quality[wanted], self.line[wanted], self.step[wanted])

    def __len__(self) -> int:
        return len(self.start)


class Namer:
    """Adds findings on readings, by file, row, meter and instant."""

    def __init__(self, sources: Sequence[Rows], faults: Faults) -> None:
        self._sources, self._faults = sources, faults

    def place(self, line: int) -> str:
        """Return the place of a reading's row."""
        return self._sources[line >> 40].place(line & (1 << 40) - 1)

    def add(self, code: str, severity: Severity, line: int, name: str, at: int, action: str, got: str, expected: str, **more: str) -> None:
        """Add a finding on the reading of a row."""
        place = f"{self.place(line)} meter {name} {format_instant(at)}"
        self._faults.add(code, severity, place, action, got, expected, meter=name, instant=format_instant(at), **more)


def show_length(seconds: int) -> str:
    """Return the length of an interval for people."""
    return f"{seconds // 60} minutes" if seconds % 60 == 0 else f"{seconds} seconds"
