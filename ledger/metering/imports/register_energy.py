"""What an imported register ran through: by the rules of fittings and rollovers that hold for every register (spec: metering §6)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ledger.metering.fitting import Fitting, Ratio, RegisterForm
from ledger.metering.imports.assembly import ImportedRegister
from ledger.metering.imports.meter_map import MeterMap
from ledger.metering.imports.unit_table import factor_of
from ledger.metering.registers import DISPLAY_UNITS, MAX_POINT_DECIMALS, RegisterPoints, derive
from ledger.records.findings import Finding
from ledger.records.meter_record import Quality, Quantity
from ledger.units import format_decimal

USUAL_DIGITS = 6
NO_ROLLOVER = 12


def compute_energy(register: ImportedRegister, map: MeterMap) -> tuple[int | None, tuple[Finding, ...]]:
    """Return the energy (mWh, L or kJ) of the quarter-hours that lie whole between the register's points, and what is to be said of them.

    Without fittings the ratio is the map's multiplier and the display has six digits before the point, or as many as it shows.
    None where its unit is no decimal part or multiple of kWh, m3 or GJ.
    """
    quantity = Quantity(map.quantity)
    unit = next(unit for kind, unit, _ in DISPLAY_UNITS if kind is quantity)
    scale = factor_of(map.unit, quantity, map.seconds) / factor_of(unit, quantity, map.seconds)
    if _decimals_of(scale) is None:
        return None, ()
    shown = [point.display * scale for point in register.points]
    decimals = min(MAX_POINT_DECIMALS, max(_decimals_of(value) or 0 for value in shown))
    # A display is a running total: rounded by itself, it makes every difference right to one unit.
    values = [round(value * 10**decimals) for value in shown]
    rounded = sum(value * 10**decimals != whole for value, whole in zip(shown, values, strict=True))
    points = RegisterPoints(
        register.meter,
        decimals,
        np.array([point.at for point in register.points], dtype=np.int64),
        np.array(values, dtype=np.int64),
        np.array([point.quality is Quality.ACTUAL for point in register.points], dtype=np.bool_),
    )
    first = register.points[0]
    longest = max(USUAL_DIGITS, *(len(str(int(point.display))) for point in register.points))
    power = next((power for power in range(-MAX_POINT_DECIMALS, MAX_POINT_DECIMALS + 1) if scale == Fraction(10) ** power), None)
    # A display in a unit that is no ten times of ours rolls over at no power of ten of ours: where it falls, that is a finding.
    digits = NO_ROLLOVER if power is None else max(1, longest + power)
    display = format_decimal(Fraction(values[0], 10**decimals))
    fitting = Fitting(
        "import", register.meter, first.at, "import", display, "installed", "import", "import", first.at,
        ratio=Ratio(ct=map.multiplier), register=RegisterForm(digits, decimals),
    )  # fmt: skip
    series, findings = derive(points, [fitting], quantity)
    if rounded:
        action = "nothing to do: displays are rounded, so that every difference is right to one unit"
        got = f"{rounded} of {len(shown)} displays"
        place = f"meter {register.meter}"
        facts = {"meter": register.meter, "values": str(rounded)}
        findings = (*findings, Finding("VALUES_ROUNDED", "info", place, action, got, f"{decimals} decimals of a {unit}", facts))
    return sum(series.values.tolist()), findings


def _decimals_of(value: Fraction) -> int | None:
    """Return how many decimals a number has; None where they do not end."""
    denominator, twos, fives = value.denominator, 0, 0
    while denominator % 2 == 0:
        denominator, twos = denominator // 2, twos + 1
    while denominator % 5 == 0:
        denominator, fives = denominator // 5, fives + 1
    return max(twos, fives) if denominator == 1 else None
