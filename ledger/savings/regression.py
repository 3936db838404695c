"""Least squares by the library, and its coefficients frozen as decimals: from there on everything is exact (spec: savings §5).

The energy of a row per day is explained by the terms of the row per day and a constant. The library's numbers are binary; the frozen
decimals are the model, and whoever has them and the conditions computes the same baseline to the Wh.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from ledger.savings.conditions import Row


@dataclass(frozen=True)
class Coefficient:
    """Wh per day (the constant), or per unit of the term; t and p of the library's fit, as decimal strings."""

    term: str
    wh: Fraction
    t: str
    p: str


@dataclass(frozen=True)
class Fitted:
    """A frozen model and the R² of the library before it was frozen, by which base temperatures are compared."""

    coefficients: tuple[Coefficient, ...]
    r_squared: float

    def mwh(self, row: Row) -> Fraction:
        """Return the exact mWh that the model gives for the conditions of a complete row."""
        constant, *slopes = self.coefficients
        terms = row.terms or ()
        return 1000 * (constant.wh * row.days + sum((item.wh * value for item, value in zip(slopes, terms, strict=True)), Fraction(0)))


def fit(rows: Sequence[Row], terms: Sequence[str], digits: int) -> Fitted | None:
    """Return the least-squares model of complete rows; None where they do not determine it."""
    import numpy as np
    from statsmodels.regression.linear_model import OLS

    if len(rows) <= len(terms) + 1:
        return None
    design = np.array([[1.0, *(float(value / row.days) for value in row.terms or ())] for row in rows])
    energy = np.array([float(Fraction(row.energy or 0, 1000 * row.days)) for row in rows])
    if np.linalg.matrix_rank(design) < design.shape[1] or not energy.any():
        return None
    found = OLS(energy, design).fit()
    step = Decimal(1).scaleb(-digits)
    coefficients = tuple(
        Coefficient(term, Fraction(Decimal(float(value)).quantize(step, ROUND_HALF_EVEN)), shown(float(t), 3), shown(float(p), 6))
        for term, value, t, p in zip(("constant", *terms), found.params, found.tvalues, found.pvalues, strict=True)
    )
    return Fitted(coefficients, float(found.rsquared))


def student_t(confidence_percent: Fraction, degrees: float) -> float:
    """Return the two-sided quantile of Student's t."""
    from scipy.stats import t

    return float(t.ppf(0.5 + float(confidence_percent) / 200, max(1.0, degrees)))


def shown(value: float, places: int) -> str:
    """Return a statistic as a plain decimal string; `inf` where a perfect fit leaves nothing to divide by."""
    if value != value or value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf" if value < 0 else "none"
    text = f"{Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text
