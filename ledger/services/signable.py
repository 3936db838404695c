"""Whether a statement may be signed: no error stands against it, and every slip of a ratio is answered or corrected (spec: documents §8).

Bills and fittings are no part of a statement, so what they show is looked at when it is signed, not only when it was prepared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ledger.errors import Conflict
from ledger.metering.vee.vee_1.bills import check_bills
from ledger.metering.vee.vee_1.policies import VEE_1
from ledger.records.findings import Finding
from ledger.services.context import Work
from ledger.services.meter_history import Window, load_history
from ledger.services.periods import load_period_row, to_period
from ledger.store import tables
from ledger.store.repositories import answers, edits, metering

RATIO_SLIP = "RATIO_SLIP"


def require_signable(work: Work, row: tables.Statement) -> None:
    """Pass if the statement may be signed.

    Raises:
        Conflict: errors stand against it, or a RATIO_SLIP of its period is neither answered nor corrected.
    """
    if row.has_errors:
        raise Conflict(
            "findings of severity error stand against this statement", hint="mend the inputs and prepare it again", statement=str(row.id)
        )
    answered = {(item.code, item.place) for item in answers.list_answers(work.session, row.id)}
    left = [finding for finding in find_slips(work, row) if (finding.code, finding.place) not in answered]
    if left:
        raise Conflict(
            f"RATIO_SLIP at {left[0].place}: {left[0].got}",
            hint="correct the fitting, the days or the bill, or answer the finding with what explains it",
            statement=str(row.id),
            place=left[0].place,
        )


def find_slips(work: Work, row: tables.Statement) -> tuple[Finding, ...]:
    """Return the slips of ratios that the bills of the statement's period show now, as warnings of the statement."""
    period = to_period(load_period_row(work, row.institution_id, row.period_id))
    window = Window(period.first_day, period.last_day, period.timezone)
    found: list[Finding] = []
    for meter in edits.list_billed_meters(work.session, row.institution_id):
        known = metering.find_meter(work.session, row.institution_id, meter)
        if known is not None:
            found += check_bills(load_history(work, known, window, past=0), VEE_1)
    return as_of_statement(finding for finding in found if finding.code == RATIO_SLIP)


def as_of_statement(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings about meters as a statement carries them: a slip forbids signing until it is answered, so there it is a warning."""
    return tuple(replace(item, severity="warning") if item.code == RATIO_SLIP else item for item in findings)
