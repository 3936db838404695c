"""P4: attribution of a million loans, exactly, against a numpy float64 pass over the same figures. Goal: at most 8 times, no row off.

Two ratios. `division`: balance × emissions ÷ denominator of a million rows, half-even and exact, against `rint` of the same in float64.
`book`: everything that pcaf_2 does with a made-up book (classes, options, denominators, guards and their findings, scores, eleven
figures a row), against the least that float64 needs for its four scopes: no guards, no findings, no ledgers, columns ready as float64.
Run: `python -m bench.p4_attribution [--rows 1000000] [--repeats 9] [--compare 20000]`. Beforehand every row of the division is compared
with Python integers, and `--compare` rows of the book with the reference in rationals.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.measure import measure_ratio, write_result
from ledger.accounting.financed.attributions import BookAttribution
from ledger.accounting.financed.division import divide_half_even, multiply_divide
from ledger.accounting.financed.vectorised import attribute_book
from ledger.accounting.methods import pcaf_2
from ledger.loans.book import Book
from ledger.loans.columns import get_column
from ledger.loans.exposure import ASSET_CLASSES, OPTIONS
from ledger.loans.head import head_from_document
from ledger.loans.reading import read_columns
from ledger.loans.synthetic import make_head, make_rows

GOAL = 8
POLICIES = pcaf_2.Policies()
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def make_book(rows: int) -> Book:
    frame = make_rows(rows, 2025)
    reading = read_columns(frame, head_from_document(make_head(frame)))
    if reading.book is None:
        raise SystemExit(f"the made-up book is refused: {reading.findings[:3]}")
    return reading.book


@dataclass(frozen=True)
class FloatColumns:
    """What a float64 pass starts from: columns as float64 with NaN for unknown, and a number for each class and option."""

    asset_class: NDArray[np.uint8]
    option: NDArray[np.uint8]
    listed: NDArray[np.bool_]
    columns: dict[str, Floats]

    @classmethod
    def of(cls, book: Book) -> FloatColumns:
        named = (
            *("outstanding", "total_equity", "total_debt", "total_assets", "evic", "project_total", "property_value", "vehicle_value"),
            *("ppp_gdp", "revenue", "s1_t", "s2_t", "s12_t", "s3_t", "process_t", "activity", "activity_factor", "sector_factor"),
            *("asset_factor", "asset_turnover", "sector_factor_s3", "asset_factor_s3"),
        )
        columns = {}
        for name in named:
            column = get_column(name)
            scale = 10.0**column.decimals if column.kind == "number" else 1.0
            columns[name] = book.series(name).cast(float).fill_null(float("nan")).to_numpy() / scale
        codes = [book.series(name).to_physical().to_numpy() for name in ("asset_class", "option")]
        return cls(codes[0], codes[1], book.series("listed").to_numpy(), columns)


def float_pass(book: FloatColumns) -> tuple[Floats, ...]:
    """Return s1, s2, s12 and s3 attributed in float64, as a script would."""
    c, kind = book.columns, {name: book.asset_class == at for at, name in enumerate(ASSET_CLASSES)}
    is_option = {name: book.option == at for at, name in enumerate(OPTIONS)}
    balance = c["outstanding"]
    sheet = np.maximum(c["total_equity"], 0) + c["total_debt"]
    sheet = np.where(np.isnan(sheet), c["total_assets"], sheet)
    by_evic = kind["listed_equity"] | ((kind["corporate_bond"] | kind["business_loan"]) & book.listed)
    buildings, vehicles = kind["mortgage"] | kind["commercial_real_estate"], kind["motor_vehicle"]
    named = [by_evic, kind["project_finance"], buildings, vehicles, kind["sovereign"]]
    values = [c[name] for name in ("evic", "project_total", "property_value", "vehicle_value", "ppp_gdp")]
    factor = np.minimum(balance / np.select(named, values, sheet), 1)
    factor = np.where(vehicles & np.isnan(factor), 1, factor)
    companies = ~(buildings | vehicles | kind["sovereign"])
    by_revenue, by_assets, by_turnover = (companies & is_option[name] for name in ("3a", "3b", "3c"))
    both = c["s1_t"] + c["s2_t"]
    declared = np.where(np.isnan(both), c["s12_t"], both)
    measured = c["activity"] * c["activity_factor"] * 1000 + np.nan_to_num(c["process_t"])
    of_assets, of_turnover = balance * c["asset_factor"] / 100, balance * c["asset_turnover"] * c["sector_factor"] / 100
    of_revenue = c["revenue"] * c["sector_factor"] / 100
    s12 = np.select([by_revenue, by_assets, by_turnover, ~np.isnan(measured)], [of_revenue, of_assets, of_turnover, measured], declared)
    s3 = np.select(
        [by_revenue, by_assets, by_turnover],
        [
            c["revenue"] * c["sector_factor_s3"] / 100,
            balance * c["asset_factor_s3"] / 100,
            balance * c["asset_turnover"] * c["sector_factor_s3"] / 100,
        ],
        c["s3_t"],
    )
    factor = np.where(by_assets | by_turnover, 1, factor)
    return tuple(np.rint(factor * grams) for grams in (c["s1_t"], c["s2_t"], s12, s3))


def exact_pass(book: Book) -> BookAttribution:
    """Return everything that pcaf_2 has to say of the book."""
    return attribute_book(book, POLICIES)[0]


def compare_division(a: Ints, b: Ints, d: Ints) -> dict[str, object]:
    """Compare every row with Python integers; float64 is counted beside it."""
    rows = zip(a.tolist(), b.tolist(), d.tolist(), strict=True)
    expected = np.array([divide_half_even(balance * grams, whole) for balance, grams, whole in rows], np.int64)
    off = int((multiply_divide(a, b, d) != expected).sum())
    assert off == 0
    return {"rows_off": off, "rows_off_in_float64": int((np.rint(a * b.astype(np.float64) / d).astype(np.int64) != expected).sum())}


def compare_book(book: Book, found: BookAttribution, rows: int) -> None:
    """Compare evenly spread rows with the reference in rationals."""
    for at in range(0, book.rows, max(book.rows // max(rows, 1), 1)):
        assert found.attribution(at) == pcaf_2.attribute(book.exposure(at), POLICIES).attribution, at


def check_same_work(book: Book, found: BookAttribution, columns: FloatColumns) -> None:
    """See that the float64 pass does the same figures, up to its own inexactness, wherever the balance is the plain one."""
    plain = found.calculated & (found.numerator == book.series("outstanding").fill_null(-1).to_numpy()) & (found.numerator > 0)
    assert plain.sum() > 0.9 * book.rows
    for floats, exact, known in zip(float_pass(columns), (found.s1, found.s2, found.s12, found.s3), _known(found), strict=True):
        assert np.allclose(floats[plain & known], exact[plain & known], rtol=1e-9, atol=1)


def _known(found: BookAttribution) -> tuple[NDArray[np.bool_], ...]:
    return found.has_s1, found.has_s2, found.has_s12, found.has_s3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--compare", type=int, default=20_000)
    options = parser.parse_args()
    book = make_book(options.rows)
    found = exact_pass(book)
    compare_book(book, found, options.compare)
    generator = np.random.default_rng(2025)
    balance, grams = generator.integers(0, 2**38, options.rows), generator.integers(0, 2**45, options.rows)
    whole = balance + generator.integers(1, 2**42, options.rows)
    off = compare_division(balance, grams, whole)
    columns = FloatColumns.of(book)
    check_same_work(book, found, columns)
    division = measure_ratio(
        lambda: multiply_divide(balance, grams, whole), lambda: np.rint(balance * grams.astype(np.float64) / whole), options.repeats
    )
    of_book = measure_ratio(lambda: exact_pass(book), lambda: float_pass(columns), options.repeats)
    outcome: dict[str, object] = {
        "what": "exact half-even attribution ÷ a numpy float64 pass over the same rows",
        "goal": f"at most {GOAL}",
        "rows": options.rows,
        "division": {**division.to_document(), **off},
        "book": {**of_book.to_document(), "compared_with_reference": options.compare, "calculated": int(found.calculated.sum())},
        "s12_g": str(sum(found.s12.tolist())),
    }
    write_result("p4", outcome)
    print(f"P4: division {division.value:.2f}, whole book {of_book.value:.2f} times float64 (goal: at most {GOAL})")


if __name__ == "__main__":
    main()
