"""What an imported register ran through: by the rules of fittings and rollovers that hold for every register (spec: metering §6)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ledger.metering.fitting import Fitting, Ratio, RegisterForm
from ledger.metering.imports.assembly import ImportedRegister
from ledger.metering.imports.meter_map import MeterMap
from ledger.metering.registers import DISPLAY_UNITS, MAX_POINT_DECIMALS, RegisterPoints, derive
from ledger.records.findings import Finding
from ledger.records.meter_record import Quality, Quantity
from ledger.units import format_decimal

USUAL_DIGITS = 6


def compute_energy(register: ImportedRegister, map: MeterMap) -> tuple[int | None, tuple[Finding, ...]]:
    """Return the energy (mWh, L or kJ) of the quarter-hours that lie whole between the register's points, and what is to be said of them.

    Without fittings the ratio is the map's multiplier and the display has six digits before the point, or as many as it shows.
    None where the display is not in kWh, m3 or GJ, or has more than six decimals.
    """
    quantity = Quantity(map.quantity)
    unit = next(unit for kind, unit, _ in DISPLAY_UNITS if kind is quantity)
    decimals = max(_decimals(point.display) for point in register.points)
    if map.unit != unit or decimals > MAX_POINT_DECIMALS:
        return None, ()
    values = [int(point.display * 10**decimals) for point in register.points]
    points = RegisterPoints(
        register.meter,
        decimals,
        np.array([point.at for point in register.points], dtype=np.int64),
        np.array(values, dtype=np.int64),
        np.array([point.quality is Quality.ACTUAL for point in register.points], dtype=np.bool_),
    )
    first = register.points[0]
    digits = max(USUAL_DIGITS, *(len(str(int(point.display))) for point in register.points))
    fitting = Fitting(
        "import", register.meter, first.at, "import", format_decimal(first.display), "installed", "import", "import", first.at,
        ratio=Ratio(ct=map.multiplier), register=RegisterForm(digits, decimals),
    )  # fmt: skip
    series, findings = derive(points, [fitting], quantity)
    return sum(series.values.tolist()), findings


def _decimals(value: Fraction) -> int:
    text = format_decimal(value)
    return len(text) - text.find(".") - 1 if "." in text else 0
