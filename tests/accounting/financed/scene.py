"""Made-up exposures for tests: every class and option, gaps, guards and extremes, from a seed."""

from __future__ import annotations

import random
from fractions import Fraction

from ledger.accounting.financed.methods import Policies, method_of
from ledger.accounting.financed.vectorised import attribute_book
from ledger.accounting.methods import pboc_2021, pcaf_2
from ledger.accounting.methods.attribution import Attribution
from ledger.loans.book import Book
from ledger.loans.exposure import (
    ASSET_CLASSES,
    GREEN_FIELDS,
    HIGH_CARBON,
    INSTRUMENTS,
    MASS_COLUMNS,
    MONEY_COLUMNS,
    OPTIONS,
    USES,
    Exposure,
)

LARGEST = 2**63 - 1
GRAMS, CENTS = 10**6, 100
MONEY = ("total_equity", "total_debt", "evic", "total_assets", "project_total", "property_value", "vehicle_value", "ppp_gdp", "revenue")
LEDGERS = ("removals_t", "avoided_t", "credits_retired_t", "credits_generated_t", "project_reduction_t", "process_t")
FACTORS = ("sector_factor", "asset_factor", "asset_turnover", "sector_factor_s3", "asset_factor_s3", "activity_factor")
OPTIONS_OF = {
    "commercial_real_estate": ("1a", "1b", "2a", "2b", "3"),
    "mortgage": ("1a", "1b", "2a", "2b", "3"),
    "motor_vehicle": ("1a", "1b", "2a", "2b", "3a", "3b"),
    "sovereign": ("1a", "1b", "2a", "3a", "3b"),
}


