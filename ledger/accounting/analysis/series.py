"""Emissions over the periods, as reported and at the factors of one period (spec: analysis §3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ledger.accounting.analysis.columns import sum_by
from ledger.accounting.analysis.inventory import AnalysedLine, PeriodInventory, in_time
from ledger.records.line import Measures


@dataclass(frozen=True)
class SeriesPoint:
    """One period of a series; `kept` are the (unit, indicator) whose lines kept their own rate, as the reference has none for them."""

    period: str
    totals: Measures
    indicators: Mapping[str, Measures]
    kept: tuple[tuple[str, str], ...] = ()


def point_of(period: str, lines: Iterable[AnalysedLine], kept: tuple[tuple[str, str], ...] = ()) -> SeriesPoint:
    """Return the point that these lines add up to."""
    indicators = sum_by((line.indicator, line.measures) for line in lines)
    return SeriesPoint(period, Measures.sum(indicators.values()), indicators, kept)


def as_reported(inventories: Iterable[PeriodInventory]) -> tuple[SeriesPoint, ...]:
    """Return the totals of every period as stated, from the earliest on."""
    return tuple(point_of(inventory.period, inventory.lines) for inventory in in_time(inventories))


def constant_factor(inventories: Iterable[PeriodInventory], reference: PeriodInventory) -> tuple[SeriesPoint, ...]:
    """Return every period at the rates of the reference period, from the earliest on: what is left to change is activity and boundary."""
    points = []
    for inventory in in_time(inventories):
        kept = tuple((line.unit, line.indicator) for line in inventory.lines if not line.is_rated_by(reference.rates))
        points.append(point_of(inventory.period, (line.rated(reference.rates) for line in inventory.lines), kept))
    return tuple(points)
