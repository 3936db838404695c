"""/institutions/{institution}/meters: which meter measures what, where; what hangs there; which device speaks for it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from api.bodies import Received, json_body
from api.call import CallParameter, Reply, reply
from api.operation import operation
from api.paging import PageParameter, answer_page
from api.schemas.base import PageAnswer
from api.schemas.devices import FittingAnswer, FittingRequest, FittingsAnswer, MeterDeviceRequest, MeterMainRequest
from api.schemas.inputs import MeterAnswer, MeterRequest
from ledger.metering.fitting_document import fitting_document
from ledger.services import fittings, meters
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
            work,
            institution,
            id=value.id,
            unit=value.unit,
            quantity=value.quantity,
            interval_minutes=value.interval_minutes,
            device=value.device,
            sub_meter_of=value.sub_meter_of,
        )
        return reply(MeterAnswer.of(view), status=201, location=f"/v1/institutions/{institution}/meters")

    return call.once(body.sha256, use_case)


@router.get("/institutions/{institution}/meters", **operation("meters.list", "List meters", answer=PageAnswer[MeterAnswer]))
def list_meters(call: CallParameter, institution: str, page: PageParameter) -> Response:
    """List the meters of an institution, with how far each has readings."""
    with call.read_days(institution) as work:
        return answer_page(
            call,
            page,
            lambda limit, after: meters.list_meters(work, institution, limit, after),
            lambda items, cursor: PageAnswer[MeterAnswer](items=tuple(map(MeterAnswer.of, items)), next_cursor=cursor),
        )


@router.post(
    "/institutions/{institution}/meters/{meter}/device",
    **operation("meters.assign", "Assign a device to a meter", answer=MeterAnswer, body=MeterDeviceRequest),
)
def assign_device(
    call: CallParameter, institution: str, meter: str, body: Annotated[Received[MeterDeviceRequest], json_body(MeterDeviceRequest)]
) -> Response:
    """Say which device speaks for a meter in every body that is taken from now on; null: none does."""

    def use_case(work: Work) -> Reply:
        return reply(MeterAnswer.of(meters.assign_device(work, institution, meter, body.value.device)))

    return call.once(body.sha256, use_case)


@router.post(
    "/institutions/{institution}/meters/{meter}/main",
    **operation("meters.main", "Put a meter behind another", answer=MeterAnswer, body=MeterMainRequest),
)
def assign_main(
    call: CallParameter, institution: str, meter: str, body: Annotated[Received[MeterMainRequest], json_body(MeterMainRequest)]
) -> Response:
    """Say which meter this one hangs behind, for every statement prepared from now on: its energy is in that one's total already."""

    def use_case(work: Work) -> Reply:
        return reply(MeterAnswer.of(meters.assign_main(work, institution, meter, body.value.sub_meter_of)))

    return call.once(body.sha256, use_case)


@router.post(
    "/institutions/{institution}/meters/{meter}/fittings",
    **operation("fittings.create", "Record a fitting", answer=FittingAnswer, status=201, body=FittingRequest),
)
def create_fitting(
    call: CallParameter, institution: str, meter: str, body: Annotated[Received[FittingRequest], json_body(FittingRequest)]
) -> Response:
    """Record what hangs in a meter's place from an instant on: an entry of the envelope log. Every fault is named at once."""

    def use_case(work: Work) -> Reply:
        view = fittings.record_fitting(work, institution, meter, body.value.model_dump(by_alias=True))
        return reply(_fitting_answer(view), status=201, location=f"/v1/institutions/{institution}/meters/{meter}/fittings")

    return call.once(body.sha256, use_case)


@router.get("/institutions/{institution}/meters/{meter}/fittings", **operation("fittings.list", "List the fittings", answer=FittingsAnswer))
def list_fittings(call: CallParameter, institution: str, meter: str) -> Response:
    """List what hung in a meter's place, in order of time."""
    with call.read() as work:
        views = fittings.list_fittings(work, institution, meter)
        return reply(FittingsAnswer(items=tuple(map(_fitting_answer, views)))).response()


def _fitting_answer(view: fittings.FittingView) -> FittingAnswer:
    return FittingAnswer(log_index=view.log_index, sha256=view.sha256, document=fitting_document(view.fitting))
