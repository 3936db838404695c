"""The figures of portfolios that are no exposures, as the answer holds them (spec: financed-input §5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

from ledger.accounting.financed.input_reading_portfolio import Country, GreenProject, Portfolio, Scored, Weighted
from ledger.accounting.financed.portfolio import Holding, adjust_evic_inflation, sovereign_intensity, weighted_score
from ledger.accounting.financed.result_compute import decimal
from ledger.errors import InputError
from ledger.records.findings import Finding
from ledger.units import format_decimal, round_half_even

MILLION = 10**6
PLACES = 10


def portfolio_document(portfolio: Portfolio, findings: list[Finding]) -> dict[str, object] | None:
    """Return the answer's object `portfolio`, None where the file asks for none; what cannot be computed is null, and found."""
    parts: tuple[tuple[str, tuple[object, ...], Callable[..., object]], ...] = (
        ("evic_inflation", portfolio.evic_inflation, _evic_inflation),
        ("sovereign", portfolio.sovereign, lambda items: [_country(item) for item in items]),
        ("data_quality", portfolio.data_quality, _data_quality),
        ("waci", portfolio.waci, _waci),
        ("reductions", portfolio.reductions, lambda items: _reductions(items, findings)),
    )
    if not any(items for _, items, _ in parts):
        return None
    document: dict[str, object] = {}
    for name, items, compute in parts:
        try:
            document[name] = compute(items) if items else None
        except InputError as error:
            document[name] = None
            action = error.hint or "correct the figures"
            findings.append(Finding("PORTFOLIO_REFUSED", "error", f"/portfolio/{name}", action, str(error)[:200]))
    return document


def _evic_inflation(items: tuple[tuple[str, Holding], ...]) -> dict[str, object]:
    found = adjust_evic_inflation([holding for _, holding in items])
    change = found.change
    return {
        "base": _per_million(found.base),
        "current": _per_million(found.current),
        "adjustment": decimal(found.adjustment, PLACES),
        "adjusted_base": _per_million(found.adjusted_base),
        "adjusted_current": _per_million(found.adjusted_current),
        "change": None if change is None else decimal(change, PLACES),
        "change_percent": None if change is None else decimal(change * 100, PLACES),
        "holdings": [
            {
                "id": id,
                "base": _per_million(holding.base_emissions / holding.base_evic),
                "current": _per_million(holding.emissions / holding.evic),
                "adjustment": decimal(holding.base_evic / holding.evic, PLACES),
            }
            for id, holding in items
        ],
    }


def _country(item: Country) -> dict[str, object]:
    """Return intensities in kg CO2e per unit of GDP, which are t per thousand."""
    intensities = [
        None if gdp is None else decimal(sovereign_intensity(item.emissions, gdp) * 1_000, PLACES) for gdp in (item.gdp, item.ppp_gdp)
    ]
    return {"id": item.id, "per_gdp": intensities[0], "per_ppp_gdp": intensities[1]}


def _data_quality(items: tuple[Scored, ...]) -> dict[str, object]:
    sectors: dict[str, list[Scored]] = {}
    for item in items:
        if item.sector is not None:
            sectors.setdefault(item.sector, []).append(item)
    by_sector = [{"sector": name, **_scored(sectors[name])} for name in sorted(sectors, key=str.encode)]
    return {**_scored(items), "sectors": by_sector}


def _scored(items: Iterable[Scored]) -> dict[str, object]:
    known = tuple(items)
    score = weighted_score((item.outstanding, item.score) for item in known)
    return {"outstanding": format_decimal(sum((item.outstanding for item in known), Fraction(0))), "score": decimal(score, PLACES)}


def _waci(items: tuple[Weighted, ...]) -> dict[str, object]:
    whole = sum((item.weight for item in items), Fraction(0))
    if whole <= 0:
        raise InputError("the weights add up to 0")
    value = sum((item.weight / whole * item.emissions / item.revenue for item in items), Fraction(0))
    intensities = [
        {"id": item.id, "weight": decimal(item.weight / whole, PLACES), "intensity": _per_million(item.emissions / item.revenue)}
        for item in items
    ]
    return {"value": _per_million(value), "positions": intensities}


def _reductions(items: tuple[GreenProject, ...], findings: list[Finding]) -> dict[str, object]:
    shares = []
    for index, item in enumerate(items):
        factor = item.balance / item.total_investment
        if factor > 1:
            action, got = "check both figures; the factor is taken as 1", format_decimal(item.balance)
            place = f"/portfolio/reductions/{index}/balance"
            findings.append(Finding("ATTRIBUTION_CLIPPED", "warning", place, action, got, "a balance of at most the total investment"))
        factor = min(factor, Fraction(1))
        grams = round_half_even(item.reduction_g * factor)
        shares.append((item, factor, grams))
    whole = sum(grams for _, _, grams in shares)
    projects = [
        {"id": item.id, "green_field": item.green_field, "factor": fraction(factor), "g": str(grams), "tonnes": tonnes(grams)}
        for item, factor, grams in shares
    ]
    return {"g": str(whole), "tonnes": tonnes(whole), "projects": projects}


def tonnes(grams: int) -> str:
    """Return grams as exact tonnes."""
    return format_decimal(Fraction(grams, MILLION))


def fraction(value: Fraction) -> dict[str, str]:
    """Return a factor as the exact fraction in lowest terms, and rounded half-even to 12 decimals, of percent to 10."""
    exact = {"numerator": str(value.numerator), "denominator": str(value.denominator)}
    return {**exact, "decimal": decimal(value, 12), "percent": decimal(value * 100, 10)}


def _per_million(intensity: Fraction) -> str:
    """Return t per unit of money as t per million of it."""
    return decimal(intensity * MILLION, PLACES)
