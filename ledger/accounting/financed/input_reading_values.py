"""Money, mass, ratios and factors as people write them in JSON: exact values, or what is wrong and what to do (spec: financed-input §2).

A number alone is in the unit of its column (loan-book §1); behind a number may stand a unit: `60 万元`, `12.5 million USD`, `100 万t`,
`1.2 tCO2e/万元`. The strict rules of a table's cells decide about the number itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from ledger.accounting.validators.factor_units import find_factor_unit
from ledger.errors import InputError
from ledger.indicators.release import Release
from ledger.loans.cell import Value, read_cell
from ledger.loans.columns import Column, get_column
from ledger.loans.faults import Refused
from ledger.units import format_decimal, parse_decimal, round_half_even

MILLION = 10**6
CENTS = 100
LIMIT = 2**63
_QUANTITY = re.compile(r"\s*(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)\s*([^\s0-9.,，'’%％+-].*?)\s*", re.DOTALL)
_GROUPED = re.compile(r"\s*(?:[A-Za-z]{3}|(?:US|HK)?[$]|[€£¥￥])?\s*-?[0-9]{1,3}(?:[,，'’][0-9]{3})+(?![0-9])")
_LEADING = re.compile(r"\s*([A-Za-z]{3}|US[$]|HK[$]|[$€£¥￥])\s*(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)\s*([^\s0-9.,，'’%％+-].*?)?\s*")
_EXPONENT = re.compile(r"[eE][+-]?[0-9]")
_SCALES = {
    "": 1,
    **dict.fromkeys(("k", "thousand", "千"), 10**3),
    "万": 10**4,
    **dict.fromkeys(("m", "mn", "mio", "million", "百万"), 10**6),
    "千万": 10**7,
    "亿": 10**8,
    **dict.fromkeys(("bn", "b", "billion", "十亿"), 10**9),
    **dict.fromkeys(("tn", "trillion", "万亿"), 10**12),
}
_CURRENCIES = {
    "": "",
    **dict.fromkeys(("元", "人民币", "元人民币", "rmb", "yuan", "¥", "￥"), "CNY"),
    **dict.fromkeys(("$", "us$", "美元"), "USD"),
    **dict.fromkeys(("€", "euro", "euros", "欧元"), "EUR"),
    **dict.fromkeys(("£", "英镑"), "GBP"),
    **dict.fromkeys(("港元", "港币", "hk$"), "HKD"),
    **dict.fromkeys(("日元",), "JPY"),
}
_ISO = re.compile(r"[a-z]{3}")
_MASSES = {
    **dict.fromkeys(("t", "tonne", "tonnes", "ton", "tons", "吨"), Fraction(1)),
    **dict.fromkeys(("kg", "千克", "公斤"), Fraction(1, 1_000)),
    **dict.fromkeys(("g", "克"), Fraction(1, 1_000_000)),
    **dict.fromkeys(("kt", "千吨"), Fraction(1_000)),
    **dict.fromkeys(("Mt", "百万吨"), Fraction(10**6)),
    "Gt": Fraction(10**9),
}
_GAS = re.compile(r"(CO2|二氧化碳)(-?eq?|当量)?$", re.IGNORECASE)


@dataclass(frozen=True)
class Money:
    """An amount in its currency's unit, exact."""

    amount: Fraction
    currency: str


@dataclass(frozen=True)
class Currencies:
    """The currency that the answer is in, and rates: its units per unit of another one."""

    home: str
    rates: Mapping[str, Fraction]

    def convert(self, money: Money) -> Fraction:
        """Return an amount in the home currency.

        Raises:
            Refused: there is no rate.
        """
        if money.currency == self.home:
            return money.amount
        if money.currency not in self.rates:
            action = f'give {self.home} per {money.currency} in "rates", or name the currency of the whole file in "currency"'
            raise Refused("CURRENCY_WITHOUT_RATE", action, money.currency, "a rate")
        return money.amount * self.rates[money.currency]

    def cents(self, money: Money) -> int:
        """Return an amount in whole cents of the home currency, half-even where a rate makes parts of a cent.

        Raises:
            Refused: there is no rate, or the amount is 2^63 cents or more.
        """
        cents = round_half_even(self.convert(money) * CENTS)
        if abs(cents) >= LIMIT:
            action = "look the figure up: is it in the right unit? a book keeps 64 bits of cents"
            raise Refused("VALUE_TOO_LARGE", action, f"{cents} cents", "below 2^63 cents")
        return cents


