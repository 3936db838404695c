"""Hold printed totals against their printed parts: scopes, the indicators of a scope, the units below a unit.

Nothing here depends on how an inventory is computed: a table that contradicts itself is wrong under any method.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from ledger.accounting.validators.digits import SWAPPED, find_power_of_ten, find_slip, rounded_like
from ledger.accounting.validators.figures import OWN_COLUMN, DeclaredFigure, tonnes
from ledger.accounting.validators.subject import Subject, spread
from ledger.records.activity import INDICATOR_MEASURE
from ledger.records.findings import Finding

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
        """Tell whether these printed figures add up, or are less than the total where parts may be missing."""
        return self.adds_up(total, parts) or (not self.complete and _added(parts) < total.grams)

    def adds_up(self, total: DeclaredFigure, parts: tuple[DeclaredFigure, ...]) -> bool:
        """Tell whether these printed figures add up within the rounding of all of them."""
        return abs(_added(parts) - total.grams) <= total.tolerance + spread(parts)

    def choices(self) -> Iterator[tuple[DeclaredFigure, tuple[DeclaredFigure, ...]]]:
        """Yield every choice of one printed figure for the total and for each part."""
        for total, *parts in product(self.total, *self.parts):
            yield total, tuple(parts)

    def fits(self, figure: DeclaredFigure) -> bool:
        """Tell whether a figure of the sum adds up with any choice of the others."""
        return any(figure in (total, *parts) and self.holds(total, parts) for total, parts in self.choices())


def check_sums(subject: Subject) -> tuple[Finding, ...]:
    """Return `DECLARED_SUM_MISMATCH` where a printed total is not the sum of its printed parts, whatever was computed.

    Where parts may be missing, a total may be more than those that are printed: `DIGIT_TRANSPOSITION` if two swapped digits explain that.
    """
    findings: list[Finding] = []
    for item in find_sums(subject):
        total, parts = next(item.choices())
        if not any(item.holds(total, parts) for total, parts in item.choices()):
            findings.append(_sum_mismatch(total, parts))
        elif len(parts) > 1 and not any(item.adds_up(total, parts) for total, parts in item.choices()):
            findings.extend(_swapped_in_sum(total, parts))
    return tuple(findings)


def find_sums(subject: Subject) -> Iterator[Sum]:
    """Yield the sums that the printed figures should make: of scopes, of the indicators of a scope, of the units below a unit."""
    for period, at in sorted({(period, at) for period, _, at in subject.by_key}):
        yield from _sums_of_scopes(subject, period, at)
        yield from _sums_of_indicators(subject, period, at)
    yield from _sums_of_units(subject)


def _sums_of_scopes(subject: Subject, period: str, at: str) -> Iterator[Sum]:
    """Yield the sums whose parts are all printed; for a total without one, those with some: they cannot be more than it."""
    found = subject.by_key
    for total in dict.fromkeys(total for total, _ in PARTS):
        sums = []
        for parts in (parts for of, parts in PARTS if of == total):
            printed = tuple(found[period, part, at] for part in parts if (period, part, at) in found)
            if (period, total, at) in found and printed:
                sums.append(Sum(found[period, total, at], printed, len(printed) == len(parts)))
        whole = [item for item in sums if item.complete]
        yield from whole or sums


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
    added = _added(parts)
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


def _swapped_in_sum(total: DeclaredFigure, parts: tuple[DeclaredFigure, ...]) -> Iterator[Finding]:
    for index, figure in enumerate((total, *parts), start=-1):
        due = rounded_like(_due(total, parts, index) / figure.grams_per_unit, figure.total.value)
        if find_slip(figure.total.value, due) == SWAPPED:
            action = f"compare the digits with the other figures: if no part is missing, {SWAPPED}"
            params = {**figure.params, "slip": SWAPPED}
            yield Finding("DIGIT_TRANSPOSITION", "warning", figure.place, action, figure.total.value, f"{due}, or another part", params)


def _slip_in_sum(total: DeclaredFigure, parts: tuple[DeclaredFigure, ...], index: int) -> str | None:
    """Return how the total (index −1) or a part differs by a slip from what the others ask of it."""
    return _describe_slip(total if index < 0 else parts[index], _due(total, parts, index))


def _due(total: DeclaredFigure, parts: tuple[DeclaredFigure, ...], index: int) -> Fraction:
    """Return the grams that the others leave for the total (index −1) or a part."""
    return _added(parts) if index < 0 else total.grams - _added(parts) + parts[index].grams


def _added(parts: Iterable[DeclaredFigure]) -> Fraction:
    return sum((part.grams for part in parts), Fraction(0))


def _describe_slip(figure: DeclaredFigure, due: Fraction) -> str | None:
    """Return how a printed figure differs by one slip from `due` grams, or None."""
    if due <= 0:
        return None
    wanted = rounded_like(due / figure.grams_per_unit, figure.total.value)
    slip = find_slip(figure.total.value, wanted)
    power = find_power_of_ten(figure.grams, due)
    if slip is None and power is None:
        return None
    return f"{figure.total.value} instead of {wanted}: {slip or f'the decimal point, 10^{power}'}"
