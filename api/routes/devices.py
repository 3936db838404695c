"""/institutions/{institution}/devices and /enrolments: what signs readings, and how it gets its keys known."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from api.bodies import Received, json_body
from api.call import CallParameter, Reply, reply
from api.operation import operation
from api.paging import PageParameter, answer_page
from api.problems.refusal import Refusal
from api.schemas.base import PageAnswer
from api.schemas.devices import (
    DeviceAlarmAnswer,
    DeviceAnswer,
    DeviceKeyAnswer,
    DeviceKeysAnswer,
    DeviceRequest,
    EnrolmentAnswer,
    EnrolmentCodeAnswer,
    EnrolmentCodeRequest,
    EnrolmentRequest,
    RevocationRequest,
)
from ledger.services import device_alarms, devices
from ledger.services.context import Work

router = APIRouter()


@router.post(
    "/institutions/{institution}/devices",
    **operation("devices.create", "Register a device", answer=DeviceAnswer, status=201, body=DeviceRequest),
)
def create_device(call: CallParameter, institution: str, body: Annotated[Received[DeviceRequest], json_body(DeviceRequest)]) -> Response:
    """Register what signs readings: a meter or a gateway. Its id never changes its meaning; the same again changes nothing."""
    value = body.value

    def use_case(work: Work) -> Reply:
        view = devices.register_device(work, institution, id=value.id, kind=value.kind, site=value.site, serial=value.serial)
        return reply(DeviceAnswer.of(view), status=201, location=f"/v1/institutions/{institution}/devices")

    return call.once(body.sha256, use_case)


@router.get("/institutions/{institution}/devices", **operation("devices.list", "List devices", answer=PageAnswer[DeviceAnswer]))
def list_devices(call: CallParameter, institution: str, page: PageParameter) -> Response:
    """List the devices of an institution."""
    with call.read() as work:
        return answer_page(
            call,
            page,
            lambda limit, after: devices.list_devices(work, institution, limit, after),
            lambda items, cursor: PageAnswer[DeviceAnswer](items=tuple(map(DeviceAnswer.of, items)), next_cursor=cursor),
        )


@router.post(
    "/institutions/{institution}/devices/{device}/enrolment-codes",
    **operation("enrolment_codes.create", "Ask for a one-time code", answer=EnrolmentCodeAnswer, status=201, body=EnrolmentCodeRequest),
)
def create_enrolment_code(
    call: CallParameter, institution: str, device: str, _: Annotated[Received[EnrolmentCodeRequest], json_body(EnrolmentCodeRequest)]
) -> Response:
    """Return a code with which the device enrols one key within 24 hours. Answers are not kept, so asked again it is another code."""
    with call.work() as work:
        answer = EnrolmentCodeAnswer.of(devices.issue_enrolment_code(work, institution, device))
    return reply(answer, status=201).response()


@router.post(
    "/enrolments", **operation("enrolments.create", "Enrol a device's key", answer=EnrolmentAnswer, status=201, body=EnrolmentRequest)
)
def create_enrolment(call: CallParameter, body: Annotated[Received[EnrolmentRequest], json_body(EnrolmentRequest)]) -> Response:
    """Enrol the key of the device that a one-time code was given out for. No token is needed; every refusal has the same answer."""
    value = body.value
    with call.read() as work:
        known = devices.is_code_known(work, value.code)
    enrolled = None
    if known:
        with call.work() as work:
            enrolled = devices.enrol_device(
                work,
                code=value.code,
                public_key=bytes.fromhex(value.public_key),
                serial=value.serial,
                proof=bytes.fromhex(value.proof),
            )
    if enrolled is None:
        raise Refusal("enrolment.refused")
    return reply(EnrolmentAnswer.of(enrolled), status=201).response()


@router.get(
    "/institutions/{institution}/devices/{device}/keys", **operation("device_keys.list", "List a device's keys", answer=DeviceKeysAnswer)
)
def list_device_keys(call: CallParameter, institution: str, device: str) -> Response:
    """List the keys of a device, revoked ones too."""
    with call.read() as work:
        keys = devices.list_device_keys(work, institution, device)
        return reply(DeviceKeysAnswer(items=tuple(map(DeviceKeyAnswer.of, keys)))).response()


@router.post(
    "/institutions/{institution}/devices/{device}/keys/{kid}/revocation",
    **operation("device_keys.revoke", "Revoke a device's key", answer=DeviceKeyAnswer, body=RevocationRequest),
)
def revoke_device_key(
    call: CallParameter,
    institution: str,
    device: str,
    kid: str,
    body: Annotated[Received[RevocationRequest], json_body(RevocationRequest)],
) -> Response:
    """End a key after an envelope; what waits in the device's queue up to it is still taken. A second revocation can only lower it."""
    value = body.value

    def use_case(work: Work) -> Reply:
        view = devices.revoke_device_key(work, institution, device, kid, last_seq=value.last_seq, reason=value.reason)
        return reply(DeviceKeyAnswer.of(view))

    return call.once(body.sha256, use_case)


@router.get(
    "/institutions/{institution}/device-alarms",
    **operation("device_alarms.list", "List alarms against devices", answer=PageAnswer[DeviceAlarmAnswer]),
)
def list_device_alarms(call: CallParameter, institution: str, page: PageParameter) -> Response:
    """List second bodies that devices signed under a number that is taken, in the order they came. Nobody can delete one."""
    with call.read() as work:
        return answer_page(
            call,
            page,
            lambda limit, after: device_alarms.list_device_alarms(work, institution, limit, after),
            lambda items, cursor: PageAnswer[DeviceAlarmAnswer](items=tuple(map(DeviceAlarmAnswer.of, items)), next_cursor=cursor),
        )
