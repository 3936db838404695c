"""The one table of a loan book's columns: what each holds, in which unit, and what an empty cell means (spec: loan-book §1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from ledger.loans.exposure import (
    ASSET_CLASSES,
    DECIMALS,
    GREEN_FIELDS,
    HIGH_CARBON,
    INSTRUMENTS,
    MASS_COLUMNS,
    MONEY_COLUMNS,
    OPTIONS,
    USES,
)

Kind = Literal["identifier", "text", "label", "choice", "flag", "money", "mass", "number", "days"]
"""A text differs in most rows, a label repeats; money counts cents, mass grams, a number units of 10^-decimals, days days."""

INTEGER_KINDS: tuple[Kind, ...] = ("money", "mass", "number", "days")
MAX_INTEGER = 2**63 - 1
MAX_DAYS = 40_000
MAX_TEXT = 200


@dataclass(frozen=True)
class Column:
    """One column. `decimals` is what a value may have and what its integer counts; `default` is what an empty cell means."""

    name: str
    kind: Kind
    decimals: int = 0
    choices: tuple[str, ...] = ()
    default: str | bool | None = None
    needed: bool = False
    may_be_negative: bool = False

    @property
    def limit(self) -> int:
        """Return the greatest integer that the column holds."""
        return MAX_DAYS if self.kind == "days" else MAX_INTEGER

    @property
    def is_integer(self) -> bool:
        """Whether the column is kept as integers."""
        return self.kind in INTEGER_KINDS

    def exact(self, units: int) -> int | Fraction:
        """Return the exact value of an integer of this column: cents, grams and days as they are, other numbers as rationals."""
        return Fraction(units, 10**self.decimals) if self.kind == "number" else units


# Denominators of a method: whether one that is 0 or negative matters is the method's finding (DENOMINATOR_MISSING), not the reader's.
_OF_METHODS = (
    *("total_equity", "evic", "total_assets", "project_total", "property_value", "vehicle_value", "ppp_gdp", "total_investment"),
    "total_shares",
)
# A country's emissions with land use may be below 0; for other classes the reader refuses it.
_BELOW_0_OF_SOVEREIGN = "s1_t"


def _choice(name: str, choices: tuple[str, ...], default: str | None = None, *, needed: bool = False) -> Column:
    return Column(name, "choice", choices=choices, default=default, needed=needed)


def _money(*names: str) -> Iterable[Column]:
    return (Column(name, "money", 2, may_be_negative=name in _OF_METHODS) for name in names)


def _mass(*names: str) -> Iterable[Column]:
    return (Column(name, "mass", 6, may_be_negative=name == _BELOW_0_OF_SOVEREIGN) for name in names)


def _numbers(*names: str) -> Iterable[Column]:
    return (Column(name, "number", DECIMALS[name], may_be_negative=name in _OF_METHODS) for name in names)


COLUMNS: tuple[Column, ...] = (
    Column("exposure", "identifier", needed=True),
    Column("borrower", "text", needed=True),
    _choice("asset_class", ASSET_CLASSES, needed=True),
    Column("branch", "label", needed=True),
    Column("sector", "label", needed=True),
    _choice("high_carbon", HIGH_CARBON),
    Column("currency", "label", default="CNY"),
    _choice("instrument", INSTRUMENTS, "loan"),
    Column("called", "flag", default=False),
    Column("listed", "flag", default=False),
    _choice("use", USES, "general"),
    *_money(*MONEY_COLUMNS),
    *_numbers("shares", "total_shares"),
    _choice("option", OPTIONS, needed=True),
    _choice("option_2", OPTIONS),
    *_mass(*MASS_COLUMNS),
    *_numbers("activity", "activity_factor", "sector_factor", "asset_factor", "asset_turnover", "sector_factor_s3", "asset_factor_s3"),
    Column("factor_source", "label"),
    _choice("green_field", GREEN_FIELDS),
    Column("life_days", "days"),
    Column("small_micro", "flag", default=False),
    Column("natural_person", "flag", default=False),
    Column("exclude_reason", "label"),
)
NAMES: tuple[str, ...] = tuple(column.name for column in COLUMNS)
NEEDED: tuple[str, ...] = tuple(column.name for column in COLUMNS if column.needed)
FACTORS: tuple[str, ...] = ("activity_factor", "sector_factor", "asset_factor", "sector_factor_s3", "asset_factor_s3")
_BY_NAME = {column.name: column for column in COLUMNS}


def find_column(name: str) -> Column | None:
    """Return the column of this name, or None."""
    return _BY_NAME.get(name)


def get_column(name: str) -> Column:
    """Return the column of this name.

    Raises:
        KeyError: there is none; names come from code here, not from a file.
    """
    return _BY_NAME[name]
