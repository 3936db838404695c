"""Collect what each line is computed from, in base units, and find what is wrong with it (spec: method-operational-1 §2, §9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from ledger.records.findings import Finding
from ledger.records.statement import LineSource

LineKey = tuple[str, str]


@dataclass(frozen=True)
class SourceAmount:
    """One source of a line: its quantity in the base unit of `dimension`, its quality, and where it stands in the activity.

    A quantity below 0 is taken off the line (exported electricity); `uncertainty_bp` is its 95 % half-width in basis points.
    """

    source: LineSource
    dimension: str
    quantity: Fraction
    quality: int
    uncertainty_bp: int
    place: str


@dataclass(frozen=True)
class Sources:
    """All usable sources by (unit, indicator), and the findings about the others."""

    by_line: dict[LineKey, tuple[SourceAmount, ...]]
    findings: tuple[Finding, ...]

    def dimensions(self, indicator: str) -> Iterator[tuple[str, str, SourceAmount]]:
        """Yield (dimension, unit, source) for the first source of an indicator in each dimension, by line and source."""
        seen: set[str] = set()
        for (unit, name), amounts in self.by_line.items():
            for amount in amounts:
                if name == indicator and amount.dimension not in seen:
                    seen.add(amount.dimension)
                    yield amount.dimension, unit, amount


def gather(found: Iterable[tuple[LineKey, SourceAmount]], findings: Iterable[Finding]) -> Sources:
    """Return the sources by line, in the order of the statement, with the findings so far and those about whole lines."""
    by_key: dict[LineKey, list[SourceAmount]] = {}
    for key, amount in found:
        by_key.setdefault(key, []).append(amount)
    order = sorted(by_key, key=lambda key: (key[0].encode(), key[1].encode()))
    by_line = {key: tuple(sorted(by_key[key], key=lambda amount: (amount.source.kind, amount.source.id.encode()))) for key in order}
    about_lines = (finding for key, amounts in by_line.items() for finding in _check_line(key, amounts))
    return Sources(by_line, (*findings, *about_lines))


def _check_line(key: LineKey, amounts: tuple[SourceAmount, ...]) -> Iterable[Finding]:
    params = {"unit": key[0], "indicator": key[1]}
    dimensions = sorted({amount.dimension for amount in amounts})
    if len(dimensions) > 1:
        place = next(amount.place for amount in amounts if amount.dimension != amounts[0].dimension)
        action, got = "give all quantities of the unit for this indicator in one dimension", " and ".join(dimensions)
        yield Finding("BASES_MIXED", "error", f"{place}/quantity/unit", action, got, "one dimension per line", params)
    records = [amount for amount in amounts if amount.source.kind == "activity"]
    if records and len(records) < len(amounts):
        action = "make sure that the records are another supply than the meter: both are added"
        yield Finding("METER_AND_INVOICE", "warning", records[0].place, action, "meter and records", "one of them per supply", params)
