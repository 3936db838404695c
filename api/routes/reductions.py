"""Statements of reductions: projects handed in and computed here, signed, anchored; what they rest on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from api.bodies import Received, document_body, json_body
from api.call import JSON_TYPE, CallParameter, Reply, reply
from api.operation import operation
from api.paging import PageParameter, answer_page
from api.schemas.attestations import AttestationAnswer
from api.schemas.base import PageAnswer
from api.schemas.financed import FinancedAnchorAnswer, FinancedAttestationRequest
from api.schemas.reductions import ReductionsAnswer
from api.schemas.statements import SigningRequestAnswer
from ledger.services import dataset_signing, reductions
from ledger.services.context import Work
from ledger.services.reductions import REDUCTIONS_KIND

router = APIRouter()
BYTES_TYPE = "application/octet-stream"
_PERIOD = "/institutions/{institution}/periods/{period}/reductions"
_ONE = "/reductions/{reductions_id}"


@router.post(
    _PERIOD,
    **operation(
        "reductions.create",
        "Hand in a bank's own projects",
        answer=ReductionsAnswer,
        status=201,
        body="lingtan.reductions-submission/1",
        judged=True,
    ),
)
def create_reductions(
    call: CallParameter, institution: str, period: str, body: Annotated[Received[dict[str, object]], document_body()]
) -> Response:
    """Hand projects in with their files; each is computed again here, also from stored meter-days, and compared with the bank's own line.

    201: kept as a draft. 200 with `accepted` false: a finding is an error, nothing was kept.
    """
    # Fitting models takes seconds: before the transaction, so that no other writer waits for it.
    with call.read_days(institution) as work:
        read = reductions.read_reductions_submission(work, institution, period, body.value)

    def use_case(work: Work) -> Reply:
        view = reductions.submit_reductions(work, read)
        if not view.accepted:
            return reply(ReductionsAnswer.of(view))
        return reply(ReductionsAnswer.of(view), status=201, location=f"/v1/reductions/{view.id}")

    return call.once(body.sha256, use_case)


@router.get(_PERIOD, **operation("reductions.list", "List statements of reductions", answer=PageAnswer[ReductionsAnswer]))
def list_reductions(call: CallParameter, institution: str, period: str, page: PageParameter) -> Response:
    """List the statements of reductions of a period, every revision."""
    with call.read() as work:
        return answer_page(
            call,
            page,
            lambda limit, after: reductions.list_reductions(work, institution, period, limit, after),
            lambda items, cursor: PageAnswer[ReductionsAnswer](items=tuple(map(ReductionsAnswer.of, items)), next_cursor=cursor),
        )


@router.get(_ONE, **operation("reductions.get", "Get a statement of reductions", answer=ReductionsAnswer))
def get_reductions(call: CallParameter, reductions_id: str) -> Response:
    """Return one statement of reductions with its findings and state."""
    with call.read() as work:
        return reply(ReductionsAnswer.of(reductions.get_reductions(work, reductions_id))).response()


@router.get(f"{_ONE}/document", **operation("reductions.document", "Get the document of a statement of reductions", media_type=JSON_TYPE))
def get_document(call: CallParameter, reductions_id: str) -> Response:
    """Return the canonical `lingtan.reductions/1` bytes, as they were hashed."""
    with call.read() as work:
        data = reductions.get_reductions_document(work, reductions_id)
    return call.immutable(data, JSON_TYPE)


@router.get(f"{_ONE}/evidence/{{sha256}}", **operation("reductions.evidence", "Get what a reduction rests on", media_type=BYTES_TYPE))
def get_evidence(call: CallParameter, reductions_id: str, sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]) -> Response:
    """Return an input, an answer or a file by its SHA-256, as the lines and the answers name it."""
    with call.read() as work:
        view = reductions.get_reductions_evidence(work, reductions_id, sha256)
    return call.immutable(view.content, BYTES_TYPE, filename=f"{view.kind}-{view.sha256[:16]}")


@router.get(
    f"{_ONE}/signing-request",
    **operation("reductions.signing_request", "Get what an approver signs of a statement of reductions", answer=SigningRequestAnswer),
)
def get_signing_request(call: CallParameter, reductions_id: str) -> Response:
    """Return the PeriodAttestation of REDUCTIONS, to be signed with the bank's own key, away from this server."""
    with call.read() as work:
        return reply(SigningRequestAnswer.of(dataset_signing.get_signing_request(work, REDUCTIONS_KIND, reductions_id))).response()


@router.post(
    f"{_ONE}/attestation",
    **operation(
        "reductions.attest",
        "Submit a signed statement of reductions",
        answer=AttestationAnswer,
        status=202,
        body=FinancedAttestationRequest,
    ),
)
def create_attestation(
    call: CallParameter, reductions_id: str, body: Annotated[Received[FinancedAttestationRequest], json_body(FinancedAttestationRequest)]
) -> Response:
    """Submit the signature. It is checked at once and anchored afterwards: poll Location."""

    def use_case(work: Work) -> Reply:
        view = dataset_signing.submit_attestation(work, REDUCTIONS_KIND, reductions_id, dict(body.value.message), body.value.signature)
        return reply(AttestationAnswer.of(view), status=202, location=f"/v1/reductions/{view.id}/attestation")

    return call.once(body.sha256, use_case)


@router.get(
    f"{_ONE}/attestation",
    **operation("reductions.attestation", "Get the attestation of a statement of reductions", answer=AttestationAnswer),
)
def get_attestation(call: CallParameter, reductions_id: str) -> Response:
    """Return the attestation and how far it has come."""
    with call.read() as work:
        return reply(AttestationAnswer.of(dataset_signing.get_attestation(work, REDUCTIONS_KIND, reductions_id))).response()


@router.get(f"{_ONE}/anchor", **operation("reductions.anchor", "Get the anchor of a statement of reductions", answer=FinancedAnchorAnswer))
def get_anchor(call: CallParameter, reductions_id: str) -> Response:
    """Return the anchor with its evidence: header, receipt proof, state proof and finality."""
    with call.read() as work:
        return reply(FinancedAnchorAnswer.of(dataset_signing.get_anchor(work, REDUCTIONS_KIND, reductions_id))).response()
