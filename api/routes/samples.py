"""/samples: what an auditor commits to, draws and records."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as PathParameter
from starlette.responses import Response

from api.bodies import Received, json_body
from api.call import CallParameter, InstitutionParameter, Reply, reply
from api.operation import operation
from api.schemas.base import PageAnswer
from api.schemas.samples import SampleAnswer, SampleRequest, SampleResultRequest, SampleRevealRequest
from ledger.records import canonical
from ledger.services import samples
from ledger.services.context import Work

router = APIRouter()
CommitmentParameter = Annotated[str, PathParameter(pattern=r"^[0-9a-f]{64}$")]


@router.post("/samples", **operation("samples.create", "Commit to a sample", answer=SampleAnswer, status=201, body=SampleRequest))
def create_sample(call: CallParameter, body: Annotated[Received[SampleRequest], json_body(SampleRequest)]) -> Response:
    """Commit to a sample of another institution's period before it is anchored; the nonce stays with the auditor."""
    value = body.value

    def use_case(work: Work) -> Reply:
        view = samples.commit_sample(
            work, value.subject, value.period, value.dataset, value.commitment, measure=value.measure, size=value.size
        )
        return reply(SampleAnswer.of(view), status=201, location=f"/v1/samples/{view.commitment}")

    return call.once(body.sha256, use_case)


@router.get("/samples", **operation("samples.list", "List samples", answer=PageAnswer[SampleAnswer]))
def list_samples(call: CallParameter, institution: InstitutionParameter = None) -> Response:
    """List the samples that this token sees, or those of the books of the institution named; none is ever left out."""
    with call.read() as work:
        views = samples.list_samples(work, institution)
        return reply(PageAnswer[SampleAnswer](items=tuple(map(SampleAnswer.of, views)), next_cursor=None)).response()


@router.get("/samples/{commitment}", **operation("samples.get", "Get a sample", answer=SampleAnswer))
def get_sample(call: CallParameter, commitment: CommitmentParameter) -> Response:
    """Return one sample with its draws and outcomes."""
    with call.read() as work:
        return reply(SampleAnswer.of(samples.get_sample(work, commitment))).response()


@router.get("/samples/{commitment}/proof", **operation("samples.proof", "Get the evidence of a sample", media_type="application/json"))
def get_sample_proof(call: CallParameter, commitment: CommitmentParameter) -> Response:
    """Return the lingtan.sample-proof/1, for `lingtan-verify sample --record`."""
    with call.read() as work:
        document = samples.get_sample_proof(work, commitment)
    return Response(canonical.dump(document), 200, media_type="application/json")


@router.post(
    "/samples/{commitment}/reveal",
    **operation("samples.reveal", "Reveal a sample's nonce and draw", answer=SampleAnswer, body=SampleRevealRequest),
)
def reveal_sample(
    call: CallParameter, commitment: CommitmentParameter, body: Annotated[Received[SampleRevealRequest], json_body(SampleRevealRequest)]
) -> Response:
    """Draw from the anchored dataset; each nonce draws once."""
    value = body.value

    def use_case(work: Work) -> Reply:
        return reply(SampleAnswer.of(samples.reveal_sample(work, commitment, bytes.fromhex(value.nonce), value.statement)))

    return call.once(body.sha256, use_case)


@router.post(
    "/samples/{commitment}/results",
    **operation("samples.record", "Record the outcome of a drawn leaf", answer=SampleAnswer, body=SampleResultRequest),
)
def record_result(
    call: CallParameter, commitment: CommitmentParameter, body: Annotated[Received[SampleResultRequest], json_body(SampleResultRequest)]
) -> Response:
    """Record that a drawn leaf was opened and held, failed, or was refused; it is never replaced."""
    value = body.value

    def use_case(work: Work) -> Reply:
        return reply(SampleAnswer.of(samples.record_result(work, commitment, value.index, value.outcome, value.note)))

    return call.once(body.sha256, use_case)
