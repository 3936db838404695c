"""Hold published figures against each other: totals and their parts, one measure printed twice, figures of earlier reports.

Nothing here depends on how an inventory is computed: a table that contradicts itself is wrong under any method.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product

from ledger.accounting.validators.digits import find_power_of_ten, find_slip, rounded_like
from ledger.accounting.validators.figures import OWN_COLUMN, DeclaredFigure, computed_grams, lines_of, tonnes
from ledger.accounting.validators.measured import check_implied, measured_in
from ledger.accounting.validators.subject import Earlier, Subject, spread
from ledger.records.activity import INDICATOR_MEASURE
from ledger.records.findings import Finding

Key = tuple[str, str, str]
Options = tuple[tuple[DeclaredFigure, ...], ...]
# What a total is made of, finest parts last.
PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("scope1_scope2_location_g", ("scope1_g", "scope2_location_g")),
    ("scope1_scope2_market_g", ("scope1_g", "scope2_market_g")),
    ("all_location_g", ("scope1_scope2_location_g", "scope3_g")),
    ("all_location_g", ("scope1_g", "scope2_location_g", "scope3_g")),
    ("all_market_g", ("scope1_scope2_market_g", "scope3_g")),
    ("all_market_g", ("scope1_g", "scope2_market_g", "scope3_g")),
)


@dataclass(frozen=True)
class Sum:
    """A total that its parts should add up to, each printed at least once; `complete` where no part can be missing."""

    total: tuple[DeclaredFigure, ...]
    parts: Options
    complete: bool = True

    def holds(self, total: DeclaredFigure, parts: tuple[DeclaredFigure, ...]) -> bool:
        """Tell whether these printed figures add up within the rounding of all of them."""
        difference = sum((part.grams for part in parts), Fraction(0)) - total.grams
        slack = total.tolerance + spread(parts)
        return abs(difference) <= slack or (not self.complete and difference < 0)

    def choices(self) -> Iterator[tuple[DeclaredFigure, tuple[DeclaredFigure, ...]]]:
        """Yield every choice of one printed figure for the total and for each part."""
        for total, *parts in product(self.total, *self.parts):
            yield total, tuple(parts)

    def fits(self, figure: DeclaredFigure) -> bool:
        """Tell whether a figure of the sum adds up with any choice of the others."""
        return any(figure in (total, *parts) and self.holds(total, parts) for total, parts in self.choices())


def check_sums(subject: Subject) -> tuple[Finding, ...]:
    """Return `DECLARED_SUM_MISMATCH` where a printed total is not the sum of its printed parts, whatever was computed."""
    findings = []
    for item in find_sums(subject):
        if any(item.holds(total, parts) for total, parts in item.choices()):
            continue
        total, parts = next(item.choices())
        findings.append(_sum_mismatch(total, parts))
    return tuple(findings)


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


def find_sums(subject: Subject) -> Iterator[Sum]:
    """Yield the sums that the printed figures should make: of scopes, of the indicators of a scope, of the units below a unit."""
    found = subject.by_key
    for period, at in sorted({(period, at) for period, _, at in found}):
        for total, parts in PARTS:
            keys = [(period, part, at) for part in parts]
            if (period, total, at) in found and all(key in found for key in keys):
                yield Sum(found[period, total, at], tuple(found[key] for key in keys))
        yield from _sums_of_indicators(subject, period, at)
    yield from _sums_of_units(subject)


def _sums_of_indicators(subject: Subject, period: str, at: str) -> Iterator[Sum]:
    scopes = {indicator.id: indicator.scope for indicator in subject.release.indicators}
    printed = {measure.removeprefix(INDICATOR_MEASURE) for here, measure, unit in subject.by_key if (here, unit) == (period, at)}
    for scope, column in OWN_COLUMN.items():
        total = subject.by_key.get((period, column, at))
        parts = sorted(id for id in printed if scopes.get(id) == scope)
        if total is None or not parts:
            continue
        # Records that are not printed, and other periods, may hold further parts; then the printed ones may only be too much.
        recorded = {record.indicator for record in subject.activity.records if scopes.get(record.indicator) == scope}
        complete = period == subject.activity.period.id and at == "" and bool(recorded) and recorded <= set(parts)
        yield Sum(total, tuple(subject.by_key[period, INDICATOR_MEASURE + id, at] for id in parts), complete)


def _sums_of_units(subject: Subject) -> Iterator[Sum]:
    tree, period = subject.tree, subject.activity.period
    if tree is None:
        return
    busy = {record.unit for record in subject.activity.records}
    for unit in tree.depth_order():
        children = [child.id for child in tree.children(unit.id) if child.is_open(period.first_day, period.last_day)]
        at = "" if unit.id == tree.root.id else unit.id
        for measure in [key[1] for key in subject.by_key if key[0] == period.id and key[2] == at]:
            parts = [subject.by_key[period.id, measure, child] for child in children if (period.id, measure, child) in subject.by_key]
            if parts:
                yield Sum(subject.by_key[period.id, measure, at], tuple(parts), len(parts) == len(children) and unit.id not in busy)


def _sum_mismatch(total: DeclaredFigure, parts: tuple[DeclaredFigure, ...]) -> Finding:
    added = sum((part.grams for part in parts), Fraction(0))
    slack = total.tolerance + spread(parts)
    params = {
        **total.params,
        "parts": " + ".join(f"{part.total.value} ({part.total.at or part.total.measure})" for part in parts),
        "difference": f"{tonnes(total.grams - added)} tCO2e",
        "tolerance": f"{tonnes(slack)} tCO2e",
    }
    slips = [slip for slip in (_slip_in_sum(total, parts, index) for index in range(-1, len(parts))) if slip]
    hint = f": {slips[0]}" if slips else ""
    if slips:
        params["slip"] = slips[0]
    action = f"find the figure that is wrong, the total or a part{hint}"
    expected = f"{tonnes(added)} ± {tonnes(slack)} tCO2e, the sum of {len(parts)} printed parts"
    return Finding("DECLARED_SUM_MISMATCH", "error", total.place, action, f"{tonnes(total.grams)} tCO2e", expected, params)


def _slip_in_sum(total: DeclaredFigure, parts: tuple[DeclaredFigure, ...], index: int) -> str | None:
    """Return how the total (index −1) or a part differs by a slip from what the others ask of it."""
    added = sum((part.grams for part in parts), Fraction(0))
    figure = total if index < 0 else parts[index]
    due = added if index < 0 else total.grams - added + figure.grams
    return describe_slip(figure, due)


def describe_slip(figure: DeclaredFigure, due: Fraction) -> str | None:
    """Return how a printed figure differs by one slip from `due` grams, or None."""
    if due <= 0:
        return None
    wanted = rounded_like(due / figure.grams_per_unit, figure.total.value)
    slip = find_slip(figure.total.value, wanted)
    power = find_power_of_ten(figure.grams, due)
    if slip is None and power is None:
        return None
    return f"{figure.total.value} instead of {wanted}: {slip or f'the decimal point, 10^{power}'}"


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
