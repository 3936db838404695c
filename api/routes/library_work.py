"""Work on the library: drafts, what changed between releases, what one would change, and who uses a factor."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.bodies import MAX_DOCUMENT, Received, document_body, json_body
from api.call import ID_PATTERN, CallParameter, Reply, reply
from api.operation import operation
from api.paging import PageParameter, answer_page
from api.schemas.base import PageAnswer
from api.schemas.library_work import DerivedDraftRequest, DraftAnswer, FactorUsersAnswer, ImpactAnswer
from ledger.services import library_diff, library_drafts, library_impact, library_users
from ledger.services.context import Work

router = APIRouter()
ReferenceQuery = Annotated[str, Query(pattern=ID_PATTERN.replace("{0,62}", "{0,63}"), description="the name or the hash of a release")]


@router.post(
    "/library-drafts", **operation("library_drafts.create", "Save a draft", answer=DraftAnswer, status=201, body="lingtan.library/1")
)
def create_draft(call: CallParameter, body: Annotated[Received[dict[str, object]], document_body(max_bytes=MAX_DOCUMENT)]) -> Response:
    """Keep a release document as the draft of its name, with every finding. A draft with errors is kept and cannot be proposed."""

    def use_case(work: Work) -> Reply:
        view = library_drafts.save_draft(work, body.value)
        return reply(DraftAnswer.of(view), status=201, location=f"/v1/library-drafts/{view.release}")

    return call.once(body.sha256, use_case)


@router.post(
    "/library-releases/{release_hash}/drafts",
    **operation("library_drafts.derive", "Make a draft of a release", answer=DraftAnswer, status=201, body=DerivedDraftRequest),
)
def derive_draft(
    call: CallParameter, release_hash: str, body: Annotated[Received[DerivedDraftRequest], json_body(DerivedDraftRequest)]
) -> Response:
    """Keep a draft that continues this release, with the local factors that the centre accepted where asked for."""
    value = body.value

    def use_case(work: Work) -> Reply:
        view = library_drafts.draft_from(work, release_hash, value.release, value.valid_from, include_local=value.include_local)
        return reply(DraftAnswer.of(view), status=201, location=f"/v1/library-drafts/{view.release}")

    return call.once(body.sha256, use_case)


@router.get("/library-drafts", **operation("library_drafts.list", "List drafts", answer=PageAnswer[DraftAnswer]))
def list_drafts(call: CallParameter, page: PageParameter) -> Response:
    """List the drafts that are not proposed yet."""
    with call.read() as work:
        return answer_page(
            call,
            page,
            lambda limit, after: library_drafts.list_drafts(work, limit, after),
            lambda items, cursor: PageAnswer[DraftAnswer](items=tuple(map(DraftAnswer.of, items)), next_cursor=cursor),
        )


@router.get("/library-drafts/{draft}", **operation("library_drafts.get", "Get a draft's document", media_type="application/json"))
def get_draft(call: CallParameter, draft: str) -> Response:
    """Return the canonical bytes of the draft with this name; its hash is that under which it would be proposed."""
    with call.read() as work:
        view, data = library_drafts.get_draft(work, draft)
    return call.immutable(data, "application/json", sha256=view.hash, fixed=False)


@router.get("/library-diffs", **operation("library_diffs.get", "Compare two releases", media_type="application/json"))
def get_diff(call: CallParameter, before: ReferenceQuery, after: ReferenceQuery) -> Response:
    """Return the `lingtan.library_diff/1` of two releases, each named by name or hash; who works on drafts may name a draft."""
    with call.read() as work:
        data = library_diff.diff_releases(work, before, after).to_bytes()
    return Response(data, 200, media_type="application/json")


@router.get(
    "/library-releases/{release_hash}/impact", **operation("library_releases.impact", "Preview what a release changes", answer=ImpactAnswer)
)
def get_impact(
    call: CallParameter,
    release_hash: str,
    institution: Annotated[
        str | None, Query(pattern=ID_PATTERN, description="one institution, with its lines; a bank's own without it")
    ] = None,
) -> Response:
    """Compute every open period with the release in force and with this one (its hash or name; a draft's for the centre's people).

    Closed periods are listed untouched, with the release that they froze. Nothing is written.
    """
    with call.read_days(institution) as work:
        return reply(ImpactAnswer.of(library_impact.preview_impact(work, release_hash, institution))).response()


@router.get("/factors/{factor}/users", **operation("factors.users", "List who uses a factor", answer=FactorUsersAnswer))
def get_factor_users(call: CallParameter, factor: str) -> Response:
    """Return the statements whose lines took the factor, the rules that select it and the banks that chose it; a bank sees its own."""
    with call.read() as work:
        return reply(FactorUsersAnswer.of(library_users.find_factor_users(work, factor))).response()
