"""Combine the uncertainties of a line's sources (method §7): 95 % half-widths in basis points, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isqrt

from verifier.library import Factor, Library
from verifier.quantities import Source


def activity_bp(sources: Sequence[Source], library: Library) -> int:
    """Return ⌊√(Σ(q·u)² ÷ (Σq)²) + ½⌋ over the sources; the greatest u where all quantities are 0."""
    pairs = [
        (abs(source.quantity), library.activity_uncertainty_bp[source.quality] if source.uncertainty_bp is None else source.uncertainty_bp)
        for source in sources
    ]
    total = sum((quantity for quantity, _ in pairs), Fraction(0))
    if not total:
        return max(bp for _, bp in pairs)
    squared = sum((quantity * quantity * bp * bp for quantity, bp in pairs), Fraction(0)) / (total * total)
    # ⌊√x + ½⌋ is the greatest r with (2r − 1)² ≤ 4x, and 0 where there is none; 4x may be floored, for (2r − 1)² is an integer.
    return (isqrt(int(4 * squared)) + 1) // 2


def factor_bp(factor: Factor, library: Library) -> int:
    """Return the factor's uncertainty: its own, else that of its confidence."""
    return library.factor_uncertainty_bp[factor.confidence] if factor.uncertainty_bp is None else factor.uncertainty_bp
