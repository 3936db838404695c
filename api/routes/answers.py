"""/statements/{statement}/answers: what the bank says to the findings."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from api.bodies import Received, json_body
from api.call import CallParameter, Reply, reply
from api.operation import operation
from api.schemas.answers import AnswerRequest, FindingAnsweredAnswer, FindingsAnsweredAnswer
from ledger.services import answers
from ledger.services.context import Work

router = APIRouter()


@router.post(
    "/statements/{statement}/answers",
    **operation("statements.answer", "Answer a finding", answer=FindingAnsweredAnswer, status=201, body=AnswerRequest),
)
def create_answer(call: CallParameter, statement: str, body: Annotated[Received[AnswerRequest], json_body(AnswerRequest)]) -> Response:
    """Keep the bank's answer to a finding of its statement. It goes into the evidence package; an error stays an error."""
    value = body.value

    def use_case(work: Work) -> Reply:
        view = answers.answer_finding(work, statement, value.code, value.place, value.reason)
        return reply(FindingAnsweredAnswer.of(view), status=201, location=f"/v1/statements/{statement}/answers")

    return call.once(body.sha256, use_case)


@router.get(
    "/statements/{statement}/answers",
    **operation("statements.answers", "List the answers on a statement", answer=FindingsAnsweredAnswer),
)
def list_answers(call: CallParameter, statement: str) -> Response:
    """Return every answer on the statement, by code, place and time."""
    with call.read() as work:
        return reply(FindingsAnsweredAnswer.of({"items": answers.list_answers(work, statement)})).response()
