"""The numerator: what the bank has outstanding at the end of the period, in cents (spec: method-pcaf-2 §1)."""

from __future__ import annotations

from ledger.accounting.methods.attribution import Notice
from ledger.loans.exposure import Exposure
from ledger.units import round_half_even


def outstanding_cents(row: Exposure, notices: list[Notice]) -> int | None:
    """Return N, or None where it is unknown or impossible, which `notices` then say."""
    if row.instrument == "guarantee" and not row.called:
        notices.append(Notice("GUARANTEE_NOT_CALLED", "called"))
        return 0
    if row.outstanding is not None:
        return row.outstanding
    if row.asset_class != "unlisted_equity" or row.shares is None or row.total_shares is None or row.total_equity is None:
        notices.append(Notice("BALANCE_MISSING", "outstanding"))
        return None
    if row.total_shares <= 0 or row.shares > row.total_shares:
        notices.append(Notice("SHARES_ABOVE_TOTAL", "shares"))
        return None
    if row.total_equity < 0:
        notices.append(Notice("EQUITY_NEGATIVE", "total_equity"))
    return round_half_even(row.shares / row.total_shares * max(row.total_equity, 0))
