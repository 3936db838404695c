"""Look for units whose use per square metre or per head is hardly possible: an area, a headcount or a quantity is wrong by its unit.

The ranges are wide on purpose. Outlets and branches use 60 to 150 kWh/m² a year and banks emit 3 to 5 t CO2e per head and 0.05 to 0.15 t/m²
in published reports; a finding is made far outside only, and is no more than a question.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from ledger.accounting.validators.figures import GRAMS_PER_TONNE
from ledger.accounting.validators.ranges import for_people
from ledger.accounting.validators.subject import Subject
from ledger.records.findings import Finding
from ledger.records.period import DAY_SECONDS, Period
from ledger.records.statement import Line
from ledger.records.unit import Unit
from ledger.units import format_decimal, parse_decimal

ELECTRICITY = "electricity.purchased"
DAYS_PER_YEAR = 365


@dataclass(frozen=True)
class IntensityRange:
    """Bounds of a yearly intensity, both inclusive: `what` ÷ `per` in `unit`."""

    what: str
    per: str
    unit: str
    low: Fraction
    high: Fraction


RANGES = (
    IntensityRange("electricity", "area", "kWh/m² a year", Fraction(5), Fraction(800)),
    IntensityRange("emissions", "area", "tCO2e/m² a year", Fraction(1, 1000), Fraction(1)),
    IntensityRange("emissions", "headcount", "tCO2e per head a year", Fraction(2, 100), Fraction(60)),
)


def check_intensities(subject: Subject) -> tuple[Finding, ...]:
    """Return `INTENSITY_IMPLAUSIBLE` for the lowest units of the tree whose yearly intensity is far outside what banks show."""
    statement, tree = subject.statement, subject.tree
    if statement is None or tree is None:
        return ()
    findings: list[Finding] = []
    lines: dict[str, list[Line]] = {}
    for line in statement.lines:
        lines.setdefault(line.unit, []).append(line)
    for unit in tree.depth_order():
        if unit.id in lines and not tree.children(unit.id):
            findings.extend(_check_unit(unit, lines[unit.id], statement.period, subject))
    return tuple(sorted(findings, key=lambda finding: (finding.place, finding.params["per"])))


def _check_unit(unit: Unit, lines: list[Line], period: Period, subject: Subject) -> Iterator[Finding]:
    first, last = max(period.first_day, unit.opened), period.last_day if unit.closed is None else min(period.last_day, unit.closed)
    days = (last - first).days + 1
    if days <= 0 or period.end - period.start < 28 * DAY_SECONDS:
        return
    used = {
        "electricity": sum((line.quantity.exact for line in lines if line.indicator == ELECTRICITY), Fraction(0)),
        "emissions": Fraction(sum(line.measures.scope1_g + line.measures.scope2_location_g for line in lines), GRAMS_PER_TONNE),
    }
    sizes = {item.measure: parse_decimal(item.value) for item in subject.activity.denominators if item.unit == unit.id}
    area = sizes.get("area_m2") or (parse_decimal(unit.area_m2) if unit.area_m2 else Fraction(0))
    heads = sizes.get("headcount") or Fraction(unit.headcount or 0)
    for bounds in RANGES:
        amount, size = used[bounds.what], area if bounds.per == "area" else heads
        if amount == 0 or size == 0:
            continue
        yearly = amount * DAYS_PER_YEAR / days / size
        if bounds.low <= yearly <= bounds.high:
            continue
        params = {"unit": unit.id, "what": bounds.what, "per": bounds.per, "size": format_decimal(size)}
        action = f"check the {bounds.per} of the unit, and the unit and decimal point of its quantities"
        got = f"{for_people(yearly)} {bounds.unit}"
        expected = f"{for_people(bounds.low)} to {for_people(bounds.high)} {bounds.unit}"
        yield Finding("INTENSITY_IMPLAUSIBLE", "info", f"unit {unit.id}", action, got, expected, params)
