"""The rows of the 碳减排贷款 table of a book, kept by the bank beside its statement: `lingtan.green-loans/1` (spec: financed-input §8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from ledger.accounting.financed.reductions import ReductionRow
from ledger.loans.exposure import GREEN_FIELDS
from ledger.records.fields import Fields, raise_first
from ledger.records.findings import Finding

SCHEMA = "lingtan.green-loans/1"


@dataclass(frozen=True)
class GreenLoan:
    """One loan to a green project; cents and grams. `share_g` is the bank's part of the project's reduction."""

    exposure: str
    borrower: str
    branch: str
    green_field: str | None
    balance_cents: int
    total_investment_cents: int | None
    reduction_g: int
    share_g: int

    @classmethod
    def of(cls, row: ReductionRow) -> GreenLoan:
        """Return the loan of a computed row."""
        given = row.exposure
        amounts = (row.balance_cents, row.total_investment_cents, row.reduction_g, row.share_g)
        return cls(given.exposure, given.borrower, given.branch, given.green_field, *amounts)


_NAMES = tuple(item.name for item in fields(GreenLoan))


def green_loans_document(loans: Iterable[GreenLoan]) -> dict[str, object]:
    """Return the document of a book's green loans, in their order."""
    return {"schema": SCHEMA, "items": [{name: _text(getattr(loan, name)) for name in _NAMES} for loan in loans]}


def green_loans_from_document(document: object) -> tuple[GreenLoan, ...]:
    """Return the green loans of a document.

    Raises:
        MalformedDocument: it is none.
    """
    findings: list[Finding] = []
    top = Fields(document, "", findings, ("schema", "items"))
    top.schema(SCHEMA)
    found = []
    for item in top.objects("items", _NAMES):
        field = item.optional("green_field", lambda name, item=item: item.choice(name, GREEN_FIELDS))  # type: ignore[misc]
        investment = item.optional("total_investment_cents", item.integer_text)
        amounts = (item.integer_text("balance_cents"), investment, item.integer_text("reduction_g"), item.integer_text("share_g"))
        found.append(GreenLoan(item.text("exposure"), item.text("borrower"), item.text("branch"), field, *amounts))
    raise_first("list of green loans", tuple(findings))
    return tuple(found)


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) else value
