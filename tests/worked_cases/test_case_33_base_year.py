"""Case 33: Gamma acquires and Beta divests, the two examples of base-year recalculation in the GHG Protocol Corporate Standard, ch. 5.

Figures as in the standard (quoted from memory in the collection of worked cases), t CO2e: Gamma 50 → 60 → 80 with C's 15 and 20 before the
acquisition; Beta 75 → 90 → 60. Every year is a statement of the ledger, read back for analysis; the tolerance is 0.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from ledger.accounting.analysis import BaseYearPolicy, BaseYearReview, PeriodInventory, decompose, of_statement, review_base_year
from ledger.accounting.methods.operational_1 import compute
from tests.accounting.inventory import changed, inputs, year

TONNE = 1_000_000
YEARS = (2021, 2022, 2023)
POLICY = BaseYearPolicy("2021", 500)


def inventory(number: int, tonnes: dict[str, int], **of_c: object) -> PeriodInventory:
    """The statement of a year in which units report so many tonnes of Scope 1; `of_c` are facts of unit C."""
    records = tuple(f"{unit} scope1.reported {value} tCO2e" for unit, value in tonnes.items())
    given = changed(inputs(year(number), records, units=("a", "b", "c")), "c", **of_c)
    found = compute(given).statement
    assert found is not None
    return of_statement(found, given.organisation, given.activity, given.release)


def before_acquisition(number: int, tonnes: dict[str, int], c: int) -> PeriodInventory:
    """A year of Gamma before it bought C, with C's emissions of that year as historic lines."""
    own = inventory(number, tonnes, opened=date(2023, 1, 1), opening="acquired")
    return own.with_historic(inventory(number, {"c": c}).lines)


def gamma() -> tuple[PeriodInventory, ...]:
    return (
        before_acquisition(2021, {"a": 25, "b": 25}, 15),
        before_acquisition(2022, {"a": 30, "b": 30}, 20),
        inventory(2023, {"a": 30, "b": 30, "c": 20}, opened=date(2023, 1, 1), opening="acquired"),
    )


def beta() -> tuple[PeriodInventory, ...]:
    sold = {"closed": date(2022, 12, 31), "closing": "divested"}
    return (
        inventory(2021, {"a": 25, "b": 25, "c": 25}),
        inventory(2022, {"a": 30, "b": 30, "c": 30}),
        inventory(2023, {"a": 30, "b": 30}, **sold),
    )


def tonnes(review: BaseYearReview) -> list[int]:
    assert all(point.totals.scope1_g % TONNE == 0 for point in review.series)
    return [point.totals.scope1_g // TONNE for point in review.series]


def test_gamma_is_not_recalculated_for_its_growth() -> None:
    review = review_base_year(gamma()[:2], POLICY)
    assert (review.log, tonnes(review)) == ((), [50, 60])


def test_gamma_recalculates_its_base_year_when_it_acquires() -> None:
    review = review_base_year(gamma(), POLICY)
    assert tonnes(review) == [65, 80, 80]
    assert (review.as_reported.scope1_g, review.recalculated.scope1_g) == (50 * TONNE, 65 * TONNE)
    (entry,) = review.log
    assert (entry.period, entry.cause, entry.units, entry.decision) == ("2023", "acquired", ("c",), "recalculated")
    assert (entry.effect.scope1_g, entry.ratio, entry.estimated) == (15 * TONNE, entry.carry, False)
    assert entry.ratio is not None
    assert entry.ratio * 10_000 == 3000
    assert review.complete


def test_beta_recalculates_its_base_year_when_it_divests() -> None:
    review = review_base_year(beta(), POLICY)
    assert tonnes(review) == [50, 60, 60]
    # Growth of 10 t, where the reported figures would show a fall of 15 t.
    assert review.series[2].totals.scope1_g - review.recalculated.scope1_g == 10 * TONNE
    assert beta()[2].totals.scope1_g - review.as_reported.scope1_g == -15 * TONNE
    (entry,) = review.log
    assert (entry.cause, entry.units, entry.effect.scope1_g) == ("divested", ("c",), -25 * TONNE)


def test_the_bought_and_sold_unit_is_boundary_in_the_decomposition() -> None:
    bought = decompose(gamma()[1], gamma()[2]).total("scope1_g")
    assert (bought.activity, bought.factor, bought.boundary) == (0, 0, 20 * TONNE)
    sold = decompose(beta()[1], beta()[2]).total("scope1_g")
    assert (sold.activity, sold.factor, sold.boundary) == (0, 0, -30 * TONNE)


def test_with_a_higher_threshold_the_change_is_carried() -> None:
    review = review_base_year(gamma(), replace(POLICY, threshold_bp=3001))
    assert tonnes(review) == [50, 60, 80]
    assert [entry.decision for entry in review.log] == ["carried"]
