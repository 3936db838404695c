"""What a policy file pins, for the centre to read over and sign, and the proof between two checkpoints."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.call import CallParameter
from api.operation import operation
from ledger.records import canonical
from ledger.records.policy import policy_body
from ledger.services import checkpoints
from ledger.services.policy import gather_policy_facts

router = APIRouter()


@router.get(
    "/policy-facts", **operation("policy_facts.get", "Get what a policy file pins, to be signed elsewhere", media_type="application/json")
)
def get_policy_facts(
    call: CallParameter,
    version: Annotated[int, Query(ge=1, le=2**31, description="of the policy; strictly increasing")],
    days: Annotated[int | None, Query(ge=1, le=3660, description="how long the policy is good for; no end if absent")] = None,
) -> Response:
    """Return the `lingtan.policy/1` document without its signature. The centre signs it with a key that this server never has."""
    with call.read() as work:
        facts = gather_policy_facts(work, version=version, days=days)
    return Response(canonical.dump(policy_body(facts)), 200, media_type="application/json")


@router.get(
    "/checkpoints/consistency",
    **operation("checkpoints.consistency", "Prove that one checkpoint extends another", media_type="application/json"),
)
def get_consistency(
    call: CallParameter, old: Annotated[int, Query(ge=1, le=2**53)], new: Annotated[int, Query(ge=1, le=2**53)]
) -> Response:
    """Return the `lingtan.consistency/1` proof between two sizes of the chain's block log (RFC 9162 §2.1.4)."""
    with call.read() as work:
        proof = checkpoints.consistency(work, old, new)
    return Response(canonical.dump(proof), 200, media_type="application/json")
