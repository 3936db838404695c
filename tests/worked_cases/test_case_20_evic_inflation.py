"""Case 20: PCAF Part A, 2nd edition, §5.1 Limitations: the adjustment for EVIC inflation. Tolerance: half of the last printed digit."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from ledger.accounting.financed.portfolio import Holding, adjust_evic_inflation
from ledger.errors import InputError
from tests.worked_cases.command import attributed

# Weight in per cent, emissions in t, EVIC of the base year and now in million dollars.
COMPANIES = ((40, 60_000, 1200, 1360), (30, 100_000, 1000, 1120), (20, 120_000, 800, 880), (10, 120_000, 600, 640))
HOLDINGS = [Holding(Fraction(weight, 100), Fraction(e), Fraction(e), Fraction(base), Fraction(now)) for weight, e, base, now in COMPANIES]


def test_the_published_intensities_and_adjustments_come_out() -> None:
    found = adjust_evic_inflation(HOLDINGS)
    assert found.change is not None
    printed = (
        *((found.base, "100", "0.5"), (found.current, "90", "0.5"), (found.adjustment, "0.896", "0.0005")),
        *((found.adjusted_base, "89.6", "0.05"), (found.adjusted_current, "100.9", "0.05"), (found.change * 100, "0.914", "0.0005")),
    )
    for value, text, tolerance in printed:
        assert abs(value - Fraction(text)) <= Fraction(tolerance), text


def test_the_intensities_by_company_are_the_published_ones() -> None:
    for holding, printed in zip(HOLDINGS, (44, 89, 136, 188), strict=True):
        assert abs(holding.emissions / holding.evic - printed) <= Fraction(1, 2)


def test_the_change_is_the_same_whichever_side_is_adjusted() -> None:
    found = adjust_evic_inflation(HOLDINGS)
    assert found.adjusted_current / found.base - 1 == found.change


def test_weights_that_miss_a_part_of_the_portfolio_are_refused() -> None:
    with pytest.raises(InputError, match="weights"):
        adjust_evic_inflation(HOLDINGS[:3])
    with pytest.raises(InputError, match="EVIC"):
        adjust_evic_inflation([Holding(Fraction(1), Fraction(1), Fraction(1), Fraction(0), Fraction(1))])


def test_the_command_gives_the_published_adjustment(tmp_path: Path) -> None:
    items = [
        {"weight": f"{weight} %", "base_emissions": e, "emissions": e, "base_evic": f"{base} M$", "evic": f"{now} M$"}
        for weight, e, base, now in COMPANIES
    ]
    document = {"institution": "pcaf", "currency": "USD", "method": "pcaf_2", "portfolio": {"evic_inflation": items}}
    found = attributed(tmp_path, document)["portfolio"]["evic_inflation"]
    printed = (
        *(("base", "100", "0.5"), ("current", "90", "0.5"), ("adjustment", "0.896", "0.0005")),
        *(("adjusted_base", "89.6", "0.05"), ("adjusted_current", "100.9", "0.05"), ("change_percent", "0.914", "0.0005")),
    )
    for name, text, tolerance in printed:
        assert abs(Fraction(found[name]) - Fraction(text)) <= Fraction(tolerance), name
    for item, intensity in zip(found["holdings"], (44, 89, 136, 188), strict=True):
        assert abs(Fraction(item["current"]) - intensity) <= Fraction(1, 2)
