"""One period's statement as analysis needs it: exact rates beside the grams, and the tree of the period (spec: analysis §1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from ledger.accounting.analysis.columns import SCOPE_COLUMNS, sum_by
from ledger.errors import InputError
from ledger.records.declared import Denominator
from ledger.records.line import Measures
from ledger.records.organisation import Organisation
from ledger.records.tree import Tree
from ledger.units import round_half_even

LOCATION = "location"
MARKET = "market"
MARKET_COLUMN = "scope2_market_g"

RateKey = tuple[str, str, str]
Rates = Mapping[RateKey, "Rating"]


@dataclass(frozen=True)
class Rating:
    """How a quantity became grams: `rate` in g CO2e per base unit, and what it rests on.

    `gwp` is the GWP set where the factor has a gas other than CO2, else None; `uncertainty_bp` the 95 % half-width of the factor.
    """

    factor: str
    kind: str
    region: str
    guide: str | None
    basis: str
    gwp: str | None
    method: str
    rate: Fraction
    uncertainty_bp: int

    @property
    def signature(self) -> tuple[str, ...]:
        """Return what makes a method: newer data of the same kind has the same signature (spec: analysis §6)."""
        return (self.kind, region_level(self.region), self.guide or "", self.basis, self.gwp or "", self.method)


def region_level(region: str) -> str:
    """Return `any` for `*`, `country` for CN, `province` for CN-ZJ, `grid_region` for CN-EAST."""
    if region == "*":
        return "any"
    _, _, part = region.partition("-")
    if not part:
        return "country"
    return "province" if len(part) == 2 else "grid_region"


@dataclass(frozen=True)
class CoveredPart:
    """Base units of a line that an instrument covers, at the instrument's rate in g CO2e per base unit."""

    instrument: str
    quantity: Fraction
    rate: Fraction


@dataclass(frozen=True)
class MarketParts:
    """What instruments cover of a line, and the rest with its residual rating."""

    covered: tuple[CoveredPart, ...]
    rest: Fraction
    rating: Rating

    @property
    def covered_grams(self) -> Fraction:
        """Return the exact grams of the covered part."""
        return sum((part.quantity * part.rate for part in self.covered), Fraction(0))


@dataclass(frozen=True)
class ColumnPart:
    """A line in one column: `fixed` + `quantity` × `rating.rate` grams, exact."""

    use: str
    fixed: Fraction
    quantity: Fraction
    rating: Rating

    @cached_property
    def grams(self) -> int:
        """Return the grams, rounded once."""
        return round_half_even(self.fixed + self.quantity * self.rating.rate)


@dataclass(frozen=True)
class AnalysedLine:
    """One line, unit × indicator: the quantity in base units and its rating; `market` where instruments can cover it."""

    unit: str
    indicator: str
    scope: int
    quantity: Fraction
    base_unit: str
    rating: Rating
    market: MarketParts | None = None
    activity_bp: int = 0

    def part(self, column: str) -> ColumnPart | None:
        """Return the line in a column of the statement, or None where it has none there."""
        return self._parts.get(column)

    @cached_property
    def measures(self) -> Measures:
        """Return the grams by column, each rounded once from the exact value."""
        return Measures(**{column: part.grams for column, part in self._parts.items()})

    @cached_property
    def _parts(self) -> Mapping[str, ColumnPart]:
        own = ColumnPart(LOCATION, Fraction(0), self.quantity, self.rating)
        parts = dict.fromkeys(SCOPE_COLUMNS[self.scope], own)
        if self.market is not None:
            parts[MARKET_COLUMN] = ColumnPart(MARKET, self.market.covered_grams, self.market.rest, self.market.rating)
        return parts

    @property
    def ratings(self) -> tuple[tuple[RateKey, Rating], ...]:
        """Return the line's ratings by (indicator, use, base unit)."""
        own = ((self.indicator, LOCATION, self.base_unit), self.rating)
        return (own,) if self.market is None else (own, ((self.indicator, MARKET, self.base_unit), self.market.rating))

    def rated(self, rates: Rates) -> AnalysedLine:
        """Return the line at other rates; where there is none for it, it keeps its own. What instruments cover stays."""
        rating = rates.get((self.indicator, LOCATION, self.base_unit), self.rating)
        market = self.market
        if market is not None:
            market = replace(market, rating=rates.get((self.indicator, MARKET, self.base_unit), market.rating))
        return replace(self, rating=rating, market=market)

    def is_rated_by(self, rates: Rates) -> bool:
        """Tell whether there is a rate for each of the line's ratings."""
        return all(key in rates for key, _ in self.ratings)

    def with_quantity(self, quantity: Fraction) -> AnalysedLine:
        """Return the line with another quantity; what instruments cover stays, as far as there is something to cover.

        Raises:
            InputError: the quantity is below what instruments cover.
        """
        if self.market is None:
            return replace(self, quantity=quantity)
        rest = self.market.rest + quantity - self.quantity
        if rest < 0:
            raise InputError(
                f"the quantity {quantity} of {self.unit}/{self.indicator} is below what its instruments cover",
                hint="restate the period: instruments must be spread anew",
                unit=self.unit,
                indicator=self.indicator,
            )
        return replace(self, quantity=quantity, market=replace(self.market, rest=rest))


