"""Read figures of portfolios that are no exposures: EVIC inflation, sovereigns, scores, WACI, reductions (spec: financed-input §5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from ledger.accounting.financed.input_reading_layers import NOTE
from ledger.accounting.financed.input_reading_values import Currencies, read_mass, read_money, read_number, text_of
from ledger.accounting.financed.portfolio import Holding
from ledger.loans.columns import Column, get_column
from ledger.loans.exposure import GREEN_FIELDS
from ledger.loans.faults import Refused, show
from ledger.records.fields import pointer_of
from ledger.records.findings import Finding

T = TypeVar("T")
LISTS = ("evic_inflation", "sovereign", "data_quality", "waci", "reductions")
GRAMS = 10**6
SCORES = ("1", "2", "3", "4", "5")
FIELDS = {
    "evic_inflation": ("id", "weight", "base_emissions", "emissions", "base_evic", "evic", NOTE),
    "sovereign": ("id", "emissions", "gdp", "ppp_gdp", NOTE),
    "data_quality": ("id", "outstanding", "score", "sector", NOTE),
    "waci": ("id", "weight", "outstanding", "emissions", "revenue", NOTE),
    "reductions": ("id", "reduction", "balance", "total_investment", "green_field", NOTE),
}
_WEIGHT = Column("weight", "number", 9)


@dataclass(frozen=True)
class Country:
    """A country's emissions in t and its GDP, nominal and at purchasing power parity."""

    id: str
    emissions: Fraction
    gdp: Fraction | None
    ppp_gdp: Fraction | None


@dataclass(frozen=True)
class Scored:
    """An outstanding amount and its data-quality score."""

    id: str
    outstanding: Fraction
    score: int
    sector: str | None


@dataclass(frozen=True)
class Weighted:
    """A position's weight (share or amount), its emissions in t and its revenue."""

    id: str
    weight: Fraction
    emissions: Fraction
    revenue: Fraction


@dataclass(frozen=True)
class GreenProject:
    """A project's reduction in grams, the bank's balance and all that was invested."""

    id: str
    reduction_g: int
    balance: Fraction
    total_investment: Fraction
    green_field: str | None


@dataclass(frozen=True)
class Portfolio:
    """What a file asks of portfolios; amounts in the home currency's unit."""

    evic_inflation: tuple[tuple[str, Holding], ...] = ()
    sovereign: tuple[Country, ...] = ()
    data_quality: tuple[Scored, ...] = ()
    waci: tuple[Weighted, ...] = ()
    reductions: tuple[GreenProject, ...] = ()


def read_portfolio(value: object, currencies: Currencies, currency: str, findings: list[Finding]) -> Portfolio:
    """Return the portfolios of a file; items that cannot be read are left out, and found."""
    if not isinstance(value, dict):
        findings.append(Finding("FIELD_INVALID", "error", "/portfolio", "write an object", None, ", ".join(LISTS)))
        return Portfolio()
    for name in sorted(set(value) - {*LISTS, NOTE}):
        findings.append(Finding("FIELD_UNKNOWN", "error", pointer_of("/portfolio", name), "remove the field", name[:80], ", ".join(LISTS)))

    def each(name: str, read: Callable[[_Item], T]) -> tuple[T, ...]:
        return tuple(_each(value.get(name, []), name, read, currencies, currency, findings))

    return Portfolio(
        each("evic_inflation", _holding),
        each("sovereign", _country),
        each("data_quality", _scored),
        each("waci", _weighted),
        each("reductions", _project),
    )


