"""Proof bundles: one file that a stranger opens with one policy."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.call import CallParameter
from api.operation import operation
from ledger.services import bundles
from ledger.services.bundles import BundleView

router = APIRouter()
JSON = "application/json"
SinceParameter = Annotated[
    int | None, Query(ge=1, le=2**40, description="size of the checkpoint that your policy pins, to be joined by a consistency proof")
]


@router.get("/statements/{statement}/bundle", **operation("statements.bundle", "Get the proof bundle of a statement", media_type=JSON))
def get_statement_bundle(call: CallParameter, statement: str, since: SinceParameter = None) -> Response:
    """Return `lingtan.bundle/1`: commitments, signatures, anchors, newest checkpoint, and what the lines follow from."""
    with call.read() as work:
        return _answer(call, bundles.get_statement_bundle(work, statement, since=since))


@router.get(
    "/statements/{statement}/leaf-bundle", **operation("statements.leaf_bundle", "Get the proof bundle of one leaf", media_type=JSON)
)
def get_leaf_bundle(
    call: CallParameter,
    statement: str,
    dataset: Annotated[str, Query(pattern="^[A-Z]{1,32}$", examples=["OPERATIONAL"])],
    asset: Annotated[str, Query(min_length=1, max_length=200, examples=["line/outlet-7/electricity.purchased"])],
    since: SinceParameter = None,
) -> Response:
    """Return `lingtan.bundle/1` of one line, or of one meter's period with its slots."""
    with call.read() as work:
        return _answer(call, bundles.get_leaf_bundle(work, statement, dataset, asset, since=since))


@router.get(
    "/financed/{financed_id}/bundle", **operation("financed.bundle", "Get the proof bundle of a financed statement", media_type=JSON)
)
def get_financed_bundle(call: CallParameter, financed_id: str, since: SinceParameter = None) -> Response:
    """Return `lingtan.bundle/1` of the book's commitment; the bank adds opened groups at home."""
    with call.read() as work:
        return _answer(call, bundles.get_financed_bundle(work, financed_id, since=since))


@router.get(
    "/reductions/{reductions_id}/bundle",
    **operation("reductions.bundle", "Get the proof bundle of a statement of reductions", media_type=JSON),
)
def get_reductions_bundle(call: CallParameter, reductions_id: str, since: SinceParameter = None) -> Response:
    """Return `lingtan.bundle/1` of a statement of reductions with every line: what was avoided, by what, and what it rests on."""
    with call.read() as work:
        return _answer(call, bundles.get_reductions_bundle(work, reductions_id, since=since))


@router.get("/claims/{claim}/bundle", **operation("claims.bundle", "Get the proof bundle of a claim", media_type=JSON))
def get_claim_bundle(call: CallParameter, claim: str, since: SinceParameter = None) -> Response:
    """Return `lingtan.bundle/1` of a claim: the statement's, the claim, every verdict, the certificate, and their status."""
    with call.read() as work:
        return _answer(call, bundles.get_claim_bundle(work, claim, since=since))


def _answer(call: CallParameter, view: BundleView) -> Response:
    return call.immutable(view.data, JSON, filename=view.filename, fixed=False)
