"""What a release takes its figures from, and the house rules that it fixes (spec: documents §3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class PublishedDocument:
    """A publication that factors, templates and target profiles name by its id; `number` is the one printed on it (文号)."""

    id: str
    title: str
    number: str | None
    issuer: str | None
    published: date | None
    sha256: str | None

    def to_document(self) -> dict[str, object]:
        """Return the item of a library release."""
        return {
            "id": self.id,
            "title": self.title,
            "number": self.number,
            "issuer": self.issuer,
            "published": None if self.published is None else self.published.isoformat(),
            "sha256": self.sha256,
        }


@dataclass(frozen=True)
class Policies:
    """Thresholds and default uncertainties of a release: house rules, published so that everybody applies the same ones.

    Uncertainties are 95 % half-widths in basis points, of an activity by its data quality (1 best to 5), of a factor by its confidence.
    """

    max_lag_years: int
    base_year_threshold_bp: int
    jump_bp: int
    activity_uncertainty_bp: Mapping[int, int] = field(hash=False)
    factor_uncertainty_bp: Mapping[str, int] = field(hash=False)

    def to_document(self) -> dict[str, object]:
        """Return the `policies` object of a library release."""
        return {
            "max_lag_years": self.max_lag_years,
            "base_year_threshold_bp": self.base_year_threshold_bp,
            "jump_bp": self.jump_bp,
            "activity_uncertainty_bp": {str(quality): bp for quality, bp in self.activity_uncertainty_bp.items()},
            "factor_uncertainty_bp": dict(self.factor_uncertainty_bp),
        }
