"""/institutions/{institution}/meters: which meter measures what, where."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from api.bodies import Received, json_body
from api.call import CallParameter, Reply, reply
from api.operation import operation
from api.paging import PageParameter, answer_page
from api.schemas.base import PageAnswer
from api.schemas.inputs import MeterAnswer, MeterRequest
from ledger.services import meters
from ledger.services.context import Work

router = APIRouter()


@router.post(
    "/institutions/{institution}/meters",
    **operation("meters.create", "Register a meter", answer=MeterAnswer, status=201, body=MeterRequest),
)
def create_meter(call: CallParameter, institution: str, body: Annotated[Received[MeterRequest], json_body(MeterRequest)]) -> Response:
    """Register a meter of an organisational unit. What it measures never changes; another quantity is another meter."""
    value = body.value

    def use_case(work: Work) -> Reply:
        view = meters.register_meter(
            work, institution, id=value.id, unit=value.unit, quantity=value.quantity, interval_minutes=value.interval_minutes
        )
        return reply(MeterAnswer.of(view), status=201, location=f"/v1/institutions/{institution}/meters")

    return call.once(body.sha256, use_case)


@router.get("/institutions/{institution}/meters", **operation("meters.list", "List meters", answer=PageAnswer[MeterAnswer]))
def list_meters(call: CallParameter, institution: str, page: PageParameter) -> Response:
    """List the meters of an institution."""
    with call.read() as work:
        return answer_page(
            call,
            page,
            lambda limit, after: meters.list_meters(work, institution, limit, after),
            lambda items, cursor: PageAnswer[MeterAnswer](items=tuple(map(MeterAnswer.of, items)), next_cursor=cursor),
        )
