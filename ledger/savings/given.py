"""What a computation of savings is given, as values (spec: savings §2–6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal

from ledger.metering.local_days import Calendar, LocalDay

ProjectKind = Literal["retrofit", "pv"]
Option = Literal["A", "B", "C"]
Granularity = Literal["monthly", "daily"]
DEGREE_TERMS = ("cdd", "hdd")
CALENDAR_TERMS = ("workdays",)


@dataclass(frozen=True)
class Span:
    """Local days from `first` to `last`, both included."""

    first: date
    last: date

    def days(self) -> Iterator[date]:
        """Yield every day."""
        return (self.first + timedelta(days=at) for at in range((self.last - self.first).days + 1))

    def months(self) -> tuple[tuple[str, tuple[date, ...]], ...]:
        """Return every calendar month that the span touches, as (`2012-01`, its days within the span)."""
        found: dict[str, list[date]] = {}
        for day in self.days():
            found.setdefault(day.isoformat()[:7], []).append(day)
        return tuple((month, tuple(days)) for month, days in found.items())

    @property
    def whole_months(self) -> bool:
        """Whether it begins with a month and ends with one."""
        return self.first.day == 1 and (self.last + timedelta(days=1)).day == 1

    def to_document(self) -> dict[str, str]:
        """Return its days as texts."""
        return {"start": self.first.isoformat(), "end": self.last.isoformat()}


@dataclass(frozen=True)
class Energy:
    """Energy of a meter: exact mWh by month (`2012-01`), or by local day with the slots that are missing."""

    id: str
    months: Mapping[str, int] = field(default_factory=dict)
    days: Mapping[date, LocalDay] = field(default_factory=dict)

    @property
    def by_day(self) -> bool:
        """Whether single days are known."""
        return bool(self.days)

    def of_day(self, day: date) -> int | None:
        """Return the mWh of a day; None where the day is unknown or misses a slot."""
        found = self.days.get(day)
        return found.mwh if found is not None and found.complete else None

    def of_month(self, month: str, days: tuple[date, ...]) -> int | None:
        """Return the mWh of a month, or of its given days; None where something of it is missing."""
        if not self.by_day:
            return self.months.get(month)
        total = 0
        for day in days:
            found = self.of_day(day)
            if found is None:
                return None
            total += found
        return total


@dataclass(frozen=True)
class Evidence:
    """A document or a file that stands behind a figure: its SHA-256 is None where only a reference was given."""

    kind: str
    id: str
    sha256: str | None

    def to_document(self) -> dict[str, str | None]:
        """Return kind, id and sha256."""
        return {"kind": self.kind, "id": self.id, "sha256": self.sha256}


@dataclass(frozen=True)
class Adjustment:
    """A listed change of a month's baseline in mWh, signed: more energy that the baseline would have used is positive."""

    id: str
    month: str
    kind: Literal["routine", "non_routine"]
    mwh: Fraction
    reason: str
    evidence: Evidence


@dataclass(frozen=True)
class Parameter:
    """One factor of the product that a part's energy is (option A), before and after; stipulated ones say why."""

    name: str
    unit: str
    measured: bool
    baseline: Fraction
    reporting: Fraction
    reason: str | None
    evidence: Evidence | None


@dataclass(frozen=True)
class Part:
    """One part of an installation (option A): its energy is the product of its parameters, in kWh."""

    id: str
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True)
class Variable:
    """A further independent variable by month or by day, in the granularity of the model."""

    name: str
    values: Mapping[str, Fraction]


@dataclass(frozen=True)
class Grid:
    """Base temperatures to choose from, in °C: first, first + step, … up to last."""

    first: Fraction
    last: Fraction
    step: Fraction

    def bases(self) -> tuple[Fraction, ...]:
        """Return them all."""
        return tuple(self.first + self.step * at for at in range(int((self.last - self.first) / self.step) + 1))


@dataclass(frozen=True)
class ModelPlan:
    """What the baseline model is made of: terms in order, and the base temperature or the grid that it is chosen from."""

    granularity: Granularity
    terms: tuple[str, ...]
    base_c: Fraction
    grid: Grid | None
    digits: int
    variables: tuple[Variable, ...]

    @property
    def uses_temperature(self) -> bool:
        """Whether a term is made of degree-days."""
        return any(term in DEGREE_TERMS for term in self.terms)


@dataclass(frozen=True)
class GridFactor:
    """The emission factor that avoided energy is multiplied by: exact g per Wh (which is kg per kWh), and as it was written."""

    id: str
    value: str
    unit: str
    g_per_wh: Fraction

    def to_document(self) -> dict[str, str]:
        """Return id, value and unit as they were given."""
        return {"id": self.id, "value": self.value, "unit": self.unit}


@dataclass(frozen=True)
class Limits:
    """When a model is accepted, and what is told besides. Percent, but for R² (a fraction of 1) and the number of rows."""

    cv_rmse_percent: Fraction
    r_squared: Fraction
    nmbe_percent: Fraction
    least_rows: int
    confidence_percent: Fraction
    uncertainty_percent: Fraction
    least_savings_percent: Fraction
    temperature_coverage_percent: int


@dataclass(frozen=True)
class SavingsInput:
    """A project whose savings are to be computed. What an option does not need is None or empty.

    Attributes:
        use: before and after, in one series or two (options B and C of a retrofit).
        temperature: mean °C of local days, four decimals.
        hash: SHA-256 of the canonical form of the document it was read from.
    """

    id: str
    unit: str
    kind: ProjectKind
    option: Option
    timezone: str
    baseline: Span | None
    reporting: Span
    use_before: Energy | None
    use_after: Energy | None
    generation: Energy | None
    export: Energy | None
    parts: tuple[Part, ...]
    model: ModelPlan | None
    temperature: Mapping[date, Fraction]
    calendar: Calendar
    adjustments: tuple[Adjustment, ...]
    factor: GridFactor
    expected_percent: Fraction | None
    limits: Limits
    evidence: tuple[Evidence, ...]
    hash: str
