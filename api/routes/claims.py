"""Claims of banks and verdicts of verifiers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.bodies import MAX_DOCUMENT, Received, json_body
from api.call import CallParameter, InstitutionParameter, Reply, reply, with_query
from api.operation import operation
from api.paging import PageParameter, answer_page
from api.problems.refusal import Refusal
from api.schemas.attestations import (
    ClaimAnswer,
    ClaimRequest,
    ResolutionAnswer,
    ResolutionRequest,
    VerdictAnswer,
    VerdictCommitmentAnswer,
    VerdictCommitmentRequest,
    VerdictRequest,
)
from api.schemas.base import PageAnswer
from ledger.services import claims, disputes, verdict_commitments, verdicts
from ledger.services.context import Work

router = APIRouter()
ClaimQuery = Annotated[str, Query(pattern=r"^[A-Za-z0-9._:-]{1,130}$", examples=["bank-a:claim-1"])]


@router.post("/claims", **operation("claims.create", "Submit a signed claim", answer=ClaimAnswer, status=202, body=ClaimRequest))
def create_claim(call: CallParameter, body: Annotated[Received[ClaimRequest], json_body(ClaimRequest)]) -> Response:
    """Submit a claim on a scheme, signed by an approver of the token's institution."""
    value, institution = body.value, call.actor.institution
    if institution is None:
        raise Refusal("forbidden", "a claim is made by a bank: this token belongs to no institution")

    def use_case(work: Work) -> Reply:
        view = claims.submit_claim(work, institution, value.statement, value.claim, value.scheme, dict(value.message), value.signature)
        return reply(ClaimAnswer.of(view), status=202, location=f"/v1/claims/{view.id}")

    return call.once(body.sha256, use_case)


@router.get("/claims", **operation("claims.list", "List claims", answer=PageAnswer[ClaimAnswer]))
def list_claims(call: CallParameter, page: PageParameter, institution: InstitutionParameter = None) -> Response:
    """List the claims that this token sees, or those of the institution named."""
    with call.read() as work:
        return answer_page(
            call,
            page,
            lambda limit, after: claims.list_claims(work, institution, limit, after),
            lambda items, cursor: PageAnswer[ClaimAnswer](items=tuple(map(ClaimAnswer.of, items)), next_cursor=cursor),
        )


@router.get("/claims/{claim}", **operation("claims.get", "Get a claim", answer=ClaimAnswer))
def get_claim(call: CallParameter, claim: str) -> Response:
    """Return one claim and its state."""
    with call.read() as work:
        return reply(ClaimAnswer.of(claims.get_claim(work, claim))).response()


@router.get("/claims/{claim}/package", **operation("claims.package", "Download the claim's package", media_type="application/zip"))
def get_claim_package(call: CallParameter, claim: str) -> Response:
    """Return the evidence package whose hash the claim names."""
    with call.read() as work:
        view = claims.get_claim_package(work, claim)
    return call.immutable(view.data, "application/zip", sha256=view.hash, filename=view.filename)


@router.post(
    "/verdict-commitments",
    **operation(
        "verdict_commitments.create", "Commit to a verdict", answer=VerdictCommitmentAnswer, status=202, body=VerdictCommitmentRequest
    ),
)
def create_verdict_commitment(
    call: CallParameter, body: Annotated[Received[VerdictCommitmentRequest], json_body(VerdictCommitmentRequest)]
) -> Response:
    """Commit to a verdict on a claim that two verifiers decide; both commit before either shows a verdict."""
    value = body.value

    def use_case(work: Work) -> Reply:
        view = verdict_commitments.commit_verdict(work, dict(value.message), value.signature)
        return reply(VerdictCommitmentAnswer.of(view), status=202, location=with_query("/v1/verdict-commitments", claim=view.claim))

    return call.once(body.sha256, use_case)


@router.get(
    "/verdict-commitments",
    **operation("verdict_commitments.list", "List the commitments on a claim", answer=PageAnswer[VerdictCommitmentAnswer]),
)
def list_verdict_commitments(call: CallParameter, claim: ClaimQuery) -> Response:
    """List every commitment on one claim in the order they came."""
    with call.read() as work:
        views = verdict_commitments.list_verdict_commitments(work, claim)
        page = PageAnswer[VerdictCommitmentAnswer](items=tuple(map(VerdictCommitmentAnswer.of, views)), next_cursor=None)
        return reply(page).response()


@router.post("/verdicts", **operation("verdicts.create", "Submit a signed verdict", answer=VerdictAnswer, status=202, body=VerdictRequest))
def create_verdict(
    call: CallParameter, body: Annotated[Received[VerdictRequest], json_body(VerdictRequest, max_bytes=MAX_DOCUMENT)]
) -> Response:
    """Submit a verdict on another institution's claim, with the result whose hash it signs."""
    value = body.value

    def use_case(work: Work) -> Reply:
        view = verdicts.submit_verdict(work, dict(value.message), value.signature, value.result)
        return reply(VerdictAnswer.of(view), status=202, location=with_query("/v1/verdicts", claim=str(view.claim)))

    return call.once(body.sha256, use_case)


@router.get("/verdicts", **operation("verdicts.list", "List the verdicts on a claim", answer=PageAnswer[VerdictAnswer]))
def list_verdicts(call: CallParameter, claim: ClaimQuery) -> Response:
    """List every verdict on one claim, in their sequence; each stays."""
    with call.read() as work:
        views = verdicts.list_verdicts(work, claim)
        return reply(PageAnswer[VerdictAnswer](items=tuple(map(VerdictAnswer.of, views)), next_cursor=None)).response()


@router.get(
    "/claims/{claim}/verdicts/{verdict}/result",
    **operation("verdicts.result", "Get the result of a verdict", media_type="application/json"),
)
def get_verdict_result(call: CallParameter, claim: str, verdict: str) -> Response:
    """Return the canonical `lingtan.verdict/1` bytes that the verdict was signed for."""
    with call.read() as work:
        data = verdicts.get_verdict_result(work, claim, verdict)
    return call.immutable(data, "application/json")


@router.post(
    "/resolutions",
    **operation("resolutions.create", "Resolve a dispute", answer=ResolutionAnswer, status=202, body=ResolutionRequest),
)
def create_resolution(call: CallParameter, body: Annotated[Received[ResolutionRequest], json_body(ResolutionRequest)]) -> Response:
    """Settle a disputed claim of another institution by naming one of its recorded results, signed by a certifier."""
    value = body.value

    def use_case(work: Work) -> Reply:
        view = disputes.resolve_dispute(work, dict(value.message), value.signature, value.reason)
        return reply(ResolutionAnswer.of(view), status=202, location=with_query("/v1/resolutions", claim=view.claim))

    return call.once(body.sha256, use_case)


@router.get("/resolutions", **operation("resolutions.list", "List the resolutions of a claim", answer=PageAnswer[ResolutionAnswer]))
def list_resolutions(call: CallParameter, claim: ClaimQuery) -> Response:
    """List every resolution of one claim's disputes in the order they came; each stays."""
    with call.read() as work:
        views = disputes.list_resolutions(work, claim)
        return reply(PageAnswer[ResolutionAnswer](items=tuple(map(ResolutionAnswer.of, views)), next_cursor=None)).response()
