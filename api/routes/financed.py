"""Financed statements: handed in as sums and leaves of groups, signed, anchored, packed; and their totals over banks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.bodies import JSONL_TYPE, MAX_SUBMISSION, Received, document_body, json_body
from api.call import ID_PATTERN, JSON_TYPE, CallParameter, Reply, reply
from api.operation import operation
from api.paging import PageParameter, answer_page
from api.schemas.attestations import AttestationAnswer
from api.schemas.base import PageAnswer
from api.schemas.financed import FinancedAnchorAnswer, FinancedAnswer, FinancedAttestationRequest, FinancedOverviewAnswer
from api.schemas.statements import SigningRequestAnswer
from ledger.services import dataset_signing, financed, financed_overview, financed_packages
from ledger.services.context import Work
from ledger.services.financed import FINANCED_KIND

router = APIRouter()
_PERIOD = "/institutions/{institution}/periods/{period}/financed"


@router.post(
    _PERIOD,
    **operation(
        "financed.create",
        "Hand in a financed statement",
        answer=FinancedAnswer,
        status=201,
        body="lingtan.financed-submission/1",
        judged=True,
    ),
)
def create_financed(
    call: CallParameter,
    institution: str,
    period: str,
    body: Annotated[Received[dict[str, object]], document_body(max_bytes=MAX_SUBMISSION)],
) -> Response:
    """Hand in what the bank computed at home: the statement and the leaves of its groups, at most 20,000; no loan, no borrower, no salt.

    201: kept as a draft. 200 with `accepted` false: a finding is an error, nothing was kept.
    """
    # Reading rebuilds the tree: before the transaction, so that no other writer waits for it.
    with call.read() as work:
        read = financed.read_financed(work, institution, period, body.value)

    def use_case(work: Work) -> Reply:
        view = financed.submit_financed(work, read)
        if not view.accepted:
            return reply(FinancedAnswer.of(view))
        return reply(FinancedAnswer.of(view), status=201, location=f"/v1/financed/{view.id}")

    return call.once(body.sha256, use_case)


@router.get(_PERIOD, **operation("financed.list", "List financed statements", answer=PageAnswer[FinancedAnswer]))
def list_financed(call: CallParameter, institution: str, period: str, page: PageParameter) -> Response:
    """List the financed statements of a period, both methods, every revision."""
    with call.read() as work:
        return answer_page(
            call,
            page,
            lambda limit, after: financed.list_financed(work, institution, period, limit, after),
            lambda items, cursor: PageAnswer[FinancedAnswer](items=tuple(map(FinancedAnswer.of, items)), next_cursor=cursor),
        )


# Before /financed/{financed}: no statement's id is a word.
@router.get("/financed/overview", **operation("financed.overview", "Get financed emissions over banks", answer=FinancedOverviewAnswer))
def get_overview(call: CallParameter, period: Annotated[str, Query(pattern=ID_PATTERN, description="the periods' id")]) -> Response:
    """Return totals by method and asset class: bank by bank for the centre; for the government sums in which three banks are at least."""
    with call.read() as work:
        return reply(FinancedOverviewAnswer.of(financed_overview.get_financed_overview(work, period))).response()


@router.get("/financed/{financed_id}", **operation("financed.get", "Get a financed statement", answer=FinancedAnswer))
def get_financed(call: CallParameter, financed_id: str) -> Response:
    """Return one financed statement with its findings and state."""
    with call.read() as work:
        return reply(FinancedAnswer.of(financed.get_financed(work, financed_id))).response()


@router.get(
    "/financed/{financed_id}/document", **operation("financed.document", "Get the document of a financed statement", media_type=JSON_TYPE)
)
def get_document(call: CallParameter, financed_id: str) -> Response:
    """Return the canonical `lingtan.financed/1` bytes, as they were hashed."""
    with call.read() as work:
        data = financed.get_financed_document(work, financed_id)
    return call.immutable(data, JSON_TYPE)


@router.get(
    "/financed/{financed_id}/leaves",
    **operation("financed.leaves", "Get the leaves of a financed statement", media_type=JSONL_TYPE),
)
def get_leaves(call: CallParameter, financed_id: str) -> Response:
    """Return the leaves of the statement's groups, one JSON object a line: key, four sums, record hash."""
    with call.read() as work:
        data = financed.get_financed_leaves(work, financed_id)
    return call.immutable(data, JSONL_TYPE)


@router.get(
    "/financed/{financed_id}/signing-request",
    **operation("financed.signing_request", "Get what an approver signs of a financed statement", answer=SigningRequestAnswer),
)
def get_signing_request(call: CallParameter, financed_id: str) -> Response:
    """Return the PeriodAttestation of the statement's dataset, to be signed with the bank's own key, away from this server."""
    with call.read() as work:
        return reply(SigningRequestAnswer.of(dataset_signing.get_signing_request(work, FINANCED_KIND, financed_id))).response()


@router.post(
    "/financed/{financed_id}/attestation",
    **operation(
        "financed.attest", "Submit a signed financed statement", answer=AttestationAnswer, status=202, body=FinancedAttestationRequest
    ),
)
def create_attestation(
    call: CallParameter, financed_id: str, body: Annotated[Received[FinancedAttestationRequest], json_body(FinancedAttestationRequest)]
) -> Response:
    """Submit the signature. It is checked at once and anchored afterwards: poll Location."""

    def use_case(work: Work) -> Reply:
        view = dataset_signing.submit_attestation(work, FINANCED_KIND, financed_id, dict(body.value.message), body.value.signature)
        return reply(AttestationAnswer.of(view), status=202, location=f"/v1/financed/{view.id}/attestation")

    return call.once(body.sha256, use_case)


@router.get(
    "/financed/{financed_id}/attestation",
    **operation("financed.attestation", "Get the attestation of a financed statement", answer=AttestationAnswer),
)
def get_attestation(call: CallParameter, financed_id: str) -> Response:
    """Return the attestation and how far it has come."""
    with call.read() as work:
        return reply(AttestationAnswer.of(dataset_signing.get_attestation(work, FINANCED_KIND, financed_id))).response()


@router.get(
    "/financed/{financed_id}/anchor", **operation("financed.anchor", "Get the anchor of a financed statement", answer=FinancedAnchorAnswer)
)
def get_anchor(call: CallParameter, financed_id: str) -> Response:
    """Return the anchor with its evidence: header, receipt proof, state proof and finality."""
    with call.read() as work:
        return reply(FinancedAnchorAnswer.of(dataset_signing.get_anchor(work, FINANCED_KIND, financed_id))).response()


@router.get(
    "/financed/{financed_id}/package",
    **operation("financed.package", "Download the evidence package of a financed statement", media_type="application/zip"),
)
def get_package(call: CallParameter, financed_id: str) -> Response:
    """Return the evidence package of a book that stays closed; the bank adds the book at home, or openings of groups."""
    with call.read() as work:
        view = financed_packages.get_financed_package(work, financed_id)
    return call.immutable(view.data, "application/zip", sha256=view.hash, filename=view.filename, fixed=False)
