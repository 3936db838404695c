"""Target paths: peak, distance to the path, budget used against the years elapsed (spec: analysis §8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from ledger.accounting.analysis.columns import basis_points
from ledger.errors import InputError
from ledger.indicators.disclosure import TargetProfile
from ledger.units import round_half_even

CONFIRMED = "confirmed"
PROVISIONAL = "provisional"
NONE = "none"
LATER_YEARS_TO_CONFIRM = 2


@dataclass(frozen=True)
class YearValue:
    """Grams of one calendar year."""

    year: int
    grams: int


@dataclass(frozen=True)
class Target:
    """What a bank aims at: a peak by a year, 0 in another, and milestones between (ascending years, grams at them).

    Raises on construction:
        InputError: a milestone is out of order, negative, or not before the neutrality year.
    """

    id: str
    peak_by: int
    neutral_by: int
    milestones: tuple[YearValue, ...] = ()

    def __post_init__(self) -> None:
        years = [milestone.year for milestone in self.milestones]
        if years != sorted(set(years)) or any(year >= self.neutral_by for year in years) or any(item.grams < 0 for item in self.milestones):
            hint = "give milestones of 0 g or more in ascending years before the neutrality year"
            raise InputError(f"the target {self.id} has milestones in {years} and is neutral by {self.neutral_by}", hint=hint)

    @classmethod
    def of_profile(cls, profile: TargetProfile, milestones: Iterable[YearValue] = ()) -> Target:
        """Return the target for own operations that a profile of the library release sets, with the bank's own milestones."""
        return cls(profile.id, profile.peak_by, profile.operations_neutral_by, tuple(milestones))


@dataclass(frozen=True)
class Peak:
    """The latest year with the greatest value: confirmed, provisional, or `none` where it is the last year known."""

    year: int
    grams: int
    status: str


@dataclass(frozen=True)
class YearOnPath:
    """One year's value against the path: the distance is value − path."""

    year: int
    grams: int
    path: Fraction

    @property
    def distance(self) -> int:
        """Return value − path, rounded to the gram."""
        return round_half_even(self.grams - self.path)

    @property
    def distance_bp(self) -> int | None:
        """Return the distance in basis points of the path; None where the path is 0."""
        return basis_points(self.grams - self.path, self.path)


@dataclass(frozen=True)
class Budget:
    """Grams that the path allows from its start to neutrality, what is used of them (None with a year missing), and the time elapsed."""

    grams: Fraction
    used: int | None
    allowed_so_far: Fraction
    elapsed_bp: int

    @property
    def used_bp(self) -> int | None:
        """Return what is used, in basis points of the budget."""
        return None if self.used is None else basis_points(self.used, self.grams)

    @property
    def status(self) -> str:
        """Return `within_budget`, `over_budget`, or `unknown` where a year is missing."""
        if self.used is None:
            return "unknown"
        return "within_budget" if self.used <= self.allowed_so_far else "over_budget"


@dataclass(frozen=True)
class PathAnalysis:
    """A bank's years against its target. `status` is that of the last year, `peak_late` tells that the peak came after its year."""

    target: Target
    base: YearValue
    peak: Peak
    peak_late: bool
    start: YearValue
    years: tuple[YearOnPath, ...]
    budget: Budget
    status: str


def find_peak(values: tuple[YearValue, ...]) -> Peak:
    """Return the peak of at least one year's values, which are in time."""
    highest = max(values, key=lambda value: (value.grams, value.year))
    later = sum(value.year > highest.year for value in values)
    status = NONE if later == 0 else CONFIRMED if later >= LATER_YEARS_TO_CONFIRM else PROVISIONAL
    return Peak(highest.year, highest.grams, status)


def path_value(start: YearValue, target: Target, year: int) -> Fraction:
    """Return the path's grams in a year: the start's level up to the start, then straight lines to each milestone, to 0 and 0 after it."""
    points = [start, *(item for item in target.milestones if item.year > start.year), YearValue(target.neutral_by, 0)]
    if year <= start.year:
        return Fraction(start.grams)
    for before, after in pairwise(points):
        if year <= after.year:
            return before.grams + Fraction((after.grams - before.grams) * (year - before.year), after.year - before.year)
    return Fraction(0)


def analyse_path(values: Iterable[YearValue], target: Target, base_year: int | None = None) -> PathAnalysis:
    """Return a bank's yearly values against its target, from the start of the path on.

    `base_year` is where the path starts as long as there is no peak; the first year unless given.

    Raises:
        InputError: no value, two values of one year, a base year without a value, or a start that is not before the neutrality year.
    """
    known = tuple(sorted(values, key=lambda value: value.year))
    if not known or len({value.year for value in known}) < len(known):
        raise InputError(f"{len(known)} yearly values", hint="give at least one value, and each year once")
    base = next((value for value in known if base_year in (None, value.year)), None)
    if base is None:
        raise InputError(f"no value for the base year {base_year}", hint="give its value, or another base year")
    peak = find_peak(known)
    start = base if peak.status == NONE else YearValue(peak.year, peak.grams)
    if start.year >= target.neutral_by:
        raise InputError(f"the path of {target.id} would start in {start.year} and end in {target.neutral_by}", hint="set a later target")
    years = tuple(YearOnPath(value.year, value.grams, path_value(start, target, value.year)) for value in known if value.year >= start.year)
    status = _status(years[-1], peak, target)
    return PathAnalysis(target, base, peak, peak.year > target.peak_by, start, years, _budget(years, start, target), status)


def _budget(years: tuple[YearOnPath, ...], start: YearValue, target: Target) -> Budget:
    last = years[-1].year
    whole = _allowed(start, target, max(target.neutral_by, last))
    complete = len(years) == last - start.year + 1
    elapsed = basis_points(last - start.year + 1, target.neutral_by - start.year + 1) or 0
    return Budget(whole, sum(year.grams for year in years) if complete else None, _allowed(start, target, last), elapsed)


def _allowed(start: YearValue, target: Target, last: int) -> Fraction:
    return sum((path_value(start, target, year) for year in range(start.year, last + 1)), Fraction(0))


def _status(last: YearOnPath, peak: Peak, target: Target) -> str:
    if last.grams <= 0:
        return "neutral"
    if last.year >= target.neutral_by:
        return "neutral_overdue"
    if peak.status == NONE:
        return "peak_overdue" if last.year > target.peak_by else "before_peak"
    return "on_path" if last.grams <= last.path else "above_path"
