"""The platform: who I am, the chain, checkpoints, log checkpoints, the audit log."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.background import DriftWorker
from api.bodies import Received, json_body
from api.call import CallParameter, Reply, reply
from api.operation import operation
from api.paging import PageParameter, answer_page
from api.schemas.base import PageAnswer, SigningItemAnswer
from api.schemas.platform import (
    AuditAnswer,
    ChainAnswer,
    CheckpointAnswer,
    DriftAnswer,
    LogCheckpointAnswer,
    LogCheckpointRequest,
    MeAnswer,
)
from ledger.services import audit, chain_facts, checkpoints, drift
from ledger.services.context import Work

router = APIRouter()


@router.get("/me", **operation("me.get", "Who this token is", answer=MeAnswer))
def get_me(call: CallParameter) -> Response:
    """Return the subject, the institution and the roles of the token."""
    actor = call.actor
    return reply(MeAnswer(subject=actor.subject, institution=actor.institution, roles=tuple(sorted(actor.roles)))).response()


@router.get("/chain", **operation("chain.get", "Get the chain and its contracts", answer=ChainAnswer))
def get_chain(call: CallParameter) -> Response:
    """Return chain id, genesis, contract addresses with their code hashes, and the head."""
    with call.read() as work:
        return reply(ChainAnswer.of(chain_facts.get_chain(work))).response()


@router.get("/checkpoints", **operation("checkpoints.latest", "Get the latest checkpoint", answer=CheckpointAnswer))
def get_checkpoint(call: CallParameter) -> Response:
    """Return the latest signed checkpoint of the chain's block log."""
    with call.read() as work:
        return reply(CheckpointAnswer.of(checkpoints.latest_checkpoint(work))).response()


@router.get(
    "/institutions/{institution}/log-checkpoints",
    **operation("log_checkpoints.request", "Get the log checkpoint to sign", answer=SigningItemAnswer),
)
def get_log_checkpoint_request(call: CallParameter, institution: str) -> Response:
    """Return the LogCheckpoint of the institution's envelope log as it stands now."""
    with call.read() as work:
        return reply(SigningItemAnswer.of(checkpoints.log_checkpoint_request(work, institution))).response()


@router.post(
    "/institutions/{institution}/log-checkpoints",
    **operation(
        "log_checkpoints.create", "Submit a signed log checkpoint", answer=LogCheckpointAnswer, status=202, body=LogCheckpointRequest
    ),
)
def create_log_checkpoint(
    call: CallParameter, institution: str, body: Annotated[Received[LogCheckpointRequest], json_body(LogCheckpointRequest)]
) -> Response:
    """Submit a log checkpoint, to be relayed to the chain."""
    value = body.value

    def use_case(work: Work) -> Reply:
        view = checkpoints.submit_log_checkpoint(work, institution, dict(value.message), value.signature)
        return reply(LogCheckpointAnswer.of(view), status=202, location=f"/v1/institutions/{institution}/log-checkpoints")

    return call.once(body.sha256, use_case)


@router.get("/audit-log", **operation("audit_log.list", "List the audit log", answer=PageAnswer[AuditAnswer]))
def list_audit_log(call: CallParameter, page: PageParameter) -> Response:
    """List who did what, when, with what result, in the order of the hash chain."""
    with call.read() as work:
        return answer_page(
            call,
            page,
            lambda limit, after: audit.list_audit_log(work, limit, after),
            lambda items, cursor: PageAnswer[AuditAnswer](items=tuple(map(AuditAnswer.of, items)), next_cursor=cursor),
        )


@router.get("/drift", **operation("drift.get", "Get the drift monitor", answer=DriftAnswer))
def get_drift(call: CallParameter, request: Request) -> Response:
    """Return the last cycle of the drift monitor and its alarm, for the operator and auditors."""
    worker: DriftWorker | None = request.app.state.drift
    with call.read() as work:
        return reply(DriftAnswer.of(drift.get_drift(work, None if worker is None else worker.monitor))).response()
