"""/institutions/{institution}/organisation: versions of the organisation tree."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.bodies import Received, document_body
from api.call import CallParameter, Reply, reply, with_query
from api.operation import operation
from api.schemas.institutions import OrganisationAnswer
from ledger.services import organisation
from ledger.services.context import Work

router = APIRouter()


@router.post(
    "/institutions/{institution}/organisation",
    **operation(
        "organisations.create",
        "Submit an organisation tree",
        answer=OrganisationAnswer,
        status=201,
        body="lingtan.organisation/1",
        judged=True,
    ),
)
def create_organisation(call: CallParameter, institution: str, body: Annotated[Received[dict[str, object]], document_body()]) -> Response:
    """Submit a `lingtan.organisation/1` document as the next version of the tree; the old versions stay readable.

    201: stored. 200 with `accepted` false: a finding is an error, nothing was stored.
    """

    def use_case(work: Work) -> Reply:
        view = organisation.submit_organisation(work, institution, body.value)
        answer = OrganisationAnswer.of(view)
        if not answer.accepted:
            return reply(answer)
        location = with_query(f"/v1/institutions/{institution}/organisation", version=view.version)
        return reply(answer, status=201, location=location)

    return call.once(body.sha256, use_case)


@router.get(
    "/institutions/{institution}/organisation",
    **operation("organisations.get", "Get an organisation tree", media_type="application/json"),
)
def get_organisation(
    call: CallParameter, institution: str, version: Annotated[int | None, Query(ge=1, le=2**31, description="the latest without it")] = None
) -> Response:
    """Return the canonical document of a version, byte for byte as it was hashed."""
    with call.read() as work:
        view, data = organisation.get_organisation(work, institution, version)
    if version is None:
        return Response(
            data, 200, {"ETag": f'"{view.hash}"', "Content-Location": f"{call.request.url.path}?version={view.version}"}, "application/json"
        )
    return call.immutable(data, "application/json", sha256=view.hash)
