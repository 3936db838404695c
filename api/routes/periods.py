"""/institutions/{institution}/periods: reporting periods."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from api.bodies import Received, json_body
from api.call import CallParameter, Reply, reply
from api.operation import operation
from api.paging import PageParameter, answer_page
from api.schemas.base import PageAnswer
from api.schemas.inputs import PeriodAnswer, PeriodRequest
from ledger.services import periods
from ledger.services.context import Work

router = APIRouter()


@router.post(
    "/institutions/{institution}/periods",
    **operation("periods.create", "Open a reporting period", answer=PeriodAnswer, status=201, body=PeriodRequest),
)
def create_period(call: CallParameter, institution: str, body: Annotated[Received[PeriodRequest], json_body(PeriodRequest)]) -> Response:
    """Open a period by its first and last local day in the institution's time zone."""
    value = body.value

    def use_case(work: Work) -> Reply:
        view = periods.open_period(work, institution, id=value.id, first_day=value.first_day, last_day=value.last_day)
        return reply(PeriodAnswer.of(view), status=201, location=f"/v1/institutions/{institution}/periods/{view.id}")

    return call.once(body.sha256, use_case)


@router.get("/institutions/{institution}/periods", **operation("periods.list", "List periods", answer=PageAnswer[PeriodAnswer]))
def list_periods(call: CallParameter, institution: str, page: PageParameter) -> Response:
    """List the periods of an institution."""
    with call.read() as work:
        return answer_page(
            call,
            page,
            lambda limit, after: periods.list_periods(work, institution, limit, after),
            lambda items, cursor: PageAnswer[PeriodAnswer](items=tuple(map(PeriodAnswer.of, items)), next_cursor=cursor),
        )


@router.get("/institutions/{institution}/periods/{period}", **operation("periods.get", "Get a period", answer=PeriodAnswer))
def get_period(call: CallParameter, institution: str, period: str) -> Response:
    """Return one period."""
    with call.read() as work:
        return reply(PeriodAnswer.of(periods.get_period(work, institution, period))).response()
