"""Combine the uncertainties of a line's sources by quadrature, in exact integers (spec: method-operational-1 §7)."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import isqrt

from ledger.accounting.methods.operational_1.sources import SourceAmount


def activity_uncertainty(amounts: Iterable[SourceAmount]) -> int:
    """Return the 95 % half-width of a line's quantity in basis points; a line has at least one source."""
    return combine((amount.quantity, amount.uncertainty_bp) for amount in amounts)


def combine(parts: Iterable[tuple[Fraction, int]]) -> int:
    """Return √(Σ(q·u)² ÷ (Σ|q|)²), rounded to the nearest integer, half up, for independent quantities q and half-widths u in basis points.

    Where all quantities are 0 it is the greatest u. At least one part is needed.
    """
    known = [(abs(quantity), half_width) for quantity, half_width in parts]
    total = sum((quantity for quantity, _ in known), Fraction(0))
    if total == 0:
        return max(half_width for _, half_width in known)
    squares = sum(((quantity * half_width) ** 2 for quantity, half_width in known), Fraction(0))
    # ⌊√x + ½⌋ = ⌊(√(4x) + 1) ÷ 2⌋, and the inner floor changes nothing: no root is ever taken of anything but an integer.
    return (isqrt(4 * squares // total**2) + 1) // 2
