"""Statements: computed, read line by line, and handed out to be signed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.bodies import Received, json_body
from api.call import ID_PATTERN, CallParameter, Reply, reply
from api.operation import operation
from api.paging import PageParameter, answer_page
from api.schemas.base import FindingsAnswer, PageAnswer, SigningItemAnswer
from api.schemas.statements import LinesAnswer, SigningRequestAnswer, StatementAnswer, StatementRequest
from ledger.records import canonical
from ledger.services import anchors, claims, packages, signing_request, statements
from ledger.services.context import Work

router = APIRouter()


@router.post(
    "/institutions/{institution}/periods/{period}/statements",
    **operation("statements.create", "Compute a statement", answer=StatementAnswer, status=201, body=StatementRequest, judged=True),
)
def create_statement(
    call: CallParameter, institution: str, period: str, body: Annotated[Received[StatementRequest], json_body(StatementRequest)]
) -> Response:
    """Compute the period's statement from what is recorded now. With error findings its state is `rejected` and nobody can sign it.

    200 with state `rejected` and no id: the findings leave no statement that could be kept.
    """

    def use_case(work: Work) -> Reply:
        view = statements.prepare_statement(work, institution, period, body.value.cause)
        if not view.id:
            return reply(StatementAnswer.of(view))
        return reply(StatementAnswer.of(view), status=201, location=f"/v1/statements/{view.id}")

    return call.once(body.sha256, use_case)


@router.get(
    "/institutions/{institution}/periods/{period}/statements",
    **operation("statements.list", "List a period's statements", answer=PageAnswer[StatementAnswer]),
)
def list_statements(call: CallParameter, institution: str, period: str, page: PageParameter) -> Response:
    """List every revision; a superseded one stays."""
    with call.read() as work:
        return answer_page(
            call,
            page,
            lambda limit, after: statements.list_statements(work, institution, period, limit, after),
            lambda items, cursor: PageAnswer[StatementAnswer](items=tuple(map(StatementAnswer.of, items)), next_cursor=cursor),
        )


@router.get("/statements/{statement}", **operation("statements.get", "Get a statement", answer=StatementAnswer))
def get_statement(call: CallParameter, statement: str) -> Response:
    """Return one statement and its state."""
    with call.read() as work:
        return reply(StatementAnswer.of(statements.get_statement(work, statement))).response()


@router.get(
    "/statements/{statement}/document", **operation("statements.document", "Get the statement document", media_type="application/json")
)
def get_document(call: CallParameter, statement: str) -> Response:
    """Return the canonical `lingtan.statement/1` bytes, as they were hashed."""
    with call.read() as work:
        data = statements.get_statement_document(work, statement)
    return call.immutable(data, "application/json")


@router.get("/statements/{statement}/lines", **operation("statements.lines", "List the lines of a statement", answer=LinesAnswer))
def list_lines(call: CallParameter, statement: str, page: PageParameter) -> Response:
    """List the lines, unit × indicator, each with its factor, gases and sources."""
    with call.read() as work:
        return answer_page(
            call,
            page,
            lambda limit, after: statements.list_lines(work, statement, limit, after),
            lambda items, cursor: LinesAnswer(items=items, next_cursor=cursor),
        )


@router.get(
    "/statements/{statement}/findings", **operation("statements.findings", "Get the findings of a statement", answer=FindingsAnswer)
)
def get_findings(call: CallParameter, statement: str) -> Response:
    """Return everything that the validation said of this statement."""
    with call.read() as work:
        return reply(FindingsAnswer.of({"items": statements.get_statement(work, statement).findings})).response()


@router.get(
    "/statements/{statement}/signing-request",
    **operation("statements.signing_request", "Get what an approver signs", answer=SigningRequestAnswer),
)
def get_signing_request(call: CallParameter, statement: str) -> Response:
    """Return the PeriodAttestation of every dataset, to be signed with the bank's own key, away from this server."""
    with call.read() as work:
        return reply(SigningRequestAnswer.of(signing_request.get_signing_request(work, statement))).response()


@router.get(
    "/statements/{statement}/claim-request",
    **operation("statements.claim_request", "Get the claim that an approver signs", answer=SigningItemAnswer),
)
def get_claim_request(
    call: CallParameter,
    statement: str,
    scheme: Annotated[str, Query(pattern=ID_PATTERN)],
    claim: Annotated[str, Query(pattern=ID_PATTERN, description="the id that the claim will have")],
    verifiers_required: Annotated[int, Query(ge=1, le=2)] = 1,
) -> Response:
    """Return the Claim on a scheme, resting on this statement's evidence package."""
    with call.read() as work:
        return reply(SigningItemAnswer.of(claims.prepare_claim(work, statement, scheme, claim, verifiers_required))).response()


@router.get(
    "/statements/{statement}/package", **operation("statements.package", "Download the evidence package", media_type="application/zip")
)
def get_package(call: CallParameter, statement: str) -> Response:
    """Return the evidence package: everything an auditor needs to recompute the statement without this server."""
    with call.read() as work:
        view = packages.build_evidence_package(work, statement)
    return call.immutable(view.data, "application/zip", sha256=view.hash, filename=view.filename, fixed=False)


@router.get("/statements/{statement}/proofs", **operation("statements.proof", "Get the proof of one leaf", media_type="application/json"))
def get_proof(
    call: CallParameter,
    statement: str,
    dataset: Annotated[str, Query(pattern="^[A-Z]{1,32}$", examples=["OPERATIONAL"])],
    asset: Annotated[str, Query(min_length=1, max_length=200, examples=["line/outlet-7/electricity.purchased"])],
) -> Response:
    """Return the `lingtan.proof/1` of one meter or line: it shows that this record is part of the anchored total."""
    with call.read() as work:
        proof = anchors.get_leaf_proof(work, statement, dataset, asset)
    return Response(canonical.dump(proof), 200, media_type="application/json")
