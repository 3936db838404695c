"""The head of a loan book: whose it is and of when, rates of currencies, figures of the general ledger (spec: loan-book §2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType

from ledger.errors import InputError, MalformedDocument
from ledger.identifiers import is_identifier
from ledger.loans.exposure import ASSET_CLASSES
from ledger.records.fields import Fields
from ledger.records.findings import Finding, has_errors
from ledger.records.period import Period
from ledger.units import parse_decimal

SCHEMA = "lingtan.book-head/1"
HOME_CURRENCY = "CNY"
RATE_DECIMALS = 10
RATE_LIMIT = 10**9
_TOLD = 5
RATIOS = ("asset_turnover",)
_CURRENCY = re.compile(r"[A-Z]{3}")
_CENTS = re.compile(r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,2})?")
_NAMES = ("schema", "institution", "period", "rates", "general_ledger", "fractions")
_FIGURE = ("id", "asset_class", "value", "reference")


@dataclass(frozen=True)
class LedgerFigure:
    """A figure of the general ledger in cents of CNY that the balances of one class, or of all, must meet to the cent."""

    id: str
    cents: int
    reference: str
    asset_class: str | None = None


@dataclass(frozen=True)
class Head:
    """What a book's rows leave unsaid. `rates` are CNY per unit of another currency; `fractions` names ratios that may be large."""

    institution: str | None = None
    period: Period | None = None
    rates: Mapping[str, Fraction] = field(default_factory=lambda: MappingProxyType({}))
    general_ledger: tuple[LedgerFigure, ...] = ()
    fractions: tuple[str, ...] = ()

    @property
    def months(self) -> int | None:
        """Return how many month-ends the period has, or None without a period."""
        if self.period is None:
            return None
        first, last = self.period.first_day, self.period.last_day
        return (last.year - first.year) * 12 + last.month - first.month + 1


DEFAULT_HEAD = Head()


def read_head(document: object) -> tuple[Head | None, tuple[Finding, ...]]:
    """Return the head of a `lingtan.book-head/1` document (None if any error was found) and every finding.

    Every field but `schema` may be left out.
    """
    findings: list[Finding] = []
    given = dict(document) if isinstance(document, dict) else document
    if isinstance(given, dict):
        given = {"institution": None, "period": None, "rates": {}, "general_ledger": [], "fractions": [], **given}
    fields = Fields(given, "", findings, _NAMES)
    fields.schema(SCHEMA)
    institution = fields.optional("institution", fields.identifier)
    period = fields.optional("period", fields.period)
    rates = _rates(given.get("rates") if isinstance(given, dict) else None, fields)
    figures = tuple(_figures(given, fields))
    fractions = fields.texts("fractions")
    for name in fractions:
        if name not in RATIOS:
            fields.refuse("FIELD_INVALID", "/fractions", "name ratios only", got=name[:40], expected=", ".join(RATIOS))
    head = Head(institution, period, MappingProxyType(rates), figures, fractions)
    if not has_errors(findings) and head.months is not None and not 1 <= head.months <= 12:
        got, action = f"{head.months} months", "write one book for each year or part of a year"
        fields.refuse("FIELD_INVALID", "/period", action, got=got, expected="1 to 12 months")
    return (None if has_errors(findings) else head), tuple(findings)


def head_from_document(document: object) -> Head:
    """Return the head of a document.

    Raises:
        MalformedDocument: with every error in `facts["errors"]`.
    """
    head, findings = read_head(document)
    if head is None:
        errors = tuple((finding.place or "/", finding.code, finding.action) for finding in findings)
        told = "; ".join(f"{place}: {code}: {action}" for place, code, action in errors[:_TOLD])
        raise MalformedDocument(f"the head of the book is refused at {told}", hint="correct it at the places named", errors=errors)
    return head


def _rates(value: object, fields: Fields) -> dict[str, Fraction]:
    found: dict[str, Fraction] = {}
    if not isinstance(value, dict):
        fields.refuse("FIELD_INVALID", "/rates", "write an object of rates", expected='{"USD": "7.1884"}')
        return found
    for currency, text in value.items():
        place = f"/rates/{currency[:10]}"
        if not _CURRENCY.fullmatch(currency) or currency == HOME_CURRENCY:
            fields.refuse("FIELD_INVALID", place, "name a currency other than CNY by ISO 4217", got=currency[:10], expected="as USD")
            continue
        rate = _rate(text)
        if rate is None:
            action = f"write CNY per unit as a decimal string above 0 with at most {RATE_DECIMALS} decimals"
            fields.refuse("FIELD_INVALID", place, action, got=str(text)[:40], expected="as 7.1884")
        else:
            found[currency] = rate
    return found


def _rate(text: object) -> Fraction | None:
    try:
        rate = parse_decimal(text) if isinstance(text, str) else Fraction(0)
    except InputError:
        return None
    whole = rate * 10**RATE_DECIMALS
    return rate if 0 < rate < RATE_LIMIT and whole.denominator == 1 else None


def _figures(given: object, fields: Fields) -> list[LedgerFigure]:
    found: list[LedgerFigure] = []
    if not isinstance(given, dict):
        return found
    seen: set[str] = set()
    for pointer, item in fields.items("general_ledger"):
        item = {"asset_class": None, **item} if isinstance(item, dict) else item
        figure = Fields(item, pointer, fields.findings, _FIGURE)
        id = figure.identifier("id")
        text = figure.decimal("value")
        if not _CENTS.fullmatch(text):
            figure.refuse("FIELD_INVALID", f"{pointer}/value", "write CNY to the cent", got=text[:40], expected="as 1234567.89")
            text = "0"
        if id in seen and is_identifier(id):
            figure.refuse("ITEM_TWICE", pointer, "keep one of the two", got=id)
        seen.add(id)
        asset_class = figure.optional("asset_class", lambda name, figure=figure: figure.choice(name, ASSET_CLASSES))  # type: ignore[misc]
        cents = parse_decimal(text) * 100
        found.append(LedgerFigure(id, cents.numerator, figure.text("reference"), asset_class))
    return found
