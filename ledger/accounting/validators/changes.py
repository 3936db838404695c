"""Look at the change against the period before: a jump asks for a reason, whatever it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from ledger.accounting.validators.digits import SWAPPED, find_power_of_ten, find_slip
from ledger.accounting.validators.figures import tonnes
from ledger.accounting.validators.subject import Subject, exact_base
from ledger.indicators.factor import BASE_UNITS
from ledger.records.activity import Activity
from ledger.records.findings import Finding
from ledger.records.period import DAY_SECONDS, Period
from ledger.records.statement import MEASURES, Statement
from ledger.units import format_decimal

BP = 10_000
LEAP_DAYS = 3
MOVED_SLACK = Fraction(3, 10)


def check_jumps(subject: Subject) -> tuple[Finding, ...]:
    """Return `YEAR_ON_YEAR_JUMP` for each line and total that changed by more than the release's `jump_bp`.

    Lines are those of the statements, or what the records add up to where there is none; totals the computed ones, or the printed ones.
    Periods of different length, and units that were open in a part of one of them, are compared per day.
    """
    if not subject.earlier:
        return ()
    before = subject.earlier[-1]
    periods = (before.activity.period, subject.activity.period)
    scale = _scale(*periods)
    limit = Fraction(subject.release.policies.jump_bp, BP)
    findings: list[Finding] = []
    then, now = (_quantities(activity, statement, subject) for activity, statement in _sides(subject))
    for key in sorted(now.keys() & then.keys()):
        if now[key].unit == then[key].unit:
            unit, indicator = key
            place, params = f"unit {unit} {indicator}", {"unit": unit, "indicator": indicator}
            expected = f"{then[key].text} in {before.activity.period.id}"
            due = then[key].exact * _unit_scale(subject, unit, *periods)
            findings.extend(_jump(now[key].exact, due, limit, place, now[key].text, expected, params))
    if before.statement is None or subject.statement is None:
        findings.extend(_printed_jumps(subject, scale, limit))
    else:
        findings.extend(_total_jumps(subject.statement, before.statement, scale, limit))
    return tuple(findings)


@dataclass(frozen=True)
class _Quantity:
    exact: Fraction
    unit: str

    @property
    def text(self) -> str:
        return f"{format_decimal(self.exact)} {self.unit}"


def _sides(subject: Subject) -> tuple[tuple[Activity, Statement | None], tuple[Activity, Statement | None]]:
    before = subject.earlier[-1]
    return (before.activity, before.statement), (subject.activity, subject.statement)


def _quantities(activity: Activity, statement: Statement | None, subject: Subject) -> dict[tuple[str, str], _Quantity]:
    """Return the quantities by (unit, indicator); from records those alone that are given in one base unit."""
    if statement is not None:
        return {(line.unit, line.indicator): _Quantity(line.quantity.exact, line.quantity.unit) for line in statement.lines}
    found: dict[tuple[str, str], list[_Quantity]] = {}
    for record in activity.records:
        unit, exact = subject.release.find_unit(record.quantity.unit), exact_base(record, subject.release)
        if unit is not None and exact is not None:
            found.setdefault((record.unit, record.indicator), []).append(_Quantity(exact, BASE_UNITS[unit.dimension]))
    return {
        key: _Quantity(sum((item.exact for item in items), Fraction(0)), items[0].unit)
        for key, items in found.items()
        if len({item.unit for item in items}) == 1
    }


def _total_jumps(now: Statement, then: Statement, scale: Fraction, limit: Fraction) -> Iterator[Finding]:
    for name in MEASURES:
        if name == "scope2_market_g" and now.totals.scope2_market_g == now.totals.scope2_location_g:
            continue
        grams, before = getattr(now.totals, name), getattr(then.totals, name)
        got, expected = f"{tonnes(grams)} tCO2e", f"{tonnes(before)} tCO2e in {then.period.id}"
        yield from _jump(Fraction(grams), Fraction(before) * scale, limit, f"total {name}", got, expected, {"measure": name})


def _printed_jumps(subject: Subject, scale: Fraction, limit: Fraction) -> Iterator[Finding]:
    before = subject.earlier[-1].activity
    then = Subject(before, subject.release, subject.gwp, subject.organisation).by_key
    for figure in subject.figures:
        _, measure, at = subject.key(figure)
        last = then.get((before.period.id, measure, at), ())
        if not last or not subject.is_own(figure):
            continue
        yield from _jump(
            figure.grams, last[0].grams * scale, limit, figure.place, figure.text, f"{last[0].text} in {before.period.id}", figure.params
        )
        slip = find_slip(figure.total.value, last[0].total.value) if figure.total.unit == last[0].total.unit else None
        if slip == SWAPPED:
            action = "compare with the books: these are the digits of the period before, two of them swapped"
            params, expected = {**figure.params, "slip": SWAPPED}, f"not {last[0].total.value} with a slip"
            yield Finding("DIGIT_TRANSPOSITION", "warning", figure.place, action, figure.total.value, expected, params)


def _jump(now: Fraction, then: Fraction, limit: Fraction, place: str, got: str, expected: str, params: dict[str, str]) -> Iterator[Finding]:
    if now == then or (then != 0 and abs(now / then - 1) <= limit):
        return
    change = "from nothing" if then == 0 else _percent(now / then - 1)
    # A moved point and, beside it, what a year may change.
    power = find_power_of_ten(now, then, min(limit, MOVED_SLACK))
    params = {**params, "change": change} | ({} if power is None else {"power": str(power)})
    hint = f"; it is about 10^{power} times as much: check the unit and the decimal point" if power is not None else ""
    action = f"say what changed (buildings, people, weather, units taken in), or correct the data{hint}"
    yield Finding("YEAR_ON_YEAR_JUMP", "warning", place, action, f"{got} ({change})", expected, params)


def _scale(before: Period, now: Period) -> Fraction:
    """Return what the value before is multiplied by: 1 for periods of one length (a leap day aside), else the ratio of days."""
    return _ratio(*(Fraction(period.end - period.start, DAY_SECONDS) for period in (before, now)))


def _unit_scale(subject: Subject, id: str, before: Period, now: Period) -> Fraction:
    """Return the same for one unit, by the days that it was open in each of the periods."""
    unit = None if subject.organisation is None else subject.organisation.find_unit(id)
    if unit is None:
        return _scale(before, now)
    days = [Fraction(unit.days_open(period.first_day, period.last_day)) for period in (before, now)]
    return _ratio(*days) if all(days) else _scale(before, now)


def _ratio(before: Fraction, now: Fraction) -> Fraction:
    return Fraction(1) if abs(before - now) <= LEAP_DAYS else now / before


def _percent(change: Fraction) -> str:
    tenths = round(abs(change) * 1000)
    return f"{'+' if change > 0 else '−'}{tenths // 10}.{tenths % 10} %"
