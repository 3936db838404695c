"""Make up the loan book of a city's bank: seeded, realistic in shape, of nobody. For the demo, for benches, to try a method on.

Small and micro firms are most of it, as in Zhejiang: textiles, garments, machine parts, plastics, wholesale; few report emissions, most are
known by revenue (3a) or assets (3b, 3c) only; mortgages, vehicles and projects stand beside them. Every figure is drawn in whole numbers
from tables of quantiles, so that equal arguments give equal rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import polars as pl

from ledger.loans.columns import COLUMNS, Column
from ledger.loans.exposure import GREEN_FIELDS, MONTHS
from ledger.loans.synthetic_tables import (
    BUILDING_OPTIONS,
    CLASSES,
    FIRM_OPTIONS,
    GRID_FACTOR,
    KILOMETRE_FACTOR,
    PETROL_FACTOR,
    PROJECT_OPTIONS,
    QUANTILES,
    SECTORS,
    VEHICLE_OPTIONS,
    log_normal,
)
from ledger.units import parse_decimal, round_half_even

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Random = np.random.Generator

CHUNK_ROWS = 50_000
SOURCE = "made-up factors of the example book"
DATA_MISSING, NO_REVENUE, NATURAL_PERSON = "data missing", "no revenue figures", "natural person"
USD_RATE = "7.1884"
_COMPANIES = ("business_loan", "corporate_bond", "listed_equity", "unlisted_equity", "project_finance", "commercial_real_estate")
_CREDIT_CODE = np.array(list("0123456789ABCDEFGHJKLMNPQRTUWXY"))
_CREDIT_WEIGHTS = np.array([pow(3, place, 31) for place in range(17)], dtype=np.int64)


def make_rows(rows: int, seed: int, *, method: str = "pcaf_2") -> pl.DataFrame:
    """Return a book of `rows` exposures as a table with the columns of docs/spec/loan-book.md: texts and decimals.

    Args:
        method: for pboc_2021, rows that it cannot calculate carry the reason why they are left out.
    """
    firms = _make_firms(rows, seed)
    starts = range(0, rows, CHUNK_ROWS)
    frame = pl.concat([_Chunk(firms, start, min(CHUNK_ROWS, rows - start), seed).frame() for start in starts])
    return _leave_out(frame) if method == "pboc_2021" else frame


def make_head(frame: pl.DataFrame, institution: str = "example-bank", year: int = 2024) -> dict[str, object]:
    """Return the head of a made-up book: its year, the rate of its dollars, and the general ledger that it meets."""
    home = frame["currency"].is_null()
    cents = frame["outstanding"].to_physical()
    rate = parse_decimal(USD_RATE)
    abroad = sum(round_half_even(Fraction(int(value)) * rate) for value in cents.filter(~home).drop_nulls().to_list())
    total = int(cents.filter(home).sum() or 0) + abroad
    value = f"{total // 100}.{total % 100:02d}"
    return {
        "schema": "lingtan.book-head/1",
        "institution": institution,
        "period": {"id": str(year), "start": f"{year - 1}-12-31T16:00:00Z", "end": f"{year}-12-31T16:00:00Z", "timezone": "Asia/Shanghai"},
        "rates": {"USD": USD_RATE},
        "general_ledger": [{"id": "loans-and-investments", "value": value, "reference": "made-up general ledger"}],
        "fractions": [],
    }


def _leave_out(frame: pl.DataFrame) -> pl.DataFrame:
    barred = pl.col("option").is_in(["3b", "3c"]) | (pl.col("use").is_null() & pl.col("revenue").is_null())
    why = pl.when(pl.col("natural_person") == "yes").then(pl.lit(NATURAL_PERSON)).otherwise(pl.lit(NO_REVENUE))
    return frame.with_columns(
        pl.when(pl.col("exclude_reason").is_null() & barred).then(why).otherwise(pl.col("exclude_reason")).alias("exclude_reason")
    )


@dataclass(frozen=True)
class _Firms:
    """The borrowers of a book, drawn once: a firm has the same figures in all of its loans. Money in cents."""

    sector: Ints
    branch: Ints
    option: Ints
    revenue: Ints
    turnover: Ints
    debt: Ints
    equity: Ints

    @property
    def evic(self) -> Ints:
        """Return debt and a market value of twice the equity."""
        evic: Ints = self.debt + 2 * np.maximum(self.equity, 0) + 100
        return evic


def _make_firms(rows: int, seed: int) -> _Firms:
    random = np.random.default_rng([seed, 0])
    n = max(1, rows * 2 // 5)
    turnover = random.integers(400, 2_500, n)
    revenue = _money(random, n, 8_000_000, 1_500)
    assets = revenue * 1_000 // turnover
    debt = assets * random.integers(300, 750, n) // 1_000
    sunk = random.integers(0, 1_000, n) < 15
    equity = np.where(sunk, -assets // 10, assets - debt)
    return _Firms(
        sector=_pick(random, n, [sector.weight for sector in SECTORS]),
        branch=random.integers(0, _branches(rows), n),
        option=_pick(random, n, [weight for _, weight in FIRM_OPTIONS]),
        revenue=revenue,
        turnover=turnover,
        debt=np.where(sunk, assets * 11 // 10, debt),
        equity=equity,
    )


def _branches(rows: int) -> int:
    return max(4, min(160, rows // 2_000))


def _pick(random: Random, n: int, weights: list[int]) -> Ints:
    bounds = np.cumsum(np.array(weights, dtype=np.int64))
    return np.searchsorted(bounds, random.integers(0, int(bounds[-1]), n), side="right").astype(np.int64)


def _money(random: Random, n: int, median: int, sigma: int) -> Ints:
    """Return amounts in cents around a median in yuan, log-normal with sigma in thousandths."""
    table = np.array(log_normal(sigma), dtype=np.int64)
    return table[random.integers(0, QUANTILES, n)] * (median // 1_000) * random.integers(90_000, 110_000, n) // 1_000


class _Chunk:
    """Some rows of a book. Columns are integers of the table's units with a mask of where they are known, or texts."""

    def __init__(self, firms: _Firms, start: int, rows: int, seed: int) -> None:
        self._random = np.random.default_rng([seed, 1, start])
        self._rows = rows
        self._integers: dict[str, Ints] = {}
        self._known: dict[str, Mask] = {}
        self._texts: dict[str, pl.Series] = {}
        asset_class = _pick(self._random, rows, [weight for _, weight in CLASSES])
        self._is = {name: asset_class == place for place, (name, _) in enumerate(CLASSES)}
        self._company = np.logical_or.reduce([self._is[name] for name in _COMPANIES])
        count = len(firms.revenue)
        drawn = self._random.integers(0, count, rows)
        firm = drawn * drawn // count  # some firms have many loans
        self._firms, self._firm = firms, firm
        self._put_text("asset_class", np.array([name for name, _ in CLASSES])[asset_class])
        self._put_text("exposure", np.array([f"LN-{number:09d}" for number in range(start + 1, start + rows + 1)]))
        self._put_borrowers()
        self._put_options()
        self._put_money()
        self._put_months()
        self._put_emissions()
        self._put_rest()

    def frame(self) -> pl.DataFrame:
        """Return the rows with every column of a loan book in its order; those that are empty are null."""
        return pl.DataFrame([self._series(column) for column in COLUMNS if column.name != "m00"])

    def _series(self, column: Column) -> pl.Series:
        if not column.is_integer:
            found = self._texts.get(column.name)
            return pl.Series(column.name, [None], dtype=pl.String).new_from_index(0, self._rows) if found is None else found
        known = self._known.get(column.name, np.zeros(self._rows, dtype=np.bool_))
        units = pl.Series(column.name, self._integers.get(column.name, np.zeros(self._rows, dtype=np.int64))).set(pl.Series(~known), None)
        if column.kind == "days":
            return units
        one = pl.Series([Decimal(1).scaleb(-column.decimals)], dtype=pl.Decimal(38, column.decimals))
        return (units.cast(pl.Decimal(38, 0)) * one).cast(pl.Decimal(38, column.decimals)).alias(column.name)

    def _put_text(self, name: str, values: npt.NDArray[np.str_], where: Mask | None = None) -> None:
        texts = pl.Series(name, values.tolist(), dtype=pl.String)
        self._texts[name] = texts if where is None else texts.set(pl.Series(~where), None)

    def _put(self, name: str, values: Ints, where: Mask) -> None:
        if name in self._known:
            values = np.where(where, values, self._integers[name])
            where = where | self._known[name]
        self._integers[name], self._known[name] = values, where

    def _draw(self, low: int, high: int) -> Ints:
        return self._random.integers(low, high, self._rows)

    def _share(self, thousandths: int) -> Mask:
        return np.asarray(self._draw(0, 1_000) < thousandths)

    def _money(self, median: int, sigma: int) -> Ints:
        return _money(self._random, self._rows, median, sigma)

    def _put_borrowers(self) -> None:
        person = 1 + self._draw(0, max(1, self._rows * 20))
        codes = _credit_codes(self._firm)
        names = np.where(self._company, codes, np.char.add("P", person.astype(np.str_)))
        self._put_text("borrower", np.where(self._is["sovereign"], "example country", names))
        branch = np.where(self._company, self._firms.branch[self._firm], self._draw(0, int(self._firms.branch.max()) + 1))
        self._put_text("branch", np.array([f"branch-{number:03d}" for number in range(1, 200)])[branch])
        sector = self._firms.sector[self._firm]
        codes_of = np.array([item.code for item in SECTORS])[sector]
        self._put_text("sector", np.where(self._company, codes_of, np.where(self._is["sovereign"], "S9100", "households")))
        high = np.array([item.high_carbon or "" for item in SECTORS])[sector]
        self._put_text("high_carbon", high, self._company & (high != ""))
        yes = np.full(self._rows, "yes")
        self._put_text("natural_person", yes, self._is["mortgage"] | self._is["motor_vehicle"])
        small = self._firms.revenue[self._firm] < 2_000_000_000
        self._put_text("small_micro", yes, self._company & small)
        self._listed = self._is["listed_equity"] | ((self._is["corporate_bond"] | self._is["business_loan"]) & (self._firm % 97 == 0))
        self._put_text("listed", yes, self._listed)

    def _put_options(self) -> None:
        option = np.array([name for name, _ in FIRM_OPTIONS])[self._firms.option[self._firm]]
        for classes, table in (
            (("mortgage", "commercial_real_estate"), BUILDING_OPTIONS),
            (("motor_vehicle",), VEHICLE_OPTIONS),
            (("project_finance",), PROJECT_OPTIONS),
            (("sovereign",), (("1b", 1),)),
        ):
            chosen = np.array([name for name, _ in table])[_pick(self._random, self._rows, [weight for _, weight in table])]
            option = np.where(np.logical_or.reduce([self._is[name] for name in classes]), chosen, option)
        self._option = option
        self._put_text("option", option)

    def _put_money(self) -> None:
        firm, kind = self._firm, self._is
        debt, equity, evic = self._firms.debt[firm], self._firms.equity[firm], self._firms.evic[firm]
        lent = debt * self._draw(20, 350) // 1_000
        self._put("outstanding", lent, kind["business_loan"] | kind["corporate_bond"])
        self._put("outstanding", evic * self._draw(1, 20) // 1_000, kind["listed_equity"])
        stake = self._draw(10, 300)
        by_shares = kind["unlisted_equity"] & self._share(400)
        self._put("outstanding", np.maximum(equity, 0) * stake // 1_000, kind["unlisted_equity"] & ~by_shares)
        self._put("shares", stake * 10**9, by_shares)
        self._put("total_shares", np.full(self._rows, 10**12), by_shares)
        balance_sheet = kind["business_loan"] | kind["corporate_bond"] | kind["unlisted_equity"]
        by_assets_only = kind["business_loan"] & self._share(60)
        self._put("total_equity", equity, balance_sheet & ~by_assets_only)
        self._put("total_debt", debt, balance_sheet & ~by_assets_only)
        self._put("total_assets", np.maximum(equity, 0) + debt, by_assets_only)
        self._put("evic", evic, self._listed)
        revenue_known = self._company & ~kind["project_finance"] & ~np.isin(self._option, ["3b", "3c"])
        self._put("revenue", self._firms.revenue[firm], revenue_known)
        project = self._money(60_000_000, 900)
        self._put("project_total", project, kind["project_finance"])
        self._put("total_investment", project, kind["project_finance"])
        self._put("outstanding", project * self._draw(100, 700) // 1_000, kind["project_finance"])
        for name, column, median, sigma in (
            ("mortgage", "property_value", 1_800_000, 500),
            ("commercial_real_estate", "property_value", 30_000_000, 1_000),
            ("motor_vehicle", "vehicle_value", 160_000, 500),
        ):
            value = self._money(median, sigma)
            self._put(column, value, kind[name] & ~(kind["motor_vehicle"] & self._share(80)))
            self._put("outstanding", value * self._draw(80, 750) // 1_000, kind[name])
        self._put("ppp_gdp", np.full(self._rows, 13_400_000_000_000_000), kind["sovereign"])
        self._put("outstanding", self._money(80_000_000, 800), kind["sovereign"])
        self._put_text("use", np.full(self._rows, "project"), kind["project_finance"])
        self._put_text("currency", np.full(self._rows, "USD"), kind["business_loan"] & self._share(10))
        self._put_instruments()

    def _put_instruments(self) -> None:
        kind = self._is
        guarantee = kind["business_loan"] & self._share(10)
        equity = kind["listed_equity"] | kind["unlisted_equity"]
        bond = kind["corporate_bond"] | kind["sovereign"]
        names = np.where(guarantee, "guarantee", np.where(equity, "equity", "bond"))
        self._put_text("instrument", names, guarantee | equity | bond)
        self._put_text("called", np.full(self._rows, "yes"), guarantee & self._share(100))

    def _put_months(self) -> None:
        everything = np.ones(self._rows, dtype=np.bool_)
        stake = np.maximum(self._firms.equity[self._firm], 0) // 20
        last = np.where(self._known["outstanding"], self._integers["outstanding"], stake)
        drift = self._draw(-8, 14)
        first = np.where(self._share(150), self._draw(2, 13), 1)  # the month of disbursement
        for month, name in enumerate(MONTHS[1:], start=1):
            balance = last * (1_000 + (12 - month) * drift) // 1_000
            self._put(name, np.where(month < first, 0, balance), everything)

    def _put_emissions(self) -> None:
        firm, option, kind = self._firm, self._option, self._is
        corporate = self._company & ~kind["commercial_real_estate"]
        sector = self._firms.sector[firm]
        by_revenue = np.array([item.by_revenue for item in SECTORS], dtype=np.int64)[sector]
        by_assets = np.array([item.by_assets for item in SECTORS], dtype=np.int64)[sector]
        high = np.array([item.high_carbon is not None for item in SECTORS])[sector]
        # cents × kg per million CNY: 10^-8 million × 1000 g
        grams = self._firms.revenue[firm] // 100_000 * by_revenue * self._draw(600, 1_500) // 1_000
        reported = corporate & np.isin(option, ["1a", "1b"])
        direct = grams * np.where(high, 780, 260) // 1_000
        self._put("s1_t", direct, reported)
        self._put("s2_t", grams - direct, reported)
        self._put("s3_t", grams * self._draw(1_500, 7_000) // 1_000, reported & self._share(400))
        for name, share in (("removals_t", 20), ("avoided_t", 60), ("credits_retired_t", 40), ("credits_generated_t", 20)):
            self._put(name, grams // 50, reported & self._share(share))
        metered = corporate & (option == "2a")
        self._put("activity", grams * 10 // GRID_FACTOR * 10**6, metered & (grams < 10**12))
        self._put("activity", np.full(self._rows, 10**15), metered & (grams >= 10**12))
        self._put("activity_factor", np.full(self._rows, GRID_FACTOR * 10**6), metered)
        produced = corporate & (option == "2b")
        self._put("activity", grams // 1_850_000 * 10**6, produced)
        self._put("activity_factor", np.full(self._rows, 1_850 * 10**10), produced)
        self._put("process_t", grams // 40, produced & high)
        known = corporate & np.isin(option, ["3a", "3c"])
        self._put("sector_factor", by_revenue * 10**7, known)
        self._put("sector_factor_s3", by_revenue * 23 * 10**6, known & self._share(300))
        self._put("asset_factor", by_assets * 10**7, corporate & (option == "3b"))
        self._put("asset_turnover", self._firms.turnover[firm] * 10**7, corporate & (option == "3c"))
        self._put_measured()
        with_factor = self._known["activity_factor"] | self._known["sector_factor"] | self._known["asset_factor"]
        self._put_text("factor_source", np.full(self._rows, SOURCE), with_factor)

    def _put_measured(self) -> None:
        """Buildings by kilowatt-hours, vehicles by litres or kilometres, a country by its inventory."""
        kind, option = self._is, self._option
        for name, low, high in (("mortgage", 1_200, 9_000), ("commercial_real_estate", 40_000, 2_500_000)):
            self._put("activity", self._draw(low, high) * 10**6, kind[name])
            self._put("activity_factor", np.full(self._rows, GRID_FACTOR * 10**6), kind[name])
        by_fuel = kind["motor_vehicle"] & np.isin(option, ["1b", "2a"])
        by_distance = kind["motor_vehicle"] & ~by_fuel
        self._put("activity", self._draw(300, 2_600) * 10**6, by_fuel)
        self._put("activity_factor", np.full(self._rows, PETROL_FACTOR * 10**6), by_fuel)
        self._put("activity", self._draw(4_000, 30_000) * 10**6, by_distance)
        self._put("activity_factor", np.full(self._rows, KILOMETRE_FACTOR * 10**6), by_distance)
        self._put("s1_t", np.full(self._rows, 12_600_000_000_000_000), kind["sovereign"])
        self._put("s2_t", np.full(self._rows, 21_000_000_000_000), kind["sovereign"])

    def _put_rest(self) -> None:
        project = self._is["project_finance"]
        green = project & self._share(350)
        self._put_text("green_field", np.array(GREEN_FIELDS)[self._draw(0, len(GREEN_FIELDS))], green)
        self._put("project_reduction_t", self._draw(50, 90_000) * 10**6, green)
        self._put("life_days", np.where(self._share(8), self._draw(5, 30), self._draw(90, 7_300)), np.ones(self._rows, dtype=np.bool_))
        self._put_text("exclude_reason", np.full(self._rows, DATA_MISSING), self._company & self._share(6))


def _credit_codes(firm: Ints) -> npt.NDArray[np.str_]:
    """Return unified social credit codes of 18 characters (GB 32100) with their check characters, one for each number."""
    body = 91_330_000_000_000_000 + (firm % 9 + 1) * 10**10 + firm * 7_919 % 10**10
    digits = body[:, None] // 10 ** np.arange(16, -1, -1, dtype=np.int64) % 10
    check = (31 - (digits * _CREDIT_WEIGHTS).sum(axis=1) % 31) % 31
    return np.char.add(body.astype(np.str_), _CREDIT_CODE[check])
