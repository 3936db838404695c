"""/institutions/{institution}/periods/{period}/activity and …/workbook: fuels, invoices, instruments, declared totals."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.bodies import CSV_TYPE, XLSX_TYPE, DocumentOrTable, Received, document_or_table_body
from api.call import Call, CallParameter, Reply, reply
from api.operation import operation
from api.schemas.inputs import ActivityAnswer, ActivityDocumentAnswer
from ledger.records import canonical
from ledger.services import activity, activity_tables
from ledger.services.context import Work

router = APIRouter()
_PATH = "/institutions/{institution}/periods/{period}/activity"
Table = Literal["activity", "instruments", "totals", "declared-factors", "choices", "denominators"]
TableParameter = Annotated[Table, Query(description="which table a CSV file is: it is one of the workbook's")]
LanguageParameter = Annotated[Literal["zh", "en"], Query(description="of titles and names; both are read back")]


@router.post(
    _PATH,
    **operation(
        "activity.create",
        "Submit activity data",
        answer=ActivityAnswer,
        status=201,
        body="lingtan.activity/1",
        csv=True,
        xlsx=True,
        judged=True,
    ),
)
def create_activity(
    call: CallParameter,
    institution: str,
    period: str,
    body: Annotated[Received[DocumentOrTable], document_or_table_body()],
    table: TableParameter = "activity",
) -> Response:
    """Submit the period's next version: a `lingtan.activity/1` document, the filled-in workbook, or one of its tables as CSV.

    A table replaces its own list and leaves the others as the latest version has them; a workbook and a document are the whole.
    Findings on a workbook name the cell, those on CSV line and column. 201: stored. 200 with `accepted` false: a finding is an error,
    nothing was stored.
    """
    read = _read(call, institution, period, body.value, table)

    def use_case(work: Work) -> Reply:
        if read is not None:
            view = activity_tables.submit_activity_tables(work, read)
        else:
            view = activity.submit_activity(work, institution, period, body.value.document or {})
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


@router.get(
    "/institutions/{institution}/periods/{period}/workbook",
    **operation("workbooks.get", "Get the workbook to fill in", media_type=(XLSX_TYPE, CSV_TYPE)),
)
def get_workbook(
    call: CallParameter,
    institution: str,
    period: str,
    language: LanguageParameter = "zh",
    table: Annotated[Table | None, Query(description="this one table as CSV instead of the workbook")] = None,
) -> Response:
    """Return the workbook of the period: every open unit and indicator, filled in with what was submitted last.

    Where nothing was submitted yet it asks again what the period before reported. It is made for the release in force.
    """
    with call.read() as work:
        if table is None:
            file = activity_tables.make_activity_workbook(work, institution, period, language)
        else:
            file = activity_tables.make_activity_csv(work, institution, period, table, language)
    kind = XLSX_TYPE if table is None else f"{CSV_TYPE}; charset=utf-8"
    return call.immutable(file.data, kind, filename=file.filename, fixed=False)


def _read(call: Call, institution: str, period: str, body: DocumentOrTable, table: str) -> activity_tables.ReadTables | None:
    # Reading a file takes its time: before the transaction, so that no other writer waits for it.
    if body.xlsx is not None:
        with call.read() as work:
            return activity_tables.read_activity_workbook(work, institution, period, body.xlsx)
    if body.csv is not None:
        with call.read() as work:
            return activity_tables.read_activity_csv(work, institution, period, body.csv, table)
    return None
