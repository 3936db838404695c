"""Emissions by option, in whole grams, half-even where they are computed (spec: method-pcaf-2 §3)."""

from __future__ import annotations

from fractions import Fraction

from ledger.accounting.methods.attribution import LIMIT, Emissions, Notice
from ledger.accounting.methods.pcaf_2.options import Source, has_declared_s3
from ledger.loans.exposure import Exposure
from ledger.units import round_half_even

GRAMS_PER_KG = 1_000
CENTS_PER_GRAM = 100  # 1 t per million CNY is 10^6 g per 10^8 cents


def find_emissions(row: Exposure, source: Source, balance: int, notices: list[Notice]) -> Emissions | None:
    """Return E, or None where the option's figures are missing or contradict each other, which `notices` then say."""
    if source == "declared":
        found = _declared(row, notices)
    elif source == "activity":
        found = _of_activity(row, notices)
    elif source == "revenue":
        found = _by_factor(row, "revenue", row.revenue, "sector_factor", notices)
    elif source == "assets":
        found = _by_factor(row, "outstanding", balance, "asset_factor", notices)
    else:
        turnover = None if row.asset_turnover is None else row.asset_turnover * balance
        found = _by_factor(row, "asset_turnover", turnover, "sector_factor", notices)
    if row.process_t is not None and (source != "activity" or row.activity is None):
        notices.append(Notice("FIGURE_UNUSED", "process_t"))
    if row.s3_t is not None and not has_declared_s3(row.asset_class, row.option):
        notices.append(Notice("FIGURE_UNUSED", "s3_t"))
    if found is not None and max(found.s12_g or 0, found.s3_g or 0) >= LIMIT:
        notices.append(Notice("FIGURE_TOO_LARGE", "option"))
        return None
    return found


def _declared_s3(row: Exposure) -> int | None:
    return row.s3_t if has_declared_s3(row.asset_class, row.option) else None


def _declared(row: Exposure, notices: list[Notice]) -> Emissions | None:
    s1, s2, s12 = row.s1_t, row.s2_t, row.s12_t
    if s1 is not None and s1 < 0:
        notices.append(Notice("EMISSIONS_NEGATIVE", "s1_t"))
        return None
    if s1 is not None and s2 is not None:
        if s12 is not None and s12 != s1 + s2:
            notices.append(Notice("EMISSIONS_AMBIGUOUS", "s12_t"))
            return None
        s12 = s1 + s2
    elif s12 is not None and s12 < max(s1 or 0, s2 or 0):
        notices.append(Notice("EMISSIONS_AMBIGUOUS", "s12_t"))
        return None
    if s12 is None and s1 is not None and row.asset_class == "sovereign":
        notices.append(Notice("SCOPE2_UNKNOWN", "s2_t"))
        s12 = s1
    if s12 is None:
        notices.append(Notice("EMISSIONS_MISSING", "s1_t" if s1 is None else "s2_t"))
        return None
    return Emissions(s1, s2, s12, _declared_s3(row))


def _of_activity(row: Exposure, notices: list[Notice]) -> Emissions | None:
    if row.activity is None:
        return _declared(row, notices)
    if row.s1_t is not None or row.s2_t is not None or row.s12_t is not None:
        notices.append(Notice("EMISSIONS_AMBIGUOUS", "activity"))
        return None
    if row.activity_factor is None:
        notices.append(Notice("EMISSIONS_MISSING", "activity_factor"))
        return None
    s12 = round_half_even(row.activity * row.activity_factor * GRAMS_PER_KG + (row.process_t or 0))
    return Emissions(None, None, s12, _declared_s3(row))


def _by_factor(row: Exposure, column: str, cents: int | Fraction | None, factor_column: str, notices: list[Notice]) -> Emissions | None:
    factor, of_s3 = (
        (row.asset_factor, row.asset_factor_s3) if factor_column == "asset_factor" else (row.sector_factor, row.sector_factor_s3)
    )
    if cents is None or factor is None:
        notices.append(Notice("EMISSIONS_MISSING", column if cents is None else factor_column))
        return None
    s3 = None if of_s3 is None else round_half_even(cents * of_s3 / CENTS_PER_GRAM)
    return Emissions(None, None, round_half_even(cents * factor / CENTS_PER_GRAM), s3)
