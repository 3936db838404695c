"""/library-releases: documents that the centre proposes and another person of it publishes."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.bodies import MAX_DOCUMENT, Received, json_body
from api.call import CallParameter, Reply, reply
from api.operation import operation
from api.paging import PageParameter, answer_page
from api.schemas.base import PageAnswer
from api.schemas.library import PublicationRequest, ReleaseAnswer, ReleaseRequest
from ledger.services import library
from ledger.services.context import Work

router = APIRouter()


@router.get("/library-releases", **operation("library_releases.list", "List library releases", answer=PageAnswer[ReleaseAnswer]))
def list_releases(
    call: CallParameter,
    page: PageParameter,
    kind: Annotated[Literal["library", "schema", "scheme"], Query(description="what to list")] = "library",
) -> Response:
    """List the releases of the indicator library, or the dataset schemas, or the schemes."""
    with call.read() as work:
        return answer_page(
            call,
            page,
            lambda limit, after: library.list_releases(work, limit, after, kind),
            lambda items, cursor: PageAnswer[ReleaseAnswer](items=tuple(map(ReleaseAnswer.of, items)), next_cursor=cursor),
        )


@router.post(
    "/library-releases", **operation("library_releases.create", "Propose a release", answer=ReleaseAnswer, status=202, body=ReleaseRequest)
)
def create_release(
    call: CallParameter, body: Annotated[Received[ReleaseRequest], json_body(ReleaseRequest, max_bytes=MAX_DOCUMENT)]
) -> Response:
    """Propose a document under its hash, signed by a librarian."""
    value = body.value

    def use_case(work: Work) -> Reply:
        view = library.propose_release(work, value.document, dict(value.message), value.signature)
        return reply(ReleaseAnswer.of(view), status=202, location=f"/v1/library-releases/{view.hash}")

    return call.once(body.sha256, use_case)


@router.post(
    "/library-releases/{release_hash}/publication",
    **operation("library_releases.publish", "Publish a release", answer=ReleaseAnswer, status=202, body=PublicationRequest),
)
def publish_release(
    call: CallParameter, release_hash: str, body: Annotated[Received[PublicationRequest], json_body(PublicationRequest)]
) -> Response:
    """Publish a proposed release, signed by a publisher who is not its librarian."""
    value = body.value

    def use_case(work: Work) -> Reply:
        view = library.publish_release(work, release_hash, dict(value.message), value.signature)
        return reply(ReleaseAnswer.of(view), status=202, location=f"/v1/library-releases/{view.hash}")

    return call.once(body.sha256, use_case)


@router.get(
    "/library-releases/{release_hash}", **operation("library_releases.get", "Get a release's document", media_type="application/json")
)
def get_release(call: CallParameter, release_hash: str) -> Response:
    """Return the canonical bytes of the document with this hash."""
    with call.read() as work:
        view, data = library.get_release(work, release_hash)
    return call.immutable(data, "application/json", sha256=view.hash)
