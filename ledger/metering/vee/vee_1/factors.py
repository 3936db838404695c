"""The factors by which a quantity slips where a transformer ratio or a decimal point is wrong."""

from __future__ import annotations

from fractions import Fraction

from ledger.metering.vee.history import MeterHistory
from ledger.metering.vee.vee_1.policies import Policies
from ledger.units import parse_decimal


def slip_factors(history: MeterHistory, policies: Policies) -> tuple[tuple[bool, str, Fraction], ...]:
    """Return (whether it is of no fitting, name, factor) of every fitting's ct, pt and ct × pt, of common ratios, and of inverses."""
    found: dict[Fraction, tuple[bool, str]] = {}
    for fitting in history.fittings:
        ct, pt = parse_decimal(fitting.ratio.ct), parse_decimal(fitting.ratio.pt)
        for name, factor in (("ct", ct), ("pt", pt), ("ct × pt", ct * pt)):
            found.setdefault(factor, (False, f"{name} {factor}"))
    for factor in policies.factors:
        found.setdefault(factor, (True, str(factor)))
    both = [(common, name, factor) for factor, (common, name) in found.items() if factor != 1]
    return (*both, *((common, f"1 / {name}", 1 / factor) for common, name, factor in both))


def is_large(factor: Fraction, policies: Policies) -> bool:
    """Tell whether a factor is 5 or more, or the inverse of such a one: more than weather and holidays do."""
    return factor >= policies.level_large or factor * policies.level_large <= 1


def find_slip(
    history: MeterHistory, got: int, expected: int, policies: Policies, large: Fraction | None = None
) -> tuple[str, Fraction] | None:
    """Return the factor k for which `got` is k ± 5 % of `expected` (± `large` for large factors if given), or None.

    A fitting's own factors come before common ones, then the nearest.
    """
    if got <= 0 or expected <= 0:
        return None
    ratio, limit = Fraction(got, expected), policies.factor_tolerance
    near = [(common, abs(ratio / factor - 1), name, factor) for common, name, factor in slip_factors(history, policies)]
    near = [item for item in near if item[1] <= (large if large is not None and is_large(item[3], policies) else limit)]
    return min(near)[2:] if near else None
