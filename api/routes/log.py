"""/institutions/{institution}/log: the envelope log as evidence. Proofs and bodies leave as they are checked offline."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.call import CallParameter, reply
from api.operation import operation
from api.schemas.devices import LogAnswer, LogConsistencyAnswer
from ledger.records import canonical
from ledger.services import log_proofs

router = APIRouter()
IndexParameter = Annotated[int, Query(ge=0, le=2**53, description="the entry, which is the id of the telemetry body")]
SizeParameter = Annotated[int, Query(ge=1, le=2**53)]
OptionalSize = Annotated[int | None, Query(ge=1, le=2**53, description="without it, the last anchored size that holds the entry")]
OldParameter = Annotated[int | None, Query(ge=1, le=2**53, description="an earlier size, to prove that the log only grew")]


@router.get("/institutions/{institution}/log", **operation("log.get", "Get the envelope log", answer=LogAnswer))
def get_log(call: CallParameter, institution: str) -> Response:
    """Return size and root of the institution's envelope log, and the last size that is anchored."""
    with call.read() as work:
        return reply(LogAnswer.of(log_proofs.get_log(work, institution))).response()


@router.get("/institutions/{institution}/log/proof", **operation("log.proof", "Get the proof of an entry", media_type="application/json"))
def get_log_proof(
    call: CallParameter, institution: str, index: IndexParameter, size: OptionalSize = None, old: OldParameter = None
) -> Response:
    """Return the lingtan.log-proof/1 of an entry, for `lingtan-verify envelope`: path, root, and where that root is anchored."""
    with call.read() as work:
        document = log_proofs.get_log_proof(work, institution, index, size, old)
    return Response(canonical.dump(document), 200, media_type="application/json")


@router.get(
    "/institutions/{institution}/log/consistency",
    **operation("log.consistency", "Get the proof between two sizes", answer=LogConsistencyAnswer),
)
def get_log_consistency(call: CallParameter, institution: str, old: SizeParameter, new: SizeParameter) -> Response:
    """Return the RFC 9162 proof that the log of the size `old` is a prefix of the one of the size `new`, with both roots."""
    with call.read() as work:
        return reply(LogConsistencyAnswer.of(log_proofs.get_log_consistency(work, institution, old, new))).response()


@router.get(
    "/institutions/{institution}/telemetry/{telemetry_id}/body",
    **operation("telemetry.body", "Get an entry of the envelope log", media_type="application/octet-stream"),
)
def get_body(call: CallParameter, institution: str, telemetry_id: str) -> Response:
    """Return an entry of the envelope log byte for byte, under the media type that it came with."""
    with call.read() as work:
        view = log_proofs.get_body(work, institution, telemetry_id)
    return call.immutable(view.body, view.media_type, sha256=view.sha256)
