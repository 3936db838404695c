"""Small periods for tests of the analysis: one line of text per inventory line, rates in g per base unit."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from ledger.accounting.analysis import AnalysedLine, PeriodInventory, Rating
from ledger.accounting.analysis.inventory import CoveredPart, MarketParts
from ledger.records.declared import Denominator
from ledger.records.names import Name
from ledger.records.organisation import Organisation, Placement, Unit

ROOT = "root"
SCOPES = {"gas": 1, "petrol": 1, "power": 2, "travel": 3}
LONG_AGO = date(2000, 1, 1)


def unit(id: str, parent: str = ROOT, kind: str = "outlet", **facts: object) -> Unit:
    """A unit below `parent`, open since 2000 unless told otherwise."""
    opened = facts.pop("opened", LONG_AGO)
    assert isinstance(opened, date)
    return Unit(id, Name(id, id), kind, (Placement(parent, opened),), opened, **facts)  # type: ignore[arg-type]


def organisation(*units: Unit | str, **root: object) -> Organisation:
    """An institution with these units; a name stands for an outlet right below the root."""
    top = Unit(ROOT, Name("Bank", "银行"), "institution", (), LONG_AGO, **root)  # type: ignore[arg-type]
    below = [unit(item) if isinstance(item, str) else item for item in units]
    return Organisation("bank", Name("Bank", "银行"), "Asia/Shanghai", "CN-ZJ", tuple(sorted([top, *below], key=lambda item: item.id)))


def rating(rate: str, factor: str = "", **facts: object) -> Rating:
    """A national average factor for 2022 unless told otherwise."""
    given = {"kind": "grid_average", "region": "CN", "guide": None, "basis": "CO2", "gwp": None, "method": "operational_1"} | facts
    return Rating(factor=factor or f"factor-{rate}", rate=Fraction(rate), uncertainty_bp=int(str(given.pop("bp", 0))), **given)  # type: ignore[arg-type]


def line(text: str, of: Rating | str = "1000", *, base_unit: str = "kWh", market: MarketParts | None = None, bp: int = 0) -> AnalysedLine:
    """A line from `unit indicator quantity`."""
    name, indicator, quantity = text.split()
    rated = rating(of) if isinstance(of, str) else of
    return AnalysedLine(name, indicator, SCOPES[indicator], Fraction(quantity), base_unit, rated, market, bp)


def covered(quantity: str, rest: str, residual: Rating, rate: str = "0") -> MarketParts:
    """A line's market side: what one instrument covers, and the rest."""
    parts = (CoveredPart("certificate", Fraction(quantity), Fraction(rate)),) if quantity != "0" else ()
    return MarketParts(parts, Fraction(rest), residual)


def period(
    year: int,
    *lines: AnalysedLine,
    of: Organisation | None = None,
    historic: tuple[AnalysedLine, ...] = (),
    denominators: tuple[Denominator, ...] = (),
) -> PeriodInventory:
    """The calendar year; without an organisation every unit of the lines is an outlet below the root."""
    found = of or organisation(*sorted({item.unit for item in lines} - {ROOT}))
    return PeriodInventory(str(year), date(year, 1, 1), date(year, 12, 31), found, lines, denominators, historic)
