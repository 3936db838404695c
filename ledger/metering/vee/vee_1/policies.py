"""Every threshold of the rule set in one place; docs/methods/vee-1.md says where each comes from."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

COMMON_RATIOS = (10, 15, 20, 30, 40, 50, 60, 80, 100, 120, 160, 200, 300, 400, 500, 600, 800, 1000)
"""What stands on current transformers with 5 A on the other side, from 50/5 to 5000/5, and powers of ten."""


@dataclass(frozen=True)
class Policies:
    """Thresholds of vee_1. Lengths of time in slots of a quarter of an hour, or in days where the name says so."""

    zero_slots: int = 96
    zero_usual_slots: int = 24
    zero_usual_days: Fraction = Fraction(1, 20)
    total_low: Fraction = Fraction(1, 5)
    total_high: Fraction = Fraction(5)
    total_weeks: int = 8
    total_least: int = 4
    repeated_values: int = 8
    repeated_estimated: int = 48
    past_days: int = 28
    past_least: int = 20
    week_days: int = 7
    week_least: int = 5
    shift_hours: int = 12
    shift_better: float = 0.2
    shift_least: float = 0.8
    swap_size: Fraction = Fraction(3, 2)
    swap_better: float = 0.02
    swap_worse: float = 0.1
    swap_better_both: float = 0.1
    swap_least: float = 0.8
    level_days: int = 14
    level_least: int = 10
    level_agree: Fraction = Fraction(11, 14)
    level_large: Fraction = Fraction(5)
    level_tolerance_large: Fraction = Fraction(3, 10)
    level_spread: Fraction = Fraction(1, 4)
    level_spread_large: Fraction = Fraction(1, 2)
    factor_tolerance: Fraction = Fraction(1, 20)
    factors: tuple[Fraction, ...] = tuple(map(Fraction, (2, 3, *COMMON_RATIOS)))
    bill_tolerance: Fraction = Fraction(1, 50)
    bill_estimated: Fraction = Fraction(1, 20)
    register_tolerance: Fraction = Fraction(1, 200)
    sub_meters_over: Fraction = Fraction(1, 50)
    interpolate_slots: int = 8
    proxy_slots: int = 7 * 96
    proxy_weeks: int = 4
    proxy_least: int = 2


VEE_1 = Policies()
