"""The 碳减排贷款 table: loans to green projects, what the projects save, and the bank's share (碳减排支持工具)."""

from __future__ import annotations

from ledger.accounting.financed.green_loans import GreenLoan
from ledger.accounting.financed.report.figures import ReportFigures
from ledger.accounting.financed.report.labels import GREEN_FIELDS
from ledger.accounting.financed.report.pcaf import TOTAL
from ledger.accounting.financed.report.tables import Cell, ReportTable, amount, number_column, text_column, tonnes
from ledger.errors import InputError
from ledger.records.names import Name

LOAN_COLUMNS = (
    number_column("No.", "序号"),
    text_column("Loan", "贷款编号"),
    text_column("Borrower", "借款主体"),
    text_column("Branch", "分支机构"),
    text_column("Field", "支持领域"),
    number_column("Balance", "贷款余额（元）"),
    number_column("Total investment", "项目总投资（元）"),
    number_column("Project reduction, t a year", "项目年碳减排量（吨）"),
    number_column("Reduction by the loan, t a year", "贷款带动的年碳减排量（吨）"),
)
FIELD_COLUMNS = (
    text_column("Field", "支持领域"),
    number_column("Loans", "贷款笔数"),
    number_column("Balance", "贷款余额（元）"),
    number_column("Reduction by the loans, t a year", "贷款带动的年碳减排量（吨）"),
)


def cerf_tables(figures: ReportFigures) -> tuple[ReportTable, ...]:
    """Return the sums by field, and every loan.

    Raises:
        InputError: the loans are not at hand.
    """
    if figures.green is None:
        raise InputError("a statement holds no single loans", hint="make the table from the folder that `loans compute --out` wrote")
    by_field: dict[str, list[GreenLoan]] = {}
    for loan in figures.green:
        by_field.setdefault(loan.green_field or "", []).append(loan)
    fields: list[tuple[Cell, ...]] = [(GREEN_FIELDS[name], *_sums(by_field[name])) for name in GREEN_FIELDS if name in by_field]
    note = Name(
        "The bank's share = reduction × balance ÷ total investment (《绿色信贷项目节能减排量测算指引》).",
        "折算减排量＝项目减排量×贷款余额÷项目总投资（《绿色信贷项目节能减排量测算指引》）。",
    )
    summary = ReportTable(
        Name("Carbon reduction loans by field", "碳减排贷款汇总"), FIELD_COLUMNS, (*fields, (TOTAL, *_sums(list(figures.green)))), (note,)
    )
    rows: list[tuple[Cell, ...]] = [
        (
            str(number),
            loan.exposure,
            loan.borrower,
            loan.branch,
            GREEN_FIELDS[loan.green_field or ""],
            amount(loan.balance_cents),
            "" if loan.total_investment_cents is None else amount(loan.total_investment_cents),
            tonnes(loan.reduction_g),
            tonnes(loan.share_g),
        )
        for number, loan in enumerate(figures.green, start=1)
    ]
    return summary, ReportTable(Name("Carbon reduction loans", "碳减排贷款明细"), LOAN_COLUMNS, tuple(rows))


def _sums(loans: list[GreenLoan]) -> tuple[str, ...]:
    return str(len(loans)), amount(sum(loan.balance_cents for loan in loans)), tonnes(sum(loan.share_g for loan in loans))
