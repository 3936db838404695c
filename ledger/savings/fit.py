"""How well a frozen model fits its baseline, exactly; whether it is accepted; how uncertain savings are (spec: savings §6).

Definitions of ASHRAE Guideline 14 with n rows and p coefficients, y the energy of a row per day, ŷ the frozen model's:
R² = 1 − Σ(y−ŷ)²/Σ(y−ȳ)², CV(RMSE) = √(Σ(y−ŷ)²/(n−p))/ȳ, NMBE = Σ(y−ŷ)/((n−p)·ȳ).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import sqrt

from ledger.savings.conditions import Row
from ledger.savings.decimals import decimal, square_root
from ledger.savings.given import Granularity, Limits
from ledger.savings.regression import Fitted, student_t

PREDICTION_FACTOR = 1.26  # Guideline 14-2002, equation B-15: what the simplified error of prediction is multiplied by


@dataclass(frozen=True)
class Statistics:
    """Exact statistics of a frozen model: `cv_squared` is CV(RMSE)², so that limits are compared without a root."""

    n: int
    p: int
    r_squared: Fraction
    cv_squared: Fraction
    nmbe: Fraction
    autocorrelation: Fraction

    @property
    def cv_rmse(self) -> Fraction:
        """Return CV(RMSE), cut to 6 digits."""
        return square_root(self.cv_squared)

    def to_document(self) -> dict[str, object]:
        """Return the statistics as decimal strings, ratios in percent."""
        return {
            "n": self.n,
            "p": self.p,
            "r_squared": decimal(self.r_squared),
            "cv_rmse_percent": decimal(100 * self.cv_rmse, 4),
            "nmbe_percent": decimal(100 * self.nmbe, 4),
            "autocorrelation": decimal(self.autocorrelation, 4),
        }


def statistics_of(fitted: Fitted, rows: Sequence[Row]) -> Statistics:
    """Return the statistics of a frozen model on the complete rows it was made of."""
    energy = [Fraction(row.energy or 0, row.days) for row in rows]
    rest = [value - fitted.mwh(row) / row.days for row, value in zip(rows, energy, strict=True)]
    n, p = len(rows), len(fitted.coefficients)
    mean = sum(energy, Fraction(0)) / n
    squares = sum((value * value for value in rest), Fraction(0))
    spread = sum(((value - mean) ** 2 for value in energy), Fraction(0))
    products = sum((before * after for before, after in pairwise(rest)), Fraction(0))
    return Statistics(
        n=n,
        p=p,
        r_squared=1 - squares / spread if spread else Fraction(0),
        cv_squared=squares / (n - p) / (mean * mean),
        nmbe=sum(rest, Fraction(0)) / (n - p) / mean,
        autocorrelation=products / squares if squares else Fraction(0),
    )


def unmet(statistics: Statistics, limits: Limits) -> tuple[tuple[str, str, str], ...]:
    """Return (what, got, expected) of every limit that a model does not keep; none where it is accepted."""
    found = []
    if statistics.n < limits.least_rows:
        found.append(("rows", str(statistics.n), f"at least {limits.least_rows}"))
    if statistics.r_squared <= limits.r_squared:
        found.append(("R²", decimal(statistics.r_squared, 4), f"above {decimal(limits.r_squared)}"))
    if statistics.cv_squared >= (limits.cv_rmse_percent / 100) ** 2:
        found.append(("CV(RMSE)", f"{decimal(100 * statistics.cv_rmse, 2)} %", f"below {decimal(limits.cv_rmse_percent)} %"))
    if abs(statistics.nmbe) * 100 > limits.nmbe_percent:
        found.append(("NMBE", f"{decimal(100 * statistics.nmbe, 4)} %", f"within ±{decimal(limits.nmbe_percent)} %"))
    return tuple(found)


@dataclass(frozen=True)
class Uncertainty:
    """The half-width of savings at a confidence, in Wh and as a share of the savings; a statement about them, never claimed."""

    confidence_percent: Fraction
    wh: int
    share: Fraction | None

    def to_document(self) -> dict[str, object]:
        """Return the half-width in Wh and as percent of the savings."""
        percent = None if self.share is None else decimal(100 * self.share, 2)
        return {"confidence_percent": decimal(self.confidence_percent), "wh": str(self.wh), "percent_of_savings": percent}


def uncertainty_of(
    statistics: Statistics, granularity: Granularity, limits: Limits, baseline_wh: int, savings_wh: int, rows: int
) -> Uncertainty:
    """Return the uncertainty of savings over `rows` rows of the reporting period (Guideline 14: t·1.26·CV·√(n/n'·(1+2/n')/m)).

    n' = n·(1−ρ)/(1+ρ) for days, whose errors hang together; n for months.
    """
    n, rho = float(statistics.n), float(statistics.autocorrelation)
    independent = max(1.0, n * (1 - rho) / (1 + rho)) if granularity == "daily" and -1 < rho < 1 else n
    width = student_t(limits.confidence_percent, independent - statistics.p) * PREDICTION_FACTOR * float(statistics.cv_rmse)
    wh = round(width * sqrt(n / independent * (1 + 2 / independent) / rows) * baseline_wh)
    return Uncertainty(limits.confidence_percent, wh, Fraction(wh, abs(savings_wh)) if savings_wh else None)
