"""Figures of a portfolio that are more than sums: WACI, weighted score, EVIC inflation, sovereign intensity (spec: method-pcaf-2 §5–7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ledger.accounting.financed.attributions import BookAttribution
from ledger.accounting.financed.columns import Table
from ledger.accounting.financed.division import TOO_LARGE, multiply_divide
from ledger.accounting.financed.sums import sum_of_products, total
from ledger.errors import InputError
from ledger.units import round_half_even

MICRO_PER_GRAM_AND_CENT = 10**8  # g per cent = 10^2 t per million CNY


@dataclass(frozen=True)
class Waci:
    """Weighted average carbon intensity in millionths of t CO2e (S1+2) per million CNY of revenue, and the exposure it covers."""

    value_micro: int
    exposure_cents: int

    def to_document(self) -> dict[str, object]:
        """Return the statement's object `waci`."""
        return {"value_micro": str(self.value_micro), "exposure_cents": str(self.exposure_cents)}


def compute_waci(table: Table, attribution: BookAttribution) -> Waci | None:
    """Return WACI over the calculated rows with a revenue and emissions of the borrower itself, or None without such exposure.

    Each row's intensity is rounded half-even to a millionth, then the weighted mean is rounded once: the order of rows changes nothing.
    Rows whose intensity reaches 2^63 millionths are left out.
    """
    rows = table.run(0, table.rows)
    # Without a denominator (3b, 3c) the emissions are the financed part's, not the borrower's.
    of_borrower = attribution.calculated & attribution.has_s12 & (attribution.denominator > 0)
    at = np.flatnonzero(of_borrower & (rows.values("revenue") > 0))
    revenue, exposure = rows.values("revenue")[at], attribution.exposure[at]
    intensity = multiply_divide(attribution.e_s12[at], np.full(at.size, MICRO_PER_GRAM_AND_CENT, np.int64), revenue)
    kept = intensity != TOO_LARGE
    covered = total(exposure[kept])
    if not covered:
        return None
    return Waci(round_half_even(Fraction(sum_of_products(exposure[kept], intensity[kept]), covered)), covered)


def weighted_score(items: Iterable[tuple[int | Fraction, int]]) -> Fraction:
    """Return Σ(outstanding × score) ÷ Σ outstanding.

    Raises:
        InputError: nothing is outstanding.
    """
    pairs = [(Fraction(outstanding), score) for outstanding, score in items]
    outstanding = sum((amount for amount, _ in pairs), Fraction(0))
    if outstanding <= 0:
        raise InputError("a weighted score needs an outstanding amount above 0")
    return sum((amount * score for amount, score in pairs), Fraction(0)) / outstanding


@dataclass(frozen=True)
class Holding:
    """One listed holding for the adjustment of EVIC inflation: its weight, E and EVIC at the base and now, all in one unit each."""

    weight: Fraction
    base_emissions: Fraction
    emissions: Fraction
    base_evic: Fraction
    evic: Fraction


@dataclass(frozen=True)
class EvicInflation:
    """Intensities E ÷ EVIC, weighted, as they are and adjusted. The change is the same whichever of the two is adjusted."""

    base: Fraction
    current: Fraction
    adjustment: Fraction

    @property
    def adjusted_base(self) -> Fraction:
        """Return the base intensity in today's EVIC."""
        return self.base * self.adjustment

    @property
    def adjusted_current(self) -> Fraction:
        """Return today's intensity in the base year's EVIC."""
        return self.current / self.adjustment

    @property
    def change(self) -> Fraction | None:
        """Return the change against the base without the effect of EVIC, as a fraction, or None for a base of 0."""
        return None if self.base == 0 else self.current / self.adjusted_base - 1


def adjust_evic_inflation(holdings: Sequence[Holding]) -> EvicInflation:
    """Return the weighted intensities and adjustment = Σ w × EVIC base ÷ EVIC now.

    Raises:
        InputError: no holding, an EVIC of 0 or less, or weights that do not add up to 1.
    """
    if not holdings or sum((item.weight for item in holdings), Fraction(0)) != 1:
        raise InputError("the weights of the holdings do not add up to 1")
    if any(item.base_evic <= 0 or item.evic <= 0 for item in holdings):
        raise InputError("an EVIC is 0 or less")
    base = sum((item.weight * item.base_emissions / item.base_evic for item in holdings), Fraction(0))
    current = sum((item.weight * item.emissions / item.evic for item in holdings), Fraction(0))
    return EvicInflation(base, current, sum((item.weight * item.base_evic / item.evic for item in holdings), Fraction(0)))


def enterprise_value_including_cash(ordinary: Fraction, preferred: Fraction, debt: Fraction, minority: Fraction) -> Fraction:
    """Return EVIC: market value of ordinary and preferred shares, book value of debt and of minority interests; cash is not deducted."""
    return ordinary + preferred + debt + minority


def sovereign_intensity(emissions: Fraction, gdp: Fraction) -> Fraction:
    """Return a country's emissions ÷ its GDP (PPP-adjusted or nominal, as given).

    Raises:
        InputError: a GDP of 0 or less.
    """
    if gdp <= 0:
        raise InputError("a GDP is 0 or less")
    return emissions / gdp
