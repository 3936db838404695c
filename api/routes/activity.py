"""/institutions/{institution}/periods/{period}/activity: fuels, invoices, declared totals."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from api.bodies import DocumentOrCsv, Received, document_or_csv_body
from api.call import CallParameter, Reply, reply
from api.operation import operation
from api.schemas.inputs import ActivityAnswer, ActivityDocumentAnswer
from ledger.records import canonical
from ledger.services import activity
from ledger.services.context import Work

router = APIRouter()
_PATH = "/institutions/{institution}/periods/{period}/activity"


@router.post(
    _PATH,
    **operation(
        "activity.create", "Submit activity data", answer=ActivityAnswer, status=201, body="lingtan.activity/1", csv=True, judged=True
    ),
)
def create_activity(
    call: CallParameter, institution: str, period: str, body: Annotated[Received[DocumentOrCsv], document_or_csv_body()]
) -> Response:
    """Submit a `lingtan.activity/1` document, or a CSV table with a record in each row, as the period's next version.

    201: stored. 200 with `accepted` false: a finding is an error, nothing was stored.
    """

    def use_case(work: Work) -> Reply:
        if body.value.document is not None:
            view = activity.submit_activity(work, institution, period, body.value.document)
        else:
            view = activity.submit_activity_csv(work, institution, period, body.value.csv or b"")
        if not view.accepted:
            return reply(ActivityAnswer.of(view))
        return reply(ActivityAnswer.of(view), status=201, location=f"/v1/institutions/{institution}/periods/{period}/activity")

    return call.once(body.sha256, use_case)


@router.get(_PATH, **operation("activity.get", "Get the latest activity data", answer=ActivityDocumentAnswer))
def get_activity(call: CallParameter, institution: str, period: str) -> Response:
    """Return the latest accepted version of the period's activity data."""
    with call.read() as work:
        view, data = activity.get_activity(work, institution, period)
    answer = ActivityAnswer.of(view)
    return reply(ActivityDocumentAnswer(**dict(answer), document=canonical.load_canonical(data))).response()
