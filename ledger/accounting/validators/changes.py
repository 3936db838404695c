"""Look at the change against the period before: a jump asks for a reason, whatever it is."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from ledger.accounting.validators.digits import find_power_of_ten
from ledger.accounting.validators.figures import tonnes
from ledger.accounting.validators.subject import Subject
from ledger.records.findings import Finding
from ledger.records.period import DAY_SECONDS, Period
from ledger.records.statement import MEASURES, Line
from ledger.units import format_decimal

BP = 10_000


def check_jumps(subject: Subject) -> tuple[Finding, ...]:
    """Return `YEAR_ON_YEAR_JUMP` for each line and total that changed by more than the release's `jump_bp`.

    Periods of different length are compared per day.
    """
    before = subject.earlier[-1].statement if subject.earlier else None
    if before is None or subject.statement is None:
        return ()
    scale = _scale(before.period, subject.statement.period)
    limit = Fraction(subject.release.policies.jump_bp, BP)
    findings: list[Finding] = []
    lines = {(line.unit, line.indicator): line for line in before.lines}
    for line in subject.statement.lines:
        last = lines.get((line.unit, line.indicator))
        if last is not None and last.quantity.unit == line.quantity.unit:
            findings.extend(_line_jump(line, last, scale, limit, before.period.id))
    for name in MEASURES:
        now, then = getattr(subject.statement.totals, name), getattr(before.totals, name)
        place, expected = f"total {name}", f"{tonnes(then)} tCO2e in {before.period.id}"
        if name == "scope2_market_g" and subject.statement.totals.scope2_market_g == subject.statement.totals.scope2_location_g:
            continue
        findings.extend(_jump(Fraction(now), Fraction(then) * scale, limit, place, f"{tonnes(now)} tCO2e", expected, {"measure": name}))
    return tuple(findings)


def _line_jump(line: Line, last: Line, scale: Fraction, limit: Fraction, period: str) -> Iterator[Finding]:
    now, then = line.quantity, last.quantity
    params = {"unit": line.unit, "indicator": line.indicator}
    got, expected = f"{format_decimal(now.exact)} {now.unit}", f"{format_decimal(then.exact)} {then.unit} in {period}"
    yield from _jump(now.exact, then.exact * scale, limit, f"unit {line.unit} {line.indicator}", got, expected, params)


def _jump(now: Fraction, then: Fraction, limit: Fraction, place: str, got: str, expected: str, params: dict[str, str]) -> Iterator[Finding]:
    if now == then or (then != 0 and abs(now / then - 1) <= limit):
        return
    change = "from nothing" if then == 0 else _percent(now / then - 1)
    power = find_power_of_ten(now, then)
    params = {**params, "change": change} | ({} if power is None else {"power": str(power)})
    hint = f"; it is about 10^{power} times as much: check the unit and the decimal point" if power is not None else ""
    action = f"say what changed (buildings, people, weather, units taken in), or correct the data{hint}"
    yield Finding("YEAR_ON_YEAR_JUMP", "warning", place, action, f"{got} ({change})", expected, params)


def _scale(before: Period, now: Period) -> Fraction:
    """Return what the value before is multiplied by: 1 for periods of one length (a leap day aside), else the ratio of days."""
    days_before, days_now = (Fraction(period.end - period.start, DAY_SECONDS) for period in (before, now))
    return Fraction(1) if abs(days_before - days_now) <= 3 else days_now / days_before


def _percent(change: Fraction) -> str:
    tenths = round(abs(change) * 1000)
    return f"{'+' if change > 0 else '−'}{tenths // 10}.{tenths % 10} %"