class Maker:
    """Makes exposures. `wild` is the share of figures that are missing or extreme."""

    def __init__(self, seed: int, wild: float = 0.05, months: int = 12) -> None:
        self.random, self.wild, self.months = random.Random(seed), wild, months

    def money(self, usual: int) -> int | None:
        """A figure in cents, around `usual` unless it is wild."""
        kind = self.random.random()
        if kind < self.wild:
            return self.random.choice((None, None, 0, 1, 2**40, 2**53 + 1, 2**61, LARGEST))
        return self.random.randrange(usual // 10, usual * 10)

    def factor(self, usual: int) -> Fraction | None:
        """A factor with up to ten decimals."""
        if self.random.random() < self.wild:
            return self.random.choice((None, Fraction(0), Fraction(1, 10**10), Fraction(LARGEST, 10**10)))
        places = self.random.choice((0, 1, 3, 4, 10))
        return Fraction(self.random.randrange(usual * 10**places), 10**places)

    def sometimes(self, share: float, value: object) -> object:
        """`value` in a share of the rows, else None."""
        return value if self.random.random() < share else None

    def exposure(self, number: int) -> Exposure:
        """The exposure of a number; only its random figures depend on the seed."""
        r, wild = self.random, self.wild
        asset_class = r.choice(ASSET_CLASSES)
        options = OPTIONS if r.random() < wild else OPTIONS_OF.get(asset_class, ("1a", "1b", "2a", "2b", "3a", "3b", "3c"))
        option = r.choice(options)
        with_activity = option in ("2a", "2b", "3") and r.random() < 0.7
        given: dict[str, object] = {name: self.money(10**12) for name in MONEY}
        given |= {name: self.factor(500) for name in FACTORS}
        given |= {name: self.sometimes(0.1, self.money(10**9)) for name in LEDGERS}
        if r.random() < wild:
            given["total_equity"] = -(self.money(10**12) or 5)
        if not with_activity or r.random() < wild:
            split = r.random() < 0.7
            given |= {"s1_t": self.money(10**11), "s2_t": self.money(10**10)} if split else {"s12_t": self.money(10**11)}
        if given.get("s1_t") and r.random() < wild:
            both = int(given["s1_t"]) + int(given.get("s2_t") or 0)  # type: ignore[call-overload]
            given["s12_t"] = r.choice((given["s1_t"], min(both, LARGEST)))
        if with_activity:
            given["activity"] = Fraction(r.choice((r.randrange(10**12), LARGEST if r.random() < wild else 7)), 10**6)
        if asset_class == "unlisted_equity" and r.random() < 0.5:
            given |= {"shares": Fraction(r.randrange(0, 10**8), 10**2), "total_shares": Fraction(r.randrange(0, 10**9), 10**2)}
            balance = None
        else:
            balance = self.money(10**10)
        return Exposure(
            exposure=f"E{number}",
            borrower=f"B{number % 997}",
            asset_class=asset_class,
            branch=f"branch-{r.randrange(20)}",
            sector=r.choice(("C30", "C31", "D44", "批发业", "K70")),
            option=option,
            option_2=self.sometimes(0.1, r.choice(options)),  # type: ignore[arg-type]
            high_carbon=self.sometimes(0.3, r.choice(HIGH_CARBON)),  # type: ignore[arg-type]
            instrument=r.choice(INSTRUMENTS) if r.random() < 0.1 else "loan",
            called=r.random() < 0.5,
            listed=r.random() < 0.3,
            use=r.choice(USES),
            outstanding=balance,
            m00=self.sometimes(0.95, r.randrange(10**10)),  # type: ignore[arg-type]
            months=self.balances(),
            total_investment=self.sometimes(0.7, self.money(10**11)),  # type: ignore[arg-type]
            s3_t=self.sometimes(0.3, self.money(10**11)),  # type: ignore[arg-type]
            green_field=self.sometimes(0.1, r.choice(GREEN_FIELDS)),  # type: ignore[arg-type]
            life_days=self.sometimes(0.5, r.randrange(400)),  # type: ignore[arg-type]
            small_micro=r.random() < 0.2,
            natural_person=r.random() < 0.1,
            exclude_reason=self.sometimes(0.03, r.choice(("no data", "sold"))),  # type: ignore[arg-type]
            **given,  # type: ignore[arg-type]
        )

    def balances(self) -> tuple[int, ...]:
        """Month-end balances, now and then none, 0 or too large to add."""
        kind = self.random.random()
        if kind < self.wild:
            return self.random.choice(((), (0,) * self.months, (LARGEST,) * self.months))
        return tuple(self.random.randrange(10**10) for _ in range(self.months))

    def book(self, rows: int) -> list[Exposure]:
        """So many exposures."""
        return [self.exposure(number) for number in range(rows)]


def loan(outstanding: int | None = 0, **given: object) -> Exposure:
    """A business loan of so many yuan with option 1b; money in `given` is in yuan, mass in tonnes, whatever the type of either."""
    row = {"exposure": "E1", "borrower": "B1", "asset_class": "business_loan", "branch": "HQ", "sector": "C30", "option": "1b", **given}
    row["outstanding"] = outstanding
    for name, value in row.items():
        if name in (*MONEY_COLUMNS, *MASS_COLUMNS) and value is not None:
            units = Fraction(value) * (CENTS if name in MONEY_COLUMNS else GRAMS)  # type: ignore[arg-type]
            assert units.denominator == 1
            row[name] = units.numerator
    return Exposure(**row)  # type: ignore[arg-type]


def pcaf(row: Exposure) -> Attribution:
    """Attribute by pcaf_2, which must find no error, per row and over a book of it."""
    return of_both(row, pcaf_2.Policies())


def pboc(row: Exposure, policies: pboc_2021.Policies | None = None) -> Attribution:
    """Attribute by pboc_2021, likewise."""
    return of_both(row, policies or pboc_2021.Policies())


def of_both(row: Exposure, policies: Policies) -> Attribution:
    """Attribute a row by the reference and over a book, which must agree."""
    outcome = method_of(policies).attribute(row, policies)
    assert outcome.attribution is not None, outcome
    over_book, _ = attribute_book(Book.of([row]), policies)
    assert over_book.attribution(0) == outcome.attribution
    return outcome.attribution


def notices(row: Exposure, policies: Policies | None = None) -> list[tuple[str, str]]:
    """Codes and columns that the reference and the book path have to say of a row, which must agree."""
    chosen = policies or pcaf_2.Policies()
    outcome = method_of(chosen).attribute(row, chosen)
    _, said = attribute_book(Book.of([row]), chosen)
    assert said.of_row(0) == outcome.notices
    return [(notice.code, notice.column) for notice in outcome.notices]
