"""Read `lingtan.loan-input/1`: every finding at its place in the file, and every exposure that can be read (spec: financed-input)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from ledger.accounting.financed.input_reading_exposure import RowInput, RowReader, Setting
from ledger.accounting.financed.input_reading_layers import COMPANY_FIELDS, DEFAULT_FIELDS, EXPOSURE_FIELDS, NOTE, Layer, read_layer
from ledger.accounting.financed.input_reading_portfolio import Portfolio, read_portfolio
from ledger.accounting.financed.input_reading_values import Currencies, read_money, text_of
from ledger.accounting.financed.methods import METHODS, Method, Policies, get_method
from ledger.accounting.inventory.period import read_period
from ledger.accounting.methods import pboc_2021
from ledger.errors import InputError
from ledger.identifiers import is_identifier
from ledger.indicators.release import Release
from ledger.loans.columns import Column
from ledger.loans.exposure import ASSET_CLASSES
from ledger.loans.faults import Refused, show
from ledger.loans.head import HOME_CURRENCY, RATIOS
from ledger.records import canonical
from ledger.records.fields import pointer_of
from ledger.records.findings import Finding
from ledger.records.period import Period
from ledger.units import parse_decimal

SCHEMA = "lingtan.loan-input/1"
PERIOD_FIELDS = ("period", "year", "start", "end")
FIELDS = (
    *("schema", "title", "source", NOTE, "institution", *PERIOD_FIELDS, "currency", "method", "policies", "rates", "general_ledger"),
    *("fractions", "defaults", "companies", "exposures", "portfolio"),
)
LEDGER_FIELDS = ("id", "asset_class", "value", "reference", NOTE)
POLICY_FIELDS = tuple(pboc_2021.Policies().to_document())
TIMEZONE = "Asia/Shanghai"
YEAR_MONTHS = 12
_CURRENCY = re.compile(r"[A-Z]{3}")
_AMOUNT = Column("value", "money", 2, may_be_negative=True)


@dataclass(frozen=True)
class LedgerInput:
    """A figure of the general ledger in cents of the home currency, and where it was written."""

    id: str
    asset_class: str | None
    cents: int
    pointer: str


@dataclass(frozen=True)
class LoanInput:
    """What a file asks to compute. Rows that cannot be read are among `rows`, without their exposure."""

    hash: str
    institution: str
    period: Period | None
    method: Method
    policies: Policies
    currencies: Currencies
    rows: tuple[RowInput, ...]
    general_ledger: tuple[LedgerInput, ...]
    fractions: tuple[str, ...]
    portfolio: Portfolio
    named_borrowers: frozenset[str]


def read_loan_input(document: object, release: Release, method: str | None = None) -> tuple[LoanInput | None, tuple[Finding, ...]]:
    """Return what is to be computed, and every finding about the input; None where it is no such file at all.

    Args:
        release: units of measure of quantities and factors.
        method: comes before the one that the file names.
    """
    findings: list[Finding] = []
    if not isinstance(document, dict):
        return None, (Finding("FIELD_INVALID", "error", "", "write an object", type(document).__name__, f"a {SCHEMA} document"),)
    reader = _Reader(document, findings)
    reader.check_names()
    chosen = reader.method(method)
    institution, currencies = reader.institution(), reader.currencies()
    period = reader.period()
    defaults = read_layer(document.get("defaults", {}), "/defaults", DEFAULT_FIELDS, findings)
    written = defaults.said.get("currency")
    currency = str(written.value).strip() if written is not None and written.value else currencies.home
    setting = Setting(institution, currencies, currency, release, YEAR_MONTHS if period is None else _months_of(period))
    companies = reader.companies()
    rows, named = [], set()
    for index, item in enumerate(reader.list("exposures")):
        pointer = f"/exposures/{index}"
        layer = read_layer(item, pointer, EXPOSURE_FIELDS, findings)
        borrower = layer.said.get("borrower")
        if borrower is not None:
            named.add(str(borrower.value))
        company = companies.get(str(borrower.value), Layer()) if borrower is not None else Layer()
        row = RowReader(index + 1, pointer, (layer, company, defaults), setting)
        rows.append(row.read())
        findings.extend(row.findings)
    _check_repeats(rows, findings)
    portfolio = read_portfolio(document.get("portfolio", {}), currencies, currency, findings)
    if not rows and "portfolio" not in document:
        findings.append(Finding("FIELD_MISSING", "error", "/exposures", "give exposures, a portfolio or both", None, "a list"))
    policies = reader.policies(chosen)
    figures = tuple(reader.general_ledger(currencies))
    hash = canonical.digest(document)
    given = LoanInput(
        hash, institution, period, chosen, policies, currencies, tuple(rows), figures, reader.fractions(), portfolio, frozenset(named)
    )
    return given, tuple(findings)


class _Reader:
    """The fields of the file that all exposures share."""

    def __init__(self, document: Mapping[str, object], findings: list[Finding]) -> None:
        self._document = document
        self._findings = findings

    def _refuse(self, code: str, place: str, action: str, got: object = None, expected: str | None = None) -> None:
        self._findings.append(Finding(code, "error", place, action, None if got is None else show(str(got)), expected))

    def check_names(self) -> None:
        for name in sorted(set(self._document) - set(FIELDS)):
            self._refuse("FIELD_UNKNOWN", pointer_of("", name), "remove the field", name, ", ".join(FIELDS))
        schema = self._document.get("schema", SCHEMA)
        if schema != SCHEMA:
            self._refuse("FIELD_INVALID", "/schema", f"write {SCHEMA}", schema, SCHEMA)

    def list(self, name: str) -> list[object]:
        value = self._document.get(name, [])
        if isinstance(value, list):
            return value
        self._refuse("FIELD_INVALID", f"/{name}", "write a list", type(value).__name__, "a list")
        return []

    def object(self, name: str) -> dict[str, object]:
        value = self._document.get(name, {})
        if isinstance(value, dict):
            return value
        self._refuse("FIELD_INVALID", f"/{name}", "write an object", type(value).__name__, "an object")
        return {}

    def method(self, given: str | None) -> Method:
        name = given if given is not None else self._document.get("method")
        try:
            return get_method(str(name))
        except InputError:
            expected = " or ".join(item.id for item in METHODS)
            code = "FIELD_MISSING" if name is None else "METHOD_UNKNOWN"
            self._refuse(code, "/method", "name a method, in the file or with --method", name, expected)
            return METHODS[0]

    def institution(self) -> str:
        value, place = self._document.get("institution"), "/institution"
        if isinstance(value, dict):
            for name in sorted(set(value) - {"id", "name", NOTE}):
                self._refuse("FIELD_UNKNOWN", pointer_of(place, name), "remove the field", name, "id, name")
            value, place = value.get("id"), "/institution/id"
        text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
        if is_identifier(text):
            return text
        expected = "1 to 63 letters, digits, dots, hyphens, underscores"
        self._refuse("FIELD_MISSING" if value is None else "FIELD_INVALID", place, "name whose book it is", value, expected)
        return "institution"

    def period(self) -> Period | None:
        given = {name: self._document[name] for name in PERIOD_FIELDS if name in self._document}
        if not given:
            return None
        pointer, nested = "", given.get("period")
        if isinstance(nested, dict):
            for name in sorted(set(nested) - {"id", "year", "start", "end", NOTE}):
                self._refuse("FIELD_UNKNOWN", pointer_of("/period", name), "remove the field", name, "id, start, end")
            given, pointer = {name: value for name, value in nested.items() if name != NOTE}, "/period"
        period = read_period(given, pointer, TIMEZONE, self._findings)
        if period is not None and not 1 <= _months_of(period) <= YEAR_MONTHS:
            action = "write one file for each year or part of a year"
            self._refuse("FIELD_INVALID", pointer or "/period", action, f"{_months_of(period)} months", "1 to 12 months")
            return None
        return period

    def currencies(self) -> Currencies:
        home = self._document.get("currency", HOME_CURRENCY)
        if not isinstance(home, str) or not _CURRENCY.fullmatch(home):
            self._refuse("FIELD_INVALID", "/currency", "write three capital letters", home, "a code of ISO 4217, as CNY")
            home = HOME_CURRENCY
        rates: dict[str, Fraction] = {}
        for name, value in self.object("rates").items():
            if name == NOTE:
                continue
            rate = _rate(value)
            if not _CURRENCY.fullmatch(name) or name == home or rate is None:
                action = f"write {home} per unit of another currency, by its code of ISO 4217"
                self._refuse("FIELD_INVALID", pointer_of("/rates", name), action, value, '{"USD": 7.1884}')
            else:
                rates[name] = rate
        return Currencies(home, rates)

    def policies(self, method: Method) -> Policies:
        given = {name: value for name, value in self.object("policies").items() if name != NOTE}
        for name in sorted(set(given) - set(POLICY_FIELDS)):
            self._refuse("FIELD_UNKNOWN", pointer_of("/policies", name), "remove the field", name, ", ".join(POLICY_FIELDS))
        known = {name: value for name, value in given.items() if name in POLICY_FIELDS}
        found: dict[str, Policies] = {}
        for item in METHODS:
            # One file may be computed by several methods: policies of another one are read, and change nothing.
            of_method = known if item.id == pboc_2021.METHOD else {}
            try:
                found[item.id] = item.read_policies(of_method)
            except InputError as error:
                self._refuse("FIELD_INVALID", "/policies", error.hint or "correct the policies", str(error))
                found[item.id] = item.read_policies({})
        return found[method.id]

    def fractions(self) -> tuple[str, ...]:
        names = self.list("fractions")
        for index, name in enumerate(names):
            if name not in RATIOS:
                self._refuse("FIELD_INVALID", f"/fractions/{index}", "name ratios that may be large", name, ", ".join(RATIOS))
        return tuple(str(name) for name in names)

    def companies(self) -> dict[str, Layer]:
        found: dict[str, Layer] = {}
        for index, item in enumerate(self.list("companies")):
            pointer = f"/companies/{index}"
            layer = read_layer(item, pointer, COMPANY_FIELDS, self._findings)
            written = layer.said.get("borrower")
            if written is None:
                self._refuse("FIELD_MISSING", f"{pointer}/borrower", "say whose figures these are", None, "borrower, or id")
            elif str(written.value) in found:
                self._refuse("ITEM_TWICE", written.pointer, "give each borrower once", written.value, "each borrower once")
            else:
                found[str(written.value)] = layer
        return found

    def general_ledger(self, currencies: Currencies) -> Iterator[LedgerInput]:
        for index, item in enumerate(self.list("general_ledger")):
            pointer = f"/general_ledger/{index}"
            if not isinstance(item, dict):
                self._refuse("FIELD_INVALID", pointer, "write an object", type(item).__name__, ", ".join(LEDGER_FIELDS))
                continue
            for name in sorted(set(item) - set(LEDGER_FIELDS)):
                self._refuse("FIELD_UNKNOWN", pointer_of(pointer, name), "remove the field", name, ", ".join(LEDGER_FIELDS))
            asset_class = item.get("asset_class")
            if asset_class is not None and asset_class not in ASSET_CLASSES:
                place = f"{pointer}/asset_class"
                self._refuse("VALUE_UNKNOWN", place, "write one of these, as spelt", asset_class, ", ".join(ASSET_CLASSES))
                continue
            try:
                money = read_money(_AMOUNT, text_of(item.get("value")), currencies.home)
                if money is None:
                    raise Refused("VALUE_MISSING", "write the figure", "nothing", "an amount")
                cents = currencies.cents(money)
            except Refused as refused:
                self._refuse(refused.code, f"{pointer}/value", refused.action, refused.got, refused.expected)
                continue
            id = str(item.get("id", asset_class or "all"))
            yield LedgerInput(id, None if asset_class is None else str(asset_class), cents, pointer)


def _months_of(period: Period) -> int:
    first, last = period.first_day, period.last_day
    return (last.year - first.year) * 12 + last.month - first.month + 1


def _rate(value: object) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        rate = parse_decimal(str(value))
    except InputError:
        return None
    return rate if rate > 0 else None


def _check_repeats(rows: list[RowInput], findings: list[Finding]) -> None:
    first: dict[str, str] = {}
    for row in rows:
        if row.id in first:
            action, place = "keep one of them, or give each its own id", row.place("exposure")
            findings.append(Finding("EXPOSURE_TWICE", "error", place, action, row.id, f"at {first[row.id]} only"))
        first.setdefault(row.id, row.pointer)
