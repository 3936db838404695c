"""Denominators of a run of rows, for both methods, equal to the reference of each (spec: method-pcaf-2 §2, method-pboc-2021 §2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ledger.accounting.financed.columns import Rows, Small
from ledger.accounting.financed.division import Bool, Int64
from ledger.accounting.financed.said import Said
from ledger.accounting.methods.attribution import LIMIT
from ledger.accounting.methods.pcaf_2.denominators import BALANCE_SHEET, COLUMN_OF_CLASS, EVIC_IF_LISTED
from ledger.loans.exposure import ASSET_CLASSES, USES

NAMES = (
    *("", "evic", "project_total", "property_value", "vehicle_value", "ppp_gdp"),
    *(BALANCE_SHEET, "total_assets", "total_investment", "revenue"),
)
_CODE = {name: code for code, name in enumerate(NAMES)}
_OF_CLASS = np.array([_CODE[COLUMN_OF_CLASS[asset_class]] for asset_class in ASSET_CLASSES], np.uint8)
_MAY_BE_LISTED = np.array([asset_class in EVIC_IF_LISTED for asset_class in ASSET_CLASSES])
_PROJECT = USES.index("project")


@dataclass(frozen=True)
class Denominators:
    """Denominators in cents, 0 where there is none, and the number of their name in NAMES."""

    cents: Int64
    name: Small


def of_pcaf(rows: Rows, needed: Bool, said: Said) -> Denominators:
    """Return D of pcaf_2, saying of the rows `needed` what is wrong with it."""
    asset_class = rows.choice("asset_class")
    name = _OF_CLASS[asset_class]
    name[_MAY_BE_LISTED[asset_class] & rows.flag("listed")] = _CODE["evic"]
    cents = np.zeros(rows.size, np.int64)
    for column in NAMES[1:6]:
        here = name == _CODE[column]
        if not here.any():
            continue
        known, values = rows.known(column), rows.values(column)
        missing = here & (values <= 0)
        if column == "vehicle_value":
            said.add("VEHICLE_VALUE_UNKNOWN", column, needed & here & ~known)
            missing &= known
        said.add("DENOMINATOR_MISSING", column, needed & missing)
        np.copyto(cents, values, where=here)
    _balance_sheet(rows, needed, said, cents, name)
    np.maximum(cents, 0, out=cents)
    name[cents == 0] = 0
    return Denominators(cents, name)


def _balance_sheet(rows: Rows, needed: Bool, said: Said, cents: Int64, name: Small) -> None:
    at = np.flatnonzero(name == _CODE[BALANCE_SHEET])
    if not at.size:
        return
    equity, debt, assets = rows.values("total_equity")[at], rows.values("total_debt")[at], rows.values("total_assets")[at]
    has_equity, has_debt, has_assets = rows.known("total_equity")[at], rows.known("total_debt")[at], rows.known("total_assets")[at]
    wanted = needed[at]
    both = has_equity & has_debt
    fallback = ~both & has_assets
    found = np.maximum(equity, 0) + debt  # wraps below 0 where it is too large
    too_large = both & (found < 0)
    if not both.all():
        found = np.where(both, found, np.where(fallback, assets, 0))
        name[at[fallback]] = _CODE["total_assets"]
    missing = ~too_large & (found <= 0)
    cents[at] = np.where(too_large, 0, found)

    def say(code: str, column: str, where: Bool) -> None:
        everywhere = np.zeros(rows.size, np.bool_)
        everywhere[at[where & wanted]] = True
        said.add(code, column, everywhere)

    say("EQUITY_NEGATIVE", "total_equity", equity < 0)
    for column, of_column in (("total_equity", ~has_equity), ("total_debt", has_equity)):
        say("DENOMINATOR_FALLBACK", column, fallback & of_column)
        say("DENOMINATOR_MISSING", column, missing & of_column)
        say("FIGURE_TOO_LARGE", column, too_large & of_column)


def of_pboc(rows: Rows, parts: Int64, needed: Bool, said: Said) -> Denominators:
    """Return so many times D of pboc_2021 as the balance has parts, saying of the rows `needed` what is wrong with it."""
    project = rows.choice("use") == _PROJECT
    whole = project & ~rows.known("total_investment") & rows.known("project_total")
    name = np.where(project, np.where(whole, _CODE["project_total"], _CODE["total_investment"]), _CODE["revenue"]).astype(np.uint8)
    cents = np.where(project, np.where(whole, rows.values("project_total"), rows.values("total_investment")), rows.values("revenue"))
    missing, too_large = cents <= 0, cents > (LIMIT - 1) // parts
    for column in ("total_investment", "project_total", "revenue"):
        here = needed & (name == _CODE[column])
        said.add("DENOMINATOR_MISSING", column, here & missing)
        said.add("FIGURE_TOO_LARGE", column, here & too_large)
    cents = np.where(missing | too_large, 0, cents * parts)
    name[cents == 0] = 0
    return Denominators(cents, name)
