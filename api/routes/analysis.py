"""A statement against the period before, an institution's periods analysed, and the policy by which they are."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.bodies import Received, document_body
from api.call import CallParameter, Reply, reply, with_query
from api.operation import operation
from api.schemas.analysis import AnalysisPolicyAnswer
from ledger.records import canonical
from ledger.services import analysis, analysis_policies, comparison
from ledger.services.context import Work

router = APIRouter()
_JSON = "application/json"
_POLICY = "/institutions/{institution}/analysis-policy"


@router.get(
    "/statements/{statement}/comparison",
    **operation("statements.comparison", "Compare a statement with the period before", media_type=_JSON),
)
def get_comparison(call: CallParameter, statement: str) -> Response:
    """Return the `lingtan.comparison/1`: every line against the period before, what made the change, and the findings not answered yet.

    `before` is null where no earlier period has a statement that counts.
    """
    with call.read() as work:
        document = comparison.compare_statement(work, statement)
    return Response(canonical.dump(document), 200, media_type=_JSON)


@router.get("/institutions/{institution}/analysis", **operation("analysis.get", "Analyse an institution's periods", media_type=_JSON))
def get_analysis(call: CallParameter, institution: str) -> Response:
    """Return the `lingtan.analysis/1` of every period whose statement counts; the bank's own people get drafts too, named in `drafts`."""
    with call.read() as work:
        document = analysis.get_analysis(work, institution)
    return Response(canonical.dump(document), 200, media_type=_JSON)


@router.post(
    _POLICY,
    **operation(
        "analysis_policies.create",
        "Submit an analysis policy",
        answer=AnalysisPolicyAnswer,
        status=201,
        body="lingtan.analysis_policy/1",
        judged=True,
    ),
)
def create_policy(call: CallParameter, institution: str, body: Annotated[Received[dict[str, object]], document_body()]) -> Response:
    """Submit the next version of base year, targets, historic lines and corrections; the old versions stay readable.

    201: stored. 200 with `accepted` false: a finding is an error, nothing was stored.
    """

    def use_case(work: Work) -> Reply:
        view = analysis_policies.submit_analysis_policy(work, institution, body.value)
        answer = AnalysisPolicyAnswer.of(view)
        if not view.accepted:
            return reply(answer)
        location = with_query(f"/v1/institutions/{institution}/analysis-policy", version=view.version)
        return reply(answer, status=201, location=location)

    return call.once(body.sha256, use_case)


@router.get(_POLICY, **operation("analysis_policies.get", "Get an analysis policy", answer=AnalysisPolicyAnswer))
def get_policy(
    call: CallParameter, institution: str, version: Annotated[int | None, Query(ge=1, le=2**31, description="the latest without it")] = None
) -> Response:
    """Return a version of the policy; where none was handed in, the empty one, by which every default holds."""
    with call.read() as work:
        return reply(AnalysisPolicyAnswer.of(analysis_policies.get_analysis_policy(work, institution, version))).response()
