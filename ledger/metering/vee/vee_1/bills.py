"""BILL_DIFFERS and RATIO_SLIP: the sum of a meter's days against what the supplier billed for them."""

from __future__ import annotations

from fractions import Fraction

from ledger.metering.finding_list import FindingList
from ledger.metering.vee.history import Bill, MeterHistory
from ledger.metering.vee.vee_1.factors import find_slip
from ledger.metering.vee.vee_1.policies import Policies
from ledger.records.findings import Finding, Severity


def check_bills(history: MeterHistory, policies: Policies) -> tuple[Finding, ...]:
    """Return a finding for each bill of judged days that is off by more than 2 %, at most 5 % of their slots estimated.

    BILL_DIFFERS (warning), or RATIO_SLIP (error) where it is off by one of the factors.
    """
    findings = FindingList(f"meter {history.meter}")
    for bill in sorted(history.bills, key=lambda item: (item.first, item.id)):
        start, stop = history.number_of(bill.first), history.number_of(bill.last) + 1
        if start < 0 or stop > len(history) or stop <= history.judged:
            continue
        slots = history.series.bounds[stop] - history.series.bounds[start]
        if int(history.estimated[start:stop].sum()) > policies.bill_estimated * slots:
            continue
        total = int(history.totals[start:stop].sum())
        if abs(total - bill.amount) > policies.bill_tolerance * bill.amount:
            _found(history, bill, total, start, find_slip(history, total, bill.amount, policies), findings)
    return findings.close()


def _found(history: MeterHistory, bill: Bill, total: int, start: int, slip: tuple[str, Fraction] | None, findings: FindingList) -> None:
    first, last = bill.first.isoformat(), bill.last.isoformat()
    code: str = "BILL_DIFFERS" if slip is None else "RATIO_SLIP"
    severity: Severity = "warning" if slip is None else "error"
    params = {"meter": history.meter, "bill": bill.id, "from": first, "to": last, "instant": history.start_of(start)}
    params |= {"metered": str(total), "billed": str(bill.amount)}
    action = "compare both with the paper: days, readings, meter number; correct the bill or the days"
    got, expected = f"{total} metered", f"{bill.amount} billed, within 2 %"
    if slip is not None:
        params["factor"] = slip[0]
        action = "look at the transformer ratio on the wall: record the fitting as it is and correct the days by edits, or correct the bill"
        got = f"{slip[0]} times the bill"
    findings.add(code, severity, f"meter {history.meter} from {first} to {last}", action, got, expected, **params)
