"""/institutions/{institution}/meters: what the rules find, gaps, estimates, edits, and bills to hold the days against."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.bodies import Received, json_body
from api.call import CallParameter, Reply, reply
from api.operation import operation
from api.paging import PageParameter, answer_page
from api.schemas.base import FindingAnswer, PageAnswer
from api.schemas.editing import (
    BillAnswer,
    BillRequest,
    BillsAnswer,
    EditAnswer,
    EditRequest,
    EditsAnswer,
    EstimatesRequest,
    EstimationRule,
    GapAnswer,
    GapsAnswer,
    MeterGapsAnswer,
    SharesAnswer,
    ValidationAnswer,
    WithdrawalRequest,
)
from ledger.errors import InputError
from ledger.metering.vee.vee_1.registry import RULE_SET
from ledger.services import edits, gaps, meter_bills
from ledger.services.context import Work
from ledger.services.meter_history import find_window, validate_meters

router = APIRouter()
ID_PATTERN = "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
PeriodQuery = Annotated[str | None, Query(pattern=ID_PATTERN, description="of this period; the last 13 months without period and days")]
FirstDay = Annotated[date | None, Query(description="from this local day on, inclusive")]
LastDay = Annotated[date | None, Query(description="up to this local day, inclusive")]
MeterQuery = Annotated[str | None, Query(pattern=ID_PATTERN, description="this meter alone")]


@router.get(
    "/institutions/{institution}/meter-findings",
    **operation("meters.validate", "What the rules find in meters' days", answer=ValidationAnswer),
)
def validate(
    call: CallParameter,
    institution: str,
    period: PeriodQuery = None,
    first_day: FirstDay = None,
    last_day: LastDay = None,
    meter: MeterQuery = None,
) -> Response:
    """Run the rule set over a window of one meter, or of all. It looks at stored days, bills and fittings, and changes nothing."""
    with call.read_days(institution) as work:
        window = find_window(work, institution, period=period, first=first_day, last=last_day)
        found = validate_meters(work, institution, window, meter)
    answer = ValidationAnswer(
        rule_set=RULE_SET.name, first_day=str(window.first), last_day=str(window.last), findings=tuple(map(FindingAnswer.of, found))
    )
    return reply(answer).response()


@router.get("/institutions/{institution}/meter-gaps", **operation("gaps.list", "List the gaps of meters", answer=GapsAnswer))
def list_gaps(
    call: CallParameter,
    institution: str,
    period: PeriodQuery = None,
    first_day: FirstDay = None,
    last_day: LastDay = None,
    meter: MeterQuery = None,
    suspect: Annotated[bool, Query(description="doubtful readings are gaps too")] = False,
    rule: Annotated[EstimationRule | None, Query(description="this rule alone; the first that may without it")] = None,
    values: Annotated[bool, Query(description="with what would be written into every slot")] = False,
) -> Response:
    """List each gap with the rule that may fill it and why, and what it would write. It changes nothing."""
    with call.read_days(institution) as work:
        window = find_window(work, institution, period=period, first=first_day, last=last_day)
        found = gaps.find_gaps(work, institution, window, meter, suspect=suspect, rule=rule)
    items = tuple(
        MeterGapsAnswer(
            meter=item.meter,
            shares=SharesAnswer.of(item.shares),
            basis=item.basis,
            gaps=tuple(GapAnswer.of(_Shown(gap, values)) for gap in item.gaps),
        )
        for item in found
    )
    return reply(GapsAnswer(first_day=str(window.first), last_day=str(window.last), items=items)).response()


class _Shown:
    """A gap whose values are shown or not."""

    def __init__(self, gap: gaps.GapView, values: bool) -> None:
        self.start, self.end, self.slots, self.rule, self.why, self.bill = gap.start, gap.end, gap.slots, gap.rule, gap.why, gap.bill
        self.total = None if gap.total is None else str(gap.total)
        self.values = tuple(map(str, gap.values)) if values and gap.rule else None


@router.post(
    "/institutions/{institution}/meters/{meter}/estimates",
    **operation("estimates.create", "Fill gaps by rule", answer=EditsAnswer, status=201, body=EstimatesRequest),
)
def create_estimates(
    call: CallParameter, institution: str, meter: str, body: Annotated[Received[EstimatesRequest], json_body(EstimatesRequest)]
) -> Response:
    """Fill the gaps of a meter, each by the rule that may; every run of slots is an entry of the envelope log."""
    value = body.value

    def use_case(work: Work) -> Reply:
        first, last = _day(value.first_day, "first_day"), _day(value.last_day, "last_day")
        window = find_window(work, institution, period=value.period, first=first, last=last)
        chosen = {"rule": value.rule, "suspect": value.suspect, "basis": value.basis}
        done = edits.apply_estimates(work, institution, meter, window, reason=value.reason, **chosen)  # type: ignore[arg-type]
        return reply(_edits_answer(done), status=201, location=f"/v1/institutions/{institution}/meters/{meter}/edits")

    return call.once(body.sha256, use_case)


@router.post(
    "/institutions/{institution}/meters/{meter}/edits",
    **operation("edits.create", "Change slots by hand", answer=EditsAnswer, status=201, body=EditRequest),
)
def create_edit(
    call: CallParameter, institution: str, meter: str, body: Annotated[Received[EditRequest], json_body(EditRequest)]
) -> Response:
    """Change slots by hand, with evidence. A reading that changed since you looked at it is not overwritten (409)."""

    def use_case(work: Work) -> Reply:
        done = edits.record_edit(work, institution, meter, body.value.model_dump(by_alias=True))
        return reply(_edits_answer(done), status=201, location=f"/v1/institutions/{institution}/meters/{meter}/edits")

    return call.once(body.sha256, use_case)


@router.get(
    "/institutions/{institution}/meters/{meter}/edits",
    **operation("edits.list", "List the edits of a meter", answer=PageAnswer[EditAnswer]),
)
def list_edits(call: CallParameter, institution: str, meter: str, page: PageParameter) -> Response:
    """List who changed what of a meter, why, and what stood there before, in the order of the envelope log."""
    with call.read() as work:
        return answer_page(
            call,
            page,
            lambda limit, after: edits.list_edits(work, institution, meter, limit, after),
            lambda items, cursor: PageAnswer[EditAnswer](items=tuple(map(_edit_answer, items)), next_cursor=cursor),
        )


@router.post(
    "/institutions/{institution}/meters/{meter}/bills",
    **operation("bills.create", "Record a bill of a meter", answer=BillAnswer, status=201, body=BillRequest),
)
def create_bill(
    call: CallParameter, institution: str, meter: str, body: Annotated[Received[BillRequest], json_body(BillRequest)]
) -> Response:
    """Keep what was billed for days of a meter, to hold the days against it and to fill long gaps. It enters no statement."""

    def use_case(work: Work) -> Reply:
        stated = body.value.model_dump(exclude={"reason"})
        view = meter_bills.record_bill(work, institution, meter, stated, body.value.reason)
        return reply(BillAnswer.of(view), status=201, location=f"/v1/institutions/{institution}/meters/{meter}/bills")

    return call.once(body.sha256, use_case)


@router.get("/institutions/{institution}/meters/{meter}/bills", **operation("bills.list", "List the bills of a meter", answer=BillsAnswer))
def list_bills(call: CallParameter, institution: str, meter: str) -> Response:
    """List the bills of a meter as they stand, withdrawn ones too."""
    with call.read() as work:
        return reply(BillsAnswer(items=tuple(map(BillAnswer.of, meter_bills.list_bills(work, institution, meter))))).response()


@router.post(
    "/institutions/{institution}/meters/{meter}/bills/{bill}/withdrawal",
    **operation("bills.withdraw", "Withdraw a bill", answer=BillAnswer, body=WithdrawalRequest),
)
def withdraw_bill(
    call: CallParameter,
    institution: str,
    meter: str,
    bill: str,
    body: Annotated[Received[WithdrawalRequest], json_body(WithdrawalRequest)],
) -> Response:
    """Take a bill back; it stays in the books with the reason."""

    def use_case(work: Work) -> Reply:
        return reply(BillAnswer.of(meter_bills.withdraw_bill(work, institution, meter, bill, body.value.reason)))

    return call.once(body.sha256, use_case)


def _day(text: str | None, name: str) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"{name} is no day", hint="write it as 2025-03-31", errors=((f"/{name}", "FIELD_INVALID", "expected a day"),)
        ) from error


def _edit_answer(view: edits.EditView) -> EditAnswer:
    return EditAnswer(log_index=view.log_index, sha256=view.sha256, document=view.edit.to_document())


def _edits_answer(done: edits.EditOutcome) -> EditsAnswer:
    found = tuple(map(FindingAnswer.of, done.findings))
    return EditsAnswer(edits=tuple(map(_edit_answer, done.edits)), shares=SharesAnswer.of(done.shares), findings=found)
