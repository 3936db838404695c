"""/institutions/{institution}/telemetry: meter readings as CSV, streamed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.bodies import Upload, telemetry_upload
from api.call import CallParameter, Reply, reply
from api.operation import operation
from api.paging import PageParameter, answer_page
from api.schemas.base import PageAnswer
from api.schemas.inputs import TelemetryAnswer
from ledger.services import telemetry
from ledger.services.context import Work

router = APIRouter()


@router.post(
    "/institutions/{institution}/telemetry",
    **operation(
        "telemetry.create", "Upload meter readings", answer=TelemetryAnswer, status=201, csv=True, digest_required=True, judged=True
    ),
)
def create_telemetry(call: CallParameter, institution: str, upload: Annotated[Upload, Depends(telemetry_upload)]) -> Response:
    """Upload readings as CSV, at most 512 MiB, with their Content-Digest. Every finding is answered at once.

    201: taken whole and kept as it came. 200 with `accepted` false: a finding is an error, nothing was kept.
    """
    # Reading takes as long as the file is large: before the transaction, so that no other writer waits for it.
    with call.read() as work:
        received = telemetry.read_telemetry(work, institution, upload.chunks(), upload.media_type)

    def use_case(work: Work) -> Reply:
        view = telemetry.submit_telemetry(work, institution, received)
        if not view.accepted:
            return reply(TelemetryAnswer.of(view))
        return reply(TelemetryAnswer.of(view), status=201, location=f"/v1/institutions/{institution}/telemetry/{view.id}")

    return call.once(upload.sha256, use_case)


@router.get("/institutions/{institution}/telemetry", **operation("telemetry.list", "List uploads", answer=PageAnswer[TelemetryAnswer]))
def list_telemetry(call: CallParameter, institution: str, page: PageParameter) -> Response:
    """List the uploads of an institution in the order of its envelope log."""
    with call.read() as work:
        return answer_page(
            call,
            page,
            lambda limit, after: telemetry.list_telemetry(work, institution, limit, after),
            lambda items, cursor: PageAnswer[TelemetryAnswer](items=tuple(map(TelemetryAnswer.of, items)), next_cursor=cursor),
        )


@router.get("/institutions/{institution}/telemetry/{telemetry_id}", **operation("telemetry.get", "Get an upload", answer=TelemetryAnswer))
def get_telemetry(call: CallParameter, institution: str, telemetry_id: str) -> Response:
    """Return one upload with its findings."""
    with call.read() as work:
        return reply(TelemetryAnswer.of(telemetry.get_telemetry(work, institution, telemetry_id))).response()
