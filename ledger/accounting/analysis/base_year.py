"""Base year: what makes it be recalculated, the log of it, and the recalculated series (spec: analysis §6; GHG Protocol, ch. 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from ledger.accounting.analysis.adjustments import Adjustments, Adopted, Correction, Missing, Subject
from ledger.accounting.analysis.columns import WHOLE_COLUMNS, difference, grams_in
from ledger.accounting.analysis.decomposition import came_in, left
from ledger.accounting.analysis.inventory import PeriodInventory, get_period, in_time
from ledger.accounting.analysis.series import SeriesPoint, point_of
from ledger.errors import InputError
from ledger.records.line import Measures
from ledger.units import round_half_even

RECALCULATED = "recalculated"
CARRIED = "carried"
WHOLE_BP = 10_000
MAX_THRESHOLD_BP = 100_000


@dataclass(frozen=True)
class BaseYearPolicy:
    """The base period, and from which share of its emissions on, in basis points, it is recalculated; 0 recalculates for every cause.

    Raises on construction:
        InputError: the threshold is not from 0 to 100,000 basis points.
    """

    period: str
    threshold_bp: int

    def __post_init__(self) -> None:
        if not 0 <= self.threshold_bp <= MAX_THRESHOLD_BP:
            hint = f"declare 0 to {MAX_THRESHOLD_BP} basis points, as 500 for 5 %"
            raise InputError(f"a threshold of {self.threshold_bp} basis points", hint=hint)


@dataclass(frozen=True)
class LogEntry:
    """One cause found in `period` and its effect on the base period.

    `ratio` and `carry` are exact shares of the base as last recalculated, None where that is 0; `carry` adds up all ratios without
    sign since then. `estimated`: historic lines are missing, so that the effect serves the decision only.
    """

    period: str
    cause: str
    units: tuple[str, ...]
    indicators: tuple[str, ...]
    use: str | None
    effect: Measures
    ratio: Fraction | None
    carry: Fraction | None
    decision: str
    estimated: bool
    reference: str | None


@dataclass(frozen=True)
class BaseYearReview:
    """The base period as reported and as recalculated, why, what is still missing for it, and every period with the same adjustments."""

    policy: BaseYearPolicy
    as_reported: Measures
    recalculated: Measures
    log: tuple[LogEntry, ...]
    missing: tuple[Missing, ...]
    series: tuple[SeriesPoint, ...]

    @property
    def complete(self) -> bool:
        """Tell whether nothing is missing in the recalculated base period."""
        return not any(item.period == self.policy.period for item in self.missing)


def review_base_year(
    inventories: Iterable[PeriodInventory], policy: BaseYearPolicy, corrections: Iterable[Correction] = ()
) -> BaseYearReview:
    """Return which changes after the base period recalculate it, period by period.

    Raises:
        InputError: the base period is not among the inventories, or a correction names a period or line that is not.
    """
    ordered = in_time(inventories)
    base = get_period(ordered, policy.period)
    found_errors = tuple(corrections)
    _check_corrections(found_errors, ordered, base)
    review = _Review(base, policy)
    for inventory in ordered:
        if inventory.first > base.last:
            review.look_at(inventory, [item for item in found_errors if item.found == inventory.period])
    applied = review.applied
    return BaseYearReview(
        policy=policy,
        as_reported=base.totals,
        recalculated=applied.measures(base),
        log=tuple(review.log),
        missing=tuple(item for inventory in ordered for item in applied.missing(inventory)),
        series=tuple(point_of(inventory.period, applied.apply(inventory)) for inventory in ordered),
    )


def corrections_of(before: PeriodInventory, after: PeriodInventory, found: str, reference: str) -> tuple[Correction, ...]:
    """Return the corrections between two revisions of one period: each line with another quantity in the same base unit.

    Raises:
        InputError: the two are different periods, or a line is there in one of them only.
    """
    if before.period != after.period or set(before.line_map) != set(after.line_map):
        hint = "correct quantities of the lines of one period; a line left out is recorded with quantity 0 before"
        raise InputError(f"{before.period} and {after.period} are not two revisions with the same lines", hint=hint)
    return tuple(
        Correction(found, before.period, new.unit, new.indicator, new.quantity, reference)
        for key, new in sorted(after.line_map.items(), key=lambda item: (item[0][0].encode(), item[0][1].encode()))
        if new.quantity != before.line_map[key].quantity and new.base_unit == before.line_map[key].base_unit
    )


@dataclass(frozen=True)
class _Cause:
    """A cause and all adjustments up to it; `estimate` is an effect that they cannot show, for want of historic lines."""

    name: str
    adjustments: Adjustments
    units: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    use: str | None = None
    estimate: Measures | None = None
    reference: str | None = None


class _Review:
    """The state of a review: what is applied, what is known, and the entries so far."""

    def __init__(self, base: PeriodInventory, policy: BaseYearPolicy) -> None:
        self.applied = Adjustments()
        self.log: list[LogEntry] = []
        self._base = base
        self._policy = policy
        self._known = Adjustments()
        self._carry: Fraction | None = Fraction(0)

    def look_at(self, inventory: PeriodInventory, corrections: list[Correction]) -> None:
        """Log the causes of one period, and apply all that is known where the carry reaches the threshold."""
        whole = self.applied.measures(self._base)
        entries = []
        for cause in self._causes(inventory, corrections):
            effect = difference(cause.adjustments.measures(self._base), self._known.measures(self._base)) + (cause.estimate or Measures())
            self._known = cause.adjustments
            ratio = _ratio(effect, whole)
            self._carry = None if self._carry is None or ratio is None else self._carry + ratio
            entries.append(_entry(inventory.period, cause, effect, ratio, self._carry))
        reached = bool(entries) and (self._carry is None or self._carry * WHOLE_BP >= self._policy.threshold_bp)
        if reached:
            self.applied, self._carry = self._known, Fraction(0)
        self.log.extend(replace(entry, decision=RECALCULATED if reached else CARRIED) for entry in entries)

    def _causes(self, inventory: PeriodInventory, corrections: list[Correction]) -> Iterator[_Cause]:
        # Each cause is built on what is known after the one before: look_at has taken that over when the next one is asked for.
        yield from self._structural(inventory)
        for subject in sorted(self._subjects(inventory)):
            yield self._method(inventory, subject)
        for item in sorted(corrections, key=lambda item: (item.period, item.unit, item.indicator)):
            known, reference = self._known.with_correction(item), item.reference
            yield _Cause("error", known, (item.unit,), (item.indicator,), reference=reference)

    def _structural(self, inventory: PeriodInventory) -> Iterator[_Cause]:
        first, last = self._base.first, inventory.last
        units = sorted(inventory.organisation.units, key=lambda unit: unit.id.encode())
        for opening in ("acquired", "included"):
            new = {
                unit.id: unit.opened
                for unit in units
                if unit.opening == opening and came_in(unit, first, last) and unit.id not in self._known.came_in
            }
            if new:
                estimate = self._estimate(inventory, set(new) - {line.unit for line in self._base.historic})
                yield _Cause(opening, self._known.with_units(new), tuple(new), estimate=estimate)
        gone = tuple(unit.id for unit in units if left(unit, first, last) and unit.id not in self._known.left)
        if gone:
            yield _Cause("divested", self._known.without_units(gone), gone)

    def _estimate(self, inventory: PeriodInventory, units: set[str]) -> Measures | None:
        """Return what units without historic lines emit in a whole period more than the base has of them; None without such units."""
        if not units:
            return None
        total = Measures()
        for line in inventory.lines:
            if line.unit in units:
                scale = Fraction(inventory.days, inventory.organisation.unit(line.unit).days_open(inventory.first, inventory.last))
                total += Measures(*(round_half_even(grams * scale) for grams in line.measures.as_tuple()))
        return difference(total, Measures.sum(line.measures for line in self._base.lines if line.unit in units))

    def _subjects(self, inventory: PeriodInventory) -> set[Subject]:
        """Return the indicators and uses of the base that this period rates by another method."""
        signatures = {(indicator, use): rating.signature for (indicator, use, _), rating in inventory.rates.items()}
        adopted = {subject: item.signature for subject, item in self._known.methods.items()}
        found = set()
        for line in self._known.apply(self._base):
            for (indicator, use, _), rating in line.ratings:
                new = signatures.get((indicator, use), rating.signature)
                # A line in another base unit keeps its old rate; that is said once, when the method changed.
                if new not in (rating.signature, adopted.get((indicator, use))):
                    found.add((indicator, use))
        return found

    def _method(self, inventory: PeriodInventory, subject: Subject) -> _Cause:
        ratings = {base_unit: rating for (indicator, use, base_unit), rating in inventory.rates.items() if (indicator, use) == subject}
        known = self._known.with_method(subject, Adopted(inventory.first, ratings))
        return _Cause("method", known, indicators=(subject[0],), use=subject[1])


def _entry(period: str, cause: _Cause, effect: Measures, ratio: Fraction | None, carry: Fraction | None) -> LogEntry:
    return LogEntry(
        *(period, cause.name, cause.units, cause.indicators, cause.use, effect, ratio, carry),
        *(CARRIED, cause.estimate is not None, cause.reference),
    )


def _ratio(effect: Measures, whole: Measures) -> Fraction | None:
    """Return the greater share over location- and market-based totals; None where something came to a base of 0."""
    ratios = [Fraction(0)]
    for column in WHOLE_COLUMNS:
        part, base = abs(grams_in(effect, column)), grams_in(whole, column)
        if part and not base:
            return None
        if part:
            ratios.append(Fraction(part, base))
    return max(ratios)


def _check_corrections(corrections: tuple[Correction, ...], ordered: tuple[PeriodInventory, ...], base: PeriodInventory) -> None:
    seen: set[tuple[str, str, str]] = set()
    for item in corrections:
        period, found = get_period(ordered, item.period), get_period(ordered, item.found)
        if (item.unit, item.indicator) not in period.line_map:
            hint = "correct a line of the period; record one that was left out with quantity 0 first"
            raise InputError(f"the period {item.period} has no line {item.unit[:64]}/{item.indicator[:64]}", hint=hint)
        if found.first <= base.last or found.first <= period.last:
            hint = "name the period in which the error was found: after the base period and after the corrected one"
            raise InputError(f"an error of {item.period} found in {item.found}", hint=hint)
        if (item.period, item.unit, item.indicator) in seen:
            raise InputError(f"two corrections of {item.period} {item.unit[:64]}/{item.indicator[:64]}", hint="give the last one only")
        seen.add((item.period, item.unit, item.indicator))