class _Item:
    """The fields of one item; a missing or wrong one is a finding, and a harmless stand-in is returned."""

    def __init__(self, item: dict[str, object], pointer: str, currencies: Currencies, currency: str) -> None:
        self.findings: list[Finding] = []
        self._item, self._pointer, self._currencies, self._currency = item, pointer, currencies, currency

    def id(self) -> str:
        return str(self._item.get("id", self._pointer.rpartition("/")[2]))[:200]

    def has(self, name: str) -> bool:
        return self._item.get(name) is not None

    def refuse(self, name: str, refused: Refused) -> None:
        place = pointer_of(self._pointer, name)
        self.findings.append(Finding(refused.code, "error", place, refused.action, show(refused.got), refused.expected))

    def _read(self, name: str, read: Callable[[str], Fraction | None]) -> Fraction:
        try:
            found = read(text_of(self._item.get(name)))
            if found is not None:
                return found
            self.refuse(name, Refused("VALUE_MISSING", f"add {name}", "nothing", name))
        except Refused as refused:
            self.refuse(name, refused)
        return Fraction(1)

    def money(self, name: str, column: str, *, above_0: bool = False) -> Fraction:
        def read(text: str) -> Fraction | None:
            money = read_money(get_column(column), text, self._currency)
            return None if money is None else self._currencies.convert(money)

        found = self._read(name, read)
        if found <= 0 and above_0:
            self.refuse(name, Refused("DENOMINATOR_MISSING", "correct the figure", str(self._item.get(name)), "a value above 0"))
            return Fraction(1)
        return found

    def grams(self, name: str, column: str = "s12_t") -> Fraction:
        return self._read(name, lambda text: None if (grams := read_mass(get_column(column), text)) is None else Fraction(grams))

    def fraction(self, name: str) -> Fraction:
        """Return a share, as 0.4 or `40 %`."""

        def read(text: str) -> Fraction | None:
            number = text.strip().removesuffix("%").removesuffix("％").rstrip()
            value = read_number(_WEIGHT, number)
            return value if value is None or number == text.strip() else value / 100

        return self._read(name, read)

    def score(self) -> int:
        text = self._text("score")
        if text in SCORES:
            return int(text)
        self.refuse("score", Refused("VALUE_UNKNOWN" if text else "VALUE_MISSING", "write a score", text or "nothing", "1 (best) to 5"))
        return 1

    def label(self, name: str) -> str | None:
        return self._text(name) or None

    def _text(self, name: str) -> str:
        try:
            return text_of(self._item.get(name))
        except Refused as refused:
            self.refuse(name, refused)
            return ""

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        if not self.has(name):
            return None
        text = str(self._item[name])
        if text not in choices:
            self.refuse(name, Refused("VALUE_UNKNOWN", "write one of these, as spelt", text, ", ".join(choices)))
        return text


def _each(
    value: object, name: str, read: Callable[[_Item], T], currencies: Currencies, currency: str, findings: list[Finding]
) -> Iterator[T]:
    place = f"/portfolio/{name}"
    if not isinstance(value, list):
        findings.append(Finding("FIELD_INVALID", "error", place, "write a list", None, "a list"))
        return
    for index, given in enumerate(value):
        pointer = f"{place}/{index}"
        if not isinstance(given, dict):
            findings.append(Finding("FIELD_INVALID", "error", pointer, "write an object", None, ", ".join(FIELDS[name])))
            continue
        item = _Item(given, pointer, currencies, currency)
        for field in sorted(set(given) - set(FIELDS[name])):
            item.refuse(field, Refused("FIELD_UNKNOWN", "remove the field", field, ", ".join(FIELDS[name])))
        found = read(item)
        findings.extend(item.findings)
        if not item.findings:
            yield found


def _holding(item: _Item) -> tuple[str, Holding]:
    emissions = item.grams("base_emissions") / GRAMS, item.grams("emissions") / GRAMS
    values = item.money("base_evic", "evic", above_0=True), item.money("evic", "evic", above_0=True)
    return item.id(), Holding(item.fraction("weight"), *emissions, *values)


def _country(item: _Item) -> Country:
    if not item.has("gdp") and not item.has("ppp_gdp"):
        item.refuse("ppp_gdp", Refused("VALUE_MISSING", "add gdp, ppp_gdp or both", "nothing", "a GDP"))
    gdps = [item.money(name, "ppp_gdp", above_0=True) if item.has(name) else None for name in ("gdp", "ppp_gdp")]
    return Country(item.id(), item.grams("emissions", "s1_t") / GRAMS, *gdps)


def _scored(item: _Item) -> Scored:
    return Scored(item.id(), item.money("outstanding", "outstanding"), item.score(), item.label("sector"))


def _weighted(item: _Item) -> Weighted:
    if item.has("weight") == item.has("outstanding"):
        item.refuse("weight", Refused("VALUE_MISSING", "add weight or outstanding", "both or none", "one of them"))
        return Weighted(item.id(), Fraction(1), Fraction(1), Fraction(1))
    weight = item.fraction("weight") if item.has("weight") else item.money("outstanding", "outstanding")
    return Weighted(item.id(), weight, item.grams("emissions") / GRAMS, item.money("revenue", "revenue", above_0=True))


def _project(item: _Item) -> GreenProject:
    return GreenProject(
        item.id(),
        int(item.grams("reduction", "project_reduction_t")),
        item.money("balance", "outstanding"),
        item.money("total_investment", "total_investment", above_0=True),
        item.choice("green_field", GREEN_FIELDS),
    )
