"""What a computation of savings gives, as values; all energies are whole Wh that add up from row to total (spec: savings §7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from ledger.records.findings import Finding, has_errors
from ledger.savings.fit import Statistics, Uncertainty
from ledger.savings.given import Evidence, Granularity, GridFactor, SavingsInput
from ledger.savings.regression import Coefficient


@dataclass(frozen=True)
class SavingsRow:
    """One month of the reporting period, or one part (option A). None: not known, or not claimed.

    savings = base + routine + non_routine − reporting, and adjusted = base + routine, wherever they are known. A month's figures but
    `base` are of its `claimed_days`: those whose readings and conditions are known.
    """

    period: str
    days: int
    claimed_days: int
    base_wh: int | None
    reporting_wh: int | None
    adjusted_wh: int | None
    routine_wh: int | None
    non_routine_wh: int
    savings_wh: int | None

    @property
    def adjustment_wh(self) -> int | None:
        """Return routine and non-routine adjustments together."""
        return None if self.routine_wh is None else self.routine_wh + self.non_routine_wh


@dataclass(frozen=True)
class PvRow:
    """One month of a PV plant: self-used is what was generated and not exported."""

    period: str
    days: int
    claimed_days: int
    generation_wh: int | None
    exported_wh: int | None
    self_used_wh: int | None


@dataclass(frozen=True)
class Model:
    """The baseline model that was used: its frozen coefficients and how well it fits."""

    granularity: Granularity
    base_c: Fraction
    chosen_from: int
    digits: int
    coefficients: tuple[Coefficient, ...]
    statistics: Statistics
    accepted: bool


@dataclass(frozen=True)
class Reduction:
    """The line for the dataset REDUCTIONS: four unsigned measures and what stands behind them."""

    id: str
    unit: str
    kind: str
    option: str
    factor: GridFactor
    avoided_g: int
    saved_wh: int
    self_used_wh: int
    exported_wh: int
    evidence: tuple[Evidence, ...]

    @property
    def measures(self) -> tuple[int, int, int, int]:
        """Return g CO2e avoided, Wh saved, Wh self-used, Wh exported."""
        return (self.avoided_g, self.saved_wh, self.self_used_wh, self.exported_wh)

    def to_document(self) -> dict[str, object]:
        """Return the `lingtan.reduction/1` document."""
        return {
            "schema": "lingtan.reduction/1",
            "id": self.id,
            "unit": self.unit,
            "kind": self.kind,
            "option": self.option,
            "factor": self.factor.to_document(),
            "avoided_g": str(self.avoided_g),
            "saved_wh": str(self.saved_wh),
            "self_used_wh": str(self.self_used_wh),
            "exported_wh": str(self.exported_wh),
            "evidence": [item.to_document() for item in self.evidence],
        }


@dataclass(frozen=True)
class SavingsResult:
    """Rows, their totals, the model, the line for the ledger, and all findings."""

    given: SavingsInput
    rows: tuple[SavingsRow, ...]
    pv_rows: tuple[PvRow, ...]
    model: Model | None
    uncertainty: Uncertainty | None
    reduction: Reduction | None
    findings: tuple[Finding, ...]

    @property
    def accepted(self) -> bool:
        """Whether no finding is an error."""
        return not has_errors(self.findings)

    def total(self, name: str) -> int | None:
        """Return the sum of a figure over the rows that are claimed, or over all where none is; None where one of them has it not."""
        rows: tuple[SavingsRow | PvRow, ...] = (*self.rows, *self.pv_rows)
        return total_of(getattr(row, name) for row in [row for row in rows if row.claimed_days] or rows)


def total_of(figures: Iterable[int | None]) -> int | None:
    """Return the sum; None where a figure is None, or where there is none."""
    known = list(figures)
    if not known or any(value is None for value in known):
        return None
    return sum(value for value in known if value is not None)


def reduction_of(given: SavingsInput, *, saved_wh: int = 0, self_used_wh: int = 0, exported_wh: int = 0) -> Reduction:
    """Return the line of a project: what was exported is told apart and avoids nothing in it."""
    avoided = round((saved_wh + self_used_wh) * given.factor.g_per_wh)
    known = {(item.kind, item.id, item.sha256 or ""): item for item in (*given.evidence, *_evidence_within(given))}
    evidence = tuple(known[key] for key in sorted(known))
    return Reduction(given.id, given.unit, given.kind, given.option, given.factor, avoided, saved_wh, self_used_wh, exported_wh, evidence)


def _evidence_within(given: SavingsInput) -> Iterable[Evidence]:
    yield from (item.evidence for item in given.adjustments)
    yield from (found for part in given.parts for item in part.parameters if (found := item.evidence) is not None)
