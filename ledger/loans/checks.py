"""What only several cells together show: repeats, months, currencies, suspicious units, the general ledger (spec: loan-book §2, §3).

Each check takes the columns of the whole book by name, adds findings, and leaves the columns alone; currencies are converted here.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import polars as pl

from ledger.loans.columns import FACTORS, MAX_INTEGER, get_column
from ledger.loans.exposure import MONEY_COLUMNS, MONTHS
from ledger.loans.faults import LISTED_PER_CODE, Faults, Refused
from ledger.loans.head import HOME_CURRENCY, RATE_DECIMALS, Head
from ledger.records.findings import Finding
from ledger.units import format_decimal

Columns = dict[str, pl.Series]
MAX_INTENSITY = 20_000
"""Tonnes per million CNY of revenue: more than any industry emits."""
MIN_REVENUE_TO_DEBT = 1_000
MAX_TURNOVER = 20
YEAR_MONTHS = 12
_WIDE = pl.Int128()


def check_repeats(columns: Columns, faults: Faults) -> None:
    """Refuse an exposure whose identifier an earlier row has."""
    names = columns.get("exposure")
    if names is None:
        return
    again = (names.is_duplicated() & ~names.is_first_distinct() & names.is_not_null()).arg_true()
    if not len(again):
        return
    texts = names.gather(again)
    wanted = set(texts.head(LISTED_PER_CODE).to_list())
    firsts: dict[str, int] = {}
    for index in (names.is_duplicated() & names.is_first_distinct()).arg_true().to_list():
        if names[index] in wanted:
            firsts[names[index]] = index + 1
    for row, text in zip(again.to_list(), texts.to_list(), strict=True):
        expected = f"in row {firsts[text]} only" if text in firsts else "once"
        faults.refuse(row + 1, "exposure", Refused("EXPOSURE_TWICE", "keep one row for each exposure", text, expected))


def check_months(given: npt.NDArray[np.uint16], head: Head, faults: Faults) -> None:
    """Refuse rows with some of the period's month-ends, or with one behind its end; bit k-1 of `given` is month k."""
    months = head.months or YEAR_MONTHS
    whole = (1 << months) - 1
    action = "fill in the balance at every month-end of the period, 0 where there was none, or leave all empty"
    if head.period is None:
        action += "; where the period is no year, name it in the head (--head)"
    for index in np.flatnonzero((given != 0) & ((given & whole) != whole)).tolist():
        bits = int(given[index])
        missing = [MONTHS[month] for month in range(1, months + 1) if not bits >> (month - 1) & 1]
        got = f"{months - len(missing)} of {months} months"
        faults.refuse(index + 1, missing[0], Refused("MONTH_MISSING", action, got, f"all of m01 to {MONTHS[months]}"))
    for index in np.flatnonzero(given >> months).tolist():
        extra = int(given[index]) >> months
        name = MONTHS[months + (extra & -extra).bit_length()]
        action = "give the month-ends of the period only, or correct the period in the head"
        faults.refuse(index + 1, name, Refused("MONTH_UNKNOWN", action, f"a balance for {name}", f"m01 to {MONTHS[months]}"))


def convert_currencies(columns: Columns, head: Head, faults: Faults) -> None:
    """Turn money of other currencies into cents of CNY at the head's rate, each value half-even; refuse one without a rate."""
    currencies = columns.get("currency")
    if currencies is None:
        return
    texts = currencies.cast(pl.String)
    foreign = [name for name in texts.unique().drop_nulls().to_list() if name != HOME_CURRENCY]
    known = [name for name in foreign if name in head.rates]
    for name in sorted(set(foreign) - set(known)):
        action = f'give CNY per {name} as {{"rates": {{"{name}": …}}}} in the head of the book (--head)'
        for index in (texts == name).arg_true().to_list():
            faults.refuse(index + 1, "currency", Refused("CURRENCY_WITHOUT_RATE", action, name, "a rate"))
    if not known:
        return
    scale = 10**RATE_DECIMALS
    numerators = [int(head.rates[name] * scale) for name in known]
    rates = texts.replace_strict(known, pl.Series(numerators, dtype=_WIDE), default=None, return_dtype=_WIDE)
    for name in MONEY_COLUMNS:
        if name in columns:
            columns[name] = _converted(columns[name], rates, scale, faults)


