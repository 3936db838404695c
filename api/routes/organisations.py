"""/institutions/{institution}/organisation: versions of the organisation tree."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.bodies import CSV_TYPE, JSON_TYPE, XLSX_TYPE, DocumentOrTable, Received, document_or_table_body
from api.call import CallParameter, Reply, reply, with_query
from api.operation import operation
from api.schemas.institutions import OrganisationAnswer
from ledger.records import canonical
from ledger.records.organisation import Organisation
from ledger.services import organisation
from ledger.services.context import Work
from ledger.workbook.organisation_sheet import (
    OrganisationReading,
    make_organisation_csv,
    make_organisation_workbook,
    read_organisation_csv,
    read_organisation_workbook,
)

router = APIRouter()


@router.post(
    "/institutions/{institution}/organisation",
    **operation(
        "organisations.create",
        "Submit an organisation tree",
        answer=OrganisationAnswer,
        status=201,
        body="lingtan.organisation/1",
        csv=True,
        xlsx=True,
        judged=True,
    ),
)
def create_organisation(
    call: CallParameter, institution: str, body: Annotated[Received[DocumentOrTable], document_or_table_body()]
) -> Response:
    """Submit the next version of the tree: a `lingtan.organisation/1` document, or the workbook or CSV file of it; old versions stay.

    201: stored. 200 with `accepted` false: a finding is an error, nothing was stored.
    """

    read = _read(body.value)

    def use_case(work: Work) -> Reply:
        if read is not None:
            view = organisation.submit_organisation_reading(work, institution, read)
        else:
            view = organisation.submit_organisation(work, institution, body.value.document or {})
        answer = OrganisationAnswer.of(view)
        if not answer.accepted:
            return reply(answer)
        location = with_query(f"/v1/institutions/{institution}/organisation", version=view.version)
        return reply(answer, status=201, location=location)

    return call.once(body.sha256, use_case)


@router.get(
    "/institutions/{institution}/organisation",
    **operation("organisations.get", "Get an organisation tree", media_type=(JSON_TYPE, XLSX_TYPE, CSV_TYPE)),
)
def get_organisation(
    call: CallParameter,
    institution: str,
    version: Annotated[int | None, Query(ge=1, le=2**31, description="the latest without it")] = None,
    format: Annotated[Literal["json", "xlsx", "csv"], Query(description="the document, or the file that people edit")] = "json",
    language: Annotated[Literal["zh", "en"], Query(description="of a file's titles; both are read back")] = "zh",
) -> Response:
    """Return the canonical document of a version, byte for byte as it was hashed; or the same tree as a workbook or CSV file."""
    with call.read() as work:
        view, data = organisation.get_organisation(work, institution, version)
    if format != "json":
        tree = Organisation.from_document(canonical.load_canonical(data))
        made = make_organisation_workbook(tree, language) if format == "xlsx" else make_organisation_csv(tree, language)
        kind = XLSX_TYPE if format == "xlsx" else f"{CSV_TYPE}; charset=utf-8"
        return call.immutable(made, kind, filename=f"{institution}-organisation-{view.version}.{format}", fixed=False)
    if version is None:
        return Response(
            data, 200, {"ETag": f'"{view.hash}"', "Content-Location": f"{call.request.url.path}?version={view.version}"}, "application/json"
        )
    return call.immutable(data, "application/json", sha256=view.hash)


def _read(body: DocumentOrTable) -> OrganisationReading | None:
    # Reading a file takes its time: before the transaction, so that no other writer waits for it.
    if body.xlsx is not None:
        return read_organisation_workbook(body.xlsx)
    return None if body.csv is None else read_organisation_csv(body.csv)