@dataclass(frozen=True)
class PeriodInventory:
    """One period of one institution; `historic` are lines of units before they came in, and are in no total of the period.

    The lines are kept in the order of a statement, by (unit, indicator), whatever order they are given in.

    Raises on construction:
        InputError: lines of one indicator, use and base unit have two rates, or a line stands twice.
    """

    period: str
    first: date
    last: date
    organisation: Organisation
    lines: tuple[AnalysedLine, ...]
    denominators: tuple[Denominator, ...] = ()
    historic: tuple[AnalysedLine, ...] = ()
    statement: str | None = None

    def __post_init__(self) -> None:
        for name in ("lines", "historic"):
            lines = sorted(getattr(self, name), key=lambda line: (line.unit.encode(), line.indicator.encode()))
            if len({(line.unit, line.indicator) for line in lines}) < len(lines):
                raise InputError(f"the period {self.period} has two lines of one unit and indicator", hint="give each line once")
            object.__setattr__(self, name, tuple(lines))
        self.rates  # noqa: B018  # refuses lines with two rates

    @cached_property
    def tree(self) -> Tree:
        """Return the tree of the period."""
        return self.organisation.tree(self.last)

    @property
    def days(self) -> int:
        """Return how many days the period has."""
        return (self.last - self.first).days + 1

    @property
    def year(self) -> int | None:
        """Return the calendar year that the period is, or None."""
        whole = (self.first, self.last) == (date(self.first.year, 1, 1), date(self.first.year, 12, 31))
        return self.first.year if whole else None

    @cached_property
    def line_map(self) -> Mapping[tuple[str, str], AnalysedLine]:
        """Return the lines by (unit, indicator)."""
        return {(line.unit, line.indicator): line for line in self.lines}

    @cached_property
    def rates(self) -> Rates:
        """Return the rating of every (indicator, use, base unit) of the period's lines."""
        found: dict[RateKey, Rating] = {}
        for line in self.lines:
            for key, rating in line.ratings:
                if found.setdefault(key, rating).rate != rating.rate:
                    got = f"{found[key].factor} and {rating.factor}"
                    hint = "use one factor per indicator and period"
                    raise InputError(f"the period {self.period} rates {line.indicator} by {got}", hint=hint)
        return found

    @cached_property
    def totals(self) -> Measures:
        """Return the grams of all lines."""
        return Measures.sum(line.measures for line in self.lines)

    @cached_property
    def unit_totals(self) -> Mapping[str, Measures]:
        """Return the grams of every unit with all below it, by unit id."""
        own = sum_by((line.unit, line.measures) for line in self.lines)
        total: dict[str, Measures] = {}
        for unit in self.tree.depth_order():
            below = (total[child.id] for child in self.tree.children(unit.id))
            total[unit.id] = Measures.sum([own.get(unit.id, Measures()), *below])
        return {id: total[id] for id in sorted(total, key=str.encode)}

    @cached_property
    def indicator_totals(self) -> Mapping[str, Measures]:
        """Return the grams of every indicator."""
        return sum_by((line.indicator, line.measures) for line in self.lines)

    def with_historic(self, lines: Iterable[AnalysedLine]) -> PeriodInventory:
        """Return the period with these historic lines."""
        return replace(self, historic=tuple(lines))


def in_time(inventories: Iterable[PeriodInventory]) -> tuple[PeriodInventory, ...]:
    """Return the periods from the earliest on.

    Raises:
        InputError: two of them overlap, have one id, or belong to two institutions.
    """
    ordered = tuple(sorted(inventories, key=lambda inventory: inventory.first))
    for before, after in pairwise(ordered):
        if after.first <= before.last:
            raise InputError(f"the periods {before.period} and {after.period} overlap", hint="analyse periods that follow each other")
    if len({inventory.period for inventory in ordered}) < len(ordered):
        raise InputError("two periods have one id", hint="give each period once")
    if len({inventory.organisation.institution for inventory in ordered}) > 1:
        raise InputError("the periods belong to different institutions", hint="analyse one institution at a time")
    return ordered


def get_period(inventories: Iterable[PeriodInventory], period: str) -> PeriodInventory:
    """Return the period with this id.

    Raises:
        InputError: there is none.
    """
    known = tuple(inventories)
    for inventory in known:
        if inventory.period == period:
            return inventory
    raise InputError(f"no period {period[:64]!r} among those analysed", hint=f"name one of {', '.join(item.period for item in known)}")