def _converted(money: pl.Series, rates: pl.Series, scale: int, faults: Faults) -> pl.Series:
    unit = pl.lit(scale, dtype=_WIDE)
    product = pl.col("money").cast(_WIDE) * pl.col("rate")
    frame = pl.DataFrame([money.alias("money"), rates.alias("rate")]).with_columns(
        (product // unit).alias("whole"), product.alias("product")
    )
    twice = (pl.col("product") - pl.col("whole") * unit) * pl.lit(2, dtype=_WIDE)
    odd = pl.col("whole") % pl.lit(2, dtype=_WIDE) != pl.lit(0, dtype=_WIDE)
    up = ((twice > unit) | ((twice == unit) & odd)).cast(_WIDE)
    made = frame.select(pl.when(pl.col("rate").is_null()).then(pl.col("money").cast(_WIDE)).otherwise(pl.col("whole") + up).alias("made"))[
        "made"
    ]
    beyond = (made.abs() > pl.Series([MAX_INTEGER], dtype=_WIDE)).fill_null(False)
    for index in beyond.arg_true().to_list():
        action = "look up the balance and the rate: a book keeps 64 bits of cents"
        faults.refuse(index + 1, money.name, Refused("VALUE_TOO_LARGE", action, f"{made[index]} cents of CNY", f"at most {MAX_INTEGER}"))
    return made.set(beyond, None).cast(pl.Int64).alias(money.name)


def check_sources(columns: Columns, faults: Faults) -> None:
    """Refuse a factor of which no document is named."""
    there = [columns[name].is_not_null() for name in FACTORS if name in columns]
    if not there:
        return
    with_factor = there[0]
    for more in there[1:]:
        with_factor = with_factor | more
    source = columns.get("factor_source")
    unnamed = with_factor if source is None else with_factor & source.is_null()
    for index in unnamed.arg_true().to_list():
        action = "name the document that the factor stands in"
        faults.refuse(index + 1, "factor_source", Refused("VALUE_MISSING", action, "a factor without its document", "a text"))


def check_signs(columns: Columns, faults: Faults) -> None:
    """Refuse emissions below 0 of anything but a country, whose land use may take up more than it emits."""
    emissions, classes = columns.get("s1_t"), columns.get("asset_class")
    if emissions is None or classes is None:
        return
    wrong = ((emissions < 0) & (classes.cast(pl.String) != "sovereign")).fill_null(False)
    for index in wrong.arg_true().to_list():
        grams = f"{emissions[index]} g"
        faults.refuse(index + 1, "s1_t", Refused("VALUE_NEGATIVE", "removals have a column of their own: removals_t", grams, "0 or more"))


def check_units(columns: Columns, head: Head, faults: Faults) -> None:
    """Warn of figures that look like 万元 read as 元, and refuse ratios that look like percents."""
    frame = pl.DataFrame([columns[name] for name in _NEEDED_FOR_UNITS if name in columns])
    absent = [pl.lit(None, dtype=pl.Int64).alias(name) for name in _NEEDED_FOR_UNITS if name not in columns]
    if not frame.width:
        return
    frame = frame.with_columns(absent)
    revenue, debt = pl.col("revenue").cast(_WIDE), pl.col("total_debt").cast(_WIDE)
    limit, per_cent = pl.lit(MAX_INTENSITY, dtype=_WIDE), pl.lit(100, dtype=_WIDE)
    found = frame.select(
        # t per million CNY = 100 × grams ÷ cents
        ((_emissions() * per_cent > revenue * limit) & (revenue > pl.lit(0, dtype=_WIDE))).alias("intensity"),
        (pl.col("sector_factor") > MAX_INTENSITY * 10 ** get_column("sector_factor").decimals).alias("factor"),
        (revenue * pl.lit(MIN_REVENUE_TO_DEBT, dtype=_WIDE) < debt).alias("debt"),
        (pl.col("asset_turnover") > MAX_TURNOVER * 10 ** get_column("asset_turnover").decimals).alias("turnover"),
    ).fill_null(False)
    action = "is the revenue in yuan, not in 万元, and the factor in tonnes per million CNY?"
    for name, column, got, expected in (
        ("intensity", "revenue", "emissions ÷ revenue of more", f"at most {MAX_INTENSITY} t per million CNY"),
        ("factor", "sector_factor", "more", f"at most {MAX_INTENSITY} t per million CNY"),
        ("debt", "revenue", f"less than 1/{MIN_REVENUE_TO_DEBT} of total_debt", "a revenue in yuan"),
    ):
        for index in found[name].arg_true().to_list():
            faults.add(index + 1, column, "UNIT_SUSPECTED", "warning", action, got, expected)
    if "asset_turnover" not in head.fractions:
        action = 'write revenue ÷ assets as 0.85, not 85; where it is really above 20 say so: {"fractions": ["asset_turnover"]} in the head'
        for index in found["turnover"].arg_true().to_list():
            value = format_decimal(Fraction(get_column("asset_turnover").exact(int(frame["asset_turnover"][index]))))
            faults.refuse(index + 1, "asset_turnover", Refused("PERCENT_SUSPECTED", action, value, f"at most {MAX_TURNOVER}"))


_NEEDED_FOR_UNITS = (
    *("revenue", "total_debt", "s1_t", "s2_t", "s12_t", "activity", "activity_factor", "process_t", "sector_factor", "asset_turnover"),
)


def _emissions() -> pl.Expr:
    """Return the emissions S1+2 of a borrower in grams, from what is stated; a part of them where only that is known."""
    zero = pl.lit(0, dtype=_WIDE)
    s1, s2, process = (pl.col(name).cast(_WIDE).fill_null(zero) for name in ("s1_t", "s2_t", "process_t"))
    # activity (10^-6) × kg per unit (10^-10) × 1000 g
    units = 10 ** (get_column("activity").decimals + get_column("activity_factor").decimals - 3)
    measured = pl.col("activity").cast(_WIDE) * pl.col("activity_factor").cast(_WIDE) // pl.lit(units, dtype=_WIDE)
    return pl.coalesce(pl.col("s12_t").cast(_WIDE), s1 + s2 + measured.fill_null(zero) + process)


def check_general_ledger(columns: Mapping[str, pl.Series], head: Head, faults: Faults) -> None:
    """Refuse a book whose balances do not meet the figures of the general ledger to the cent."""
    balances, classes = columns.get("outstanding"), columns.get("asset_class")
    for figure in head.general_ledger:
        chosen = balances
        if figure.asset_class is not None and balances is not None and classes is not None:
            chosen = balances.filter((classes.cast(pl.String) == figure.asset_class).fill_null(False))
        total = 0 if chosen is None else sum_exactly(chosen)
        if total != figure.cents:
            of = f"all of {figure.asset_class}" if figure.asset_class else "all exposures"
            action = f"find what is missing or counted twice: the book is off by {_yuan(total - figure.cents)} CNY"
            params = {"id": figure.id, "declared_cents": str(figure.cents), "computed_cents": str(total)}
            place = f"general_ledger {figure.id}"
            faults.add_of_file(
                Finding("TIE_OUT_MISMATCH", "error", place, action, f"{of}: {_yuan(total)} CNY", f"{_yuan(figure.cents)} CNY", params)
            )


def sum_exactly(series: pl.Series) -> int:
    """Return the sum of integers that may exceed 64 bits."""
    return int(series.cast(_WIDE).sum() or 0)


def _yuan(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
