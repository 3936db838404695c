"""Local factors: submitted by a bank, reviewed by the centre's librarian."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from api.bodies import Received, document_body, json_body
from api.call import CallParameter, InstitutionParameter, Reply, reply
from api.operation import operation
from api.paging import PageParameter, answer_page
from api.schemas.base import PageAnswer
from api.schemas.library_work import LocalFactorAnswer, ReviewRequest
from ledger.services import local_factors
from ledger.services.context import Work

router = APIRouter()


@router.post(
    "/institutions/{institution}/local-factors",
    **operation(
        "local_factors.create",
        "Submit a local factor",
        answer=LocalFactorAnswer,
        status=201,
        body="lingtan.local_factor/1",
        judged=True,
    ),
)
def create_local_factor(call: CallParameter, institution: str, body: Annotated[Received[dict[str, object]], document_body()]) -> Response:
    """Submit a factor that the institution wants for itself, with the document it is from.

    201: taken for review. 200 with `accepted` false: a finding is an error, nothing was stored.
    """

    def use_case(work: Work) -> Reply:
        view = local_factors.submit_local_factor(work, institution, body.value)
        answer = LocalFactorAnswer.of(view)
        return reply(answer, status=201, location=f"/v1/local-factors/{view.id}") if view.accepted else reply(answer)

    return call.once(body.sha256, use_case)


@router.get("/local-factors", **operation("local_factors.list", "List local factors", answer=PageAnswer[LocalFactorAnswer]))
def list_local_factors(call: CallParameter, page: PageParameter, institution: InstitutionParameter = None) -> Response:
    """List the local factors that this token sees, or those of the institution named."""
    with call.read() as work:
        return answer_page(
            call,
            page,
            lambda limit, after: local_factors.list_local_factors(work, institution, limit, after),
            lambda items, cursor: PageAnswer[LocalFactorAnswer](items=tuple(map(LocalFactorAnswer.of, items)), next_cursor=cursor),
        )


@router.get("/local-factors/{local_factor}", **operation("local_factors.get", "Get a local factor", answer=LocalFactorAnswer))
def get_local_factor(call: CallParameter, local_factor: str) -> Response:
    """Return one local factor and what the centre decided about it."""
    with call.read() as work:
        return reply(LocalFactorAnswer.of(local_factors.get_local_factor(work, local_factor))).response()


@router.post(
    "/local-factors/{local_factor}/review",
    **operation("local_factors.review", "Review a local factor", answer=LocalFactorAnswer, status=201, body=ReviewRequest),
)
def review_local_factor(
    call: CallParameter, local_factor: str, body: Annotated[Received[ReviewRequest], json_body(ReviewRequest)]
) -> Response:
    """Accept or refuse a local factor with a reason. An accepted one enters the next draft that asks for local factors."""
    value = body.value

    def use_case(work: Work) -> Reply:
        view = local_factors.review_local_factor(work, local_factor, value.decision, value.reason)
        return reply(LocalFactorAnswer.of(view), status=201, location=f"/v1/local-factors/{view.id}")

    return call.once(body.sha256, use_case)
