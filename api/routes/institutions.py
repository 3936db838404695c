"""/institutions: who takes part, their commitment key, their keys on chain."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from api.bodies import Received, json_body
from api.call import CallParameter, Reply, reply
from api.operation import operation
from api.paging import PageParameter, answer_page
from api.schemas.base import PageAnswer
from api.schemas.institutions import (
    CommitmentKeyRequest,
    InstitutionAnswer,
    InstitutionRequest,
    KeysAnswer,
    ParticipantActionAnswer,
    ParticipantActionRequest,
)
from ledger.records.names import Name
from ledger.services import institutions, participants
from ledger.services.context import Work

router = APIRouter()


@router.post(
    "/institutions",
    **operation("institutions.create", "Register an institution", answer=InstitutionAnswer, status=201, body=InstitutionRequest),
)
def create_institution(call: CallParameter, body: Annotated[Received[InstitutionRequest], json_body(InstitutionRequest)]) -> Response:
    """Register a bank, centre, verifier, auditor or government office. Its kind and id never change."""
    value = body.value

    def use_case(work: Work) -> Reply:
        view = institutions.create_institution(
            work,
            id=value.id,
            kind=value.kind,
            name=Name(value.name.en, value.name.zh),
            timezone=value.timezone,
            region=value.region,
        )
        return reply(InstitutionAnswer.of(view), status=201, location=f"/v1/institutions/{view.id}")

    return call.once(body.sha256, use_case)


@router.get("/institutions", **operation("institutions.list", "List institutions", answer=PageAnswer[InstitutionAnswer]))
def list_institutions(call: CallParameter, page: PageParameter) -> Response:
    """List the institutions that this token sees."""
    with call.read() as work:
        return answer_page(
            call,
            page,
            lambda limit, after: institutions.list_institutions(work, limit, after),
            lambda items, cursor: PageAnswer[InstitutionAnswer](items=tuple(map(InstitutionAnswer.of, items)), next_cursor=cursor),
        )


@router.get("/institutions/{institution}", **operation("institutions.get", "Get an institution", answer=InstitutionAnswer))
def get_institution(call: CallParameter, institution: str) -> Response:
    """Return one institution."""
    with call.read() as work:
        return reply(InstitutionAnswer.of(institutions.get_institution(work, institution))).response()


@router.put(
    "/institutions/{institution}/commitment-key",
    **operation("commitment_keys.set", "Deposit the commitment key", status=204, body=CommitmentKeyRequest),
)
def set_commitment_key(
    call: CallParameter, institution: str, body: Annotated[Received[CommitmentKeyRequest], json_body(CommitmentKeyRequest)]
) -> Response:
    """Deposit the 32 secret bytes that keys and salts are derived from. The same key again changes nothing; another one is refused."""
    with call.work() as work:
        institutions.set_commitment_key(work, institution, bytes.fromhex(body.value.key))
    return Response(None, 204)


@router.delete(
    "/institutions/{institution}/commitment-key",
    **operation("commitment_keys.forget", "Forget the commitment key", status=204),
)
def forget_commitment_key(call: CallParameter, institution: str) -> Response:
    """Forget the commitment key for ever. Roots and totals stay valid; no new leaf proof can be made."""
    with call.work() as work:
        institutions.forget_commitment_key(work, institution)
    return Response(None, 204)


@router.post(
    "/institutions/{institution}/participant-actions",
    **operation(
        "participant_actions.create",
        "Relay a signed participant action",
        answer=ParticipantActionAnswer,
        status=202,
        body=ParticipantActionRequest,
    ),
)
def create_participant_action(
    call: CallParameter, institution: str, body: Annotated[Received[ParticipantActionRequest], json_body(ParticipantActionRequest)]
) -> Response:
    """Queue a message that the registry's admin signed: the platform relays it and cannot make one."""
    value = body.value

    def use_case(work: Work) -> Reply:
        view = participants.relay_participant_action(work, institution, value.struct, dict(value.message), value.signature)
        location = f"/v1/institutions/{institution}/participant-actions"
        return reply(ParticipantActionAnswer.of(view), status=202, location=location)

    return call.once(body.sha256, use_case)


@router.get(
    "/institutions/{institution}/participant-actions",
    **operation("participant_actions.list", "List participant actions", answer=PageAnswer[ParticipantActionAnswer]),
)
def list_participant_actions(call: CallParameter, institution: str, page: PageParameter) -> Response:
    """List the actions relayed for this institution, with their state."""
    with call.read() as work:
        return answer_page(
            call,
            page,
            lambda limit, after: participants.list_participant_actions(work, institution, limit, after),
            lambda items, cursor: PageAnswer[ParticipantActionAnswer](
                items=tuple(map(ParticipantActionAnswer.of, items)), next_cursor=cursor
            ),
        )


@router.get(
    "/institutions/{institution}/keys", **operation("participant_keys.list", "List an institution's keys on chain", answer=KeysAnswer)
)
def list_keys(call: CallParameter, institution: str) -> Response:
    """Return the keys of an institution as the chain's registry has them now."""
    with call.read() as work:
        return reply(KeysAnswer.of({"items": participants.list_keys(work, institution)})).response()
