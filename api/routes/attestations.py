"""Attestations (what a bank signed) and anchors (what the chain then holds)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from api.bodies import Received, json_body
from api.call import CallParameter, InstitutionParameter, Reply, reply
from api.operation import operation
from api.paging import PageParameter, answer_page
from api.schemas.attestations import AnchorAnswer, AttestationAnswer, AttestationRequest
from api.schemas.base import PageAnswer
from ledger.records import canonical
from ledger.services import anchors, attestations
from ledger.services.context import Work

router = APIRouter()


@router.post(
    "/attestations",
    **operation("attestations.create", "Submit a signed statement", answer=AttestationAnswer, status=202, body=AttestationRequest),
)
def create_attestation(call: CallParameter, body: Annotated[Received[AttestationRequest], json_body(AttestationRequest)]) -> Response:
    """Submit the signatures of all datasets of a statement. They are checked at once and anchored afterwards: poll Location."""
    items = [{"dataset": item.dataset, "message": dict(item.message), "signature": item.signature} for item in body.value.items]

    def use_case(work: Work) -> Reply:
        view = attestations.submit_attestation(work, body.value.statement, items)
        return reply(AttestationAnswer.of(view), status=202, location=f"/v1/attestations/{view.id}")

    return call.once(body.sha256, use_case)


@router.get("/attestations", **operation("attestations.list", "List attestations", answer=PageAnswer[AttestationAnswer]))
def list_attestations(call: CallParameter, page: PageParameter, institution: InstitutionParameter = None) -> Response:
    """List the attestations of the token's institution, or of the one named."""
    name = call.institution(institution)
    with call.read() as work:
        return answer_page(
            call,
            page,
            lambda limit, after: attestations.list_attestations(work, name, limit, after),
            lambda items, cursor: PageAnswer[AttestationAnswer](items=tuple(map(AttestationAnswer.of, items)), next_cursor=cursor),
        )


@router.get("/attestations/{attestation}", **operation("attestations.get", "Get an attestation", answer=AttestationAnswer))
def get_attestation(call: CallParameter, attestation: str) -> Response:
    """Return one attestation and how far it has come."""
    with call.read() as work:
        return reply(AttestationAnswer.of(attestations.get_attestation(work, attestation))).response()


@router.get("/anchors", **operation("anchors.list", "List anchors", answer=PageAnswer[AnchorAnswer]))
def list_anchors(call: CallParameter, page: PageParameter, institution: InstitutionParameter = None) -> Response:
    """List the anchored attestations that this token sees, or those of the institution named."""
    with call.read() as work:
        return answer_page(
            call,
            page,
            lambda limit, after: anchors.list_anchors(work, institution, limit, after),
            lambda items, cursor: PageAnswer[AnchorAnswer](items=tuple(map(AnchorAnswer.of, items)), next_cursor=cursor),
        )


@router.get("/anchors/{anchor}", **operation("anchors.get", "Get an anchor", answer=AnchorAnswer))
def get_anchor(call: CallParameter, anchor: str) -> Response:
    """Return one anchor."""
    with call.read() as work:
        return reply(AnchorAnswer.of(anchors.get_anchor(work, anchor))).response()


@router.get("/anchors/{anchor}/proof", **operation("anchors.proof", "Get the proof of an anchor", media_type="application/json"))
def get_anchor_proof(call: CallParameter, anchor: str) -> Response:
    """Return the item of `lingtan.anchors/1`: header, receipt proof, state proof and finality."""
    with call.read() as work:
        proof = anchors.get_anchor_proof(work, anchor)
    return Response(canonical.dump(proof), 200, media_type="application/json")
