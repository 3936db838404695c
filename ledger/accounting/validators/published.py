"""Hold published figures against each other: one measure printed twice, figures of earlier reports.

Nothing here depends on how an inventory is computed: a table that contradicts itself is wrong under any method.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import combinations

from ledger.accounting.validators.digits import find_power_of_ten, find_slip, rounded_like
from ledger.accounting.validators.figures import DeclaredFigure, computed_grams, lines_of, tonnes
from ledger.accounting.validators.measured import check_implied, measured_in
from ledger.accounting.validators.subject import Earlier, Subject
from ledger.accounting.validators.sums import Sum, find_sums
from ledger.records.findings import Finding


def check_conflicts(subject: Subject) -> tuple[Finding, ...]:
    """Return `DECLARED_CONFLICT` where one measure is printed with two values, and which of them the other figures bear out."""
    sums = tuple(find_sums(subject))
    findings: list[Finding] = []
    for figures in subject.by_key.values():
        for first, second in combinations(figures, 2):
            if abs(first.grams - second.grams) > first.tolerance + second.tolerance:
                findings.extend(_conflict(subject, sums, first, second))
    return tuple(findings)


def check_restated(subject: Subject) -> tuple[Finding, ...]:
    """Return `PRIOR_PERIOD_RESTATED` where this report prints another figure for an earlier period than that period's own data do."""
    findings: list[Finding] = []
    before = {earlier.activity.period.id: earlier for earlier in subject.earlier}
    for figure in subject.figures:
        if subject.is_own(figure):
            continue
        earlier = before.get(figure.total.period or "")
        if earlier is None:
            got, expected = figure.total.period, ", ".join(before) or "an earlier period beside this one"
            action = "give that period too: what is printed for it was not compared with anything"
            findings.append(Finding("DECLARED_PERIOD_UNKNOWN", "info", f"{_object(figure)}/period", action, got, expected, figure.params))
        else:
            findings.extend(_restated(subject, figure, earlier))
    return tuple(findings)


def _conflict(subject: Subject, sums: tuple[Sum, ...], first: DeclaredFigure, second: DeclaredFigure) -> Iterator[Finding]:
    borne_out = [figure for figure in (first, second) if _is_borne_out(subject, sums, figure)]
    fits = borne_out[0] if len(borne_out) == 1 else None
    wrong, other = (first, second) if fits is second else (second, first)
    params = {**wrong.params, "other": other.total.id, "other_reference": other.total.reference, "fits": fits.total.id if fits else ""}
    if fits:
        action = f"correct this one: {fits.text} ({fits.total.reference}) fits the other figures"
    else:
        action = "find out which of the two is right and correct the other"
    got, expected = f"{wrong.text} ({wrong.total.reference})", f"{other.text} ({other.total.reference})"
    yield Finding("DECLARED_CONFLICT", "error", wrong.place, action, got, expected, params)
    yield from slip_findings(wrong, other.grams, f"the other printed value, {other.text}")


def _is_borne_out(subject: Subject, sums: Iterable[Sum], figure: DeclaredFigure) -> bool:
    concerned = [item for item in sums if figure in item.total or any(figure in options for options in item.parts)]
    if any(item.complete for item in concerned):
        return all(item.fits(figure) for item in concerned if item.complete)
    computed = subject.computed(figure)
    return computed is not None and figure.ties_out(computed)


def slip_findings(figure: DeclaredFigure, due: Fraction, against: str) -> Iterator[Finding]:
    """Yield `DECLARED_POWER_OF_TEN` or `DIGIT_TRANSPOSITION` where a figure is `due` but for one slip; `against` says what is due."""
    if due <= 0 or figure.grams <= 0:
        return
    power = find_power_of_ten(figure.grams, due)
    if power is not None:
        params = {**figure.params, "power": str(power)}
        action = f"check the unit and the decimal point: the figure is 10^{power} times {against}"
        expected = f"about {tonnes(due)} tCO2e"
        yield Finding("DECLARED_POWER_OF_TEN", "warning", figure.place, action, figure.text, expected, params)
        return
    wanted = rounded_like(due / figure.grams_per_unit, figure.total.value)
    slip = find_slip(figure.total.value, wanted)
    if slip is not None:
        params, action = {**figure.params, "slip": slip}, f"compare the digits with {against}: {slip}"
        yield Finding("DIGIT_TRANSPOSITION", "warning", figure.place, action, figure.total.value, wanted, params)


def _restated(subject: Subject, figure: DeclaredFigure, earlier: Earlier) -> Iterator[Finding]:
    then = Subject(earlier.activity, subject.release, subject.gwp, subject.organisation, earlier.statement)
    _, measure, at = subject.key(figure)
    printed = then.by_key.get((earlier.activity.period.id, measure, at), ())
    tree = then.tree
    if any(abs(figure.grams - other.grams) <= figure.tolerance + other.tolerance for other in printed):
        return
    if printed:
        before, source, slack = printed[0].grams, f"printed for {figure.total.period} by its own report", printed[0].tolerance
    elif earlier.statement is not None and tree is not None and lines_of(figure.total, earlier.statement, tree):
        before, source, slack = Fraction(computed_grams(figure.total, earlier.statement, tree)), "computed from its data", Fraction(0)
    else:
        return
    if abs(figure.grams - before) <= figure.tolerance + slack:
        return
    percent = "" if before == 0 else _percent(figure.grams / before - 1)
    params = {**figure.params, "before": f"{tonnes(before)} tCO2e", "percent": percent}
    action = "say in the report what was restated and why, or correct the figure"
    expected = f"{tonnes(before)} tCO2e, {source}"
    got = f"{figure.text} ({percent})" if percent else figure.text
    yield Finding("PRIOR_PERIOD_RESTATED", "warning", figure.place, action, got, expected, params)
    yield from slip_findings(figure, before, f"what is {source}")
    if earlier.statement is not None and tree is not None:
        measured = measured_in(figure.total, earlier.statement, tree, earlier.activity, subject.release)
        if measured is not None:
            yield from check_implied(figure, measured, subject.release)


def _percent(change: Fraction) -> str:
    sign = "+" if change > 0 else "−" if change < 0 else ""
    tenths = round(abs(change) * 1000)
    return f"{sign}{tenths // 10}.{tenths % 10} %"


def _object(figure: DeclaredFigure) -> str:
    return figure.place.removesuffix("/value")
