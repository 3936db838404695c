"""Tables of the made-up book: classes, sectors of a Zhejiang city, options, quantiles. Factors are made up and stand for no statistics."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from statistics import NormalDist

QUANTILES = 256


@dataclass(frozen=True)
class Sector:
    """A sector of GB/T 4754: its weight among firms, and made-up S1+2 factors in kg CO2e per million CNY of revenue and of assets."""

    code: str
    weight: int
    by_revenue: int
    by_assets: int
    high_carbon: str | None = None


SECTORS = (
    Sector("C1751", 90, 98_400, 61_200),
    Sector("C1810", 80, 31_700, 24_100),
    Sector("C1951", 35, 29_400, 22_800),
    Sector("C2110", 40, 37_900, 26_300),
    Sector("C2929", 75, 84_600, 52_900),
    Sector("C3360", 45, 121_500, 70_400),
    Sector("C3482", 95, 66_300, 41_700),
    Sector("C3670", 85, 45_200, 30_600),
    Sector("C3812", 70, 33_900, 22_500),
    Sector("C3951", 40, 27_600, 19_900),
    Sector("F5175", 130, 9_800, 8_600),
    Sector("F5299", 110, 12_400, 10_900),
    Sector("E4710", 65, 41_300, 18_700),
    Sector("G5430", 45, 176_800, 98_200),
    Sector("H6210", 40, 52_700, 30_400),
    Sector("A0111", 35, 143_900, 46_800),
    Sector("I6513", 30, 8_100, 5_200),
    Sector("K7010", 25, 6_900, 1_400),
    Sector("L7211", 25, 5_600, 2_100),
    Sector("Q8411", 8, 24_500, 9_700),
    Sector("D4411", 6, 5_210_000, 1_930_000, "power"),
    Sector("C3120", 7, 1_640_000, 1_120_000, "steel"),
    Sector("C3011", 12, 2_870_000, 1_410_000, "building_materials"),
    Sector("C2511", 3, 612_000, 430_000, "petrochemicals"),
    Sector("C2614", 14, 471_000, 322_000, "chemicals"),
    Sector("C3252", 9, 388_000, 291_000, "nonferrous_metals"),
    Sector("C2221", 10, 542_000, 366_000, "paper"),
    Sector("G5611", 2, 1_230_000, 640_000, "aviation"),
)

# Weights in a ten-thousandth of the rows.
CLASSES: tuple[tuple[str, int], ...] = (
    ("business_loan", 5_830),
    ("mortgage", 2_700),
    ("motor_vehicle", 900),
    ("commercial_real_estate", 280),
    ("project_finance", 150),
    ("corporate_bond", 80),
    ("unlisted_equity", 30),
    ("listed_equity", 25),
    ("sovereign", 5),
)

# Weights in a thousandth of the firms: 1.5 % report emissions; most have a revenue, some only a balance sheet.
FIRM_OPTIONS: tuple[tuple[str, int], ...] = (("1a", 4), ("1b", 11), ("2a", 15), ("2b", 10), ("3a", 690), ("3b", 220), ("3c", 50))
BUILDING_OPTIONS: tuple[tuple[str, int], ...] = (("1a", 5), ("1b", 20), ("2a", 75), ("2b", 200), ("3", 700))
VEHICLE_OPTIONS: tuple[tuple[str, int], ...] = (("1b", 20), ("2a", 100), ("2b", 180), ("3a", 500), ("3b", 200))
PROJECT_OPTIONS: tuple[tuple[str, int], ...] = (("1a", 100), ("1b", 400), ("2a", 300), ("2b", 200))

GRID_FACTOR = 5_366
"""Grams of CO2 per 10 kWh: the national grid average of 2022."""
PETROL_FACTOR = 22_500
"""Grams of CO2 per 10 litres of petrol, made up to one digit."""
KILOMETRE_FACTOR = 1_900
"""Grams of CO2 per 10 km of a car, made up."""


def log_normal(thousandths: int) -> tuple[int, ...]:
    """Return the quantiles of a log-normal with median 1000 and this sigma (in thousandths), as integers."""
    normal = NormalDist()
    return tuple(round(1000 * exp(thousandths / 1000 * normal.inv_cdf((2 * at + 1) / (2 * QUANTILES)))) for at in range(QUANTILES))
