"""What an import gave: totals by meter, month and quality, coverage, and the files by their digests (spec: meter-import §6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from fractions import Fraction

import numpy as np

from ledger.clock import format_instant
from ledger.metering.imports.assembly import ImportedMeter, ImportedRegister
from ledger.metering.imports.faults import shorten
from ledger.metering.imports.meter_map import MeterMap
from ledger.metering.imports.stamps import parse_zone
from ledger.records.findings import Finding, has_errors
from ledger.records.meter_record import Quality
from ledger.units import format_decimal

SCHEMA = "lingtan.meter-import/1"
QUALITIES = tuple(quality for quality in Quality if quality is not Quality.MISSING)


@dataclass(frozen=True)
class SourceFile:
    """A file as it was read."""

    name: str
    bytes: int
    sha256: str
    rows: int


@dataclass(frozen=True)
class MonthTotal:
    """A meter's slots and sum in one local month and quality; `total` in the smallest unit."""

    month: str
    quality: Quality
    slots: int
    total: int


@dataclass(frozen=True)
class ImportResult:
    """What files of readings gave by a map; `meters` or `registers` hold what was not refused."""

    map: MeterMap
    files: tuple[SourceFile, ...]
    meters: tuple[ImportedMeter, ...]
    registers: tuple[ImportedRegister, ...]
    findings: tuple[Finding, ...] = field(repr=False)
    energies: Mapping[str, int | None] = field(default_factory=dict)
    """Of registers, in the smallest unit; None where the display's unit does not say."""

    @property
    def accepted(self) -> bool:
        """Tell whether no finding is an error."""
        return not has_errors(self.findings)

    @property
    def timezone(self) -> str:
        """Return the time zone in which months are months: the map's, else UTC."""
        return self.map.zone or "UTC"

    def months_of(self, meter: ImportedMeter) -> tuple[MonthTotal, ...]:
        """Return a meter's totals by local month and quality."""
        return compute_months(meter, parse_zone(self.timezone))

    def to_document(self, *, listed: int | None = None) -> dict[str, object]:
        """Return the `lingtan.meter-import/1` document.

        Args:
            listed: how many findings of each code to list; all of them where it is None.
        """
        findings = self.findings if listed is None else shorten(self.findings, listed)
        return {
            "schema": SCHEMA,
            "accepted": self.accepted,
            "files": [{"name": file.name, "bytes": file.bytes, "sha256": file.sha256, "rows": file.rows} for file in self.files],
            "map": self.map.to_document(),
            "timezone": self.timezone,
            "unit": self.map.smallest_unit,
            "meters": [self._meter_document(meter) for meter in self.meters],
            "registers": [self._register_document(register) for register in self.registers],
            "findings": [finding.to_document() for finding in findings],
        }

    def _meter_document(self, meter: ImportedMeter) -> dict[str, object]:
        readings = meter.readings
        months: dict[str, dict[str, object]] = {}
        for item in self.months_of(meter):
            months.setdefault(item.month, {})[item.quality.name.lower()] = {"slots": item.slots, "total": str(item.total)}
        quality = {
            flag.name.lower(): {"slots": int(chosen.sum()), "total": str(sum(readings.values[chosen].tolist()))}
            for flag in QUALITIES
            if (chosen := readings.quality == int(flag)).any()
        }
        return {
            "meter": readings.meter,
            "first": format_instant(meter.first),
            "last": format_instant(meter.last),
            "readings": meter.intervals,
            "missing_readings": meter.missing_intervals,
            "coverage": format_decimal(Fraction(meter.read_seconds * 10_000 // (meter.last - meter.first), 10_000)),
            "slots": len(readings),
            "total": str(sum(readings.values.tolist())),
            "total_kwh": self._kwh(sum(readings.values.tolist())),
            "read": _exact(meter.exact),
            "quality": quality,
            "months": [{"month": month, **totals} for month, totals in months.items()],
        }

    def _kwh(self, total: int) -> str | None:
        return format_decimal(Fraction(total, 1_000_000)) if self.map.smallest_unit == "mWh" else None

    def _register_document(self, register: ImportedRegister) -> dict[str, object]:
        first, last = register.points[0], register.points[-1]
        energy = self.energies.get(register.meter)
        return {
            "meter": register.meter,
            "first": format_instant(first.at),
            "last": format_instant(last.at),
            "points": len(register.points),
            "first_display": format_decimal(first.display),
            "last_display": format_decimal(last.display),
            "unit": self.map.unit,
            "multiplier": self.map.multiplier,
            "total": None if energy is None else str(energy),
            "total_kwh": None if energy is None else self._kwh(energy),
        }


def compute_months(meter: ImportedMeter, zone: tzinfo) -> tuple[MonthTotal, ...]:
    """Return a meter's slots and sums by local month of the slot's start and by quality, in order."""
    readings = meter.readings
    if not len(readings):
        return ()
    bounds, names = _month_bounds(int(readings.slots[0]), int(readings.slots[-1]), zone)
    month = np.searchsorted(bounds, readings.slots, side="right") - 1
    made = []
    for at in range(len(names)):
        inside = month == at
        for flag in QUALITIES:
            chosen = inside & (readings.quality == int(flag))
            if chosen.any():
                made.append(MonthTotal(names[at], flag, int(chosen.sum()), sum(readings.values[chosen].tolist())))
    return tuple(made)


def _month_bounds(first: int, last: int, zone: tzinfo) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], list[str]]:
    day = datetime.fromtimestamp(first * 900, zone).replace(day=1, hour=0, minute=0, second=0, fold=0)
    bounds, names = [], []
    while int(day.astimezone(UTC).timestamp()) <= last * 900:
        # A month that begins within a slot (a zone off the quarter-hour) begins with the next one.
        bounds.append(-(-int(day.astimezone(UTC).timestamp()) // 900))
        names.append(f"{day.year}-{day.month:02d}")
        day = (day.replace(tzinfo=None) + timedelta(days=32)).replace(day=1, tzinfo=zone)
    return np.array(bounds, dtype=np.int64), names


def _exact(value: Fraction) -> str:
    """Return an exact amount as a decimal, or as a fraction where it has none."""
    denominator = value.denominator
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    return format_decimal(value) if denominator == 1 else f"{value.numerator}/{value.denominator}"


def count_by_code(findings: tuple[Finding, ...]) -> Mapping[str, int]:
    """Return how many findings there are of each code."""
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.code] = counts.get(finding.code, 0) + int(finding.params.get("count", "1") if finding.place == "file" else 1)
    return counts
