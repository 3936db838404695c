"""Months and days with the conditions that a model explains them by: degree-days, working days, further variables (spec: savings §5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from ledger.metering.local_days import Calendar
from ledger.savings.given import Energy, ModelPlan, Span

ZERO = Fraction(0)


@dataclass(frozen=True)
class Row:
    """One month or day. `energy` is mWh; None, with what is missing, where energy or a condition is not known.

    Attributes:
        terms: the sum of each term of the model over the row's days, in the model's order.
    """

    key: str
    month: str
    days: int
    energy: int | None
    terms: tuple[Fraction, ...] | None
    missing: str = ""

    @property
    def complete(self) -> bool:
        """Whether energy and conditions are known."""
        return self.energy is not None and self.terms is not None


def rows_of(
    span: Span, energy: Energy, plan: ModelPlan, base_c: Fraction, temperature: Mapping[date, Fraction], calendar: Calendar
) -> tuple[Row, ...]:
    """Return the rows of a period in the granularity of the plan, in time."""
    variables = {variable.name: variable.values for variable in plan.variables}
    made = []
    for month, days in span.months():
        groups = [(month, days)] if plan.granularity == "monthly" else [(day.isoformat(), (day,)) for day in days]
        for key, within in groups:
            used = energy.of_month(month, within) if plan.granularity == "monthly" else energy.of_day(within[0])
            terms, missing = list[Fraction](), "" if used is not None else "readings"
            for term in plan.terms:
                value = variables[term].get(key) if term in variables else _term(term, within, base_c, temperature, calendar)
                if value is None:
                    missing = missing or ("temperature" if term not in variables else term)
                else:
                    terms.append(value)
            made.append(Row(key, month, len(within), used, tuple(terms) if len(terms) == len(plan.terms) else None, missing))
    return tuple(made)


def _term(term: str, days: tuple[date, ...], base: Fraction, temperature: Mapping[date, Fraction], calendar: Calendar) -> Fraction | None:
    if term == "workdays":
        return Fraction(sum(calendar.is_worked(day) for day in days))
    sign, total = (1 if term == "cdd" else -1), ZERO
    for day in days:
        mean = temperature.get(day)
        if mean is None:
            return None
        total += max(ZERO, sign * (mean - base))
    return total
