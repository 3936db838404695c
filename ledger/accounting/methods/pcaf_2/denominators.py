"""The denominator: what the balance is a part of, in cents (spec: method-pcaf-2 §2)."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.accounting.methods.attribution import LIMIT, Notice
from ledger.loans.exposure import Exposure

BALANCE_SHEET = "total_equity+total_debt"
COLUMN_OF_CLASS = {
    "listed_equity": "evic",
    "corporate_bond": BALANCE_SHEET,
    "business_loan": BALANCE_SHEET,
    "unlisted_equity": BALANCE_SHEET,
    "project_finance": "project_total",
    "commercial_real_estate": "property_value",
    "mortgage": "property_value",
    "motor_vehicle": "vehicle_value",
    "sovereign": "ppp_gdp",
}
EVIC_IF_LISTED = ("corporate_bond", "business_loan")


@dataclass(frozen=True)
class Denominator:
    """D and the columns it came from; `cents` None: there is none and attribution is 100 %."""

    cents: int | None
    name: str | None


def column_of(row: Exposure) -> str:
    """Return the column, or pair of columns, that the class of a row divides by."""
    return "evic" if row.listed and row.asset_class in EVIC_IF_LISTED else COLUMN_OF_CLASS[row.asset_class]


def find_denominator(row: Exposure, notices: list[Notice]) -> Denominator | None:
    """Return D, or None where it is missing, which `notices` then say."""
    column = column_of(row)
    if column == BALANCE_SHEET:
        return _balance_sheet(row, notices)
    value = {
        "evic": row.evic,
        "project_total": row.project_total,
        "property_value": row.property_value,
        "vehicle_value": row.vehicle_value,
        "ppp_gdp": row.ppp_gdp,
    }[column]
    if value is None and column == "vehicle_value":
        notices.append(Notice("VEHICLE_VALUE_UNKNOWN", column))
        return Denominator(None, None)
    if value is None or value <= 0:
        notices.append(Notice("DENOMINATOR_MISSING", column))
        return None
    return Denominator(value, column)


def _balance_sheet(row: Exposure, notices: list[Notice]) -> Denominator | None:
    missing = "total_equity" if row.total_equity is None else "total_debt"
    if row.total_equity is not None and row.total_equity < 0:
        notices.append(Notice("EQUITY_NEGATIVE", "total_equity"))
    if row.total_equity is not None and row.total_debt is not None:
        cents, name = max(row.total_equity, 0) + row.total_debt, BALANCE_SHEET
    elif row.total_assets is not None:
        notices.append(Notice("DENOMINATOR_FALLBACK", missing))
        cents, name = row.total_assets, "total_assets"
    else:
        cents, name = 0, missing
    if 0 < cents < LIMIT:
        return Denominator(cents, name)
    notices.append(Notice("FIGURE_TOO_LARGE" if cents > 0 else "DENOMINATOR_MISSING", missing))
    return None