def text_of(value: object) -> str:
    """Return what a person wrote as a text: a text, an integer, yes or no; null and "" are empty.

    Raises:
        Refused: a list or an object.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | str):
        return str(value)
    raise Refused("FIELD_INVALID", "write a number or a text", "a list" if isinstance(value, list) else "an object", "a number or a text")


def split_quantity(text: str) -> tuple[str, str]:
    """Return number and unit of a text such as `84.5 万t`; the whole text and no unit where it is no such thing.

    Raises:
        Refused: the number has thousands separators.
    """
    if _GROUPED.match(text):
        raise Refused("VALUE_GROUPED", "write the number without separators, as 1234567.89", text, "a number and its unit")
    leading = _LEADING.fullmatch(text)
    if leading:
        return leading[2], f"{leading[3] or ''} {leading[1]}"
    match = _QUANTITY.fullmatch(text)
    return (match[1], match[2]) if match and not _EXPONENT.match(match[2]) else (text, "")


def read_money(column: Column, text: str, currency: str) -> Money | None:
    """Return an amount of money, None where the text is empty. Its own currency comes before `currency`.

    Raises:
        Refused: it is no amount, finer than a cent, or below 0 where that cannot be.
    """
    number, unit = split_quantity(text)
    scale, named = _money_unit(unit, text)
    cents = read_cell(column, _scaled(column, number, Fraction(scale)))
    return None if cents is None else Money(Fraction(int(cents), CENTS), named or currency)


def read_mass(column: Column, text: str) -> int | None:
    """Return whole grams, None where the text is empty.

    Raises:
        Refused: it is no mass, finer than a gram, or below 0 where that cannot be.
    """
    number, unit = split_quantity(text)
    grams = read_cell(column, _scaled(column, number, _mass_unit(unit, text) if unit else Fraction(1)))
    return None if grams is None else int(grams)


def read_number(column: Column, text: str) -> Fraction | None:
    """Return an exact number with any decimals, None where the text is empty.

    Raises:
        Refused: it is no number, or below 0 where that cannot be.
    """
    try:
        units = read_cell(column, text)
    except Refused as refused:
        if refused.code != "VALUE_TOO_FINE" or len(text.strip()) > 60:
            raise
        value = parse_decimal(text.strip())
        if value < 0 and not column.may_be_negative:
            raise Refused("VALUE_NEGATIVE", "look the figure up: it cannot be below 0", text, "0 or more") from None
        return value
    return None if units is None else Fraction(int(units), 10**column.decimals)


def read_intensity(column: Column, text: str, currencies: Currencies) -> Fraction | None:
    """Return t per million of the home currency of a text such as `1.2 tCO2e/万元`; a number alone is that already.

    Raises:
        Refused: it is no such factor.
    """
    number, unit = split_quantity(text)
    value = read_number(column, number)
    if value is None or not unit:
        return value
    mass, slash, money = unit.replace(" ", "").partition("/")
    if not slash:
        raise _no_unit(text, "as 1.2 tCO2e/万元")
    scale, currency = _money_unit(money, text)
    per = currencies.convert(Money(Fraction(scale), currency or currencies.home))
    return value * _mass_unit(mass, text) / per * MILLION


def read_activity(amount: str, factor: str, release: Release) -> tuple[Fraction | None, Fraction | None]:
    """Return a quantity and kg CO2e per unit of it, both in one unit, of texts such as `12 MWh` and `0.5366 kgCO2/kWh`.

    Without units on both they are taken as they are.

    Raises:
        Refused: no numbers, a unit on one of them only, or units that do not fit.
    """
    (quantity, unit), (rate, per) = split_quantity(amount), split_quantity(factor)
    value, kilograms = read_number(get_column("activity"), quantity), read_number(get_column("activity_factor"), rate)
    if not per or value is None or kilograms is None:
        if bool(unit) != bool(per) and value is not None and kilograms is not None:
            raise _units_differ(unit, per)
        return value, kilograms
    mass, slash, each = per.replace(" ", "").partition("/")
    if not slash or not unit:
        raise _units_differ(unit, per)
    if each == unit.replace(" ", ""):
        return value, kilograms * _mass_unit(mass, factor) * 1_000
    known, found = release.find_unit(unit.replace(" ", "")), find_factor_unit(per, release)
    if known is None or found is None or known.dimension != found.dimension:
        raise _units_differ(unit, per)
    return value * known.base_units, kilograms * found.kilograms


def read_choice(column: Column, text: str) -> Value:
    """Return the value of a column that is no number, None where it is empty and has no default.

    Raises:
        Refused: it is no value of the column.
    """
    return read_cell(column, text)


def _scaled(column: Column, number: str, factor: Fraction) -> str:
    """Return a number times its unit as a text; a text that is no number stays, for the cell's own words about it."""
    if factor == 1:
        return number
    try:
        return format_decimal(parse_decimal(number) * factor)
    except InputError:
        return number


def _money_unit(unit: str, text: str) -> tuple[int, str]:
    plain = unit.replace(" ", "").lower()
    for scale in sorted(_SCALES, key=len, reverse=True):
        for rest in (
            plain[len(scale) :] if plain.startswith(scale) else None,
            plain[: -len(scale)] if scale and plain.endswith(scale) else None,
        ):
            if rest is None:
                continue
            if rest in _CURRENCIES:
                return _SCALES[scale], _CURRENCIES[rest]
            if _ISO.fullmatch(rest):
                return _SCALES[scale], rest.upper()
    raise _no_unit(text, "as 60 万元, 12.5 million USD")


def _mass_unit(unit: str, text: str) -> Fraction:
    plain = _GAS.sub("", unit.replace(" ", "").replace("₂", "2"))
    if plain in _MASSES:
        return _MASSES[plain]
    for scale, factor in _SCALES.items():
        rest = plain[len(scale) :]
        # One letter is a prefix that _MASSES lists or, as in mt, could be two things.
        if (len(scale) > 2 or scale in ("千", "万", "亿", "百万", "万亿")) and plain.lower().startswith(scale) and rest in _MASSES:
            return factor * _MASSES[rest]
    raise _no_unit(text, "as 100 万t, 12 ktCO2e, 3 Mt")


def _no_unit(text: str, expected: str) -> Refused:
    return Refused("MEASURE_UNKNOWN", "write a number and a unit that is listed in docs/spec/financed-input.md §2", text, expected)


def _units_differ(unit: str, per: str) -> Refused:
    action = "write both with their units, as 12 MWh and 0.5366 kgCO2/kWh, or both as numbers alone"
    return Refused("DIMENSION_WRONG", action, f"{unit or 'no unit'} and {per or 'no unit'}", "units that fit")
