"""The analysis of an institution's periods as one document, `lingtan.analysis/1` (spec: analysis §9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from ledger.accounting.analysis.adjustments import Correction
from ledger.accounting.analysis.base_year import BaseYearPolicy, BaseYearReview, LogEntry, review_base_year
from ledger.accounting.analysis.columns import COLUMN_NAMES, basis_points, columns_document, grams_in
from ledger.accounting.analysis.comparison import Comparison, ComparisonRow, Side, compare_periods
from ledger.accounting.analysis.decomposition import Change
from ledger.accounting.analysis.intensities import Intensity, compute_intensities
from ledger.accounting.analysis.inventory import PeriodInventory, get_period, in_time
from ledger.accounting.analysis.monte_carlo import simulate
from ledger.accounting.analysis.paths import PathAnalysis, Target, YearValue, analyse_path
from ledger.accounting.analysis.series import SeriesPoint, as_reported, constant_factor
from ledger.accounting.analysis.uncertainty import combine, contributions
from ledger.errors import InputError
from ledger.units import format_decimal, round_half_even

SCHEMA = "lingtan.analysis/1"
DECIMALS = 6


@dataclass(frozen=True)
class PathOptions:
    """A target that one of the eight columns is held against; `base_year` is where its path starts while there is no peak."""

    target: Target
    column: str = "scope1_scope2_location_g"
    base_year: int | None = None


@dataclass(frozen=True)
class SimulationOptions:
    """How many draws the check of the uncertainties takes, and from which seed."""

    draws: int
    seed: int


@dataclass(frozen=True)
class AnalysisOptions:
    """What is asked for: `reference` is the period whose factors the constant-factor series has, None for the last one."""

    reference: str | None = None
    base_year: BaseYearPolicy | None = None
    corrections: tuple[Correction, ...] = ()
    paths: tuple[PathOptions, ...] = ()
    simulation: SimulationOptions | None = None


def analysis_document(inventories: Iterable[PeriodInventory], options: AnalysisOptions | None = None) -> dict[str, object]:
    """Return the `lingtan.analysis/1` document of at least one period; equal inputs give equal canonical bytes.

    Raises:
        InputError: no period, periods that overlap, or options that name a period or line that is not there.
    """
    chosen = options or AnalysisOptions()
    ordered = in_time(inventories)
    if not ordered:
        raise InputError("no period to analyse", hint="give at least one statement")
    reference = ordered[-1] if chosen.reference is None else get_period(ordered, chosen.reference)
    review = None if chosen.base_year is None else review_base_year(ordered, chosen.base_year, chosen.corrections)
    return {
        "schema": SCHEMA,
        "institution": ordered[0].organisation.institution,
        "column_names": list(COLUMN_NAMES),
        "periods": [_period(inventory, chosen.simulation) for inventory in ordered],
        "series": {
            "reference": reference.period,
            "as_reported": [{"period": point.period, "totals": columns_document(point.totals)} for point in as_reported(ordered)],
            "constant_factor": [_point(point) for point in constant_factor(ordered, reference)],
        },
        "changes": [change_document(compare_periods(before, after)) for before, after in pairwise(ordered)],
        "base_year": None if review is None else _base_year(review),
        "paths": [path_of_periods(ordered, path) for path in chosen.paths],
    }


def format_rounded(value: Fraction) -> str:
    """Return a rational as the shortest decimal string of its value rounded half-even to six decimals."""
    scaled = round_half_even(Fraction(value.numerator * 10**DECIMALS, value.denominator))
    whole, rest = divmod(abs(scaled), 10**DECIMALS)
    text = f"{whole}.{rest:0{DECIMALS}}".rstrip("0").rstrip(".") if rest else str(whole)
    return f"-{text}" if scaled < 0 else text


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


def _bp(value: Fraction | None) -> str | None:
    return None if value is None else _text(basis_points(value, 1))


def _period(inventory: PeriodInventory, simulation: SimulationOptions | None) -> dict[str, object]:
    parts = {name: contributions(inventory, name) for name in COLUMN_NAMES}
    widths = {name: combine(parts[name]) for name in COLUMN_NAMES}
    simulated = None
    if simulation is not None:
        found = {name: simulate(parts[name], simulation.draws, simulation.seed) for name in COLUMN_NAMES}
        bp = {name: _text(found[name].half_width_bp) for name in COLUMN_NAMES}
        simulated = {"n": str(simulation.draws), "seed": str(simulation.seed), "bp": bp}
    return {
        "id": inventory.period,
        "first": inventory.first.isoformat(),
        "last": inventory.last.isoformat(),
        "statement": inventory.statement,
        "totals": columns_document(inventory.totals),
        "units": _units(inventory),
        "indicators": [{"indicator": id, "totals": columns_document(total)} for id, total in inventory.indicator_totals.items()],
        "uncertainty": {name: {"g": str(width.half_width_g), "bp": _text(width.half_width_bp)} for name, width in widths.items()},
        "simulation": simulated,
    }


def _units(inventory: PeriodInventory) -> list[object]:
    by_unit: dict[str, list[object]] = {}
    for item in compute_intensities(inventory):
        by_unit.setdefault(item.unit, []).append(_intensity(item))
    totals = inventory.unit_totals
    return [{"unit": unit, "totals": columns_document(totals[unit]), "intensities": items} for unit, items in by_unit.items()]


def _intensity(item: Intensity) -> dict[str, object]:
    return {
        "measure": item.measure,
        "denominator": None if item.denominator is None else format_rounded(item.denominator),
        "values": None if item.values is None else {name: format_rounded(value) for name, value in item.values.items()},
        "reason": item.reason,
        "missing": list(item.missing),
    }


def _point(point: SeriesPoint) -> dict[str, object]:
    return {
        "period": point.period,
        "totals": columns_document(point.totals),
        "indicators": [{"indicator": id, "totals": columns_document(total)} for id, total in point.indicators.items()],
        "kept": [{"unit": unit, "indicator": indicator} for unit, indicator in point.kept],
    }


def change_document(comparison: Comparison) -> dict[str, object]:
    """Return what changed between two periods: in total, by indicator, by unit with all below it, and row by row."""
    found = comparison.decomposition

    def columns(of: Callable[[str, str], Change], name: str) -> dict[str, object]:
        return {column: of(name, column).to_document() for column in COLUMN_NAMES}

    return {
        "before": comparison.before,
        "after": comparison.after,
        "total": {column: found.total(column).to_document() for column in COLUMN_NAMES},
        "indicators": [{"indicator": id, "columns": columns(found.indicator, id)} for id in found.indicators],
        "units": [{"unit": id, "columns": columns(found.unit, id)} for id in found.units],
        "rows": [row_document(row) for row in comparison.rows],
    }


def row_document(row: ComparisonRow) -> dict[str, object]:
    """Return a row of the comparison with the period before."""
    change = row.quantity_change
    return {
        "unit": row.unit,
        "indicator": row.indicator,
        "scope": row.scope,
        "status": row.status,
        "boundary": row.is_boundary,
        "before": _side(row.before),
        "after": _side(row.after),
        "quantity_change": None if change is None else format_decimal(change),
        "quantity_bp": _text(row.quantity_bp),
        "change": row.change.to_document(),
        "grams_bp": _text(row.grams_bp),
    }


def _side(side: Side | None) -> dict[str, object] | None:
    if side is None:
        return None
    quantity = {"value": format_decimal(side.quantity), "unit": side.base_unit}
    return {"quantity": quantity, "measures": side.measures.to_document(), "factor": side.factor}


def _base_year(review: BaseYearReview) -> dict[str, object]:
    return {
        "period": review.policy.period,
        "threshold_bp": str(review.policy.threshold_bp),
        "log": [_entry(entry) for entry in review.log],
        "base_as_reported": columns_document(review.as_reported),
        "base_recalculated": columns_document(review.recalculated),
        "complete": review.complete,
        "missing": [
            {"period": item.period, "unit": item.unit, "indicator": item.indicator, "reason": item.reason} for item in review.missing
        ],
        "series": [{"period": point.period, "totals": columns_document(point.totals)} for point in review.series],
    }


def _entry(entry: LogEntry) -> dict[str, object]:
    return {
        "period": entry.period,
        "cause": entry.cause,
        "units": list(entry.units),
        "indicators": list(entry.indicators),
        "use": entry.use,
        "effect": columns_document(entry.effect),
        "ratio_bp": _bp(entry.ratio),
        "carry_bp": _bp(entry.carry),
        "decision": entry.decision,
        "estimated": entry.estimated,
        "reference": entry.reference,
    }


def path_of_periods(ordered: tuple[PeriodInventory, ...], options: PathOptions) -> dict[str, object]:
    """Return the path of periods that are in time.

    Raises:
        InputError: none of them is a calendar year, or the path cannot start (`analyse_path`).
    """
    yearly = [(inventory, inventory.year) for inventory in ordered]
    values = [YearValue(year, grams_in(inventory.totals, options.column)) for inventory, year in yearly if year is not None]
    if not values:
        hint = "give at least one whole year, or leave the target out"
        raise InputError(f"no period to hold against the target {options.target.id} is a calendar year", hint=hint)
    analysis = analyse_path(values, options.target, options.base_year)
    return path_document(analysis, options.column, [inventory.period for inventory, year in yearly if year is None])


def path_document(analysis: PathAnalysis, column: str, left_out: list[str]) -> dict[str, object]:
    """Return a path with its years, budget and status; `left_out` are the periods that are no calendar year."""
    target, peak, budget = analysis.target, analysis.peak, analysis.budget
    return {
        "target": target.id,
        "column": column,
        "peak_by": str(target.peak_by),
        "neutral_by": str(target.neutral_by),
        "base": _year(analysis.base),
        "peak": {"year": str(peak.year), "g": str(peak.grams), "status": peak.status, "late": analysis.peak_late},
        "start": _year(analysis.start),
        "milestones": [_year(item) for item in target.milestones],
        "years": [
            {
                **_year(YearValue(year.year, year.grams)),
                "path_g": str(round_half_even(year.path)),
                "distance_g": str(year.distance),
                "distance_bp": _text(year.distance_bp),
            }
            for year in analysis.years
        ],
        "left_out": left_out,
        "budget": {
            "g": str(round_half_even(budget.grams)),
            "used_g": _text(budget.used),
            "used_bp": _text(budget.used_bp),
            "elapsed_bp": str(budget.elapsed_bp),
            "status": budget.status,
        },
        "status": analysis.status,
    }


def _year(value: YearValue) -> dict[str, object]:
    return {"year": str(value.year), "g": str(value.grams)}
