"""Borrowers matched across banks: a file in flight, tokens kept, and who is told what."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.bodies import feed_lines
from api.call import ID_PATTERN, Call, CallParameter, Reply, reply
from api.operation import operation
from api.paging import PageParameter, answer_page
from api.schemas.base import PageAnswer
from api.schemas.financed import AboveOneAnswer, AttributionsAnswer, OwnAboveOneAnswer
from ledger.services import attributions
from ledger.services.context import Work

router = APIRouter()
Method = Annotated[Literal["pcaf_2", "pboc_2021"], Query(description="attributions of different methods are never added")]
PeriodQuery = Annotated[str, Query(pattern=ID_PATTERN, description="the periods' id")]
_PERIOD = "/institutions/{institution}/periods/{period}"


async def _matching(request: Request, call: CallParameter, institution: str, period: str, method: Method) -> attributions.Matching:
    """Match the body's lines as they arrive; none of them is kept."""

    def begin(call: Call) -> attributions.Matching:
        with call.read() as work:
            return attributions.open_matching(work, institution, period, method)

    matching = await run_in_threadpool(begin, call)
    await feed_lines(request, matching.matcher.feed)
    return matching


@router.post(
    f"{_PERIOD}/attributions",
    **operation("attributions.create", "Hand in attributions for matching", answer=AttributionsAnswer, status=201, jsonl=True),
)
def create_attributions(call: CallParameter, matching: Annotated[attributions.Matching, Depends(_matching)]) -> Response:
    """Hand in one JSON object a line: borrower, the exposure's pseudonym, numerator_cents, denominator_cents; at most 1,000,000 lines.

    The borrower's text is turned into a token under the centre's key as it arrives; it is neither stored nor logged. The latest file of a
    period and method counts.
    """

    def use_case(work: Work) -> Reply:
        return reply(AttributionsAnswer.of(attributions.submit_attributions(work, matching)), status=201)

    # A keyed digest: the stored request must not confirm a guess of what was in it.
    return call.once(matching.matcher.finish(), use_case)


@router.get(
    f"{_PERIOD}/attribution-findings",
    **operation("attributions.own_findings", "List a bank's exposures above one", answer=PageAnswer[OwnAboveOneAnswer]),
)
def list_own(call: CallParameter, institution: str, period: str, method: Method, page: PageParameter) -> Response:
    """List the bank's own exposures whose borrowers' attributions add up to more than one over all banks: nothing of another bank."""
    with call.read() as work:
        return answer_page(
            call,
            page,
            lambda limit, after: attributions.list_own_attribution_findings(work, institution, period, method, limit, after),
            lambda items, cursor: PageAnswer[OwnAboveOneAnswer](items=tuple(map(OwnAboveOneAnswer.of, items)), next_cursor=cursor),
        )


@router.get(
    "/attribution-findings",
    **operation("attributions.findings", "List borrowers above one", answer=PageAnswer[AboveOneAnswer]),
)
def list_all(call: CallParameter, period: PeriodQuery, method: Method, page: PageParameter) -> Response:
    """List, for the centre, the tokens of borrowers whose attributions add up to more than one, with the banks and the sum."""
    with call.read() as work:
        return answer_page(
            call,
            page,
            lambda limit, after: attributions.list_attribution_findings(work, period, method, limit, after),
            lambda items, cursor: PageAnswer[AboveOneAnswer](items=tuple(map(AboveOneAnswer.of, items)), next_cursor=cursor),
        )
